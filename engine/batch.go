package engine

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sync/errgroup"

	"strata/engine/kernel"
)

// The tile of a batch: this many queries × this many rows are multiplied at a
// time, layer by layer. A tile of one layer takes 512 KiB.
const (
	batchQueries = 128
	batchRows    = 1024
)

// What one goroutine keeps is bounded, in bytes, down to tiles of one query.
const (
	packMemory    = 64 << 20  // of packed rows, and of packed queries
	nomineeMemory = 128 << 20 // of nominated rows
	fuseMemory    = 256 << 20 // of scores kept for rank fusion
)

// run ranks all queries from all processors. It ends early with the first error.
func (b *batch) run(ctx context.Context) error {
	size := b.tileQueries()
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range min(runtime.GOMAXPROCS(0), (len(b.queries)+size-1)/size) {
		group.Go(func() error {
			return guard(func() error {
				w := newBatchWorker(b, size)
				for ctx.Err() == nil {
					lo := int(next.Add(int64(size))) - size
					if lo >= len(b.queries) {
						return nil
					}
					if err := w.tile(ctx, lo, min(lo+size, len(b.queries))); err != nil {
						return err
					}
				}
				return ctx.Err()
			})
		})
	}
	return group.Wait()
}

// RankAll is Gallery.RankAll over the layers of g.
func RankAll(ctx context.Context, g Layers, queries []int, schemes []Scheme, k int, among *Candidates, each func(i int, rankings []Ranking)) error {
	b := &batch{g: g, schemes: schemes, k: k, among: among, each: each, queries: queries}
	return g.reading(names(factorsOf(schemes)), func() error {
		if err := b.prepare(ctx); err != nil {
			return err
		}
		return b.run(ctx)
	})
}

// batch is what the goroutines of one RankAll share.
type batch struct {
	g       Layers
	queries []int
	schemes []Scheme
	k       int
	among   *Candidates
	each    func(int, []Ranking)

	layers []*Layer // those that a scheme uses
	codes  []*codes // by layer: nil where its products are float32
	leaves []leaf   // the sums and concatenations in the schemes
	top    []int    // by scheme: its leaf, or -1 for rrf
	fused  [][]int  // by scheme: the leaves of its parts, for rrf
	nested []bool   // by scheme: an rrf in an rrf, which is ranked from columns

	rowsAtATime int // rows of a tile
	most        int // rows that are nominated for one query and leaf
}

// leaf is a sum or a concatenation, ready to be evaluated in float32.
type leaf struct {
	scheme  Scheme
	layers  []int     // by term of weight above 0: its place in batch.layers
	weights []float64 // by the same; they add to 1 in a sum
	bound   float64   // the largest difference of a float32 score and the canonical one
	coded   bool      // a layer's products are those of codes, whose bounds are by row; bound is not used
	ranked  bool      // a scheme itself: rows are nominated for its top k
	keep    bool      // a part of an rrf: the scores of all rows are kept
	extreme bool      // of a layer with extreme lengths: it has no bound, and is ranked from columns
}

// prepare finds the layers and leaves and measures the layers.
func (b *batch) prepare(ctx context.Context) error {
	for _, factor := range factorsOf(b.schemes) {
		l, err := b.g.ready(ctx, factor)
		if err != nil {
			return err
		}
		if err := l.measure(ctx); err != nil {
			return fmt.Errorf("measuring %s: %w", l.Name, err)
		}
		b.layers = append(b.layers, l)
		b.codes = append(b.codes, b.g.codesOf(l))
	}
	n := len(b.schemes)
	b.top, b.fused, b.nested = make([]int, n), make([][]int, n), make([]bool, n)
	for i, s := range b.schemes {
		if s.Kind != RRF {
			b.top[i] = b.leaf(s, false)
			continue
		}
		b.top[i] = -1
		b.nested[i] = slices.ContainsFunc(s.Parts, func(p Scheme) bool { return p.Kind == RRF })
		for _, p := range s.Parts {
			if !b.nested[i] {
				b.fused[i] = append(b.fused[i], b.leaf(p, true))
			}
		}
	}
	for _, f := range b.leaves {
		if f.keep || !tame(f.scheme) { // rank fusion needs the narrow bounds of float32
			for _, at := range f.layers {
				b.codes[at] = nil
			}
		}
	}
	for i := range b.leaves {
		if f := &b.leaves[i]; slices.ContainsFunc(f.layers, func(at int) bool { return b.layers[at].Lengths().extreme }) {
			f.extreme, f.keep, f.ranked = true, false, false
		}
		b.leaves[i].coded = slices.ContainsFunc(b.leaves[i].layers, func(at int) bool { return b.codes[at] != nil })
	}
	return nil
}

