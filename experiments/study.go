package experiments

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/mine"
	"strata/experiments/script"
	"strata/experiments/tune"
)

func (x *execution) compare(ctx context.Context, step script.Compare) (*Result, error) {
	t := &x.state
	plan, err := x.plan(ctx, script.Evaluate(step))
	if err != nil {
		return nil, err
	}
	lines, err := x.setLines(plan.Set, plan.Where)
	if err != nil {
		return nil, err
	}
	if len(plan.Schemes) == 1 {
		return nil, errors.New("one scheme is chosen: a comparison is of two or more")
	}
	if err := x.checkSchemes(plan.Schemes); err != nil {
		return nil, err
	}
	e, err := plan.Evaluate(ctx, t.gallery.g, x.phases("ranking", "resampling"))
	if err != nil {
		return nil, err
	}
	x.phase("comparing", "")
	comparisons, err := e.Compare(ctx, nil)
	if err != nil {
		return nil, err
	}
	if len(comparisons) == 0 {
		return nil, fmt.Errorf("the schemes are the same, %s: there is nothing to compare", e.Schemes[0])
	}
	t.evaluation, t.comparisons, t.compared = e, comparisons, e
	step.Schemes, step.Labels, step.Seed = e.Schemes, e.Labels, e.Seed
	return &Result{Step: step, Lines: append(lines, eval.ComparisonLines(e, comparisons)...), Evaluation: e, Comparisons: comparisons}, nil
}

// plan returns the plan of a step, for the chosen schemes if it names none.
func (x *execution) plan(ctx context.Context, step script.Evaluate) (eval.Plan, error) {
	plan := eval.Plan{Schemes: step.Schemes, Labels: step.Labels, Filter: x.state.filter, Where: step.Where, Set: step.Set, Over: step.Over, Seed: step.Seed}
	if len(plan.Schemes) == 0 {
		plan.Schemes = x.state.schemes
	}
	if !x.state.gallery.g.Flagging().On(plan.Filter) { // of which the items change
		plan.Known = x.state.evaluation
	}
	return plan, x.state.gallery.prove(ctx, &plan)
}

func (x *execution) mine(ctx context.Context, step script.Mine) (*Result, error) {
	plan, err := x.plan(ctx, script.Evaluate(step))
	if err != nil {
		return nil, err
	}
	if err := x.checkSchemes(plan.Schemes); err != nil {
		return nil, err
	}
	lines, err := x.setLines(plan.Set, plan.Where)
	if err != nil {
		return nil, err
	}
	if len(plan.Schemes) != 2 {
		return nil, fmt.Errorf("mine takes two schemes, and %d are chosen", len(plan.Schemes))
	}
	m, err := mine.Mining{
		Gallery: x.state.gallery.g, A: plan.Schemes[0], B: plan.Schemes[1], Labels: plan.Labels,
		Filter: plan.Filter, Where: plan.Where, Set: plan.Set, Over: plan.Over, Seed: plan.Seed,
		Neighbours: plan.Neighbours,
	}.Do(ctx, x.phases("ranking", "comparing classes and pictures", "looking for duplicates", "sorting"))
	if err != nil {
		return nil, err
	}
	x.state.mined = m
	step.Schemes, step.Labels, step.Seed = m.Evaluation.Schemes, m.Evaluation.Labels, m.Evaluation.Seed
	return &Result{Step: step, Lines: append(lines, m.Lines()...), Mined: m}, nil
}

func (x *execution) tune(ctx context.Context, step script.Tune) (*Result, error) {
	step = step.Filled()
	lines, err := x.setLines(step.Set, step.Where)
	if err != nil {
		return nil, err
	}
	t, err := tune.Tuning{
		Gallery: x.state.gallery.g, Layers: step.Layers, Objective: step.Objective, Constraints: step.Constraints, Front: step.Front,
		Parts: step.Parts, Share: step.Share, Filter: x.state.filter, Where: step.Where, Set: step.Set, Over: step.Over, Seed: step.Seed,
		Neighbours: x.state.gallery.known(step.Layers), Phase: x.phase,
	}.Do(ctx, x.progress)
	if err != nil {
		return nil, err
	}
	if t.Neighbours != nil {
		x.state.gallery.lent.Store(t.Neighbours)
	}
	x.state.tuned, x.state.comparisons, x.state.compared = t, t.Comparisons, nil
	step.Layers = t.PlacesText()
	return &Result{Step: step, Lines: append(lines, t.Lines()...), Tuned: t}, nil
}

// require judges the last evaluation. A requirement that is not met fails, and changes
// nothing.
func (x *execution) require(ctx context.Context, step script.Require) (*Result, error) {
	e := x.state.evaluation
	if e == nil {
		return nil, fmt.Errorf("%s: there is no evaluation yet: an evaluate or a compare step must come before", step)
	}
	if step.Run != "" {
		folder, err := x.s.locate(step.Run)
		if err != nil {
			return nil, err
		}
		step.Run = folder
	}
	required, err := eval.OpenRequirement(step)
	if err != nil {
		return nil, err
	}
	met, err := e.Require(ctx, required)
	if err != nil {
		return nil, err
	}
	return &Result{Step: step, Lines: met}, nil
}

// setLine begins the line of a set of queries in a log.
const setLine = "queries "

// setLines returns what a step logs of the items that it names otherwise than by values of the items
// table: of the set of queries, "" for none, and of each flag of the conditions, the number of ids and
// their hash. A check that finds other ids names the set.
func (x *execution) setLines(set string, where []scheme.Condition) ([]string, error) {
	var lines []string
	g := x.state.gallery.g
	if set != "" {
		s, err := g.Queries().Set(set)
		if err != nil {
			return nil, err
		}
		lines = append(lines, setLine+s.String())
	}
	if !g.Flagging().On(where) {
		return lines, nil
	}
	for _, c := range where {
		if c.Label == engine.FlagColumn {
			lines = append(lines, flaggedLine(g, c.Value))
		}
	}
	return lines, nil
}

// flaggedLine returns the line of the items with a flag.
func flaggedLine(g *engine.Gallery, word string) string {
	rows := g.Flagging().Rows(word)
	return fmt.Sprintf("%s: %d ids  %s", scheme.Condition{Label: engine.FlagColumn, Value: word}, len(rows), g.HashRows(rows))
}

// setHint says of two lines about one set, or about flags, that there are other ids, or returns "".
func setHint(expected, got string) string {
	name, _ := cutLast(expected, ": ")
	other, _ := cutLast(got, ": ")
	isFlag := engine.FlagColumn + "="
	switch {
	case name == other && strings.HasPrefix(name, setLine):
		return "the set of " + name + " has other ids than when this was written"
	case name == other && strings.HasPrefix(name, isFlag):
		return "other items have " + name + " than when this was written"
	case strings.HasPrefix(name, isFlag) || strings.HasPrefix(other, isFlag):
		return "other items are flagged than when this was written"
	}
	return ""
}
