package neighbour

import (
	"context"
	"slices"
	"sync"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// RankAll is Gallery.RankAll that searches only for the rankings that neighbourhoods do not prove.
// It takes the same queries, by row, and returns the same rankings; the proven ones come first.
// Only Coded and Rescored may differ: they describe the search. If k is larger than a
// neighbourhood, all rankings are searched for at once.
func (n *Neighbours) RankAll(ctx context.Context, queries []int, schemes []scheme.Scheme, k int, among *items.Candidates, each func(i int, rankings []rank.Ranking)) error {
	if k > n.m*len(n.Layers()) { // more than a neighbourhood can hold
		return rank.All(ctx, n.G, queries, schemes, k, among, each)
	}
	a := &neighbourAll{n: n, queries: queries, schemes: schemes, k: k, among: among, each: each, trial: rank.TrialOf(ctx)}
	if err := a.prove(ctx); err != nil {
		return err
	}
	return a.search(ctx)
}

// neighbourAll is the state of one RankAll.
type neighbourAll struct {
	n       *Neighbours
	queries []int
	schemes []scheme.Scheme
	k       int
	among   *items.Candidates
	each    func(int, []rank.Ranking)
	trial   *rank.Trial

	mu     sync.Mutex
	open   []int                  // indexes in queries that are not reported yet
	known  map[int][]rank.Ranking // by such a place: its rankings that are proven, others without a scheme
	failed []bool                 // by scheme: some query is not proven
}

// prove ranks from neighbourhoods and reports the queries that are proven.
func (a *neighbourAll) prove(ctx context.Context) error {
	a.failed, a.known = make([]bool, len(a.schemes)), map[int][]rank.Ranking{}
	schemes := make([]*neighbourScheme, len(a.schemes))
	var read []string
	for i, scheme := range a.schemes {
		s, ok, err := a.n.prepare(ctx, scheme)
		if err != nil {
			return err
		}
		if ok {
			schemes[i] = &s
			read = append(read, s.read...)
		}
	}
	workers := sync.Pool{New: func() any {
		all := make([]*neighbourWorker, len(schemes))
		for i, s := range schemes {
			if s != nil {
				all[i] = a.n.newNeighbourWorker(s, a.k, a.among)
			}
		}
		return all
	}}
	return a.n.G.Reading(read, func() error {
		return layer.Parallel(ctx, len(a.queries), slideBlock, func(lo, hi int) {
			all := workers.Get().([]*neighbourWorker)
			for i := lo; i < hi; i++ {
				a.query(i, all)
			}
			workers.Put(all) //nolint:staticcheck // a slice header for each block is little beside its queries
		})
	})
}

// query ranks one query under all schemes that have a worker.
func (a *neighbourAll) query(i int, workers []*neighbourWorker) {
	rankings := make([]rank.Ranking, len(workers))
	var failed []int
	for s, w := range workers {
		proven := false
		if w != nil {
			rankings[s], proven = w.rank(a.queries[i])
		}
		if !proven {
			rankings[s] = rank.Ranking{}
			failed = append(failed, s)
		}
	}
	a.trial.Count(rank.ByNeighbours, len(workers)-len(failed))
	a.trial.Count(rank.NeighboursFailed, len(failed))
	if failed == nil {
		a.each(i, rankings)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open = append(a.open, i)
	for _, s := range failed {
		a.failed[s] = true
	}
	if len(failed) < len(workers) {
		a.known[i] = rankings
	}
}

// search ranks the open queries under the schemes that are not proven for all queries.
func (a *neighbourAll) search(ctx context.Context) error {
	if len(a.open) == 0 {
		return ctx.Err()
	}
	slices.Sort(a.open)
	queries := make([]int, len(a.open))
	for at, i := range a.open {
		queries[at] = a.queries[i]
	}
	var places []int
	var schemes []scheme.Scheme
	for s, failed := range a.failed {
		if failed {
			places, schemes = append(places, s), append(schemes, a.schemes[s])
		}
	}
	return rank.All(ctx, a.n.G, queries, schemes, a.k, a.among, func(at int, found []rank.Ranking) {
		rankings := a.known[a.open[at]] // no goroutine writes it any more
		if rankings == nil {
			rankings = make([]rank.Ranking, len(a.schemes))
		}
		for i, s := range places {
			rankings[s] = found[i]
		}
		a.each(a.open[at], rankings)
	})
}
