package engine

import (
	"context"
	"math"
)

// pairs computes canonical products of one query with single rows, and keeps
// them: what rescoring needs. It is for one goroutine.
type pairs struct {
	g      *Gallery
	query  int
	layers map[string]*pairLayer
}

// pairLayer is one layer's part: the widened query and the products so far.
type pairLayer struct {
	layer        *Layer
	length       *Lengths
	wide         []float64
	square, root float64
	dots         map[int]float64
}

// newPairs prepares the layers, whose lengths must be known.
func newPairs(g *Gallery, layers []*Layer) *pairs {
	p := &pairs{g: g, layers: map[string]*pairLayer{}}
	for _, l := range layers {
		p.layers[l.Name] = &pairLayer{layer: l, length: l.Lengths(), wide: make([]float64, l.Dim), dots: map[int]float64{}}
	}
	return p
}

// start makes q the query and forgets the products of the last one.
func (p *pairs) start(q int) {
	p.query = q
	for _, l := range p.layers {
		clear(l.dots)
		l.layer.Widen(l.wide, q)
		l.square, l.root = l.length.Square[q], l.length.Root[q]
	}
}

// dot returns the canonical product of the query with a row.
func (l *pairLayer) dot(row int) float64 {
	d, ok := l.dots[row]
	if !ok {
		var one [1]float64
		l.layer.scan(one[:], l.wide, row)
		d = one[0]
		l.dots[row] = d
	}
	return d
}

// score returns the canonical score of a row under a sum or a concatenation:
// the bits of ranker.score.
func (p *pairs) score(scheme Scheme, row int) float64 {
	var sum, total, query, square float64
	for _, t := range scheme.Terms {
		if t.Weight == 0 {
			continue
		}
		l := p.layers[t.Layer]
		dot := l.dot(row)
		if scheme.Kind == Concat {
			w := float64(t.Weight * t.Weight)
			sum += float64(w * dot)
			query += float64(w * l.square)
			square += float64(w * l.length.Square[row])
			continue
		}
		total += t.Weight
		sum += float64(t.Weight * (dot / float64(l.root*l.length.Root[row])))
	}
	if scheme.Kind == Concat {
		return sum / float64(math.Sqrt(query)*math.Sqrt(square))
	}
	return sum / total
}

// Cosine is the canonical cosine of two rows in a layer; NaN where one of them
// has no score.
type Cosine struct {
	Layer string
	Value float64
}

// Cosines returns the cosine of two rows in each of AllLayers.
func (g *Gallery) Cosines(ctx context.Context, q, row int) ([]Cosine, error) {
	var cosines []Cosine
	for _, l := range g.AllLayers() {
		if err := l.measure(ctx); err != nil {
			return nil, err
		}
		p := newPairs(g, []*Layer{l})
		p.start(q)
		cosines = append(cosines, Cosine{l.Name, p.score(Scheme{Terms: []Term{{1, l.Name}}}, row)})
	}
	return cosines, nil
}
