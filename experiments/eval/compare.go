package eval

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

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
	work := &metricWork{j: j, lo: lo, by: &stats.Pairing{}, byClass: &stats.Pairing{Sizes: j.sizes}}
	for m := lo; m < hi; m++ {
		for _, s := range j.schemes {
			work.addColumn(m, s)
		}
	}
	if len(j.queries) == 0 {
		return work.each(ctx, hi, work.blank)
	}
	seed, place := j.e.Seed, j.e.place(j.label)
	if err := work.by.Draw(ctx, stats.Stream{Seed: seed, Place: place, Of: stats.DrawQueries}); err != nil {
		return err
	}
	if len(j.sizes) > 1 {
		if err := work.byClass.Draw(ctx, stats.Stream{Seed: seed, Place: place, Of: stats.DrawClasses}); err != nil {
			return err
		}
	}
	if err := work.each(ctx, hi, work.compare); err != nil {
		return err
	}
	if work.inexact.Load() {
		if err := work.by.Divide(ctx, stats.Stream{Seed: seed, Place: place, Of: stats.DivideQueries}); err != nil {
			return err
		}
	}
	if work.inexactClass.Load() {
		if err := work.byClass.Divide(ctx, stats.Stream{Seed: seed, Place: place, Of: stats.DivideClasses}); err != nil {
			return err
		}
	}
	return work.each(ctx, hi, work.permute)
}

// metricWork compares all pairs by some metrics.
type metricWork struct {
	j       *labelComparison
	lo      int // the first metric
	values  [][]float64
	ones    []int64
	by      *stats.Pairing // over queries
	byClass *stats.Pairing

	inexact, inexactClass atomic.Bool // a pair has no exact p
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

// each calls do for every comparison, with the places of its columns, from
// several goroutines.
func (w *metricWork) each(ctx context.Context, hi int, do func(c *Comparison, columns Pair, metric int)) error {
	j := w.j
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1)) - 1
				m, at := w.lo+n/len(j.these), n%len(j.these)
				if m >= hi {
					return
				}
				p := j.pairs[j.these[at]]
				first := (m - w.lo) * len(j.schemes)
				do(&j.out[m*len(j.pairs)+j.these[at]], Pair{first + j.at[p.A], first + j.at[p.B]}, m)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// blank sets what is compared, and no numbers.
func (w *metricWork) blank(c *Comparison, columns Pair, metric int) {
	j := w.j
	*c = blankComparison(j.e.Schemes[j.schemes[columns.A%len(j.schemes)]], j.e.Schemes[j.schemes[columns.B%len(j.schemes)]], j.e.Labels[j.label], j.e.Metrics[metric])
	c.N, c.Classes = len(j.queries), len(j.sizes)
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

// compare sets all of a comparison but p-values that are not exact.
func (w *metricWork) compare(c *Comparison, columns Pair, metric int) {
	w.blank(c, columns, metric)
	c.count(w.values[columns.A], w.values[columns.B])
	one := float64(w.ones[columns.A])
	by := w.by.Compare(columns.A, columns.B, one)
	c.Low, c.High, c.P, c.Method = by.Low, by.High, by.P, by.Method
	if by.Method == stats.Untested {
		w.inexact.Store(true)
	}
	if c.Classes < 2 {
		return
	}
	by = w.byClass.Compare(columns.A, columns.B, one)
	c.ClassLow, c.ClassHigh, c.ClassP, c.ClassMethod = by.Low, by.High, by.P, by.Method
	if by.Method == stats.Untested {
		w.inexactClass.Store(true)
	}
}

// permute sets p-values that are not exact.
func (w *metricWork) permute(c *Comparison, columns Pair, _ int) {
	if c.Method == stats.Untested {
		c.P, c.Method = w.by.Permute(columns.A, columns.B), stats.Permutation
	}
	if c.ClassMethod == stats.Untested && c.Classes > 1 {
		c.ClassP, c.ClassMethod = w.byClass.Permute(columns.A, columns.B), stats.Permutation
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
