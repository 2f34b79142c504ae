package stats

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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

// Pairing compares columns of integers over the same units, which all columns
// share the resamples of. A unit is a query, or a class with its queries, whose
// values are added.
type Pairing struct {
	Columns [][]int64 // by column, then unit; none is negative
	Sizes   []int64   // by unit: its queries; nil: one each

	drawn      [][]int64 // by column, then resample: sums over units drawn
	drawnSizes []int64   // by resample: their queries; nil: always as many as there are
	divided    [][]int64 // by column, then resample: sums over a random half of the units
}

// Paired is the comparison of two columns.
type Paired struct {
	Low, High float64 // the 95 % interval of the mean difference
	P         float64
	Method    Method
}

// resample sums over random units, drawn with replacement or divided.
func (p *Pairing) resample(ctx context.Context, of Stream, how func([]uint32, *rand.PCG)) ([][]int64, error) {
	b := NewBootstrap(len(p.Columns[0]))
	for _, values := range p.Columns {
		b.addValues(values)
	}
	if p.Sizes != nil {
		b.addValues(p.Sizes)
	}
	return b.Run(ctx, of, how)
}

// addValues adds a column with its values.
func (b *Bootstrap) addValues(values []int64) {
	column := b.Add(uint64(max(1, slices.Max(values))))
	for j, v := range values {
		column.Set(j, uint64(v))
	}
}

// Draw draws the resamples behind the intervals.
func (p *Pairing) Draw(ctx context.Context, of Stream) (err error) {
	if p.drawn, err = p.resample(ctx, of, Draw); err == nil && p.Sizes != nil {
		p.drawnSizes = p.drawn[len(p.Columns)]
	}
	return err
}

// Divide makes the random divisions behind a p that is not exact.
func (p *Pairing) Divide(ctx context.Context, of Stream) (err error) {
	p.divided, err = p.resample(ctx, of, divide)
	return err
}

// differences returns a's values less b's, and their sum.
func (p *Pairing) differences(a, b int) (by []int64, sum int64) {
	by = make([]int64, len(p.Columns[a]))
	for j := range by {
		by[j] = p.Columns[a][j] - p.Columns[b][j]
		sum += by[j]
	}
	return by, sum
}

// Compare compares two columns, in which one stands for 1. It is Untested where
// the exact p would take too long.
func (p *Pairing) Compare(a, b int, one float64) Paired {
	var out Paired
	n := float64(len(p.Columns[a]))
	drawn := make([]float64, Resamples)
	for r := range drawn {
		if p.drawnSizes != nil {
			n = float64(p.drawnSizes[r])
		}
		drawn[r] = float64(p.drawn[a][r]-p.drawn[b][r]) / float64(one*n)
	}
	out.Low, out.High = Interval(drawn)
	by, _ := p.differences(a, b)
	if exact, ok := ExactP(by); ok {
		out.P, out.Method = exact, Exact
	}
	return out
}

// Columns are two columns to compare, in which One stands for 1.
type Columns struct {
	A, B int
	One  float64
}

// CompareAll compares pairs of columns over resamples that it draws: draw names those of
// the intervals, divide those of the p that are not exact.
func (p *Pairing) CompareAll(ctx context.Context, draw, divide Stream, pairs []Columns) ([]Paired, error) {
	if err := p.Draw(ctx, draw); err != nil {
		return nil, err
	}
	out := make([]Paired, len(pairs))
	err := each(ctx, len(pairs), func(i int) { out[i] = p.Compare(pairs[i].A, pairs[i].B, pairs[i].One) })
	untested := func(of Paired) bool { return of.Method == Untested }
	if err != nil || !slices.ContainsFunc(out, untested) {
		return out, err
	}
	if err := p.Divide(ctx, divide); err != nil {
		return nil, err
	}
	return out, each(ctx, len(pairs), func(i int) {
		if untested(out[i]) {
			out[i].P, out[i].Method = p.Permute(pairs[i].A, pairs[i].B), Permutation
		}
	})
}

// each calls do with the numbers under n, from several goroutines.
func each(ctx context.Context, n int, do func(i int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// Permute returns the p from the random divisions: the units of one half turn
// their differences, so all sum to the other half's less that one's, which is
// the sum less twice the half's. The division that was observed counts as one.
func (p *Pairing) Permute(a, b int) float64 {
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
