package engine

import (
	"context"
	"fmt"
)

// PrefixSearch ranks by the first principal components of layers, and proves nothing.
// With the mean μ of a layer's rows of length 1, and c what a row has beyond it,
//
//	cos(q, x) = |μ|² + μ·c(q) + μ·c(x) + c(q)·c(x)
//
// of which the last product is taken over the components of the derived layer pcaN
// alone; μ·c is kept for every row. So it nears the layer's cosine, and is it with
// all components. (The cosine of the derived layer, which the scheme C|pca64 has, is
// another similarity, without the mean.) A PrefixSearch is read-only once made, may be
// used concurrently, and dies with its gallery.
type PrefixSearch struct {
	g      Layers
	scheme Scheme
	parts  map[string]*prefix // by layer
}

// prefix is one layer's part.
type prefix struct {
	layer  *Layer
	short  *Layer    // its derived layer; nil: it has no more components than that, and is taken whole
	along  []float32 // μ·c by row; NaN without a score
	square float64   // |μ|²
}

// project sets along and square.
func (p *prefix) project(ctx context.Context, mean []float64) error {
	p.square, p.along = 0, make([]float32, p.layer.Rows)
	for _, m := range mean {
		p.square += float64(m * m)
	}
	root := p.layer.Lengths().Root
	return parallel(ctx, p.layer.Rows, rankBlock, func(lo, hi int) {
		var dots [rankBlock]float64
		p.layer.scan(dots[:hi-lo], mean, lo)
		for i, dot := range dots[:hi-lo] {
			p.along[lo+i] = float32(dot/root[lo+i] - p.square)
		}
	})
}

// Bytes returns how many bytes a search reads of all items.
func (s *PrefixSearch) Bytes() int64 {
	var all int64
	for _, p := range s.parts {
		rows := int64(p.layer.Rows)
		if p.short != nil {
			all += rows * int64(p.short.bytes()+4)
		} else {
			all += rows * int64(p.layer.bytes()+8) // with lengths
		}
		if p.short != nil && s.scheme.Kind == Concat {
			all += rows * 8
		}
	}
	return all
}

// Short reports whether any layer is taken in part.
func (s *PrefixSearch) Short() bool {
	for _, p := range s.parts {
		if p.short != nil {
			return true
		}
	}
	return false
}

// Search returns the k best candidates of the query in row q by approximate scores,
// equal ones by row. Of a query or rows without a score there are none.
func (s *PrefixSearch) Search(ctx context.Context, q, k int, among *Candidates) (hits []Hit, err error) {
	err = s.g.reading(s.scheme.Layers(), func() error {
		columns := map[string]*approxColumn{}
		for name, p := range s.parts {
			var err error
			if columns[name], err = p.approx(ctx, q); err != nil {
				return fmt.Errorf("scanning %s: %w", name, err)
			}
		}
		r := ranker{g: s.g, among: among, query: q}
		hits, err = r.best(ctx, newApproxLeaf(s.scheme, columns), min(k, among.Count(q)))
		return err
	})
	return hits, err
}

// approx returns the approximate cosines of the item in row q.
func (p *prefix) approx(ctx context.Context, q int) (*approxColumn, error) {
	part, err := asked{row: q}.whole(ctx, p.layer)
	if err != nil {
		return nil, err
	}
	if p.short == nil {
		c, err := newColumn(ctx, p.layer, asked{row: q})
		if err != nil {
			return nil, err
		}
		return c.rounded(part), nil
	}
	a := &approxColumn{layer: p.layer, part: part, cosine: make([]float32, p.layer.Rows)}
	wide := make([]float64, p.short.Dim)
	p.short.Widen(wide, q)
	base := p.square + float64(p.along[q])
	block := max(1, scanBlock/p.short.bytes())
	err = parallel(ctx, p.layer.Rows, block, func(lo, hi int) {
		dots := make([]float64, hi-lo)
		p.short.scan(dots, wide, lo)
		for i, dot := range dots {
			a.cosine[lo+i] = float32(base + float64(p.along[lo+i]) + dot)
		}
	})
	return a, err
}
