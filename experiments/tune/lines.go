package tune

import (
	"fmt"

	"strata/experiments/table"
)

// Lines returns the lines of a log. Every value names its queries: tune, on which the scheme was
// chosen, or report, the others.
func (t *Tuned) Lines() []string {
	lines := []string{fmt.Sprintf("%d queries to tune on, %d to report on", len(t.Tune), len(t.Report))}
	if n := len(t.Left); n > 0 {
		lines[0] += fmt.Sprintf(", %d without a score", n)
	}
	lines = append(lines, fmt.Sprintf("%d schemes tried", len(t.Trials)))
	for _, i := range t.Baselines() {
		trial, s := t.Trials[i], t.Summary(i, 0)
		line := fmt.Sprintf("%s  %s  %s  tune %s  report %s [%s, %s]  gap %s", t.Role(i), trial.Scheme, t.Targets[0],
			table.Number(trial.Tune[0]), table.Number(s.Value), table.Number(s.Low), table.Number(s.High), table.Number(trial.Tune[0]-s.Value))
		if c := t.Comparison(i, 0); c != nil {
			line += fmt.Sprintf("  best ahead %s [%s, %s]  p %s", table.Number(0-c.Diff), table.Number(0-c.High), table.Number(0-c.Low), table.Number(c.P))
		}
		lines = append(lines, line)
	}
	for _, c := range t.Constraints {
		n := t.TargetAt(c.Target)
		lines = append(lines, fmt.Sprintf("%s  tune %s  report %s", c, table.Number(t.Trials[t.Best].Tune[n]), table.Number(t.Summary(t.Best, n).Value)))
	}
	if len(t.FrontOf) < 2 {
		return lines
	}
	for _, i := range t.Front {
		line := fmt.Sprintf("front  %s", t.Trials[i].Scheme)
		for _, n := range t.FrontOf {
			line += fmt.Sprintf("  %s tune %s report %s", t.Targets[n], table.Number(t.Trials[i].Tune[n]), table.Number(t.Trials[i].Report[n]))
		}
		lines = append(lines, line)
	}
	return lines
}
