package eval

import (
	"slices"

	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/metric"
)

// known.go takes over what an earlier evaluation counted of the same queries.

// takeOver copies the counts of those schemes that an earlier evaluation has, and returns
// the places of the others. An evaluation has a scheme's counts if it is of the same
// gallery, queries and candidates, and has all labels and metrics; counts do not depend
// on how deep its rankings are.
func (e *Evaluation) takeOver(known *Evaluation) (fresh []int) {
	labels, metrics, ok := e.countedBy(known)
	for s, sc := range e.Schemes {
		at := -1
		if ok {
			name := sc.String()
			at = slices.IndexFunc(known.Schemes, func(other scheme.Scheme) bool { return other.String() == name })
		}
		if at < 0 {
			fresh = append(fresh, s)
			continue
		}
		e.takeScheme(known, s, at, labels, metrics)
	}
	return fresh
}

// countedBy returns the places of labels and metrics in an evaluation that has them all,
// of the same queries and candidates.
func (e *Evaluation) countedBy(known *Evaluation) (labels, metrics []int, ok bool) {
	if known == nil || known.Gallery != e.Gallery || known.without || e.without || len(e.kept) > 0 ||
		!slices.Equal(known.Filter, e.Filter) || !slices.Equal(known.Queries, e.Queries) {
		return nil, nil, false
	}
	for _, label := range e.Labels {
		labels = append(labels, slices.Index(known.Labels, label))
	}
	for _, m := range e.Metrics {
		metrics = append(metrics, slices.IndexFunc(known.Metrics, func(other metric.Metric) bool { return other == m }))
	}
	return labels, metrics, !slices.Contains(labels, -1) && !slices.Contains(metrics, -1)
}

// takeScheme copies the counts of one scheme.
func (e *Evaluation) takeScheme(known *Evaluation, scheme, from int, labels, metrics []int) {
	for n := range e.Ks {
		e.tied[scheme*len(e.Ks)+n].Store(known.tied[from*len(known.Ks)+metrics[n]].Load())
	}
	for i := range e.Queries {
		e.Scored[i*len(e.Schemes)+scheme] = known.Scored[i*len(known.Schemes)+from]
		for l, other := range labels {
			e.Relevant[i*len(e.Labels)+l] = known.Relevant[i*len(known.Labels)+other]
			if e.Schemes[scheme].Listed() {
				e.listings[i*len(e.Labels)+l] = known.listings[i*len(known.Labels)+other]
			}
			hits, was := e.HitsOf(i, scheme, l), known.HitsOf(i, from, other)
			for n := range hits {
				hits[n] = was[metrics[n]]
			}
			values, were := e.valuesOf(i, scheme, l), known.valuesOf(i, from, other)
			for m := range values {
				values[m] = were[metrics[len(hits)+m]-len(known.Ks)]
			}
		}
	}
}

// Count stores what the metrics make of query i's rankings down to Depth, and whether
// the candidates around a cut-off have equal scores, as far as the rankings go. It may
// be called concurrently for different i.
func (e *Evaluation) Count(i int, rankings []rank.Ranking) {
	e.count(i, e.all, rankings)
}
