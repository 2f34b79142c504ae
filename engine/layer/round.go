package layer

import "math"

// ScoreSlack covers what float64 rounds in a canonical score, beside which the
// errors of a float32 tile are 10⁵ times larger: with at most 2²⁰ dimensions,
// 2²⁰/8 additions of 2⁻⁵³ relative error, and of float64 values one more of each
// product.
const ScoreSlack = 1e-10

// Down32 returns the largest float32 that is not above x.
func Down32(x float64) float32 {
	f := float32(x)
	switch bits := math.Float32bits(f); {
	case !(float64(f) > x):
		return f
	case f > 0:
		return math.Float32frombits(bits - 1)
	case f < 0:
		return math.Float32frombits(bits + 1)
	}
	return -math.SmallestNonzeroFloat32
}

// NominateChunk is the number of scores that have one bound, and that one threshold is
// applied to as long as there is none: small, so that it is there early.
const NominateChunk = 128

// Up32 returns the least float32 that is not below x.
func Up32(x float64) float32 { return -Down32(-x) }

// CodeSpan is the number of rows that share one bound in a first look. It divides
// code.CodeChunk.
const CodeSpan = NominateChunk
