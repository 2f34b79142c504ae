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

// nominated collects every row whose float32 score is within twice the bound of
// the k-th best float32 score so far. If each score is within the bound of the
// canonical one, the k rows with the best float32 scores have canonical scores
// of at least kth − bound, so a row of the exact top k has a canonical score of
// at least that, and a float32 score of at least kth − 2·bound: it is here.
type nominated struct {
	k     int
	bound float64
	rows  []nominee
	best  []float32 // the k best scores, a heap whose root is the least
	min   float32   // a score under it is not nominated
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
func (n *nominated) reset(k, rows, most int, bound float64) {
	n.k, n.bound = k, bound
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

// nominateChunk is the number of scores that one threshold is applied to: small,
// so that the threshold rises early in the first block.
const nominateChunk = 128

// offer takes the scores of the rows from lo on, of which those in left, and
// those that are not among the candidates, do not count. It returns the scratch
// slice above, which may have grown.
func (n *nominated) offer(scores []float32, lo int, among *Candidates, left, above []int32) []int32 {
	for from := 0; from < len(scores); from += nominateChunk {
		chunk := scores[from:min(from+nominateChunk, len(scores))]
		above = kernel.Above(above[:0], chunk, n.min)
		for _, at := range above {
			row := lo + from + int(at)
			if chunk[at] < n.min || !among.has(row) {
				continue
			}
			if _, is := slices.BinarySearch(left, int32(row)); is {
				continue
			}
			n.add(nominee{int32(row), chunk[at]})
		}
	}
	return above
}

func (n *nominated) add(c nominee) {
	n.rows = append(n.rows, c)
	switch {
	case len(n.best) < n.k:
		n.best = append(n.best, c.score)
		if len(n.best) == n.k {
			slices.Sort(n.best) // an ascending slice is a heap
			n.raise()
		}
	case n.k > 0 && c.score > n.best[0]:
		n.replace(c.score)
		n.raise()
	}
	if len(n.rows) < n.limit {
		return
	}
	n.prune()
	n.limit = min(max(n.limit, 2*len(n.rows)), n.most)
	if len(n.rows) >= n.limit {
		n.crowd()
	}
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

// raise sets the least score that is nominated, rounded down.
func (n *nominated) raise() {
	n.min = down32(float64(n.best[0]) - 2*n.bound)
}

// down32 returns the largest float32 that is not above x.
func down32(x float64) float32 {
	f := float32(x)
	if float64(f) > x {
		f = math.Nextafter32(f, float32(math.Inf(-1)))
	}
	return f
}

// prune drops the rows under the threshold.
func (n *nominated) prune() {
	n.rows = slices.DeleteFunc(n.rows, func(c nominee) bool { return c.score < n.min })
}
