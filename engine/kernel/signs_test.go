package kernel_test

import (
	"math/rand/v2"
	"testing"

	"strata/engine/kernel"
)

// TestSigns compares products with signs with the plain sum, at several lengths and
// with the extremes of both sides.
func TestSigns(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 0))
	for _, words := range []int{1, 2, 3, 7, 48, 1024} {
		const rows = 5
		codes := make([]uint8, rows*64*words)
		query := make([]int8, 64*words)
		for i := range codes {
			codes[i] = uint8(1 + rng.IntN(255))
		}
		for i := range query {
			query[i] = int8(rng.IntN(256) - 128)
		}
		copy(codes, []uint8{1, 127, 128, 129, 255})
		copy(query, []int8{-128, -127, -1, 0, 127})
		signs := make([]uint64, rows*words)
		for r := range rows {
			row := codes[r*64*words:][:64*words]
			var want int64
			for _, u := range row {
				want += max(int64(u)-128, 128-int64(u))
			}
			if got := kernel.PackSigns(signs[r*words:][:words], row); got != want {
				t.Errorf("%d words: row %d: sizes add to %d, want %d", words, r, got, want)
			}
		}
		planes := make([]uint64, kernel.SignPlanes*words)
		kernel.PackPlanes(planes, query)
		var sum int32
		for _, v := range query {
			sum += int32(v)
		}
		dst := make([]int32, rows+1)
		dst[rows] = 77
		kernel.DotSigns(dst[:rows], signs, words, planes, sum)
		for r := range rows {
			var want int32
			for i, v := range query {
				if codes[r*64*words+i] >= 128 {
					want += int32(v)
				} else {
					want -= int32(v)
				}
			}
			if dst[r] != want {
				t.Errorf("%d words: row %d: %d, want %d", words, r, dst[r], want)
			}
		}
		if dst[rows] != 77 {
			t.Errorf("%d words: wrote behind dst", words)
		}
	}
}

// TestSignsPanics gives lengths that do not fit.
func TestSignsPanics(t *testing.T) {
	for name, call := range map[string]func(){
		"codes":  func() { kernel.PackSigns(make([]uint64, 1), make([]uint8, 63)) },
		"planes": func() { kernel.PackPlanes(make([]uint64, 8), make([]int8, 65)) },
		"words":  func() { kernel.DotSigns(make([]int32, 1), nil, 0, nil, 0) },
		"query":  func() { kernel.DotSigns(make([]int32, 1), make([]uint64, 1), 1, make([]uint64, 7), 0) },
		"rows":   func() { kernel.DotSigns(make([]int32, 2), make([]uint64, 1), 1, make([]uint64, 8), 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}

func BenchmarkDotSigns(b *testing.B) {
	const words, rows = 48, 1 << 14
	signs, planes := make([]uint64, rows*words), make([]uint64, kernel.SignPlanes*words)
	for i := range signs {
		signs[i] = rand.Uint64()
	}
	dst := make([]int32, rows)
	b.SetBytes(8 * rows * words)
	for b.Loop() {
		kernel.DotSigns(dst, signs, words, planes, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
