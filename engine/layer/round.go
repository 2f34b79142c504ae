package layer

import "math"

// ScoreSlack bounds the float64 rounding of a canonical score. The errors of a float32 tile are 10⁵
// times larger. With at most 2²⁰ dimensions there are 2²⁰/8 additions of 2⁻⁵³ relative error, and
// for float64 values one more rounding of each product.
const ScoreSlack = 1e-10

// Down32 returns the largest float32 that is at most x.
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

// NominateChunk is the number of scores with a common bound and a common threshold. It is small, so
// that a threshold is found early.
const NominateChunk = 128

// Up32 returns the least float32 that is at least x.
func Up32(x float64) float32 { return -Down32(-x) }

// CodeSpan is the number of rows that share a bound when rows are nominated. It divides
// code.CodeChunk.
const CodeSpan = NominateChunk
