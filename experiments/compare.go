package experiments

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"strata/engine"
)

// Comparison is the paired comparison of two schemes by one metric under one
// label, over the queries that are judged under both.
type Comparison struct {
	A, B   engine.Scheme
	Label  string
	Metric Metric

	N              int     // queries; with none, the numbers below are NaN
	Diff           float64 // the mean of A's values less B's
	Low, High      float64 // 95 % percentile bootstrap interval of it, over queries
	P              float64 // two-sided, of the permutation test over queries
	Holm           float64 // P adjusted for all comparisons under the label by the metric
	Method         Method  // of P
	Win, Tie, Loss int     // queries for which A's value is higher, equal, lower

	// The same with whole classes drawn and turned, whose queries are not
	// independent; NaN with fewer than two. A class is what shares a cell.
	Classes             int
	ClassLow, ClassHigh float64
	ClassP              float64
	ClassMethod         Method
}

// columnsAtATime is the number of columns that are resampled together: their
// sums take 80 KB each.
const columnsAtATime = 128

// pair is two places in Schemes.
type pair struct{ a, b int }

// Compare compares every pair of schemes, the earlier with the later, or, given
// a baseline, every other scheme with that one. Comparisons are ordered by label,
// then metric, then pair.
func (e *Evaluation) Compare(ctx context.Context, baseline *engine.Scheme) ([]Comparison, error) {
	pairs, err := e.pairs(baseline)
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

func (e *Evaluation) pairs(baseline *engine.Scheme) ([]pair, error) {
	var pairs []pair
	if baseline == nil {
		for a := range e.Schemes {
			for b := a + 1; b < len(e.Schemes); b++ {
				pairs = append(pairs, pair{a, b})
			}
		}
		return pairs, nil
	}
	name := baseline.String()
	b := slices.IndexFunc(e.Schemes, func(s engine.Scheme) bool { return s.String() == name })
	if b < 0 {
		return nil, fmt.Errorf("the baseline %s is not among the schemes", name)
	}
	for a := range e.Schemes {
		if a != b {
			pairs = append(pairs, pair{a, b})
		}
	}
	return pairs, nil
}

// compareLabel compares pairs under one label, by metric, then pair.
func (e *Evaluation) compareLabel(ctx context.Context, label int, pairs []pair) ([]Comparison, error) {
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
				if min(group[p.a], group[p.b]) == g && max(group[p.a], group[p.b]) == h {
					these = append(these, i)
				}
			}
			if len(these) == 0 {
				continue
			}
			j := &labelComparison{e: e, label: label, pairs: pairs, these: these, queries: common(judged[g], judged[h]), out: out}
			if err := j.run(ctx); err != nil {
				return nil, err
			}
		}
	}
	for m := range e.Metrics {
		family := out[m*len(pairs) : (m+1)*len(pairs)]
		var ps []float64
		var tested []int
		for i, c := range family {
			if c.Method != Untested {
				ps, tested = append(ps, c.P), append(tested, i)
			}
		}
		for i, p := range holm(ps) {
			family[tested[i]].Holm = p
		}
	}
	return out, nil
}

