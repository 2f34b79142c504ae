package neighbour

import (
	"context"
	"fmt"
	"math"
	"slices"

	"strata/engine/derive"
	"strata/engine/hub"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// rank.go ranks one query from its neighbourhood.

// Rank returns the top k of a scheme for a query, with the same bits as All, and true. It returns
// false if the neighbourhood does not prove the ranking: it is not built, it lacks a layer, or a
// row outside might be in the top k. It fails only if the rows of a concatenation cannot be read.
func (n *Neighbours) Rank(ctx context.Context, query int, scheme scheme.Scheme, k int, among *items.Candidates) (r rank.Ranking, proven bool, err error) {
	s, ok, err := n.prepare(ctx, scheme)
	if err != nil || !ok {
		return rank.Ranking{}, false, err
	}
	err = n.G.Reading(s.read, func() error {
		r, proven = n.newNeighbourWorker(&s, k, among).rank(query)
		return nil
	})
	return r, proven, err
}

// Resolve is Rank that searches the gallery if the ranking is not proven.
func (n *Neighbours) Resolve(ctx context.Context, query int, s scheme.Scheme, k int, among *items.Candidates) (rank.Ranking, error) {
	r, proven, err := n.Rank(ctx, query, s, k, among)
	if err != nil || proven {
		return r, err
	}
	err = rank.All(ctx, n.G, []int{query}, []scheme.Scheme{s}, k, among, func(_ int, rankings []rank.Ranking) { r = rankings[0] })
	return r, err
}

// neighbourScheme is a scheme, ready to be evaluated from neighbourhoods. It is immutable, and many
// goroutines share it.
type neighbourScheme struct {
	scheme scheme.Scheme
	parts  []neighbourLeaf // one, or those of an rrf
	layers int             // the number of layers that a neighbourhood must have
	read   []string        // layers whose matrix is read
}

// neighbourLeaf is a sum, a znorm or a concatenation.
type neighbourLeaf struct {
	scheme  scheme.Scheme
	place   int            // index among the parts
	columns []int          // by term of weight above 0: the layer's index
	weights []float64      // by term of weight above 0, not normalized
	total   float64        // the sum of weights, added in the order of terms
	exact   bool           // a sum over one layer: equal scores mean equal cosines
	layers  []*layer.Layer // of a concatenation: by term of weight above 0

	moments []*derive.Moments // of a znorm: by term of weight above 0
	plain   []float64         // of a znorm: its own weights; weights and total are those of the query

	hubs []*hub.Hub // by term: of a sum with corrections for hubs, nil for a term without one; or nil
	near []float64  // by term: r of the query under such a correction
}

// varies reports whether something of the leaf depends on the query.
func (f *neighbourLeaf) varies() bool { return f.moments != nil || f.hubs != nil }

// settle sets what depends on the query. It reports false for a query that is refused.
func (f *neighbourLeaf) settle(query int) bool {
	for t, h := range f.hubs {
		if h != nil {
			f.near[t] = h.Near[query]
		}
	}
	if f.moments == nil {
		return true
	}
	f.total = 0
	for t, m := range f.moments {
		sigma, err := m.RowSpread(query)
		if err != nil {
			return false // a full search says why
		}
		f.weights[t] = rank.SpreadWeight(f.plain[t], sigma)
		f.total += f.weights[t]
	}
	return true
}

// summed returns the scheme as hub.Summed does.
func (n *Neighbours) summed(ctx context.Context, sc scheme.Scheme) (scheme.Scheme, error) {
	if !sc.HubSums() {
		return sc, nil
	}
	err := n.G.Reading(sc.Layers(), func() (err error) {
		sc, err = hub.Summed(ctx, n.G, sc, nil)
		return err
	})
	return sc, err
}

// prepare finds a scheme's layers. It returns false for a scheme that neighbourhoods
// cannot serve.
func (n *Neighbours) prepare(ctx context.Context, sc scheme.Scheme) (neighbourScheme, bool, error) {
	s := neighbourScheme{scheme: sc}
	sc, err := n.summed(ctx, sc)
	if err != nil {
		return s, false, err
	}
	parts := sc.Parts
	if sc.Kind != scheme.RRF {
		parts = []scheme.Scheme{sc}
	}
	layers := n.Layers()
	for _, part := range parts {
		if part.Kind == scheme.RRF {
			return s, false, nil
		}
		leaf := neighbourLeaf{scheme: part, place: len(s.parts)}
		for _, t := range part.Terms {
			if t.Weight == 0 {
				continue
			}
			at := slices.Index(layers, t.Factor.String())
			if at < 0 || !(t.Weight > 0) {
				return s, false, nil
			}
			s.layers = max(s.layers, at+1)
			leaf.columns, leaf.weights = append(leaf.columns, at), append(leaf.weights, t.Weight)
			leaf.total += t.Weight
			if err := leaf.addHub(ctx, n, t); err != nil {
				return s, false, err
			}
			if err := leaf.addMoments(ctx, n, part.Kind, t); err != nil {
				return s, false, err
			}
			if part.Kind == scheme.Concat {
				l, err := n.lengths(ctx, t.Factor.String())
				if err != nil || l.Lengths().Extreme {
					return s, false, err
				}
				leaf.layers, s.read = append(leaf.layers, l), append(s.read, t.Factor.String())
			}
		}
		if len(leaf.columns) == 0 || part.Kind == scheme.Concat && !rank.Tame(part) {
			return s, false, nil
		}
		fraction, _ := math.Frexp(leaf.weights[0])
		leaf.exact = part.Kind == scheme.Sum && leaf.hubs == nil && len(leaf.weights) == 1 && fraction == 0.5
		s.parts = append(s.parts, leaf)
	}
	return s, true, nil
}

// addMoments adds the moments of a term's layer to a leaf of a znorm.
func (f *neighbourLeaf) addMoments(ctx context.Context, n *Neighbours, kind scheme.Kind, t scheme.Term) error {
	if kind != scheme.ZNorm {
		return nil
	}
	m, err := n.moments(ctx, t.Factor)
	if err != nil {
		return err
	}
	f.moments, f.plain = append(f.moments, m), append(f.plain, t.Weight)
	return nil
}

// lengths returns a layer, with its lengths computed.
func (n *Neighbours) lengths(ctx context.Context, name string) (*layer.Layer, error) {
	l, err := n.G.Ready(ctx, scheme.FactorNamed(name))
	if err != nil {
		return nil, err
	}
	if err := n.G.Reading([]string{l.Name}, func() error { return l.Measure(ctx) }); err != nil {
		return nil, fmt.Errorf("measuring %s: %w", name, err)
	}
	return l, nil
}

// addHub adds the Hub of a term, the last of the leaf, if it is corrected for hubs.
func (f *neighbourLeaf) addHub(ctx context.Context, n *Neighbours, t scheme.Term) error {
	if t.Hub == 0 {
		if f.hubs != nil {
			f.hubs, f.near = append(f.hubs, nil), append(f.near, 0)
		}
		return nil
	}
	return n.G.Reading([]string{t.Factor.String()}, func() error {
		h, err := hub.Find(ctx, n.G, t)
		for len(f.hubs) < len(f.columns)-1 {
			f.hubs, f.near = append(f.hubs, nil), append(f.near, 0)
		}
		f.hubs, f.near = append(f.hubs, h), append(f.near, 0)
		return err
	})
}

// moments returns the moments of a layer.
func (n *Neighbours) moments(ctx context.Context, f scheme.Factor) (m *derive.Moments, err error) {
	err = n.G.Reading([]string{f.String()}, func() (err error) {
		m, err = rank.MomentsOf(ctx, n.G, f)
		return err
	})
	return m, err
}

// limit returns an upper bound of a sum's score for the rows outside: the score's own operations,
// applied to the ends of the lists and, in a correction for hubs, to the least r of the rows outside.
// All these operations are monotonic.
func (f *neighbourLeaf) limit(h *Neighbourhood) limit {
	var sum float64
	for t, at := range f.columns {
		b := h.Borders[at]
		if b.whole() {
			return noLimit
		}
		if f.hubs != nil && f.hubs[t] != nil {
			sum += rank.HubTerm(f.weights[t], b.Cosine, f.near[t], f.hubs[t].LeastOutside(h.Rows))
			continue
		}
		sum += float64(f.weights[t] * b.Cosine)
	}
	l := limit{open: true, score: sum / f.total, least: h.Least, last: -1}
	if f.exact { // equal cosines are in the order of rows
		l.last = h.Borders[f.columns[0]].Row
	}
	return l
}

// sums sets dst to the members' weighted sums, the numerators of their scores. It uses the sum's
// own operations in their order. Only the initial +0 is missing; it would only turn −0 into +0.
func (f *neighbourLeaf) sums(dst []float64, h *Neighbourhood) {
	c, w := f.columns, f.weights
	if f.hubs != nil {
		f.corrected(dst, h)
		return
	}
	switch len(c) {
	case 1:
		sums1(dst, h.column(c[0]), w[0])
	case 2:
		sums2(dst, h.column(c[0]), h.column(c[1]), w[0], w[1])
	case 3:
		sums3(dst, h.column(c[0]), h.column(c[1]), h.column(c[2]), w[0], w[1], w[2])
	default:
		sums4(dst, h.column(c[0]), h.column(c[1]), h.column(c[2]), h.column(c[3]), w)
		for t := 4; t < len(c); t++ {
			addTerm(dst, h.column(c[t]), w[t])
		}
	}
}

// corrected is sums with corrections for hubs.
func (f *neighbourLeaf) corrected(dst []float64, h *Neighbourhood) {
	clear(dst)
	for t, at := range f.columns {
		hub := f.hubs[t]
		if hub == nil {
			addTerm(dst, h.column(at), f.weights[t])
			continue
		}
		for i, x := range h.column(at) {
			dst[i] += rank.HubTerm(f.weights[t], x, f.near[t], hub.Near[h.Rows[i]])
		}
	}
}

func sums1(dst, a []float64, v float64) {
	for i, x := range a[:len(dst)] {
		dst[i] = float64(v * x)
	}
}

func sums2(dst, a, b []float64, v, w float64) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i := range dst {
		dst[i] = float64(v*a[i]) + float64(w*b[i])
	}
}

