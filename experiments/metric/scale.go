package metric

import (
	"math"
	"math/bits"
)

// Fixed returns the scale for values from 0 to 1 as integers, multiples of 1/scale. A sum of the
// given number of units does not overflow.
func Fixed(units int) float64 { return math.Ldexp(1, min(40, 62-bits.Len64(uint64(units)))) }

// Scale returns the factor that turns a metric's value into an integer, and the integer for a value
// of 1.
func (m Metric) Scale(units int) (by float64, one int64) {
	if unit := m.Unit(); unit > 0 {
		return 1, unit
	}
	f := Fixed(units)
	return f, int64(f)
}

// Integers returns values as integers, and the integer for 1. A sum of up to total values does not
// overflow.
func (m Metric) Integers(values []float64, total int) ([]int64, int64) {
	by, one := m.Scale(total)
	out := make([]int64, len(values))
	for j, v := range values {
		out[j] = int64(math.Round(float64(by * v)))
	}
	return out, one
}
