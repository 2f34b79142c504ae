package rank

import (
	"context"
	"fmt"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// PrefixSearch ranks by the first principal components of layers. It proves nothing. Let μ be the
// mean of a layer's rows of length 1, and c(x) the difference between a row x of length 1 and μ.
// Then
//
//	cos(q, x) = |μ|² + μ·c(q) + μ·c(x) + c(q)·c(x)
//
// The last product is taken over the components of the derived layer pcaN alone; μ·c is kept for
// every row. So the approximate cosine approaches the layer's cosine with more components, and
// equals it with all. (The cosine of the derived layer itself, as in the scheme C|pca64, is another
// similarity, without the mean.) A PrefixSearch is read-only once made, may be used concurrently,
// and dies with its gallery.
type PrefixSearch struct {
	G      Layers
	Scheme scheme.Scheme
	Parts  map[string]*Prefix // by layer
}

// Prefix is the part of a PrefixSearch in one layer.
type Prefix struct {
	Layer  *layer.Layer
	Short  *layer.Layer // its derived layer; nil: it has no more components than that, and is taken whole
	along  []float32    // by row: μ·c; NaN without a score
	square float64      // |μ|²
}

// NewPrefixSearch prepares to search under a sum or a concatenation by the first
// components of each of its layers; of layers with no more than so many by all. It
// makes derived layers, and reads the others once. The scheme's layers are the
// gallery's own.
func NewPrefixSearch(ctx context.Context, g Layers, sc scheme.Scheme, components int) (*PrefixSearch, error) {
	if !sc.Products() || !Tame(sc) {
		return nil, fmt.Errorf("%s: components score sums and concatenations with weights from 1e-90 to 1e90", sc)
	}
	s := &PrefixSearch{G: g, Scheme: sc, Parts: map[string]*Prefix{}}
	return s, g.Reading(sc.Layers(), func() error {
		for _, name := range sc.Layers() {
			l, err := g.Layer(name)
			if err != nil {
				return err
			}
			if err := l.Measure(ctx); err != nil {
				return fmt.Errorf("measuring %s: %w", name, err)
			}
			p := &Prefix{Layer: l}
			s.Parts[name] = p
			if l.Dim <= components {
				continue
			}
			f := scheme.Factor{Layer: name, Transforms: []scheme.Transform{{Kind: scheme.PCA, N: components}}}
			if p.Short, err = g.Ready(ctx, f); err != nil {
				return err
			}
			stages, err := g.Parameters(f, l.Dim, p.Short)
			if err != nil {
				return err
			}
			if err := p.Project(ctx, stages[0].Mean); err != nil {
				return err
			}
		}
		return nil
	})
}

// Project sets along and square.
func (p *Prefix) Project(ctx context.Context, mean []float64) error {
	p.square, p.along = 0, make([]float32, p.Layer.Rows)
	for _, m := range mean {
		p.square += float64(m * m)
	}
	root := p.Layer.Lengths().Root
	return layer.Parallel(ctx, p.Layer.Rows, rankBlock, func(lo, hi int) {
		var dots [rankBlock]float64
		p.Layer.Scan(dots[:hi-lo], mean, lo)
		for i, dot := range dots[:hi-lo] {
			p.along[lo+i] = float32(dot/root[lo+i] - p.square)
		}
	})
}

// Bytes returns the number of bytes that a search reads for all items.
func (s *PrefixSearch) Bytes() int64 {
	var all int64
	for _, p := range s.Parts {
		rows := int64(p.Layer.Rows)
		if p.Short != nil {
			all += rows * int64(p.Short.Bytes()+4)
		} else {
			all += rows * int64(p.Layer.Bytes()+8) // with lengths
		}
		if p.Short != nil && s.Scheme.Kind == scheme.Concat {
			all += rows * 8
		}
	}
	return all
}

// Short reports whether a layer has fewer components than dimensions.
func (s *PrefixSearch) Short() bool {
	for _, p := range s.Parts {
		if p.Short != nil {
			return true
		}
	}
	return false
}

// Search returns the k best candidates of the query in row q by approximate scores, equal scores by
// row. A query without a score has no hits, and a row without a score is no hit.
func (s *PrefixSearch) Search(ctx context.Context, q, k int, among *items.Candidates) (hits []Hit, err error) {
	err = s.G.Reading(s.Scheme.Layers(), func() error {
		columns := map[string]*approxColumn{}
		for name, p := range s.Parts {
			var err error
			if columns[name], err = p.approx(ctx, q); err != nil {
				return fmt.Errorf("scanning %s: %w", name, err)
			}
		}
		r := Ranker{G: s.G, Among: among, Query: q}
		hits, err = r.best(ctx, newApproxLeaf(s.Scheme, columns), min(k, among.Count(q)))
		return err
	})
	return hits, err
}

// approx returns the approximate cosines of the item in row q.
func (p *Prefix) approx(ctx context.Context, q int) (*approxColumn, error) {
	part, err := Asked{Row: q}.whole(ctx, p.Layer)
	if err != nil {
		return nil, err
	}
	if p.Short == nil {
		c, err := newColumn(ctx, p.Layer, Asked{Row: q})
		if err != nil {
			return nil, err
		}
		return c.rounded(part), nil
	}
	a := &approxColumn{layer: p.Layer, part: part, Cosine: make([]float32, p.Layer.Rows)}
	wide := make([]float64, p.Short.Dim)
	p.Short.Widen(wide, q)
	base := p.square + float64(p.along[q])
	block := max(1, layer.ScanBlock/p.Short.Bytes())
	err = layer.Parallel(ctx, p.Layer.Rows, block, func(lo, hi int) {
		dots := make([]float64, hi-lo)
		p.Short.Scan(dots, wide, lo)
		for i, dot := range dots {
			a.Cosine[lo+i] = float32(base + float64(p.along[lo+i]) + dot)
		}
	})
	return a, err
}