// leaf returns the place of the scheme among the leaves, adding it if need be.
func (b *batch) leaf(s Scheme, keep bool) int {
	for i := range b.leaves {
		if b.leaves[i].scheme.Equal(s) {
			b.leaves[i].keep = b.leaves[i].keep || keep
			b.leaves[i].ranked = b.leaves[i].ranked || !keep
			return i
		}
	}
	f := leaf{scheme: s, keep: keep, ranked: !keep}
	var total float64
	for _, t := range s.Terms {
		if t.Weight > 0 {
			total += t.Weight
		}
	}
	for _, t := range s.Terms {
		if t.Weight == 0 {
			continue
		}
		at := slices.IndexFunc(b.layers, func(l *Layer) bool { return l.Name == t.Factor.String() })
		f.layers = append(f.layers, at)
		w := t.Weight
		if s.Kind == Sum {
			w /= total
		}
		f.weights = append(f.weights, w)
		f.bound = max(f.bound, kernel.TileError(b.layers[at].Dim))
	}
	// Weights (a convex combination of cosines in a sum, by Cauchy and Schwarz no
	// more than that in a concatenation) keep the largest error of a layer. Each
	// term then rounds its weight, its factors and its products, and its place in
	// the sum: eight roundings a term are more than there are.
	f.bound += float64(8*len(f.layers))*(1.0/(1<<24)) + scoreSlack
	b.leaves = append(b.leaves, f)
	return len(b.leaves) - 1
}

// tileQueries returns the queries of a tile, and sets its rows and the number of
// nominees, all as memory allows.
func (b *batch) tileQueries() int {
	kept, ranked, dims := 0, 0, 0
	for _, f := range b.leaves {
		if f.keep {
			kept++
		}
		if f.ranked {
			ranked++
		}
	}
	for _, l := range b.layers {
		dims += l.Dim
	}
	k := min(b.k, b.g.Len())
	size := min(batchQueries, packMemory/(4*max(1, dims)),
		fuseMemory/max(1, 4*kept*b.g.Len()),
		nomineeMemory/max(1, ranked*(16*nomineeRoom(k)+4*k)))
	// A few queries are spread over the processors.
	size = max(1, min(size, (len(b.queries)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0)))
	b.rowsAtATime = max(1, min(batchRows, packMemory/(4*max(1, dims))))
	if b.rowsAtATime > codeSpan {
		b.rowsAtATime &^= codeSpan - 1 // so that blocks begin with spans
	}
	b.most = nomineeMemory / max(1, int(unsafe.Sizeof(contender{}))*size*ranked)
	return size
}

// batchWorker is the memory of one goroutine.
type batchWorker struct {
	*batch
	size    int
	queries []kernel.Queries // by layer
	rows    []kernel.Rows    // by layer
	tiles   [][]float32      // by layer: size × batchRows
	scale   []float64
	words   []uint64    // rows that are put together
	factors [][]float32 // of a concatenation: by term, by row of the tile
	coded   []codedTile // by layer
	bounds  []float64   // of the scores of a leaf's block, by span

	spanFactors [][]float32   // of a concatenation: by term, by span of the block
	layerBounds [][]float64   // by layer with codes: by query of the tile, by span of the block
	score       []float32     // batchRows
	above       []int32       // scratch of kernel.Above
	excluded    [][]int32     // by query of the tile: the rows that are no candidates of it
	nominees    [][]nominated // by query of the tile, by leaf
	kept        [][]float32   // by leaf: size × gallery rows, nil if not kept
	pairs       *pairs
	fuser       fuser
	columns     map[string]*Column // of the query that is ranked now, those that were needed
}

func newBatchWorker(b *batch, size int) *batchWorker {
	w := &batchWorker{
		batch: b, size: size,
		queries: make([]kernel.Queries, len(b.layers)),
		rows:    make([]kernel.Rows, len(b.layers)),
		tiles:   make([][]float32, len(b.layers)),
		scale:   make([]float64, max(size, batchRows)),
		score:   make([]float32, batchRows),
		pairs:   newPairs(b.layers),
		columns: map[string]*Column{},
		kept:    make([][]float32, len(b.leaves)),
		coded:   make([]codedTile, len(b.layers)),
		bounds:  make([]float64, batchRows/codeSpan+1),
	}
	for i := range w.tiles {
		w.tiles[i] = make([]float32, size*batchRows)
	}
	terms := 0
	for i, f := range b.leaves {
		terms = max(terms, len(f.layers))
		if f.keep {
			w.kept[i] = make([]float32, size*b.g.Len())
		}
	}
	w.factors, w.spanFactors = make([][]float32, terms), make([][]float32, terms)
	w.layerBounds = make([][]float64, len(b.layers))
	for i := range b.layers {
		if b.codes[i] != nil {
			w.layerBounds[i] = make([]float64, size*len(w.bounds))
		}
	}
	for i := range w.factors {
		w.factors[i] = make([]float32, batchRows)
		w.spanFactors[i] = make([]float32, len(w.bounds))
	}
	w.excluded = make([][]int32, size)
	w.nominees = make([][]nominated, size)
	for i := range w.nominees {
		w.nominees[i] = make([]nominated, len(b.leaves))
	}
	return w
}

