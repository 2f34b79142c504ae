package live

import (
	"math"

	"strata/engine/neighbour"
	"strata/experiments/stats"
)

// Mean is P@K of a scheme under a label over the queries that are known.
type Mean struct {
	N    int   // judged queries; with none, Value and Half are NaN
	Hits int64 // of all of them
	// Value is Hits/(K·N), one division of exact integers.
	Value float64
	// Half is half of the 95 % interval; NaN with a single query.
	Half float64
}

// Difference is the paired difference of two schemes' P@K under a label, the first less
// the second, over the queries that are judged under both.
type Difference struct {
	N              int     // queries; with none, the numbers below are NaN
	Diff           float64 // the mean of the differences
	Low, High      float64 // its 95 % interval
	P              float64 // two-sided, exact if few queries differ; NaN with a single query
	Holm           float64 // P adjusted for all pairs of the rows; 0 where that is not known
	Win, Tie, Loss int     // queries for which the first has more hits, as many, fewer
}

// normal95 is the 97.5 % quantile of the normal distribution.
const normal95 = 1.959963984540054

// moments are the sums over n whole numbers.
type moments struct{ n, sum, squares int64 }

func (m *moments) add(x int64) {
	m.n++
	m.sum += x
	m.squares += x * x
}

// spread returns the standard error of the mean, in units of the numbers; NaN for fewer
// than two.
func (m *moments) spread() float64 {
	if m.n < 2 {
		return math.NaN()
	}
	n := float64(m.n)
	over := float64(m.squares) - float64(m.sum)*float64(m.sum)/n
	return math.Sqrt(max(over, 0) / (n - 1) / n)
}

// Mean returns the mean of a scheme under a label, given by its place.
func (s *Sample) Mean(c *Counts, label int) Mean {
	var m moments
	judged, labels := s.judged[label], len(s.labels)
	for place, state := range c.states {
		if state == neighbour.Counted && judged[place] {
			m.add(int64(c.hits[place*labels+label]))
		}
	}
	out := Mean{N: int(m.n), Hits: m.sum, Value: math.NaN(), Half: math.NaN()}
	if m.n > 0 {
		out.Value = float64(m.sum) / float64(int64(s.k)*m.n)
		out.Half = normal95 * m.spread() / float64(s.k)
	}
	return out
}

// Difference compares two schemes under a label, given by its place: a less b, over the
// queries that both have.
func (s *Sample) Difference(a, b *Counts, label int) Difference {
	var m moments
	var out Difference
	differing := make([]int64, 0, fewDiffer+1)
	judged, labels := s.judged[label], len(s.labels)
	for place := range min(len(a.states), len(b.states)) {
		if !judged[place] || !a.known(place) || !b.known(place) {
			continue
		}
		d := int64(a.hits[place*labels+label]) - int64(b.hits[place*labels+label])
		m.add(d)
		if d != 0 && len(differing) <= fewDiffer {
			differing = append(differing, d)
		}
		switch {
		case d > 0:
			out.Win++
		case d < 0:
			out.Loss++
		default:
			out.Tie++
		}
	}
	out.N = int(m.n)
	if m.n == 0 {
		out.Diff, out.Low, out.High, out.P = math.NaN(), math.NaN(), math.NaN(), math.NaN()
		return out
	}
	out.Diff = float64(m.sum) / float64(int64(s.k)*m.n)
	spread := m.spread() / float64(s.k)
	out.Low, out.High = out.Diff-normal95*spread, out.Diff+normal95*spread
	out.P = chance(m, differing)
	return out
}

// fewDiffer is the number of queries that differ up to which p is exact: the normal
// approximation is poor there.
const fewDiffer = 20

// chance returns the two-sided p of differences. differing has those that are not 0, or
// more than fewDiffer of them.
func chance(m moments, differing []int64) float64 {
	spread := m.spread()
	switch {
	case m.n < 2:
		return math.NaN()
	case len(differing) <= fewDiffer:
		p, _ := stats.ExactP(differing)
		return p
	case spread == 0: // all are the same: of 2ⁿ signs two are as far from 0
		return math.Ldexp(1, 1-int(m.n))
	}
	return math.Erfc(math.Abs(float64(m.sum)/float64(m.n)) / spread / math.Sqrt2)
}

// Turned returns the difference of the second scheme to the first.
func (d Difference) Turned() Difference {
	d.Diff, d.Low, d.High = 0-d.Diff, 0-d.High, 0-d.Low
	d.Win, d.Loss = d.Loss, d.Win
	return d
}
