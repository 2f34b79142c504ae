package engine

import (
	"slices"
	"sync"
	"testing"

	"strata/engine/rank"
)

// TestTrial ranks with tiles and collections of every small size: nothing changes but the ways, and
// each of those is counted.
func TestTrial(t *testing.T) {
	g, o, among := testGallery(t, 700, 500)
	prepare(t, g)
	schemes := parseAll(t, g, []string{"A", "A+B", "concat(A,C)", "rrf(A,B)"})
	var queries []int
	for q := 0; q < g.Len(); q += 61 {
		queries = append(queries, q)
	}
	const k = 10
	for _, trial := range []*rank.Trial{{Rows: 1, Queries: 1}, {Rows: 50, Queries: 3}, {Rows: 200}, {Room: 5}, {Room: 12, Rows: 128}} {
		ctx := rank.WithTrial(t.Context(), trial)
		var mu sync.Mutex
		got := make([][]rank.Ranking, len(queries))
		err := g.RankAll(ctx, queries, schemes, k, among, func(i int, rankings []rank.Ranking) {
			mu.Lock()
			defer mu.Unlock()
			got[i] = slices.Clone(rankings)
		})
		if err != nil {
			t.Fatal(err)
		}
		s := rank.NewSearcher(g, 1<<20)
		for i, q := range queries {
			wants := o.rankAll(schemes, q)
			checkRankings(t, got[i], wants, k, "all")
			one, err := s.Search(ctx, q, schemes, k, among)
			if err != nil {
				t.Fatal(err)
			}
			checkRankings(t, one, wants, k, "one")
		}
		tiles := trial.Taken(rank.ByTile) + trial.Taken(rank.ByCodedTile) + trial.Taken(rank.TileFailed)
		failed := trial.Taken(rank.TileFailed) > 0 && trial.Taken(rank.CodesFailed) > 0
		if tiles != int64(len(queries)*len(schemes)) || failed != (trial.Room > 0) {
			t.Errorf("%d rankings by tiles, %d of them not proven, %d searches not proven by codes; room %d",
				tiles, trial.Taken(rank.TileFailed), trial.Taken(rank.CodesFailed), trial.Room)
		}
	}
}
