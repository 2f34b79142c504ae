package live

import (
	"context"
	"slices"

	"strata/experiments/eval"
)

// Settle returns rows with the intervals and p of an evaluation with seed 1: bootstrap
// and permutation test. It takes rows of which all queries are known, and resamples,
// which takes a second or so for 10,000 queries. Others it returns as they are.
func (s *Sample) Settle(ctx context.Context, r *Rows) (*Rows, error) {
	if !r.Rough || !r.Complete() || len(r.Labels) == 0 || len(r.Schemes) == 0 {
		return r, nil
	}
	e, err := eval.Plan{Schemes: r.Schemes, Labels: r.Labels, Ks: []int{K}, Filter: s.filter, Neighbours: s.from}.Evaluate(ctx, s.g, nil)
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
	for i := range r.Schemes {
		out.Means[i] = slices.Clone(r.Means[i])
		for l := range r.Labels {
			sum := e.Precisions(i, l)[0]
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
