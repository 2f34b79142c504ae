package layer

import (
	"math"

	"strata/engine/kernel"
)

// Vector is a query's part in one layer.
type Vector struct {
	Wide         []float64
	Square, Root float64 // NaN when the vector is zero or not finite: it has no score in the layer
}

// NewVector returns the vector of values, one for each feature of the layer. It copies them.
func NewVector(values []float32) Vector {
	v := Vector{Wide: make([]float64, len(values))}
	kernel.WidenF32(v.Wide, values)
	var square [1]float64
	kernel.ScanF32(square[:], v.Wide, values)
	v.Square, v.Root = square[0], math.Sqrt(square[0])
	if !(v.Square > 0) || math.IsInf(v.Square, 0) {
		v.Square, v.Root = math.NaN(), math.NaN()
	}
	return v
}
