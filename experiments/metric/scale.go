package metric

import (
	"math"
	"math/bits"
)

// Fixed is the scale of values from 0 to 1 as integers: a multiple of 1/scale,
// of which units add up without overflow.
func Fixed(units int) float64 { return math.Ldexp(1, min(40, 62-bits.Len64(uint64(units)))) }

// Scale returns what a metric's value is multiplied with to make it an integer,
// and the integer that stands for a value of 1.
func (m Metric) Scale(units int) (by float64, one int64) {
	if unit := m.Unit(); unit > 0 {
		return 1, unit
	}
	f := Fixed(units)
	return f, int64(f)
}

// Integers returns the integers that stand for values, for up to total of them
// to be added, and what stands for 1.
func (m Metric) Integers(values []float64, total int) ([]int64, int64) {
	by, one := m.Scale(total)
	out := make([]int64, len(values))
	for j, v := range values {
		out[j] = int64(math.Round(float64(by * v)))
	}
	return out, one
}
