package rank

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"strata/engine/code"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// certify.go ranks for one query from columns of approximate cosines with bounded errors. Rows
// whose interval reaches the top k get canonical scores, so the ranking is exact.

// certifier ranks the candidates of one query from approximate columns.
type certifier struct {
	g           Layers
	columns     map[string]*approxColumn
	among       *items.Candidates
	query       int
	exactScorer *Pairs // of the query
}

// maxRescored returns the largest number of rows that are scored one by one. For more rows it is
// cheaper to read 8-bit codes instead of 4-bit ones, or canonical columns instead of 8-bit codes.
func (f *approxLeaf) maxRescored(rows int) int {
	if slices.ContainsFunc(f.columns, func(c *approxColumn) bool { return c.coarse }) {
		return rows / 16
	}
	return rows / 4
}

// nominate collects the rows that may be in the top k of a leaf. If bare, all bounds are 0, and the
// rows are the k best by approximate score.
func (c *certifier) nominate(ctx context.Context, f *approxLeaf, k int, bare bool) (*Nominated, error) {
	rows := c.g.Len()
	limit := f.maxRescored(rows)
	excluded := c.among.Excluded(c.query)
	var mu sync.Mutex
	var all Nominated
	all.Reset(k, rows, limit)
	trial := TrialOf(ctx)
	trial.squeeze(&all)
	err := layer.Parallel(ctx, rows, 32*rankBlock, func(lo, hi int) {
		var local Nominated
		local.Reset(k, rows, limit)
		trial.squeeze(&local)
		mu.Lock()
		local.min = max(local.min, all.min)
		mu.Unlock()
		var scores [rankBlock]float32
		var bounds [rankBlock / layer.CodeSpan]float64
		var above []int32
		for ; lo < hi; lo += rankBlock {
			scores := scores[:min(rankBlock, hi-lo)]
			bounds := bounds[:(len(scores)+layer.CodeSpan-1)/layer.CodeSpan]
			f.scores(scores, bounds, lo)
			if bare {
				clear(bounds)
			}
			above = local.Offer(scores, bounds, lo, c.among, excluded, above)
		}
		mu.Lock()
		defer mu.Unlock()
		all.merge(&local)
	})
	return &all, err
}

// rank returns the top k of a sum or a concatenation. It reports false when the top k may hold more
// rows than maxRescored.
func (c *certifier) rank(ctx context.Context, scheme scheme.Scheme, k int) (hits []Hit, rescored int, certain bool, err error) {
	f := newApproxLeaf(scheme, c.columns)
	n, err := c.nominate(ctx, f, k, false)
	if err != nil || n.Crowded {
		return nil, 0, false, err
	}
	n.tighten(f.bound)
	if err := c.exactScorer.Fill(ctx, scheme, n.Rows); err != nil {
		return nil, 0, false, err
	}
	best, scorer := NewTop(k), c.exactScorer.Scorer(scheme)
	for _, r := range n.Rows {
		if s := scorer.Score(int(r.Row)); !math.IsNaN(s) {
			best.Offer(Hit{int(r.Row), s})
		}
	}
	return best.Sorted(), len(n.Rows), true, nil
}

// approximate returns the k best of a sum or a concatenation by approximate scores.
func (c *certifier) approximate(ctx context.Context, scheme scheme.Scheme, k int) ([]Hit, bool, error) {
	f := newApproxLeaf(scheme, c.columns)
	n, err := c.nominate(ctx, f, k, true)
	if err != nil || n.Crowded {
		return nil, false, err
	}
	best := NewTop(k)
	for _, r := range n.Rows {
		best.Offer(Hit{int(r.Row), float64(r.Score)})
	}
	return best.Sorted(), true, nil
}

// certified ranks a scheme for a query from codes. It reports false when it cannot: the layers have
// no codes, or the codes do not separate enough rows.
func (s *Searcher) certified(ctx context.Context, q Asked, sc scheme.Scheme, k int, among *items.Candidates, approximate bool) (Ranking, bool, error) {
	out := Ranking{Scheme: sc, Candidates: among.Count(q.Row), Coded: true}
	if !s.codable(q, sc, out.Candidates, k) || approximate && sc.Kind == scheme.RRF {
		return out, false, nil
	}
	e := s.entry(q.key())
	k = min(k, out.Candidates)
	stale := code.ErrStale{}
	for _, coarse := range []bool{true, false} {
		if coarse && sc.Kind == scheme.RRF {
			continue // its intervals of ranks need the narrow bounds
		}
		columns, err := s.approxColumns(ctx, q, sc.Factors(), coarse)
		if errors.As(err, &stale) { // these codes are not used again
			return out, false, nil
		}
		if err != nil {
			return out, false, err
		}
		c := certifier{g: s.g, columns: columns, among: among, query: q.Row}
		certain, err := e.top(ctx, c, sc, k, approximate, &out)
		if err != nil {
			return out, false, err
		}
		way := CodesFailed
		switch {
		case certain && coarse:
			way = ByCoarse
		case certain:
			way = ByFine
		}
		TrialOf(ctx).Count(way, 1)
		if certain {
			return out, true, nil
		}
	}
	return out, false, nil
}

