package neighbour

import (
	"cmp"
	"math"
	"slices"

	"strata/engine/layer"
	"strata/engine/rank"
)

// fuse.go ranks neighbourhoods under concatenations and rank fusion.

// concatSlack exceeds the difference between the canonical score and a score computed from cosines
// and lengths; the limit of the rows outside is within it, too. layer.ScoreSlack is the rounding of
// either.
const concatSlack = 1e-9

// concat offers the canonical scores of the members that may be among the k best under a
// concatenation. It returns the limit of the rows outside.
//
// The score of a row x is Σ u·v·cos. u = w|q| / √Σw²|q|² and v = w|x| / √Σw²|x|² are vectors of
// length 1 without negative components. No cosine outside exceeds the end t of its list. So, by
// Cauchy and Schwarz, no score exceeds √Σ(u·t)² over the ends above 0, or 0 if there are none.
func (w *neighbourWorker) concat(f *neighbourLeaf, h *Neighbourhood, query int) limit {
	near := layer.Grown(w.sums, len(h.Rows))
	w.sums = near
	factors, length := w.concatFactors(f, query)
	least := w.nearConcat(near, f, h, query, factors, length) - 2*concatSlack
	w.best.reset(w.best.k)
	w.startScorer(query)
	scorer := &w.scorers[f.place]
	for i, s := range near {
		if s >= least && (w.plain || w.candidate(query, int(h.Rows[i]))) {
			if s = scorer.Uncached(int(h.Rows[i])); !math.IsNaN(s) {
				w.best.offer(s, s, h.Rows[i])
			}
		}
	}
	return f.concatLimit(h, factors, length)
}

// concatFactors returns w²|q| by term, and √Σw²|q|².
func (w *neighbourWorker) concatFactors(f *neighbourLeaf, query int) ([]float64, float64) {
	factors := w.fusing.factors[:0]
	var all float64
	for t, l := range f.layers {
		root := l.Lengths().Root[query]
		factors = append(factors, f.weights[t]*f.weights[t]*root)
		all += f.weights[t] * f.weights[t] * root * root
	}
	w.fusing.factors = factors
	return factors, math.Sqrt(all)
}

// nearConcat sets dst to the members' scores, within concatSlack. It returns the k-th best score of
// the candidates, or −Inf if fewer have a score.
func (w *neighbourWorker) nearConcat(dst []float64, f *neighbourLeaf, h *Neighbourhood, query int, factors []float64, length float64) float64 {
	clear(dst)
	squares := layer.Grown(w.fusing.squares, len(dst))
	w.fusing.squares = squares
	clear(squares)
	for t, l := range f.layers {
		column, roots, weight := h.column(f.columns[t]), l.Lengths().Root, f.weights[t]
		for i, row := range h.Rows {
			root := roots[row]
			dst[i] += factors[t] * root * column[i]
			squares[i] += weight * weight * root * root
		}
	}
	for i := range dst {
		dst[i] /= length * math.Sqrt(squares[i])
		if s := dst[i]; s > w.best.sum || s == s && w.best.n < w.best.k {
			if w.plain || w.candidate(query, int(h.Rows[i])) {
				w.best.offer(s, s, h.Rows[i])
			}
		}
	}
	return w.best.sum
}

// concatLimit returns the limit of a concatenation. factors are w²|q|, by term.
func (f *neighbourLeaf) concatLimit(h *Neighbourhood, factors []float64, length float64) limit {
	var square float64
	for t, at := range f.columns {
		b := h.Borders[at]
		if b.whole() {
			return noLimit
		}
		if end := b.Cosine + concatSlack; end > 0 {
			u := factors[t] / f.weights[t] / length
			square += u * u * end * end
		}
	}
	return limit{open: true, score: math.Sqrt(square)*(1+concatSlack) + concatSlack, last: -1}
}

// startScorer sets the query of the exact scorer.
func (w *neighbourWorker) startScorer(query int) {
	if w.scorerQuery != query {
		w.exactScorer.Start(query)
		w.scorerQuery = query
	}
}

// memberFuser is the scratch of one goroutine for rank fusion and concatenations.
type memberFuser struct {
	factors, squares []float64
	scores           []float64 // by member
	upper            []float64 // by member: Σ 1/(60+rank) at the best rank there may be; NaN without a score
	exact            []bool    // by member: whether its rank is known in every part
	order            []int32   // members, best first
}

// fuse offers the members' fused scores. It returns the limit of the rows outside. That limit is 0,
// below all scores, since every known rank precedes the ranks of the rows outside.
//
// All rows before a part's limit are members. So the first of a part's members have the same ranks
// among the candidates as among the members. The other members, and the rows outside, follow them.
// The rank of such a member among the members is its best possible rank, and gives an upper end of
// the fused score. If all ranks are known of the members with the k best upper ends, these members
// are the k best. Otherwise fuse reports false.
func (w *neighbourWorker) fuse(h *Neighbourhood, query int) (limit, bool) {
	f := &w.fusing
	f.upper, f.exact = layer.Grown(f.upper, len(h.Rows)), layer.Grown(f.exact, len(h.Rows))
	clear(f.upper)
	for i := range f.exact {
		f.exact[i] = true
	}
	all := w.outside(h, query) == 0
	out := limit{open: !all, last: -1}
	for i := range w.parts {
		part := &w.parts[i]
		l := w.order(part, h, query)
		if all {
			l = noLimit
		}
		out.open = out.open && l.open
		sure := 0 // of the first in order, whose ranks are known
		for sure < len(f.order) && l.behind(f.scores[f.order[sure]], h.Rows[f.order[sure]]) {
			sure++
		}
		for r, member := range f.order {
			f.upper[member] += rank.Reciprocal(r + 1)
			f.exact[member] = f.exact[member] && r < sure
		}
	}
	for member, s := range f.upper {
		if s > w.best.sum || s == s && w.best.n < w.best.k {
			w.best.offer(s, s, h.Rows[member])
		}
	}
	for _, row := range w.best.rows[:w.best.n] {
		if member, _ := slices.BinarySearch(h.Rows, row); !f.exact[member] {
			return out, false
		}
	}
	return out, true
}

// order sets the fuser's scores under a part. It sets the fuser's order to the candidates that have
// a score; for the other members it sets upper to NaN. It returns the part's limit.
func (w *neighbourWorker) order(part *neighbourLeaf, h *Neighbourhood, query int) limit {
	f := &w.fusing
	f.scores = layer.Grown(f.scores, len(h.Rows))
	var l limit
	if part.layers == nil {
		part.sums(f.scores, h)
		for i, u := range f.scores {
			f.scores[i] = (u + 0) / part.total
		}
		l = part.limit(h)
	} else {
		w.startScorer(query)
		scorer := &w.scorers[part.place]
		for i, row := range h.Rows {
			f.scores[i] = scorer.Uncached(int(row))
		}
		factors, length := w.concatFactors(part, query)
		l = part.concatLimit(h, factors, length)
	}
	f.order = f.order[:0]
	for i, s := range f.scores {
		if s != s || !w.plain && !w.candidate(query, int(h.Rows[i])) { // s != s: it is NaN
			f.upper[i] = math.NaN()
			continue
		}
		f.order = append(f.order, int32(i))
	}
	slices.SortFunc(f.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(f.scores[b], f.scores[a]), cmp.Compare(a, b))
	})
	return l
}
