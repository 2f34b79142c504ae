package kernel

// CentreF32 sets dst[i] to (x[i]·scale - mean[i])·signs[i]. The first product is rounded to
// float32, then the difference, then the second product. So the bits are the same on every
// processor. It panics unless all lengths are the same. dst may be x.
func CentreF32(dst, x []float32, scale float32, mean, signs []float32) {
	checkCentre(len(dst), len(x), len(mean), len(signs))
	centreF32(dst, x, scale, mean, signs)
}

// CentreF16 is CentreF32 for float16 bits.
func CentreF16(dst []float32, x []uint16, scale float32, mean, signs []float32) {
	checkCentre(len(dst), len(x), len(mean), len(signs))
	centreF16(dst, x, scale, mean, signs)
}

// Hadamard replaces each block of x by its Walsh–Hadamard transform in natural order, not scaled:
// value i becomes the sum over j of x[j], negated if i&j has an odd number of bits. It is √block
// times a rotation, and applied twice it multiplies by block. It takes log2(block) rounds. Round h
// sets x[i], x[i+h] to x[i]+x[i+h], x[i]-x[i+h] for h = 1, 2, 4, …, each rounded to float32. So the
// bits are the same on every processor. The error of a block is at most ku/(1-ku) of the length of
// the exact one, with k = log2(block) and u = 2^-24. It panics unless block is a power of two and
// len(x) a multiple of it.
func Hadamard(x []float32, block int) {
	checkBlock(len(x), block)
	if block > 1 {
		hadamard(x, block)
	}
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
