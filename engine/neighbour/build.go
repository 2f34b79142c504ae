package neighbour

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// build.go builds neighbourhoods by the tiles of All: the lists are rankings of single layers.

// Queries are built in rounds. The first rounds are small, so that a sample is ready soon. The
// budget is checked after each round.
const (
	firstNeighbourRound = 256
	mostNeighbourRound  = 2048
)

// Build builds the missing lists: for every query in the order of the plan, the lists of the layers
// that have none. It makes derived layers. When it is cancelled, it keeps the finished queries, and
// the next Build continues. When the budget is exceeded, it keeps the first queries that fit and
// returns nil; Usage says so. progress may be nil. One goroutine at a time calls it after each
// query, with the number of queries done.
func (n *Neighbours) Build(ctx context.Context, progress func(Usage)) error {
	n.build.Lock()
	defer n.build.Unlock()
	for size := firstNeighbourRound; ; size = min(2*size, mostNeighbourRound) {
		if err := ctx.Err(); err != nil {
			return err
		}
		places, layers, known := n.round(size)
		if len(places) == 0 {
			return nil
		}
		b := &neighbourBuilder{n: n, layers: layers, known: known, places: places, progress: progress}
		if err := b.run(ctx); err != nil {
			return fmt.Errorf("building neighbours: %w", err)
		}
		n.cut()
	}
}

// round returns the places that are built next, and the layers to build there. All these places are
// built in the first known of the layers.
func (n *Neighbours) round(size int) (places []int, layers []string, known int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for place := n.done; place < n.limit && len(places) < size; place++ {
		has := 0
		if h := n.Hoods[place].Load(); h != nil {
			has = len(h.Borders)
		}
		if has == len(n.layers) || len(places) > 0 && has != known {
			continue
		}
		known = has
		places = append(places, place)
	}
	return places, n.layers, known
}

// cut drops the last queries while the budget is exceeded.
func (n *Neighbours) cut() {
	for place := len(n.Order) - 1; place >= 0 && n.Usage().Bytes > n.budget; place-- {
		if n.Hoods[place].Load() == nil {
			continue
		}
		n.mu.Lock()
		n.limit = place
		n.mu.Unlock()
		n.publish(place, nil)
	}
}

// neighbourBuilder builds one round.
type neighbourBuilder struct {
	n        *Neighbours
	layers   []string
	known    int // of layers
	places   []int
	progress func(Usage)
	told     sync.Mutex // held while progress is told
	parts    []*layer.Layer
	scratch  sync.Pool // of *neighbourScratch
}

// neighbourScratch is the memory of one goroutine of a build.
type neighbourScratch struct {
	exactScorer *rank.Pairs
	at          []int32 // by row: its place among the members; of other rows anything
	rows        []int32
	known       []bool    // by member
	asked       []int32   // rows whose products are computed
	places      []int32   // by the same: the place among the members
	dots        []float64 // by the same
}

// run builds the round.
func (b *neighbourBuilder) run(ctx context.Context) error {
	g := b.n.G
	for _, name := range b.layers {
		l, err := g.Ready(ctx, scheme.FactorNamed(name))
		if err != nil {
			return err
		}
		if err := l.Measure(ctx); err != nil {
			return fmt.Errorf("measuring %s: %w", name, err)
		}
		b.parts = append(b.parts, l)
	}
	b.scratch.New = func() any { return &neighbourScratch{exactScorer: rank.NewPairs(b.parts), at: make([]int32, g.Len())} }
	schemes := make([]scheme.Scheme, 0, len(b.layers)-b.known)
	for _, name := range b.layers[b.known:] {
		schemes = append(schemes, scheme.Scheme{Terms: []scheme.Term{{Weight: 1, Factor: scheme.FactorNamed(name)}}})
	}
	queries := make([]int, len(b.places))
	for i, place := range b.places {
		queries[i] = int(b.n.Order[place])
	}
	return rank.All(ctx, g, queries, schemes, b.n.m, b.n.base, func(i int, rankings []rank.Ranking) {
		b.n.publish(b.places[i], b.neighbourhood(b.places[i], rankings))
		if b.progress != nil {
			b.told.Lock()
			defer b.told.Unlock()
			b.progress(b.n.Usage())
		}
	})
}

