package eval

import (
	"context"
	"fmt"
	"math"
	"slices"

	"strata/engine/scheme"
	"strata/experiments/metric"
	"strata/experiments/stats"
)

// Comparison is the paired comparison of two schemes by one metric under one
// label, over the queries that are judged under both.
type Comparison struct {
	A, B   scheme.Scheme
	Label  string
	Metric metric.Metric

	N              int          // queries; with none, the numbers below are NaN
	Diff           float64      // the mean of A's values less B's
	Low, High      float64      // 95 % percentile bootstrap interval of it, over queries
	P              float64      // two-sided, of the permutation test over queries
	Holm           float64      // P adjusted for all comparisons under the label by the metric
	Method         stats.Method // of P
	Win, Tie, Loss int          // queries for which A's value is higher, equal, lower

	// The same with whole classes drawn and turned, whose queries are not
	// independent; NaN with fewer than two. A class is what shares a cell.
	Classes             int
	ClassLow, ClassHigh float64
	ClassP              float64
	ClassMethod         stats.Method
}

// columnsAtATime is the number of columns that are resampled together: their
// sums take 80 KB each.
const columnsAtATime = 128

// Pair is two places in Schemes.
type Pair struct{ A, B int }

// Compare compares every pair of schemes, the earlier with the later, or, given
// a baseline, every other scheme with that one. Comparisons are ordered by label,
// then metric, then pair.
func (e *Evaluation) Compare(ctx context.Context, baseline *scheme.Scheme) ([]Comparison, error) {
	pairs, err := e.Pairs(baseline)
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	var all []Comparison
	for l := range e.Labels {
		of, err := e.compareLabel(ctx, l, pairs)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	return all, nil
}

// Pairs returns the pairs of schemes to compare: every pair, or, with a baseline, the
// baseline with every other scheme.
func (e *Evaluation) Pairs(baseline *scheme.Scheme) ([]Pair, error) {
	var pairs []Pair
	if baseline == nil {
		for a := range e.Schemes {
			for b := a + 1; b < len(e.Schemes); b++ {
				pairs = append(pairs, Pair{a, b})
			}
		}
		return pairs, nil
	}
	name := baseline.String()
	b := slices.IndexFunc(e.Schemes, func(s scheme.Scheme) bool { return s.String() == name })
	if b < 0 {
		return nil, fmt.Errorf("the baseline %s is not among the schemes", name)
	}
	for a := range e.Schemes {
		if a != b {
			pairs = append(pairs, Pair{a, b})
		}
	}
	return pairs, nil
}

// compareLabel compares pairs under one label, by metric, then pair.
func (e *Evaluation) compareLabel(ctx context.Context, label int, pairs []Pair) ([]Comparison, error) {
	out := make([]Comparison, len(e.Metrics)*len(pairs))
	groups, judged := e.judgedAlike(label)
	group := make([]int, len(e.Schemes))
	for g, schemes := range groups {
		for _, s := range schemes {
			group[s] = g
		}
	}
	for g := range groups {
		for h := g; h < len(groups); h++ {
			var these []int // places in pairs
			for i, p := range pairs {
				if min(group[p.A], group[p.B]) == g && max(group[p.A], group[p.B]) == h {
					these = append(these, i)
				}
			}
			if len(these) == 0 {
				continue
			}
			j := &labelComparison{e: e, label: label, pairs: pairs, these: these, queries: Common(judged[g], judged[h]), out: out}
			if err := j.run(ctx); err != nil {
				return nil, err
			}
		}
	}
	for m := range e.Metrics {
		var family []*Comparison
		for i := range pairs {
			family = append(family, &out[m*len(pairs)+i])
		}
		holm(family)
	}
	return out, nil
}

// Common returns the numbers that stand in both ascending lists.
func Common(a, b []int) []int {
	var both []int
	for _, x := range a {
		if _, ok := slices.BinarySearch(b, x); ok {
			both = append(both, x)
		}
	}
	return both
}

// labelComparison compares pairs that are judged for the same queries.
type labelComparison struct {
	e       *Evaluation
	label   int
	pairs   []Pair
	these   []int // places in pairs
	queries []int // places in Queries
	out     []Comparison

	schemes []int   // places in Schemes of all pairs
	at      []int   // by scheme: its place in schemes
	class   []int   // by query
	sizes   []int64 // by class
}

func (j *labelComparison) run(ctx context.Context) error {
	j.at = make([]int, len(j.e.Schemes))
	for s := range j.e.Schemes {
		if slices.ContainsFunc(j.these, func(i int) bool { return j.pairs[i].A == s || j.pairs[i].B == s }) {
			j.at[s] = len(j.schemes)
			j.schemes = append(j.schemes, s)
		}
	}
	j.classes()
	some := max(1, columnsAtATime/len(j.schemes))
	for m := 0; m < len(j.e.Metrics); m += some {
		if err := j.metrics(ctx, m, min(m+some, len(j.e.Metrics))); err != nil {
			return err
		}
	}
	return nil
}

// classes parts the queries by their cells.
func (j *labelComparison) classes() {
	label := j.e.Judge.Labels[j.label].Label
	number := make([]int, label.NumCells())
	for _, i := range j.queries {
		code := label.CellCode(j.e.Queries[i])
		if number[code] == 0 {
			j.sizes = append(j.sizes, 0)
			number[code] = len(j.sizes)
		}
		j.sizes[number[code]-1]++
		j.class = append(j.class, number[code]-1)
	}
}

// metrics compares by the metrics from lo to hi.
func (j *labelComparison) metrics(ctx context.Context, lo, hi int) error {
	work := &metricWork{j: j, by: &stats.Pairing{}, byClass: &stats.Pairing{Sizes: j.sizes}}
	for m := lo; m < hi; m++ {
		for _, s := range j.schemes {
			work.addColumn(m, s)
		}
	}
	for m := lo; m < hi; m++ {
		for _, i := range j.these {
			work.addPair(m, (m-lo)*len(j.schemes), i)
		}
	}
	if len(j.queries) == 0 {
		return ctx.Err()
	}
	seed, place := j.e.Seed, j.e.place(j.label)
	compared, err := compareQueries(ctx, work.by, seed, place, work.columns)
	if err != nil {
		return err
	}
	for i, c := range work.pairs {
		c.count(work.values[work.columns[i].A], work.values[work.columns[i].B])
		c.take(compared[i])
	}
	if len(j.sizes) < 2 {
		return nil
	}
	compared, err = work.byClass.CompareAll(ctx, stats.Stream{Seed: seed, Place: place, Of: stats.DrawClasses},
		stats.Stream{Seed: seed, Place: place, Of: stats.DivideClasses}, work.columns)
	if err != nil {
		return err
	}
	for i, c := range work.pairs {
		of := compared[i]
		c.ClassLow, c.ClassHigh, c.ClassP, c.ClassMethod = of.Low, of.High, of.P, of.Method
	}
	return nil
}

// metricWork compares all pairs by some metrics.
type metricWork struct {
	j       *labelComparison
	values  [][]float64
	ones    []int64
	by      *stats.Pairing // over queries
	byClass *stats.Pairing

	pairs   []*Comparison
	columns []stats.Columns // of pairs
}

func (w *metricWork) addColumn(metric, scheme int) {
	j := w.j
	values := make([]float64, len(j.queries))
	for n, i := range j.queries {
		values[n] = j.e.value(i, scheme, j.label, metric)
	}
	var largest int64
	for _, size := range j.sizes {
		largest = max(largest, size)
	}
	// As many may be added as there are classes drawn, all the largest one.
	column, one := j.e.Metrics[metric].Integers(values, max(len(j.queries), int(largest)*len(j.sizes)))
	classes := make([]int64, len(j.sizes))
	for n, v := range column {
		classes[j.class[n]] += v
	}
	w.values, w.ones = append(w.values, values), append(w.ones, one)
	w.by.Columns, w.byClass.Columns = append(w.by.Columns, column), append(w.byClass.Columns, classes)
}

// addPair adds the comparison of a pair by a metric, without numbers. first is the column of the first scheme.
func (w *metricWork) addPair(metric, first, pair int) {
	j := w.j
	p, c := j.pairs[pair], &j.out[metric*len(j.pairs)+pair]
	*c = blankComparison(j.e.Schemes[p.A], j.e.Schemes[p.B], j.e.Labels[j.label], j.e.Metrics[metric])
	c.N, c.Classes = len(j.queries), len(j.sizes)
	a, b := first+j.at[p.A], first+j.at[p.B]
	w.pairs = append(w.pairs, c)
	w.columns = append(w.columns, stats.Columns{A: a, B: b, One: float64(w.ones[a])})
}

// blankComparison returns a comparison without numbers.
func blankComparison(a, b scheme.Scheme, label string, of metric.Metric) Comparison {
	nan := math.NaN()
	return Comparison{
		A: a, B: b, Label: label, Metric: of,
		Diff: nan, Low: nan, High: nan, P: nan, Holm: nan,
		ClassLow: nan, ClassHigh: nan, ClassP: nan,
	}
}

// Significant is the p, after Holm, below which a difference counts as shown.
const Significant = 0.05

// Turned returns the comparison of B with A.
func (c Comparison) Turned() Comparison {
	c.A, c.B = c.B, c.A
	c.Diff = 0 - c.Diff
	c.Low, c.High = 0-c.High, 0-c.Low
	c.ClassLow, c.ClassHigh = 0-c.ClassHigh, 0-c.ClassLow
	c.Win, c.Loss = c.Loss, c.Win
	return c
}

// Shown reports whether a difference is shown.
func (c Comparison) Shown() bool { return c.N > 0 && c.Holm < Significant }
