package experiments

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"strata/engine"
)

// Target is a metric under a label, as its mean over queries: P@10 category.
type Target struct {
	Metric Metric
	Label  string
}

// String returns the metric and the label, which ParseTarget reads back.
func (t Target) String() string { return t.among(nil) }

// among is String where words have a meaning beside the label.
func (t Target) among(words []string) string {
	metric := t.Metric.String()
	if t.Metric.K == 0 && measures[t.Metric.Kind].cut == cutOrAll {
		metric += "@all" // a bare name asks for every cut-off
	}
	return metric + " " + quoteAmong(t.Label, words)
}

// Constraint is the least value of a target that a scheme must have.
type Constraint struct {
	Target
	Least float64
}

// String returns the target and its least value, which ParseConstraint reads back.
func (c Constraint) String() string { return c.Target.String() + " >= " + number(c.Least) }

// ParseTarget parses METRIC LABEL: P@10 category, nDCG@5 'brand name'. The metric
// is one that ParseMetrics takes, with its cut-off; the label is the rest, in Go's
// quotes or not. It does not know which labels exist.
func ParseTarget(text string) (Target, error) {
	name, label, _ := strings.Cut(strings.TrimSpace(text), " ")
	label = strings.TrimSpace(label)
	if strings.HasPrefix(label, `"`) {
		plain, err := strconv.Unquote(label)
		if err != nil {
			return Target{}, fmt.Errorf("%q: %s is not a name in quotes", text, label)
		}
		label = plain
	}
	if name == "" || label == "" {
		return Target{}, fmt.Errorf("%q: expected a metric and a label, such as P@10 category", text)
	}
	metrics, err := ParseMetrics([]string{name}, nil)
	if err != nil {
		return Target{}, err
	}
	if len(metrics) != 1 {
		return Target{}, fmt.Errorf("%q: %s is not one metric; with a cut-off it is, such as P@10", text, name)
	}
	return Target{metrics[0], label}, nil
}

// ParseConstraint parses TARGET >= NUMBER.
func ParseConstraint(text string) (Constraint, error) {
	at := strings.LastIndex(text, ">=")
	if at < 0 {
		return Constraint{}, fmt.Errorf("%q: expected METRIC LABEL >= NUMBER, such as P@10 brand >= 0.4", text)
	}
	target, err := ParseTarget(text[:at])
	if err != nil {
		return Constraint{}, err
	}
	bound := strings.TrimSpace(text[at+2:])
	least, err := strconv.ParseFloat(bound, 64)
	if err != nil || math.IsNaN(least) || least < 0 || least > 1 {
		return Constraint{}, fmt.Errorf("%q: a metric is from 0 to 1, so %q is no least value of one", text, bound)
	}
	return Constraint{target, least}, nil
}

// measurer measures targets of many schemes, without intervals.
type measurer struct {
	g        *engine.Gallery
	filter   []engine.Condition // what a candidate meets
	without  map[int][]int32    // by query: further rows that are no candidates of it
	targets  []Target
	progress func(done, of int) // nil: none
	memory   int                // that the hits of the queries ranked at a time may take, in bytes
}

// plan returns a plan that measures the targets.
func (m *measurer) plan() Plan {
	p := Plan{Filter: m.filter, Without: m.without}
	for _, t := range m.targets {
		if t.Metric.K > 0 {
			p.Ks = append(p.Ks, t.Metric.K)
		}
		if t.Metric.Kind != Precision {
			p.Metrics = append(p.Metrics, t.Metric)
		}
		if !slices.Contains(p.Labels, t.Label) {
			p.Labels = append(p.Labels, t.Label)
		}
	}
	return p
}

// targetMemory is the memory of a measurer.
const targetMemory = 64 << 20

// measure returns the means of every target by scheme, and the number of queries
// that are judged. Queries are ranked some at a time, so memory does not grow with
// their number; values are added in the order of queries, whatever that is. NaN
// stands where no query is judged.
func (m *measurer) measure(ctx context.Context, schemes []engine.Scheme, queries []int) (means [][]float64, judged [][]int, err error) {
	means, judged = make([][]float64, len(schemes)), make([][]int, len(schemes))
	for s := range schemes {
		means[s], judged[s] = make([]float64, len(m.targets)), make([]int, len(m.targets))
	}
	plan := m.plan()
	plan.Schemes = schemes
	each := len(schemes) * len(plan.Labels) * (8*len(plan.Metrics) + 2*len(m.targets))
	chunk := max(1, m.memory/each)
	for lo := 0; lo < len(queries); lo += chunk {
		plan.Queries = queries[lo:min(lo+chunk, len(queries))]
		var progress func(done, of int)
		if m.progress != nil {
			progress = func(done, _ int) { m.progress(lo+done, len(queries)) }
		}
		e, err := plan.rank(ctx, m.g, progress)
		if err != nil {
			return nil, nil, err
		}
		for s := range schemes {
			m.add(e, s, means[s], judged[s])
		}
	}
	for s := range schemes {
		for n, t := range m.targets {
			means[s][n] /= float64(max(t.Metric.unit(), 1) * int64(judged[s][n]))
		}
	}
	return means, judged, nil
}

// add adds the values of one scheme's queries, counts whole.
func (m *measurer) add(e *Evaluation, scheme int, sums []float64, judged []int) {
	for n, t := range m.targets {
		metric, label := slices.Index(e.Metrics, t.Metric), slices.Index(e.Labels, t.Label)
		for i := range e.Queries {
			if e.skip(i, scheme, label) == Judged {
				sums[n] += e.value(i, scheme, label, metric)
				judged[n]++
			}
		}
	}
}
