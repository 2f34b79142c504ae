package eval

import (
	"context"
	"slices"

	"strata/engine/items"
	"strata/engine/rank"
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
	counts  rank.HitCounts
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
	h := hitMeasure{m: m, plan: m.Plan(), means: means, judged: judged}
	if err := h.prepare(queries); err != nil {
		return err
	}
	report := Reporter(len(schemes), m.Progress)
	open := map[int][]int{} // by query: the places of schemes that are not proven for it
	for s, scheme := range schemes {
		if err := m.Neighbours.CountHits(ctx, scheme, h.among, &h.counts); err != nil {
			return err
		}
		h.add(s, queries, open)
		if s+1 < len(schemes) {
			report()
		}
	}
	err := h.search(ctx, schemes, open)
	report()
	return err
}

// prepare finds the candidates, the labels and the queries' places.
func (h *hitMeasure) prepare(queries []int) error {
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
	wanted := make([]bool, g.Len())
	for _, q := range queries {
		wanted[q] = true
	}
	for _, q := range h.m.Neighbours.Queries() {
		h.counts.Only = append(h.counts.Only, wanted[q])
	}
	return nil
}

// add adds what is counted of one scheme, and notes the queries that are not proven.
func (h *hitMeasure) add(s int, queries []int, open map[int][]int) {
	counts := &h.counts
	told := 0
	for place, state := range counts.States {
		if state == rank.Unproven {
			continue
		}
		told++
		if state == rank.Unscored {
			continue
		}
		q := int(h.m.Neighbours.Queries()[place])
		for n, at := range h.targets {
			if h.judge.count(at[1], q) > 0 {
				h.means[s][n] += float64(counts.Of(place, at[1])[at[0]])
				h.judged[s][n]++
			}
		}
	}
	if told == len(queries) {
		return
	}
	for _, q := range queries {
		if place := h.m.Neighbours.Place(q); place < 0 || place >= len(counts.States) || counts.States[place] == rank.Unproven {
			open[q] = append(open[q], s)
		}
	}
}

// search adds the queries that are not proven. Those that lack the same schemes are
// ranked together.
func (h *hitMeasure) search(ctx context.Context, all []scheme.Scheme, open map[int][]int) error {
	var queries []int
	for q := range open {
		queries = append(queries, q)
	}
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
