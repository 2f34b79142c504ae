package rank

import (
	"context"
	"math"
	"slices"
	"unsafe"

	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// BatchWorker is the memory of one goroutine.
type BatchWorker struct {
	*Batch
	size    int
	lo      int              // the tile's first query
	queries []kernel.Queries // by layer
	rows    []kernel.Rows    // by layer
	tiles   [][]float32      // by layer: size × batchRows
	scale   []float64
	words   []uint64    // scratch to assemble rows
	factors [][]float32 // of a concatenation: by term, by row of the tile
	coded   []codedTile // by layer
	bounds  []float64   // of the scores of a leaf in the block, by span

	spanFactors [][]float32   // of a concatenation: by term, by span of the block
	layerBounds [][]float64   // by layer with codes: by query of the tile, by span of the block
	score       []float32     // batchRows
	above       []int32       // scratch of kernel.Above
	excluded    [][]int32     // by query of the tile: the rows that are not its candidates
	Nominees    [][]Nominated // by query of the tile, by leaf
	kept        [][]float32   // by leaf: size × gallery rows, nil if not kept
	Pairs       *Pairs
	scorers     []Scorer // by leaf, of pairs
	sums        [][]sum  // by query of the tile, by leaf: set for leaves that vary
	fuser       fuser
	columns     map[string]*Column // of the query that is ranked now, those that were needed
}

// sum is a leaf that varies, as it is for one query.
type sum struct {
	scheme  scheme.Scheme
	weights []float64 // like those of a leaf
}

// NewBatchWorker returns a worker that ranks up to size queries at a time. The first tile that
// needs memory allocates it; later tiles reuse it.
func NewBatchWorker(b *Batch, size int) *BatchWorker {
	w := &BatchWorker{
		Batch: b, size: size,
		queries: make([]kernel.Queries, len(b.Layers)),
		rows:    make([]kernel.Rows, len(b.Layers)),
		tiles:   make([][]float32, len(b.Layers)),
		scale:   make([]float64, max(size, batchRows)),
		score:   make([]float32, batchRows),
		Pairs:   NewPairs(b.Layers),
		columns: map[string]*Column{},
		kept:    make([][]float32, len(b.Leaves)),
		coded:   make([]codedTile, len(b.Layers)),
		bounds:  make([]float64, batchRows/layer.CodeSpan+1),
	}
	for i := range w.tiles {
		w.tiles[i] = make([]float32, size*batchRows)
	}
	terms := 0
	for i, f := range b.Leaves {
		w.scorers = append(w.scorers, w.Pairs.Scorer(f.Scheme))
		terms = max(terms, len(f.layers))
		if f.keep {
			w.kept[i] = make([]float32, size*b.G.Len())
		}
	}
	w.factors, w.spanFactors = make([][]float32, terms), make([][]float32, terms)
	w.layerBounds = make([][]float64, len(b.Layers))
	for i := range b.Layers {
		if b.codes[i] != nil {
			w.layerBounds[i] = make([]float64, size*len(w.bounds))
		}
	}
	for i := range w.factors {
		w.factors[i] = make([]float32, batchRows)
		w.spanFactors[i] = make([]float32, len(w.bounds))
	}
	w.excluded = make([][]int32, size)
	w.Nominees, w.sums = make([][]Nominated, size), make([][]sum, size)
	for i := range w.Nominees {
		w.Nominees[i], w.sums[i] = make([]Nominated, len(b.Leaves)), make([]sum, len(b.Leaves))
	}
	return w
}

// Tile ranks the queries lo to hi of the batch.
func (w *BatchWorker) Tile(ctx context.Context, lo, hi int) error {
	queries := w.Queries[lo:hi]
	w.lo = lo
	for i, l := range w.Layers {
		switch {
		case w.codes[i] != nil:
			if err := w.coded[i].queries(ctx, w.codes[i], w.Batch, lo, hi); err != nil {
				return err
			}
		case w.asked != nil:
			if err := w.packVectors(ctx, i, l, hi); err != nil {
				return err
			}
		default:
			w.PackQueries(i, l, queries)
		}
	}
	for q, row := range queries {
		w.excluded[q] = w.Among.Excluded(row)
		for i := range w.Nominees[q] {
			w.Nominees[q][i].Reset(min(w.K, w.G.Len()), w.G.Len(), w.Most)
			w.trial.squeeze(&w.Nominees[q][i])
		}
		if err := w.settle(ctx, q); err != nil {
			return err
		}
	}
	for row := 0; row < w.G.Len(); row += w.RowsAtATime {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.Block(queries, row, min(row+w.RowsAtATime, w.G.Len()))
	}
	for q, row := range queries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.start(ctx, q); err != nil {
			return err
		}
		for i := range w.Leaves {
			if w.Leaves[i].varies {
				w.scorers[i].formula = newFormula(w.sums[q][i].scheme)
			}
		}
		clear(w.columns)
		rankings := make([]Ranking, len(w.Schemes))
		for i := range w.Schemes {
			var err error
			if rankings[i], err = w.finish(ctx, q, row, i); err != nil {
				return err
			}
		}
		w.Each(lo+q, rankings)
	}
	return nil
}

