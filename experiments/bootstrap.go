package experiments

import (
	"context"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/stat"

	"strata/engine"
)

// Resamples is the number of resamples behind an interval.
const Resamples = 10_000

// bootstrap resamples queries with replacement and sums columns of small
// integers over each resample. All is integer arithmetic, and a resample's draws
// depend on nothing but the seed, the label's place and the resample's number:
// any number of goroutines gives the same sums.
//
// Columns lie side by side in words, each in a lane that is wide enough for its
// largest sum, so that one multiplication serves several of them.
type bootstrap struct {
	n      int
	blocks [][]packed // by block, then query
	lanes  []lane
	used   int // bits of the last word that hold lanes
}

// packed is a query's part of four words.
type packed [wordsPerBlock]uint64

// wordsPerBlock is the number of words summed in one pass over the queries: as
// many as stay in registers.
const wordsPerBlock = 4

// lane is the place of a column.
type lane struct {
	word, shift, width int
}

// column takes the values of one lane.
type column struct {
	block []packed
	lane  lane
}

func newBootstrap(n int) *bootstrap { return &bootstrap{n: n, used: 64} }

// add adds a column of zeros, whose values will be at most k.
func (b *bootstrap) add(k int) column {
	l := lane{width: bits.Len64(uint64(b.n) * uint64(k))}
	if len(b.lanes) > 0 {
		l.word = b.lanes[len(b.lanes)-1].word
	} else {
		l.word = -1
	}
	if b.used+l.width > 64 {
		l.word++
		b.used = 0
		if l.word%wordsPerBlock == 0 {
			b.blocks = append(b.blocks, make([]packed, b.n))
		}
	}
	l.shift = b.used
	b.used += l.width
	b.lanes = append(b.lanes, l)
	return column{b.blocks[l.word/wordsPerBlock], l}
}

// set sets query j's value, once.
func (c column) set(j int, value uint16) {
	c.block[j][c.lane.word%wordsPerBlock] |= uint64(value) << c.lane.shift
}

// run returns the sums of every column, integers all, by resample.
func (b *bootstrap) run(ctx context.Context, seed uint64, place int) ([][]float64, error) {
	sums := make([][]float64, len(b.lanes))
	for i := range sums {
		sums[i] = make([]float64, Resamples)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			counts := make([]uint32, b.n)
			words := make([]packed, len(b.blocks))
			var pcg rand.PCG
			for ctx.Err() == nil {
				resample := int(next.Add(1)) - 1
				if resample >= Resamples {
					return
				}
				seedResample(&pcg, seed, place, resample)
				draw(counts, &pcg)
				for i, block := range b.blocks {
					words[i] = sumBlock(counts, block)
				}
				for i, l := range b.lanes {
					word := words[l.word/wordsPerBlock][l.word%wordsPerBlock]
					sums[i][resample] = float64(word >> l.shift & (1<<l.width - 1)) // exact, being under 2⁵³
				}
			}
		})
	}
	wg.Wait()
	return sums, ctx.Err()
}

// draw sets counts to the number of times that each of len(counts) queries is
// drawn in as many draws with replacement.
func draw(counts []uint32, pcg *rand.PCG) {
	clear(counts)
	n := uint64(len(counts))
	for range counts {
		counts[engine.Below(pcg, n)]++
	}
}

// sumBlock returns the sums of four words over a resample.
func sumBlock(counts []uint32, block []packed) packed {
	var a, b, c, d uint64
	block = block[:len(counts)]
	for j, n := range counts {
		p := &block[j]
		a += uint64(n) * p[0]
		b += uint64(n) * p[1]
		c += uint64(n) * p[2]
		d += uint64(n) * p[3]
	}
	return packed{a, b, c, d}
}

// seedResample puts pcg at the start of one resample's stream.
func seedResample(pcg *rand.PCG, seed uint64, place, resample int) {
	hi := splitMix(seed + splitMix(uint64(place)))
	pcg.Seed(hi, splitMix(hi^splitMix(uint64(resample))))
}

// splitMix scrambles a number: the finaliser of SplitMix64 (Steele, Lea and
// Flood, Fast splittable pseudorandom number generators, OOPSLA 2014).
func splitMix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// interval sorts the sums of the resamples and returns the 95 % percentile
// interval (Efron, Nonparametric standard errors and confidence intervals,
// Canadian Journal of Statistics 9, 1981): the empirical quantiles at 2.5 and
// 97.5 %, which are the 250th and the 9,750th of 10,000 sums.
func interval(sums []float64) (low, high float64) {
	slices.Sort(sums)
	return stat.Quantile(0.025, stat.Empirical, sums, nil), stat.Quantile(0.975, stat.Empirical, sums, nil)
}
