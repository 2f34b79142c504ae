package kernel

import "math"

// MaxAbs returns the greatest absolute value of x, 0 if there is none, and a NaN if x holds one.
func MaxAbs(x []float32) float32 {
	return math.Float32frombits(maxAbs(x))
}

// Quantize sets dst[i] to the 8-bit code c+128 of src[i], where c is src[i]/scale rounded to the nearest integer, and to
// -127 or 127 beyond them. It returns the squared length of what the codes leave, Σ (src[i] - scale·c)², and Σ c².
//
// The integer is src[i]·(1/scale) in float32, with both results rounded, then to the nearest, to even on ties. Where scale
// is below 2^-126 all codes are 0. Each difference is rounded once, to float32, and their squares are summed as the
// canonical product of the package comment; so codes and sums are the same on every processor, as long as no value passes
// 2^28·scale, which a scale of MaxAbs(src)/127 sees to. The square root of the exact Σ (src[i] - scale·c)² is at most
// [ResidualBound] of the residual. If a value of src is not finite, the residual is not either. scale must be finite and
// not negative. It panics unless the lengths are the same.
func Quantize(dst []uint8, src []float32, scale float32) (residual float64, square int64) {
	if len(dst) != len(src) {
		panic("kernel: quantize: lengths differ")
	}
	return quantize(dst, src, scale, inverse(scale))
}

// QuantizeNibbles is Quantize for 4-bit codes c+8, c from -7 to 7, two of them a byte in the order of [DotNibbles]. It
// panics unless len(src) is a multiple of 128 and len(dst) half of it.
func QuantizeNibbles(dst []uint8, src []float32, scale float32) (residual float64, square int64) {
	if len(dst)%CodeBlock != 0 || len(src) != 2*len(dst) {
		panic("kernel: quantize: lengths differ")
	}
	return quantizeNibbles(dst, src, scale, inverse(scale))
}

// ResidualBound bounds the length of the exact residual of n values, from the sum of squares that [Quantize] returned for
// them. It is √residual·(1 + 2^-22) + √n·2^-149.
//
// Derivation. A difference is rounded by at most 2^-24 of the rounded result, or 2^-150 where that is subnormal; by the
// triangle inequality the exact residual is at most (1 + 2^-24) times the rounded one's length, plus √n·2^-150. The
// squares are exact in float64, and the sum of n ≤ 2^20 of them and its root are rounded by less than n·2^-53 ≤ 2^-33 of it.
// The rest of 2^-22 pays for the arithmetic here.
func ResidualBound(residual float64, n int) float64 {
	return math.Sqrt(residual)*(1+0x1p-22) + math.Sqrt(float64(n))*0x1p-149
}

// inverse returns 1/scale, or 0 where that might not be finite.
func inverse(scale float32) float32 {
	if !(scale >= 0x1p-126) {
		return 0
	}
	return 1 / scale
}