// start sets the query of the pairs to query q of the tile.
func (w *BatchWorker) start(ctx context.Context, q int) error {
	asked := w.ask(w.lo + q)
	w.Pairs.Start(asked.Row)
	if asked.vectors == nil {
		return nil
	}
	for _, l := range w.Layers {
		v, err := asked.whole(ctx, l)
		if err != nil {
			return err
		}
		w.Pairs.StartVector(l.Name, v)
	}
	return nil
}

// packVectors is PackQueries for the queries of the tile up to hi, which are vectors.
func (w *BatchWorker) packVectors(ctx context.Context, i int, l *layer.Layer, hi int) error {
	var values []float64
	for q := range hi - w.lo {
		v, err := w.ask(w.lo+q).whole(ctx, l)
		if err != nil {
			return err
		}
		w.scale[q] = reciprocal(v.Root)
		values = append(values, v.Wide...)
	}
	w.queries[i].PackF64(values, l.Dim, w.scale[:hi-w.lo])
	return nil
}

// settle finds the sums of the leaves that vary, for query q of the tile.
func (w *BatchWorker) settle(ctx context.Context, q int) error {
	for i := range w.Leaves {
		if !w.Leaves[i].varies {
			continue
		}
		s := &w.sums[q][i]
		var err error
		if s.scheme, err = settled(ctx, w.G, w.Leaves[i].Scheme, w.ask(w.lo+q)); err != nil {
			return err
		}
		s.weights = leafWeights(s.weights[:0], s.scheme)
	}
	return nil
}

// weightsOf returns the weights of a leaf for query q of the tile.
func (w *BatchWorker) weightsOf(l *leaf, q int) []float64 {
	if l.varies {
		return w.sums[q][l.place].weights
	}
	return l.weights
}

// PackQueries packs queries, given by row, for the tile of layer i of the batch, and scales each to
// length 1. l is that layer.
func (w *BatchWorker) PackQueries(i int, l *layer.Layer, queries []int) {
	n, size := l.Lengths(), l.Bytes()
	w.words = layer.Grown(w.words, (len(queries)*size+7)/8)
	rows := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w.words))), len(queries)*size)
	for q, row := range queries {
		w.scale[q] = reciprocal(n.Root[row])
		l.Runs(row, row+1, func(_ int, b []byte) { copy(rows[q*size:], b) })
	}
	layer.Pack(&w.queries[i], l.Type, rows, l.Dim, w.scale[:len(queries)])
}

// reciprocal returns 1/length. For a row without a length it returns 0, which packs zeros.
func reciprocal(length float64) float64 {
	if math.IsNaN(length) {
		return 0
	}
	return 1 / length
}

