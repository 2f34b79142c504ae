package rank

import (
	"cmp"
	"math"

	"strata/engine/scheme"
)

// score.go defines the score of a row, the order of rows, and how far a score from
// approximate cosines may be from the canonical one.

// RRFOffset is the constant of reciprocal rank fusion (Cormack, Clarke and
// Büttcher, SIGIR 2009).
const RRFOffset = 60

// Better orders hits best first: higher score, then lower row, rows without a
// score last. It is a total order.
func Better(a, b Hit) int {
	switch an, bn := math.IsNaN(a.Score), math.IsNaN(b.Score); {
	case an != bn && an:
		return 1
	case an != bn:
		return -1
	case an:
		return cmp.Compare(a.Row, b.Row)
	}
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Row, b.Row))
}

// score sets dst to the scheme's scores of the rows lo to lo+len(dst): for a sum
// Σ w·cos / Σ w, for a concatenation Σ w²·dot / (√Σ w²|q|² · √Σ w²|x|²). The terms
// are added in the scheme's order and every product is rounded, so the scores
// are those of Pairs.Score, bit for bit.
func (r *Ranker) score(dst []float64, s scheme.Scheme, lo int) {
	clear(dst)
	if s.Kind == scheme.Concat {
		r.scoreConcat(dst, s, lo)
		return
	}
	var total float64
	for _, t := range s.Terms {
		if t.Weight == 0 {
			continue
		}
		total += t.Weight
		c := r.columns[t.Factor.String()]
		dot, root := c.Dot[lo:lo+len(dst)], c.length.Root[lo:lo+len(dst)]
		for i := range dst {
			dst[i] += float64(t.Weight * (dot[i] / float64(c.Root*root[i])))
		}
	}
	for i := range dst {
		dst[i] /= total
	}
}

func (r *Ranker) scoreConcat(dst []float64, scheme scheme.Scheme, lo int) {
	var query float64
	var squares [rankBlock]float64
	sq := squares[:len(dst)]
	for _, t := range scheme.Terms {
		if t.Weight == 0 {
			continue
		}
		w := float64(t.Weight * t.Weight)
		c := r.columns[t.Factor.String()]
		query += float64(w * c.Square)
		dot, square := c.Dot[lo:lo+len(dst)], c.length.Square[lo:lo+len(dst)]
		for i := range dst {
			dst[i] += float64(w * dot[i])
			sq[i] += float64(w * square[i])
		}
	}
	root := math.Sqrt(query)
	for i := range dst {
		dst[i] /= float64(root * math.Sqrt(sq[i]))
	}
}

// Score returns the canonical score of a row under a sum or a concatenation:
// the bits of ranker.score.
func (p *Pairs) Score(scheme scheme.Scheme, row int) float64 {
	return p.ScoreBy(scheme, row, (*PairLayer).dot)
}

// ScoreBy is Score from the products that by returns.
func (p *Pairs) ScoreBy(s scheme.Scheme, row int, by func(*PairLayer, int) float64) float64 {
	var sum, total, query, square float64
	for _, t := range s.Terms {
		if t.Weight == 0 {
			continue
		}
		l := p.Layers[t.Factor.String()]
		dot := by(l, row)
		if s.Kind == scheme.Concat {
			w := float64(t.Weight * t.Weight)
			sum += float64(w * dot)
			query += float64(w * l.square)
			square += float64(w * l.Length.Square[row])
			continue
		}
		total += t.Weight
		sum += float64(t.Weight * (dot / float64(l.Root*l.Length.Root[row])))
	}
	if s.Kind == scheme.Concat {
		return sum / float64(math.Sqrt(query)*math.Sqrt(square))
	}
	return sum / total
}

// roundedSlack bounds the error of a canonical cosine that was rounded to float32.
const roundedSlack = 0x1p-23

// Tame reports whether the scheme's weights leave room for its arithmetic: nothing
// passes the range of float64, and nothing that counts falls below it.
func Tame(s scheme.Scheme) bool {
	const least, most = 1e-90, 1e90
	any := false
	for _, t := range s.Terms {
		any = any || t.Weight > 0
		if t.Weight != 0 && !(t.Weight >= least && t.Weight <= most) {
			return false
		}
	}
	return any
}

// leafSlack returns the share of 1 and of a bound that so many terms' rounding adds
// to the bound. A weight, or the two factors of a concatenation, and the product with
// a cosine are rounded at most four times, and so is every sum of them; none is over
// 1 and the bound, since weights are at least 0 and add to 1, and the factors, by
// Cauchy and Schwarz, to no more.
func leafSlack(terms int) float64 { return float64(5+terms) * 0x1p-24 }

// shortSlack is leafSlack for a concatenation in float32: of a term, weight, root and
// two products are rounded, and so is every sum; of the square of the length weight,
// root and product, each twice, and the square, of which the root takes half, and
// every sum; then the root and the quotient: at most 9.5 + 1.5·terms.
func shortSlack(terms int) float64 { return float64(10+2*terms) * 0x1p-24 }

// leafBound returns the bound of a score whose terms' bounds add to sum.
func leafBound(sum float64, terms int) float64 { return sum + leafSlack(terms)*(1+sum) }
