package rank

import (
	"cmp"
	"math"
	"slices"

	"strata/engine/hub"
	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// score.go defines the score of a row, the order of rows, and the bound on the difference between
// an approximate and a canonical score.

// RRFOffset is the constant of reciprocal rank fusion (Cormack, Clarke and
// Büttcher, SIGIR 2009).
const RRFOffset = 60

// Better orders hits best first: higher score, then lower row; rows without a score last. It is a
// total order.
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

// Reciprocal returns the term of a rank, from 1, in the score of an rrf.
func Reciprocal(rank int) float64 { return 1 / float64(RRFOffset+rank) }

// formula computes the score of a sum or a concatenation:
//
//	sum            Σ w·cos / Σ w
//	concatenation  Σ w²·dot / (√Σ w²|q|² · √Σ w²|x|²)
//
// In a sum, 2·cos − r(q) − r(x) stands for the cosine of a term that is corrected for hubs: cross-domain
// similarity local scaling (Conneau et al., ICLR 2018). For r see hub.Hub. The terms of a HubSum have
// one r, that of the sum, so its score is 2·S − r(q) − r(x).
//
// Terms of weight 0 are left out. The others are added in the scheme's order, and every product is
// rounded before it is added. So the scores of a block of rows and of single rows have the same
// bits.
type formula struct {
	concat  bool
	names   []string  // by term: its layer
	weights []float64 // by term: w of a sum, w² of a concatenation
	total   float64   // Σ w
	terms   []scheme.Term
	biases  []bias // by term: of a correction for hubs
}

// bias is what a correction for hubs takes from a term: r(q) of one query, and r(x) of every row.
type bias struct {
	hub   *hub.Hub // nil: there is no correction
	query float64
}

// newBias returns the bias of a term for a query: a row of the layer, or a vector if the row is
// items.NoRow. The layer's Hub must be known.
func newBias(l *layer.Layer, t scheme.Term, row int, v layer.Vector) bias {
	h := hub.OfTerm(l, t)
	if h == nil {
		return bias{}
	}
	return bias{h, h.OfQuery(t, row, v)}
}

// HubTerm returns the term of weight w of a sum that is corrected for hubs. query and row are r(q) and
// r(x).
func HubTerm(w, cosine, query, row float64) float64 { return float64(w * (2*cosine - query - row)) }

func newFormula(s scheme.Scheme) formula {
	f := formula{concat: s.Kind == scheme.Concat}
	for _, t := range s.Terms {
		if t.Weight == 0 {
			continue
		}
		w := t.Weight
		f.total += w
		if f.concat {
			w = float64(w * w)
		}
		f.names, f.weights = append(f.names, t.Factor.String()), append(f.weights, w)
		f.terms, f.biases = append(f.terms, t), append(f.biases, bias{})
	}
	return f
}

// divided returns the sum that a znorm is for a query: Σ w/σ·cos / Σ w/σ, where σ is the spread of the
// query's cosines with all rows of a layer. Their mean is not subtracted: it shifts all scores of a
// query alike. A query without a score in a layer keeps the weight; its scores are NaN.
func divided(s scheme.Scheme, spread func(scheme.Factor) (float64, error)) (scheme.Scheme, error) {
	out := scheme.Scheme{Kind: scheme.Sum, Terms: slices.Clone(s.Terms)}
	for i, t := range s.Terms {
		if t.Weight == 0 {
			continue
		}
		sigma, err := spread(t.Factor)
		if err != nil {
			return out, err
		}
		out.Terms[i].Weight = SpreadWeight(t.Weight, sigma)
	}
	return out, nil
}

// SpreadWeight returns the weight of a term of a znorm for a query whose cosines have the spread
// sigma, or NaN for one without a score.
func SpreadWeight(weight, sigma float64) float64 {
	if math.IsNaN(sigma) {
		return weight
	}
	return weight / sigma
}

// expansionWeight returns the weight of a hit in an expanded query, whose own is 1: max(0, score)^α
// (Radenović, Tolias and Chum, TPAMI 2019).
func expansionWeight(score, alpha float64) float64 {
	if !(score > 0) {
		return 0
	}
	return kernel.Pow(score, alpha)
}

// cosineTerm returns w·cos. dot is the product, query and row are the lengths.
func cosineTerm(w, dot, query, row float64) float64 { return float64(w * (dot / float64(query*row))) }

// joinedCosine returns the cosine of concatenated vectors from their product and squared lengths.
func joinedCosine(dot, query, row float64) float64 {
	return dot / float64(math.Sqrt(query)*math.Sqrt(row))
}

// block sets dst, of at most rankBlock rows, to the scores of the rows from lo on. columns are the
// query's columns, by term.
func (f *formula) block(dst []float64, columns []*Column, lo int) {
	clear(dst)
	if f.concat {
		f.joined(dst, columns, lo)
		return
	}
	for t, c := range columns {
		w, dot, root := f.weights[t], c.Dot[lo:lo+len(dst)], c.length.Root[lo:lo+len(dst)]
		if b := f.biases[t]; b.hub != nil {
			for i := range dst {
				dst[i] += HubTerm(w, dot[i]/float64(c.Root*root[i]), b.query, b.hub.Near[lo+i])
			}
			continue
		}
		for i := range dst {
			dst[i] += cosineTerm(w, dot[i], c.Root, root[i])
		}
	}
	for i := range dst {
		dst[i] /= f.total
	}
}

// joined is block of a concatenation; dst is 0.
func (f *formula) joined(dst []float64, columns []*Column, lo int) {
	var query float64
	var squares [rankBlock]float64
	rows := squares[:len(dst)]
	for t, c := range columns {
		w, dot, square := f.weights[t], c.Dot[lo:lo+len(dst)], c.length.Square[lo:lo+len(dst)]
		query += float64(w * c.Square)
		for i := range dst {
			dst[i] += float64(w * dot[i])
			rows[i] += float64(w * square[i])
		}
	}
	for i := range dst {
		dst[i] = joinedCosine(dst[i], query, rows[i])
	}
}

// Scorer computes the canonical scores of single rows under a sum or a concatenation.
type Scorer struct {
	formula
	layers []*PairLayer // by term
}

// Scorer returns the scorer of a scheme. p must have its layers. The scorer stays valid when p starts
// another query that is an item.
func (p *Pairs) Scorer(s scheme.Scheme) Scorer {
	out := Scorer{formula: newFormula(s)}
	for t, name := range out.names {
		l := p.Layers[name]
		if out.layers = append(out.layers, l); l != nil {
			out.biases[t] = newBias(l.layer, out.terms[t], l.row, layer.Vector{Wide: l.wide, Square: l.square, Root: l.Root})
		}
	}
	return out
}

// Score returns the score of a row, or NaN if it has none. It keeps the row's products.
func (s *Scorer) Score(row int) float64 { return s.of(row, (*PairLayer).dot) }

// Uncached is Score that keeps no product. It may be called concurrently.
func (s *Scorer) Uncached(row int) float64 { return s.of(row, (*PairLayer).Uncached) }

func (s *Scorer) of(row int, product func(*PairLayer, int) float64) float64 {
	var sum, query, square float64
	for t, l := range s.layers {
		w, dot := s.weights[t], product(l, row)
		if b := s.biases[t]; b.hub != nil {
			if l.row != items.NoRow {
				b.query = b.hub.Near[l.row]
			}
			sum += HubTerm(w, dot/float64(l.Root*l.Length.Root[row]), b.query, b.hub.Near[row])
			continue
		}
		if !s.concat {
			sum += cosineTerm(w, dot, l.Root, l.Length.Root[row])
			continue
		}
		sum += float64(w * dot)
		query += float64(w * l.square)
		square += float64(w * l.Length.Square[row])
	}
	if s.concat {
		return joinedCosine(sum, query, square)
	}
	return sum / s.total
}

// roundedSlack bounds the error of a canonical cosine rounded to float32.
const roundedSlack = 0x1p-23

// Tame reports whether the scheme's weights are within the range of its arithmetic: nothing
// overflows float64, and no term that counts underflows.
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

// leafSlack returns the relative slack for the rounding of the given number of terms: leafBound
// adds this share of 1 + bound to a bound. The weight (or the two factors of a concatenation) and
// the product with a cosine are rounded at most four times a term. Every addition is rounded once.
// No partial sum exceeds 1 + bound: the weights of a sum are at least 0 and add to 1, and, by
// Cauchy and Schwarz, the factors of a concatenation add to no more.
func leafSlack(terms int) float64 { return float64(5+terms) * 0x1p-24 }

// shortSlack is leafSlack for a concatenation in float32. It counts roundings. In a term: weight,
// root, two products, and the addition. In the square of a length: weight, root and product, each
// twice, the square, and the addition; the root halves their error. Last, the root and the
// quotient. Together they are at most 9.5 + 1.5·terms.
func shortSlack(terms int) float64 { return float64(10+2*terms) * 0x1p-24 }

// leafBound returns the bound of a score. sum is the sum of the bounds of its terms.
func leafBound(sum float64, terms int) float64 { return sum + leafSlack(terms)*(1+sum) }

// hubBound is leafBound for a sum with corrections for hubs. Such a term adds three numbers, whose
// magnitudes add to at most 4: twice a cosine, r(x) and r(q). The last is added once for all terms.
func hubBound(sum float64, terms int) float64 { return sum + 4*leafSlack(3*terms)*(1+sum) }