func sums3(dst, a, b, c []float64, u, v, w float64) {
	a, b, c = a[:len(dst)], b[:len(dst)], c[:len(dst)]
	for i := range dst {
		dst[i] = float64(u*a[i]) + float64(v*b[i]) + float64(w*c[i])
	}
}

func sums4(dst, a, b, c, d, w []float64) {
	a, b, c, d = a[:len(dst)], b[:len(dst)], c[:len(dst)], d[:len(dst)]
	w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
	for i := range dst {
		dst[i] = float64(w0*a[i]) + float64(w1*b[i]) + float64(w2*c[i]) + float64(w3*d[i])
	}
}

func addTerm(dst, a []float64, w float64) {
	a = a[:len(dst)]
	for i := range dst {
		dst[i] += float64(w * a[i])
	}
}

// neighbourWorker ranks queries under one scheme, for one goroutine. It reuses its memory for every
// query.
type neighbourWorker struct {
	n           *Neighbours
	scheme      *neighbourScheme
	parts       []neighbourLeaf // of scheme; with what depends on the query
	k           int
	among       *items.Candidates
	plain       bool // all members of a neighbourhood are candidates
	sums        []float64
	best        bestMembers
	exactScorer *rank.Pairs   // of a concatenation
	scorers     []rank.Scorer // by part, of exactScorer
	scorerQuery int           // the query of exactScorer
	fusing      memberFuser
}

