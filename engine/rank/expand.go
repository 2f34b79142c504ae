package rank

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"unsafe"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// expand.go ranks under query expansions: a second search with the query and its first hits.

// expanded returns the query of the second search. In each layer it has the query's row of length 1,
// and the hits' rows of length 1 with their weights, added in the order of the hits in float64, each
// sum rounded to float32 at the end. It keeps the candidates of q. A query without a score in a layer
// has none there. Called within Reading.
func expanded(ctx context.Context, g Layers, q Asked, s scheme.Scheme, hits []Hit) (Asked, error) {
	v := &Vectors{g: g, layers: map[string]layer.Vector{}}
	sum := sha256.New()
	for _, f := range s.Factors() {
		l, err := g.Ready(ctx, f)
		if err != nil {
			return q, err
		}
		if err := l.Measure(ctx); err != nil {
			return q, err
		}
		part, err := q.whole(ctx, l)
		if err != nil {
			return q, err
		}
		values := make([]float32, l.Dim)
		if part.Root == part.Root { // false for NaN
			expand(values, l, part, hits, s.Alpha)
		}
		v.layers[l.Name] = layer.NewVector(values)
		sum.Write([]byte(l.Name + "\n"))
		sum.Write(littleEndian(values))
	}
	v.hash = "expanded:" + hex.EncodeToString(sum.Sum(nil))
	return Asked{q.Row, v}, nil
}

// expand sets values to the vector of an expanded query in one layer.
func expand(values []float32, l *layer.Layer, query layer.Vector, hits []Hit, alpha float64) {
	total, wide := make([]float64, l.Dim), make([]float64, l.Dim)
	for i, x := range query.Wide {
		total[i] = x / query.Root
	}
	roots := l.Lengths().Root
	for _, h := range hits {
		w, root := expansionWeight(h.Score, alpha), roots[h.Row]
		if w == 0 || root != root { // it is NaN
			continue
		}
		l.Widen(wide, h.Row)
		for i, x := range wide {
			total[i] += float64(w * (x / root))
		}
	}
	for i, x := range total {
		values[i] = float32(x)
	}
}

// The limits of the first hits that are kept at a time: queries, and bytes.
const (
	expandedQueries = 1024
	expandedMemory  = 256 << 20
)

// expandedAtOnce returns the number of queries whose first hits are kept at a time, of so many hits
// under so many schemes.
func expandedAtOnce(hits, schemes int) int {
	return max(1, min(expandedQueries, expandedMemory/(int(unsafe.Sizeof(Hit{}))*max(1, hits)*schemes)))
}

// allExpanded is All for schemes among which there are query expansions or re-rankings. It searches
// under the other schemes and the parts of these first, then under each expansion.
func allExpanded(ctx context.Context, g Layers, queries []int, schemes []scheme.Scheme, k int, among *items.Candidates, each func(i int, rankings []Ranking)) error {
	var first []scheme.Scheme
	depth, places := k, make([]int, len(schemes))
	for i, s := range schemes {
		switch s.Kind {
		case scheme.QE:
			depth, s = max(depth, s.N), s.Parts[0]
		case scheme.KRecip:
			depth, s = max(depth, recipDepth), s.Parts[0]
		default:
		}
		places[i] = len(first)
		for at, known := range first {
			if known.Equal(s) {
				places[i] = at
			}
		}
		if places[i] == len(first) {
			first = append(first, s)
		}
	}
	size := expandedAtOnce(min(depth, g.Len()), len(first))
	for lo := 0; lo < len(queries); lo += size {
		chunk := queries[lo:min(lo+size, len(queries))]
		found := make([][]Ranking, len(chunk))
		err := All(ctx, g, chunk, first, depth, among, func(i int, rankings []Ranking) {
			found[i] = make([]Ranking, len(schemes))
			for s, at := range places {
				found[i][s] = rankings[at]
			}
		})
		if err != nil {
			return err
		}
		for i, s := range schemes {
			var err error
			switch s.Kind {
			case scheme.QE:
				err = second(ctx, g, chunk, s, i, k, among, found)
			case scheme.KRecip:
				err = againAll(ctx, g, chunk, s, i, among, found)
			default:
			}
			if err != nil {
				return err
			}
		}
		for i, rankings := range found {
			for s := range rankings {
				rankings[s].Hits = rankings[s].Hits[:min(k, len(rankings[s].Hits))]
			}
			each(lo+i, rankings)
		}
	}
	return ctx.Err()
}

// second ranks queries under a query expansion, the scheme of the given place in found. found holds,
// by query, the rankings under its part, which the expansion's replace.
func second(ctx context.Context, g Layers, queries []int, s scheme.Scheme, place, k int, among *items.Candidates, found [][]Ranking) error {
	return g.Reading(s.Layers(), func() error {
		b := &Batch{G: g, Schemes: s.Parts, K: k, Among: among, Queries: queries, asked: make([]Asked, len(queries))}
		var mu sync.Mutex
		var fault error
		err := layer.Parallel(ctx, len(queries), 16, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				hits := found[i][place].Hits
				asked, err := expanded(ctx, g, Asked{Row: queries[i]}, s, hits[:min(s.N, len(hits))])
				b.asked[i] = asked
				if err != nil {
					mu.Lock()
					fault = err
					mu.Unlock()
				}
			}
		})
		if err == nil {
			err = fault
		}
		if err != nil {
			return err
		}
		b.Each = func(i int, rankings []Ranking) {
			found[i][place] = rankings[0]
			found[i][place].Scheme = s
		}
		if err := b.Prepare(ctx); err != nil {
			return err
		}
		return b.run(ctx)
	})
}