// Block multiplies the tile's queries with the rows lo to hi, and offers the scores of every leaf.
func (w *BatchWorker) Block(queries []int, lo, hi int) {
	n := hi - lo
	for i, l := range w.Layers {
		if w.codes[i] != nil {
			w.coded[i].multiply(w.tiles[i], w.codes[i], lo, hi)
			continue
		}
		root := l.Lengths().Root[lo:hi]
		for r := range root {
			w.scale[r] = reciprocal(root[r])
		}
		layer.Pack(&w.rows[i], l.Type, l.Together(lo, hi, &w.words), l.Dim, w.scale[:n])
		kernel.Tile(w.tiles[i], batchRows, &w.queries[i], &w.rows[i])
		w.unscored(i, queries, root)
	}
	w.findLayerBounds(len(queries), lo, hi)
	for q := range queries { // a query's products stay in the cache for all its leaves
		for f := range w.Leaves {
			if w.Leaves[f].Scheme.Kind != scheme.Concat {
				w.offer(f, q, queries[q], lo, hi)
			}
		}
	}
	for f := range w.Leaves {
		l := &w.Leaves[f]
		if l.Scheme.Kind != scheme.Concat {
			continue
		}
		w.ConcatFactors(l, lo, hi)
		if l.coded {
			w.findSpanFactors(l, n)
		}
		for q, row := range queries {
			w.offer(f, q, row, lo, hi)
		}
	}
}

// offer evaluates leaf f for query q of the tile over the block's rows lo to hi. query is the
// query's row in the gallery.
func (w *BatchWorker) offer(f, q, query, lo, hi int) {
	l := &w.Leaves[f]
	if l.extreme {
		return
	}
	scores := w.Evaluate(l, q, query, lo, hi-lo)
	if w.kept[f] != nil {
		copy(w.kept[f][q*w.G.Len()+lo:], scores)
	}
	if l.Ranked {
		w.bounds[0] = l.Bound
		bounds := w.bounds[:1]
		if l.coded {
			bounds = w.spanBounds(l, q, query, hi-lo)
		}
		w.above = w.Nominees[q][f].Offer(scores, bounds, lo, w.Among, w.excluded[q], w.above)
	}
}

// unscored sets the products of queries and rows without a length to NaN. Every score that uses the
// layer then becomes NaN.
func (w *BatchWorker) unscored(layer int, queries []int, root []float64) {
	nan := float32(math.NaN())
	tile := w.tiles[layer]
	for r := range root {
		if math.IsNaN(root[r]) {
			for q := range queries {
				tile[q*batchRows+r] = nan
			}
		}
	}
	for q, row := range queries {
		if !w.scored(layer, q, row) {
			for r := range root {
				tile[q*batchRows+r] = nan
			}
		}
	}
}

// scored reports whether query q of the tile, in the given row, has a score in a layer.
func (w *BatchWorker) scored(layer, q, row int) bool {
	if w.asked == nil {
		return !math.IsNaN(w.Layers[layer].Lengths().Root[row])
	}
	v, ok := w.asked[w.lo+q].vectors.layers[w.Layers[layer].Name]
	return ok && !math.IsNaN(v.Root)
}

// ConcatFactors sets factors[t][r] to w·|x| / √(Σ w²|x|²) for term t and row lo+r.
func (w *BatchWorker) ConcatFactors(l *leaf, lo, hi int) {
	for r := range hi - lo {
		var all float64
		for t, at := range l.layers {
			all += l.weights[t] * l.weights[t] * w.Layers[at].Lengths().Square[lo+r]
		}
		root := math.Sqrt(all)
		for t, at := range l.layers {
			w.factors[t][r] = float32(l.weights[t] * w.Layers[at].Lengths().Root[lo+r] / root)
		}
	}
}

// bias returns what a correction for hubs takes from a term, for the query in the given row.
func (l *leaf) bias(t, query int) bias {
	if l.biased == nil || l.biased[t] == nil {
		return bias{}
	}
	return bias{l.biased[t], l.biased[t].Near[query]}
}

// slope returns how much of a cosine's error a score has, by the weight of a term.
func (l *leaf) slope(t int, weight float64) float64 {
	if l.biased != nil && l.biased[t] != nil {
		return 2 * weight
	}
	return weight
}

// slacked returns the bound of a score from the sum of the bounds of its terms.
func (l *leaf) slacked(sum float64) float64 {
	if l.biased != nil {
		return hubBound(sum, len(l.layers))
	}
	return leafBound(sum, len(l.layers))
}

