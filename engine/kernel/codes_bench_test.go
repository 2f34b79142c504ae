package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"strata/engine/kernel"
)

// BenchmarkDot scans codes far larger than any cache as BenchmarkScan scans rows, with every kind of assembly.
func BenchmarkDot(b *testing.B) {
	random := rand.New(rand.NewPCG(31, 1))
	memory := fill(*scanBytes/4, randomBytes(random, 1<<20))
	for _, stride := range []int{256, 768, 2048} {
		q := randomCodes(random, 2*stride, 2*stride)
		rows := memory[:len(memory)/stride*stride]
		dst := make([]int32, len(rows)/stride)
		for _, path := range paths() {
			run := func(name string, dot func(dst []int32, first int)) {
				b.Run(fmt.Sprintf("%s/%d/%s", name, stride, path), func(b *testing.B) {
					kernel.Force(b, path)
					benchmarkRead(b, len(dst), rows, func(from, to int) { dot(dst[from:to], from) })
				})
			}
			run("Bytes", func(dst []int32, r int) {
				kernel.DotBytes(dst, rows[r*stride:(r+len(dst))*stride], stride, q[:stride])
			})
			run("Nibbles", func(dst []int32, r int) {
				kernel.DotNibbles(dst, rows[r*stride:(r+len(dst))*stride], stride, q)
			})
		}
	}
}

// BenchmarkTileBytes multiplies 256 queries with rows that fit no cache, on one core. of-fma is the share of the float32
// operations of FMAPeak, the best of ten in the same run: with VNNI, of which an instruction does four times as many, the
// limit is 4.
func BenchmarkTileBytes(b *testing.B) {
	const queries, rows = 256, 1024
	random := rand.New(rand.NewPCG(31, 2))
	var peak float64
	for range 10 {
		start := time.Now()
		operations := kernel.FMAPeak(1 << 20)
		peak = max(peak, float64(operations)/float64(time.Since(start)))
	}
	for _, stride := range []int{256, 2048} {
		q, x := slightCodes(random, queries*stride), randomBytes(random, 64*rows*stride/64)
		dst := make([]int32, queries*rows)
		for _, path := range paths() {
			b.Run(fmt.Sprintf("%d/%s", stride, path), func(b *testing.B) {
				kernel.Force(b, path)
				best := time.Duration(math.MaxInt64)
				for b.Loop() {
					start := time.Now()
					kernel.TileBytes(dst, rows, q, x, stride)
					best = min(best, time.Since(start))
				}
				rate := 2 * queries * rows * float64(stride) / float64(best)
				b.ReportMetric(rate, "Gop/s")
				b.ReportMetric(rate/peak, "of-fma")
			})
		}
	}
}

// BenchmarkRotate takes rows of 2,048 values through all steps from features to codes, on one core, out of the second-level
// cache. The bytes are those of the features.
func BenchmarkRotate(b *testing.B) {
	const dim, rows = 2048, 16
	random := rand.New(rand.NewPCG(31, 3))
	x32, x16, mean, y := randomF32(random, rows*dim), randomF16(random, rows*dim), randomF32(random, dim), make([]float32, dim)
	signs, code := fill(dim, []float32{1, -1, -1}), make([]uint8, dim)
	row := func(i int) []float32 { return x32[i%rows*dim:][:dim] }
	copy(y, x32)
	for _, c := range []struct {
		name  string
		bytes int64
		do    func(i int)
	}{
		{"CentreF32", 4 * dim, func(i int) { kernel.CentreF32(y, row(i), 0.3, mean, signs) }},
		{"CentreF16", 2 * dim, func(i int) { kernel.CentreF16(y, x16[i%rows*dim:][:dim], 0.3, mean, signs) }},
		{"Hadamard", 4 * dim, func(int) { kernel.Hadamard(y, dim) }},
		{"MaxAbs", 4 * dim, func(int) { kernel.MaxAbs(y) }},
		{"Quantize", 4 * dim, func(int) { kernel.Quantize(code, y, 0.03) }},
		{"QuantizeNibbles", 4 * dim, func(int) { kernel.QuantizeNibbles(code[:dim/2], y, 0.5) }},
		{"All", 4 * dim, func(i int) {
			kernel.CentreF32(y, row(i), 0.3, mean, signs)
			kernel.Hadamard(y, dim)
			kernel.Quantize(code, y, kernel.MaxAbs(y)/127)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			copy(y, x32)
			b.SetBytes(c.bytes)
			for i := 0; b.Loop(); i++ {
				if c.name == "Hadamard" && i%16 == 0 {
					copy(y, x32) // before values overflow
				}
				c.do(i)
			}
		})
	}
}
