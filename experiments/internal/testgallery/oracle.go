package testgallery

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"strata/engine/scheme"
)

// Rank ranks the table for one query in the plainest way: score all, sort all.
func (t *Table) Rank(q int, s scheme.Scheme, filter []scheme.Condition) (rows []int, scores []float64) {
	scores = t.Scores(q, s, filter)
	for r := range t.IDs {
		if t.Candidate(q, r, filter) {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int {
		x, y := scores[a], scores[b]
		switch {
		case x > y || !math.IsNaN(x) && math.IsNaN(y):
			return -1
		case x < y || math.IsNaN(x) && !math.IsNaN(y):
			return 1
		}
		return 0
	})
	return rows, scores
}

// Scores returns the score of every candidate of a query, by row; NaN: none.
func (t *Table) Scores(q int, s scheme.Scheme, filter []scheme.Condition) []float64 {
	scores := make([]float64, len(t.IDs))
	if s.Kind == scheme.RRF {
		for _, p := range s.Parts {
			rows, of := t.Rank(q, p, filter)
			for i, r := range rows {
				scores[r] += 1 / float64(60+i+1)
				if math.IsNaN(of[r]) {
					scores[r] = math.NaN()
				}
			}
		}
		return scores
	}
	for r := range scores {
		var dot, qq, xx, sum, weights float64
		bad := false
		for _, term := range s.Terms {
			if term.Weight == 0 {
				continue
			}
			a, b := t.Layers[term.Factor.String()][q], t.Layers[term.Factor.String()][r]
			var ab, aa, bb float64
			for i := range a {
				ab += float64(a[i]) * float64(b[i])
				aa += float64(a[i]) * float64(a[i])
				bb += float64(b[i]) * float64(b[i])
			}
			for _, x := range []float64{aa, bb} {
				bad = bad || x == 0 || math.IsNaN(x) || math.IsInf(x, 0)
			}
			sum += term.Weight * ab / math.Sqrt(aa*bb)
			weights += term.Weight
			w := term.Weight * term.Weight
			dot, qq, xx = dot+w*ab, qq+w*aa, xx+w*bb
		}
		switch {
		case bad:
			scores[r] = math.NaN()
		case s.Kind == scheme.Concat:
			scores[r] = dot / math.Sqrt(qq*xx)
		default:
			scores[r] = sum / weights
		}
	}
	return scores
}

// Candidate reports whether row r is a candidate of the query in row q.
func (t *Table) Candidate(q, r int, filter []scheme.Condition) bool {
	if q == r || t.Group != nil && t.Group[q] != "" && t.Group[q] == t.Group[r] || t.Split != nil && t.Split[r] == "query" {
		return false
	}
	return t.Meets(r, filter)
}

// Meets reports whether a row meets conditions, which are of different labels.
func (t *Table) Meets(r int, conditions []scheme.Condition) bool {
	for _, c := range conditions {
		if !slices.Contains(strings.Split(t.Cells[c.Label][r], "|"), c.Value) {
			return false
		}
	}
	return true
}

// Relevant reports whether two rows share a value.
func (t *Table) Relevant(label string, q, r int) bool {
	for _, v := range strings.Split(t.Cells[label][q], "|") {
		if v != "" && slices.Contains(strings.Split(t.Cells[label][r], "|"), v) {
			return true
		}
	}
	return false
}

// SlowP returns the exact p from the number of ways to reach every sum, which
// are counted one difference at a time, without rounding.
func SlowP(differences []int64) float64 {
	ways := map[int64]*big.Int{0: big.NewInt(1)}
	var sum int64
	n := 0
	for _, d := range differences {
		if d == 0 {
			continue
		}
		sum += d
		n++
		next := map[int64]*big.Int{}
		for at, w := range ways {
			for _, to := range []int64{at + d, at - d} {
				if next[to] == nil {
					next[to] = new(big.Int)
				}
				next[to].Add(next[to], w)
			}
		}
		ways = next
	}
	far := new(big.Int)
	for at, w := range ways {
		if max(at, -at) >= max(sum, -sum) {
			far.Add(far, w)
		}
	}
	p, _ := new(big.Rat).SetFrac(far, new(big.Int).Lsh(big.NewInt(1), uint(n))).Float64()
	return p
}
