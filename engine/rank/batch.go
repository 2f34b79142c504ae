package rank

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sync/errgroup"

	"strata/engine/code"
	"strata/engine/hub"
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

// run ranks all queries on all processors. It stops at the first error. A query that a znorm cannot
// settle is an error before any is ranked: that of the first such query.
func (b *Batch) run(ctx context.Context) error {
	if err := b.refused(ctx); err != nil {
		return err
	}
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

// refused returns why the first query that a scheme refuses is refused, or nil. What it finds out of
// items is kept.
func (b *Batch) refused(ctx context.Context) error {
	if !slices.ContainsFunc(b.Schemes, varies) {
		return nil
	}
	var mu sync.Mutex
	var fault error
	first := len(b.Queries)
	err := layer.Parallel(ctx, len(b.Queries), 16, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for _, s := range b.Schemes {
				if _, err := settled(ctx, b.G, s, b.ask(i)); err != nil {
					mu.Lock()
					defer mu.Unlock()
					if i < first {
						first, fault = i, err
					}
					return
				}
			}
		}
	})
	return cmp.Or(err, fault)
}

// All ranks all queries over the layers of g. See Gallery.RankAll.
func All(ctx context.Context, g Layers, queries []int, schemes []scheme.Scheme, k int, among *items.Candidates, each func(i int, rankings []Ranking)) error {
	if slices.ContainsFunc(schemes, scheme.Scheme.Listed) {
		return allListed(ctx, g, queries, schemes, k, among, each)
	}
	if slices.ContainsFunc(schemes, scheme.Scheme.Whole) {
		return allExpanded(ctx, g, queries, schemes, k, among, each)
	}
	b := &Batch{G: g, Schemes: slices.Clone(schemes), K: k, Among: among, Queries: queries}
	b.Each = func(i int, rankings []Ranking) {
		for s := range rankings {
			rankings[s].Scheme = schemes[s]
		}
		each(i, rankings)
	}
	return g.Reading(scheme.Names(scheme.FactorsOf(schemes)), func() (err error) {
		for i, s := range schemes {
			if b.Schemes[i], err = hub.Summed(ctx, g, s, nil); err != nil {
				return err
			}
		}
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
	asked   []Asked // by query: vectors in the places of the items; nil: the queries are the items
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

// leaf is a sum, a znorm or a concatenation, ready to be evaluated in float32.
type leaf struct {
	Scheme  scheme.Scheme
	layers  []int      // by term of weight above 0: the layer's index in batch.layers
	weights []float64  // by the same; they add to 1 in a sum; those of a leaf that varies depend on the query
	Bound   float64    // the largest difference between a float32 score and the canonical one
	coded   bool       // a layer's products come from codes: bounds are by row, and Bound is not used
	Ranked  bool       // the leaf is a scheme: rows are nominated for its top k
	keep    bool       // the leaf is a part of an rrf: the scores of all rows are kept
	place   int        // index in Batch.Leaves
	extreme bool       // a layer has extreme lengths: there is no bound, and the leaf is ranked from columns
	varies  bool       // the leaf is another sum for every query
	biased  []*hub.Hub // by term of a sum with corrections for hubs: its Hub, or nil; nil without one
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
		c, err := whole(ctx, b.G.CodesOf(l))
		if err != nil {
			return fmt.Errorf("checking the codes of %s: %w", l.Name, err)
		}
		b.Layers, b.codes = append(b.Layers, l), append(b.codes, c)
	}
	if err := Study(ctx, b.G, b.Schemes...); err != nil {
		return err
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

// whole returns codes, which may be nil, once all of them are checked, or nil if they are damaged.
func whole(ctx context.Context, c *code.Codes) (*code.Codes, error) {
	if c == nil {
		return nil, nil
	}
	err := c.Complete(ctx, 0)
	if errors.As(err, new(code.ErrStale)) {
		return nil, nil
	}
	return c, err
}

// ask returns the query of the given place.
func (b *Batch) ask(i int) Asked {
	if b.asked != nil {
		return b.asked[i]
	}
	return Asked{Row: b.Queries[i]}
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
	f := leaf{Scheme: s, place: len(b.Leaves), keep: keep, Ranked: !keep, varies: varies(s), weights: leafWeights(nil, s)}
	var biased []*hub.Hub
	for _, t := range s.Terms {
		if t.Weight == 0 {
			continue
		}
		at := slices.IndexFunc(b.Layers, func(l *layer.Layer) bool { return l.Name == t.Factor.String() })
		f.layers = append(f.layers, at)
		f.Bound = max(f.Bound, kernel.TileError(b.Layers[at].Dim))
		biased = append(biased, hub.OfTerm(b.Layers[at], t))
	}
	if slices.ContainsFunc(biased, func(h *hub.Hub) bool { return h != nil }) {
		f.biased = biased
	}
	// The weights keep the largest error of a layer: in a sum they form a convex combination of
	// cosines, and in a concatenation, by Cauchy and Schwarz, no more. Each term also rounds its
	// weight, its factors, its products and its addition. Eight roundings a term are more than
	// occur.
	f.Bound += float64(8*len(f.layers))*(1.0/(1<<24)) + layer.ScoreSlack
	if f.biased != nil {
		f.Bound = hubBound(4*f.Bound, len(f.layers))
	}
	b.Leaves = append(b.Leaves, f)
	return len(b.Leaves) - 1
}

// leafWeights appends the weights of a leaf's terms above 0. In a sum they add to 1.
func leafWeights(to []float64, s scheme.Scheme) []float64 {
	total := 1.0
	if s.Kind != scheme.Concat {
		total = 0
		for _, t := range s.Terms {
			total += t.Weight
		}
	}
	for _, t := range s.Terms {
		if t.Weight > 0 {
			to = append(to, t.Weight/total)
		}
	}
	return to
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
