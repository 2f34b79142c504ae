package rank

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sync/errgroup"

	"strata/engine/code"
	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// The size of a tile, in queries × rows. A tile is multiplied at a time, layer by layer. A tile of
// one layer takes 512 KiB.
const (
	batchQueries = 128
	batchRows    = 1024
)

// Limits of one goroutine's memory, in bytes. They hold down to tiles of one query.
const (
	PackMemory    = 64 << 20  // of packed rows, and of packed queries
	NomineeMemory = 128 << 20 // of nominated rows
	fuseMemory    = 256 << 20 // of scores kept for rank fusion
)

// run ranks all queries on all processors. It stops at the first error.
func (b *Batch) run(ctx context.Context) error {
	size := b.TileQueries()
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range min(runtime.GOMAXPROCS(0), (len(b.Queries)+size-1)/size) {
		group.Go(func() error {
			return layer.Guard(func() error {
				w := NewBatchWorker(b, size)
				for ctx.Err() == nil {
					lo := int(next.Add(int64(size))) - size
					if lo >= len(b.Queries) {
						return nil
					}
					if err := w.Tile(ctx, lo, min(lo+size, len(b.Queries))); err != nil {
						return err
					}
				}
				return ctx.Err()
			})
		})
	}
	return group.Wait()
}

// All ranks all queries over the layers of g. See Gallery.RankAll.
func All(ctx context.Context, g Layers, queries []int, schemes []scheme.Scheme, k int, among *items.Candidates, each func(i int, rankings []Ranking)) error {
	b := &Batch{G: g, Schemes: schemes, K: k, Among: among, Each: each, Queries: queries}
	return g.Reading(scheme.Names(scheme.FactorsOf(schemes)), func() error {
		if err := b.Prepare(ctx); err != nil {
			return err
		}
		return b.run(ctx)
	})
}

// Batch is the state that the goroutines of one call of All share.
type Batch struct {
	G       Layers
	Queries []int
	Schemes []scheme.Scheme
	K       int
	Among   *items.Candidates
	Each    func(int, []Ranking)
	trial   *Trial

	Layers []*layer.Layer // those that a scheme uses
	codes  []*code.Codes  // by layer: nil where the products are float32
	Leaves []leaf         // the sums and concatenations in the schemes
	top    []int          // by scheme: its leaf, or -1 for an rrf
	fused  [][]int        // by scheme: the leaves of an rrf's parts
	nested []bool         // by scheme: an rrf within an rrf, ranked from canonical columns

	RowsAtATime int // rows of a tile
	Most        int // rows that are nominated for one query and leaf
}

// leaf is a sum or a concatenation, ready to be evaluated in float32.
type leaf struct {
	Scheme  scheme.Scheme
	layers  []int     // by term of weight above 0: the layer's index in batch.layers
	weights []float64 // by the same; they add to 1 in a sum
	Bound   float64   // the largest difference between a float32 score and the canonical one
	coded   bool      // a layer's products come from codes: bounds are by row, and Bound is not used
	Ranked  bool      // the leaf is a scheme: rows are nominated for its top k
	keep    bool      // the leaf is a part of an rrf: the scores of all rows are kept
	place   int       // index in Batch.Leaves
	extreme bool      // a layer has extreme lengths: there is no bound, and the leaf is ranked from columns
}

// Prepare finds the layers and leaves and measures the layers.
func (b *Batch) Prepare(ctx context.Context) error {
	b.trial = TrialOf(ctx)
	for _, factor := range scheme.FactorsOf(b.Schemes) {
		l, err := b.G.Ready(ctx, factor)
		if err != nil {
			return err
		}
		if err := l.Measure(ctx); err != nil {
			return fmt.Errorf("measuring %s: %w", l.Name, err)
		}
		b.Layers = append(b.Layers, l)
		b.codes = append(b.codes, b.G.CodesOf(l))
	}
	n := len(b.Schemes)
	b.top, b.fused, b.nested = make([]int, n), make([][]int, n), make([]bool, n)
	for i, s := range b.Schemes {
		if s.Kind != scheme.RRF {
			b.top[i] = b.leaf(s, false)
			continue
		}
		b.top[i] = -1
		b.nested[i] = slices.ContainsFunc(s.Parts, func(p scheme.Scheme) bool { return p.Kind == scheme.RRF })
		for _, p := range s.Parts {
			if !b.nested[i] {
				b.fused[i] = append(b.fused[i], b.leaf(p, true))
			}
		}
	}
	for _, f := range b.Leaves {
		if f.keep || !Tame(f.Scheme) { // rank fusion needs the narrow bounds of float32
			for _, at := range f.layers {
				b.codes[at] = nil
			}
		}
	}
	for i := range b.Leaves {
		if f := &b.Leaves[i]; slices.ContainsFunc(f.layers, func(at int) bool { return b.Layers[at].Lengths().Extreme }) {
			f.extreme, f.keep, f.Ranked = true, false, false
		}
		b.Leaves[i].coded = slices.ContainsFunc(b.Leaves[i].layers, func(at int) bool { return b.codes[at] != nil })
	}
	return nil
}

