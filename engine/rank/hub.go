package rank

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"strata/engine/derive"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// hubBank is the number of rows that r is taken over, and hubSeed draws them.
const (
	hubBank = 1024
	hubSeed = 1
)

// Hub holds, for every row x of a layer, r(x): the mean cosine of the n rows nearest to x in a bank,
// without x itself and its group. The bank is a drawn sample of the rows that may be found and have
// a score; it is the same for every filter. A row without a score, or without a row of the bank that
// is not of its group, has NaN. A Hub is read-only, and may be used concurrently.
type Hub struct {
	layer  *layer.Layer
	n      int
	bank   []int // rows, ascending
	near   []float64
	narrow []float32 // near, rounded
	order  []int32   // rows with an r, the least first
}

// hubName is the name of the fact that a layer has of its Hub.
func hubName(n int) string { return "hub" + strconv.Itoa(n) }

// knownHub returns the Hub of a layer, or nil while it is not computed.
func knownHub(l *layer.Layer, n int) *Hub {
	h, _ := l.Fact(hubName(n)).(*Hub)
	return h
}

// HubOf returns the Hub of a factor's layer. It computes the cosines of all rows with the bank where
// they are not kept beside the gallery. It is called within Reading.
func HubOf(ctx context.Context, g Layers, f scheme.Factor, n int) (*Hub, error) {
	l, err := g.Ready(ctx, f)
	if err != nil {
		return nil, err
	}
	if h := knownHub(l, n); h != nil {
		return h, nil
	}
	if err := l.Measure(ctx); err != nil {
		return nil, fmt.Errorf("measuring %s: %w", l.Name, err)
	}
	h, err := l.Find(ctx, hubName(n), func() (any, error) {
		h, err := newHub(ctx, g, l, n)
		if err != nil {
			return nil, fmt.Errorf("the hubs of %s: %w", l.Name, err)
		}
		return h, nil
	})
	if err != nil {
		return nil, err
	}
	return h.(*Hub), nil
}

func newHub(ctx context.Context, g Layers, l *layer.Layer, n int) (*Hub, error) {
	among, err := g.Candidates(nil)
	if err != nil {
		return nil, err
	}
	h := &Hub{layer: l, n: n, narrow: make([]float32, l.Rows)}
	var rows []int
	for row, root := range l.Lengths().Root {
		if among.Has(row) && !math.IsNaN(root) {
			rows = append(rows, row)
		}
	}
	for _, at := range items.Sample(len(rows), min(hubBank, len(rows)), hubSeed) {
		h.bank = append(h.bank, rows[at])
	}
	kind := fmt.Sprintf("hub 1, %d of %d, seed %d", n, hubBank, hubSeed)
	h.near, err = derive.Values(ctx, g, l, hubName(n), kind, among.Hash(), l.Rows, func() ([]float64, error) { return h.compute(ctx, among) })
	if err != nil {
		return nil, err
	}
	for row, r := range h.near {
		h.narrow[row] = float32(r)
		if !math.IsNaN(r) {
			h.order = append(h.order, int32(row))
		}
	}
	slices.SortFunc(h.order, func(a, b int32) int { return cmp.Or(cmp.Compare(h.near[a], h.near[b]), cmp.Compare(a, b)) })
	return h, nil
}

// hubRows is the number of rows that meet the bank at a time: they stay in the cache.
const hubRows = 64

// compute returns r of every row.
func (h *Hub) compute(ctx context.Context, among *items.Candidates) ([]float64, error) {
	l := h.layer
	bank := h.widened()
	near := make([]float64, l.Rows)
	root := l.Lengths().Root
	err := layer.Parallel(ctx, l.Rows, hubRows, func(lo, hi int) {
		dots := make([]float64, hi-lo)
		nearest := make([]nearest, hi-lo)
		for b, at := range h.bank {
			l.Scan(dots, bank[b*l.Dim:(b+1)*l.Dim], lo)
			for i, dot := range dots {
				if !among.HasFor(lo+i, at) {
					continue
				}
				nearest[i].add(dot/float64(root[lo+i]*root[at]), h.n)
			}
		}
		for i := range nearest {
			near[lo+i] = nearest[i].mean()
		}
	})
	return near, err
}

// widened returns the bank's rows.
func (h *Hub) widened() []float64 {
	dim := h.layer.Dim
	bank := make([]float64, len(h.bank)*dim)
	for b, row := range h.bank {
		h.layer.Widen(bank[b*dim:(b+1)*dim], row)
	}
	return bank
}

// nearest holds the largest cosines, descending.
type nearest []float64

// add adds a cosine to the n largest. NaN is left out.
func (a *nearest) add(cosine float64, n int) {
	if cosine != cosine || len(*a) == n && !(cosine > (*a)[n-1]) {
		return
	}
	if len(*a) < n {
		*a = append(*a, cosine)
	}
	i := len(*a) - 1
	for ; i > 0 && cosine > (*a)[i-1]; i-- {
		(*a)[i] = (*a)[i-1]
	}
	(*a)[i] = cosine
}

// mean returns the mean, added from the largest on; NaN of none.
func (a nearest) mean() float64 {
	var sum float64
	for _, c := range a {
		sum += c
	}
	return sum / float64(len(a))
}

// Row returns r of a row.
func (h *Hub) Row(row int) float64 { return h.near[row] }

// of returns r of a query: of a row, or of a vector if the row is items.NoRow.
func (h *Hub) of(row int, v layer.Vector) float64 {
	if row != items.NoRow {
		return h.near[row]
	}
	root := h.layer.Lengths().Root
	var a nearest
	for _, at := range h.bank {
		var dot [1]float64
		h.layer.Scan(dot[:], v.Wide, at)
		a.add(dot[0]/float64(v.Root*root[at]), h.n)
	}
	return a.mean()
}

// LeastOutside returns the least r of the rows that are not among the given ones, which ascend. It is
// +Inf if there is none.
func (h *Hub) LeastOutside(rows []int32) float64 {
	for _, row := range h.order {
		if _, is := slices.BinarySearch(rows, row); !is {
			return h.near[row]
		}
	}
	return math.Inf(1)
}
