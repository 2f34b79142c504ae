package eval

import (
	"slices"

	"strata/experiments/metric"
)

// bounds returns by metric the bounds of the queries under a label, for schemes whose hits are items or
// listings.
func (e *Evaluation) bounds(label int, judge *Judge, relevant []int32) []metric.Bound {
	bounds := make([]metric.Bound, len(e.Metrics))
	for m := range bounds {
		bounds[m] = metric.Bound{Ceilings: make([]float64, len(e.Queries)), Baselines: make([]float64, len(e.Queries))}
	}
	t := metric.NewTally(e.Ks, e.log2)
	known := map[metric.Odds][]float64{} // baselines, by metric
	var levels []int
	relevance := judge.Labels[label]
	graded := relevance.Label.LargestGain() > 1
	for i, q := range e.Queries {
		r := int(relevant[i*len(e.Labels)+label])
		if r <= 0 {
			continue
		}
		o := metric.Odds{M: relevance.Candidates(q), R: r, N: e.nonrelevant(judge, label, q, r), Gain: float64(r)}
		levels = judge.counts(levels[:0], label, q)
		for _, n := range levels[1:] {
			o.Gain += float64(n)
		}
		if e.graded {
			t.SetGrades(levels, relevance.Label.LargestGain(), o.N)
		}
		base := known[o]
		if base == nil || graded { // the ideal depends on every level
			if e.log2 != nil {
				t.SetIdeal(levels, e.Depth)
			}
			base = make([]float64, len(e.Metrics))
			for m, metric := range e.Metrics {
				base[m] = metric.Random(o, t)
			}
			known[o] = base
		}
		for m, metric := range e.Metrics {
			bounds[m].Ceilings[i], bounds[m].Baselines[i] = metric.Perfect(r, t), base[m]
		}
	}
	return bounds
}

// nonrelevant returns the number of candidates of which it is known that they are not relevant
// to the query in row q, of which r are; 0 if no metric asks for it.
func (e *Evaluation) nonrelevant(judge *Judge, label, q, r int) int {
	if !slices.ContainsFunc(e.Metrics, func(m metric.Metric) bool { return m.Kind == metric.BinaryPreference }) {
		return 0
	}
	return judge.Labels[label].Known(q) - r
}
