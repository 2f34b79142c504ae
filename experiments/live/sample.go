package live

import (
	"context"
	"slices"
	"sync"

	"strata/engine"
	"strata/engine/items"
	"strata/engine/neighbour"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/eval"
)

// K is the k of the precision, unless At gives another.
const K = 10

// keptCounts is the number of schemes whose counts are kept. Those of 10,000 queries and
// five labels take 110 KB.
const keptCounts = 128

// Sample is the queries of neighbourhoods, with those of them that labels judge.
type Sample struct {
	g      *engine.Gallery
	from   *neighbour.Neighbours
	filter []scheme.Condition
	among  *items.Candidates
	labels []*items.Label
	k      int      // of the precision
	all    int      // queries of the gallery
	judged [][]bool // by label, then place: the value is known and a candidate is relevant

	scratch sync.Pool // of *neighbour.HitCounts

	mu    sync.Mutex
	kept  map[string]*Counts // by spelling
	order []string           // of kept, the least recently used first
	other *Sample            // the last one of another k
}

// NewSample returns the sample of neighbourhoods of a gallery's queries, of which there
// are all, judged by labels among the candidates that a filter leaves.
func NewSample(g *engine.Gallery, from *neighbour.Neighbours, all int, filter []scheme.Condition, labels []*items.Label) (*Sample, error) {
	among, err := g.Candidates(filter)
	if err != nil {
		return nil, err
	}
	s := &Sample{g: g, from: from, filter: filter, among: among, labels: labels, k: K, all: all, kept: map[string]*Counts{}}
	s.scratch.New = s.newCounts
	queries := from.Queries()
	for _, l := range labels {
		relevance := among.Relevance(l)
		judged := make([]bool, len(queries))
		for place, q := range queries {
			judged[place] = l.Known(int(q)) && relevance.Count(int(q)) > 0
		}
		s.judged = append(s.judged, judged)
	}
	return s, nil
}

// Judging returns the sample with only some of its queries, given by row, judged: the others
// are in no mean.
func (s *Sample) Judging(queries []int) *Sample {
	in := make(map[int32]bool, len(queries))
	for _, q := range queries {
		in[int32(q)] = true
	}
	out := s.alike(s.k)
	for _, of := range s.judged {
		judged := slices.Clone(of)
		for place, q := range s.from.Queries() {
			judged[place] = judged[place] && in[q]
		}
		out.judged = append(out.judged, judged)
	}
	return out
}

// alike returns a sample of P@k that differs in nothing else, and knows no judged queries and no counts.
func (s *Sample) alike(k int) *Sample {
	out := &Sample{g: s.g, from: s.from, filter: s.filter, among: s.among, labels: s.labels, k: k, all: s.all, kept: map[string]*Counts{}}
	out.scratch.New = out.newCounts
	return out
}

// newCounts returns what hits are counted in.
func (s *Sample) newCounts() any { return &neighbour.HitCounts{Ks: []int{s.k}, Labels: s.labels} }

