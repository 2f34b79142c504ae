package landscape

import (
	"errors"
	"fmt"
	"math"

	"strata/engine/scheme"
)

// The steps of a grid: a weight is so many of them.
const (
	LineParts     = 100 // of two layers
	TriangleParts = 20  // of three
)

// ErrShape marks a scheme whose weights have no landscape.
var ErrShape = errors.New("a landscape is of a weighted sum of two or three layers")

// Weights are whole steps, or parts of steps between nodes, by layer. Their sum is the
// grid's number of parts. The third is 0 for two layers.
type Weights [3]float64

// Grid is all weights of two or three layers in whole steps.
type Grid struct {
	Factors []scheme.Factor // two or three
	Parts   int             // a weight of Parts is all
}

// NewGrid returns the grid of the layers of a scheme, in its order.
func NewGrid(sc scheme.Scheme) (Grid, error) {
	n := len(sc.Terms)
	if sc.Kind != scheme.Sum || !sc.Products() || n < 2 || n > 3 {
		return Grid{}, fmt.Errorf("%s: %w", sc, ErrShape)
	}
	g := Grid{Parts: LineParts}
	if n == 3 {
		g.Parts = TriangleParts
	}
	for _, t := range sc.Terms {
		g.Factors = append(g.Factors, t.Factor)
	}
	return g, nil
}

// Len returns the number of nodes.
func (g Grid) Len() int {
	if len(g.Factors) == 2 {
		return g.Parts + 1
	}
	return (g.Parts + 1) * (g.Parts + 2) / 2
}

// Node returns the node of whole steps of the first three layers. Node 0 is the first layer
// alone; then the first layer's largest weight comes first, then the second's.
func (g Grid) Node(a, _, c int) int {
	row := g.Parts - a
	if len(g.Factors) == 2 {
		return row
	}
	return row*(row+1)/2 + c
}

// Steps returns the whole steps of a node, by layer.
func (g Grid) Steps(node int) [3]int {
	if len(g.Factors) == 2 {
		return [3]int{g.Parts - node, node, 0}
	}
	row := int(math.Sqrt(float64(2*node)+0.25) - 0.5)
	for row*(row+1)/2 > node {
		row--
	}
	for (row+1)*(row+2)/2 <= node {
		row++
	}
	c := node - row*(row+1)/2
	return [3]int{g.Parts - row, row - c, c}
}

// Weights returns the weights of a node.
func (g Grid) Weights(node int) Weights {
	s := g.Steps(node)
	return Weights{float64(s[0]), float64(s[1]), float64(s[2])}
}

// Scheme returns the sum of a node: hundredths or twentieths, without the layers of weight 0.
func (g Grid) Scheme(node int) scheme.Scheme {
	var sc scheme.Scheme
	for i, n := range g.Steps(node) {
		if n > 0 {
			sc.Terms = append(sc.Terms, scheme.Term{Weight: float64(n) / float64(g.Parts), Factor: g.Factors[i]})
		}
	}
	if len(sc.Terms) == 1 {
		sc.Terms[0].Weight = 1
	}
	return sc
}

// WeightsOf returns the weights of a scheme over the grid's layers, and the node whose scheme
// gives the same scores to the last bit, or -1 if none does.
func (g Grid) WeightsOf(sc scheme.Scheme) (w Weights, node int) {
	total := 0.0
	for _, t := range sc.Terms {
		total += t.Weight
	}
	var steps [3]int
	for i, t := range sc.Terms {
		w[i] = t.Weight / total * float64(g.Parts)
		steps[i] = int(math.Round(w[i]))
	}
	scale := math.NaN()
	for i, t := range sc.Terms {
		if math.Abs(w[i]-float64(steps[i])) > 1e-9 {
			return w, -1
		}
		if steps[i] == 0 {
			continue
		}
		by := t.Weight / (float64(steps[i]) / float64(g.Parts))
		if math.IsNaN(scale) {
			scale = by
		}
		// Weights of another spelling are rounded in other places, unless a power of 2 lies between.
		if fraction, _ := math.Frexp(by); by != scale || fraction != 0.5 || float64(steps[i])/float64(g.Parts)*by != t.Weight {
			return w, -1
		}
	}
	return w, g.Node(steps[0], steps[1], steps[2])
}

// Nearest returns the node nearest to weights, of those that keep accepts; nil: of all. It
// returns -1 if there is none.
func (g Grid) Nearest(w Weights, keep func(node int) bool) int {
	best, least := -1, math.Inf(1)
	for node := range g.Len() {
		if keep != nil && !keep(node) {
			continue
		}
		d := 0.0
		for i, x := range g.Weights(node) {
			d += (x - w[i]) * (x - w[i])
		}
		if d < least {
			best, least = node, d
		}
	}
	return best
}

// Used returns the number of layers with a weight above 0.
func (g Grid) Used(node int) int {
	n := 0
	for _, s := range g.Steps(node) {
		if s > 0 {
			n++
		}
	}
	return n
}

// levels are the steps from coarse to fine, each a divisor of those before it.
func (g Grid) levels() []int {
	if len(g.Factors) == 2 {
		return []int{20, 10, 5, 1}
	}
	return []int{4, 2, 1}
}

// level returns the place among levels of the first one that has a node.
func (g Grid) level(node int) int {
	levels := g.levels()
	for at, step := range levels {
		on := true
		for _, n := range g.Steps(node) {
			on = on && n%step == 0
		}
		if on {
			return at
		}
	}
	return len(levels)
}

// Cells calls each for the nodes at the ends of every line between two of them, or at the
// corners of every triangle, of the finest level that is known as a whole.
func (l *Landscape) Cells(each func(nodes []int)) {
	if l.Step > 0 {
		l.cells(l.Step, each)
	}
}

// cells calls each for the lines or triangles between the nodes of whole multiples of a step.
func (g Grid) cells(step int, each func(nodes []int)) {
	for a := g.Parts; a >= step; a -= step {
		if len(g.Factors) == 2 {
			b := g.Parts - a
			each([]int{g.Node(a, b, 0), g.Node(a-step, b+step, 0)})
			continue
		}
		for b := g.Parts - a; b >= 0; b -= step {
			c := g.Parts - a - b
			top, left, right := g.Node(a, b, c), g.Node(a-step, b+step, c), g.Node(a-step, b, c+step)
			each([]int{top, left, right})
			if b >= step {
				each([]int{top, g.Node(a, b-step, c+step), right})
			}
		}
	}
}
