package experiments

// bounds returns by metric the bounds of the queries under a label.
func (e *Evaluation) bounds(label int) []bound {
	bounds := make([]bound, len(e.Metrics))
	for m := range bounds {
		bounds[m] = bound{make([]float64, len(e.Queries)), make([]float64, len(e.Queries))}
	}
	t := NewTally(e.Ks, e.log2)
	known := map[odds][]float64{} // baselines, by metric
	var levels []int
	graded := len(e.judges.levels[label]) > 1
	for i, q := range e.Queries {
		r := int(e.relevant[i*len(e.Labels)+label])
		if r <= 0 {
			continue
		}
		o := odds{m: e.among.Count(q), r: r, gain: float64(r)}
		levels = e.judges.counts(levels[:0], label, q)
		for _, n := range levels[1:] {
			o.gain += float64(n)
		}
		base := known[o]
		if base == nil || graded { // the ideal depends on every level
			if e.log2 != nil {
				t.SetIdeal(levels, e.Depth)
			}
			base = make([]float64, len(e.Metrics))
			for m, metric := range e.Metrics {
				base[m] = metric.random(o, t)
			}
			known[o] = base
		}
		for m, metric := range e.Metrics {
			bounds[m].ceilings[i], bounds[m].baselines[i] = metric.perfect(r), base[m]
		}
	}
	return bounds
}
