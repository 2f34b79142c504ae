package rank

import (
	"context"
	"math"
	"slices"
	"sync"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// Hit is one position of a ranking. Score is NaN if the row has no score in the scheme. Such rows
// follow all others, and are never relevant.
type Hit struct {
	Row   int
	Score float64
}

// Scored reports whether the hit has a score.
func (h Hit) Scored() bool { return !math.IsNaN(h.Score) }

// Ranking is the top of the candidates of one query under one scheme. It is exact, unless it is
// Approximate.
type Ranking struct {
	Scheme     scheme.Scheme
	Hits       []Hit // best first; fewer than asked for when there are fewer candidates
	Candidates int

	Coded    bool // found by codes, and by the canonical scores of Rescored rows; otherwise by those of all rows
	Rescored int

	// Approximate says that the scores and the order are those of codes, close to the canonical
	// ones. Only SearchApproximate sets it.
	Approximate bool
}

// Scored reports whether the query has a score.
func (r Ranking) Scored() bool { return len(r.Hits) > 0 && r.Hits[0].Scored() }

// Ranker ranks the candidates of one query from its columns.
type Ranker struct {
	G       Layers // of the gallery
	columns map[string]*Column
	Among   *items.Candidates
	Query   int // by row
}

// rankBlock is the number of rows scored at a time. Their scores and columns fit the first-level
// caches.
const rankBlock = 2048

// rank returns the top k of a scheme.
func (r *Ranker) rank(ctx context.Context, s scheme.Scheme, k int) (Ranking, error) {
	TrialOf(ctx).Count(ByColumns, 1)
	out := Ranking{Scheme: s, Candidates: r.Among.Count(r.Query)}
	k = min(k, out.Candidates)
	var score func(dst []float64, lo int)
	if s.Kind == scheme.RRF {
		all, err := r.fused(ctx, s)
		if err != nil {
			return out, err
		}
		score = func(dst []float64, lo int) { copy(dst, all[lo:]) }
	} else {
		score = r.scores(s)
	}
	var mu sync.Mutex
	best := NewTop(k)
	err := layer.Parallel(ctx, r.G.Len(), 32*rankBlock, func(lo, hi int) {
		local := NewTop(min(k, hi-lo))
		var buf [rankBlock]float64
		for ; lo < hi; lo += rankBlock {
			scores := buf[:min(rankBlock, hi-lo)]
			score(scores, lo)
			r.offer(&local, scores, lo)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, h := range local.hits {
			best.Offer(h)
		}
	})
	if err != nil {
		return out, err
	}
	out.Hits = best.Sorted()
	if len(out.Hits) < k {
		r.Fill(&out, k)
	}
	return out, nil
}

// scores returns a function that sets dst to the scores of the rows from lo on, under a sum or a
// concatenation.
func (r *Ranker) scores(s scheme.Scheme) func(dst []float64, lo int) {
	f := newFormula(s)
	columns := make([]*Column, len(f.names))
	for t, name := range f.names {
		c := r.columns[name]
		columns[t], f.biases[t] = c, newBias(c.layer, f.terms[t], c.row, c.query)
	}
	return func(dst []float64, lo int) { f.block(dst, columns, lo) }
}

// offer adds the candidates with a score among the rows lo to lo+len(scores).
func (r *Ranker) offer(t *top, scores []float64, lo int) {
	excluded := r.Among.Excluded(r.Query)
	for i, s := range scores {
		if !(s >= t.bound) { // true for NaN, too
			continue
		}
		row := lo + i
		if !r.Among.Has(row) {
			continue
		}
		if _, is := slices.BinarySearch(excluded, int32(row)); is {
			continue
		}
		t.Offer(Hit{row, s})
	}
}

// Fill appends candidates without a score, by row, up to k hits.
func (r *Ranker) Fill(out *Ranking, k int) {
	ranked := map[int]bool{}
	for _, h := range out.Hits {
		ranked[h.Row] = true
	}
	excluded := r.Among.Excluded(r.Query)
	for row := 0; row < r.G.Len() && len(out.Hits) < k; row++ {
		if _, is := slices.BinarySearch(excluded, int32(row)); is || ranked[row] || !r.Among.Has(row) {
			continue
		}
		out.Hits = append(out.Hits, Hit{row, math.NaN()})
	}
}

// fused returns Σ 1/(60+rank) over the full rankings of the scheme's parts, by row. It is NaN for a
// row that is no candidate, or that has no score in a part.
func (r *Ranker) fused(ctx context.Context, scheme scheme.Scheme) ([]float64, error) {
	n := r.G.Len()
	fused := make([]float64, n)
	for _, part := range scheme.Parts {
		order, err := r.order(ctx, part)
		if err != nil {
			return nil, err
		}
		ranked := make([]bool, n)
		for i, h := range order {
			ranked[h.Row] = true
			fused[h.Row] += Reciprocal(i + 1)
			if !h.Scored() {
				fused[h.Row] = math.NaN()
			}
		}
		for row, is := range ranked {
			if !is {
				fused[row] = math.NaN()
			}
		}
	}
	return fused, nil
}

// order returns all candidates, best first.
func (r *Ranker) order(ctx context.Context, sc scheme.Scheme) ([]Hit, error) {
	n := r.G.Len()
	scores := make([]float64, n)
	if sc.Kind == scheme.RRF {
		all, err := r.fused(ctx, sc)
		if err != nil {
			return nil, err
		}
		scores = all
	} else {
		score := r.scores(sc)
		err := layer.Parallel(ctx, n, 32*rankBlock, func(lo, hi int) {
			for ; lo < hi; lo += rankBlock {
				score(scores[lo:min(lo+rankBlock, hi)], lo)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	excluded := r.Among.Excluded(r.Query)
	hits := make([]Hit, 0, n)
	for row, s := range scores {
		if !r.Among.Has(row) {
			continue
		}
		if _, is := slices.BinarySearch(excluded, int32(row)); !is {
			hits = append(hits, Hit{row, s})
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	slices.SortFunc(hits, Better)
	return hits, nil
}

// top keeps the k best of the hits that are offered. It is a heap whose root is the worst.
type top struct {
	k     int
	hits  []Hit
	bound float64 // a score under it cannot enter
}

// NewTop returns an empty top of k hits.
func NewTop(k int) top {
	if k == 0 {
		return top{bound: math.Inf(1)}
	}
	return top{k: k, hits: make([]Hit, 0, k), bound: math.Inf(-1)}
}

// Offer adds a hit that has a score.
func (t *top) Offer(h Hit) {
	switch {
	case len(t.hits) < t.k:
		t.hits = append(t.hits, h)
		t.up(len(t.hits) - 1)
	case t.k > 0 && Better(h, t.hits[0]) < 0:
		t.hits[0] = h
		t.down(0)
	}
	if len(t.hits) == t.k && t.k > 0 {
		t.bound = t.hits[0].Score
	}
}

func (t *top) up(i int) {
	for i > 0 {
		p := (i - 1) / 2
		if Better(t.hits[i], t.hits[p]) <= 0 {
			return
		}
		t.hits[i], t.hits[p] = t.hits[p], t.hits[i]
		i = p
	}
}

func (t *top) down(i int) {
	for {
		worst := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(t.hits); c++ {
			if Better(t.hits[c], t.hits[worst]) > 0 {
				worst = c
			}
		}
		if worst == i {
			return
		}
		t.hits[i], t.hits[worst] = t.hits[worst], t.hits[i]
		i = worst
	}
}

// Sorted returns the hits best first.
func (t *top) Sorted() []Hit {
	slices.SortFunc(t.hits, Better)
	return t.hits
}
