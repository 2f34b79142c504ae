package live

import (
	"context"
	"slices"

	"strata/engine/scheme"
	"strata/experiments/eval"
)

// Settle returns rows with the intervals and p of an evaluation with seed 1: bootstrap
// and permutation test. It takes rows of which all queries are known, and resamples,
// which takes a second or so for 10,000 queries. Others it returns as they are, and leaves
// the schemes that neighbourhoods cannot serve without a mean.
func (s *Sample) Settle(ctx context.Context, r *Rows) (*Rows, error) {
	if !r.Rough || !r.Complete() || len(r.Labels) == 0 || len(r.Schemes) == 0 {
		return r, nil
	}
	var served []scheme.Scheme
	for i, sc := range r.Schemes {
		if r.Served(i) {
			served = append(served, sc)
		}
	}
	e, err := eval.Plan{Schemes: served, Labels: r.Labels, Ks: []int{s.k}, Filter: s.filter, Neighbours: s.from}.Evaluate(ctx, s.g, nil)
	if err != nil {
		return nil, err
	}
	comparisons, err := e.Compare(ctx, nil)
	if err != nil {
		return nil, err
	}
	out, settled := *r, Evaluated(e, comparisons, r.Queries)
	out.Rough = false
	out.Means, out.pairs = slices.Clone(r.Means), nil
	for b, sc := range r.Schemes {
		place := settled.Place(sc)
		if place >= 0 {
			out.Means[b] = settled.Means[place]
		}
		for _, other := range r.Schemes[:b] {
			of := make([]Difference, len(r.Labels))
			if a := settled.Place(other); min(a, place) >= 0 {
				of = settled.pairs[pairAt(a, place)]
			}
			out.pairs = append(out.pairs, of)
		}
	}
	return &out, nil
}

// Evaluated returns the rows of an evaluation with the comparisons of all pairs of its schemes, by P
// at its largest k. queries is the number of queries of which those of the evaluation are all, or
// drawn.
func Evaluated(e *eval.Evaluation, comparisons []eval.Comparison, queries int) *Rows {
	last := len(e.Ks) - 1
	r := &Rows{Schemes: e.Schemes, Labels: e.Labels, Filter: e.Filter, Queries: queries}
	for i := range e.Schemes {
		means := make([]Mean, len(e.Labels))
		for l := range e.Labels {
			sum := e.Precisions(i, l)[last]
			means[l] = Mean{N: sum.N, Hits: sum.Hits, Value: sum.Value, Half: (sum.High - sum.Low) / 2}
		}
		r.Means = append(r.Means, means)
		r.Known, r.Open = append(r.Known, len(e.Queries)), append(r.Open, 0)
		first := 0
		for !judgedAlike(e, first, i) {
			first++
		}
		r.alike = append(r.alike, first)
		for range i {
			r.pairs = append(r.pairs, make([]Difference, len(e.Labels)))
		}
	}
	for _, c := range comparisons {
		if c.Metric != e.Metrics[last] {
			continue
		}
		a, b, l := r.Place(c.A), r.Place(c.B), slices.Index(r.Labels, c.Label)
		r.pairs[pairAt(a, b)][l] = Difference{
			N: c.N, Diff: c.Diff, Low: c.Low, High: c.High, P: c.P, Holm: c.Holm, Win: c.Win, Tie: c.Tie, Loss: c.Loss,
		}
	}
	return r
}

// judgedAlike reports whether two schemes of an evaluation judge the same queries.
func judgedAlike(e *eval.Evaluation, a, b int) bool {
	for l := range e.Labels {
		if !slices.Equal(e.Judged(a, l), e.Judged(b, l)) {
			return false
		}
	}
	return true
}
