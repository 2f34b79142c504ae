package neighbour

import (
	"context"
	"sync"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// slide.go ranks all queries under one scheme, as a moving slider needs it.

// Hits is the top of one query's ranking. A worker owns its memory: it is valid during the call
// only.
type Hits struct {
	Place  int // of the query, in the order of Neighbours
	Query  int // row
	Rows   []int32
	Scores []float64 // of Rows, best first: only rows with a score
	Proven bool      // if false, Rows and Scores are not valid
}

// slideBlock is the number of queries that a goroutine takes at a time.
const slideBlock = 64

// Each calls visit once for every built query, up to the first that is not built, in no order and
// from several goroutines. It allocates no memory for a query. It returns the number of queries
// visited: 0 for a scheme that neighbourhoods cannot serve.
func (n *Neighbours) Each(ctx context.Context, scheme scheme.Scheme, k int, among *items.Candidates, visit func(Hits)) (queries int, err error) {
	return n.each(ctx, scheme, k, among, nil, visit)
}

// each is Each for the queries at the places in only; nil means all.
func (n *Neighbours) each(ctx context.Context, scheme scheme.Scheme, k int, among *items.Candidates, only []bool, visit func(Hits)) (queries int, err error) {
	s, ok, err := n.prepare(ctx, scheme)
	if err != nil || !ok {
		return 0, err
	}
	queries = n.served(s.layers)
	trial := rank.TrialOf(ctx)
	workers := sync.Pool{New: func() any { return n.newNeighbourWorker(&s, k, among) }}
	err = n.G.Reading(s.read, func() error {
		return layer.Parallel(ctx, queries, slideBlock, func(lo, hi int) {
			w := workers.Get().(*neighbourWorker)
			for place := lo; place < hi; place++ {
				if only == nil || only[place] {
					hits := w.hits(place)
					count(trial, hits.Proven)
					visit(hits)
				}
			}
			workers.Put(w)
		})
	})
	return queries, err
}

// count counts a ranking of a trial.
func count(t *rank.Trial, proven bool) {
	if proven {
		t.Count(rank.ByNeighbours, 1)
	} else {
		t.Count(rank.NeighboursFailed, 1)
	}
}

// served returns the number of queries, from the first, that are built in at least the given number
// of layers.
func (n *Neighbours) served(layers int) int {
	for place := range n.Hoods {
		if h := n.Hoods[place].Load(); h == nil || len(h.Borders) < layers {
			return place
		}
	}
	return len(n.Hoods)
}

// hits ranks the query at a place.
func (w *neighbourWorker) hits(place int) Hits {
	query := int(w.n.Order[place])
	out := Hits{Place: place, Query: query}
	h := w.hood(query)
	if h == nil { // the budget has removed it meanwhile
		return out
	}
	out.Proven = w.top(h, query, min(w.k, w.among.Count(query)))
	out.Rows, out.Scores = w.best.rows[:w.best.n], w.best.scores[:w.best.n]
	return out
}

// HitState says what HitCounts hold for a query.
type HitState uint8

// The states of a query.
const (
	Unproven HitState = iota // nothing: its ranking needs a full search
	Unscored                 // the query has no score in the scheme
	Counted
)

// HitCounts count the relevant rows among the first hits of every query under one scheme.
type HitCounts struct {
	Ks     []int // ascending
	Labels []*items.Label
	Only   []bool     // by place: the queries to count; the others stay unproven; nil means all
	States []HitState // by place in the order of Neighbours, of those that were built
	Hits   []uint16   // by place, label and k
}

// Of returns the hits of the query at a place under a label, by k.
func (c *HitCounts) Of(place, label int) []uint16 {
	at := (place*len(c.Labels) + label) * len(c.Ks)
	return c.Hits[at : at+len(c.Ks)]
}

// CountHits counts, for every built query, the hits among the first k under each label. The fields
// Ks, Labels and Only of counts are its input. It sets the other fields, and reuses their memory.
func (n *Neighbours) CountHits(ctx context.Context, scheme scheme.Scheme, among *items.Candidates, counts *HitCounts) error {
	if len(counts.Ks) == 0 {
		counts.States, counts.Hits = counts.States[:0], counts.Hits[:0]
		return nil
	}
	each := len(counts.Labels) * len(counts.Ks)
	counts.States, counts.Hits = layer.Grown(counts.States, len(n.Order)), layer.Grown(counts.Hits, len(n.Order)*each)
	clear(counts.States)
	clear(counts.Hits)
	built, err := n.each(ctx, scheme, counts.Ks[len(counts.Ks)-1], among, counts.Only, counts.count)
	counts.States, counts.Hits = counts.States[:built], counts.Hits[:built*each]
	return err
}

// count sets the counts of one query.
func (c *HitCounts) count(h Hits) {
	switch {
	case !h.Proven:
		return
	case len(h.Rows) == 0:
		c.States[h.Place] = Unscored
		return
	}
	c.States[h.Place] = Counted
	for i, l := range c.Labels {
		hits := c.Of(h.Place, i)
		code := l.Codes[h.Query]
		at, found := 0, uint16(0)
		for n, k := range c.Ks {
			for ; at < min(k, len(h.Rows)); at++ {
				if l.Share(code, l.Codes[h.Rows[at]]) {
					found++
				}
			}
			hits[n] = found
		}
	}
}
