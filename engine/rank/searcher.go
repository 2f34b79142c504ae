package rank

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"sync"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// Column holds the canonical products of one query with every row of a layer.
type Column struct {
	Dot    []float64
	Square float64 // the query's squared length, NaN when the query has no score in the layer
	Root   float64 // its root, or NaN
	layer  *layer.Layer
	length *layer.Lengths
	row    int          // of the query, or items.NoRow
	query  layer.Vector // of a query that is no item
}

// Searcher ranks for one query at a time. It scans a layer once per query and keeps the column. So
// another scheme, weight, filter or k needs no pass over a matrix. If a layer has codes, the
// Searcher scans the codes, keeps approximate cosines, and scores canonically the rows that may be
// in a ranking. It may be used concurrently.
type Searcher struct {
	g      Layers
	budget int64

	mu      sync.Mutex
	bytes   int64
	queries map[queryKey]*list.Element
	recent  *list.List // of *queryColumns, the latest used first
}

type queryColumns struct {
	query   queryKey
	columns map[string]*Column
	approx  map[string]*approxColumn

	scorerMu    sync.Mutex
	exactScorer *Pairs // products that rescoring has computed; nil before
}

// maxKeptProducts is the largest number of products with single rows that are kept for a query and
// layer.
const maxKeptProducts = 1 << 16

// prepare adds the layers of columns to the exact scorer.
func (e *queryColumns) prepare(columns map[string]*approxColumn) {
	if e.exactScorer == nil {
		e.exactScorer = NewPairs(nil)
	}
	for name, c := range columns {
		if l := e.exactScorer.Layers[name]; l == nil || len(l.dots) > maxKeptProducts {
			e.exactScorer.add(c.layer, c.row, c.part)
		}
	}
}

// NewSearcher returns a Searcher that keeps columns up to budget bytes. The columns of the latest
// query are kept even beyond the budget.
func NewSearcher(g Layers, budget int64) *Searcher {
	return &Searcher{g: g, budget: budget, queries: map[queryKey]*list.Element{}, recent: list.New()}
}

// Usage says how much a Searcher keeps.
type Usage struct {
	Bytes, Budget int64
	Queries       int
}

// Usage returns the present usage.
func (s *Searcher) Usage() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Usage{Bytes: s.bytes, Budget: s.budget, Queries: len(s.queries)}
}

// Search returns the exact top k of each scheme for the query in row q, among
// the candidates. It fails only when ctx is cancelled, a layer is missing, or a
// matrix cannot be read or has changed.
func (s *Searcher) Search(ctx context.Context, q int, schemes []scheme.Scheme, k int, among *items.Candidates) ([]Ranking, error) {
	return s.search(ctx, Asked{Row: q}, schemes, k, among, false)
}

// SearchVectors is Search for a query outside the gallery: no row is excluded from the candidates
// because of the query. It also fails for a scheme with a layer that the query has no vector for.
func (s *Searcher) SearchVectors(ctx context.Context, q *Vectors, schemes []scheme.Scheme, k int, among *items.Candidates) ([]Ranking, error) {
	for _, name := range scheme.Names(scheme.FactorsOf(schemes)) {
		if err := q.check(name); err != nil {
			return nil, err
		}
	}
	return s.search(ctx, Asked{items.NoRow, q}, schemes, k, among, false)
}

// SearchApproximate is Search by the scores of codes, without rescoring. Where Ranking.Approximate
// is true, scores and order are close to the exact ones. Layers without codes, and rrf, are
// searched exactly.
func (s *Searcher) SearchApproximate(ctx context.Context, q int, schemes []scheme.Scheme, k int, among *items.Candidates) ([]Ranking, error) {
	return s.search(ctx, Asked{Row: q}, schemes, k, among, true)
}