// top is certifier.top with the products that are kept for the query.
func (e *queryColumns) top(ctx context.Context, c certifier, scheme scheme.Scheme, k int, approximate bool, out *Ranking) (bool, error) {
	e.scorerMu.Lock()
	defer e.scorerMu.Unlock() // deferred: a fault panics
	e.prepare(c.columns)
	c.exactScorer = e.exactScorer
	return c.top(ctx, scheme, k, approximate, out)
}

// top sets at most k hits of a ranking. It reports false when it cannot rank from approximate
// columns.
func (c *certifier) top(ctx context.Context, s scheme.Scheme, k int, approximate bool, out *Ranking) (certain bool, err error) {
	switch {
	case approximate:
		out.Approximate = true
		out.Hits, certain, err = c.approximate(ctx, s, k)
	case s.Kind == scheme.RRF:
		out.Hits, out.Rescored, certain, err = c.fuse(ctx, s, k)
	default:
		out.Hits, out.Rescored, certain, err = c.rank(ctx, s, k)
	}
	if err == nil && certain && len(out.Hits) < k {
		r := Ranker{G: c.g, Among: c.among, Query: c.query}
		r.Fill(out, k)
	}
	return certain, err
}

// codable reports whether the scheme can be ranked from codes, and whether codes are better than
// the columns that are kept.
func (s *Searcher) codable(q Asked, sc scheme.Scheme, candidates, k int) bool {
	coded := false
	names := sc.Layers()
	for _, name := range names {
		l, err := s.g.Layer(name)
		if err != nil {
			return false
		}
		coded = coded || s.g.CodesOf(l) != nil
		if n := l.Lengths(); l.Type == layer.Float64 && (n == nil || n.Extreme) {
			return false
		}
	}
	if !coded || min(k, candidates) > s.g.Len()/4 || s.exact(q.key(), names) {
		return false
	}
	if sc.Kind != scheme.RRF {
		return Tame(sc)
	}
	for _, part := range sc.Parts {
		if part.Kind == scheme.RRF || !Tame(part) {
			return false
		}
	}
	return true
}

// approxColumns returns approximate columns of the query. It computes the columns that are not
// kept. They may come from 4-bit codes only if coarse.
func (s *Searcher) approxColumns(ctx context.Context, q Asked, factors []scheme.Factor, coarse bool) (map[string]*approxColumn, error) {
	columns := make(map[string]*approxColumn, len(factors))
	for _, f := range factors {
		name := f.String()
		if columns[name] != nil {
			continue
		}
		l, err := s.g.Ready(ctx, f)
		if err != nil {
			return nil, err
		}
		if a := s.keptApprox(q.key(), name); a != nil && (coarse || !a.coarse) {
			columns[name] = a
			continue
		}
		var a *approxColumn
		if codes := s.g.CodesOf(l); codes != nil {
			a, err = ApproxByCodes(ctx, codes, q, coarse)
		} else {
			var exact map[string]*Column
			if exact, err = s.columns(ctx, q, []scheme.Factor{f}); err == nil {
				var part layer.Vector
				part, err = q.whole(ctx, l)
				a = exact[name].rounded(part)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("scanning %s: %w", name, err)
		}
		columns[name] = a
		s.keepApprox(q.key(), a)
	}
	return columns, nil
}

// Fill computes the missing products of the query with the given rows in the scheme's layers, on
// all processors.
func (p *Pairs) Fill(ctx context.Context, scheme scheme.Scheme, rows []Contender) error {
	for _, t := range scheme.Terms {
		if t.Weight == 0 {
			continue
		}
		l := p.Layers[t.Factor.String()]
		rows := l.missing(rows)
		l.products = layer.Grown(l.products, len(rows))
		dots := l.products
		err := layer.Parallel(ctx, len(rows), 16, func(lo, hi int) { l.Dots(dots[lo:hi], rows[lo:hi]) })
		if err != nil {
			return err
		}
		l.keep(rows, dots)
	}
	return nil
}
