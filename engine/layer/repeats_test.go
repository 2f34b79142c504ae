package layer

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestNth(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for n := 1; n < 200; n++ {
		v := make([]float64, n)
		for i := range v {
			v[i] = float64(rng.IntN(1 + n/(1+rng.IntN(9))))
		}
		sorted := slices.Sorted(slices.Values(v))
		for _, at := range []int{0, n / 2, n - 1, rng.IntN(n)} {
			if got := nth(slices.Clone(v), at); got != sorted[at] {
				t.Fatalf("%v: number %d is %v, want %v", v, at, got, sorted[at])
			}
		}
	}
}
