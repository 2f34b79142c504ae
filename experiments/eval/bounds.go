package eval

import "strata/experiments/metric"

// bounds returns by metric the bounds of the queries under a label.
func (e *Evaluation) bounds(label int) []metric.Bound {
	bounds := make([]metric.Bound, len(e.Metrics))
	for m := range bounds {
		bounds[m] = metric.Bound{Ceilings: make([]float64, len(e.Queries)), Baselines: make([]float64, len(e.Queries))}
	}
	t := metric.NewTally(e.Ks, e.log2)
	known := map[metric.Odds][]float64{} // baselines, by metric
	var levels []int
	graded := e.Judge.Labels[label].Label.LargestGain() > 1
	for i, q := range e.Queries {
		r := int(e.Relevant[i*len(e.Labels)+label])
		if r <= 0 {
			continue
		}
		o := metric.Odds{M: e.Among.Count(q), R: r, Gain: float64(r)}
		levels = e.Judge.counts(levels[:0], label, q)
		for _, n := range levels[1:] {
			o.Gain += float64(n)
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
			bounds[m].Ceilings[i], bounds[m].Baselines[i] = metric.Perfect(r), base[m]
		}
	}
	return bounds
}
