package rank

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// recip.go ranks the first hits again by the neighbours that they share with the query.

// The constants of k-reciprocal re-ranking (Zhong, Zheng, Cao and Li, Re-ranking person
// re-identification with k-reciprocal encoding, CVPR 2017). The bits of scores depend on them.
const (
	recipDepth  = 100 // hits that are ranked again
	recipNear   = 20  // k₁, the neighbours of a row
	recipExpand = 6   // k₂, the rows over which encodings are averaged, with the row itself
	recipShare  = 0.3 // λ, the share of the first distance
)

// recipWork is the re-ranking of one query: the query, place 0, and its first hits, by place.
type recipWork struct {
	rows    []int
	group   []uint32    // 0: of none
	scores  [][]float64 // of two places under the part
	nearest [][]int     // by place: itself, then the others that are no candidates of its group, best first
}

// again replaces the scores of the first recipDepth hits under the part of s, and sorts them. With
// d = 1 − score, J the Jaccard distance of the encodings of the query and a row, a hit scores
//
//	1 − (1−λ)·J − λ·d
//
// J is 1 for hits further down, which score λ·score. None of them scores more than a hit above.
// Called within Reading.
func again(ctx context.Context, g Layers, q Asked, s scheme.Scheme, hits []Hit, among *items.Candidates) error {
	w := &recipWork{rows: []int{q.Row}}
	for _, h := range hits[:min(recipDepth, len(hits))] {
		if h.Scored() {
			w.rows = append(w.rows, h.Row)
		}
	}
	n := len(w.rows)
	if n == 1 {
		return ctx.Err()
	}
	if err := w.score(ctx, g, q, s.Parts[0]); err != nil {
		return err
	}
	w.order(among)
	jaccard := w.jaccard()
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

// score sets scores, the canonical ones.
func (w *recipWork) score(ctx context.Context, g Layers, q Asked, s scheme.Scheme) error {
	n, f := len(w.rows), newFormula(s)
	w.scores = make([][]float64, n)
	for i := range w.scores {
		w.scores[i] = make([]float64, n)
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
		for i, row := range w.rows[1:] {
			l.Widen(wide[(i+1)*l.Dim:(i+2)*l.Dim], row)
			roots[i+1] = l.Lengths().Root[row]
		}
		for i := range n {
			kernel.ScanApart(dots[i:], wide[i*l.Dim:(i+1)*l.Dim], wide[i*l.Dim:], l.Dim)
			for j := i; j < n; j++ {
				w.scores[i][j] += cosineTerm(f.weights[t], dots[j], roots[i], roots[j])
			}
		}
	}
	for i := range n {
		for j := i; j < n; j++ {
			w.scores[i][j] /= f.total
			w.scores[j][i] = w.scores[i][j]
		}
	}
	return nil
}

// order sets nearest. Equal scores are ordered by row.
func (w *recipWork) order(among *items.Candidates) {
	w.group = make([]uint32, len(w.rows))
	if column := among.Items.Group; column != nil {
		for i, row := range w.rows {
			if row != items.NoRow {
				w.group[i] = column.Codes[row]
			}
		}
	}
	w.nearest = make([][]int, len(w.rows))
	for i := range w.rows {
		near := []int{i}
		for j := range w.rows {
			if j != i && (w.group[i] == 0 || w.group[i] != w.group[j]) {
				near = append(near, j)
			}
		}
		slices.SortFunc(near[1:], func(a, b int) int {
			return cmp.Or(cmp.Compare(w.scores[i][b], w.scores[i][a]), cmp.Compare(w.rows[a], w.rows[b]))
		})
		w.nearest[i] = near
	}
}

// first returns a place and its k nearest.
func (w *recipWork) first(i, k int) []int { return w.nearest[i][:min(k+1, len(w.nearest[i]))] }

// reciprocal returns those of first that have the place among theirs.
func (w *recipWork) reciprocal(i, k int) []int {
	var both []int
	for _, j := range w.first(i, k) {
		if slices.Contains(w.first(j, k), i) {
			both = append(both, j)
		}
	}
	return both
}

// encodings returns, by place, the weights of all places: of the reciprocal neighbours, and of theirs
// where two thirds are shared. Weights are e to the power −d, and add to 1.
func (w *recipWork) encodings() [][]float64 {
	n := len(w.rows)
	half := make([][]int, n)
	for i := range half {
		half[i] = w.reciprocal(i, recipNear/2)
	}
	all := make([][]float64, n)
	for i := range all {
		in := make([]bool, n)
		set := w.reciprocal(i, recipNear)
		for _, j := range set {
			in[j] = true
		}
		for _, j := range set {
			shared := 0
			for _, x := range half[j] {
				if slices.Contains(set, x) {
					shared++
				}
			}
			if 3*shared >= 2*len(half[j]) {
				for _, x := range half[j] {
					in[x] = true
				}
			}
		}
		all[i] = make([]float64, n)
		total := 0.0
		for j := range n {
			if in[j] { // e is common to all of them
				all[i][j] = kernel.Pow(math.E, max(1+w.scores[i][j], 0))
				total += all[i][j]
			}
		}
		for j := range n {
			all[i][j] /= total
		}
	}
	return all
}

// jaccard returns the distances of the places' encodings, each averaged over its recipExpand nearest,
// from the query's.
func (w *recipWork) jaccard() []float64 {
	n, plain := len(w.rows), w.encodings()
	mean := func(i int) []float64 {
		out := make([]float64, n)
		near := w.first(i, recipExpand-1)
		for _, j := range near {
			for x, v := range plain[j] {
				out[x] += v
			}
		}
		for x := range out {
			out[x] /= float64(len(near))
		}
		return out
	}
	query, distances := mean(0), make([]float64, n)
	for i := range n {
		least, most := 0.0, 0.0
		for x, v := range mean(i) {
			least += min(v, query[x])
			most += max(v, query[x])
		}
		distances[i] = 1 - least/most
	}
	return distances
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
