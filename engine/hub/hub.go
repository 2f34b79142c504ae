// Package hub measures how near rows are to the rows of a drawn bank, for corrections of rows that are
// among the nearest of very many queries (CSLS; Conneau et al., ICLR 2018).
package hub

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

// bankRows is the number of rows that r is taken over, and bankSeed draws them.
const (
	bankRows = 1024
	bankSeed = 1
)

// Layers gives access to the layers of a gallery, and to who may be found.
type Layers interface {
	derive.Home
	// Candidates returns the rows that meet conditions.
	Candidates(conditions []scheme.Condition) (*items.Candidates, error)
	// Ready returns a layer. It makes a derived layer that is not open.
	Ready(ctx context.Context, f scheme.Factor) (*layer.Layer, error)
}

// term is a layer of a sum, with its weight.
type term struct {
	layer  *layer.Layer
	weight float64
}

// Hub holds, for every row x of a layer, r(x): the mean cosine of the n rows nearest to x in a bank,
// without x itself and its group. That of a sum has the sum's scores in place of cosines. The bank is
// a drawn sample of the rows that may be found and have a score; it is the same for every filter. A
// row without a score, or without a row of the bank that is not of its group, has NaN. A Hub is
// read-only, and may be used concurrently.
type Hub struct {
	terms  []term
	total  float64 // of the weights
	n      int
	bank   []int     // rows, ascending
	Near   []float64 // r, by row
	Narrow []float32 // the same, rounded
	order  []int32   // rows with an r, the least first
	items  *Shared   // of a sum
}

// factName is the name of the fact that a layer has of its Hub.
func factName(n int) string { return "hub" + strconv.Itoa(n) }

// Known returns the Hub of a layer, or nil while it is not computed.
func Known(l *layer.Layer, n int) *Hub {
	h, _ := l.Fact(factName(n)).(*Hub)
	return h
}

// Of returns the Hub of a factor's layer. It computes the cosines of all rows with the bank where
// they are not kept beside the gallery. It is called within Reading.
func Of(ctx context.Context, g Layers, f scheme.Factor, n int) (*Hub, error) {
	l, err := g.Ready(ctx, f)
	if err != nil {
		return nil, err
	}
	if h := Known(l, n); h != nil {
		return h, nil
	}
	if err := l.Measure(ctx); err != nil {
		return nil, fmt.Errorf("measuring %s: %w", l.Name, err)
	}
	h, err := l.Find(ctx, factName(n), func() (any, error) {
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

// newHub returns the Hub of a layer.
func newHub(ctx context.Context, g Layers, l *layer.Layer, n int) (*Hub, error) {
	among, err := g.Candidates(nil)
	if err != nil {
		return nil, err
	}
	h := &Hub{terms: []term{{l, 1}}, total: 1, n: n}
	h.draw(among)
	kind := fmt.Sprintf("hub 1, %d of %d, seed %d", n, bankRows, bankSeed)
	h.Near, err = derive.Values(ctx, g, l, factName(n), kind, among.Hash(), l.Rows, func() ([]float64, error) { return h.compute(ctx, among) })
	if err != nil {
		return nil, err
	}
	h.finish()
	return h, nil
}

// rows returns the number of rows.
func (h *Hub) rows() int { return h.terms[0].layer.Rows }

// draw draws the bank.
func (h *Hub) draw(among *items.Candidates) {
	var rows []int
	for row := range h.rows() {
		if among.Has(row) && !slices.ContainsFunc(h.terms, func(t term) bool { return math.IsNaN(t.layer.Lengths().Root[row]) }) {
			rows = append(rows, row)
		}
	}
	for _, at := range items.Sample(len(rows), min(bankRows, len(rows)), bankSeed) {
		h.bank = append(h.bank, rows[at])
	}
}

// finish sets what follows from Near.
func (h *Hub) finish() {
	h.Narrow = make([]float32, len(h.Near))
	for row, r := range h.Near {
		h.Narrow[row] = float32(r)
		if !math.IsNaN(r) {
			h.order = append(h.order, int32(row))
		}
	}
	slices.SortFunc(h.order, func(a, b int32) int { return cmp.Or(cmp.Compare(h.Near[a], h.Near[b]), cmp.Compare(a, b)) })
}

// blockRows is the number of rows that meet the bank at a time: they stay in the cache.
const blockRows = 64

// compute returns r of every row.
func (h *Hub) compute(ctx context.Context, among *items.Candidates) ([]float64, error) {
	banks := make([][]float64, len(h.terms))
	for t, of := range h.terms {
		banks[t] = h.widened(of.layer)
	}
	near := make([]float64, h.rows())
	err := layer.Parallel(ctx, h.rows(), blockRows, func(lo, hi int) {
		dots, scores := make([]float64, hi-lo), make([]float64, hi-lo)
		nearest := make([]nearest, hi-lo)
		for b, at := range h.bank {
			clear(scores)
			for t, of := range h.terms {
				dim, root := of.layer.Dim, of.layer.Lengths().Root
				of.layer.Scan(dots, banks[t][b*dim:(b+1)*dim], lo)
				for i, dot := range dots {
					scores[i] += float64(of.weight * (dot / float64(root[lo+i]*root[at])))
				}
			}
			for i, s := range scores {
				if among.HasFor(lo+i, at) {
					nearest[i].add(s/h.total, h.n)
				}
			}
		}
		for i := range nearest {
			near[lo+i] = nearest[i].mean()
		}
	})
	return near, err
}

// widened returns the bank's rows in a layer.
func (h *Hub) widened(l *layer.Layer) []float64 {
	bank := make([]float64, len(h.bank)*l.Dim)
	for b, row := range h.bank {
		l.Widen(bank[b*l.Dim:(b+1)*l.Dim], row)
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

// Query returns r of a query: of a row, or of vectors, one for each layer, if the row is items.NoRow.
func (h *Hub) Query(row int, vectors ...layer.Vector) float64 {
	if row != items.NoRow {
		return h.Near[row]
	}
	var a nearest
	for _, at := range h.bank {
		score := 0.0
		for t, of := range h.terms {
			var dot [1]float64
			of.layer.Scan(dot[:], vectors[t].Wide, at)
			score += float64(of.weight * (dot[0] / float64(vectors[t].Root*of.layer.Lengths().Root[at])))
		}
		a.add(score/h.total, h.n)
	}
	return a.mean()
}

// LeastOutside returns the least r of the rows that are not among the given ones, which ascend. It is
// +Inf if there is none.
func (h *Hub) LeastOutside(rows []int32) float64 {
	for _, row := range h.order {
		if _, is := slices.BinarySearch(rows, row); !is {
			return h.Near[row]
		}
	}
	return math.Inf(1)
}
