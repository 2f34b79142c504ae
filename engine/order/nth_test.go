package order

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestNth compares places with those of sorted numbers, of many equal ones, too.
func TestNth(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	for round := range 300 {
		numbers := make([]float64, 1+rng.IntN(60))
		for i := range numbers {
			numbers[i] = float64(rng.IntN(1 + round))
		}
		check(t, rng, numbers)
	}
}

// check compares some places of numbers, which it puts into another order, after any number of rounds.
func check(t *testing.T, rng *rand.Rand, numbers []float64) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(numbers))
	for range 5 {
		k := rng.IntN(len(numbers))
		if got, less := Nth(slices.Clone(numbers), k), within(numbers, k, rng.IntN(4)); got != sorted[k] || less != sorted[k] {
			t.Fatalf("place %d of %v: got %v, and after few rounds %v", k, sorted, got, less)
		}
		if k > 0 && slices.Max(numbers[:k]) > numbers[k] {
			t.Fatalf("place %d of %v: larger numbers stand before it: %v", k, sorted, numbers)
		}
	}
}
