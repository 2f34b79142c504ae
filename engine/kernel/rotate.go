package kernel

// CentreF32 sets dst[i] to (x[i]·scale - mean[i])·signs[i]: the product is rounded to float32, then the difference, then
// the second product, so that the bits are the same on every processor. It panics unless all lengths are the same. dst
// may be x.
func CentreF32(dst, x []float32, scale float32, mean, signs []float32) {
	checkCentre(len(dst), len(x), len(mean), len(signs))
	centreF32(dst, x, scale, mean, signs)
}

// CentreF16 is CentreF32 for float16 bits.
func CentreF16(dst []float32, x []uint16, scale float32, mean, signs []float32) {
	checkCentre(len(dst), len(x), len(mean), len(signs))
	centreF16(dst, x, scale, mean, signs)
}

// Hadamard replaces each block of x by its Walsh–Hadamard transform in natural order, not scaled: value i becomes the sum
// over j of x[j], negated where i&j has an odd number of bits. It is √block times a rotation, and twice Hadamard is block
// times x. It takes log2(block) rounds; round h sets x[i], x[i+h] to x[i]+x[i+h], x[i]-x[i+h] for h = 1, 2, 4, …, each
// rounded to float32, so that the bits are the same on every processor. [HadamardError] bounds the rounding. It panics
// unless block is a power of two and len(x) a multiple of it.
func Hadamard(x []float32, block int) {
	checkBlock(len(x), block)
	if block > 1 {
		hadamard(x, block)
	}
}

// HadamardError bounds |y' - y| / |y|, the Euclidean length of the error of a block that Hadamard made over the length of
// the exact one. It is ku/(1-ku) with k = log2(block) and u = 2^-24.
//
// Derivation. A round is √2 times a rotation R. What it computes is R'x' = √2·Rx' + e, where each value of e is at most
// u times that of the computed sum's exact value (a sum of float32 numbers is exact where it is subnormal), so
// |e| ≤ u|√2·Rx'|. If |x' - x| ≤ δ|x| before, then after it the relative error is at most δ + u(1+δ) = (1+δ)(1+u) - 1. After
// k rounds it is at most (1+u)^k - 1 ≤ ku/(1-ku). Overflow is left aside: no value passes the sum of absolute values of x
// by more than that.
func HadamardError(block int) float64 {
	k := 0.0
	for h := 1; h < block; h *= 2 {
		k++
	}
	return k * 0x1p-24 / (1 - k*0x1p-24)
}

func checkCentre(n, values, means, signs int) {
	if n != values || n != means || n != signs {
		panic("kernel: centre: lengths differ")
	}
}

func checkBlock(n, block int) {
	if block <= 0 || block&(block-1) != 0 || n%block != 0 {
		panic("kernel: hadamard: block")
	}
}
