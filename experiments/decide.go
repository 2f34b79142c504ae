package experiments

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/metric"
	"strata/experiments/report"
	"strata/experiments/run"
	"strata/experiments/script"
	"strata/experiments/table"
)

// decide keeps which scheme of the last evaluation is taken.
func (x *execution) decide(ctx context.Context, step script.Decide) (*Result, error) {
	if x.state.evaluation == nil {
		return nil, errors.New("decide: there is no evaluation yet: an evaluate or a compare step must come before")
	}
	d, err := x.state.defaultDecision(ctx)
	if err != nil {
		return nil, err
	}
	if err := named(d, step); err != nil {
		return nil, err
	}
	x.state.decision = d
	e := d.Evaluation
	step = script.Decide{Scheme: &e.Schemes[d.Scheme]}
	if d.Against >= 0 {
		step.Against = &e.Schemes[d.Against]
	}
	var lines []string
	for _, l := range d.Labels {
		step.Labels = append(step.Labels, e.Labels[l])
		lines = append(lines, decisionLine(d, l))
	}
	return &Result{Step: step, Lines: lines}, nil
}

// defaultDecision returns the decision of the last evaluation that a step without arguments takes.
func (s *state) defaultDecision(ctx context.Context) (*report.Decision, error) {
	comparisons, err := s.pairsOf(ctx, s.evaluation)
	if err != nil {
		return nil, err
	}
	return report.NewDecision(s.evaluation, comparisons)
}

// pairsOf returns the comparisons of all pairs of schemes of the last evaluation.
func (s *state) pairsOf(ctx context.Context, e *eval.Evaluation) ([]eval.Comparison, error) {
	if s.compared == e {
		return s.comparisons, nil
	}
	return e.Compare(ctx, nil)
}

// named sets what a step names.
func named(d *report.Decision, step script.Decide) error {
	e := d.Evaluation
	if len(step.Labels) > 0 {
		d.Labels = nil
	}
	for _, name := range step.Labels {
		l := slices.Index(e.Labels, name)
		if l < 0 {
			return fmt.Errorf("decide: the evaluation has no label %s", table.Quote(name))
		}
		if !slices.Contains(d.Labels, l) {
			d.Labels = append(d.Labels, l)
		}
	}
	place := func(s *scheme.Scheme) (int, error) {
		i := slices.IndexFunc(e.Schemes, s.Equal)
		if i < 0 {
			return i, fmt.Errorf("decide: %s is not among the schemes that were evaluated last", s)
		}
		return i, nil
	}
	var err error
	if step.Scheme != nil {
		if d.Scheme, err = place(step.Scheme); err != nil {
			return err
		}
	}
	if step.Against == nil {
		d.Against, err = d.Second()
		return err
	}
	if d.Against, err = place(step.Against); err == nil && d.Against == d.Scheme {
		err = fmt.Errorf("decide: %s is taken against itself", step.Against)
	}
	return err
}

// decisionLine returns what the scheme of a decision has under a label, and its difference to the
// other one.
func decisionLine(d *report.Decision, label int) string {
	e := d.Evaluation
	sum := precision(d, label)
	line := fmt.Sprintf("%s  %s ", table.Quote(e.Labels[label]), sum.Metric)
	if sum.N == 0 {
		return line + "-"
	}
	line += fmt.Sprintf("%s [%s, %s]  over %d", table.Number(sum.Value), table.Number(sum.Low), table.Number(sum.High), sum.N)
	if c, ok := d.Compared(label); ok && c.N > 0 {
		line += fmt.Sprintf("  less %s  %s [%s, %s]  Holm %s", c.B, table.Number(c.Diff), table.Number(c.Low), table.Number(c.High), table.Number(c.Holm))
	}
	return line
}

// precision returns the mean of P at the largest k of a decision's scheme.
func precision(d *report.Decision, label int) eval.Summary {
	return d.Evaluation.Precisions(d.Scheme, label)[len(d.Evaluation.Ks)-1]
}

