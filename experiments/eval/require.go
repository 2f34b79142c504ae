package eval

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strata/engine"
	"strata/experiments/metric"
	"strata/experiments/run"
	"strata/experiments/script"
	"strata/experiments/table"
)

// Unmet says which requirements an evaluation does not meet: a line for each scheme and
// label.
type Unmet struct{ Lines []string }

func (e *Unmet) Error() string { return strings.Join(e.Lines, "\n") }

// Unlike says why a requirement cannot be judged: what it names is not there, or what
// is to be compared is not of the same items and queries.
type Unlike struct{ Reason string }

func (e *Unlike) Error() string { return e.Reason }

func unlike(format string, args ...any) error { return &Unlike{fmt.Sprintf(format, args...)} }

// Requirement is a require step, with the run that it names.
type Requirement struct {
	script.Require
	measured *run.Measured // nil without Run
}

// OpenRequirement reads the run that a require step names, if it names one. One that
// cannot be read is an *Unlike.
func OpenRequirement(step script.Require) (Requirement, error) {
	r := Requirement{Require: step}
	if step.Run == "" {
		return r, nil
	}
	var err error
	if r.measured, err = run.ReadMeasured(step.Run); err != nil {
		return r, unlike("%v", err)
	}
	return r, nil
}

// CheckRequirements returns an *Unlike when a plan will not measure what requirements
// name.
func (p Plan) CheckRequirements(g *engine.Gallery, all []Requirement) error {
	labels, err := p.FindLabels(g)
	if err != nil {
		return err
	}
	var names []string
	for _, l := range labels {
		names = append(names, l.Name)
	}
	_, metrics := metric.Planned(p.Ks, p.Metrics)
	for _, r := range all {
		if r.measured == nil {
			err = checkTarget(r.Least.Target, names, metrics)
		} else {
			err = checkRun(r.measured, g, names, metrics)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkTarget returns an *Unlike for a target that is not among labels and metrics.
func checkTarget(t metric.Target, labels []string, metrics []metric.Metric) error {
	switch {
	case !slices.Contains(labels, t.Label):
		return unlike("require %s: the evaluation has no label %s; it has %s", t, table.Quote(t.Label), listed(labels))
	case !slices.Contains(metrics, t.Metric):
		return unlike("require %s: the evaluation has no %s; it has %s", t, t.Metric, listed(metricNames(metrics)))
	}
	return nil
}

func metricNames(metrics []metric.Metric) []string {
	var names []string
	for _, m := range metrics {
		names = append(names, m.String())
	}
	return names
}

// mostListed is the number of names that a message lists.
const mostListed = 8

// listed names the first of some names, and counts them if there are more.
func listed(names []string) string {
	var quoted []string
	for i, name := range names {
		if i == mostListed {
			return fmt.Sprintf("%d, of which the first are %s", len(names), strings.Join(quoted, ", "))
		}
		quoted = append(quoted, table.Quote(name))
	}
	if len(quoted) == 0 {
		return "none"
	}
	return strings.Join(quoted, ", ")
}

// Require judges a requirement: it returns a line for each scheme, and label, that
// meets it. An error is an *Unmet if there is one that does not, and an *Unlike if that
// cannot be said.
func (e *Evaluation) Require(ctx context.Context, r Requirement) (met []string, err error) {
	if r.measured == nil {
		return e.requireLeast(r.Least)
	}
	return e.requireNotWorse(ctx, r.measured, r.Margin)
}

// requireLeast judges the means of all schemes.
func (e *Evaluation) requireLeast(least metric.Constraint) (met []string, err error) {
	if err := checkTarget(least.Target, e.Labels, e.Metrics); err != nil {
		return nil, err
	}
	var unmet Unmet
	l, m := slices.Index(e.Labels, least.Label), slices.Index(e.Metrics, least.Metric)
	for s, scheme := range e.Schemes {
		sum := e.Summaries[e.SummaryAt(s, l, Micro, m)]
		if sum.N == 0 {
			return nil, unlike("require %s: under %s no query is judged: %s", least, scheme, Skips(sum))
		}
		text := fmt.Sprintf("%s  %s  %s over %d", scheme, least.Target, table.Number(sum.Value), sum.N)
		if sum.Value >= least.Least {
			met = append(met, text)
		} else {
			unmet.Lines = append(unmet.Lines, fmt.Sprintf("not met: %s, less than %s", text, table.Number(least.Least)))
		}
	}
	if unmet.Lines != nil {
		return met, &unmet
	}
	return met, nil
}

// requireNotWorse compares every scheme by P at the largest k, under every label, with
// the same scheme of a run, or with the only one of that run.
func (e *Evaluation) requireNotWorse(ctx context.Context, m *run.Measured, margin float64) (met []string, err error) {
	if err := script.CheckMargin(margin); err != nil {
		return nil, err
	}
	if err := checkRun(m, e.Gallery, e.Labels, e.Metrics); err != nil {
		return nil, err
	}
	if err := e.checkQueries(m); err != nil {
		return nil, err
	}
	var unmet Unmet
	for l, label := range e.Labels {
		for s, scheme := range e.Schemes {
			c, err := e.notWorse(ctx, m, s, l)
			if err != nil {
				return nil, err
			}
			text := fmt.Sprintf("%s  %s %s less that of %s in the run  %s [%s, %s] over %d",
				scheme, c.Metric, table.Quote(label), c.B, table.Number(c.Diff), table.Number(c.Low), table.Number(c.High), c.N)
			if c.Low > -margin {
				met = append(met, text)
			} else {
				unmet.Lines = append(unmet.Lines, fmt.Sprintf("not met: %s: not above %s; the run is %s", text, table.Number(-margin), m.Dir))
			}
		}
	}
	if unmet.Lines != nil {
		return met, &unmet
	}
	return met, nil
}

// checkRun returns an *Unlike when a run is not of a gallery's items, or has not the
// labels and P at the largest k.
func checkRun(m *run.Measured, g *engine.Gallery, labels []string, metrics []metric.Metric) error {
	if n := m.Manifest.Gallery.Items; n != g.Len() {
		return unlike("%s is of another gallery: it has %d items, this one %d", m.Dir, n, g.Len())
	}
	if p := largestP(metrics); !m.Has(columnOf(p)) {
		return unlike("%s has no %s; it has %s", m.Dir, p, listed(m.Manifest.Metrics))
	}
	for _, label := range labels {
		if !slices.Contains(m.Labels, label) {
			return unlike("%s has no label %s; it has %s", m.Dir, table.Quote(label), listed(m.Labels))
		}
	}
	return nil
}

// largestP returns P at the largest k.
func largestP(metrics []metric.Metric) (p metric.Metric) {
	for _, m := range metrics {
		if m.Kind == metric.Precision && m.K > p.K {
			p = m
		}
	}
	return p
}

// checkQueries returns an *Unlike when a run is not of the queries of the evaluation.
func (e *Evaluation) checkQueries(m *run.Measured) error {
	in := map[string]bool{}
	for _, q := range m.Queries {
		in[q] = true
	}
	shared := 0
	for _, q := range e.Queries {
		if in[e.Gallery.ID(q)] {
			shared++
		}
	}
	if shared < len(e.Queries) || shared < len(m.Queries) {
		return unlike("%s has other queries: it has %d, this evaluation %d, and both have %d", m.Dir, len(m.Queries), len(e.Queries), shared)
	}
	return nil
}

// notWorse compares a scheme with that of a run, over the queries that both judge, which
// are the same.
func (e *Evaluation) notWorse(ctx context.Context, m *run.Measured, s, l int) (c Comparison, err error) {
	other := e.Schemes[s].String()
	if !slices.Contains(m.Schemes, other) {
		if len(m.Schemes) != 1 {
			return c, unlike("%s has no scheme %s, and is not of a single one: it has %s", m.Dir, other, listed(m.Schemes))
		}
		other = m.Schemes[0]
	}
	pair, err := parsePair(m, e.Schemes[s].String(), other)
	if err != nil {
		return c, err
	}
	c = blankComparison(pair[0], pair[1], e.Labels[l], largestP(e.Metrics))
	values := pairedValues{comparison: &c}
	if values.a, values.b, err = e.besideRun(m, s, l, other); err != nil {
		return c, err
	}
	return c, comparePaired(ctx, []pairedValues{values}, e.Seed, e.place(l))
}

// besideRun returns the hits at the largest k of the judged queries, here under a scheme
// and in a run under another.
func (e *Evaluation) besideRun(m *run.Measured, s, l int, other string) (a, b []float64, err error) {
	label, last := e.Labels[l], len(e.Ks)-1
	here, there, changed := 0, 0, 0
	for i, q := range e.Queries {
		id := e.Gallery.ID(q)
		cells := m.Cells(id, other, label, "relevant", "skipped", columnOf(e.Metrics[last]))
		if cells == nil {
			return nil, nil, unlike("%s has no row of query %s under %s and %s", m.Dir, table.Quote(id), other, table.Quote(label))
		}
		if relevantCell(e.R(i, s, l)) != cells[0] {
			changed++
		}
		is, was := e.Skip(i, s, l) == Judged, cells[1] == Judged.String()
		if is {
			here++
		}
		if was {
			there++
		}
		if !is || !was {
			continue
		}
		hits, err := strconv.Atoi(cells[2])
		if err != nil || hits < 0 || hits > e.Ks[last] {
			return nil, nil, unlike("%s: hits of query %s under %s and %s are %q", m.Dir, table.Quote(id), other, table.Quote(label), cells[2])
		}
		a, b = append(a, e.value(i, s, l, last)), append(b, float64(hits))
	}
	switch {
	case changed > 0:
		return nil, nil, unlike("%s is of another gallery: of %d queries, %d have another number of relevant candidates under %s", m.Dir, len(e.Queries), changed, table.Quote(label))
	case len(a) != here || len(a) != there:
		return nil, nil, unlike("%s judges other queries under %s: %d by %s, this evaluation %d by %s, and both %d",
			m.Dir, table.Quote(label), there, other, here, e.Schemes[s], len(a))
	case len(a) == 0:
		return nil, nil, unlike("%s and this evaluation judge none of %d queries under %s", m.Dir, len(e.Queries), table.Quote(label))
	}
	return a, b, nil
}

// relevantCell returns R as per_query has it: empty where the query's value is unknown.
func relevantCell(r int) string {
	if r == unknownR {
		return ""
	}
	return strconv.Itoa(r)
}
