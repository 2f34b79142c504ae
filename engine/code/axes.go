package code

import (
	"context"
	"math"
	"math/rand/v2"

	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/layer"
)

// The axes of a layer are computed from the first axesSample rows of the mean's sample, in
// axesRounds iterations.
const (
	axesSample = 512
	axesRounds = 6
)

// findAxes sets values to the mean, and behind it the principal axes. The mean is that of a seeded
// sample of the layer's rows at length 1; it is zero if no row has a score. The axes are those of a
// part of the sample: orthonormal, or zero where there are fewer. They are computed by subspace
// iteration (Golub and Van Loan, Matrix Computations, 7.3). The bound holds for any axes; principal
// axes make it small.
func findAxes(ctx context.Context, l *layer.Layer, values []float32) error {
	mean, wide := make([]float64, l.Dim), make([]float64, l.Dim)
	n := AxesOf(l.Dim)
	rows := make([]float32, 0, axesSample*l.Dim)
	found := 0
	for _, r := range items.Sample(l.Rows, codeSample, codeSigns) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.Widen(wide, r)
		var dot, square [1]float64
		l.ScanSquares(dot[:], square[:], wide, r)
		if !(square[0] > 0) || math.IsInf(square[0], 0) {
			continue
		}
		root := math.Sqrt(square[0])
		keep := n > 0 && found < axesSample
		for i, v := range wide {
			v /= root
			mean[i] += v
			if keep {
				rows = append(rows, float32(v))
			}
		}
		found++
	}
	for i := range mean {
		mean[i] /= float64(max(found, 1))
		values[i] = float32(mean[i])
	}
	for at := 0; at < len(rows); at += l.Dim {
		kernel.MulAdd(rows[at:at+l.Dim], values[:l.Dim], -1)
	}
	axes := randomAxes(n, l.Dim)
	for range axesRounds {
		orthonormalise(axes)
		if err := turnAxes(ctx, axes, rows[:cap(rows)], l.Dim); err != nil {
			return err
		}
	}
	orthonormalise(axes)
	for j, axis := range axes {
		for i, v := range axis {
			values[(1+j)*l.Dim+i] = float32(v)
		}
	}
	if !(skew(values[l.Dim:], l.Dim) <= axesError) {
		clear(values[l.Dim:])
	}
	return nil
}

// turnAxes multiplies the axes by the rows' covariance. The rows are contiguous. Their number is a
// multiple of codeAxes; rows of zeros fill up.
func turnAxes(ctx context.Context, axes [][]float64, rows []float32, dim int) error {
	table := make([]float32, codeAxes*dim)
	for j, axis := range axes {
		for i, v := range axis {
			table[j*dim+i] = float32(v)
		}
	}
	next := make([]float32, codeAxes*dim)
	for ; len(rows) > 0 && len(axes) > 0; rows = rows[codeAxes*dim:] {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var along [codeAxes][codeAxes]float32 // by axis, by row
		for r := range codeAxes {
			var dots [codeAxes]float64
			kernel.Project(&dots, rows[r*dim:(r+1)*dim], table, dim)
			for j, dot := range dots {
				along[j][r] = float32(dot)
			}
		}
		for j := range axes {
			kernel.Deflate(next[j*dim:(j+1)*dim], rows, dim, &along[j])
		}
	}
	for j := range axes {
		kernel.WidenF32(axes[j], next[j*dim:(j+1)*dim])
	}
	return nil
}

// randomAxes returns n vectors. Every direction has a component in them.
func randomAxes(n, dim int) [][]float64 {
	rng := rand.New(rand.NewPCG(codeSigns, 1))
	axes := make([][]float64, n)
	for j := range axes {
		axes[j] = make([]float64, dim)
		for i := range axes[j] {
			axes[j][i] = 2*rng.Float64() - 1
		}
	}
	return axes
}

// orthonormalise applies Gram and Schmidt's process, twice for accuracy. A vector that depends on
// the vectors before it becomes zero.
func orthonormalise(axes [][]float64) {
	for j, axis := range axes {
		before := norm2(axis)
		for range 2 {
			for _, other := range axes[:j] {
				var along float64
				for i, v := range other {
					along += float64(v * axis[i])
				}
				for i, v := range other {
					axis[i] -= float64(along * v)
				}
			}
		}
		after := norm2(axis)
		if !(after > 1e-6*before) {
			clear(axis)
			continue
		}
		for i := range axis {
			axis[i] /= after
		}
	}
}

// norm2 returns the length of a vector.
func norm2(x []float64) float64 {
	var square float64
	for _, v := range x {
		square += float64(v * v)
	}
	return math.Sqrt(square)
}
