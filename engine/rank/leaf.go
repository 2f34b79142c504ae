package rank

import (
	"context"
	"math"

	"strata/engine/code"
	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// leaf.go computes approximate scores of rows under a sum or a concatenation, with bounds of their errors.

// approxColumn holds the approximate cosine of one query with every row of a layer. It differs from
// the canonical cosine by at most the bound, and is NaN where that is NaN.
type approxColumn struct {
	layer  *layer.Layer
	row    int          // of the query, or items.NoRow
	part   layer.Vector // the query's
	Cosine []float32
	codes  *code.Codes // nil: rounded from canonical products
	coarse bool        // from 4-bit codes
	query  *code.CodedQuery
}

func (c *approxColumn) bytes() int64 { return int64(len(c.Cosine)) * 4 }

// Span returns the bound of the rows from span·layer.CodeSpan to (span+1)·layer.CodeSpan.
func (c *approxColumn) Span(span int) float64 {
	if c.codes == nil {
		return roundedSlack
	}
	s := &c.codes.Fine
	if c.coarse {
		s = &c.codes.Coarse
	}
	return c.query.Bound(s.Rest[span], s.Norm[span])
}

// Row returns the bound of a row.
func (c *approxColumn) Row(row int) float64 {
	if c.codes == nil {
		return roundedSlack
	}
	return c.codes.Bound(c.query, row, c.coarse)
}

// codeBlock is the number of rows whose codes are multiplied at a time. kernel.DotBytes needs as
// many to read at the speed of memory. codeBlock divides code.CodeChunk.
const codeBlock = 1024

// ApproxByCodes computes the cosines of a query from a layer's codes: the 4-bit codes if coarse,
// else the 8-bit codes. It returns a code.ErrStale if it finds that they are damaged.
func ApproxByCodes(ctx context.Context, c *code.Codes, q Asked, coarse bool) (*approxColumn, error) {
	l := c.Layer
	part, err := q.whole(ctx, l)
	if err != nil {
		return nil, err
	}
	a := &approxColumn{layer: l, row: q.item(), part: part, codes: c, coarse: coarse, Cosine: make([]float32, l.Rows)}
	a.query = c.Coder.Query(part.Wide, part.Root)
	err = c.Scan(ctx, coarse, codeBlock, func(lo, hi int) {
		var dots [codeBlock]int32
		c.Products(dots[:hi-lo], a.query, lo, coarse)
		c.Scores(a.Cosine[lo:hi], dots[:hi-lo], a.query, lo, coarse)
	})
	return a, err
}

// rounded returns the canonical products of a column as cosines, rounded to float32. part is the
// query's part in the layer.
func (c *Column) rounded(part layer.Vector) *approxColumn {
	a := &approxColumn{layer: c.layer, row: c.row, part: part, Cosine: make([]float32, len(c.Dot))}
	for row, dot := range c.Dot {
		a.Cosine[row] = float32(dot / float64(c.Root*c.length.Root[row]))
	}
	return a
}

// approxLeaf is a sum or a concatenation, ready to be evaluated for one query.
type approxLeaf struct {
	scheme  scheme.Scheme
	columns []*approxColumn // by term of weight above 0
	weights []float64       // like columns: weight / Σ weights; in a concatenation w²·|q|/√Σw²|q|²
	squares []float64       // in a concatenation: w², where w is weight / largest weight
	ratios  []float64       // in a concatenation: w
	biases  []bias          // like columns: of a correction for hubs
	hubs    bool            // there is such a correction
	short   bool            // a concatenation whose lengths and weights are within float32's range
}

// newApproxLeaf prepares a tame scheme for the query of the columns.
func newApproxLeaf(s scheme.Scheme, columns map[string]*approxColumn) *approxLeaf {
	f := &approxLeaf{scheme: s, short: s.Kind == scheme.Concat}
	var total, largest float64
	for _, t := range s.Terms {
		largest = max(largest, t.Weight)
	}
	for _, t := range s.Terms {
		if t.Weight == 0 {
			continue
		}
		c := columns[t.Factor.String()]
		f.columns, f.biases = append(f.columns, c), append(f.biases, newBias(c.layer, t, c.row, c.part))
		f.hubs = f.hubs || t.Hub != 0
		if s.Kind == scheme.Sum {
			total += t.Weight
			f.weights = append(f.weights, t.Weight)
			continue
		}
		w := t.Weight / largest
		f.short = f.short && w > 1/layer.ShortRange && c.layer.Lengths().Short().Plain && layer.WithinShort(c.part.Root)
		total += float64(w * w * c.part.Square)
		f.squares = append(f.squares, w*w)
		f.ratios = append(f.ratios, w)
		f.weights = append(f.weights, float64(w*w*c.part.Root))
	}
	if s.Kind == scheme.Concat {
		total = math.Sqrt(total)
	}
	for i := range f.weights {
		f.weights[i] /= total
	}
	return f
}

// scores sets dst to the scores of the rows lo to lo+len(dst). It sets bounds[i] to the bound of
// the i-th span of layer.CodeSpan of these rows. len(dst) is at most rankBlock; lo is a multiple of
// layer.CodeSpan.
func (f *approxLeaf) scores(dst []float32, bounds []float64, lo int) {
	hi := lo + len(dst)
	switch {
	case f.short:
		f.concatShort(dst, bounds, lo)
		return
	case f.scheme.Kind == scheme.Concat:
		f.concat(dst, bounds, lo)
		return
	}
	var base float64
	for t, c := range f.columns {
		base += addTerm(dst, c.Cosine[lo:hi], f.weights[t], f.biases[t], t == 0, lo)
	}
	subtract(dst, base)
	for i := range bounds {
		bound := 0.0
		for t, c := range f.columns {
			bound += f.slope(t) * c.Span(lo/layer.CodeSpan+i)
		}
		bounds[i] = f.slacked(bound)
	}
}

// addTerm adds a term of a sum to dst, or sets dst to it if first: w·cos or, but for the constant that
// it returns, w·(2·cos − r(x)). The rows begin with lo.
func addTerm(dst, cosine []float32, w float64, b bias, first bool, lo int) (constant float64) {
	slope := w
	if b.hub != nil {
		slope = 2 * w
	}
	if first {
		kernel.MulSet(dst, cosine, float32(slope))
	} else {
		kernel.MulAdd(dst, cosine, float32(slope))
	}
	if b.hub == nil {
		return 0
	}
	kernel.MulAdd(dst, b.hub.Narrow[lo:lo+len(dst)], -float32(w))
	return w * b.query
}

// subtract takes a number from all scores.
func subtract(dst []float32, constant float64) {
	if constant == 0 {
		return
	}
	c := float32(constant)
	for i := range dst {
		dst[i] -= c
	}
}

// slope returns how much of a cosine's error a score has, by term of a sum.
func (f *approxLeaf) slope(t int) float64 {
	if f.biases[t].hub != nil {
		return 2 * f.weights[t]
	}
	return f.weights[t]
}

// slacked returns the bound of a score from the sum of the bounds of its terms.
func (f *approxLeaf) slacked(sum float64) float64 {
	if f.hubs {
		return hubBound(sum, len(f.columns))
	}
	return leafBound(sum, len(f.columns))
}

// concat is scores for a concatenation: Σ factor·cos. The factor of a row in a term is w²·|q|·|x| /
// (√Σw²|q|² · √Σw²|x|²).
func (f *approxLeaf) concat(dst []float32, bounds []float64, lo int) {
	hi := lo + len(dst)
	var inverse [rankBlock]float64 // 1/√Σw²|x|²
	clear(dst)
	clear(bounds)
	for t, c := range f.columns {
		for i, s := range c.layer.Lengths().Square[lo:hi] {
			inverse[i] += float64(f.squares[t] * s)
		}
	}
	for i := range dst {
		inverse[i] = 1 / math.Sqrt(inverse[i])
	}
	for t, c := range f.columns {
		cosine, root := c.Cosine[lo:hi], c.layer.Lengths().Root[lo:hi]
		for from := 0; from < len(dst); from += layer.CodeSpan {
			largest := 0.0
			for i := from; i < min(from+layer.CodeSpan, len(dst)); i++ {
				factor := f.weights[t] * root[i] * inverse[i]
				if factor > largest { // false for NaN: a row without a score
					largest = factor
				}
				dst[i] += float32(factor) * cosine[i]
			}
			bounds[from/layer.CodeSpan] += largest * c.Span((lo+from)/layer.CodeSpan)
		}
	}
	for i := range bounds {
		bounds[i] = leafBound(bounds[i], len(f.columns))
	}
}

// concatShort is concat in float32. Its bounds come from the least and the largest length of a
// span.
func (f *approxLeaf) concatShort(dst []float32, bounds []float64, lo int) {
	hi := lo + len(dst)
	var buffer [rankBlock]float32
	squares := buffer[:len(dst)] // Σw²|x|²
	clear(dst)
	for t, c := range f.columns {
		n := c.layer.Lengths().Short()
		kernel.MulAddRoots(dst, squares, n.Root[lo:hi], c.Cosine[lo:hi], float32(f.weights[t]), float32(f.ratios[t]))
	}
	kernel.DivRoot(dst, squares)
	slack := shortSlack(len(f.columns))
	for i := range bounds {
		var bound, square float64
		span := lo/layer.CodeSpan + i
		for t, c := range f.columns {
			n := c.layer.Lengths().Short()
			square += f.squares[t] * n.Least[span] * n.Least[span]
			bound += f.weights[t] * n.Most[span] * c.Span(span)
		}
		bound /= math.Sqrt(square)
		bounds[i] = bound + slack*(1+bound)
	}
}

// bound returns the bound of a row's score.
func (f *approxLeaf) bound(row int) float64 {
	var bound, square float64
	for t, c := range f.columns {
		factor := f.slope(t)
		if f.scheme.Kind == scheme.Concat {
			square += f.squares[t] * c.layer.Lengths().Square[row]
			factor *= c.layer.Lengths().Root[row]
		}
		bound += factor * c.Row(row)
	}
	if f.scheme.Kind == scheme.Concat {
		bound /= math.Sqrt(square)
	}
	if f.short {
		return bound + shortSlack(len(f.columns))*(1+bound)
	}
	return f.slacked(bound)
}
