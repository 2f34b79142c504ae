package experiments

import (
	"cmp"
	"context"
	"math/bits"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"strata/engine"
)

// Resamples is the number of resamples behind an interval, and of divisions
// behind a p that is not exact.
const Resamples = 10_000

// bootstrap resamples units, queries or classes, and sums columns of integers
// over each resample. All is integer arithmetic, and a resample's draws depend on
// nothing but the stream and the resample's number: any number of goroutines
// gives the same sums.
//
// Columns lie side by side in words, each in a lane that is wide enough for its
// largest sum, so that one multiplication serves several of them.
type bootstrap struct {
	n      int
	blocks [][]packed // by block, then unit
	lanes  []lane
	used   int // bits of the last word that hold lanes
}

// packed is a unit's part of four words.
type packed [wordsPerBlock]uint64

// wordsPerBlock is the number of words summed in one pass over the units: as
// many as stay in registers. drawsAtATime is the number of resamples that are
// drawn before the blocks are summed, so that a block is summed several times
// while it is in a cache.
const (
	wordsPerBlock = 4
	drawsAtATime  = 8
)

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

// add adds a column of zeros, whose values will be at most most, which is at
// least 1. n·most is under 2⁶³.
func (b *bootstrap) add(most uint64) column {
	l := lane{width: bits.Len64(uint64(b.n) * most)}
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

// set sets unit j's value, once.
func (c column) set(j int, value uint64) {
	c.block[j][c.lane.word%wordsPerBlock] |= value << c.lane.shift
}

// run returns the sums of every column by resample. draw sets how often each
// unit is in a resample.
func (b *bootstrap) run(ctx context.Context, of stream, draw func(counts []uint32, pcg *rand.PCG)) ([][]int64, error) {
	sums := make([][]int64, len(b.lanes))
	for i := range sums {
		sums[i] = make([]int64, Resamples)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			var counts [drawsAtATime][]uint32
			for i := range counts {
				counts[i] = make([]uint32, b.n)
			}
			var pcg rand.PCG
			for ctx.Err() == nil {
				first := int(next.Add(drawsAtATime)) - drawsAtATime
				if first >= Resamples {
					return
				}
				these := min(drawsAtATime, Resamples-first)
				for i := range these {
					of.start(&pcg, first+i)
					draw(counts[i], &pcg)
				}
				b.sum(sums, counts[:these], first)
			}
		})
	}
	wg.Wait()
	return sums, ctx.Err()
}

// sum sums all columns over some resamples.
func (b *bootstrap) sum(sums [][]int64, counts [][]uint32, first int) {
	lanes := b.lanes
	for at, block := range b.blocks {
		n := 0
		for n < len(lanes) && lanes[n].word/wordsPerBlock == at {
			n++
		}
		for i, c := range counts {
			words := sumBlock(c, block)
			for j, l := range lanes[:n] {
				sums[len(b.lanes)-len(lanes)+j][first+i] = int64(words[l.word%wordsPerBlock] >> l.shift & (1<<l.width - 1))
			}
		}
		lanes = lanes[n:]
	}
}

// draw sets counts to the number of times that each of len(counts) units is
// drawn in as many draws with replacement.
func draw(counts []uint32, pcg *rand.PCG) {
	clear(counts)
	n := uint64(len(counts))
	for range counts {
		counts[engine.Below(pcg, n)]++
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

// stream names the random numbers of one bootstrap.
type stream struct {
	seed, place uint64 // place is that of the label
	of          purpose
}

// purpose is what random numbers are for; those for different purposes have
// nothing in common.
type purpose uint8

const (
	drawQueries purpose = iota
	drawClasses
	divideQueries
	divideClasses
)

// start puts pcg at the beginning of one resample's numbers.
func (s stream) start(pcg *rand.PCG, resample int) {
	hi := splitMix(s.seed + splitMix(s.place+uint64(s.of)<<56))
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

// interval sorts the numbers of all resamples and returns the 95 % percentile
// interval (Efron, Nonparametric standard errors and confidence intervals,
// Canadian Journal of Statistics 9, 1981): the empirical quantiles at 2.5 and
// 97.5 %, which are the 250th and the 9,750th of 10,000 numbers.
func interval[T cmp.Ordered](numbers []T) (low, high T) {
	slices.Sort(numbers)
	n := len(numbers)
	return numbers[(n*25+999)/1000-1], numbers[(n*975+999)/1000-1]
}
