package engine

import (
	"context"
	"fmt"

	"strata/engine/items"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// Measure computes the lengths of every layer's rows that are not known yet, so
// that Faults knows all. It reads those layers whole.
func (g *Gallery) Measure(ctx context.Context) error {
	return g.guard(func() error {
		for _, l := range g.Layers {
			if err := l.Measure(ctx); err != nil {
				return fmt.Errorf("measuring %s: %w", l.Name, err)
			}
		}
		return nil
	})
}

// NewVectors makes a query of features: the values by layer, as a row of the
// layer's matrix would hold them. The vectors of derived layers follow from them.
// Layers may be left out; schemes that use one of those are then refused. An error names a layer that the gallery does not have,
// or both lengths when one does not fit.
func (g *Gallery) NewVectors(features map[string][]float32) (*rank.Vectors, error) {
	return rank.NewVectors(g, g.Name, features)
}

// RankAll ranks many queries, given by row, and calls each once a query, in no
// order and from several goroutines: i is the query's place in queries, and
// rankings[j], whose memory is the callee's, is the exact top k of schemes[j],
// the same as Searcher.Search gives.
//
// A layer's products of a tile of queries with a tile of rows are computed once,
// in float32 or by its codes, and every scheme is evaluated from them. They differ from the
// canonical scores by no more than a proven bound; every row that could be in
// the top k in spite of it is rescored canonically. A query with too many of
// those is ranked from canonical columns. Memory does not depend on the number of
// queries; with the number of rows grow only such columns, and what rrf keeps.
func (g *Gallery) RankAll(ctx context.Context, queries []int, schemes []scheme.Scheme, k int, among *items.Candidates, each func(i int, rankings []rank.Ranking)) error {
	return rank.All(ctx, g, queries, schemes, k, among, each)
}