// tile ranks the queries lo to hi of the batch.
func (w *batchWorker) tile(ctx context.Context, lo, hi int) error {
	queries := w.batch.queries[lo:hi]
	for i, l := range w.layers {
		if w.codes[i] != nil {
			w.coded[i].queries(w.codes[i], queries)
		} else {
			w.packQueries(i, l, queries)
		}
	}
	for q, row := range queries {
		w.excluded[q] = w.among.excluded(row)
		for i := range w.nominees[q] {
			w.nominees[q][i].reset(min(w.k, w.g.Len()), w.g.Len(), w.most)
		}
	}
	for row := 0; row < w.g.Len(); row += w.rowsAtATime {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.block(queries, row, min(row+w.rowsAtATime, w.g.Len()))
	}
	for q, row := range queries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.pairs.start(row)
		clear(w.columns)
		rankings := make([]Ranking, len(w.schemes))
		for i := range w.schemes {
			var err error
			if rankings[i], err = w.finish(ctx, q, row, i); err != nil {
				return err
			}
		}
		w.each(lo+q, rankings)
	}
	return nil
}

func (w *batchWorker) packQueries(i int, l *Layer, queries []int) {
	n, size := l.Lengths(), l.bytes()
	w.words = grown(w.words, (len(queries)*size+7)/8)
	rows := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w.words))), len(queries)*size)
	for q, row := range queries {
		w.scale[q] = reciprocal(n.Root[row])
		l.runs(row, row+1, func(_ int, b []byte) { copy(rows[q*size:], b) })
	}
	pack(&w.queries[i], l.Type, rows, l.Dim, w.scale[:len(queries)])
}

// reciprocal returns 1/length, and 0, which packs zeros, for a row without one.
func reciprocal(length float64) float64 {
	if math.IsNaN(length) {
		return 0
	}
	return 1 / length
}

// block multiplies the tile's queries with the rows lo to hi and offers the
// scores of every leaf.
func (w *batchWorker) block(queries []int, lo, hi int) {
	n := hi - lo
	for i, l := range w.layers {
		if w.codes[i] != nil {
			w.coded[i].multiply(w.tiles[i], w.codes[i], lo, hi)
			continue
		}
		root := l.Lengths().Root[lo:hi]
		for r := range root {
			w.scale[r] = reciprocal(root[r])
		}
		pack(&w.rows[i], l.Type, l.together(lo, hi, &w.words), l.Dim, w.scale[:n])
		kernel.Tile(w.tiles[i], batchRows, &w.queries[i], &w.rows[i])
		w.unscored(i, queries, root)
	}
	w.findLayerBounds(len(queries), lo, hi)
	for q := range queries { // so that a query's products are in the cache for all its sums
		for f := range w.leaves {
			if w.leaves[f].scheme.Kind == Sum {
				w.offer(f, q, queries[q], lo, hi)
			}
		}
	}
	for f := range w.leaves {
		l := &w.leaves[f]
		if l.scheme.Kind != Concat {
			continue
		}
		w.concatFactors(l, lo, hi)
		if l.coded {
			w.findSpanFactors(l, n)
		}
		for q, row := range queries {
			w.offer(f, q, row, lo, hi)
		}
	}
}

// offer evaluates leaf f for query q of the tile, which is the row query of the gallery,
// and the block's rows lo to hi.
func (w *batchWorker) offer(f, q, query, lo, hi int) {
	l := &w.leaves[f]
	if l.extreme {
		return
	}
	scores := w.evaluate(l, q, query, hi-lo)
	if w.kept[f] != nil {
		copy(w.kept[f][q*w.g.Len()+lo:], scores)
	}
	if l.ranked {
		w.bounds[0] = l.bound
		bounds := w.bounds[:1]
		if l.coded {
			bounds = w.spanBounds(l, q, query, hi-lo)
		}
		w.above = w.nominees[q][f].offer(scores, bounds, lo, w.among, w.excluded[q], w.above)
	}
}

