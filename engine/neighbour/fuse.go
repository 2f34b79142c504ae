package neighbour

import (
	"cmp"
	"math"
	"slices"

	"strata/engine/layer"
	"strata/engine/rank"
)

// neighbour_fuse.go ranks neighbourhoods under concatenations and rank fusion.

// concatSlack is more than how far a score that is put together from cosines and
// lengths, or the limit of those outside, is from the canonical one: layer.ScoreSlack is
// the rounding of either.
const concatSlack = 1e-9

// concat offers the canonical scores of those members that may be among the k best
// under a concatenation, and returns the limit of the rows outside.
//
// The score of a row x is Σ u·v·cos, with u = w|q| / √Σw²|q|² and v = w|x| / √Σw²|x|²,
// vectors of length 1 without negative components. No cosine outside exceeds its list's
// end t, so by Cauchy and Schwarz no score exceeds √Σ(u·t)² over the ends above 0; and
// if there are none, 0.
func (w *neighbourWorker) concat(f *neighbourLeaf, h *Neighbourhood, query int) limit {
	near := layer.Grown(w.sums, len(h.Rows))
	w.sums = near
	factors, length := w.concatFactors(f, query)
	least := w.nearConcat(near, f, h, query, factors, length) - 2*concatSlack
	w.best.reset(w.best.k)
	w.startPairs(query)
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

// nearConcat sets dst to the members' scores but for concatSlack, and returns the k-th
// best of the candidates'; −Inf when fewer have one.
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

// concatLimit returns the limit of a concatenation, whose factors are w²|q|.
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

// startPairs makes the query that of the canonical products.
func (w *neighbourWorker) startPairs(query int) {
	if w.paired != query {
		w.pairs.Start(query)
		w.paired = query
	}
}

// memberFuser is the scratch of one goroutine for what is no sum.
type memberFuser struct {
	factors, squares []float64
	scores           []float64 // by member
	upper            []float64 // by member: Σ 1/(60+rank) at the best rank there may be; NaN without a score
	exact            []bool    // by member: that rank is its rank in every part
	order            []int32   // members, best first
}

// fuse offers the members' fused scores, and returns the limit of the rows outside: 0,
// under all scores, since a rank that is known is before those of the rows outside.
// All rows before a part's limit are members, so the first of a part's members have
// the ranks among the candidates that they have among the members. The others, and the
// rows outside, rank behind those; a member at best where it ranks among the members.
// With that rank a fused score is an upper end. If the k best upper ends are those of
// members all of whose ranks are known, then these are the k best; otherwise fuse
// reports false.
func (w *neighbourWorker) fuse(h *Neighbourhood, query int) (limit, bool) {
	f := &w.fusing
	f.upper, f.exact = layer.Grown(f.upper, len(h.Rows)), layer.Grown(f.exact, len(h.Rows))
	clear(f.upper)
	for i := range f.exact {
		f.exact[i] = true
	}
	all := w.outside(h, query) == 0
	out := limit{open: !all, last: -1}
	for i := range w.scheme.parts {
		part := &w.scheme.parts[i]
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

// order sets the fuser's scores, and its order to the candidates that have one, under a
// part; of the others upper becomes NaN. It returns the part's limit.
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
		w.startPairs(query)
		scorer := &w.scorers[part.place]
		for i, row := range h.Rows {
			f.scores[i] = scorer.Uncached(int(row))
		}
		factors, length := w.concatFactors(part, query)
		l = part.concatLimit(h, factors, length)
	}
	f.order = f.order[:0]
	for i, s := range f.scores {
		if s != s || !w.plain && !w.candidate(query, int(h.Rows[i])) { // a NaN is not itself
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
