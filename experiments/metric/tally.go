package metric

import (
	"strata/engine/items"
	"strata/engine/rank"
)

// unknownGain is the gain of a hit with an unknown value.
const unknownGain = -1

// Tally counts the hits of one ranking under one label, in one pass. All metrics are computed from
// its counts.
type Tally struct {
	log2 []float64 // by rank: log2(rank+1); nil: gains are not summed, nDCG has no value
	cuts []atCut   // by cut-off, ascending; the last entry is the whole ranking
	r    int

	first     int     // rank of the first hit; 0 if there is none
	hitsAtR   int     // among the first R
	sumAtR    float64 // S of the first R
	trapezoid float64 // Σ of the mean precision before and at each hit

	ideal []float64 // scratch: by rank, Σ of the largest gains over their logarithms

	gains                []int8 // of the ranking that was counted, which graded metrics read
	levels               []int  // of SetGrades
	largest, nonrelevant int
	perfect              []int8 // scratch
}

// atCut holds the counts at a cut-off.
type atCut struct {
	k     int // 0: the whole ranking
	hits  int
	known int     // number of hits with a known value
	sum   float64 // S, the sum over the hits of the precision at their rank
	gain  float64 // Σ gain/log2(rank+1), in the order of ranks
}

// NewTally returns a Tally with the cut-offs ks, ascending. log2 is a table of discounts as deep as
// the rankings. It is nil if nDCG is not needed.
func NewTally(ks []int, log2 []float64) *Tally {
	t := &Tally{log2: log2}
	for _, k := range ks {
		t.cuts = append(t.cuts, atCut{k: k})
	}
	t.cuts = append(t.cuts, atCut{})
	return t
}

// Count counts a ranking by its gains, as Gains returns them: unknownGain, 0, or at least 1 for a
// hit. r is the number of relevant candidates. Graded metrics read gains again.
func (t *Tally) Count(gains []int8, r int) {
	t.r, t.first, t.hitsAtR, t.sumAtR, t.trapezoid = r, 0, 0, 0, 0
	t.gains = gains
	at, now := 0, atCut{}
	for i, gain := range gains {
		rank := i + 1
		if gain != unknownGain {
			now.known++
		}
		if gain > 0 {
			t.hit(&now, rank, int(gain))
		}
		if rank == r {
			t.hitsAtR, t.sumAtR = now.hits, now.sum
		}
		for ; t.cuts[at].k == rank; at++ {
			now.k = rank
			t.cuts[at] = now
		}
	}
	if len(gains) < r { // fewer candidates have a score than are relevant
		t.hitsAtR, t.sumAtR = now.hits, now.sum
	}
	for ; at < len(t.cuts); at++ {
		now.k = t.cuts[at].k
		t.cuts[at] = now
	}
}

// hit counts a hit. The sums are those of trec_eval's m_map.c and m_ndcg_cut.c, in the same order.
// The trapezoid is compute_ap of revisitop's evaluate.py, without its last factor, 1/R.
func (t *Tally) hit(now *atCut, rank, gain int) {
	before := 1.0
	if rank > 1 {
		before = float64(now.hits) / float64(rank-1)
	}
	if now.hits++; now.hits == 1 {
		t.first = rank
	}
	precision := float64(now.hits) / float64(rank)
	now.sum += precision
	if t.log2 != nil {
		now.gain += float64(gain) / t.log2[rank]
	}
	t.trapezoid += (before + precision) / 2
}

// at returns the counts at a cut-off; 0 is the whole ranking.
func (t *Tally) at(k int) *atCut {
	for i := range t.cuts {
		if t.cuts[i].k == k {
			return &t.cuts[i]
		}
	}
	panic("experiments: a tally has no such cut-off")
}

// SetIdeal sets the ideal gains of a query. levels[d] candidates have a gain above d. The sums
// reach to rank ranks.
func (t *Tally) SetIdeal(levels []int, ranks int) {
	t.ideal = append(t.ideal[:0], 0)
	var sum float64
	for d := len(levels) - 1; d >= 0; d-- {
		for len(t.ideal) <= min(levels[d], ranks) {
			sum += float64(d+1) / t.log2[len(t.ideal)]
			t.ideal = append(t.ideal, sum)
		}
	}
}

// idealAt returns the largest possible gain at a cut-off; 0 is the whole ranking.
func (t *Tally) idealAt(k int) float64 {
	if k > 0 && k < len(t.ideal) {
		return t.ideal[k]
	}
	return t.ideal[len(t.ideal)-1]
}

// Hits returns the number of hits of the whole ranking.
func (t *Tally) Hits() int { return t.at(0).hits }

// Value returns a metric of the ranking. A count is not divided by the metric's unit.
func (t *Tally) Value(m Metric) float64 {
	if m.Graded() {
		return t.valueOf(m, t.gains)
	}
	c, r := t.at(m.K), float64(t.r)
	switch m.Kind {
	case Precision:
		return float64(c.hits)
	case JudgedShare:
		return float64(c.known)
	case Success:
		return float64(min(c.hits, 1))
	case CappedPrecision:
		return float64(c.hits) / float64(min(m.K, t.r))
	case Recall:
		return float64(c.hits) / r
	case AveragePrecision:
		return c.sum / r
	case AveragePrecisionHits:
		return c.sum / float64(max(c.hits, 1))
	case AveragePrecisionMin:
		return c.sum / float64(min(m.K, t.r))
	case ReciprocalRank:
		if t.first == 0 || m.K > 0 && t.first > m.K {
			return 0
		}
		return 1 / float64(t.first)
	case NDCG:
		return c.gain / t.idealAt(m.K)
	case RPrecision:
		return float64(t.hitsAtR) / r
	case AveragePrecisionAtR:
		return t.sumAtR / r
	case AveragePrecisionTrapezoid:
		return t.trapezoid / r
	}
	panic("experiments: a metric has no value")
}

// Gains sets dst to the gains of a ranking of the query in row q. A hit without a score counts as a
// hit with an unknown value, and so does one that judgements do not judge.
func Gains(dst []int8, relevance *items.Relevance, q int, hits []rank.Hit) []int8 {
	dst = dst[:0]
	for _, h := range hits {
		gain := int8(unknownGain)
		if h.Scored() {
			if g, known := relevance.Gain(q, h.Row); known {
				gain = int8(min(g, MaxGain))
			}
		}
		dst = append(dst, gain)
	}
	return dst
}

// MaxGain is the largest gain: larger levels count as MaxGain.
const MaxGain = 1<<7 - 1
