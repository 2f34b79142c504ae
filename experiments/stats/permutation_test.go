package stats

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"strata/experiments/internal/testgallery"
)

func TestExactPByHand(t *testing.T) {
	for _, c := range []struct {
		name        string
		differences []int64
		want        float64
	}{
		{"no query", nil, 1},
		{"equal schemes", []int64{0, 0, 0}, 1},
		{"one query", []int64{3}, 1},
		{"two of a sign", []int64{1, 0, 2}, 0.5},
		{"even", []int64{5, -5}, 1},
		{"three of a sign", []int64{-1, -1, -1}, 0.25},
		{"1, 2, 3 and -1", []int64{1, 2, 3, -1}, 6.0 / 16}, // ±7 once each, ±5 twice each
		{"ten of a sign", []int64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, 2.0 / 1024},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := ExactP(c.differences); !ok || got != c.want {
				t.Errorf("got %v, %v, want %v", got, ok, c.want)
			}
		})
	}
}

// TestExactP compares both ways to an exact p with counted divisions.
func TestExactP(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for round := range 80 {
		n, k := 1+rng.IntN(120), int64(1+rng.IntN(12))
		differences := make([]int64, n)
		bias := rng.Int64N(k + 1)
		for j := range differences {
			differences[j] = rng.Int64N(k+1) - rng.Int64N(k+1)
			if rng.IntN(3) == 0 {
				differences[j] = bias
			}
		}
		got, ok := ExactP(differences)
		want := testgallery.SlowP(differences)
		if !ok || want > smallestP && math.Abs(got-want) > 1e-11*want || want <= smallestP && got != smallestP {
			t.Fatalf("round %d, %d differences up to %d: got %v, %v, want %v", round, n, k, got, ok, want)
		}
	}
}

// TestExactPLarge: all differences are 1, so that the sum is binomial, also
// where most of its distribution is negligible.
func TestExactPLarge(t *testing.T) {
	for _, n := range []int{21, 1000, 9583} {
		differences := make([]int64, n)
		for _, minus := range []int{n / 2, n/2 - int(math.Sqrt(float64(n))), n * 45 / 100} {
			for j := range differences {
				differences[j] = 1
				if j < minus {
					differences[j] = -1
				}
			}
			tail, ways := new(big.Int), big.NewInt(1) // n over j
			for j := range int64(minus + 1) {
				tail.Add(tail, ways)
				ways.Mul(ways, big.NewInt(int64(n)-j)).Quo(ways, big.NewInt(j+1))
			}
			want, _ := new(big.Rat).SetFrac(tail.Lsh(tail, 1), new(big.Int).Lsh(big.NewInt(1), uint(n))).Float64()
			if n%2 == 0 && minus == n/2 {
				want = 1
			}
			got, ok := ExactP(differences)
			if want = min(1, want); !ok || math.Abs(got-want) > 1e-10*want {
				t.Errorf("%d of %d: got %v, %v, want %v", minus, n, got, ok, want)
			}
		}
	}
}

// TestExactPRefuses: what is not exact within milliseconds and some memory is
// left to the random divisions.
func TestExactPRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	differences := make([]int64, 25)
	for j := range differences {
		differences[j] = rng.Int64N(1 << 40)
	}
	if _, ok := ExactP(differences); ok {
		t.Error("25 large differences")
	}
	if _, ok := ExactP(differences[:20]); !ok {
		t.Error("20 differences can be enumerated")
	}
}

// TestHolm checks the example of 0.01, 0.04, 0.03 and 0.005: ×4, ×3, ×2, ×1 in
// ascending order, never falling.
func TestHolm(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005, 0.9})
	want := []float64{0.04, 0.09, 0.09, 0.025, 0.9}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-15 {
			t.Errorf("got %v, want %v", got, want)
			break
		}
	}
	if got := Holm([]float64{1, 1, 0.6}); got[0] != 1 || got[2] != 1 {
		t.Errorf("got %v, never over 1", got)
	}
	if len(Holm(nil)) != 0 {
		t.Error("no p, no adjusted p")
	}
}

// BenchmarkExactP: 10,000 queries, hits among ten.
func BenchmarkExactP(b *testing.B) {
	rng := rand.New(rand.NewPCG(4, 6))
	differences := make([]int64, 10_000)
	for j := range differences {
		differences[j] = rng.Int64N(6) - rng.Int64N(6)
	}
	for b.Loop() {
		if _, ok := ExactP(differences); !ok {
			b.Fatal("refused")
		}
	}
}