func (n *Neighbours) newNeighbourWorker(s *neighbourScheme, k int, among *items.Candidates) *neighbourWorker {
	w := &neighbourWorker{n: n, scheme: s, k: k, among: among, plain: n.base.Same(among), scorerQuery: items.NoRow}
	w.parts = slices.Clone(s.parts)
	var layers []*layer.Layer
	for i, part := range s.parts {
		layers = append(layers, part.layers...)
		if part.varies() {
			w.parts[i].weights, w.parts[i].near = slices.Clone(part.weights), slices.Clone(part.near)
		}
	}
	if len(layers) > 0 {
		w.exactScorer = rank.NewPairs(layers)
		for _, part := range s.parts {
			w.scorers = append(w.scorers, w.exactScorer.Scorer(part.scheme))
		}
	}
	return w
}

// hood returns the neighbourhood of a query that serves the scheme, or nil.
func (w *neighbourWorker) hood(query int) *Neighbourhood {
	if query < 0 || query >= len(w.n.places) || w.n.places[query] < 0 {
		return nil
	}
	h := w.n.Hoods[w.n.places[query]].Load()
	if h == nil || len(h.Borders) < w.scheme.layers {
		return nil
	}
	return h
}

// rank returns the ranking of a query and whether it is proven.
func (w *neighbourWorker) rank(query int) (rank.Ranking, bool) {
	out := rank.Ranking{Scheme: w.scheme.scheme, Candidates: w.among.Count(query)}
	k := min(w.k, out.Candidates)
	h := w.hood(query)
	if h == nil || !w.top(h, query, k) {
		return out, false
	}
	out.Hits = make([]rank.Hit, w.best.n, k)
	for i := range out.Hits {
		out.Hits[i] = rank.Hit{Row: int(w.best.rows[i]), Score: w.best.scores[i]}
	}
	if len(out.Hits) < k {
		r := rank.Ranker{G: w.n.G, Among: w.among, Query: query}
		r.Fill(&out, k)
	}
	return out, true
}

