package rank

import (
	"context"
	"fmt"
	"math"

	"strata/engine/layer"
	"strata/engine/scheme"
)

// Cosines returns the cosine of two rows in each of some layers of g.
func Cosines(ctx context.Context, g Layers, of []*layer.Layer, q, row int) ([]Cosine, error) {
	return cosines(ctx, g, of, row, func(p *Pairs, _ string) (bool, error) {
		p.Start(q)
		return true, nil
	})
}

// VectorCosines is Cosines for a query that is no item; NaN where it has no
// vector, too.
func VectorCosines(ctx context.Context, g Layers, of []*layer.Layer, q *Vectors, row int) ([]Cosine, error) {
	return cosines(ctx, g, of, row, func(p *Pairs, layer string) (bool, error) {
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
func cosines(ctx context.Context, g Layers, of []*layer.Layer, row int, start func(p *Pairs, layer string) (bool, error)) ([]Cosine, error) {
	var cosines []Cosine
	err := g.Reading(nil, func() error {
		for _, l := range of {
			if err := l.Measure(ctx); err != nil {
				return err
			}
			p := NewPairs([]*layer.Layer{l})
			known, err := start(p, l.Name)
			if err != nil {
				return err
			}
			c := Cosine{Layer: l.Name, Value: math.NaN()}
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

// Rescore returns the k best of some rows by their canonical scores with the query in
// row q, equal ones by row: those of Search, for a sum or a concatenation. Rows without
// a score are left out.
func Rescore(ctx context.Context, g Layers, q int, sc scheme.Scheme, rows []int, k int) (hits []Hit, err error) {
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
		p := NewPairs(layers)
		p.Start(q)
		contenders := make([]Contender, len(rows))
		for i, row := range rows {
			contenders[i].Row = int32(row)
		}
		if err := p.Fill(ctx, sc, contenders); err != nil {
			return err
		}
		best, scorer := NewTop(min(k, len(rows))), p.Scorer(sc)
		for _, row := range rows {
			if s := scorer.Score(row); !math.IsNaN(s) {
				best.Offer(Hit{Row: row, Score: s})
			}
		}
		hits = best.Sorted()
		return nil
	})
	return hits, err
}
