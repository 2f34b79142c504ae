package kernel

import "math"

// MaxAbs returns the largest absolute value of x. It returns 0 for an empty x, and a NaN if x holds
// one.
func MaxAbs(x []float32) float32 {
	return math.Float32frombits(maxAbs(x))
}

// Quantize sets dst[i] to the 8-bit code c+128 of src[i], where c is src[i]/scale rounded to the
// nearest integer and clipped to -127 and 127. It returns the squared length of the residual, Σ
// (src[i] - scale·c)², and Σ c².
//
// c is src[i]·(1/scale) in float32, with both results rounded, then rounded to the nearest integer,
// with ties to even. If scale is below 2^-126, all codes are 0. Each difference is rounded once, to
// float32, and so is its square. The squares are added to eight lanes in float32, and these in
// float64, as in the canonical product of the package comment. So codes and sums are the same on
// every processor, if no value exceeds 2^28·scale; a scale of MaxAbs(src)/127 ensures that.
// [ResidualBound] bounds the root of the exact sum of squares. If a value of src is not finite, the
// residual is not finite. If the residual exceeds 3e38, it is infinite. scale must be finite and
// not negative. It panics unless the lengths are the same.
func Quantize(dst []uint8, src []float32, scale float32) (residual float64, square int64) {
	if len(dst) != len(src) {
		panic("kernel: quantize: lengths differ")
	}
	return quantize(dst, src, scale, inverse(scale))
}

// QuantizeNibbles is Quantize for 4-bit codes c+8, with c from -7 to 7. A byte holds two codes, in
// the order of [DotNibbles]. It panics unless len(src) is a multiple of 128 and len(dst) half of
// it.
func QuantizeNibbles(dst []uint8, src []float32, scale float32) (residual float64, square int64) {
	if len(dst)%CodeBlock != 0 || len(src) != 2*len(dst) {
		panic("kernel: quantize: lengths differ")
	}
	return quantizeNibbles(dst, src, scale, inverse(scale))
}

// ResidualBound bounds the length of the exact residual of n values, at most 2^20, from the sum of squares that [Quantize]
// returned for them. With u = 2^-24, it is
//
//	√(residual·(1 + (n/8 + 8)·u·5/4) + n·2^-149)
//
// Derivation. A difference is rounded by at most u of the rounded result, or 2^-150 where that is subnormal, so that the
// exact residual's length is at most (1+u)·R + √n·2^-150 if R is that of the rounded differences; its square is at most
// R²(1+3u) + n·2^-298, which n·2^-150 covers with the product of the two terms, of which R·√n·2^-149 ≤ R²·u + n·2^-270.
// In R² as it is summed, each square takes part in one rounding of its own and at most ⌈n/8⌉ ≤ n/8 + 1 of sums (Higham,
// lemma 3.1: exact ≤ computed/(1-mu), m = n/8 + 2), each by u, or 2^-150 below the normal range, where only squares are
// rounded: n·2^-150. The lanes' sum in float64 takes three roundings of 2^-53. With m·u ≤ 2^-6.9, 1/(1-mu)·(1+4u+2^-50) is
// below 1 + (m+5)·u·5/4. The arithmetic here rounds up by 2^-50.
func ResidualBound(residual float64, n int) float64 {
	return math.Sqrt(residual*(1+(float64(n)/8+8)*0x1.4p-24)+float64(n)*0x1p-149) * (1 + 0x1p-50)
}

// inverse returns 1/scale, or 0 if that might not be finite.
func inverse(scale float32) float32 {
	if !(scale >= 0x1p-126) {
		return 0
	}
	return 1 / scale
}