// unscored sets the products of queries and rows without a length to NaN, which
// makes NaN of every score that uses the layer.
func (w *batchWorker) unscored(layer int, queries []int, root []float64) {
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
		if math.IsNaN(w.layers[layer].Lengths().Root[row]) {
			for r := range root {
				tile[q*batchRows+r] = nan
			}
		}
	}
}

// concatFactors sets factors[t][r] to w·|x| / √(Σ w²|x|²) for term t and row lo+r.
func (w *batchWorker) concatFactors(l *leaf, lo, hi int) {
	for r := range hi - lo {
		var all float64
		for t, at := range l.layers {
			all += l.weights[t] * l.weights[t] * w.layers[at].Lengths().Square[lo+r]
		}
		root := math.Sqrt(all)
		for t, at := range l.layers {
			w.factors[t][r] = float32(l.weights[t] * w.layers[at].Lengths().Root[lo+r] / root)
		}
	}
}

// evaluate returns the float32 scores of query q of the tile, which is the row
// query of the gallery, with the n rows of the block. They are valid until the
// next call.
func (w *batchWorker) evaluate(l *leaf, q, query, n int) []float32 {
	from := q * batchRows
	if l.scheme.Kind == Sum && len(l.layers) == 1 {
		return w.tiles[l.layers[0]][from : from+n]
	}
	scores := w.score[:n]
	if l.scheme.Kind == Sum {
		for t, at := range l.layers {
			if t == 0 {
				kernel.MulSet(scores, w.tiles[at][from:from+n], float32(l.weights[t]))
			} else {
				kernel.MulAdd(scores, w.tiles[at][from:from+n], float32(l.weights[t]))
			}
		}
		return scores
	}
	var all float64
	for t, at := range l.layers {
		all += l.weights[t] * l.weights[t] * w.layers[at].Lengths().Square[query]
	}
	root := math.Sqrt(all)
	clear(scores)
	for t, at := range l.layers {
		factor := float32(l.weights[t] * w.layers[at].Lengths().Root[query] / root)
		cos, factors := w.tiles[at][from:from+n], w.factors[t][:n]
		for r := range scores {
			scores[r] += float32(factor*factors[r]) * cos[r]
		}
	}
	return scores
}

// finish returns the ranking of scheme i for query q of the tile.
func (w *batchWorker) finish(ctx context.Context, q, query, i int) (Ranking, error) {
	out := Ranking{Scheme: w.schemes[i], Candidates: w.among.Count(query)}
	k := min(w.k, out.Candidates)
	certain := false
	switch {
	case w.extreme(i):
	case w.top[i] >= 0:
		f := &w.leaves[w.top[i]]
		n := &w.nominees[q][w.top[i]]
		if f.coded && !n.crowded {
			n.tighten(func(row int) float64 { return w.rowBound(f, q, query, row) })
			out.Coded, out.Rescored = true, len(n.rows)
		}
		out.Hits, certain = w.rescored(n, w.schemes[i], k)
	case !w.nested[i]:
		out.Hits, certain = w.fuse(q, w.fused[i], k)
	}
	if !certain {
		return w.rankColumns(ctx, query, w.schemes[i])
	}
	if len(out.Hits) < k {
		r := ranker{g: w.g, among: w.among, query: query}
		r.fill(&out, k)
	}
	return out, nil
}

// extreme reports whether scheme i uses a layer with extreme lengths.
func (w *batchWorker) extreme(i int) bool {
	if w.top[i] >= 0 {
		return w.leaves[w.top[i]].extreme
	}
	return slices.ContainsFunc(w.fused[i], func(f int) bool { return w.leaves[f].extreme })
}

// rescored returns the top k of the nominees by canonical score. It reports
// false when there were too many to collect.
func (w *batchWorker) rescored(nominees *nominated, scheme Scheme, k int) ([]Hit, bool) {
	if nominees.crowded {
		return nil, false
	}
	best := newTop(k)
	nominees.prune()
	for _, c := range nominees.rows {
		if s := w.pairs.score(scheme, int(c.row)); !math.IsNaN(s) {
			best.offer(Hit{int(c.row), s})
		}
	}
	return best.sorted(), true
}

// rankColumns ranks the query of w.columns under a scheme from canonical columns.
func (w *batchWorker) rankColumns(ctx context.Context, query int, scheme Scheme) (Ranking, error) {
	r := ranker{g: w.g, among: w.among, query: query, columns: w.columns}
	for _, factor := range scheme.Factors() {
		name := factor.String()
		if r.columns[name] != nil {
			continue
		}
		l, err := w.g.ready(ctx, factor)
		if err != nil {
			return Ranking{}, err
		}
		if r.columns[name], err = newColumn(ctx, l, asked{row: query}); err != nil {
			return Ranking{}, err
		}
	}
	return r.rank(ctx, scheme, w.k)
}
