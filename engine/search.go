package engine

import (
	"context"
	"fmt"
	"math"
	"slices"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// Measure computes the lengths of every layer's rows that are not known yet, so
// that Faults knows all. It reads those layers whole.
func (g *Gallery) Measure(ctx context.Context) error {
	return g.guard(func() error {
		for _, l := range g.Layers {
			if err := l.Measure(ctx); err != nil {
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
func (g *Gallery) NewVectors(features map[string][]float32) (*rank.Vectors, error) {
	return rank.NewVectors(g, g.Name, features)
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
func (g *Gallery) RankAll(ctx context.Context, queries []int, schemes []scheme.Scheme, k int, among *items.Candidates, each func(i int, rankings []rank.Ranking)) error {
	return rank.All(ctx, g, queries, schemes, k, among, each)
}

// Cosines returns the cosine of two rows in each of AllLayers.
func (g *Gallery) Cosines(ctx context.Context, q, row int) ([]rank.Cosine, error) {
	return g.cosines(ctx, row, func(p *rank.Pairs, _ string) (bool, error) {
		p.Start(q)
		return true, nil
	})
}

// VectorCosines is Cosines for a query that is no item; NaN where it has no
// vector, too.
func (g *Gallery) VectorCosines(ctx context.Context, q *rank.Vectors, row int) ([]rank.Cosine, error) {
	return g.cosines(ctx, row, func(p *rank.Pairs, layer string) (bool, error) {
		if !q.Has(layer) {
			return false, nil
		}
		v, err := q.Layer(ctx, layer)
		if err == nil {
			p.StartVector(layer, v)
		}
		return true, err
	})
}

// cosines returns a row's cosine in every layer with the query that start gives
// to the layer's pairs, if it has one there.
func (g *Gallery) cosines(ctx context.Context, row int, start func(p *rank.Pairs, layer string) (bool, error)) ([]rank.Cosine, error) {
	var cosines []rank.Cosine
	err := g.guard(func() error {
		for _, l := range g.AllLayers() {
			if err := l.Measure(ctx); err != nil {
				return err
			}
			p := rank.NewPairs([]*layer.Layer{l})
			known, err := start(p, l.Name)
			if err != nil {
				return err
			}
			c := rank.Cosine{Layer: l.Name, Value: math.NaN()}
			if known {
				scorer := p.Scorer(scheme.Scheme{Terms: []scheme.Term{{Weight: 1, Factor: scheme.FactorNamed(l.Name)}}})
				c.Value = scorer.Score(row)
			}
			cosines = append(cosines, c)
		}
		return nil
	})
	return cosines, err
}

// NewCodeSearch prepares to search under a sum or a concatenation whose layers have
// codes: see PrepareCodes. The error is ErrNoCodes for one that has none.
func (g *Gallery) NewCodeSearch(ctx context.Context, sc scheme.Scheme, bits int) (*rank.CodeSearch, error) {
	if !slices.Contains(rank.CodeBits(), bits) {
		return nil, fmt.Errorf("codes have 8, 4 or 1 bits a value, not %d", bits)
	}
	if !sc.Products() || !rank.Tame(sc) {
		return nil, fmt.Errorf("%s: codes score sums and concatenations with weights from 1e-90 to 1e90", sc)
	}
	s := &rank.CodeSearch{G: g, Bits: bits, Scheme: sc, Signs: map[string]*rank.SignCodes{}}
	return s, g.Reading(sc.Layers(), func() error {
		for _, name := range sc.Layers() {
			l, err := g.Layer(name)
			if err != nil {
				return err
			}
			c := g.CodesOf(l)
			if c == nil {
				return fmt.Errorf("layer %s %w", name, scheme.ErrNoCodes)
			}
			if bits > 1 {
				continue
			}
			if s.Signs[name], err = rank.NewSigns(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// Rescore returns the k best of some rows by their canonical scores with the query in
// row q, equal ones by row: those of Search, for a sum or a concatenation. Rows without
// a score are left out.
func (g *Gallery) Rescore(ctx context.Context, q int, sc scheme.Scheme, rows []int, k int) (hits []rank.Hit, err error) {
	if !sc.Products() {
		return nil, fmt.Errorf("%s: only a sum or a concatenation has a score of a row alone", sc)
	}
	err = g.Reading(sc.Layers(), func() error {
		var layers []*layer.Layer
		for _, f := range sc.Factors() {
			l, err := g.Ready(ctx, f)
			if err != nil {
				return err
			}
			if err := l.Measure(ctx); err != nil {
				return err
			}
			layers = append(layers, l)
		}
		p := rank.NewPairs(layers)
		p.Start(q)
		contenders := make([]rank.Contender, len(rows))
		for i, row := range rows {
			contenders[i].Row = int32(row)
		}
		if err := p.Fill(ctx, sc, contenders); err != nil {
			return err
		}
		best, scorer := rank.NewTop(min(k, len(rows))), p.Scorer(sc)
		for _, row := range rows {
			if s := scorer.Score(row); !math.IsNaN(s) {
				best.Offer(rank.Hit{Row: row, Score: s})
			}
		}
		hits = best.Sorted()
		return nil
	})
	return hits, err
}

// NewPrefixSearch prepares to search under a sum or a concatenation by the first
// components of each of its layers; of layers with no more than so many by all. It
// makes derived layers, and reads the others once. The scheme's layers are the
// gallery's own.
func (g *Gallery) NewPrefixSearch(ctx context.Context, sc scheme.Scheme, components int) (*rank.PrefixSearch, error) {
	if !sc.Products() || !rank.Tame(sc) {
		return nil, fmt.Errorf("%s: components score sums and concatenations with weights from 1e-90 to 1e90", sc)
	}
	s := &rank.PrefixSearch{G: g, Scheme: sc, Parts: map[string]*rank.Prefix{}}
	return s, g.Reading(sc.Layers(), func() error {
		for _, name := range sc.Layers() {
			l, err := g.Layer(name)
			if err != nil {
				return err
			}
			if err := l.Measure(ctx); err != nil {
				return fmt.Errorf("measuring %s: %w", name, err)
			}
			p := &rank.Prefix{Layer: l}
			s.Parts[name] = p
			if l.Dim <= components {
				continue
			}
			f := scheme.Factor{Layer: name, Transforms: []scheme.Transform{{Kind: scheme.PCA, N: components}}}
			if p.Short, err = g.Derive(ctx, f, DeriveOptions{}); err != nil {
				return err
			}
			stages, err := g.derived.parameters(f, l.Dim, p.Short)
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

// Join returns a sum or a concatenation as vectors. It makes derived layers, and reads
// layers that were not scanned yet.
func (g *Gallery) Join(ctx context.Context, scheme scheme.Scheme) (*rank.Joined, error) {
	return rank.Join(ctx, g, scheme)
}
