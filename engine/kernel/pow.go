package kernel

import "math"

// Pow returns x to the power a, for x and a of at least 0 and below 2^500. It is 1 for a = 0, and
// NaN for a NaN. Every operation is rounded by itself and in a fixed order, so the bits are the same
// on every processor, which math.Pow does not promise. The error is below
// (4 + |a·ln x|)·2^-51 of the result.
func Pow(x, a float64) float64 {
	switch {
	case math.IsNaN(x) || math.IsNaN(a):
		return math.NaN()
	case a == 0:
		return 1
	case x == 0:
		return 0
	}
	return expOf(float64(a * logOf(x)))
}

// The two parts of the logarithm of 2: ln2High has 32 bits, so its products with small integers are
// exact.
const (
	ln2High = 6.93147180369123816490e-01
	ln2Low  = 1.90821492927058770002e-10
)

// logOf returns the natural logarithm of x > 0. With x = m·2^k and s = (m−1)/(m+1) it is k·ln 2 +
// 2·(s + s³/3 + s⁵/5 + …), where |s| < 0.18.
func logOf(x float64) float64 {
	m, k := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, k = 2*m, k-1
	}
	s := (m - 1) / (m + 1)
	square := float64(s * s)
	series := 0.0
	for n := 23; n >= 1; n -= 2 {
		series = float64(series*square) + 1/float64(n)
	}
	low := float64(float64(k)*ln2Low) + float64(2*float64(s*series))
	return float64(float64(k)*ln2High) + low
}

// expOf returns e to the power y, for y of finite value. With k = y/ln 2, rounded, and r = y − k·ln 2
// it is 2^k·(1 + r + r²/2! + …), where |r| < 0.35.
func expOf(y float64) float64 {
	switch {
	case y < -745:
		return 0
	case y > 709:
		return math.Inf(1)
	}
	k := math.Floor(float64(y/math.Ln2) + 0.5)
	r := (y - float64(k*ln2High)) - float64(k*ln2Low)
	series := 1.0
	for n := 16; n >= 1; n-- {
		series = 1 + float64(float64(series*r)/float64(n))
	}
	return math.Ldexp(series, int(k))
}
