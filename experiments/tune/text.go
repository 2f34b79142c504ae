package tune

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"strata/experiments/eval"
	"strata/experiments/metric"
)

// PlacesText returns the layers of every place: A/B for alternatives.
func (t *Tuned) PlacesText() []string {
	places := make([]string, axes(t.Places).places())
	for layer, place := range t.Places {
		if places[place] != "" {
			places[place] += "/"
		}
		places[place] += t.Layers[layer]
	}
	return places
}

// Role returns the role of a trial in the report.
func (t *Tuned) Role(trial int) string {
	var roles []string
	if trial == t.Best {
		roles = append(roles, "best")
	}
	if trial == t.Equal {
		roles = append(roles, "equal")
	}
	if weights(t.Trials[trial].Weights).used() == 1 {
		roles = append(roles, "single")
	}
	if !t.Trials[trial].Feasible {
		roles = append(roles, "infeasible")
	}
	return strings.Join(roles, " ")
}

// Comparison returns the comparison of a trial with the best one, or nil.
func (t *Tuned) Comparison(trial, target int) *eval.Comparison {
	name := t.Trials[trial].Scheme.String()
	for i, c := range t.Comparisons {
		if c.A.String() == name && c.Label == t.Targets[target].Label && c.Metric == t.Targets[target].Metric {
			return &t.Comparisons[i]
		}
	}
	return nil
}

// WriteTable writes the outcome for people, with rounded numbers. The values by which the scheme
// was chosen have a column of their own, which says so.
func (t *Tuned) WriteTable(w io.Writer) error {
	var b strings.Builder
	best := t.Trials[t.Best]
	fmt.Fprintf(&b, "%s is the best of %d schemes by %s on %d queries, reported on %d others (seed %d)\n",
		best.Scheme, len(t.Trials), t.Targets[0], len(t.Tune), len(t.Report), t.Seed)
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "%s\t\tchosen on\treported on\t95 %% interval\tbest is ahead by\t95 %% interval\tp\n", t.Targets[0])
	for _, i := range t.Baselines() {
		s := t.Summary(i, 0)
		_, _ = fmt.Fprintf(table, "%s\t%s\t%.4f\t%.4f\t%.4f to %.4f", t.Trials[i].Scheme, t.Role(i), t.Trials[i].Tune[0], s.Value, s.Low, s.High)
		if c := t.Comparison(i, 0); c != nil {
			_, _ = fmt.Fprintf(table, "\t%+.4f\t%+.4f to %+.4f\t%s", 0-c.Diff, 0-c.High, 0-c.Low, eval.RoundedP(c.P))
		}
		_, _ = fmt.Fprintln(table)
	}
	_ = table.Flush() // a builder accepts every write
	reported := t.Summary(t.Best, 0).Value
	fmt.Fprintf(&b, "gap: the best has %.4f where it was chosen and %.4f on the others (%+.4f); only the latter says what to expect\n",
		best.Tune[0], reported, best.Tune[0]-reported)
	for _, c := range t.Constraints {
		n := t.TargetAt(c.Target)
		held, value := "", t.Summary(t.Best, n).Value
		if !(value >= c.Least) {
			held = ": not met on the others"
		}
		fmt.Fprintf(&b, "%s: %.4f where it was chosen, %.4f on the others%s\n", c, best.Tune[n], value, held)
	}
	if len(t.Left) > 0 {
		fmt.Fprintf(&b, "%d queries left out: without a score in one of the layers\n", len(t.Left))
	}
	if len(t.FrontOf) > 1 {
		fmt.Fprintf(&b, "front: %d schemes that no other exceeds in one of", len(t.Front))
		for n, at := range t.FrontOf {
			fmt.Fprintf(&b, "%s %s", map[bool]string{false: ",", true: ""}[n == 0], t.Targets[at])
		}
		b.WriteString(" without falling behind in another\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// TargetAt returns the index of a target.
func (t *Tuned) TargetAt(target metric.Target) int {
	for n, other := range t.Targets {
		if other == target {
			return n
		}
	}
	panic("experiments: a target was not measured")
}
