package kernel

// Vectors is the number of vectors that [Project] and [Deflate] take at a time.
const Vectors = 8

// Project adds to dst[j], for every j below [Vectors], the product of x and vector j of v, the
// values v[j*stride:j*stride+len(x)]. Each product is rounded to float32. The product of value i is
// added to lane i%8 in float32, and the eight lanes are added in float64, as in the canonical
// product of the package comment. So the bits are the same on every processor. The error of a
// product of n values is at most μ/(1-μ) of the sum of |x[i]·v[i]|, μ = (n/8 + 2)·2^-24, if no
// product is below the normal range of float32. It panics unless all vectors are in v.
func Project(dst *[Vectors]float64, x, v []float32, stride int) {
	checkVectors(len(x), len(v), stride)
	var sums [Vectors][lanes]float32
	project(&sums, x, v, stride)
	for j := range sums {
		var s [lanes]float64
		for i, value := range sums[j] {
			s[i] = float64(value)
		}
		dst[j] += sum(&s)
	}
}

// Deflate adds w[j] times vector j of v to x, for j from 0 to Vectors-1 in this order. As in
// [MulAdd], every product is rounded, then the sum. It panics unless all vectors are in v.
func Deflate(x, v []float32, stride int, w *[Vectors]float32) {
	checkVectors(len(x), len(v), stride)
	deflate(x, v, stride, w)
}

func checkVectors(n, values, stride int) {
	if stride < n || values < (Vectors-1)*stride+n {
		panic("kernel: vectors: too few values")
	}
}
