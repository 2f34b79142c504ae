package engine

import (
	"math"

	"strata/engine/kernel"
)

// vector is a query's part in one layer.
type vector struct {
	wide         []float64
	square, root float64 // NaN when the vector is zero or not finite: it has no score in the layer
}

func newVector(values []float32) vector {
	v := vector{wide: make([]float64, len(values))}
	kernel.WidenF32(v.wide, values)
	var square [1]float64
	kernel.ScanF32(square[:], v.wide, values)
	v.square, v.root = square[0], math.Sqrt(square[0])
	if !(v.square > 0) || math.IsInf(v.square, 0) {
		v.square, v.root = math.NaN(), math.NaN()
	}
	return v
}
