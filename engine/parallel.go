package engine

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// scanBlock is the number of bytes of a matrix between two looks at a context:
// large beside the cost of handing out a block, small beside a tenth of a
// second of reading.
const scanBlock = 1 << 20

// parallel calls work on blocks that together cover 0 to n, from as many
// goroutines as there are processors to use. It returns when all calls have,
// early with ctx's error when that is cancelled.
func parallel(ctx context.Context, n, block int, work func(lo, hi int)) error {
	var next atomic.Int64
	run := func() {
		for ctx.Err() == nil {
			lo := int(next.Add(int64(block))) - block
			if lo >= n {
				return
			}
			work(lo, min(lo+block, n))
		}
	}
	workers := min(runtime.GOMAXPROCS(0), (n+block-1)/block)
	var wg sync.WaitGroup
	for range workers - 1 {
		wg.Go(run)
	}
	run()
	wg.Wait()
	return ctx.Err()
}
