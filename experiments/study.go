package experiments

import (
	"context"
	"errors"
	"fmt"
)

// Compare evaluates schemes and compares every pair of them.
type Compare Evaluate

// Mine looks for where two schemes fail, and where they differ. It has two
// schemes, or none, when the chosen ones are two.
type Mine Evaluate

func (Compare) step() {}
func (Mine) step()    {}

func (s Compare) String() string { return stepLine("compare", Evaluate(s).clauses()) }
func (s Mine) String() string    { return stepLine("mine", Evaluate(s).clauses()) }

// study parses the arguments of a compare or a mine step, which are those of
// evaluate.
func (p *parser) study(keyword string) (Step, error) {
	start := p.pos
	step, err := p.evaluate()
	if err != nil {
		return nil, err
	}
	of := step.(Evaluate)
	switch {
	case keyword == "compare" && len(of.Schemes) == 1:
		return nil, p.fail(start, "a comparison is of two schemes or more, or of those that are chosen")
	case keyword == "compare":
		return Compare(of), nil
	case len(of.Schemes) != 0 && len(of.Schemes) != 2:
		return nil, p.fail(start, "mine takes two schemes, or those that are chosen, not %d", len(of.Schemes))
	}
	return Mine(of), nil
}

func (x *execution) compare(ctx context.Context, step Compare) (*Result, error) {
	t := &x.state
	plan := x.plan(Evaluate(step))
	if len(plan.Schemes) == 1 {
		return nil, errors.New("one scheme is chosen: a comparison is of two or more")
	}
	if err := x.checkSchemes(plan.Schemes); err != nil {
		return nil, err
	}
	e, err := plan.Evaluate(ctx, t.gallery.g, x.progress)
	if err != nil {
		return nil, err
	}
	comparisons, err := e.Compare(ctx, nil)
	if err != nil {
		return nil, err
	}
	if len(comparisons) == 0 {
		return nil, fmt.Errorf("the schemes are the same, %s: there is nothing to compare", e.Schemes[0])
	}
	t.evaluation, t.comparisons, t.compared = e, comparisons, e
	step.Schemes, step.Labels, step.Seed = e.Schemes, e.Labels, e.Seed
	return &Result{Step: step, Lines: comparisonLines(e, comparisons), Evaluation: e}, nil
}

// plan returns the plan of a step, for the chosen schemes if it names none.
func (x *execution) plan(step Evaluate) Plan {
	plan := Plan{Schemes: step.Schemes, Labels: step.Labels, Filter: x.state.filter, Where: step.Where, Over: step.Over, Seed: step.Seed}
	if len(plan.Schemes) == 0 {
		plan.Schemes = x.state.schemes
	}
	return plan
}

// comparisonLines returns the number of queries and a line a comparison, by the
// largest k.
func comparisonLines(e *Evaluation, comparisons []Comparison) []string {
	lines := []string{fmt.Sprint(len(e.Queries), " queries")}
	for _, c := range comparisons {
		if c.Metric.K != e.Ks[len(e.Ks)-1] {
			continue
		}
		line := fmt.Sprintf("%s  %s vs %s  %s ", quote(c.Label), c.A, c.B, c.Metric)
		if c.N == 0 {
			lines = append(lines, line+"-")
			continue
		}
		lines = append(lines, line+fmt.Sprintf("%s [%s, %s]  p %s, Holm %s, %s  won %d, tied %d, lost %d",
			number(c.Diff), number(c.Low), number(c.High), number(c.P), number(c.Holm), c.Method, c.Win, c.Tie, c.Loss))
	}
	return lines
}

func (x *execution) mine(ctx context.Context, step Mine) (*Result, error) {
	plan := x.plan(Evaluate(step))
	if err := x.checkSchemes(plan.Schemes); err != nil {
		return nil, err
	}
	if len(plan.Schemes) != 2 {
		return nil, fmt.Errorf("mine takes two schemes, and %d are chosen", len(plan.Schemes))
	}
	m, err := Mining{
		Gallery: x.state.gallery.g, A: plan.Schemes[0], B: plan.Schemes[1], Labels: plan.Labels,
		Filter: plan.Filter, Where: plan.Where, Over: plan.Over, Seed: plan.Seed,
	}.Do(ctx, x.progress)
	if err != nil {
		return nil, err
	}
	x.state.mined = m
	step.Schemes, step.Labels, step.Seed = m.Schemes, m.Labels, m.Seed
	return &Result{Step: step, Lines: m.lines(), Mined: m}, nil
}

// lines returns what a log holds: the ends of the tables.
func (m *Mined) lines() []string {
	lines := []string{fmt.Sprint(len(m.Queries), " queries")}
	for _, label := range m.Labels {
		var of []ClassDifference
		for _, c := range m.Classes {
			if c.Label == label {
				of = append(of, c)
			}
		}
		for i, c := range of {
			if i < shown || i >= len(of)-shown {
				lines = append(lines, fmt.Sprintf("%s  class %s  P@%d %s - %s  %s over %d", quote(label), quote(c.Class), m.K, number(c.A), number(c.B), number(c.Diff), c.Queries))
			}
		}
		n := 0
		for _, l := range m.Losses {
			if l.Label == label && l.Loss > 0 && n < shown {
				n++
				lines = append(lines, fmt.Sprintf("%s  query %s  hits %d - %d", quote(label), quote(m.g.ID(l.Query)), l.HitsA, l.HitsB))
			}
		}
	}
	for s, h := range m.Hubs {
		lines = append(lines, fmt.Sprintf("%s  %d hubs, %d of no query", m.Schemes[s], len(h.Hubs), h.Never))
	}
	for _, d := range m.Disagreements[:min(shown, len(m.Disagreements))] {
		overlap := "-"
		if text := cell(d.Overlap); text != "" {
			overlap = text
		}
		lines = append(lines, fmt.Sprintf("overlap %s  %s, %d of %d", quote(m.g.ID(d.Query)), overlap, d.Common, m.K))
	}
	var kinds [3]int
	for _, d := range m.Duplicates.Pairs {
		kinds[d.Kind]++
	}
	return append(lines, fmt.Sprintf("duplicates  %d picture, %d rows, %d near", kinds[SamePicture], kinds[SameRows], kinds[NearRows]))
}
