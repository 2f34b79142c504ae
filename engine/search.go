package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Measure computes the lengths of every layer's rows that are not known yet, so
// that Faults knows all. It reads those layers whole.
func (g *Gallery) Measure(ctx context.Context) error {
	return g.guard(func() error {
		for _, l := range g.Layers {
			if err := l.measure(ctx); err != nil {
				return fmt.Errorf("measuring %s: %w", l.Name, err)
			}
		}
		return nil
	})
}

// NewVectors makes a query of features: the values by layer, as a row of the
// layer's matrix would hold them. The vectors of derived layers follow from them.
// Layers may be left out; schemes that use one of those are then refused. An error names a layer that the gallery does not have,
// or both lengths when one does not fit.
func (g *Gallery) NewVectors(features map[string][]float32) (*Vectors, error) {
	return NewVectors(g, g.Name, features)
}

// RankAll ranks many queries, given by row, and calls each once a query, in no
// order and from several goroutines: i is the query's place in queries, and
// rankings[j], whose memory is the callee's, is the exact top k of schemes[j],
// the same as Searcher.Search gives.
//
// A layer's products of a tile of queries with a tile of rows are computed once,
// in float32 or by its codes, and every scheme is evaluated from them. They differ from the
// canonical scores by no more than a proven bound; every row that could be in
// the top k in spite of it is rescored canonically. A query with too many of
// those is ranked from canonical columns. Memory does not depend on the number of
// queries; with the number of rows grow only such columns, and what rrf keeps.
func (g *Gallery) RankAll(ctx context.Context, queries []int, schemes []Scheme, k int, among *Candidates, each func(i int, rankings []Ranking)) error {
	return RankAll(ctx, g, queries, schemes, k, among, each)
}

// Cosines returns the cosine of two rows in each of AllLayers.
func (g *Gallery) Cosines(ctx context.Context, q, row int) ([]Cosine, error) {
	return g.cosines(ctx, row, func(p *pairs, _ string) (bool, error) {
		p.start(q)
		return true, nil
	})
}

// VectorCosines is Cosines for a query that is no item; NaN where it has no
// vector, too.
func (g *Gallery) VectorCosines(ctx context.Context, q *Vectors, row int) ([]Cosine, error) {
	return g.cosines(ctx, row, func(p *pairs, layer string) (bool, error) {
		if !q.has(layer) {
			return false, nil
		}
		v, err := q.layer(ctx, layer)
		if err == nil {
			p.startVector(layer, v)
		}
		return true, err
	})
}

// cosines returns a row's cosine in every layer with the query that start gives
// to the layer's pairs, if it has one there.
func (g *Gallery) cosines(ctx context.Context, row int, start func(p *pairs, layer string) (bool, error)) ([]Cosine, error) {
	var cosines []Cosine
	err := g.guard(func() error {
		for _, l := range g.AllLayers() {
			if err := l.measure(ctx); err != nil {
				return err
			}
			p := newPairs([]*Layer{l})
			known, err := start(p, l.Name)
			if err != nil {
				return err
			}
			c := Cosine{l.Name, math.NaN()}
			if known {
				c.Value = p.score(Scheme{Terms: []Term{{1, FactorNamed(l.Name)}}}, row)
			}
			cosines = append(cosines, c)
		}
		return nil
	})
	return cosines, err
}

// NewCodeSearch prepares to search under a sum or a concatenation whose layers have
// codes: see PrepareCodes. The error is ErrNoCodes for one that has none.
func (g *Gallery) NewCodeSearch(ctx context.Context, scheme Scheme, bits int) (*CodeSearch, error) {
	if !slices.Contains(CodeBits(), bits) {
		return nil, fmt.Errorf("codes have 8, 4 or 1 bits a value, not %d", bits)
	}
	if scheme.Kind == RRF || !tame(scheme) {
		return nil, fmt.Errorf("%s: codes score sums and concatenations with weights from 1e-90 to 1e90", scheme)
	}
	s := &CodeSearch{g: g, bits: bits, scheme: scheme, signs: map[string]*signCodes{}}
	return s, g.reading(scheme.Layers(), func() error {
		for _, name := range scheme.Layers() {
			l, err := g.Layer(name)
			if err != nil {
				return err
			}
			c := g.codesOf(l)
			if c == nil {
				return fmt.Errorf("layer %s %w", name, ErrNoCodes)
			}
			if bits > 1 {
				continue
			}
			if s.signs[name], err = newSigns(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// Rescore returns the k best of some rows by their canonical scores with the query in
// row q, equal ones by row: those of Search, for a sum or a concatenation. Rows without
// a score are left out.
func (g *Gallery) Rescore(ctx context.Context, q int, scheme Scheme, rows []int, k int) (hits []Hit, err error) {
	if scheme.Kind == RRF {
		return nil, errors.New("a fusion of rankings has no score of a row alone")
	}
	err = g.reading(scheme.Layers(), func() error {
		var layers []*Layer
		for _, f := range scheme.Factors() {
			l, err := g.ready(ctx, f)
			if err != nil {
				return err
			}
			if err := l.measure(ctx); err != nil {
				return err
			}
			layers = append(layers, l)
		}
		p := newPairs(layers)
		p.start(q)
		contenders := make([]contender, len(rows))
		for i, row := range rows {
			contenders[i].row = int32(row)
		}
		if err := p.fill(ctx, scheme, contenders); err != nil {
			return err
		}
		best := newTop(min(k, len(rows)))
		for _, row := range rows {
			if s := p.score(scheme, row); !math.IsNaN(s) {
				best.offer(Hit{row, s})
			}
		}
		hits = best.sorted()
		return nil
	})
	return hits, err
}

// NewPrefixSearch prepares to search under a sum or a concatenation by the first
// components of each of its layers; of layers with no more than so many by all. It
// makes derived layers, and reads the others once. The scheme's layers are the
// gallery's own.
func (g *Gallery) NewPrefixSearch(ctx context.Context, scheme Scheme, components int) (*PrefixSearch, error) {
	if scheme.Kind == RRF || !tame(scheme) {
		return nil, fmt.Errorf("%s: components score sums and concatenations with weights from 1e-90 to 1e90", scheme)
	}
	s := &PrefixSearch{g: g, scheme: scheme, parts: map[string]*prefix{}}
	return s, g.reading(scheme.Layers(), func() error {
		for _, name := range scheme.Layers() {
			l, err := g.Layer(name)
			if err != nil {
				return err
			}
			if err := l.measure(ctx); err != nil {
				return fmt.Errorf("measuring %s: %w", name, err)
			}
			p := &prefix{layer: l}
			s.parts[name] = p
			if l.Dim <= components {
				continue
			}
			f := Factor{Layer: name, Transforms: []Transform{{Kind: PCA, N: components}}}
			if p.short, err = g.Derive(ctx, f, DeriveOptions{}); err != nil {
				return err
			}
			stages, err := g.derived.parameters(f, l.Dim, p.short)
			if err != nil {
				return err
			}
			if err := p.project(ctx, stages[0].mean); err != nil {
				return err
			}
		}
		return nil
	})
}

// Join returns a sum or a concatenation as vectors. It makes derived layers, and reads
// layers that were not scanned yet.
func (g *Gallery) Join(ctx context.Context, scheme Scheme) (*Joined, error) {
	return Join(ctx, g, scheme)
}
