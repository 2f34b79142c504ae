package experiments

import (
	"context"
	"math/rand/v2"
	"slices"
)

// Method says how a p was found.
type Method uint8

// The methods.
const (
	Untested    Method = iota // there is no p: fewer than two units
	Exact                     // from the distribution over all divisions
	Permutation               // from Resamples random divisions
)

// String returns the method's name.
func (m Method) String() string { return [...]string{"", "exact", "permutation"}[m] }

// pairing compares columns of integers over the same units, which all columns
// share the resamples of. A unit is a query, or a class with its queries, whose
// values are added.
type pairing struct {
	columns [][]int64 // by column, then unit; none is negative
	sizes   []int64   // by unit: its queries; nil: one each

	drawn      [][]int64 // by column, then resample: sums over units drawn
	drawnSizes []int64   // by resample: their queries; nil: always as many as there are
	divided    [][]int64 // by column, then resample: sums over a random half of the units
}

// paired is the comparison of two columns.
type paired struct {
	low, high float64 // the 95 % interval of the mean difference
	p         float64
	method    Method
}

// resample sums over random units, drawn with replacement or divided.
func (p *pairing) resample(ctx context.Context, of stream, how func([]uint32, *rand.PCG)) ([][]int64, error) {
	b := newBootstrap(len(p.columns[0]))
	for _, values := range p.columns {
		b.addValues(values)
	}
	if p.sizes != nil {
		b.addValues(p.sizes)
	}
	return b.run(ctx, of, how)
}

// addValues adds a column with its values.
func (b *bootstrap) addValues(values []int64) {
	column := b.add(uint64(max(1, slices.Max(values))))
	for j, v := range values {
		column.set(j, uint64(v))
	}
}

// draw draws the resamples behind the intervals.
func (p *pairing) draw(ctx context.Context, of stream) (err error) {
	if p.drawn, err = p.resample(ctx, of, draw); err == nil && p.sizes != nil {
		p.drawnSizes = p.drawn[len(p.columns)]
	}
	return err
}

// divide makes the random divisions behind a p that is not exact.
func (p *pairing) divide(ctx context.Context, of stream) (err error) {
	p.divided, err = p.resample(ctx, of, divide)
	return err
}

// differences returns a's values less b's, and their sum.
func (p *pairing) differences(a, b int) (by []int64, sum int64) {
	by = make([]int64, len(p.columns[a]))
	for j := range by {
		by[j] = p.columns[a][j] - p.columns[b][j]
		sum += by[j]
	}
	return by, sum
}

// compare compares two columns, in which one stands for 1. It is Untested where
// the exact p would take too long.
func (p *pairing) compare(a, b int, one float64) paired {
	var out paired
	n := float64(len(p.columns[a]))
	drawn := make([]float64, Resamples)
	for r := range drawn {
		if p.drawnSizes != nil {
			n = float64(p.drawnSizes[r])
		}
		drawn[r] = float64(p.drawn[a][r]-p.drawn[b][r]) / float64(one*n)
	}
	out.low, out.high = interval(drawn)
	by, _ := p.differences(a, b)
	if exact, ok := exactP(by); ok {
		out.p, out.method = exact, Exact
	}
	return out
}

// permute returns the p from the random divisions: the units of one half turn
// their differences, so all sum to the other half's less that one's, which is
// the sum less twice the half's. The division that was observed counts as one.
func (p *pairing) permute(a, b int) float64 {
	_, sum := p.differences(a, b)
	far := 0
	for r := range Resamples {
		d := sum - 2*(p.divided[a][r]-p.divided[b][r])
		if max(d, -d) >= max(sum, -sum) {
			far++
		}
	}
	return float64(far+1) / float64(Resamples+1)
}
