package experiments

import (
	"fmt"
)

// lines returns what a log holds. Every value says which queries it is of: tune,
// those on which the scheme was chosen, or report, the others.
func (t *Tuned) lines() []string {
	lines := []string{fmt.Sprintf("%d queries to tune on, %d to report on", len(t.Tune), len(t.Report))}
	if n := len(t.Left); n > 0 {
		lines[0] += fmt.Sprintf(", %d without a score", n)
	}
	lines = append(lines, fmt.Sprintf("%d schemes tried", len(t.Trials)))
	for _, i := range t.baselines() {
		trial, s := t.Trials[i], t.summary(i, 0)
		line := fmt.Sprintf("%s  %s  %s  tune %s  report %s [%s, %s]  gap %s", t.role(i), trial.Scheme, t.Targets[0],
			number(trial.Tune[0]), number(s.Value), number(s.Low), number(s.High), number(trial.Tune[0]-s.Value))
		if c := t.comparison(i, 0); c != nil {
			line += fmt.Sprintf("  best ahead %s [%s, %s]  p %s", number(0-c.Diff), number(0-c.High), number(0-c.Low), number(c.P))
		}
		lines = append(lines, line)
	}
	for _, c := range t.Constraints {
		n := t.at(c.Target)
		lines = append(lines, fmt.Sprintf("%s  tune %s  report %s", c, number(t.Trials[t.Best].Tune[n]), number(t.summary(t.Best, n).Value)))
	}
	if len(t.FrontOf) < 2 {
		return lines
	}
	for _, i := range t.Front {
		line := fmt.Sprintf("front  %s", t.Trials[i].Scheme)
		for _, n := range t.FrontOf {
			line += fmt.Sprintf("  %s tune %s report %s", t.Targets[n], number(t.Trials[i].Tune[n]), number(t.Trials[i].Report[n]))
		}
		lines = append(lines, line)
	}
	return lines
}
