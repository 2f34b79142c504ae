package eval

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"

	"strata/engine/scheme"
	"strata/experiments/metric"
	"strata/experiments/run"
	"strata/experiments/stats"
	"strata/experiments/table"
)

// paired.go compares the values of the same queries in two runs.

// pairedValues are a metric's values of the same queries, in their order; counts whole.
type pairedValues struct {
	comparison *Comparison // whose Metric is set
	a, b       []float64
}

// comparePaired sets all of comparisons over the same queries but Holm and what is over
// classes.
func comparePaired(ctx context.Context, pairs []pairedValues, seed, place uint64) error {
	for part := range slices.Chunk(pairs, columnsAtATime/2) {
		if err := comparePart(ctx, part, seed, place); err != nil {
			return err
		}
	}
	return nil
}

// comparePart is comparePaired for as many as are resampled together.
func comparePart(ctx context.Context, pairs []pairedValues, seed, place uint64) error {
	n := len(pairs[0].a)
	var by stats.Pairing
	var columns []stats.Columns
	for i, p := range pairs {
		a, one := p.comparison.Metric.Integers(p.a, n)
		b, _ := p.comparison.Metric.Integers(p.b, n)
		by.Columns = append(by.Columns, a, b)
		columns = append(columns, stats.Columns{A: 2 * i, B: 2*i + 1, One: float64(one)})
	}
	compared, err := compareQueries(ctx, &by, seed, place, columns)
	if err != nil {
		return err
	}
	for i, p := range pairs {
		p.comparison.N = n
		p.comparison.count(p.a, p.b)
		p.comparison.take(compared[i])
	}
	return nil
}

// compareQueries compares columns of queries.
func compareQueries(ctx context.Context, by *stats.Pairing, seed, place uint64, columns []stats.Columns) ([]stats.Paired, error) {
	return by.CompareAll(ctx, stats.Stream{Seed: seed, Place: place, Of: stats.DrawQueries},
		stats.Stream{Seed: seed, Place: place, Of: stats.DivideQueries}, columns)
}

// take sets what was computed over queries.
func (c *Comparison) take(of stats.Paired) {
	c.Low, c.High, c.P, c.Method = of.Low, of.High, of.P, of.Method
}

