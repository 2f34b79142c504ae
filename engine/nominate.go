package engine

import (
	"math"
	"slices"

	"strata/engine/kernel"
)

// nominate.go holds the rows of one query that may be in the top k of a leaf.

// nominee is a row with its float32 score.
type nominee struct {
	row   int32
	score float32
}

// contender is a nominee whose canonical score is at most upper.
type contender struct {
	nominee
	upper float32
}

// nominated collects every row that may be in the top k. A row is offered with a
// float32 score and a bound on its difference from the canonical one. k rows have
// canonical scores that are not under the k-th best lower end, score − bound; so
// a row of the exact top k has a canonical score, and an upper end, score + bound,
// of at least that: it is here.
type nominated struct {
	k     int
	rows  []contender
	best  []float32 // the k best lower ends, a heap whose root is the least
	min   float32   // a row whose upper end is under it is not nominated
	limit int       // at so many rows those under min are dropped
	most  int       // so many are kept; with more the query is crowded

	// Too many rows to collect: their products cost more one by one than those of
	// all rows in one scan, or they take more memory than there is. A gallery of
	// equal rows is an example. None are collected then.
	crowded bool
}

// nomineeRoom returns the number of rows at which those under the threshold are
// dropped first: enough beyond the k best that this is seldom.
func nomineeRoom(k int) int { return 2*k + 320 }

// reset empties n for a query of a gallery of the given number of rows. At least
// nomineeRoom(k) rows are kept, and up to most.
func (n *nominated) reset(k, rows, most int) {
	n.k = k
	n.rows, n.best = n.rows[:0], n.best[:0]
	n.min = float32(math.Inf(-1))
	n.limit = nomineeRoom(k)
	n.most = max(n.limit, most)
	n.crowded = false
	switch {
	case k == 0:
		n.min = float32(math.Inf(1))
	case k > rows/4:
		n.crowd()
	}
}

// crowd gives the query up.
func (n *nominated) crowd() {
	n.crowded = true
	n.rows = n.rows[:0]
	n.min = float32(math.Inf(1))
}

// offer takes the scores of the rows from lo on, of which those in excluded, and
// those that are not among the candidates, do not count. bounds holds the bound
// of every nominateChunk scores, or one for all. It returns the scratch slice
// above, which may have grown.
func (n *nominated) offer(scores []float32, bounds []float64, lo int, among *Candidates, excluded, above []int32) []int32 {
	loosest := slices.Max(bounds)
	for from := 0; from < len(scores); {
		to := len(scores)
		if math.IsInf(float64(n.min), -1) {
			to = min(from+nominateChunk, to)
		}
		above = kernel.Above(above[:0], scores[from:to], down32(float64(n.min)-loosest))
		for _, at := range above {
			i := from + int(at)
			bound := bounds[0]
			if len(bounds) > 1 {
				bound = bounds[i/nominateChunk]
			}
			row := lo + i
			if scores[i] < down32(float64(n.min)-bound) || !among.Has(row) {
				continue
			}
			if _, is := slices.BinarySearch(excluded, int32(row)); is {
				continue
			}
			n.add(nominee{int32(row), scores[i]}, bound)
		}
		from = to
	}
	return above
}

// add takes a candidate.
func (n *nominated) add(c nominee, bound float64) {
	n.rows = append(n.rows, contender{c, up32(float64(c.score) + bound)})
	n.raise(down32(float64(c.score) - bound))
	if len(n.rows) < n.limit {
		return
	}
	n.prune()
	n.limit = min(max(n.limit, 2*len(n.rows)), n.most)
	if len(n.rows) >= n.limit {
		n.crowd()
	}
}

// raise takes a candidate's lower end.
func (n *nominated) raise(lower float32) {
	switch {
	case len(n.best) < n.k:
		n.best = append(n.best, lower)
		if len(n.best) < n.k {
			return
		}
		slices.Sort(n.best) // an ascending slice is a heap
	case n.k > 0 && lower > n.best[0]:
		n.replace(lower)
	default:
		return
	}
	n.min = max(n.min, n.best[0])
}

// merge adds the rows of another collection for the same ranking.
func (n *nominated) merge(o *nominated) {
	if n.crowded = n.crowded || o.crowded; n.crowded {
		n.crowd()
		return
	}
	n.rows = append(n.rows, o.rows...)
	for _, lower := range o.best {
		n.raise(lower)
	}
}

// tighten replaces the bounds of chunks by those of rows, and drops the rows that
// cannot be in the top k by these.
func (n *nominated) tighten(bound func(row int) float64) {
	n.prune()
	n.best = n.best[:0]
	for i := range n.rows {
		c := &n.rows[i]
		b := bound(int(c.row))
		c.upper = up32(float64(c.score) + b)
		n.raise(down32(float64(c.score) - b))
	}
	n.prune()
}

// replace puts a score in the place of the least of the best.
func (n *nominated) replace(s float32) {
	i := 0
	for {
		c := 2*i + 1
		if c >= len(n.best) {
			break
		}
		if c+1 < len(n.best) && n.best[c+1] < n.best[c] {
			c++
		}
		if n.best[c] >= s {
			break
		}
		n.best[i] = n.best[c]
		i = c
	}
	n.best[i] = s
}

// prune drops the rows under the threshold.
func (n *nominated) prune() {
	n.rows = slices.DeleteFunc(n.rows, func(c contender) bool { return c.upper < n.min })
}
