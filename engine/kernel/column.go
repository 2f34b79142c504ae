package kernel

import "math"

// MulSet sets dst[i] to w*x[i], rounded once. It panics unless the lengths are the same. dst may be x.
func MulSet(dst, x []float32, w float32) {
	checkColumn(len(dst), len(x))
	mulSet(dst, x, w)
}

// MulAdd adds w*x[i] to dst[i]: the product is rounded, then the sum. It panics unless the lengths are the same. dst may
// be x.
func MulAdd(dst, x []float32, w float32) {
	checkColumn(len(dst), len(x))
	mulAdd(dst, x, w)
}

// Affine turns products of codes into scores: it sets dst[i] to (base + add[i]) +
// (t·scale[i])·dots[i]. Both sums, both products and the integer are rounded to float32, so the
// bits are the same on every processor. It panics unless all lengths are the same.
func Affine(dst []float32, dots []int32, scale, add []float32, t, base float32) {
	checkColumn(len(dst), len(dots))
	checkColumn(len(dst), len(scale))
	checkColumn(len(dst), len(add))
	affine(dst, dots, scale, add, t, base)
}

// MulAddRoots adds a term of a concatenation to each row: with r = roots[i], (w·r)·x[i] to dst[i] and (a·r)² to squares[i].
// Every product is rounded, then the sum. It panics unless all lengths are the same.
func MulAddRoots(dst, squares, roots, x []float32, w, a float32) {
	checkColumn(len(dst), len(squares))
	checkColumn(len(dst), len(roots))
	checkColumn(len(dst), len(x))
	mulAddRoots(dst, squares, roots, x, w, a)
}

// DivRoot divides dst[i] by the square root of squares[i]: the root is rounded, then the quotient. It panics unless the
// lengths are the same.
func DivRoot(dst, squares []float32) {
	checkColumn(len(dst), len(squares))
	divRoot(dst, squares)
}

// Above appends to idx every i with x[i] >= least, ascending, and returns the extended slice. A
// comparison with a NaN is false. It is fastest if few values qualify. It panics if an index might
// not fit an int32.
func Above(idx []int32, x []float32, least float32) []int32 {
	if len(x) > math.MaxInt32 {
		panic("kernel: above: more values than an int32 counts")
	}
	return above(idx, x, least)
}

func checkColumn(n, values int) {
	if n != values {
		panic("kernel: column: lengths differ")
	}
}