// neighbourhood joins the lists of the new layers with the existing neighbourhood.
func (b *neighbourBuilder) neighbourhood(place int, lists []rank.Ranking) *Neighbourhood {
	s := b.scratch.Get().(*neighbourScratch)
	defer b.scratch.Put(s)
	query := int(b.n.Order[place])
	old := b.n.Hoods[place].Load()
	s.rows = s.rows[:0]
	if old != nil {
		s.rows = append(s.rows, old.Rows...)
	}
	for _, list := range lists {
		for _, h := range list.Hits {
			if h.Scored() {
				s.rows = append(s.rows, int32(h.Row))
			}
		}
	}
	slices.Sort(s.rows)
	h := &Neighbourhood{Rows: slices.Clone(slices.Compact(s.rows))}
	h.Rows = slices.Clip(h.Rows)
	h.Cosines = make([]float64, len(h.Rows)*len(b.layers))
	for i, row := range h.Rows {
		s.at[row] = int32(i)
	}
	s.exactScorer.Start(query)
	for layer := range b.layers {
		if layer < b.known {
			h.Borders = append(h.Borders, old.Borders[layer])
			s.complete(h.column(layer), h.Rows, b.parts[layer], old.Rows, old.column(layer))
			continue
		}
		list := ScoredHits(lists[layer-b.known].Hits)
		rows, cosines := make([]int32, len(list)), make([]float64, len(list))
		for i, hit := range list {
			rows[i], cosines[i] = int32(hit.Row), hit.Score
		}
		s.complete(h.column(layer), h.Rows, b.parts[layer], rows, cosines)
		h.Borders = append(h.Borders, b.borderOf(list, lists[layer-b.known].Candidates))
	}
	h.Least = lowestOutside(b.n.base, query, h.Rows)
	return h
}

// ScoredHits returns the hits that have a score. They are the first hits.
func ScoredHits(hits []rank.Hit) []rank.Hit {
	for len(hits) > 0 && !hits[len(hits)-1].Scored() {
		hits = hits[:len(hits)-1]
	}
	return hits
}

// borderOf returns the end of a list.
func (b *neighbourBuilder) borderOf(list []rank.Hit, candidates int) Border {
	if len(list) < b.n.m || len(list) == candidates {
		return Border{math.Inf(-1), -1}
	}
	last := list[len(list)-1]
	return Border{last.Score, int32(last.Row)}
}

// complete sets a column. It takes the known cosines of rows, and computes the others.
func (s *neighbourScratch) complete(column []float64, members []int32, l *layer.Layer, rows []int32, cosines []float64) {
	s.known = append(s.known[:0], make([]bool, len(members))...)
	for i, row := range rows {
		at := s.at[row]
		column[at], s.known[at] = cosines[i], true
	}
	p := s.exactScorer.Layers[l.Name]
	s.asked, s.places = s.asked[:0], s.places[:0]
	for i, row := range members {
		switch {
		case s.known[i]:
		case math.IsNaN(p.Root) || math.IsNaN(p.Length.Root[row]):
			column[i] = math.NaN()
		default:
			s.asked, s.places = append(s.asked, row), append(s.places, int32(i))
		}
	}
	s.dots = layer.Grown(s.dots, len(s.asked))
	p.Dots(s.dots, s.asked)
	for i, row := range s.asked {
		column[s.places[i]] = s.dots[i] / float64(p.Root*p.Length.Root[row])
	}
}

// lowestOutside returns the lowest candidate of a query outside rows, which are ascending;
// math.MaxInt32 if there is none.
func lowestOutside(among *items.Candidates, query int, rows []int32) int32 {
	excluded := among.Excluded(query)
	for row := range int32(len(among.Items.IDs)) {
		for len(excluded) > 0 && excluded[0] < row {
			excluded = excluded[1:]
		}
		for len(rows) > 0 && rows[0] < row {
			rows = rows[1:]
		}
		if among.Has(int(row)) && (len(excluded) == 0 || excluded[0] != row) && (len(rows) == 0 || rows[0] != row) {
			return row
		}
	}
	return math.MaxInt32
}
