package layer

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"strata/engine/kernel"
)

// Limits says what this machine can do at most, measured, with every processor
// that Go may use: no scan of that many bytes, and no product of tiles, is faster.
type Limits struct {
	Bandwidth  float64 // bytes read from memory, a second
	Read       int64   // the bytes that were read for it, each time
	Peak       float64 // float32 operations in registers, a second; a multiply-add is two
	Processors int
	Kernels    string // the path that they take, see kernel.Path
}

// limitRead is the least that is read for a bandwidth, so that caches hold little
// of it, and limitMost the most, which takes a fraction of a second.
const (
	limitRead = 256 << 20
	limitMost = 4 << 30
)

// limitRounds is how often each limit is measured; the best counts.
const limitRounds = 10

// MeasureLimits measures the machine's limits: the bandwidth over the layers'
// matrices, as they are mapped, or over memory of its own where they are small.
// The bytes are read once before they are measured. It takes a few seconds, in which
// nothing else should run.
func MeasureLimits(ctx context.Context, layers []*Layer) (Limits, error) {
	path, err := kernel.Path()
	if err != nil {
		return Limits{}, err
	}
	limits := Limits{Processors: runtime.GOMAXPROCS(0), Kernels: path}
	parts, total := measured(layers)
	limits.Read = total
	for round := range limitRounds + 1 {
		for _, streams := range []int{1, 4} {
			began := time.Now()
			for _, p := range parts {
				each := (len(p)/limits.Processors + 4095) &^ 4095
				err := Parallel(ctx, len(p), each, func(lo, hi int) { kernel.ReadSum(p[lo:hi], streams) })
				if err != nil {
					return limits, err
				}
			}
			if round > 0 {
				limits.Bandwidth = max(limits.Bandwidth, float64(total)/time.Since(began).Seconds())
			}
		}
	}
	for range limitRounds {
		if ctx.Err() != nil {
			return limits, ctx.Err()
		}
		limits.Peak = max(limits.Peak, peak(limits.Processors))
	}
	return limits, nil
}

// measured returns memory to read: the matrices, the largest first, up to
// limitMost in all; or fresh memory, written once so that there is some behind it.
func measured(layers []*Layer) (parts [][]byte, total int64) {
	layers = slices.SortedFunc(slices.Values(layers), func(a, b *Layer) int { return cmp.Compare(b.Size(), a.Size()) })
	for _, l := range layers {
		for _, s := range l.Segments {
			p := s.Data[:min(int64(len(s.Data)), limitMost-total)]
			if len(p) > 0 {
				parts, total = append(parts, p), total+int64(len(p))
			}
		}
	}
	if total >= limitRead {
		return parts, total
	}
	fresh := make([]byte, limitRead)
	for i := 0; i < len(fresh); i += 512 {
		fresh[i] = 1
	}
	return [][]byte{fresh}, limitRead
}

// peak returns the operations a second of multiply-adds on so many processors at once.
func peak(processors int) float64 {
	const rounds = 1 << 21
	done := make([]int, processors)
	var wg sync.WaitGroup
	began := time.Now()
	for i := range processors {
		wg.Go(func() { done[i] = kernel.FMAPeak(rounds) })
	}
	wg.Wait()
	var sum int
	for _, n := range done {
		sum += n
	}
	return float64(sum) / time.Since(began).Seconds()
}
