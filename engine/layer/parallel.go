package layer

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// ScanBlock is the number of bytes of a matrix between two checks of a context. Reading it takes
// much longer than handing out a block, and much less than a tenth of a second.
const ScanBlock = 1 << 20

// Parallel calls work on blocks that together cover 0 to n, from one goroutine for each processor.
// It returns after all calls. It ends early with ctx's error if ctx is cancelled, or with a
// *FaultError if a mapped file cannot be read.
func Parallel(ctx context.Context, n, block int, work func(lo, hi int)) error {
	return ParallelOn(ctx, 0, n, block, work)
}

// ParallelOn is Parallel with the given number of goroutines; 0 means one for each processor.
func ParallelOn(ctx context.Context, workers, n, block int, work func(lo, hi int)) error {
	var next atomic.Int64
	var fault atomic.Pointer[error]
	run := func() {
		err := Guard(func() error {
			for ctx.Err() == nil && fault.Load() == nil {
				lo := int(next.Add(int64(block))) - block
				if lo >= n {
					break
				}
				work(lo, min(lo+block, n))
			}
			return nil
		})
		if err != nil {
			fault.CompareAndSwap(nil, &err)
		}
	}
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = min(workers, (n+block-1)/block)
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(run)
	}
	run()
	wg.Wait()
	if err := fault.Load(); err != nil {
		return *err
	}
	return ctx.Err()
}

// Grown returns a slice of n elements. It is s if s has the capacity.
func Grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
