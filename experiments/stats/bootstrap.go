package stats

import (
	"cmp"
	"context"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/order"
)

// Resamples is the number of resamples behind an interval, and of divisions
// behind a p that is not exact.
const Resamples = 10_000

// The layout of a bootstrap. A value is cut into limbs of limbBits bits, and the
// units into segments: with at most 2^(24-limbBits) draws in a segment, every sum
// of a limb is an integer under 2²⁴, which float32 holds, so that the sums of
// many resamples are an exact product of two matrices, whatever the order in
// which a processor adds. together is the number of resamples multiplied at a time.
const (
	limbBits = 10
	segment  = 1 << (23 - limbBits)
	most     = 1 << (24 - limbBits) // draws in a segment
	together = 96
)

// Bootstrap resamples units, queries or classes, and sums columns of integers
// over each resample. A resample's draws depend on nothing but the stream and its
// number: any number of goroutines gives the same sums.
type Bootstrap struct {
	n       int
	columns []Column
	limbs   [][]float32 // by limb, then unit
}

// Column takes the values of one column of a Bootstrap.
type Column struct {
	b     *Bootstrap
	first int // its lowest limb
	limbs int
}

// NewBootstrap returns a bootstrap of n units, without columns.
func NewBootstrap(n int) *Bootstrap { return &Bootstrap{n: n} }

// Add adds a column of zeros, whose values will be at most largest. n·largest is
// under 2⁶³.
func (b *Bootstrap) Add(largest uint64) Column {
	c := Column{b, len(b.limbs), max(1, (bits.Len64(largest)+limbBits-1)/limbBits)}
	for range c.limbs {
		b.limbs = append(b.limbs, make([]float32, b.n))
	}
	b.columns = append(b.columns, c)
	return c
}

// Set sets unit j's value.
func (c Column) Set(j int, value uint64) {
	for l := range c.limbs {
		c.b.limbs[c.first+l][j] = float32(value >> (l * limbBits) & (1<<limbBits - 1))
	}
}

// Run returns the sums of every column by resample. draw sets how often each
// unit is in a resample.
func (b *Bootstrap) Run(ctx context.Context, of Stream, draw func(counts []uint32, pcg *rand.PCG)) ([][]int64, error) {
	sums := make([][]int64, len(b.columns))
	for i := range sums {
		sums[i] = make([]int64, Resamples)
	}
	rows := b.pack()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			w := newSummer(b, rows)
			var pcg rand.PCG
			for ctx.Err() == nil {
				first := int(next.Add(together)) - together
				if first >= Resamples {
					return
				}
				n := min(together, Resamples-first)
				for r := range n {
					of.start(&pcg, first+r)
					draw(w.counts, &pcg)
					w.take(sums, r, first+r)
				}
				w.sum(sums, n, first)
			}
		})
	}
	wg.Wait()
	return sums, ctx.Err()
}

// pack packs the limbs for multiplication, by segment.
func (b *Bootstrap) pack() []kernel.Rows {
	rows := make([]kernel.Rows, (b.n+segment-1)/segment)
	scale := ones(len(b.limbs))
	var values []float32
	for at := range rows {
		lo, hi := at*segment, min((at+1)*segment, b.n)
		values = values[:0]
		for _, limb := range b.limbs {
			values = append(values, limb[lo:hi]...)
		}
		rows[at].PackF32(values, hi-lo, scale)
	}
	return rows
}

func ones(n int) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = 1
	}
	return all
}

// summer is the memory of one goroutine.
type summer struct {
	*Bootstrap
	rows    []kernel.Rows
	counts  []uint32    // of one resample
	taken   [][]float32 // by segment: counts, a resample after the other
	scale   []float64
	queries kernel.Queries
	product []float32 // by resample, then limb
}

func newSummer(b *Bootstrap, rows []kernel.Rows) *summer {
	w := &summer{
		Bootstrap: b, rows: rows, counts: make([]uint32, b.n), taken: make([][]float32, len(rows)),
		scale: ones(together), product: make([]float32, together*len(b.limbs)),
	}
	for at := range w.taken {
		w.taken[at] = make([]float32, together*min(segment, b.n-at*segment))
	}
	return w
}

// take adds the counts to the matrix as row r. A segment that was drawn from too
// often for float32 is summed here, into those of the resample, and left empty.
func (w *summer) take(sums [][]int64, r, resample int) {
	for at, taken := range w.taken {
		counts := w.counts[at*segment : min((at+1)*segment, w.n)]
		row := taken[r*len(counts):][:len(counts)]
		var draws uint32
		for j, n := range counts {
			row[j] = float32(n)
			draws += n
		}
		if draws <= most {
			continue
		}
		clear(row)
		for i, c := range w.columns {
			for l := range c.limbs {
				limb := w.limbs[c.first+l][at*segment:]
				var sum int64
				for j, n := range counts {
					sum += int64(n) * int64(limb[j])
				}
				sums[i][resample] += sum << (l * limbBits)
			}
		}
	}
}

// sum adds the sums of n resamples, from first, by segment.
func (w *summer) sum(sums [][]int64, n, first int) {
	for at := range w.rows {
		dim := len(w.taken[at]) / together
		w.queries.PackF32(w.taken[at][:n*dim], dim, w.scale[:n])
		kernel.Tile(w.product, len(w.limbs), &w.queries, &w.rows[at])
		for i, c := range w.columns {
			for r := range n {
				product := w.product[r*len(w.limbs)+c.first:][:c.limbs]
				var sum int64
				for l, limb := range product {
					sum += int64(limb) << (l * limbBits)
				}
				sums[i][first+r] += sum
			}
		}
	}
}

// Draw sets counts to the number of times that each of len(counts) units is
// drawn in as many draws with replacement.
func Draw(counts []uint32, pcg *rand.PCG) {
	clear(counts)
	n := uint64(len(counts))
	for range counts {
		counts[items.Below(pcg, n)]++
	}
}

// divide sets each of counts to 0 or 1, with equal chances.
func divide(counts []uint32, pcg *rand.PCG) {
	var word uint64
	for j := range counts {
		if j%64 == 0 {
			word = pcg.Uint64()
		}
		counts[j] = uint32(word & 1)
		word >>= 1
	}
}

// Stream names the random numbers of one bootstrap.
type Stream struct {
	Seed, Place uint64 // place is that of the label
	Of          Purpose
}

// Purpose is what random numbers are for; those for different purposes have
// nothing in common.
type Purpose uint8

// The purposes: resamples of queries and of classes for intervals, divisions of
// queries and of classes for p.
const (
	DrawQueries Purpose = iota
	DrawClasses
	DivideQueries
	DivideClasses
)

// start puts pcg at the beginning of one resample's numbers.
func (s Stream) start(pcg *rand.PCG, resample int) {
	hi := SplitMix(s.Seed + SplitMix(s.Place+uint64(s.Of)<<56))
	pcg.Seed(hi, SplitMix(hi^SplitMix(uint64(resample))))
}

// SplitMix scrambles a number: the finaliser of SplitMix64 (Steele, Lea and
// Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
func SplitMix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Interval returns the 95 % percentile interval of the numbers of all resamples
// (Efron, Nonparametric standard errors and confidence intervals, Canadian
// Journal of Statistics 9, 1981): the empirical quantiles at 2.5 and 97.5 %, which
// are the 250th and the 9,750th of 10,000 numbers. It puts the numbers into
// another order.
func Interval[T cmp.Ordered](numbers []T) (low, high T) {
	n := len(numbers)
	high = order.Nth(numbers, (n*975+999)/1000-1)
	return order.Nth(numbers, (n*25+999)/1000-1), high
}
