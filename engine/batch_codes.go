package engine

import (
	"math"

	"strata/engine/kernel"
)

// batch_codes.go multiplies the codes of a tile of queries with those of a tile of
// rows, and bounds what that leaves open.

// codedTile is one layer's part of a tile whose products are those of codes.
type codedTile struct {
	query []*codedQuery // by query of the tile
	code  []int8        // their codes, one after another
	dots  []int32       // queries × batchRows
}

// queries codes the queries of a tile, given by row.
func (t *codedTile) queries(c *codes, rows []int) {
	t.query, t.code = t.query[:0], t.code[:0]
	wide := make([]float64, c.layer.Dim)
	for _, row := range rows {
		c.layer.Widen(wide, row)
		q := c.coder.query(wide, c.layer.Lengths().Root[row])
		t.query = append(t.query, q)
		t.code = append(t.code, q.code[:c.coder.stride]...)
	}
	if n := len(rows) * batchRows; len(t.dots) < n {
		t.dots = make([]int32, n)
	}
}

// multiply sets dst[q·batchRows+r] to the score of query q and row lo+r, below hi.
func (t *codedTile) multiply(dst []float32, c *codes, lo, hi int) {
	stride := c.coder.stride
	for from := lo; from < hi; {
		k, r := c.at(from)
		n := min(hi-from, len(k.mean)-r)
		at := from - lo
		kernel.TileBytes(t.dots[at:], batchRows, t.code, k.fine.bytes[r*stride:(r+n)*stride], stride)
		for i, q := range t.query {
			place := i*batchRows + at
			c.scores(dst[place:place+n], t.dots[place:place+n], q, from, false)
		}
		from += n
	}
}

// layerBound returns the bound of the products of query q of the tile in a layer
// with rows of the given |r| and |ĉ|, if the layer has codes.
func (w *batchWorker) layerBound(layer, q int, rest, norm float32) float64 {
	if w.codes[layer] == nil {
		return kernel.TileError(w.layers[layer].Dim) + scoreSlack
	}
	return w.coded[layer].query[q].bound(rest, norm)
}

// findLayerBounds sets layerBounds for the tile's first queries and the rows lo to hi.
func (w *batchWorker) findLayerBounds(queries, lo, hi int) {
	first, spans := lo/codeSpan, (hi-lo+codeSpan-1)/codeSpan
	for at, c := range w.codes {
		if c == nil {
			continue
		}
		rest, norm := c.fine.rest[first:first+spans], c.fine.norm[first:first+spans]
		for q := range queries {
			bounds := w.layerBounds[at][q*len(w.bounds):][:spans]
			for i := range bounds {
				bounds[i] = w.layerBound(at, q, rest[i], norm[i])
			}
		}
	}
}

// spanBounds returns the bounds of a leaf's scores for query q of the tile, which is
// the row query of the gallery, by span of the block's n rows. They are valid until the
// next call.
func (w *batchWorker) spanBounds(l *leaf, q, query, n int) []float64 {
	bounds := w.bounds[:(n+codeSpan-1)/codeSpan]
	clear(bounds)
	length := w.queryLength(l, query)
	for t, at := range l.layers {
		factor := l.weights[t]
		if l.scheme.Kind == Concat {
			factor *= w.layers[at].Lengths().Root[query] / length
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
			if l.scheme.Kind == Concat {
				bound *= float64(w.spanFactors[t][i])
			}
			bounds[i] += factor * bound
		}
	}
	for i := range bounds {
		bounds[i] = leafBound(bounds[i]*(1+0x1p-20), len(l.layers))
	}
	return bounds
}

// rowBound is the bound of one row.
func (w *batchWorker) rowBound(l *leaf, q, query, row int) float64 {
	var bound, square float64
	for t, at := range l.layers {
		var rest, norm float32
		if c := w.codes[at]; c != nil {
			k, r := c.at(row)
			rest, norm = k.fine.rest[r], k.fine.norm[r]
		}
		factor := l.weights[t]
		if l.scheme.Kind == Concat {
			lengths := w.layers[at].Lengths()
			square += l.weights[t] * l.weights[t] * lengths.Square[row]
			factor *= lengths.Root[row] * l.weights[t] * lengths.Root[query]
		}
		bound += factor * w.layerBound(at, q, rest, norm)
	}
	if l.scheme.Kind == Concat {
		bound /= w.queryLength(l, query) * math.Sqrt(square)
	}
	return leafBound(bound, len(l.layers))
}

// queryLength returns √Σ w²|q|² of a concatenation, and 1 of a sum.
func (w *batchWorker) queryLength(l *leaf, query int) float64 {
	if l.scheme.Kind != Concat {
		return 1
	}
	var all float64
	for t, at := range l.layers {
		all += l.weights[t] * l.weights[t] * w.layers[at].Lengths().Square[query]
	}
	return math.Sqrt(all)
}

// findSpanFactors sets spanFactors[t][i] to the largest factor of term t in span i
// of the block's n rows.
func (w *batchWorker) findSpanFactors(l *leaf, n int) {
	for t := range l.layers {
		for i := range (n + codeSpan - 1) / codeSpan {
			most := float32(0)
			for _, f := range w.factors[t][i*codeSpan : min((i+1)*codeSpan, n)] {
				if f > most { // a row without a score has NaN
					most = f
				}
			}
			w.spanFactors[t][i] = most
		}
	}
}
