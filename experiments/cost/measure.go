package cost

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/metric"
	"strata/experiments/stats"
)

// add ranks all queries in one way, in its own order and rescored, and times it.
func (r *costRun) add(ctx context.Context, s *SchemeCost, way Way, m method, depths []int, built time.Duration) error {
	r.progress(fmt.Sprintf("%s: %s", s.Scheme, way.Name))
	cuts := slices.Sorted(slices.Values(append([]int{0}, depths...)))
	found := make([][][]int32, len(cuts))
	for c := range found {
		found[c] = make([][]int32, len(r.queries))
	}
	searches := [][]int{cuts} // depths that one search serves
	if !m.prefix() {
		searches = nil
		for _, cut := range cuts {
			searches = append(searches, []int{cut})
		}
	}
	for _, serves := range searches {
		err := m.all(ctx, r.queries, max(r.K, slices.Max(serves)), func(i int, rows []int) error {
			for _, cut := range serves {
				first, err := r.rescored(ctx, s.Scheme, r.queries[i], rows, cut)
				if err != nil {
					return err
				}
				found[slices.Index(cuts, cut)][i] = first
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", way.Name, err)
		}
	}
	for c, cut := range cuts {
		way := way
		if cut > 0 {
			way.Depth, way.Beside = cut, s.Ways[0].Bytes
		}
		times, err := r.time(ctx, m, s.Scheme, way)
		if err != nil {
			return err
		}
		times.Build = built
		s.Ways = append(s.Ways, WayCost{Way: way, Time: times})
		r.found = append(r.found, found[c])
	}
	return nil
}

// rescored returns the first k candidates in their order. If depth is above 0, it returns the k
// best of the first depth candidates by exact scores.
func (r *costRun) rescored(ctx context.Context, s scheme.Scheme, q int, rows []int, depth int) ([]int32, error) {
	rows = rows[:min(max(depth, r.K), len(rows))]
	if depth > 0 {
		hits, err := rank.Rescore(ctx, r.Gallery, q, s, rows, r.K)
		if err != nil {
			return nil, err
		}
		rows = scoredRows(hits)
	}
	first := make([]int32, 0, r.K)
	for _, row := range rows[:min(r.K, len(rows))] {
		first = append(first, int32(row))
	}
	return first, nil
}

// noLabel is the stream of random numbers for values without a label. Streams of labels are under
// 2⁴⁸.
const noLabel = 1 << 48

// recall sets the share of the exact rankings that every way finds. A row counts as found if its
// exact score is at least that of the k-th row: rows with equal scores are interchangeable.
func (r *costRun) recall(ctx context.Context, s *SchemeCost) error {
	var judged []int // places of queries with a score
	for i, hits := range r.exact {
		if len(hits) > 0 {
			judged = append(judged, i)
		}
	}
	b := stats.NewBootstrap(len(judged))
	one := metric.Fixed(max(1, len(judged)))
	for w := range s.Ways {
		way := &s.Ways[w]
		way.Recall, way.Changed = Estimate{math.NaN(), math.NaN(), math.NaN(), len(judged)}, math.NaN()
		changed := 0
		column := b.Add(uint64(one))
		var sum float64
		for n, i := range judged {
			share, err := r.share(ctx, s.Scheme, i, r.found[w][i])
			if err != nil {
				return err
			}
			if len(r.found[w][i]) < len(r.exact[i]) {
				way.Short++
			}
			if share < 1 {
				changed++
			}
			sum += share
			column.Set(n, uint64(math.Round(float64(one*share))))
		}
		if len(judged) > 0 {
			way.Recall.Value, way.Changed = sum/float64(len(judged)), float64(changed)/float64(len(judged))
		}
	}
	if len(judged) == 0 {
		return nil
	}
	sums, err := b.Run(ctx, stats.Stream{Seed: max(r.Seed, 1), Place: noLabel, Of: stats.DrawQueries}, stats.Draw)
	for w := range sums {
		low, high := stats.Interval(sums[w])
		s.Ways[w].Recall.Low, s.Ways[w].Recall.High = float64(low)/float64(one*float64(len(judged))), float64(high)/float64(one*float64(len(judged)))
	}
	return err
}

// share returns the share of the exact ranking of query i that was found.
func (r *costRun) share(ctx context.Context, s scheme.Scheme, i int, found []int32) (float64, error) {
	rows := make([]int, len(found))
	for n, row := range found {
		rows[n] = int(row)
	}
	hits, err := rank.Rescore(ctx, r.Gallery, r.queries[i], s, rows, len(rows))
	exact := r.exact[i]
	n := 0
	for _, h := range hits {
		if h.Score >= exact[len(exact)-1].Score {
			n++
		}
	}
	return float64(min(n, len(exact))) / float64(len(exact)), err
}

// judge sets precisions and their losses.
func (r *costRun) judge(ctx context.Context, s *SchemeCost) error {
	e, err := r.plan(len(s.Ways)).Prepare(r.Gallery, r.among)
	if err != nil {
		return err
	}
	rankings := make([]rank.Ranking, len(s.Ways))
	for i := range r.queries {
		for w := range rankings {
			rankings[w].Hits = rankings[w].Hits[:0]
			for _, row := range r.found[w][i] {
				rankings[w].Hits = append(rankings[w].Hits, rank.Hit{Row: int(row)})
			}
		}
		e.Count(i, rankings)
		for w := range rankings { // a query without hits is judged, too
			e.Scored[i*len(rankings)+w] = len(r.exact[i]) > 0
		}
	}
	if err := e.Summarise(ctx); err != nil {
		return err
	}
	exact := standIn(0)
	comparisons, err := e.Compare(ctx, &exact)
	if err != nil {
		return err
	}
	for w := range s.Ways {
		for l := range e.Labels {
			sum := e.Precisions(w, l)[0]
			cost := LabelCost{Precision: Estimate{sum.Value, sum.Low, sum.High, sum.N}}
			if w > 0 {
				cost.Loss = comparisons[l*(len(s.Ways)-1)+w-1]
			}
			s.Ways[w].Labels = append(s.Ways[w].Labels, cost)
		}
	}
	r.e = e
	return nil
}
