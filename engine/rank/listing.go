package rank

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"strata/engine/items"
	"strata/engine/scheme"
)

// listing.go ranks listings. The listings of a best are those of the ranking under its part, in their
// order. Those of a mean need the scores of all their photos; a listing without a photo among the
// first hits has no mean above the last of these.

// deeper returns the next number of hits after one that did not prove k listings. From a quarter of
// the rows on, codes prove nothing, and all rows are sorted.
func deeper(depth, rows int) int {
	if depth *= 4; depth > rows/4 {
		return rows
	}
	return depth
}

// lister ranks the listings of one query.
type lister struct {
	g     Layers
	query Asked
	of    scheme.Scheme // a best or a mean
	among *items.Candidates
}

// top returns the k best listings from the first hits under the part of the scheme, or false if these
// do not prove them. Called within Reading.
func (w *lister) top(ctx context.Context, r Ranking, k int) (Ranking, bool, error) {
	all, out := len(r.Hits) == r.Candidates, r
	out.Scheme, out.Candidates, out.Hits = w.of, w.among.Listings(w.query.Row), nil
	k = min(k, out.Candidates)
	seen := map[int]bool{}
	for _, h := range r.Hits {
		if at := w.among.Listing(h.Row); !seen[at] {
			seen[at] = true
			out.Hits = append(out.Hits, h)
		}
	}
	certain := all || len(out.Hits) >= k
	if w.of.Kind == scheme.Mean && certain && k > 0 {
		if err := w.means(ctx, r.Hits, out.Hits); err != nil {
			return out, false, err
		}
		slices.SortFunc(out.Hits, Better)
		// A mean is rounded for each photo; no score is above 4.
		slack := float64(w.among.Largest()) * 0x1p-48
		certain = all || out.Hits[k-1].Score > r.Hits[len(r.Hits)-1].Score+slack
	}
	out.Hits = out.Hits[:min(k, len(out.Hits))]
	return out, certain, ctx.Err()
}

// means replaces the scores of listings by the means of their photos that have a score, added by row
// and divided once. hits are the first under the part.
func (w *lister) means(ctx context.Context, hits, listings []Hit) error {
	scores := make(map[int]float64, len(hits))
	for _, h := range hits {
		scores[h.Row] = h.Score
	}
	photos := make([][]int32, len(listings))
	var missing []Contender
	for i, l := range listings {
		photos[i] = w.among.Photos(w.query.Row, l.Row)
		for _, row := range photos[i] {
			if _, ok := scores[int(row)]; !ok {
				missing = append(missing, Contender{Nominee: Nominee{Row: row}})
			}
		}
	}
	if err := w.score(ctx, missing, scores); err != nil {
		return err
	}
	for i := range listings {
		sum, n := 0.0, 0
		for _, row := range photos[i] {
			if s := scores[int(row)]; !math.IsNaN(s) {
				sum += s
				n++
			}
		}
		listings[i].Score = sum / float64(n) // NaN of none
	}
	return nil
}

// score adds the canonical scores of rows under the part, a sum or a concatenation.
func (w *lister) score(ctx context.Context, rows []Contender, scores map[int]float64) error {
	if len(rows) == 0 {
		return nil
	}
	part, err := plain(ctx, w.g, w.of.Parts[0], w.query)
	if err != nil {
		return err
	}
	p := NewPairs(nil)
	for _, f := range part.Factors() {
		l, err := w.g.Ready(ctx, f)
		if err != nil {
			return err
		}
		v, err := w.query.whole(ctx, l)
		if err != nil {
			return err
		}
		p.add(l, w.query.item(), v)
	}
	if err := p.Fill(ctx, part, rows); err != nil {
		return err
	}
	scorer := p.Scorer(part)
	for _, r := range rows {
		scores[int(r.Row)] = scorer.Score(int(r.Row))
	}
	return nil
}

// firstDepth returns the number of hits that are looked at first. A mean under rank fusion scans: a
// row alone has no score there.
func firstDepth(s scheme.Scheme, k, rows int) int {
	if depth := 2*k + 16; depth <= rows/4 && (s.Kind == scheme.Best || s.Parts[0].Kind != scheme.RRF) {
		return depth
	}
	return rows
}

// listed ranks listings for one query.
func (s *Searcher) listed(ctx context.Context, q Asked, sc scheme.Scheme, k int, among *items.Candidates) (Ranking, error) {
	w := lister{g: s.g, query: q, of: sc, among: among}
	for depth := firstDepth(sc, k, s.g.Len()); ; depth = deeper(depth, s.g.Len()) {
		r, err := s.one(ctx, q, sc.Parts[0], depth, among, false)
		if err != nil {
			return r, err
		}
		if out, certain, err := w.top(ctx, r, k); certain || err != nil {
			return out, err
		}
	}
}

// allListed is All for schemes among which there are some that rank listings. It searches under the
// parts of these, deeper for the queries that are not proven.
func allListed(ctx context.Context, g Layers, queries []int, schemes []scheme.Scheme, k int, among *items.Candidates, each func(i int, rankings []Ranking)) error {
	depth, first := k, slices.Clone(schemes)
	for i, s := range schemes {
		if s.Listed() {
			first[i], depth = s.Parts[0], max(depth, firstDepth(s, k, g.Len()))
		}
	}
	open := make([]int, len(queries)) // places
	for i := range open {
		open[i] = i
	}
	for ; len(open) > 0; depth = deeper(depth, g.Len()) {
		asked := make([]int, len(open))
		for at, i := range open {
			asked[at] = queries[i]
		}
		var mu sync.Mutex
		var fault error
		var left []int
		err := All(ctx, g, asked, first, depth, among, func(at int, rankings []Ranking) {
			certain, err := lists(ctx, g, asked[at], schemes, k, among, rankings)
			if certain && err == nil {
				each(open[at], rankings)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			left, fault = append(left, open[at]), cmp.Or(fault, err)
		})
		if err = cmp.Or(err, fault); err != nil {
			return err
		}
		slices.Sort(left)
		open = left
	}
	return ctx.Err()
}

// lists turns the rankings of a query under the parts of schemes into those under the schemes. It
// reports whether all are proven.
func lists(ctx context.Context, g Layers, query int, schemes []scheme.Scheme, k int, among *items.Candidates, rankings []Ranking) (bool, error) {
	for i, s := range schemes {
		if !s.Listed() {
			rankings[i].Hits = rankings[i].Hits[:min(k, len(rankings[i].Hits))]
			continue
		}
		w := lister{g: g, query: Asked{Row: query}, of: s, among: among}
		out, certain, err := w.top(ctx, rankings[i], k)
		if err != nil || !certain {
			return false, err
		}
		rankings[i] = out
	}
	return true, nil
}
