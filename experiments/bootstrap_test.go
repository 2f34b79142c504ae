package experiments

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// TestBootstrapSums compares sums in lanes with one sum at a time.
func TestBootstrapSums(t *testing.T) {
	for _, n := range []int{1, 2, 7, 300} {
		rng := rand.New(rand.NewPCG(uint64(n), 0))
		b := newBootstrap(n)
		var plain [][]uint64
		for _, k := range []int{1, 5, 10, 65535, 1, 10, 10, 3, 65535, 65535, 10, 10, 1} {
			c := b.add(k)
			values := make([]uint64, n)
			for j := range values {
				values[j] = rng.Uint64N(uint64(k) + 1)
				c.set(j, uint16(values[j]))
			}
			plain = append(plain, values)
		}
		sums, err := b.run(t.Context(), 7, 2)
		if err != nil {
			t.Fatal(err)
		}
		counts := make([]uint32, n)
		var pcg rand.PCG
		for _, resample := range []int{0, 1, 4711, Resamples - 1} {
			seedResample(&pcg, 7, 2, resample)
			draw(counts, &pcg)
			drawn := uint32(0)
			for _, c := range counts {
				drawn += c
			}
			if int(drawn) != n {
				t.Fatalf("n %d: %d draws", n, drawn)
			}
			for i, values := range plain {
				var want uint64
				for j, v := range values {
					want += v * uint64(counts[j])
				}
				if got := sums[i][resample]; got != float64(want) {
					t.Fatalf("n %d, column %d, resample %d: got %v, want %d", n, i, resample, got, want)
				}
			}
		}
	}
}

// TestBootstrapInterval compares an interval of a mean of 0s and 1s with the
// normal approximation.
func TestBootstrapInterval(t *testing.T) {
	const n, ones = 2000, 600
	b := newBootstrap(n)
	c := b.add(1)
	for j := range ones {
		c.set(j, 1)
	}
	sums, err := b.run(t.Context(), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	low, high := interval(sums[0])
	half := 1.96 * math.Sqrt(n*0.3*0.7)
	if math.Abs(low-(ones-half)) > 3 || math.Abs(high-(ones+half)) > 3 {
		t.Errorf("got %v to %v, want about %.1f to %.1f", low, high, ones-half, ones+half)
	}
}

// TestIntervalPlaces pins which of the sorted sums bound the interval.
func TestIntervalPlaces(t *testing.T) {
	sums := make([]float64, Resamples)
	for i := range sums {
		sums[i] = float64(Resamples - 1 - i)
	}
	if low, high := interval(sums); low != 249 || high != 9749 {
		t.Errorf("got places %v and %v", low, high)
	}
}

// TestSeeds: another seed, label or resample gives another stream.
func TestSeeds(t *testing.T) {
	seen := map[uint64]bool{}
	var pcg rand.PCG
	for seed := range uint64(20) {
		for place := range 20 {
			for resample := range 20 {
				seedResample(&pcg, seed, place, resample)
				seen[pcg.Uint64()] = true
			}
		}
	}
	if len(seen) != 20*20*20 {
		t.Errorf("%d streams of %d differ", len(seen), 20*20*20)
	}
}

func TestBootstrapCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := newBootstrap(10)
	b.add(1)
	if _, err := b.run(ctx, 1, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkBootstrap resamples 10 schemes × 3 ks over 9,583 queries, one label.
func BenchmarkBootstrap(b *testing.B) {
	const n = 9583
	for b.Loop() {
		boot := newBootstrap(n)
		for i := range 30 {
			c := boot.add([]int{1, 5, 10}[i%3])
			for j := range n {
				c.set(j, uint16((i*7+j*13)%2))
			}
		}
		if _, err := boot.run(b.Context(), 1, 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*Resamples*n/b.Elapsed().Seconds(), "draws/s")
}
