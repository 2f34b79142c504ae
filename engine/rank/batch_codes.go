package rank

import (
	"context"
	"math"

	"strata/engine/code"
	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// batch_codes.go multiplies the codes of a tile of queries with those of a tile of rows, and bounds
// the error.

// codedTile is the part of a tile in one layer whose products come from codes.
type codedTile struct {
	query []*code.CodedQuery // by query of the tile
	code  []int8             // the queries' codes, one after another
	dots  []int32            // queries × batchRows
}

// queries sets the codes of the queries lo to hi of a batch.
func (t *codedTile) queries(ctx context.Context, c *code.Codes, b *Batch, lo, hi int) error {
	t.query, t.code = t.query[:0], t.code[:0]
	for i := lo; i < hi; i++ {
		v, err := b.ask(i).whole(ctx, c.Layer)
		if err != nil {
			return err
		}
		q := c.Coder.TileQuery(v.Wide, v.Root)
		t.query = append(t.query, q)
		t.code = append(t.code, q.Code[:c.Coder.Stride]...)
	}
	if n := (hi - lo) * batchRows; len(t.dots) < n {
		t.dots = make([]int32, n)
	}
	return nil
}

// multiply sets dst[q·batchRows+r] to the score of query q with row lo+r, for lo+r < hi.
func (t *codedTile) multiply(dst []float32, c *code.Codes, lo, hi int) {
	stride := c.Coder.Stride
	for from := lo; from < hi; {
		k, r := c.At(from)
		n := min(hi-from, len(k.Mean)-r)
		at := from - lo
		kernel.TileBytes(t.dots[at:], batchRows, t.code, k.Fine.Bytes[r*stride:(r+n)*stride], stride)
		for i, q := range t.query {
			place := i*batchRows + at
			c.Scores(dst[place:place+n], t.dots[place:place+n], q, from, false)
		}
		from += n
	}
}

// layerBound returns the bound of the products of query q of the tile in layer l. If the layer has
// codes, rest and norm are the |r| and |ĉ| of the rows; otherwise they are not used.
func (w *BatchWorker) layerBound(l, q int, rest, norm float32) float64 {
	if w.codes[l] == nil {
		return kernel.TileError(w.Layers[l].Dim) + layer.ScoreSlack
	}
	return w.coded[l].query[q].Bound(rest, norm)
}

// findLayerBounds sets layerBounds for the first queries of the tile and the rows lo to hi.
func (w *BatchWorker) findLayerBounds(queries, lo, hi int) {
	first, spans := lo/layer.CodeSpan, (hi-lo+layer.CodeSpan-1)/layer.CodeSpan
	for at, c := range w.codes {
		if c == nil {
			continue
		}
		rest, norm := c.Fine.Rest[first:first+spans], c.Fine.Norm[first:first+spans]
		for q := range queries {
			bounds := w.layerBounds[at][q*len(w.bounds):][:spans]
			for i := range bounds {
				bounds[i] = w.layerBound(at, q, rest[i], norm[i])
			}
		}
	}
}

// spanBounds returns the bounds of a leaf's scores for query q of the tile, by span of the block's
// n rows. query is the query's row in the gallery. The bounds are valid until the next call.
func (w *BatchWorker) spanBounds(l *leaf, q, query, n int) []float64 {
	bounds := w.bounds[:(n+layer.CodeSpan-1)/layer.CodeSpan]
	clear(bounds)
	length, weights := w.queryLength(l, query), w.weightsOf(l, q)
	for t, at := range l.layers {
		factor := l.slope(t, weights[t])
		if l.Scheme.Kind == scheme.Concat {
			factor *= w.Layers[at].Lengths().Root[query] / length
		}
		var layer []float64
		if w.codes[at] != nil {
			layer = w.layerBounds[at][q*len(w.bounds):][:len(bounds)]
		}
		plain := w.layerBound(at, q, 0, 0)
		for i := range bounds {
			bound := plain
			if layer != nil {
				bound = layer[i]
			}
			if l.Scheme.Kind == scheme.Concat {
				bound *= float64(w.spanFactors[t][i])
			}
			bounds[i] += factor * bound
		}
	}
	for i := range bounds {
		bounds[i] = l.slacked(bounds[i] * (1 + 0x1p-20))
	}
	return bounds
}

// rowBound is the bound of one row.
func (w *BatchWorker) rowBound(l *leaf, q, query, row int) float64 {
	var bound, square float64
	weights := w.weightsOf(l, q)
	for t, at := range l.layers {
		var rest, norm float32
		if c := w.codes[at]; c != nil {
			k, r := c.At(row)
			rest, norm = k.Fine.Rest[r], k.Fine.Norm[r]
		}
		factor := l.slope(t, weights[t])
		if l.Scheme.Kind == scheme.Concat {
			lengths := w.Layers[at].Lengths()
			square += l.weights[t] * l.weights[t] * lengths.Square[row]
			factor *= lengths.Root[row] * l.weights[t] * lengths.Root[query]
		}
		bound += factor * w.layerBound(at, q, rest, norm)
	}
	if l.Scheme.Kind == scheme.Concat {
		bound /= w.queryLength(l, query) * math.Sqrt(square)
	}
	return l.slacked(bound)
}

// queryLength returns √Σ w²|q|² for a concatenation, and 1 for a sum.
func (w *BatchWorker) queryLength(l *leaf, query int) float64 {
	if l.Scheme.Kind != scheme.Concat {
		return 1
	}
	var all float64
	for t, at := range l.layers {
		all += l.weights[t] * l.weights[t] * w.Layers[at].Lengths().Square[query]
	}
	return math.Sqrt(all)
}

// findSpanFactors sets spanFactors[t][i] to the largest factor of term t in span i
// of the block's n rows.
func (w *BatchWorker) findSpanFactors(l *leaf, n int) {
	for t := range l.layers {
		for i := range (n + layer.CodeSpan - 1) / layer.CodeSpan {
			largest := float32(0)
			for _, f := range w.factors[t][i*layer.CodeSpan : min((i+1)*layer.CodeSpan, n)] {
				if f > largest { // false for NaN: a row without a score
					largest = f
				}
			}
			w.spanFactors[t][i] = largest
		}
	}
}
