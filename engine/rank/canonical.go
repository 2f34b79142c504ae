package rank

import (
	"strata/engine/items"
	"strata/engine/layer"
)

// Pairs computes canonical products of one query with single rows, for rescoring, and keeps them.
// It is for one goroutine.
type Pairs struct {
	query  int
	Layers map[string]*PairLayer
}

// PairLayer is the part of Pairs in one layer: the widened query and the products so far.
type PairLayer struct {
	layer        *layer.Layer
	Length       *layer.Lengths
	row          int // of the query, or items.NoRow
	wide         []float64
	square, Root float64
	dots         map[int]float64
	rows         []int32   // scratch
	products     []float64 // scratch
}

// NewPairs prepares the layers, whose lengths must be known.
func NewPairs(layers []*layer.Layer) *Pairs {
	p := &Pairs{Layers: map[string]*PairLayer{}}
	for _, l := range layers {
		p.Layers[l.Name] = &PairLayer{layer: l, Length: l.Lengths(), wide: make([]float64, l.Dim), dots: map[int]float64{}}
	}
	return p
}

// add adds a layer with the query v in it, which is in the given row, or in items.NoRow. If p has the
// layer already, it drops the products there.
func (p *Pairs) add(l *layer.Layer, row int, v layer.Vector) {
	p.Layers[l.Name] = NewPairs([]*layer.Layer{l}).Layers[l.Name]
	p.StartVector(l.Name, v)
	p.Layers[l.Name].row = row
}

// Start sets the query to row q and drops the products of the last query.
func (p *Pairs) Start(q int) {
	p.query = q
	for _, l := range p.Layers {
		clear(l.dots)
		l.row = q
		l.layer.Widen(l.wide, q)
		l.square, l.Root = l.Length.Square[q], l.Length.Root[q]
	}
}

// StartVector sets the query in a layer to a vector of the layer's dimension.
func (p *Pairs) StartVector(layer string, v layer.Vector) {
	p.query = items.NoRow
	l := p.Layers[layer]
	clear(l.dots)
	l.row = items.NoRow
	copy(l.wide, v.Wide)
	l.square, l.Root = v.Square, v.Root
}

// dot returns the canonical product of the query with a row.
func (l *PairLayer) dot(row int) float64 {
	d, ok := l.dots[row]
	if !ok {
		d = l.Uncached(row)
		l.dots[row] = d
	}
	return d
}

// missing returns the given rows whose products with the query are not kept.
func (l *PairLayer) missing(rows []Contender) []int32 {
	l.rows = l.rows[:0]
	for _, r := range rows {
		if _, ok := l.dots[int(r.Row)]; !ok {
			l.rows = append(l.rows, r.Row)
		}
	}
	return l.rows
}

// keep keeps products.
func (l *PairLayer) keep(rows []int32, dots []float64) {
	for i, row := range rows {
		l.dots[int(row)] = dots[i]
	}
}

// Dots sets dst to the canonical products of the query with rows. It keeps none, and may be called
// concurrently.
func (l *PairLayer) Dots(dst []float64, rows []int32) { l.layer.ScanRows(dst, l.wide, rows) }

// Uncached is dot without the cache, for a product that is needed once. Unlike dot it may be called
// concurrently.
func (l *PairLayer) Uncached(row int) float64 {
	var one [1]float64
	l.layer.Scan(one[:], l.wide, row)
	return one[0]
}

// Cosine is the canonical cosine of two rows in a layer. It is NaN if one of them has no score.
type Cosine struct {
	Layer string
	Value float64
}
