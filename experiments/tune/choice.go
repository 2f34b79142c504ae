package tune

import (
	"fmt"
	"math"
	"slices"

	"strata/engine/scheme"
	"strata/experiments/metric"
)

// InfeasibleError says that no trial meets the constraints.
type InfeasibleError struct {
	Constraints []metric.Constraint
	Schemes     int           // number of schemes tried
	Queries     int           // number of queries to tune on
	Nearest     scheme.Scheme // the one whose largest shortfall is least
	Values      []float64     // of Nearest, by constraint
}

func (e *InfeasibleError) Error() string {
	s := fmt.Sprintf("none of %d schemes meets ", e.Schemes)
	near := ""
	for i, c := range e.Constraints {
		if i > 0 {
			s += " and "
			near += ", "
		}
		s += c.String()
		near += fmt.Sprintf("%s %.4f", c.Target, e.Values[i])
	}
	return fmt.Sprintf("%s on the %d queries to tune on; the nearest is %s with %s", s, e.Queries, e.Nearest, near)
}

// setBest finds the feasible trial with the highest value of the objective. Among equal values it
// takes the one with the fewest layers, then the first.
func (u *tuner) setBest() error {
	best := -1
	for i, t := range u.Trials {
		if !t.Feasible {
			continue
		}
		if best < 0 || t.Tune[0] > u.Trials[best].Tune[0] ||
			t.Tune[0] == u.Trials[best].Tune[0] && weights(t.Weights).used() < weights(u.Trials[best].Weights).used() {
			best = i
		}
	}
	if best < 0 {
		return u.infeasible()
	}
	u.Best = best
	return nil
}

// infeasible returns the error for a search without a feasible trial.
func (u *tuner) infeasible() error {
	e := &InfeasibleError{Constraints: u.Constraints, Schemes: len(u.Trials), Queries: len(u.Tune)}
	least := math.Inf(1)
	for _, t := range u.Trials {
		var short float64
		var values []float64
		for _, c := range u.Constraints {
			v := t.Tune[slices.Index(u.Targets, c.Target)]
			short = max(short, c.Least-v)
			values = append(values, v)
		}
		if short < least {
			least, e.Nearest, e.Values = short, t.Scheme, values
		}
	}
	return e
}

// Simpler returns the baseline to take in place of the best trial: it has fewer layers,
// meets the constraints, and is not shown to differ in the objective on the queries to
// report on; of several the one with the fewest layers, then with the highest mean there.
// It returns false when there is none.
func (t *Tuned) Simpler() (trial int, ok bool) {
	trial = -1
	layers := func(i int) int { return weights(t.Trials[i].Weights).used() }
	for _, i := range t.Baselines() {
		c := t.Comparison(i, 0)
		if c == nil || c.Shown() || c.N == 0 || !t.Trials[i].Feasible || layers(i) >= layers(t.Best) {
			continue
		}
		if trial < 0 || layers(i) < layers(trial) || layers(i) == layers(trial) && t.Summary(i, 0).Value > t.Summary(trial, 0).Value {
			trial = i
		}
	}
	return trial, trial >= 0
}

// setFront finds the trials that no other trial dominates. Among equal trials it takes the one with
// the fewest layers, then the first.
func (u *tuner) setFront() {
	dominates := func(i, j int) bool {
		a, b, equal := u.Trials[i], u.Trials[j], true
		for _, n := range u.FrontOf {
			if !(a.Tune[n] >= b.Tune[n]) {
				return false
			}
			equal = equal && a.Tune[n] == b.Tune[n]
		}
		if !equal {
			return true
		}
		x, y := weights(a.Weights).used(), weights(b.Weights).used()
		return x < y || x == y && i < j
	}
	for j := range u.Trials {
		front := true
		for i := range u.Trials {
			front = front && (i == j || !dominates(i, j))
		}
		if front {
			u.Front = append(u.Front, j)
		}
	}
	slices.SortStableFunc(u.Front, func(i, j int) int {
		for _, n := range u.FrontOf {
			if a, b := u.Trials[i].Tune[n], u.Trials[j].Tune[n]; a != b {
				if a > b {
					return -1
				}
				return 1
			}
		}
		return i - j
	})
}
