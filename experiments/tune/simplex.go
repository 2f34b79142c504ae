package tune

import (
	"fmt"
	"slices"

	"strata/engine/scheme"
)

// maxGrid is the largest number of schemes of a grid.
const maxGrid = 5000

// weights are whole numbers, one for each layer, in lowest terms. The weight of a layer in a scheme
// is its number divided by their sum; floating-point numbers could only approximate that.
type weights []int

// sum returns the sum of the weights.
func (w weights) sum() int {
	total := 0
	for _, x := range w {
		total += x
	}
	return total
}

// used returns the number of layers with a weight above 0.
func (w weights) used() int {
	n := 0
	for _, x := range w {
		if x > 0 {
			n++
		}
	}
	return n
}

// lowest returns the weights divided by their greatest common divisor.
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

// scheme returns the weighted sum of the layers with a weight above 0.
func (w weights) scheme(layers []string) scheme.Scheme {
	var s scheme.Scheme
	for i, x := range w {
		if x > 0 {
			s.Terms = append(s.Terms, scheme.Term{Weight: float64(x), Factor: scheme.FactorNamed(layers[i])})
		}
	}
	return s
}

// axes holds, for each layer of a search, its place in a scheme, ascending. The layers of one place
// are alternatives: at most one of them has a weight.
type axes []int

// places returns the number of places.
func (a axes) places() int {
	if len(a) == 0 {
		return 0
	}
	return a[len(a)-1] + 1
}

// of returns the layers of a place.
func (a axes) of(place int) []int {
	var layers []int
	for layer, p := range a {
		if p == place {
			layers = append(layers, layer)
		}
	}
	return layers
}

// equal returns equal weights for the first layer of every place.
func (a axes) equal() weights {
	w := make(weights, len(a))
	for place := range a.places() {
		w[a.of(place)[0]] = 1
	}
	return w
}

// gridSize returns the number of points of a grid: the ways to divide the parts among places, times
// the ways to choose a layer for each place with a part. Without alternatives it is the binomial
// coefficient of parts+layers-1 over layers-1. It returns at most maxGrid+1.
func gridSize(a axes, parts int) int {
	ways := make([]int, parts+1) // by number of parts divided among the places so far
	ways[0] = 1
	for place := range a.places() {
		next, layers := make([]int, parts+1), len(a.of(place))
		for had := range ways {
			for n := had; n <= parts; n++ {
				times := layers
				if n == had {
					times = 1
				}
				next[n] = min(next[n]+times*ways[had], maxGrid+1)
			}
		}
		ways = next
	}
	return ways[parts]
}

// grid returns all ways to divide parts among places and to choose a layer for each, in lowest
// terms. The first layer's largest weight comes first.
func grid(a axes, parts int) []weights {
	var all []weights
	at := make(weights, len(a))
	var divide func(place, left int)
	divide = func(place, left int) {
		if place == a.places() {
			if left == 0 {
				all = append(all, at.lowest())
			}
			return
		}
		for x := left; x > 0; x-- {
			for _, layer := range a.of(place) {
				at[layer] = x
				divide(place+1, left-x)
				at[layer] = 0
			}
		}
		divide(place+1, left)
	}
	divide(0, parts)
	return all
}

// neighbours returns the weights one step away. One step moves a weight of 1/parts from a layer to
// a layer of another place, or replaces a layer by an alternative of its place.
func (a axes) neighbours(w weights, parts int) []weights {
	whole := w.sum()
	for whole%parts != 0 {
		whole += w.sum()
	}
	unit := slices.Clone(w)
	for i := range unit {
		unit[i] *= whole / w.sum()
	}
	taken := make([]int, a.places()) // by place: the layer that has its weight, or -1
	for place := range taken {
		taken[place] = -1
	}
	for layer, x := range w {
		if x > 0 {
			taken[a[layer]] = layer
		}
	}
	move := whole / parts
	var all []weights
	for from := range unit {
		for to := range unit {
			size := move
			switch {
			case to == from || unit[from] == 0:
				continue
			case a[to] == a[from]:
				size = unit[from]
			case unit[from] < move || taken[a[to]] >= 0 && taken[a[to]] != to:
				continue
			}
			next := slices.Clone(unit)
			next[from] -= size
			next[to] += size
			all = append(all, next.lowest())
		}
	}
	return all
}

// checkGrid returns an error for a grid that cannot be searched.
func checkGrid(a axes, parts int) error {
	switch {
	case len(a) < 2:
		return fmt.Errorf("weights are searched for two layers or more, not %d", len(a))
	case parts < 1 || parts > 100:
		return fmt.Errorf("a step of 1/%d is none of 1, 1/2, 1/3 to 1/100", parts)
	case gridSize(a, parts) > maxGrid:
		return fmt.Errorf("a grid of 1/%d over %d layers has more than %d schemes: name fewer layers or a larger step", parts, len(a), maxGrid)
	}
	return nil
}