// top sets best to the k best of the members. k is at most the number of candidates. It reports
// whether these are the k best of the gallery, or all rows with a score if there are fewer.
func (w *neighbourWorker) top(h *Neighbourhood, query, k int) bool {
	w.best.reset(k)
	for i := range w.parts {
		if !w.parts[i].settle(query) {
			return false
		}
	}
	var l limit
	switch part := &w.parts[0]; {
	case w.scheme.scheme.Kind == scheme.RRF:
		var ok bool
		if l, ok = w.fuse(h, query); !ok {
			return false
		}
	case part.layers != nil:
		l = w.concat(part, h, query)
	default:
		w.sum(part, h, query)
		l = part.limit(h)
	}
	switch {
	case k == 0 || !l.open:
		return true
	case w.best.n == k && l.behind(w.best.scores[k-1], w.best.rows[k-1]):
		return true
	}
	return w.outside(h, query) == 0
}

// sum offers the members' scores under a sum. Members ascend by row, so a member whose score equals
// the k-th best ranks behind it. Division is monotonic, so a smaller sum cannot have a larger
// score: most members need no division.
func (w *neighbourWorker) sum(f *neighbourLeaf, h *Neighbourhood, query int) {
	sums := layer.Grown(w.sums, len(h.Rows))
	w.sums = sums
	f.sums(sums, h)
	best := &w.best
	for i, u := range sums {
		if !(u > best.sum) && (best.n == best.k || u != u) { // u != u: it is NaN
			continue
		}
		if w.plain || w.candidate(query, int(h.Rows[i])) {
			best.offer(u, (u+0)/f.total, h.Rows[i])
		}
	}
}

// candidate reports whether a member is a candidate.
func (w *neighbourWorker) candidate(query, row int) bool {
	if !w.among.Has(row) {
		return false
	}
	_, excluded := slices.BinarySearch(w.among.Excluded(query), int32(row))
	return !excluded
}

// outside returns the number of candidates that are no members.
func (w *neighbourWorker) outside(h *Neighbourhood, query int) int {
	n := w.among.Count(query)
	for _, row := range h.Rows {
		if w.plain || w.candidate(query, int(row)) {
			n--
		}
	}
	return n
}

// bestMembers are the k best members so far, sorted, best first. Members are offered in ascending
// order of rows.
type bestMembers struct {
	k, n   int
	sum    float64 // of the last of k; −Inf while there are fewer: only what is above it can enter
	sums   []float64
	scores []float64
	rows   []int32
}

func (b *bestMembers) reset(k int) {
	b.k, b.n, b.sum = k, 0, math.Inf(-1)
	if k == 0 {
		b.sum = math.Inf(1)
	}
	if len(b.rows) < k {
		b.sums, b.scores, b.rows = make([]float64, k), make([]float64, k), make([]int32, k)
	}
}

// offer adds a member that has a score.
func (b *bestMembers) offer(sum, score float64, row int32) {
	at := b.n
	if at == b.k {
		at--
		if at < 0 || !(score > b.scores[at]) {
			return
		}
	} else {
		b.n++
	}
	for at > 0 && score > b.scores[at-1] {
		b.sums[at], b.scores[at], b.rows[at] = b.sums[at-1], b.scores[at-1], b.rows[at-1]
		at--
	}
	b.sums[at], b.scores[at], b.rows[at] = sum, score, row
	if b.n == b.k {
		b.sum = b.sums[b.k-1]
	}
}
