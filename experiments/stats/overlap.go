package stats

import "math"

// Persistence is p of rank-biased overlap: the chance to look on from one rank to
// the next. At 0.9 the first ten ranks have 86 % of the weight.
const Persistence = 0.9

// Overlaps compares rankings by the rows they hold.
type Overlaps struct {
	seen map[int32]uint8 // by row: in which of the two it was seen, 1 and 2
}

// RankBiased returns the extrapolated rank-biased overlap of two rankings without
// ties down to the depth of the shorter one (Webber, Moffat and Zobel, A
// similarity measure for indefinite rankings, ACM TOIS 28(4), 2010, equation 30):
// 1 for the same rows in the same order, 0 for none in common. It is NaN when one
// ranking is empty.
func (o *Overlaps) RankBiased(a, b []int32) float64 {
	depth := min(len(a), len(b))
	if depth == 0 {
		return math.NaN()
	}
	if o.seen == nil {
		o.seen = map[int32]uint8{}
	}
	clear(o.seen)
	common, sum, weight := 0, 0.0, 1.0 // weight is p^(d-1)
	for d := range depth {
		for which, row := range [2]int32{a[d], b[d]} {
			if o.seen[row] |= 1 << which; o.seen[row] == 3 {
				common++
			}
		}
		agreement := float64(common) / float64(d+1)
		sum += float64(agreement * weight)
		weight = float64(weight * Persistence)
	}
	rest := float64(float64(common) / float64(depth) * weight)
	return rest + float64((1-Persistence)*sum)
}

// Common returns the number of rows that stand in the first k of both rankings.
func (o *Overlaps) Common(a, b []int32, k int) int {
	a, b = a[:min(k, len(a))], b[:min(k, len(b))]
	n := 0
	for _, x := range a {
		for _, y := range b {
			if x == y {
				n++
			}
		}
	}
	return n
}
