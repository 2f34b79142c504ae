package kernel_test

import (
	"flag"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"

	"strata/engine/kernel"
)

var scanBytes = flag.Int("scanbytes", 1<<30, "size in bytes of the rows that BenchmarkScan reads")

// BenchmarkScan scans rows far larger than any cache with one goroutine a processor. Before each scan it reads the same
// bytes with one and with four streams, so that both meet the machine in the same state. GB/s is the best scan, GB/s-read
// the best read, and of-bandwidth their ratio; it takes -benchtime=10x or more for bests to be worth their name.
func BenchmarkScan(b *testing.B) {
	const dim = 768
	q := make([]float64, dim)
	for i, v := range randomF32(rand.New(rand.NewPCG(1, 2)), dim) {
		q[i] = float64(kernel.Half(kernel.ToHalf(v)))
	}
	b.Run("F32", func(b *testing.B) {
		x := fill(*scanBytes/4, randomF32(rand.New(rand.NewPCG(3, 4)), 1<<18))
		x = x[:len(x)/dim*dim]
		benchmarkScan(b, len(x)/dim, asBytes(x), func(dst []float64, r int) {
			kernel.ScanF32(dst, q, x[r*dim:(r+len(dst))*dim])
		})
	})
	b.Run("F16", func(b *testing.B) {
		x := fill(*scanBytes/2, randomF16(rand.New(rand.NewPCG(3, 4)), 1<<18))
		x = x[:len(x)/dim*dim]
		benchmarkScan(b, len(x)/dim, asBytes(x), func(dst []float64, r int) {
			kernel.ScanF16(dst, q, x[r*dim:(r+len(dst))*dim])
		})
	})
	b.Run("U8", func(b *testing.B) {
		x := fill(*scanBytes/2, randomRows[uint8](rand.New(rand.NewPCG(3, 4)), 1<<18))
		x = x[:len(x)/dim*dim]
		benchmarkScan(b, len(x)/dim, x, func(dst []float64, r int) {
			kernel.ScanU8(dst, q, x[r*dim:(r+len(dst))*dim])
		})
	})
	b.Run("SquaresF16", func(b *testing.B) {
		x := fill(*scanBytes/2, randomF16(rand.New(rand.NewPCG(3, 4)), 1<<18))
		x = x[:len(x)/dim*dim]
		sq := make([]float64, len(x)/dim)
		benchmarkScan(b, len(x)/dim, asBytes(x), func(dst []float64, r int) {
			kernel.ScanSquaresF16(dst, sq[r:r+len(dst)], q, x[r*dim:(r+len(dst))*dim])
		})
	})
}

func benchmarkScan(b *testing.B, rows int, p []byte, scan func(dst []float64, first int)) {
	dst := make([]float64, rows)
	benchmarkRead(b, rows, p, func(from, to int) { scan(dst[from:to], from) })
}

// benchmarkRead compares work on parts of rows rows, which read p once, with plain reads of p.
func benchmarkRead(b *testing.B, rows int, p []byte, work func(from, to int)) {
	read, best := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for b.Loop() {
		b.StopTimer()
		for _, streams := range []int{1, 4} {
			read = min(read, parallel(len(p)/64, func(from, to int) { kernel.ReadSum(p[from*64:to*64], streams) }))
		}
		b.StartTimer()
		best = min(best, parallel(rows, work))
	}
	b.SetBytes(int64(len(p)))
	b.ReportMetric(float64(len(p))/float64(best), "GB/s")
	b.ReportMetric(float64(len(p))/float64(read), "GB/s-read")
	b.ReportMetric(float64(read)/float64(best), "of-bandwidth")
}

// BenchmarkTile multiplies packed panels on one core. of-peak is the best run's share of a loop of multiply-adds in
// registers, the best of ten in the same run.
func BenchmarkTile(b *testing.B) {
	const queries, rows, dim = 128, 1024, 768
	q, x := packedTile(queries, rows, dim)
	dst := make([]float32, queries*rows)
	var peak float64
	for range 10 {
		start := time.Now()
		operations := kernel.FMAPeak(1 << 20)
		peak = max(peak, float64(operations)/float64(time.Since(start)))
	}
	best := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		kernel.Tile(dst, rows, q, x)
		best = min(best, time.Since(start))
	}
	rate := 2 * queries * rows * dim / float64(best)
	b.ReportMetric(rate, "GFLOP/s")
	b.ReportMetric(peak, "GFLOP/s-peak")
	b.ReportMetric(rate/peak, "of-peak")
}

func BenchmarkPack(b *testing.B) {
	const rows, dim = 1024, 768
	random := rand.New(rand.NewPCG(5, 6))
	x32, x16 := randomF32(random, rows*dim), randomF16(random, rows*dim)
	scale := make([]float64, rows)
	for r := range scale {
		scale[r] = 1 / (1 + random.Float64())
	}
	b.Run("F32", func(b *testing.B) {
		var p kernel.Rows
		b.SetBytes(4 * rows * dim)
		for b.Loop() {
			p.PackF32(x32, dim, scale)
		}
	})
	b.Run("F16", func(b *testing.B) {
		var p kernel.Rows
		b.SetBytes(2 * rows * dim)
		for b.Loop() {
			p.PackF16(x16, dim, scale)
		}
	})
	b.Run("Queries", func(b *testing.B) {
		var p kernel.Queries
		b.SetBytes(4 * rows * dim)
		for b.Loop() {
			p.PackF32(x32, dim, scale)
		}
	})
}

// BenchmarkColumn works on columns that fit the second-level cache, as blocks of scores do.
func BenchmarkColumn(b *testing.B) {
	const n = 1 << 15
	x := randomF32(rand.New(rand.NewPCG(7, 8)), n)
	dst := make([]float32, n)
	b.Run("MulSet", func(b *testing.B) {
		b.SetBytes(4 * n)
		for b.Loop() {
			kernel.MulSet(dst, x, 0.3)
		}
	})
	b.Run("MulAdd", func(b *testing.B) {
		b.SetBytes(4 * n)
		for b.Loop() {
			kernel.MulAdd(dst, x, 1e-9)
		}
	})
	b.Run("Affine", func(b *testing.B) {
		dots := make([]int32, n)
		b.SetBytes(4 * n)
		for b.Loop() {
			kernel.Affine(dst, dots, x, x, 0.3, 0.1)
		}
	})
	b.Run("Above", func(b *testing.B) {
		var idx []int32
		b.SetBytes(4 * n)
		for b.Loop() {
			idx = kernel.Above(idx[:0], x, 4)
		}
	})
}

// parallel cuts 0 to n into a part for each processor, runs them side by side, and returns the time that all took.
func parallel(n int, part func(from, to int)) time.Duration {
	var wait sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	start := time.Now()
	for i := range parts {
		wait.Go(func() { part(n*i/parts, n*(i+1)/parts) })
	}
	wait.Wait()
	return time.Since(start)
}

// fill returns n values, the pattern over and over.
func fill[T any](n int, pattern []T) []T {
	x := make([]T, n)
	for done := 0; done < n; {
		done += copy(x[done:], pattern)
	}
	return x
}

func asBytes[T any](x []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), len(x)*int(unsafe.Sizeof(x[0])))
}

func packedTile(queries, rows, dim int) (*kernel.Queries, *kernel.Rows) {
	random := rand.New(rand.NewPCG(9, 10))
	var q kernel.Queries
	var x kernel.Rows
	q.PackF32(randomF32(random, queries*dim), dim, fill(queries, []float64{1}))
	x.PackF32(randomF32(random, rows*dim), dim, fill(rows, []float64{1}))
	return &q, &x
}