// count sets the mean difference and the queries won, tied and lost.
func (c *Comparison) count(a, b []float64) {
	var sum float64
	for i := range a {
		d := a[i] - b[i]
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
	c.Diff = sum / float64(max(c.Metric.Unit(), 1)*int64(c.N))
}

// holm adjusts the p-values of one family.
func holm(family []*Comparison) {
	var ps []float64
	var tested []*Comparison
	for _, c := range family {
		if c.Method != stats.Untested {
			ps, tested = append(ps, c.P), append(tested, c)
		}
	}
	for i, p := range stats.Holm(ps) {
		tested[i].Holm = p
	}
}

// namePlace returns what tells the random numbers of a name from those of another.
func namePlace(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // it never fails
	return h.Sum64() >> 16
}

// RunComparisons compare what two runs measured of the queries that both judge: B's
// values less A's, by label, metric and scheme.
type RunComparisons struct {
	A, B         *run.Measured
	Shared       int          // queries that both have
	OnlyA, OnlyB int          // queries
	All          []Comparison // A of one is the scheme of run B, B that of run A; Holm is over the schemes; without classes
}

// CompareRuns compares the schemes that two runs have, or, when they have none in common,
// the only one of each. Labels and metrics are those that both have. The seed is that of
// run A.
func CompareRuns(ctx context.Context, a, b *run.Measured) (*RunComparisons, error) {
	r := &RunComparisons{A: a, B: b}
	in := map[string]bool{}
	for _, q := range a.Queries {
		in[q] = true
	}
	var shared []string
	for _, q := range b.Queries {
		if in[q] {
			shared = append(shared, q)
		}
	}
	r.Shared, r.OnlyA, r.OnlyB = len(shared), len(a.Queries)-len(shared), len(b.Queries)-len(shared)
	pairs, err := schemePairs(a, b)
	if err != nil {
		return nil, err
	}
	metrics, err := measuredMetrics(a, b)
	if err != nil || len(pairs)*len(metrics) == 0 {
		return r, err
	}
	for _, label := range a.Labels {
		if slices.Contains(b.Labels, label) {
			if err := r.label(ctx, label, pairs, metrics, shared); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// schemePairs returns the schemes to compare, that of run b first.
func schemePairs(a, b *run.Measured) ([][2]scheme.Scheme, error) {
	var pairs [][2]scheme.Scheme
	texts := [][2]string{}
	for _, s := range b.Schemes {
		if slices.Contains(a.Schemes, s) {
			texts = append(texts, [2]string{s, s})
		}
	}
	if len(texts) == 0 && len(a.Schemes) == 1 && len(b.Schemes) == 1 {
		texts = append(texts, [2]string{b.Schemes[0], a.Schemes[0]})
	}
	for _, both := range texts {
		pair, err := parsePair(a, both[0], both[1])
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair)
	}
	return pairs, nil
}

// parsePair parses the spellings of two schemes, of a run or of it and another.
func parsePair(m *run.Measured, a, b string) (pair [2]scheme.Scheme, err error) {
	for i, text := range [2]string{a, b} {
		if pair[i], err = scheme.ParseScheme(text); err != nil {
			return pair, fmt.Errorf("%s: the scheme %s: %w", m.Dir, text, err)
		}
	}
	return pair, nil
}

// measuredMetrics returns the metrics that two runs have, in the order of an evaluation.
func measuredMetrics(a, b *run.Measured) ([]metric.Metric, error) {
	var metrics []metric.Metric
	for _, name := range a.Manifest.Metrics {
		some, err := metric.ParseMetrics([]string{name}, nil)
		if err == nil && len(some) == 0 { // a bare name asks for every cut-off
			some, err = metric.ParseMetrics([]string{name + "@all"}, nil)
		}
		if err == nil && len(some) == 0 {
			err = errors.New("it is none")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: manifest.json names the metric %q: %w", a.Dir, name, err)
		}
		if column := columnOf(some[0]); a.Has(column) && b.Has(column) {
			metrics = append(metrics, some[0])
		}
	}
	return metrics, nil
}

// columnOf returns the column of per_query that has a metric.
func columnOf(m metric.Metric) string {
	if m.Kind == metric.Precision {
		return "hits@" + strconv.Itoa(m.K)
	}
	return m.String()
}

// label compares under one label.
func (r *RunComparisons) label(ctx context.Context, label string, pairs [][2]scheme.Scheme, metrics []metric.Metric, shared []string) error {
	first := len(r.All)
	for _, m := range metrics {
		for _, p := range pairs {
			r.All = append(r.All, blankComparison(p[0], p[1], label, m))
		}
	}
	type group struct {
		queries []string
		pairs   []pairedValues
	}
	var groups []group
	for i, p := range pairs {
		queries := r.judged(label, p, shared)
		if len(queries) == 0 {
			continue
		}
		at := slices.IndexFunc(groups, func(g group) bool { return slices.Equal(g.queries, queries) })
		if at < 0 {
			at = len(groups)
			groups = append(groups, group{queries: queries})
		}
		for n, m := range metrics {
			values := pairedValues{comparison: &r.All[first+n*len(pairs)+i]}
			var err error
			if values.a, err = valuesOf(r.B, p[0].String(), label, m, queries); err != nil {
				return err
			}
			if values.b, err = valuesOf(r.A, p[1].String(), label, m, queries); err != nil {
				return err
			}
			groups[at].pairs = append(groups[at].pairs, values)
		}
	}
	for _, g := range groups {
		if err := comparePaired(ctx, g.pairs, max(r.A.Manifest.Seed, 1), namePlace(label)); err != nil {
			return err
		}
	}
	for n := range metrics {
		var family []*Comparison
		for i := range pairs {
			family = append(family, &r.All[first+n*len(pairs)+i])
		}
		holm(family)
	}
	return nil
}

// judged returns those of the shared queries that both runs judge.
func (r *RunComparisons) judged(label string, pair [2]scheme.Scheme, shared []string) []string {
	var queries []string
	for _, q := range shared {
		in := true
		for i, m := range []*run.Measured{r.B, r.A} {
			cells := m.Cells(q, pair[i].String(), label, "skipped")
			in = in && cells != nil && cells[0] == ""
		}
		if in {
			queries = append(queries, q)
		}
	}
	return queries
}

// valuesOf returns a metric of queries that a run judges; counts are whole.
func valuesOf(m *run.Measured, scheme, label string, of metric.Metric, queries []string) ([]float64, error) {
	values := make([]float64, len(queries))
	for i, q := range queries {
		cells := m.Cells(q, scheme, label, columnOf(of))
		if cells == nil {
			return nil, fmt.Errorf("%s: no %s of query %s under %s and %s", m.Dir, of, q, scheme, label)
		}
		value, err := strconv.ParseFloat(cells[0], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %s of query %s under %s and %s is %q, no number", m.Dir, of, q, scheme, label, cells[0])
		}
		if of.Kind != metric.Precision && of.Unit() > 1 {
			value = math.Round(value * float64(of.Unit()))
		}
		values[i] = value
	}
	return values, nil
}

// Write writes the comparisons for people: of P at the largest k, and so of every
// further measure. Numbers are rounded; p is Holm's.
func (r *RunComparisons) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "paired over the queries that both have: %d; only in %s %d, only in %s %d\n", r.Shared, r.A.Dir, r.OnlyA, r.B.Dir, r.OnlyB)
	_ = t.Flush() // the last Flush returns the first error
	head := ""
	for _, c := range lastCuts(r.All) {
		if of := c.Metric.String() + " " + table.Quote(c.Label); of != head {
			head = of
			_, _ = fmt.Fprintf(t, "%s, %s less %s\tdifference\t95 %% interval\tp (Holm)\tqueries won, tied, lost\n", of, r.B.Dir, r.A.Dir)
		}
		name := c.A.String()
		if other := c.B.String(); other != name {
			name += " vs " + other
		}
		if c.N == 0 {
			_, _ = fmt.Fprintf(t, "%s\t-\n", name)
			continue
		}
		_, _ = fmt.Fprintf(t, "%s\t%+.4f\t%+.4f to %+.4f\t%s\t%d, %d, %d\n", name, c.Diff, c.Low, c.High, RoundedP(c.Holm), c.Win, c.Tie, c.Loss)
	}
	return t.Flush()
}

// lastCuts returns the comparisons at the largest k of each measure, and those without.
func lastCuts(comparisons []Comparison) []Comparison {
	last := map[metric.Kind]int{} // as far as one is larger than another
	for _, c := range comparisons {
		last[c.Metric.Kind] = max(last[c.Metric.Kind], c.Metric.K)
	}
	var out []Comparison
	for _, c := range comparisons {
		if c.Metric.K == 0 || c.Metric.K == last[c.Metric.Kind] {
			out = append(out, c)
		}
	}
	return out
}
