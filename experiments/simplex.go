package experiments

import (
	"fmt"
	"slices"

	"strata/engine"
)

// maxGrid is the largest number of schemes of a grid.
const maxGrid = 5000

// weights are whole numbers, one a layer, in lowest terms: what a scheme weighs a
// layer with is that divided by their sum, which floating-point numbers would
// only be near to.
type weights []int

// sum returns the sum of the weights.
func (w weights) sum() int {
	total := 0
	for _, x := range w {
		total += x
	}
	return total
}

// used returns the number of layers with a weight.
func (w weights) used() int {
	n := 0
	for _, x := range w {
		if x > 0 {
			n++
		}
	}
	return n
}

// lowest returns the weights divided by what divides all of them.
func (w weights) lowest() weights {
	by := 0
	for _, x := range w {
		for x != 0 {
			by, x = x, by%x
		}
	}
	out := slices.Clone(w)
	for i := range out {
		out[i] /= by
	}
	return out
}

// scheme returns the weighted sum of the layers; those without a weight are left out.
func (w weights) scheme(layers []string) engine.Scheme {
	var s engine.Scheme
	for i, x := range w {
		if x > 0 {
			s.Terms = append(s.Terms, engine.Term{Weight: float64(x), Layer: layers[i]})
		}
	}
	return s
}

// gridSize returns the number of points of a grid: the ways to divide so many
// parts among layers, (parts+layers-1) over (layers-1). From maxGrid+1 on it is
// that.
func gridSize(layers, parts int) int {
	n := 1
	for i := 1; i < layers; i++ {
		if n = n * (parts + i) / i; n > maxGrid {
			return maxGrid + 1
		}
	}
	return n
}

// grid returns all ways to divide parts among layers, the first layer's largest
// weight first, in lowest terms.
func grid(layers, parts int) []weights {
	var all []weights
	at := make(weights, layers)
	var divide func(layer, left int)
	divide = func(layer, left int) {
		if layer == layers-1 {
			at[layer] = left
			all = append(all, at.lowest())
			return
		}
		for x := left; x >= 0; x-- {
			at[layer] = x
			divide(layer+1, left-x)
		}
	}
	divide(0, parts)
	return all
}

// neighbours returns the weights that come of moving a weight of 1/parts from one
// layer to another that has as much.
func (w weights) neighbours(parts int) []weights {
	whole := w.sum()
	for whole%parts != 0 {
		whole += w.sum()
	}
	unit := slices.Clone(w)
	for i := range unit {
		unit[i] *= whole / w.sum()
	}
	move := whole / parts
	var all []weights
	for from := range unit {
		if unit[from] < move {
			continue
		}
		for to := range unit {
			if to == from {
				continue
			}
			next := slices.Clone(unit)
			next[from] -= move
			next[to] += move
			all = append(all, next.lowest())
		}
	}
	return all
}

// checkGrid says whether a grid can be searched.
func checkGrid(layers, parts int) error {
	switch n := gridSize(layers, parts); {
	case layers < 2:
		return fmt.Errorf("weights are searched for two layers or more, not %d", layers)
	case parts < 1 || parts > 100:
		return fmt.Errorf("a step of 1/%d is none of 1, 1/2, 1/3 to 1/100", parts)
	case n > maxGrid:
		return fmt.Errorf("a grid of 1/%d over %d layers has more than %d schemes: name fewer layers or a larger step", parts, layers, maxGrid)
	}
	return nil
}
