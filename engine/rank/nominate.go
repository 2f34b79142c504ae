package rank

import (
	"math"
	"slices"

	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/layer"
)

// nominate.go holds the rows of one query that may be in the top k of a leaf.

// Nominee is a row with its float32 score.
type Nominee struct {
	Row   int32
	Score float32
}

// Contender is a nominee with an upper bound of its canonical score.
type Contender struct {
	Nominee
	upper float32
}

// Nominated collects every row that may be in the top k. A row is offered with a float32 score and
// a bound on its difference from the canonical score. Its lower end is score − bound, its upper end
// score + bound.
//
// At least k rows have a canonical score of at least the k-th best lower end. So a row of the exact
// top k has a canonical score, and hence an upper end, of at least that: it is collected.
type Nominated struct {
	k           int
	Rows        []Contender
	best        []float32 // the k best lower ends, a heap whose root is the least
	min         float32   // the threshold: a row with a lower upper end is not nominated
	limit       int       // at this number of rows, those under min are dropped
	maxRescored int       // the largest number of rows kept; with more, the query is crowded

	// Crowded says that there are too many rows to collect, as in a gallery of equal rows: scoring
	// them one by one costs more than one scan of all rows, or they need more memory than allowed.
	// No row is collected then.
	Crowded bool
}

// NomineeRoom returns the number of rows at which the rows under the threshold are dropped first.
// It leaves enough room beyond the k best to make this rare.
func NomineeRoom(k int) int { return 2*k + 320 }

// Reset empties n for a query of a gallery with the given number of rows. n keeps at least
// NomineeRoom(k) rows, and up to maxRescored.
func (n *Nominated) Reset(k, rows, maxRescored int) {
	n.k = k
	n.Rows, n.best = n.Rows[:0], n.best[:0]
	n.min = float32(math.Inf(-1))
	n.limit = NomineeRoom(k)
	n.maxRescored = max(n.limit, maxRescored)
	n.Crowded = false
	switch {
	case k == 0:
		n.min = float32(math.Inf(1))
	case k > rows/4:
		n.crowd()
	}
}

// crowd marks the query as crowded and drops its rows.
func (n *Nominated) crowd() {
	n.Crowded = true
	n.Rows = n.Rows[:0]
	n.min = float32(math.Inf(1))
}

// Offer takes the scores of the rows from lo on. Rows in excluded and rows that are not among the
// candidates are ignored. bounds holds the bound of every layer.NominateChunk scores, or one for
// all. Offer returns the scratch slice above, which may have grown.
func (n *Nominated) Offer(scores []float32, bounds []float64, lo int, among *items.Candidates, excluded, above []int32) []int32 {
	loosest := slices.Max(bounds)
	for from := 0; from < len(scores); {
		to := len(scores)
		if math.IsInf(float64(n.min), -1) {
			to = min(from+layer.NominateChunk, to)
		}
		above = kernel.Above(above[:0], scores[from:to], layer.Down32(float64(n.min)-loosest))
		for _, at := range above {
			i := from + int(at)
			bound := bounds[0]
			if len(bounds) > 1 {
				bound = bounds[i/layer.NominateChunk]
			}
			row := lo + i
			if scores[i] < layer.Down32(float64(n.min)-bound) || !among.Has(row) {
				continue
			}
			if _, is := slices.BinarySearch(excluded, int32(row)); is {
				continue
			}
			n.add(Nominee{int32(row), scores[i]}, bound)
		}
		from = to
	}
	return above
}

// add adds a candidate.
func (n *Nominated) add(c Nominee, bound float64) {
	n.Rows = append(n.Rows, Contender{c, layer.Up32(float64(c.Score) + bound)})
	n.raise(layer.Down32(float64(c.Score) - bound))
	if len(n.Rows) < n.limit {
		return
	}
	n.Prune()
	n.limit = min(max(n.limit, 2*len(n.Rows)), n.maxRescored)
	if len(n.Rows) >= n.limit {
		n.crowd()
	}
}

// raise raises the threshold by a candidate's lower end.
func (n *Nominated) raise(lower float32) {
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
func (n *Nominated) merge(o *Nominated) {
	if n.Crowded = n.Crowded || o.Crowded; n.Crowded {
		n.crowd()
		return
	}
	n.Rows = append(n.Rows, o.Rows...)
	for _, lower := range o.best {
		n.raise(lower)
	}
}

// tighten replaces the bounds of chunks by those of rows, and drops the rows whose new upper ends
// are under the threshold.
func (n *Nominated) tighten(bound func(row int) float64) {
	n.Prune()
	n.best = n.best[:0]
	for i := range n.Rows {
		c := &n.Rows[i]
		b := bound(int(c.Row))
		c.upper = layer.Up32(float64(c.Score) + b)
		n.raise(layer.Down32(float64(c.Score) - b))
	}
	n.Prune()
}

// replace replaces the least of the best lower ends by s.
func (n *Nominated) replace(s float32) {
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

// Prune drops the rows under the threshold.
func (n *Nominated) Prune() {
	n.Rows = slices.DeleteFunc(n.Rows, func(c Contender) bool { return c.upper < n.min })
}
