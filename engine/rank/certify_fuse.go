package rank

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"

	"strata/engine/layer"
	"strata/engine/scheme"
)

// intervalPart is one part of an rrf for one query. It holds the interval of every candidate's
// score.
type intervalPart struct {
	leaf         *approxLeaf
	lower, upper []float32 // by row: the ends of its score; NaN for no candidate
	order, above []Nominee // the candidates by lower end and by upper end, best first
	first, last  []int32   // by row: the best and the worst rank that the intervals allow, from 1; 0 for a row that is no candidate
	width        float64   // the width of the widest interval
	exact        []float64 // by row: the canonical score, +Inf while it is not known
	known        int       // the number of rows in exact
}

// fusing is a row with an interval of its fused score.
type fusing struct {
	row          int
	upper, lower float64
}

// fuse returns the exact top k of an rrf whose parts are sums and concatenations. It reports false
// when more rows than maxRescored would have to be scored.
//
// The intervals of scores give an interval of ranks in every part, and so an interval of the fused
// score. Rows whose interval reaches the top k are scored canonically; then only the intervals of
// the other rows are open. Rows that still reach the top k get exact ranks, in descending order of
// their upper ends. An exact rank needs canonical scores of the rows whose interval holds the row's
// score.
func (c *certifier) fuse(ctx context.Context, scheme scheme.Scheme, k int) (hits []Hit, rescored int, certain bool, err error) {
	parts := make([]*intervalPart, len(scheme.Parts))
	upper, lower := make([]float64, c.g.Len()), make([]float64, c.g.Len())
	for i, part := range scheme.Parts {
		parts[i] = &intervalPart{leaf: newApproxLeaf(part, c.columns)}
		if err := c.intervals(ctx, parts[i]); err != nil {
			return nil, 0, false, err
		}
		parts[i].add(upper, lower)
	}
	var rows []fusing
	for row, s := range upper {
		if s == s { // false for NaN
			rows = append(rows, fusing{row, s, lower[row]})
		}
	}
	rows = reaching(rows, k)
	if len(rows) > c.maxRescored() {
		return nil, 0, false, nil
	}
	for i := range rows {
		rows[i].upper, rows[i].lower = 0, 0
	}
	for _, p := range parts {
		missing := make([]int, len(rows))
		for i := range rows {
			missing[i] = rows[i].row
		}
		if err := c.score(ctx, p, missing); err != nil {
			return nil, 0, false, err
		}
		for i := range rows {
			first, last := p.ranks(p.exact[rows[i].row])
			rows[i].upper += Reciprocal(first)
			rows[i].lower += Reciprocal(last)
		}
	}
	rows = reaching(rows, k)
	slices.SortFunc(rows, func(a, b fusing) int { return cmp.Compare(b.upper, a.upper) })
	best := NewTop(k)
	for _, r := range rows {
		if r.upper < best.bound-layer.ScoreSlack {
			break
		}
		var fused float64
		for _, p := range parts {
			rank, ok, err := c.exactRank(ctx, p, r.row)
			if err != nil || !ok {
				return nil, 0, false, err
			}
			fused += Reciprocal(rank)
		}
		best.Offer(Hit{r.row, fused})
	}
	for _, p := range parts {
		rescored += p.known
	}
	return best.Sorted(), rescored, true, nil
}

// maxRescored is the largest number of rows that are scored one by one for a part of an rrf. For
// more rows a scan is cheaper.
func (c *certifier) maxRescored() int { return max(c.g.Len()/2, NomineeRoom(0)) }

// reaching keeps the rows whose upper end is at least the k-th best lower end.
func reaching(rows []fusing, k int) []fusing {
	ends := NewTop(k)
	for _, r := range rows {
		if r.lower >= ends.bound {
			ends.Offer(Hit{r.row, r.lower})
		}
	}
	least := ends.bound - layer.ScoreSlack // the sums of a few reciprocals are exact to 10⁻¹⁵
	return slices.DeleteFunc(rows, func(r fusing) bool { return r.upper < least })
}

