package mine

import (
	"cmp"
	"math"
	"slices"

	"strata/experiments/eval"
)

// HitsOf returns the number of hits of a query, given by row, under A and B. judged is false if the
// query is not judged under both.
func (m *Mined) HitsOf(label string, query int) (a, b int, judged bool) {
	i, ok := slices.BinarySearch(m.Evaluation.Queries, query)
	l := slices.Index(m.Evaluation.Labels, label)
	if !ok || l < 0 || m.Evaluation.Skip(i, 0, l) != eval.Judged || m.Evaluation.Skip(i, 1, l) != eval.Judged {
		return 0, 0, false
	}
	return int(m.Evaluation.HitsOf(i, 0, l)[0]), int(m.Evaluation.HitsOf(i, 1, l)[0]), true
}

// ClassLosses returns the losses of the queries with one value of a label, in the order of Losses.
func (m *Mined) ClassLosses(label, class string) []Loss {
	l := slices.Index(m.Evaluation.Labels, label)
	if l < 0 {
		return nil
	}
	values := m.Evaluation.Judge.Labels[l].Label
	var of []Loss
	for _, x := range m.LossesOf(label) {
		if slices.ContainsFunc(values.ValueCodes(x.Query), func(v uint32) bool { return values.ValueName(int(v)) == class }) {
			of = append(of, x)
		}
	}
	return of
}

// LossesOf returns the part of Losses under a label.
func (m *Mined) LossesOf(label string) []Loss {
	return run(m.Losses, func(x Loss) bool { return x.Label == label })
}

// ClassesOf returns the part of Classes under a label.
func (m *Mined) ClassesOf(label string) []eval.ClassDifference {
	return run(m.Classes, func(x eval.ClassDifference) bool { return x.Label == label })
}

// run returns the first run of elements for which is returns true.
func run[T any](all []T, is func(T) bool) []T {
	first := slices.IndexFunc(all, is)
	if first < 0 {
		return nil
	}
	all = all[first:]
	if end := slices.IndexFunc(all, func(x T) bool { return !is(x) }); end >= 0 {
		all = all[:end]
	}
	return all
}

// MistakesOf returns the mistakes of both schemes under a label by descending Z. Among equal Z, A's
// come first, then they are by row.
func (m *Mined) MistakesOf(label string) []Mistake {
	var of []Mistake
	for _, x := range m.Mistakes {
		if x.Label == label {
			of = append(of, x)
		}
	}
	slices.SortStableFunc(of, func(a, b Mistake) int { return cmp.Compare(b.Z, a.Z) })
	return of
}

// Overlapping returns the part of Disagreements with a score under both schemes.
func (m *Mined) Overlapping() []Disagreement {
	return run(m.Disagreements, func(d Disagreement) bool { return !math.IsNaN(d.Overlap) })
}

// DuplicateGroup is a group of items that are alike.
type DuplicateGroup struct {
	Items  []int              // rows, ascending; two for NearRows
	Kind   eval.DuplicateKind // of all pairs
	Cosine float64            // the least of a pair; NaN if none was computed
	Differ bool               // the values of some pair are known, and they share none
}

// DuplicateGroups joins pairs with the same picture that have an item in common, and pairs with the
// same rows. Near pairs stay separate: two items near a third need not be near each other. Groups
// that differ under the label come first; otherwise groups are in the order of their first pairs.
func (m *Mined) DuplicateGroups(label string) []DuplicateGroup {
	l := slices.Index(m.Evaluation.Labels, label)
	var joined [eval.NearRows]roots
	for _, p := range m.Duplicates.Pairs {
		if p.Kind < eval.NearRows {
			joined[p.Kind].join(p.A, p.B)
		}
	}
	place := map[[2]int]int{} // by kind and root
	var groups []DuplicateGroup
	for _, p := range m.Duplicates.Pairs {
		n := len(groups)
		if p.Kind < eval.NearRows {
			key := [2]int{int(p.Kind), joined[p.Kind].of(p.A)}
			if at, ok := place[key]; ok {
				n = at
			}
			place[key] = n
		}
		if n == len(groups) {
			groups = append(groups, DuplicateGroup{Kind: p.Kind, Cosine: math.NaN()})
		}
		g := &groups[n]
		g.Items = append(g.Items, p.A, p.B)
		if !(g.Cosine <= p.Cosine) && !math.IsNaN(p.Cosine) {
			g.Cosine = p.Cosine
		}
		g.Differ = g.Differ || l >= 0 && m.Differ(p, l)
	}
	for i, g := range groups {
		slices.Sort(g.Items)
		groups[i].Items = slices.Compact(g.Items)
	}
	slices.SortStableFunc(groups, func(a, b DuplicateGroup) int {
		switch {
		case a.Differ == b.Differ:
			return 0
		case a.Differ:
			return -1
		}
		return 1
	})
	return groups
}

// roots are disjoint sets of rows. It maps a row to another row of its set, and the root to itself.
type roots map[int]int

// of returns the root of a row's set.
func (r roots) of(row int) int {
	for {
		next, ok := r[row]
		if !ok || next == row {
			return row
		}
		row = next
	}
}

// join joins the sets of two rows. The lower root becomes the root of both.
func (r *roots) join(a, b int) {
	if *r == nil {
		*r = roots{}
	}
	x, y := r.of(a), r.of(b)
	(*r)[max(x, y)] = min(x, y)
}
