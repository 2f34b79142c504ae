package layer

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// ScanBlock is the number of bytes of a matrix between two looks at a context:
// large beside the cost of handing out a block, small beside a tenth of a
// second of reading.
const ScanBlock = 1 << 20

// Parallel calls work on blocks that together cover 0 to n, from as many
// goroutines as there are processors to use. It returns when all calls have,
// early with ctx's error when that is cancelled, or with a *FaultError when a
// mapped file could not be read.
func Parallel(ctx context.Context, n, block int, work func(lo, hi int)) error {
	return ParallelOn(ctx, 0, n, block, work)
}

// ParallelOn is Parallel from so many goroutines; 0 are as many as there are
// processors.
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

// Grown returns a slice of n elements, s if it has room.
func Grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
