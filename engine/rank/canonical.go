package rank

import (
	"strata/engine/items"
	"strata/engine/layer"
)

// Pairs computes canonical products of one query with single rows, and keeps
// them: what rescoring needs. It is for one goroutine.
type Pairs struct {
	query  int
	layers map[string]*pairLayer
}

// pairLayer is one layer's part: the widened query and the products so far.
type pairLayer struct {
	layer        *layer.Layer
	length       *layer.Lengths
	wide         []float64
	square, root float64
	dots         map[int]float64
}

// NewPairs prepares the layers, whose lengths must be known.
func NewPairs(layers []*layer.Layer) *Pairs {
	p := &Pairs{layers: map[string]*pairLayer{}}
	for _, l := range layers {
		p.layers[l.Name] = &pairLayer{layer: l, length: l.Lengths(), wide: make([]float64, l.Dim), dots: map[int]float64{}}
	}
	return p
}

// add makes p ready for one more layer, in which v is the query, or forgets its
// products there.
func (p *Pairs) add(l *layer.Layer, v layer.Vector) {
	p.layers[l.Name] = NewPairs([]*layer.Layer{l}).layers[l.Name]
	p.StartVector(l.Name, v)
}

// Start makes q the query and forgets the products of the last one.
func (p *Pairs) Start(q int) {
	p.query = q
	for _, l := range p.layers {
		clear(l.dots)
		l.layer.Widen(l.wide, q)
		l.square, l.root = l.length.Square[q], l.length.Root[q]
	}
}

// StartVector makes a vector of the layer's length the query in a layer.
func (p *Pairs) StartVector(layer string, v layer.Vector) {
	p.query = items.NoRow
	l := p.layers[layer]
	clear(l.dots)
	copy(l.wide, v.Wide)
	l.square, l.root = v.Square, v.Root
}

// dot returns the canonical product of the query with a row.
func (l *pairLayer) dot(row int) float64 {
	d, ok := l.dots[row]
	if !ok {
		d = l.once(row)
		l.dots[row] = d
	}
	return d
}

// once is dot for a product that is not asked for again. Unlike dot it may be
// called concurrently.
func (l *pairLayer) once(row int) float64 {
	var one [1]float64
	l.layer.Scan(one[:], l.wide, row)
	return one[0]
}

// Cosine is the canonical cosine of two rows in a layer; NaN where one of them
// has no score.
type Cosine struct {
	Layer string
	Value float64
}
