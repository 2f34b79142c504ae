package eval

import (
	"context"
	"maps"
	"math"
	"slices"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/metric"
)

// measure_hits.go measures P@k of many schemes from neighbourhoods: they count the hits
// of all queries under one scheme at a time, and what they do not prove is searched for.

// hitMeasure is a Measure of P@k at work.
type hitMeasure struct {
	m       *Measurer
	plan    Plan
	among   *items.Candidates
	judge   *Judge
	targets [][2]int // places of the target's k and label
	from    *neighbour.Neighbours
	open    map[int][]int // by query: the places of schemes, ascending, that are not proven for it
	counts  neighbour.HitCounts
	means   [][]float64 // sums of hits until the end
	judged  [][]int
}

// countable reports whether all targets are P@k, of the hits that neighbourhoods count.
func (m *Measurer) countable() bool {
	return m.Neighbours != nil && !slices.ContainsFunc(m.Targets, func(t metric.Target) bool {
		return t.Metric.Kind != metric.Precision || t.Metric.K < 1
	})
}

// Counts says what Progress counts.
func (m *Measurer) Counts() string {
	if m.countable() {
		return "schemes"
	}
	return "queries"
}

// measureHits adds the hits and the judged queries of every scheme and target. Hits are
// whole numbers, so their order does not matter.
func (m *Measurer) measureHits(ctx context.Context, schemes []scheme.Scheme, queries []int, means [][]float64, judged [][]int) error {
	h := hitMeasure{m: m, from: m.Neighbours, plan: m.Plan(), means: means, judged: judged}
	if err := h.prepare(); err != nil {
		return err
	}
	report := Reporter(len(schemes), m.Progress)
	h.open = map[int][]int{}
	for s, scheme := range schemes {
		if err := h.count(ctx, s, scheme, queries); err != nil {
			return err
		}
		if s+1 < len(schemes) {
			report()
		}
	}
	err := h.widen(ctx, schemes)
	if err == nil {
		err = h.search(ctx, schemes)
	}
	report()
	return err
}

// wider is how many times as many rows are kept of the queries that are not proven for
// all schemes: nearly all of them are then.
const wider = 10

// widen counts anew, from neighbourhoods that hold more rows, what is not proven.
func (h *hitMeasure) widen(ctx context.Context, schemes []scheme.Scheme) error {
	was, n := h.open, h.from
	m := wider * n.M()
	if len(was) == 0 || m > min(h.m.Gallery.Len()/2, math.MaxUint16) {
		return nil
	}
	more, err := neighbour.NewNeighbours(h.m.Gallery, neighbour.Plan{Layers: n.Layers(), Queries: slices.Sorted(maps.Keys(was)), M: m, Budget: n.Usage().Budget})
	if err != nil {
		return err
	}
	if err := more.Build(ctx, nil); err != nil {
		return err
	}
	lacking := make([][]int, len(schemes)) // by scheme: queries
	for _, q := range slices.Sorted(maps.Keys(was)) {
		for _, s := range was[q] {
			lacking[s] = append(lacking[s], q)
		}
	}
	h.open, h.from = map[int][]int{}, more
	for s, queries := range lacking {
		if len(queries) == 0 {
			continue
		}
		if err := h.count(ctx, s, schemes[s], queries); err != nil {
			return err
		}
	}
	return nil
}

// prepare finds the candidates, the labels and the places of the targets.
func (h *hitMeasure) prepare() error {
	g := h.m.Gallery
	var err error
	if h.among, err = g.Candidates(h.plan.Filter); err != nil {
		return err
	}
	if h.plan.Without != nil {
		h.among = h.among.Without(h.plan.Without)
	}
	if h.counts.Labels, err = h.plan.FindLabels(g); err != nil {
		return err
	}
	h.counts.Ks, _ = metric.Planned(h.plan.Ks, nil)
	h.judge = NewJudge(h.among, h.counts.Labels)
	for _, t := range h.m.Targets {
		label := slices.IndexFunc(h.counts.Labels, func(l *items.Label) bool { return l.Name == t.Label })
		h.targets = append(h.targets, [2]int{slices.Index(h.counts.Ks, t.Metric.K), label})
	}
	return nil
}

// count adds what is proven of some queries under one scheme, and notes the others.
func (h *hitMeasure) count(ctx context.Context, s int, scheme scheme.Scheme, queries []int) error {
	counts := &h.counts
	counts.Only = layer.Grown(counts.Only, len(h.from.Queries()))
	clear(counts.Only)
	for _, q := range queries {
		if place := h.from.Place(q); place >= 0 {
			counts.Only[place] = true
		}
	}
	if err := h.from.CountHits(ctx, scheme, h.among, counts); err != nil {
		return err
	}
	for _, q := range queries {
		place := h.from.Place(q)
		if place < 0 || place >= len(counts.States) || counts.States[place] == neighbour.Unproven {
			h.open[q] = append(h.open[q], s)
			continue
		}
		if counts.States[place] == neighbour.Unscored {
			continue
		}
		for n, at := range h.targets {
			if h.judge.count(at[1], q) > 0 {
				h.means[s][n] += float64(counts.Of(place, at[1])[at[0]])
				h.judged[s][n]++
			}
		}
	}
	return nil
}

// search adds the queries that are not proven. Those that lack the same schemes are
// ranked together.
func (h *hitMeasure) search(ctx context.Context, all []scheme.Scheme) error {
	open := h.open
	queries := slices.Collect(maps.Keys(open))
	slices.SortFunc(queries, func(a, b int) int {
		if c := slices.Compare(open[a], open[b]); c != 0 {
			return c
		}
		return a - b
	})
	for len(queries) > 0 {
		places, n := open[queries[0]], 1
		for n < len(queries) && slices.Equal(open[queries[n]], places) {
			n++
		}
		schemes := make([]scheme.Scheme, len(places))
		for i, s := range places {
			schemes[i] = all[s]
		}
		means, judged := make([][]float64, len(places)), make([][]int, len(places))
		for i, s := range places {
			means[i], judged[i] = h.means[s], h.judged[s]
		}
		if err := h.m.searched(ctx, schemes, queries[:n], means, judged, nil); err != nil {
			return err
		}
		queries = queries[n:]
	}
	return nil
}