// common returns the numbers that stand in both ascending lists.
func common(a, b []int) []int {
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
	pairs   []pair
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
		if slices.ContainsFunc(j.these, func(i int) bool { return j.pairs[i].a == s || j.pairs[i].b == s }) {
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
	label := j.e.judges.labels[j.label].Label
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
	work := &metricWork{j: j, lo: lo, by: &pairing{}, byClass: &pairing{sizes: j.sizes}}
	for m := lo; m < hi; m++ {
		for _, s := range j.schemes {
			work.addColumn(m, s)
		}
	}
	if len(j.queries) == 0 {
		return work.each(ctx, hi, work.blank)
	}
	seed, place := j.e.Seed, j.e.place(j.label)
	if err := work.by.draw(ctx, stream{seed, place, drawQueries}); err != nil {
		return err
	}
	if len(j.sizes) > 1 {
		if err := work.byClass.draw(ctx, stream{seed, place, drawClasses}); err != nil {
			return err
		}
	}
	if err := work.each(ctx, hi, work.compare); err != nil {
		return err
	}
	if work.inexact.Load() {
		if err := work.by.divide(ctx, stream{seed, place, divideQueries}); err != nil {
			return err
		}
	}
	if work.inexactClass.Load() {
		if err := work.byClass.divide(ctx, stream{seed, place, divideClasses}); err != nil {
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
	by      *pairing // over queries
	byClass *pairing

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
	column, one := j.e.Metrics[metric].integers(values, max(len(j.queries), int(largest)*len(j.sizes)))
	classes := make([]int64, len(j.sizes))
	for n, v := range column {
		classes[j.class[n]] += v
	}
	w.values, w.ones = append(w.values, values), append(w.ones, one)
	w.by.columns, w.byClass.columns = append(w.by.columns, column), append(w.byClass.columns, classes)
}

// each calls do for every comparison, with the places of its columns, from
// several goroutines.
func (w *metricWork) each(ctx context.Context, hi int, do func(c *Comparison, columns pair, metric int)) error {
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
				do(&j.out[m*len(j.pairs)+j.these[at]], pair{first + j.at[p.a], first + j.at[p.b]}, m)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// blank sets what is compared, and no numbers.
func (w *metricWork) blank(c *Comparison, columns pair, metric int) {
	j, nan := w.j, math.NaN()
	*c = Comparison{
		Label: j.e.Labels[j.label], Metric: j.e.Metrics[metric], N: len(j.queries), Classes: len(j.sizes),
		A: j.e.Schemes[j.schemes[columns.a%len(j.schemes)]], B: j.e.Schemes[j.schemes[columns.b%len(j.schemes)]],
		Diff: nan, Low: nan, High: nan, P: nan, Holm: nan,
		ClassLow: nan, ClassHigh: nan, ClassP: nan,
	}
}

// compare sets all of a comparison but p-values that are not exact.
func (w *metricWork) compare(c *Comparison, columns pair, metric int) {
	w.blank(c, columns, metric)
	var sum float64
	for i, a := range w.values[columns.a] {
		d := a - w.values[columns.b][i]
		sum += d
		switch {
		case d > 0:
			c.Win++
		case d < 0:
			c.Loss++
		default:
			c.Tie++
		}
	}
	c.Diff = sum / float64(max(c.Metric.unit(), 1)*int64(c.N))
	one := float64(w.ones[columns.a])
	by := w.by.compare(columns.a, columns.b, one)
	c.Low, c.High, c.P, c.Method = by.low, by.high, by.p, by.method
	if by.method == Untested {
		w.inexact.Store(true)
	}
	if c.Classes < 2 {
		return
	}
	by = w.byClass.compare(columns.a, columns.b, one)
	c.ClassLow, c.ClassHigh, c.ClassP, c.ClassMethod = by.low, by.high, by.p, by.method
	if by.method == Untested {
		w.inexactClass.Store(true)
	}
}

// permute sets p-values that are not exact.
func (w *metricWork) permute(c *Comparison, columns pair, _ int) {
	if c.Method == Untested {
		c.P, c.Method = w.by.permute(columns.a, columns.b), Permutation
	}
	if c.ClassMethod == Untested && c.Classes > 1 {
		c.ClassP, c.ClassMethod = w.byClass.permute(columns.a, columns.b), Permutation
	}
}

// significant is the p, after Holm, below which a difference counts as shown.
const significant = 0.05

// turned returns the comparison of B with A.
func (c Comparison) turned() Comparison {
	c.A, c.B = c.B, c.A
	c.Diff = 0 - c.Diff
	c.Low, c.High = 0-c.High, 0-c.Low
	c.ClassLow, c.ClassHigh = 0-c.ClassHigh, 0-c.ClassLow
	c.Win, c.Loss = c.Loss, c.Win
	return c
}

// shown reports whether a difference is shown.
func (c Comparison) shown() bool { return c.N > 0 && c.Holm < significant }
