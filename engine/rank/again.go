package rank

import (
	"context"
	"slices"
	"sync"

	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/recip"
	"strata/engine/scheme"
)

// again.go ranks the first hits again by the neighbours that they share with the query.

// The constants of k-reciprocal re-ranking, with those of package recip. The bits of scores depend
// on them.
const (
	recipDepth = 100 // hits that are ranked again
	recipShare = 0.3 // λ, the share of the first distance
)

// again replaces the scores of the first recipDepth hits under the part of s, and sorts them. With
// d = 1 − score, J the Jaccard distance of the encodings of the query and a row, a hit scores
//
//	1 − (1−λ)·J − λ·d
//
// J is 1 for hits further down, which score λ·score. None of them scores more than a hit above.
// Called within Reading.
func again(ctx context.Context, g Layers, q Asked, s scheme.Scheme, hits []Hit, among *items.Candidates) error {
	w := &recip.Places{Rows: []int{q.Row}}
	for _, h := range hits[:min(recipDepth, len(hits))] {
		if h.Scored() {
			w.Rows = append(w.Rows, h.Row)
		}
	}
	n := len(w.Rows)
	if n == 1 {
		return ctx.Err()
	}
	if err := scorePlaces(ctx, w, g, q, s.Parts[0]); err != nil {
		return err
	}
	jaccard := w.Jaccard(groupsOf(w.Rows, among))
	for i := range hits {
		h := &hits[i]
		near := 1.0
		if i+1 < n {
			near = jaccard[i+1]
		}
		h.Score = 1 - float64((1-recipShare)*near) - float64(recipShare*(1-h.Score))
	}
	slices.SortFunc(hits, Better)
	return ctx.Err()
}

// groupsOf returns the groups of rows; 0 is of none.
func groupsOf(rows []int, among *items.Candidates) []uint32 {
	groups := make([]uint32, len(rows))
	if column := among.Items.Group; column != nil {
		for i, row := range rows {
			if row != items.NoRow {
				groups[i] = column.Codes[row]
			}
		}
	}
	return groups
}

// scorePlaces sets the canonical scores of all pairs of places.
func scorePlaces(ctx context.Context, w *recip.Places, g Layers, q Asked, s scheme.Scheme) error {
	n, f := len(w.Rows), newFormula(s)
	w.Scores = make([][]float64, n)
	for i := range w.Scores {
		w.Scores[i] = make([]float64, n)
	}
	dots := make([]float64, n)
	for t, name := range f.names {
		l, err := g.Layer(name)
		if err != nil {
			return err
		}
		if err := l.Measure(ctx); err != nil {
			return err
		}
		query, err := q.whole(ctx, l)
		if err != nil {
			return err
		}
		wide, roots := make([]float64, n*l.Dim), make([]float64, n)
		copy(wide, query.Wide)
		roots[0] = query.Root
		for i, row := range w.Rows[1:] {
			l.Widen(wide[(i+1)*l.Dim:(i+2)*l.Dim], row)
			roots[i+1] = l.Lengths().Root[row]
		}
		for i := range n {
			kernel.ScanApart(dots[i:], wide[i*l.Dim:(i+1)*l.Dim], wide[i*l.Dim:], l.Dim)
			for j := i; j < n; j++ {
				w.Scores[i][j] += cosineTerm(f.weights[t], dots[j], roots[i], roots[j])
			}
		}
	}
	for i := range n {
		for j := i; j < n; j++ {
			w.Scores[i][j] /= f.total
			w.Scores[j][i] = w.Scores[i][j]
		}
	}
	return nil
}

// againAll is again of many queries: found holds, by query, the rankings under the part, in the given
// place.
func againAll(ctx context.Context, g Layers, queries []int, s scheme.Scheme, place int, among *items.Candidates, found [][]Ranking) error {
	return g.Reading(s.Layers(), func() error {
		var mu sync.Mutex
		var fault error
		err := layer.Parallel(ctx, len(queries), 4, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				r := &found[i][place]
				r.Scheme, r.Hits = s, slices.Clone(r.Hits)
				if err := again(ctx, g, Asked{Row: queries[i]}, s, r.Hits, among); err != nil {
					mu.Lock()
					fault = err
					mu.Unlock()
				}
			}
		})
		if err == nil {
			err = fault
		}
		return err
	})
}
