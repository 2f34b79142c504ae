package metric

import (
	"math"
	"math/big"
	"testing"
)

// slowLog2 returns the nearest float64 to log2(n), from 300 bits of it.
func slowLog2(n int64) float64 {
	x := new(big.Float).SetPrec(700).SetInt64(n)
	exp := x.MantExp(x) - 1 // 1 ≤ 2x < 2
	x.SetMantExp(x, 1)
	sum, bit := new(big.Float).SetPrec(700).SetInt64(int64(exp)), new(big.Float).SetPrec(700).SetFloat64(0.5)
	half, two := big.NewFloat(0.5), big.NewFloat(2)
	for range 150 {
		x.Mul(x, x)
		if x.Cmp(two) >= 0 {
			x.Mul(x, half)
			sum.Add(sum, bit)
		}
		bit.Mul(bit, half)
	}
	f, _ := sum.Float64()
	return f
}

// TestLog2 compares the logarithms of the ranks that are used most with the
// nearest float64, and more of them with the library's within its error.
func TestLog2(t *testing.T) {
	for n := int64(1); n <= 3000; n++ {
		if got, want := log2(uint64(n)), slowLog2(n); got != want {
			t.Fatalf("log2(%d): got %x, want %x", n, got, want)
		}
	}
	for n := uint64(3000); n < 1<<32; n += n/50 + 7 {
		if got, want := log2(n), math.Log2(float64(n)); math.Abs(got-want) > 1e-14 {
			t.Fatalf("log2(%d): got %v, want about %v", n, got, want)
		}
	}
	for e := range 32 {
		if got := log2(1 << e); got != float64(e) {
			t.Errorf("log2(2^%d): got %v", e, got)
		}
	}
}

// TestTrapT08Log2 pins the logarithms on which libraries differ: those of the
// GNU C library, not of Go.
func TestTrapT08Log2(t *testing.T) {
	table := Discounts(10)
	for rank, want := range map[int]float64{1: 1, 2: 0x1.95c01a39fbd68p+00, 3: 2, 4: 0x1.2934f0979a371p+01, 8: 0x1.95c01a39fbd68p+01} {
		if table[rank] != want {
			t.Errorf("rank %d: got %x, want %x", rank, table[rank], want)
		}
	}
}
