package hub

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// sum.go keeps the hubs of sums in memory: those of a few weightings, since each takes a pass over the
// layers, and 16 bytes a row.

// sumsName is the name of the fact of a sum's first layer that holds its sums.
const sumsName = "hubs of sums"

// The limits of the sums that are kept of one layer: in bytes, and the least number of them.
const (
	sumsMemory = 256 << 20
	sumsLeast  = 2
)

// sums are the latest Hubs of sums with the same first layer.
type sums struct {
	mu   sync.Mutex
	kept []*sum // the latest used last
}

// sum is a Hub that is kept, or that is computed.
type sum struct {
	terms []term
	n     int
	turn  chan struct{} // holds an element while the Hub is computed
	hub   *Hub          // nil before; guarded by turn
}

// find returns the sum of terms, which it makes the latest. Layers are told apart by what is open, not
// by name: a derived layer may be made anew.
func (s *sums) find(terms []term, n int) *sum {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := &sum{terms: terms, n: n, turn: make(chan struct{}, 1)}
	if at := slices.IndexFunc(s.kept, func(k *sum) bool { return k.n == n && slices.Equal(k.terms, terms) }); at >= 0 {
		of = s.kept[at]
		s.kept = slices.Delete(s.kept, at, at+1)
	}
	most := max(sumsLeast, sumsMemory/(16*max(1, terms[0].layer.Rows)))
	s.kept = append(s.kept, of)
	s.kept = slices.Delete(s.kept, 0, max(0, len(s.kept)-most))
	return of
}

// OfSum returns the Hub of a HubSum. It computes the scores of all rows with the bank, once for each
// weighting, unless that is among the latest. It is called within Reading.
func OfSum(ctx context.Context, g Layers, s scheme.Scheme) (*Hub, error) {
	h := &Hub{n: s.N}
	for _, t := range s.Terms {
		if t.Weight == 0 {
			continue
		}
		l, err := g.Ready(ctx, t.Factor)
		if err != nil {
			return nil, err
		}
		if err := l.Measure(ctx); err != nil {
			return nil, fmt.Errorf("measuring %s: %w", l.Name, err)
		}
		h.terms, h.total = append(h.terms, term{l, t.Weight}), h.total+t.Weight
	}
	kept, err := h.terms[0].layer.Find(ctx, sumsName, func() (any, error) { return &sums{}, nil })
	if err != nil {
		return nil, err
	}
	of := kept.(*sums).find(h.terms, h.n)
	select {
	case of.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-of.turn }()
	if of.hub != nil {
		return of.hub, nil
	}
	among, err := g.Candidates(nil)
	if err != nil {
		return nil, err
	}
	h.draw(among)
	if h.Near, err = h.compute(ctx, among); err != nil {
		return nil, fmt.Errorf("the hubs of %s: %w", s, err)
	}
	h.finish()
	h.items, of.hub = &Shared{hub: h}, h
	return h, nil
}

// Shared is the correction of a whole sum, as its terms have it. It is immutable.
type Shared struct {
	hub   *Hub
	query float64 // r of a query that is no item
}

// Summed returns the scheme with every HubSum in it replaced by the Sum whose terms share its
// correction. vector returns the vector of the query in a layer; it is nil for queries that are items.
// It is called within Reading.
func Summed(ctx context.Context, g Layers, s scheme.Scheme, vector func(*layer.Layer) (layer.Vector, error)) (scheme.Scheme, error) {
	if !s.HubSums() {
		return s, nil
	}
	var err error
	s.Parts = slices.Clone(s.Parts)
	for i := range s.Parts {
		if s.Parts[i], err = Summed(ctx, g, s.Parts[i], vector); err != nil {
			return s, err
		}
	}
	if s.Kind != scheme.HubSum {
		return s, nil
	}
	h, err := OfSum(ctx, g, s)
	if err != nil {
		return s, err
	}
	shared := h.items
	if vector != nil {
		vectors := make([]layer.Vector, len(h.terms))
		for t, of := range h.terms {
			if vectors[t], err = vector(of.layer); err != nil {
				return s, err
			}
		}
		shared = &Shared{h, h.Query(items.NoRow, vectors...)}
	}
	out := scheme.Scheme{Terms: slices.Clone(s.Terms)}
	for i := range out.Terms {
		out.Terms[i].Hub, out.Terms[i].Shared = s.N, shared
	}
	return out, nil
}

// OfTerm returns the Hub of a term of a Sum over a layer, or nil of a term that is not corrected. A
// layer's own must be known.
func OfTerm(l *layer.Layer, t scheme.Term) *Hub {
	switch s, ok := t.Shared.(*Shared); {
	case ok:
		return s.hub
	case t.Hub == 0:
		return nil
	}
	return Known(l, t.Hub)
}

// Find is OfTerm of a term that is corrected, and computes the Hub of its layer if need be.
func Find(ctx context.Context, g Layers, t scheme.Term) (*Hub, error) {
	if s, ok := t.Shared.(*Shared); ok {
		return s.hub, nil
	}
	return Of(ctx, g, t.Factor, t.Hub)
}

// OfQuery returns r of a query, as Query does, for a term over a layer of that Hub.
func (h *Hub) OfQuery(t scheme.Term, row int, v layer.Vector) float64 {
	if s, ok := t.Shared.(*Shared); ok && row == items.NoRow {
		return s.query
	}
	return h.Query(row, v)
}
