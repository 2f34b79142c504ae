package experiments

import (
	"context"
	"slices"

	"strata/engine"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/eval"
)

// KeptNeighbours returns the neighbourhoods of a gallery's queries that the workbench has kept, in
// those of the layers that have not changed since; nil if there are none, or if so few queries are
// asked that reading the file would take longer. 0 stands for all queries. What is ranked with
// neighbourhoods is the same as without.
func KeptNeighbours(ctx context.Context, g *engine.Gallery, layers []string, asked int) (*neighbour.Neighbours, error) {
	queries, all := sampledQueries(g)
	if all == 0 || len(layers) == 0 || asked > 0 && asked < len(queries)/fewAsked {
		return nil, nil
	}
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{Name: neighbourFile, Layers: layers, Queries: queries})
	if err != nil {
		return nil, err
	}
	found, err := n.Load(ctx)
	if !found || err != nil {
		return nil, err
	}
	return n, nil
}

// fewAsked is the part of the queries below which neighbourhoods are not read.
const fewAsked = 10

// LayersOf returns the layers of schemes, each once.
func LayersOf(schemes []scheme.Scheme) []string {
	var layers []string
	for _, s := range schemes {
		layers = append(layers, s.Layers()...)
	}
	slices.Sort(layers)
	return slices.Compact(layers)
}

// prove gives a plan neighbourhoods, which change no number: those that are built behind, or those
// of the last tune step, or those that the workbench has kept.
func (h *handle) prove(ctx context.Context, plan *eval.Plan) error {
	if w := h.gathered.Load(); w != nil && w.n.Usage().Done > 0 {
		plan.Neighbours = w.n
		return nil
	}
	plan.Neighbours = h.lent.Load()
	if plan.Neighbours != nil || h.looked.Load() {
		return nil
	}
	var layers []string
	for _, l := range h.g.Layers {
		layers = append(layers, l.Name)
	}
	n, err := KeptNeighbours(ctx, h.g, layers, plan.Over)
	if n != nil {
		h.lent.CompareAndSwap(nil, n)
		plan.Neighbours = n
	}
	h.looked.Store(err == nil && plan.Over == 0)
	return err
}
