package rank

import (
	"math"

	"strata/engine/items"
	"strata/engine/layer"
)

// maxDoubt is the largest number of uncertain pairs, per row of the gallery, that fuse resolves one
// by one. Beyond it, sorting canonical scores costs about as much.
const maxDoubt = 8

// fuser is the scratch of one goroutine for rank fusion.
type fuser struct {
	recip []float64 // by rank, from 0: 1/(60+rank)
	parts []fusedPart
	upper []float64 // by row: Σ 1/(60+rank) at the best rank that the bounds allow; NaN without a score
	lower []float64 // at the worst
	doubt []int     // by row: the number of rows whose order relative to it is uncertain, over all parts
	swap  []Nominee
}

// fusedPart is one part of an rrf for one query: its candidates, by descending float32 score.
type fusedPart struct {
	leaf  *leaf
	order []Nominee
	at    []int32 // by row: its place in order, or -1
}

// fuse returns the exact top k of an rrf over leaves whose float32 scores are kept. It reports
// false when more rows are uncertain than rescoring pays for, as in a gallery of equal rows.
//
// The rank of a row in a part is uncertain only among the rows whose float32 scores lie within
// twice the bound of its own. That gives an interval of the fused score. Rows whose upper end
// reaches the k-th best lower end get their exact ranks: the uncertain rows about them are scored
// canonically.
func (w *BatchWorker) fuse(q int, leaves []int, k int) ([]Hit, bool) {
	n := w.G.Len()
	f := &w.fuser
	if len(f.upper) != n {
		f.upper, f.lower = make([]float64, n), make([]float64, n)
		f.doubt, f.recip = make([]int, n), make([]float64, n+1)
		for rank := range f.recip {
			f.recip[rank] = Reciprocal(rank)
		}
	}
	clear(f.upper)
	clear(f.lower)
	clear(f.doubt)
	for len(f.parts) < len(leaves) {
		f.parts = append(f.parts, fusedPart{})
	}
	parts := f.parts[:len(leaves)]
	for i, leaf := range leaves {
		parts[i].leaf = &w.Leaves[leaf]
		parts[i].sort(w.kept[leaf][q*n:(q+1)*n], w.Among, w.excluded[q], &f.swap)
		parts[i].intervals(f)
	}
	bounds := NewTop(k)
	for row, s := range f.lower {
		if s >= bounds.bound {
			bounds.Offer(Hit{row, s})
		}
	}
	// A sum of a few reciprocals is exact to 10⁻¹⁵.
	least, doubt := bounds.bound-layer.ScoreSlack, 0
	for row, s := range f.upper {
		if s >= least {
			doubt += f.doubt[row]
		}
	}
	if doubt > maxDoubt*n {
		return nil, false
	}
	best := NewTop(k)
	for row, s := range f.upper {
		if s >= least {
			if s = w.fusedScore(parts, row); !math.IsNaN(s) {
				best.Offer(Hit{row, s})
			}
		}
	}
	return best.Sorted(), true
}

// sort orders the candidates that have a score, best first, equal scores by row. excluded holds
// rows that are not candidates, ascending.
func (p *fusedPart) sort(scores []float32, among *items.Candidates, excluded []int32, swap *[]Nominee) {
	p.order = p.order[:0]
	if len(p.at) != len(scores) {
		p.at = make([]int32, len(scores))
	}
	for row, s := range scores {
		p.at[row] = -1
		if len(excluded) > 0 && int(excluded[0]) == row {
			excluded = excluded[1:]
			continue
		}
		if s == s && among.Has(row) { // false for NaN
			p.order = append(p.order, Nominee{int32(row), s})
		}
	}
	SortNominees(p.order, swap)
	for i, c := range p.order {
		p.at[c.Row] = int32(i)
	}
}

// SortNominees sorts by descending score, stably. It is a radix sort over the 32 bits of the
// scores, in three passes.
func SortNominees(a []Nominee, swap *[]Nominee) {
	if len(*swap) < len(a) {
		*swap = make([]Nominee, len(a))
	}
	b := (*swap)[:len(a)]
	for _, shift := range []int{0, 11, 22} {
		var count [2049]int
		for _, c := range a {
			count[1+descending(c.Score)>>shift&2047]++
		}
		for i := 1; i < len(count); i++ {
			count[i] += count[i-1]
		}
		for _, c := range a {
			at := &count[descending(c.Score)>>shift&2047]
			b[*at] = c
			*at++
		}
		a, b = b, a
	}
	copy(b, a) // the third pass ends in the scratch
}

// descending maps a score to bits that ascend as the score descends. +0 and -0 map to the same
// bits.
func descending(s float32) uint32 {
	bits := math.Float32bits(s + 0)
	if bits>>31 == 0 {
		return ^(bits | 1<<31)
	}
	return bits
}

// intervals adds the interval of every row's reciprocal rank to those of f. It adds NaN for rows
// outside the order.
func (p *fusedPart) intervals(f *fuser) {
	upper, lower := f.upper, f.lower
	width := 2 * p.leaf.Bound
	first, last := 0, 0 // the rows that may stand before or behind row i: first to last-1
	for _, c := range p.order {
		s := float64(c.Score)
		for float64(p.order[first].Score) > s+width {
			first++
		}
		for last < len(p.order) && float64(p.order[last].Score) >= s-width {
			last++
		}
		upper[c.Row] += f.recip[first+1]
		lower[c.Row] += f.recip[last]
		f.doubt[c.Row] += last - first
	}
	for row, at := range p.at {
		if at < 0 {
			upper[row], lower[row] = math.NaN(), math.NaN()
		}
	}
}

// fusedScore returns the exact fused score of a row. The row has a score in every part.
func (w *BatchWorker) fusedScore(parts []fusedPart, row int) float64 {
	var fused float64
	for _, p := range parts {
		if p.at[row] < 0 {
			return math.NaN()
		}
		fused += w.fuser.recip[w.exactRank(p, row)]
	}
	return fused
}

// exactRank returns the row's rank among the candidates of a part, from 1. The rank counts the rows
// that are certainly ahead, and the uncertain rows whose canonical score is.
func (w *BatchWorker) exactRank(p fusedPart, row int) int {
	place := int(p.at[row])
	width := 2 * p.leaf.Bound
	s := float64(p.order[place].Score)
	scorer := &w.scorers[p.leaf.place]
	self := Hit{row, scorer.Score(row)}
	first := place
	rank := 1
	for first > 0 && float64(p.order[first-1].Score) <= s+width {
		first--
	}
	rank += first
	for i := first; i < len(p.order) && float64(p.order[i].Score) >= s-width; i++ {
		if i == place {
			continue
		}
		other := int(p.order[i].Row)
		if Better(Hit{other, scorer.Score(other)}, self) < 0 {
			rank++
		}
	}
	return rank
}