// leaf returns the index of the scheme among the leaves, and adds the scheme if it is new.
func (b *Batch) leaf(s scheme.Scheme, keep bool) int {
	for i := range b.Leaves {
		if b.Leaves[i].Scheme.Equal(s) {
			b.Leaves[i].keep = b.Leaves[i].keep || keep
			b.Leaves[i].Ranked = b.Leaves[i].Ranked || !keep
			return i
		}
	}
	f := leaf{Scheme: s, place: len(b.Leaves), keep: keep, Ranked: !keep}
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
		at := slices.IndexFunc(b.Layers, func(l *layer.Layer) bool { return l.Name == t.Factor.String() })
		f.layers = append(f.layers, at)
		w := t.Weight
		if s.Kind == scheme.Sum {
			w /= total
		}
		f.weights = append(f.weights, w)
		f.Bound = max(f.Bound, kernel.TileError(b.Layers[at].Dim))
	}
	// The weights keep the largest error of a layer: in a sum they form a convex combination of
	// cosines, and in a concatenation, by Cauchy and Schwarz, no more. Each term also rounds its
	// weight, its factors, its products and its addition. Eight roundings a term are more than
	// occur.
	f.Bound += float64(8*len(f.layers))*(1.0/(1<<24)) + layer.ScoreSlack
	b.Leaves = append(b.Leaves, f)
	return len(b.Leaves) - 1
}

// TileQueries returns the number of queries in a tile. It also sets the number of rows in a tile
// and the number of nominees. Memory limits all three.
func (b *Batch) TileQueries() int {
	kept, ranked, dims := 0, 0, 0
	for _, f := range b.Leaves {
		if f.keep {
			kept++
		}
		if f.Ranked {
			ranked++
		}
	}
	for _, l := range b.Layers {
		dims += l.Dim
	}
	k := min(b.K, b.G.Len())
	size := min(batchQueries, PackMemory/(4*max(1, dims)),
		fuseMemory/max(1, 4*kept*b.G.Len()),
		NomineeMemory/max(1, ranked*(16*NomineeRoom(k)+4*k)))
	// When queries are few, they are spread over the processors.
	size = max(1, min(size, (len(b.Queries)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0)))
	size, b.RowsAtATime = b.trial.tile(size, max(1, min(batchRows, PackMemory/(4*max(1, dims)))))
	b.RowsAtATime = wholeSpans(b.RowsAtATime)
	b.Most = NomineeMemory / max(1, int(unsafe.Sizeof(Contender{}))*size*ranked)
	return size
}

// wholeSpans returns the largest number of rows, at most the given one, whose blocks begin with a
// span of codes or lie within one. Rows of a span share a bound.
func wholeSpans(rows int) int {
	if rows >= layer.CodeSpan {
		return rows / layer.CodeSpan * layer.CodeSpan
	}
	return 1 << (bits.Len(uint(rows)) - 1)
}

// BatchWorker is the memory of one goroutine.
type BatchWorker struct {
	*Batch
	size    int
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
	fuser       fuser
	columns     map[string]*Column // of the query that is ranked now, those that were needed
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
	w.Nominees = make([][]Nominated, size)
	for i := range w.Nominees {
		w.Nominees[i] = make([]Nominated, len(b.Leaves))
	}
	return w
}

// Tile ranks the queries lo to hi of the batch.
func (w *BatchWorker) Tile(ctx context.Context, lo, hi int) error {
	queries := w.Queries[lo:hi]
	for i, l := range w.Layers {
		if w.codes[i] != nil {
			w.coded[i].queries(w.codes[i], queries)
		} else {
			w.PackQueries(i, l, queries)
		}
	}
	for q, row := range queries {
		w.excluded[q] = w.Among.Excluded(row)
		for i := range w.Nominees[q] {
			w.Nominees[q][i].Reset(min(w.K, w.G.Len()), w.G.Len(), w.Most)
			w.trial.squeeze(&w.Nominees[q][i])
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
		w.Pairs.Start(row)
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
			if w.Leaves[f].Scheme.Kind == scheme.Sum {
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
	scores := w.Evaluate(l, q, query, hi-lo)
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
		if math.IsNaN(w.Layers[layer].Lengths().Root[row]) {
			for r := range root {
				tile[q*batchRows+r] = nan
			}
		}
	}
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

// Evaluate returns the float32 scores of query q of the tile for the n rows of the block. query is
// the query's row in the gallery. The scores are valid until the next call.
func (w *BatchWorker) Evaluate(l *leaf, q, query, n int) []float32 {
	from := q * batchRows
	if l.Scheme.Kind == scheme.Sum && len(l.layers) == 1 {
		return w.tiles[l.layers[0]][from : from+n]
	}
	scores := w.score[:n]
	if l.Scheme.Kind == scheme.Sum {
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
		return w.rankColumns(ctx, query, w.Schemes[i])
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
	for _, c := range nominees.Rows {
		if s := scorer.Score(int(c.Row)); !math.IsNaN(s) {
			best.Offer(Hit{int(c.Row), s})
		}
	}
	return best.Sorted(), true
}

// rankColumns ranks the query of w.columns under a scheme, from canonical columns.
func (w *BatchWorker) rankColumns(ctx context.Context, query int, scheme scheme.Scheme) (Ranking, error) {
	r := Ranker{G: w.G, Among: w.Among, Query: query, columns: w.columns}
	for _, factor := range scheme.Factors() {
		name := factor.String()
		if r.columns[name] != nil {
			continue
		}
		l, err := w.G.Ready(ctx, factor)
		if err != nil {
			return Ranking{}, err
		}
		if r.columns[name], err = newColumn(ctx, l, Asked{Row: query}); err != nil {
			return Ranking{}, err
		}
	}
	return r.rank(ctx, scheme, w.K)
}
