package eval

import (
	"cmp"
	"math"
	"slices"

	"strata/experiments/stats"
)

// ClassDifference compares A with B over the queries with a value of a label that
// are judged under both.
type ClassDifference struct {
	Label, Class   string
	Queries        int
	HitsA, HitsB   int     // among the first K, of all queries
	A, B, Diff     float64 // P@K; Diff is A's less B's
	Win, Tie, Loss int     // queries for which A has more hits, as many, fewer
	P              float64 // two-sided, of the exact permutation test over queries; NaN where that takes too long
}

// ClassDifferences compares two schemes, a with b, at the largest k, over the
// queries with each value of a label: the largest difference first, then by name.
func (e *Evaluation) ClassDifferences(label, a, b int) []ClassDifference {
	values := e.Judge.Labels[label].Label
	of := make([][]int, values.NumValues())
	for _, i := range Common(e.Judged(a, label), e.Judged(b, label)) {
		for _, v := range values.ValueCodes(e.Queries[i]) {
			of[v] = append(of[v], i)
		}
	}
	var classes []ClassDifference
	for v, queries := range of {
		if len(queries) > 0 {
			classes = append(classes, e.compareClass(label, a, b, values.ValueName(v), queries))
		}
	}
	slices.SortFunc(classes, func(a, b ClassDifference) int {
		return cmp.Or(cmp.Compare(b.Diff, a.Diff), cmp.Compare(a.Class, b.Class))
	})
	return classes
}

func (e *Evaluation) compareClass(label, first, second int, name string, queries []int) ClassDifference {
	c := ClassDifference{Label: e.Labels[label], Class: name, Queries: len(queries), P: math.NaN()}
	last := len(e.Ks) - 1
	differences := make([]int64, len(queries))
	for n, i := range queries {
		a, b := int(e.HitsOf(i, first, label)[last]), int(e.HitsOf(i, second, label)[last])
		c.HitsA, c.HitsB = c.HitsA+a, c.HitsB+b
		differences[n] = int64(a - b)
		switch {
		case a > b:
			c.Win++
		case a < b:
			c.Loss++
		default:
			c.Tie++
		}
	}
	all := float64(e.Ks[last] * len(queries))
	c.A, c.B, c.Diff = float64(c.HitsA)/all, float64(c.HitsB)/all, float64(c.HitsA-c.HitsB)/all
	if p, ok := stats.ExactP(differences); ok {
		c.P = p
	}
	return c
}
