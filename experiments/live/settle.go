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
	e, err := eval.Plan{Schemes: served, Labels: r.Labels, Ks: []int{K}, Filter: s.filter, Neighbours: s.from}.Evaluate(ctx, s.g, nil)
	if err != nil {
		return nil, err
	}
	comparisons, err := e.Compare(ctx, nil)
	if err != nil {
		return nil, err
	}
	out := *r
	out.Rough = false
	out.Means, out.pairs = make([][]Mean, len(r.Schemes)), make([][]Difference, len(r.pairs))
	for i, sc := range r.Schemes {
		out.Means[i] = slices.Clone(r.Means[i])
		place := slices.IndexFunc(served, sc.Equal)
		for l := range r.Labels {
			if place < 0 {
				continue
			}
			sum := e.Precisions(place, l)[0]
			out.Means[i][l] = Mean{N: sum.N, Hits: sum.Hits, Value: sum.Value, Half: (sum.High - sum.Low) / 2}
		}
	}
	for i := range out.pairs {
		out.pairs[i] = make([]Difference, len(r.Labels))
	}
	for _, c := range comparisons {
		a, b, l := r.Place(c.A), r.Place(c.B), slices.Index(r.Labels, c.Label)
		out.pairs[pairAt(a, b)][l] = Difference{
			N: c.N, Diff: c.Diff, Low: c.Low, High: c.High, P: c.P, Holm: c.Holm, Win: c.Win, Tie: c.Tie, Loss: c.Loss,
		}
	}
	return &out, nil
}