// Evaluate returns the float32 scores of query q of the tile for the n rows of the block, which begins
// with row lo. query is the query's row in the gallery. The scores are valid until the next call.
func (w *BatchWorker) Evaluate(l *leaf, q, query, lo, n int) []float32 {
	from := q * batchRows
	concat := l.Scheme.Kind == scheme.Concat
	if !concat && len(l.layers) == 1 && l.biased == nil {
		return w.tiles[l.layers[0]][from : from+n]
	}
	scores := w.score[:n]
	if !concat {
		weights := w.weightsOf(l, q)
		var base float64
		for t, at := range l.layers {
			base += addTerm(scores, w.tiles[at][from:from+n], weights[t], l.bias(t, query), t == 0, lo)
		}
		subtract(scores, base)
		return scores
	}
	var all float64
	for t, at := range l.layers {
		all += l.weights[t] * l.weights[t] * w.Layers[at].Lengths().Square[query]
	}
	root := math.Sqrt(all)
	clear(scores)
	for t, at := range l.layers {
		factor := float32(l.weights[t] * w.Layers[at].Lengths().Root[query] / root)
		cos, factors := w.tiles[at][from:from+n], w.factors[t][:n]
		for r := range scores {
			scores[r] += float32(factor*factors[r]) * cos[r]
		}
	}
	return scores
}

// finish returns the ranking of scheme i for query q of the tile.
func (w *BatchWorker) finish(ctx context.Context, q, query, i int) (Ranking, error) {
	out := Ranking{Scheme: w.Schemes[i], Candidates: w.Among.Count(query)}
	k := min(w.K, out.Candidates)
	certain := false
	switch {
	case w.extreme(i):
	case w.top[i] >= 0:
		f := &w.Leaves[w.top[i]]
		n := &w.Nominees[q][w.top[i]]
		if f.coded && !n.Crowded {
			n.tighten(func(row int) float64 { return w.rowBound(f, q, query, row) })
			out.Coded, out.Rescored = true, len(n.Rows)
		}
		out.Hits, certain = w.rescored(n, &w.scorers[f.place], k)
	case !w.nested[i]:
		out.Hits, certain = w.fuse(q, w.fused[i], k)
	}
	if !certain {
		w.trial.Count(TileFailed, 1)
		return w.rankColumns(ctx, w.ask(w.lo+q), w.Schemes[i])
	}
	way := ByTile
	if out.Coded {
		way = ByCodedTile
	}
	w.trial.Count(way, 1)
	if len(out.Hits) < k {
		r := Ranker{G: w.G, Among: w.Among, Query: query}
		r.Fill(&out, k)
	}
	return out, nil
}

// extreme reports whether scheme i uses a layer with extreme lengths.
func (w *BatchWorker) extreme(i int) bool {
	if w.top[i] >= 0 {
		return w.Leaves[w.top[i]].extreme
	}
	return slices.ContainsFunc(w.fused[i], func(f int) bool { return w.Leaves[f].extreme })
}

// rescored returns the top k of the nominees by canonical score. It reports false when there were
// too many nominees to collect.
func (w *BatchWorker) rescored(nominees *Nominated, scorer *Scorer, k int) ([]Hit, bool) {
	if nominees.Crowded {
		return nil, false
	}
	best := NewTop(k)
	nominees.Prune()
	for _, l := range scorer.layers {
		rows := l.missing(nominees.Rows)
		l.products = layer.Grown(l.products, len(rows))
		l.Dots(l.products, rows)
		l.keep(rows, l.products)
	}
	for _, c := range nominees.Rows {
		if s := scorer.Score(int(c.Row)); !math.IsNaN(s) {
			best.Offer(Hit{int(c.Row), s})
		}
	}
	return best.Sorted(), true
}

// rankColumns ranks the query of w.columns under a scheme, from canonical columns.
func (w *BatchWorker) rankColumns(ctx context.Context, query Asked, scheme scheme.Scheme) (Ranking, error) {
	r := Ranker{G: w.G, Among: w.Among, Query: query.Row, columns: w.columns}
	plain, err := settled(ctx, w.G, scheme, query)
	if err != nil {
		return Ranking{}, err
	}
	for _, factor := range plain.Factors() {
		name := factor.String()
		if r.columns[name] != nil {
			continue
		}
		l, err := w.G.Ready(ctx, factor)
		if err != nil {
			return Ranking{}, err
		}
		if r.columns[name], err = newColumn(ctx, l, query); err != nil {
			return Ranking{}, err
		}
	}
	out, err := r.rank(ctx, plain, w.K)
	out.Scheme = scheme
	return out, err
}
