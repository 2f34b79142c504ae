// Package recip compares a query's first hits by the neighbours that they share with it
// (Zhong, Zheng, Cao and Li, Re-ranking person re-identification with k-reciprocal encoding, CVPR 2017).
package recip

import (
	"cmp"
	"math"
	"slices"

	"strata/engine/kernel"
)

// The constants of the encodings. The bits of scores depend on them.
const (
	near   = 20 // k₁, the neighbours of a row
	expand = 6  // k₂, the rows over which encodings are averaged, with the row itself
)

// Places are a query, place 0, and its first hits, best first.
type Places struct {
	Rows   []int       // by place
	Scores [][]float64 // of two places

	group   []uint32
	nearest [][]int // by place: itself, then the others that are no candidates of its group, best first
}

// order sets nearest. Equal scores are ordered by row.
func (w *Places) order() {
	w.nearest = make([][]int, len(w.Rows))
	for i := range w.Rows {
		others := []int{i}
		for j := range w.Rows {
			if j != i && (w.group[i] == 0 || w.group[i] != w.group[j]) {
				others = append(others, j)
			}
		}
		slices.SortFunc(others[1:], func(a, b int) int {
			return cmp.Or(cmp.Compare(w.Scores[i][b], w.Scores[i][a]), cmp.Compare(w.Rows[a], w.Rows[b]))
		})
		w.nearest[i] = others
	}
}

// first returns a place and its k nearest.
func (w *Places) first(i, k int) []int { return w.nearest[i][:min(k+1, len(w.nearest[i]))] }

// reciprocal returns those of first that have the place among theirs.
func (w *Places) reciprocal(i, k int) []int {
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
func (w *Places) encodings() [][]float64 {
	n := len(w.Rows)
	half := make([][]int, n)
	for i := range half {
		half[i] = w.reciprocal(i, near/2)
	}
	all := make([][]float64, n)
	for i := range all {
		in := make([]bool, n)
		set := w.reciprocal(i, near)
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
				all[i][j] = kernel.Pow(math.E, max(1+w.Scores[i][j], 0))
				total += all[i][j]
			}
		}
		for j := range n {
			all[i][j] /= total
		}
	}
	return all
}

// Jaccard returns, by place, the Jaccard distances of the places' encodings, each averaged over its
// expand nearest, from the query's. It takes the groups of the places; 0 is of none.
func (w *Places) Jaccard(group []uint32) []float64 {
	w.group = group
	w.order()
	n, plain := len(w.Rows), w.encodings()
	mean := func(i int) []float64 {
		out := make([]float64, n)
		over := w.first(i, expand-1)
		for _, j := range over {
			for x, v := range plain[j] {
				out[x] += v
			}
		}
		for x := range out {
			out[x] /= float64(len(over))
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