// intervals finds the interval of every score, and the ranks that the intervals allow.
func (c *certifier) intervals(ctx context.Context, p *intervalPart) error {
	n := c.g.Len()
	p.lower, p.upper = make([]float32, n), make([]float32, n)
	p.exact, p.first, p.last = make([]float64, n), make([]int32, n), make([]int32, n)
	excluded := c.among.Excluded(c.query)
	nan := float32(math.NaN())
	err := layer.Parallel(ctx, n, rankBlock, func(lo, hi int) {
		var bounds [rankBlock / layer.CodeSpan]float64
		p.leaf.scores(p.lower[lo:hi], bounds[:(hi-lo+layer.CodeSpan-1)/layer.CodeSpan], lo)
		for row := lo; row < hi; row++ {
			p.exact[row] = math.Inf(1)
			s := p.lower[row]
			if _, is := slices.BinarySearch(excluded, int32(row)); is || !c.among.Has(row) {
				p.lower[row], p.upper[row] = nan, nan
				continue
			}
			bound := p.leaf.bound(row)
			p.lower[row], p.upper[row] = layer.Down32(float64(s)-bound), layer.Up32(float64(s)+bound)
		}
	})
	if err != nil {
		return err
	}
	p.order, p.above = make([]Nominee, 0, n), make([]Nominee, 0, n)
	for row, s := range p.lower {
		if s == s { // false for NaN
			p.order = append(p.order, Nominee{int32(row), s})
			p.above = append(p.above, Nominee{int32(row), p.upper[row]})
			p.width = max(p.width, float64(p.upper[row])-float64(s))
		}
	}
	var swap []Nominee
	SortNominees(p.order, &swap)
	SortNominees(p.above, &swap)
	at := 0 // rows that are surely before the next
	for _, u := range p.above {
		for at < len(p.order) && p.order[at].Score > u.Score {
			at++
		}
		p.first[u.Row] = int32(at + 1)
	}
	at = 0 // rows that may be at or before the next
	for _, l := range p.order {
		for at < len(p.above) && p.above[at].Score >= l.Score {
			at++
		}
		p.last[l.Row] = int32(at)
	}
	return ctx.Err()
}

// add adds the interval of the part's reciprocal ranks to upper and lower. It adds NaN for rows
// without a rank.
func (p *intervalPart) add(upper, lower []float64) {
	for row, first := range p.first {
		if first == 0 {
			upper[row], lower[row] = math.NaN(), math.NaN()
			continue
		}
		upper[row] += Reciprocal(int(first))
		lower[row] += Reciprocal(int(p.last[row]))
	}
}

// ranks returns the best and the worst rank, from 1, of a candidate with the given canonical score.
// The intervals of the other candidates determine them.
func (p *intervalPart) ranks(score float64) (first, last int) {
	first = sort.Search(len(p.order), func(i int) bool { return float64(p.order[i].Score) <= score })
	last = sort.Search(len(p.above), func(i int) bool { return float64(p.above[i].Score) < score })
	return first + 1, last
}

// score computes the canonical scores of the rows that have none yet.
func (c *certifier) score(ctx context.Context, p *intervalPart, rows []int) error {
	rows = slices.DeleteFunc(rows, func(row int) bool { return !math.IsInf(p.exact[row], 1) })
	p.known += len(rows)
	scorer := c.exactScorer.Scorer(p.leaf.scheme)
	return layer.Parallel(ctx, len(rows), 16, func(lo, hi int) {
		for _, row := range rows[lo:hi] {
			p.exact[row] = scorer.Uncached(row)
		}
	})
}

// exactRank returns the rank of a candidate in a part, from 1. The rank counts the rows that are
// certainly ahead, and the uncertain rows whose canonical score is. The candidate's own canonical
// score is known. exactRank reports false when more rows than maxRescored would have to be scored.
func (c *certifier) exactRank(ctx context.Context, p *intervalPart, row int) (int, bool, error) {
	self := Hit{row, p.exact[row]}
	first, last := p.ranks(self.Score)
	least := self.Score - p.width
	near := make([]int, 0, last-first+1)
	unknown := 0
	for _, o := range p.order[first-1:] {
		if float64(o.Score) < least {
			break
		}
		if at := int(o.Row); float64(p.upper[at]) >= self.Score {
			near = append(near, at)
			if math.IsInf(p.exact[at], 1) {
				unknown++
			}
		}
	}
	if p.known+unknown > c.maxRescored() {
		return 0, false, nil
	}
	if err := c.score(ctx, p, slices.Clone(near)); err != nil {
		return 0, false, err
	}
	rank := first
	for _, at := range near {
		if Better(Hit{at, p.exact[at]}, self) < 0 {
			rank++
		}
	}
	return rank, true, nil
}