func (s *Searcher) search(ctx context.Context, q Asked, schemes []scheme.Scheme, k int, among *items.Candidates, approximate bool) ([]Ranking, error) {
	rankings := make([]Ranking, len(schemes))
	err := s.g.Reading(scheme.Names(scheme.FactorsOf(schemes)), func() error {
		for i, scheme := range schemes {
			var err error
			if rankings[i], err = s.one(ctx, q, scheme, k, among, approximate); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return rankings, nil
}

// one ranks under one scheme.
func (s *Searcher) one(ctx context.Context, q Asked, sc scheme.Scheme, k int, among *items.Candidates, approximate bool) (Ranking, error) {
	asked, of := q, sc
	if sc.Listed() {
		return s.listed(ctx, q, sc, k, among)
	}
	if sc.Kind == scheme.KRecip {
		r, err := s.one(ctx, q, sc.Parts[0], max(k, recipDepth), among, false)
		if err == nil {
			err = again(ctx, s.g, q, sc, r.Hits, among)
		}
		r.Scheme, r.Hits = sc, r.Hits[:min(k, len(r.Hits))]
		return r, err
	}
	if sc.Kind == scheme.QE {
		of = sc.Parts[0]
		first, err := s.one(ctx, q, of, sc.N, among, false)
		if err != nil {
			return first, err
		}
		if asked, err = expanded(ctx, s.g, q, sc, first.Hits); err != nil {
			return first, err
		}
	}
	plain, err := plain(ctx, s.g, of, asked)
	if err != nil {
		return Ranking{}, err
	}
	r, certain, err := s.certified(ctx, asked, plain, k, among, approximate)
	if err == nil && !certain {
		r, err = s.canonical(ctx, asked, plain, k, among)
	}
	r.Scheme = sc
	return r, err
}

// canonical ranks from canonical columns.
func (s *Searcher) canonical(ctx context.Context, q Asked, scheme scheme.Scheme, k int, among *items.Candidates) (Ranking, error) {
	columns, err := s.columns(ctx, q, scheme.Factors())
	if err != nil {
		return Ranking{}, err
	}
	r := Ranker{G: s.g, columns: columns, Among: among, Query: q.Row}
	return r.rank(ctx, scheme, k)
}

// Warm computes, ahead of a Search, the columns of a query that the schemes use. After a Search
// that used 4-bit codes it computes the columns of the 8-bit codes.
func (s *Searcher) Warm(ctx context.Context, q int, schemes []scheme.Scheme) error {
	return s.warm(ctx, Asked{Row: q}, schemes)
}

// WarmVectors is Warm for a query outside the gallery.
func (s *Searcher) WarmVectors(ctx context.Context, q *Vectors, schemes []scheme.Scheme) error {
	return s.warm(ctx, Asked{items.NoRow, q}, schemes)
}

func (s *Searcher) warm(ctx context.Context, q Asked, schemes []scheme.Scheme) error {
	return s.g.Reading(scheme.Names(scheme.FactorsOf(schemes)), func() error {
		for _, sc := range schemes {
			if sc.Whole() {
				sc = sc.Parts[0]
			}
			plain, err := plain(ctx, s.g, sc, q)
			switch {
			case err != nil:
			case s.codable(q, plain, s.g.Len(), 1):
				_, err = s.approxColumns(ctx, q, plain.Factors(), false)
			default:
				_, err = s.columns(ctx, q, plain.Factors())
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// columns returns the query's columns. It scans the layers whose columns are not kept.
func (s *Searcher) columns(ctx context.Context, q Asked, factors []scheme.Factor) (map[string]*Column, error) {
	columns := make(map[string]*Column, len(factors))
	s.mu.Lock()
	if e, ok := s.queries[q.key()]; ok {
		s.recent.MoveToFront(e)
		for _, name := range scheme.Names(factors) {
			if c := e.Value.(*queryColumns).columns[name]; c != nil {
				columns[name] = c
			}
		}
	}
	s.mu.Unlock()
	for _, f := range factors {
		name := f.String()
		if columns[name] != nil {
			continue
		}
		l, err := s.g.Ready(ctx, f)
		if err != nil {
			return nil, err
		}
		c, err := newColumn(ctx, l, q)
		if err != nil {
			return nil, fmt.Errorf("scanning %s: %w", name, err)
		}
		columns[name] = c
		s.keep(q.key(), c)
	}
	return columns, nil
}

// keep adds a column.
func (s *Searcher) keep(q queryKey, c *Column) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.latest(q)
	if e.columns[c.layer.Name] == nil {
		s.bytes += c.bytes()
	}
	e.columns[c.layer.Name] = c
	s.shrink()
}

// keepApprox adds an approximate column.
func (s *Searcher) keepApprox(q queryKey, c *approxColumn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.latest(q)
	old := e.approx[c.layer.Name]
	if old == nil {
		s.bytes += c.bytes()
	}
	if old == nil || old.coarse { // a coarse column never replaces a fine one
		e.approx[c.layer.Name] = c
	}
	s.shrink()
}

// keptApprox returns the approximate column of a layer, or nil if it is not kept.
func (s *Searcher) keptApprox(q queryKey, name string) *approxColumn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latest(q).approx[name]
}

// exact reports whether the canonical columns of all the layers are kept.
func (s *Searcher) exact(q queryKey, layers []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.queries[q]
	return ok && !slices.ContainsFunc(layers, func(name string) bool { return e.Value.(*queryColumns).columns[name] == nil })
}

// entry returns the columns of a query.
func (s *Searcher) entry(q queryKey) *queryColumns {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.latest(q)
}

// latest returns the columns of a query, and makes the query the most recent. s.mu is held.
func (s *Searcher) latest(q queryKey) *queryColumns {
	e, ok := s.queries[q]
	if !ok {
		e = s.recent.PushFront(&queryColumns{query: q, columns: map[string]*Column{}, approx: map[string]*approxColumn{}})
		s.queries[q] = e
	}
	s.recent.MoveToFront(e)
	return e.Value.(*queryColumns)
}

// shrink drops the columns of the least recently used queries while the budget is exceeded. s.mu is
// held.
func (s *Searcher) shrink() {
	for s.bytes > s.budget && s.recent.Len() > 1 {
		old := s.recent.Remove(s.recent.Back()).(*queryColumns)
		delete(s.queries, old.query)
		for _, c := range old.columns {
			s.bytes -= c.bytes()
		}
		for _, c := range old.approx {
			s.bytes -= c.bytes()
		}
	}
}

func (c *Column) bytes() int64 { return int64(len(c.Dot)) * 8 }

// newColumn scans a layer for a query.
func newColumn(ctx context.Context, l *layer.Layer, q Asked) (*Column, error) {
	part, err := q.part(ctx, l)
	if err != nil {
		return nil, err
	}
	c := &Column{Dot: make([]float64, l.Rows), layer: l}
	if c.length, err = l.Products(ctx, c.Dot, part.Wide); err != nil {
		return nil, err
	}
	c.Square, c.Root, c.row, c.query = part.Square, part.Root, items.NoRow, part
	if q.vectors == nil {
		c.row, c.query = q.Row, layer.Vector{}
		c.Square, c.Root = c.length.Square[q.Row], c.length.Root[q.Row]
	}
	return c, nil
}