// At returns the sample with P@k at another k. Of each sample one of another k is kept, with its
// counts.
func (s *Sample) At(k int) *Sample {
	if k == s.k {
		return s
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.other == nil || s.other.k != k {
		s.other = s.alike(k)
		s.other.judged = s.judged
	}
	return s.other
}

// Labels returns the names of the labels.
func (s *Sample) Labels() []string {
	var names []string
	for _, l := range s.labels {
		names = append(names, l.Name)
	}
	return names
}

// Usage says how far the neighbourhoods are.
func (s *Sample) Usage() neighbour.Usage { return s.from.Usage() }

// Counts are the hits of one scheme among the first k over the first queries of a
// sample. They are not changed.
type Counts struct {
	Scheme   scheme.Scheme
	Unproven int // queries that are left out: their rankings are not proven

	states []neighbour.HitState // by place
	hits   []uint16             // by place, then label
}

// known reports whether the query at a place counts.
func (c *Counts) known(place int) bool { return c.states[place] == neighbour.Counted }

// Len returns the number of queries, with those that are not proven or have no score.
func (c *Counts) Len() int { return len(c.states) }

// First returns the counts of the first n queries; n is at most their number.
func (s *Sample) First(c *Counts, n int) *Counts {
	if n == len(c.states) {
		return c
	}
	return c.first(n, len(s.labels))
}

// All returns the number of the gallery's queries.
func (s *Sample) All() int { return s.all }

// first returns the counts of the first n queries.
func (c *Counts) first(n, labels int) *Counts {
	out := &Counts{Scheme: c.Scheme, states: c.states[:n], hits: c.hits[:n*labels]}
	for _, state := range out.states {
		if state == neighbour.Unproven {
			out.Unproven++
		}
	}
	return out
}

// Count returns the counts of a scheme over the queries that are built: those that were
// kept, and the queries that are new since then. They are empty for a scheme that
// neighbourhoods cannot serve, or not yet.
func (s *Sample) Count(ctx context.Context, sc scheme.Scheme) (*Counts, error) {
	name := sc.String()
	had := s.find(name)
	if had == nil {
		had = &Counts{Scheme: sc}
	}
	c, err := s.Extend(ctx, had)
	if err == nil && c != had {
		s.keep(name, c)
	}
	return c, err
}

// Extend returns counts with the queries that were built since, and keeps nothing. It
// returns had when there are none.
func (s *Sample) Extend(ctx context.Context, had *Counts) (*Counts, error) {
	from := len(had.states)
	if from == len(s.from.Queries()) {
		return had, nil
	}
	work := s.scratch.Get().(*neighbour.HitCounts)
	defer s.scratch.Put(work)
	work.Only = make([]bool, len(s.from.Queries()))
	for place := from; place < len(work.Only); place++ {
		work.Only[place] = true
	}
	if err := s.from.CountHits(ctx, had.Scheme, s.among, work); err != nil {
		return nil, err
	}
	if len(work.States) <= from {
		return had, nil
	}
	c := &Counts{
		Scheme: had.Scheme, Unproven: had.Unproven,
		states: slices.Concat(had.states, work.States[from:]), hits: slices.Concat(had.hits, work.Hits[from*len(s.labels):]),
	}
	for _, state := range c.states[from:] {
		if state == neighbour.Unproven {
			c.Unproven++
		}
	}
	return c, nil
}

// find returns the counts that are kept of a scheme, or nil.
func (s *Sample) find(name string) *Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.kept[name]
	if c != nil {
		s.order = append(slices.DeleteFunc(s.order, func(o string) bool { return o == name }), name)
	}
	return c
}

// keep keeps counts, unless better ones are kept: of more queries, or with fewer that
// are not proven.
func (s *Sample) keep(name string, c *Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if had := s.kept[name]; had != nil {
		if len(had.states) > len(c.states) || len(had.states) == len(c.states) && had.Unproven <= c.Unproven {
			return
		}
	} else {
		s.order = append(s.order, name)
	}
	s.kept[name] = c
	for len(s.order) > keptCounts {
		delete(s.kept, s.order[0])
		s.order = s.order[1:]
	}
}

// Resolve searches for the queries of a scheme whose rankings are not proven, and keeps
// what it finds: the next Count has it.
func (s *Sample) Resolve(ctx context.Context, sc scheme.Scheme) error {
	c, err := s.Count(ctx, sc)
	if err != nil || c.Unproven == 0 {
		return err
	}
	out, err := s.Search(ctx, c)
	if err == nil {
		s.keep(sc.String(), out)
	}
	return err
}

// Search returns counts with the rankings that are not proven, which it searches for.
func (s *Sample) Search(ctx context.Context, c *Counts) (*Counts, error) {
	var places, queries []int
	for place, state := range c.states {
		if state == neighbour.Unproven {
			places, queries = append(places, place), append(queries, int(s.from.Queries()[place]))
		}
	}
	out := &Counts{Scheme: c.Scheme, states: slices.Clone(c.states), hits: slices.Clone(c.hits)}
	err := s.from.RankAll(ctx, queries, []scheme.Scheme{c.Scheme}, s.k, s.among, func(i int, rankings []rank.Ranking) {
		s.judge(out, places[i], eval.RowsOf(rankings[0]))
	})
	return out, err
}

// judge sets the counts of one query from the rows of its ranking that have a score.
func (s *Sample) judge(c *Counts, place int, rows []int32) {
	if len(rows) == 0 {
		c.states[place] = neighbour.Unscored
		return
	}
	c.states[place] = neighbour.Counted
	query := int(s.from.Queries()[place])
	for n, l := range s.labels {
		var hits uint16
		for _, row := range rows {
			if l.Relevant(query, int(row)) || c.Scheme.Listed() && slices.ContainsFunc(s.among.Photos(query, int(row)), func(x int32) bool { return l.Relevant(query, int(x)) }) {
				hits++
			}
		}
		c.hits[place*len(s.labels)+n] = hits
	}
}