// decided returns the decision for the last evaluation: that of a decide step, or the default.
func (s *state) decided(ctx context.Context, file string) (*report.Decision, error) {
	if d := s.decision; d != nil && d.Evaluation == s.evaluation {
		return d, nil
	}
	if s.evaluation == nil {
		return nil, fmt.Errorf("%s: %w: an evaluate or a compare step must come before", file, ErrNothingToExport)
	}
	return s.defaultDecision(ctx)
}

// decisionPage returns the writer of the page of the decision.
func (s *state) decisionPage(ctx context.Context, file string) (table.Writer, error) {
	d, err := s.decided(ctx, file)
	if err != nil {
		return nil, err
	}
	manifest, err := d.Evaluation.Manifest(ctx, run.Folder{Now: func() time.Time { return time.Time{} }}, time.Time{})
	if err != nil {
		return nil, err
	}
	return d.Page(ctx, report.Work{Tuned: s.tuned, Notes: s.notes, Flagged: flagged(d.Evaluation.Gallery)}, manifest)
}

// flagged returns the items of a gallery that are flagged, by row: the order in which they were
// flagged is another one once a flag was taken back.
func flagged(g *engine.Gallery) (all []report.Flagged) {
	for _, row := range g.Flagging().Rows(g.Flags().Words()...) {
		all = append(all, report.Flagged{Row: row, Flag: g.Flags().Of(g.ID(row))})
	}
	return all
}

// decisionScript returns the writer of a script that measures the scheme of the decision again, and
// fails where it falls below the interval that it has now.
func (s *state) decisionScript(ctx context.Context, file string) (table.Writer, error) {
	d, err := s.decided(ctx, file)
	if err != nil {
		return nil, err
	}
	e := d.Evaluation
	print, err := s.gallery.g.Fingerprint(ctx)
	if err != nil {
		return nil, err
	}
	evaluate := script.Evaluate{Schemes: e.Schemes[d.Scheme : d.Scheme+1], Where: e.Where, Set: e.Set, Over: e.Over, Seed: e.Seed}
	var required []script.Step
	var b strings.Builder
	fmt.Fprintf(&b, "# The decision for %s%s, measured over %d queries of %s\n", e.Schemes[d.Scheme], instead(d), len(e.Queries), print)
	b.WriteString("# strata replay --check runs this again, and fails where a requirement is not met.\n")
	b.WriteString("# --gallery FOLDER opens the gallery elsewhere, or with other features.\n")
	for _, l := range d.Labels {
		b.WriteString("# " + decisionLine(d, l) + "\n")
		evaluate.Labels = append(evaluate.Labels, e.Labels[l])
		if sum := precision(d, l); sum.N > 0 {
			required = append(required, script.Require{Least: metric.Constraint{
				Target: metric.Target{Metric: sum.Metric, Label: e.Labels[l]}, Least: leastOf(sum),
			}})
		}
	}
	steps := []script.Step{script.Gallery{Name: s.gallery.g.Path}}
	if len(e.Filter) > 0 {
		steps = append(steps, script.Filter{Conditions: e.Filter})
	}
	for _, step := range slices.Concat(steps, []script.Step{evaluate}, required) {
		b.WriteString(step.String() + "\n")
	}
	return func(w io.Writer) error {
		_, err := io.WriteString(w, b.String())
		return err
	}, nil
}

// instead names the scheme whose place another takes.
func instead(d *report.Decision) string {
	if d.Against < 0 {
		return ""
	}
	return " against " + d.Evaluation.Schemes[d.Against].String()
}

// leastOf returns the lower end of a mean's interval, rounded down to three decimals; without an
// interval, the mean.
func leastOf(s eval.Summary) float64 {
	low := s.Low
	if math.IsNaN(low) {
		low = s.Value
	}
	least, err := strconv.ParseFloat(strconv.FormatFloat(math.Floor(low*1000)/1000, 'f', 3, 64), 64)
	if err != nil {
		return low
	}
	return max(least, 0)
}
