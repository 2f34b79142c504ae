package stats

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

// TestBootstrapSums compares sums by matrices with one sum at a time.
func TestBootstrapSums(t *testing.T) {
	for _, n := range []int{1, 2, 7, 300, segment + 3, 2*segment + 1} {
		rng := rand.New(rand.NewPCG(uint64(n), 0))
		b := NewBootstrap(n)
		var plain [][]uint64
		for _, k := range []uint64{1, 5, 10, 65535, 1, 10, 10, 3, 1 << 40, 65535, 1 << 54, 1, 10, 10, 1, 1 << 40, 1 << 40, 1} {
			c := b.Add(k)
			values := make([]uint64, n)
			for j := range values {
				values[j] = rng.Uint64N(k + 1)
				c.Set(j, values[j])
			}
			plain = append(plain, values)
		}
		sums, err := b.Run(t.Context(), Stream{Seed: 7, Place: 2}, Draw)
		if err != nil {
			t.Fatal(err)
		}
		counts := make([]uint32, n)
		var pcg rand.PCG
		for _, resample := range []int{0, 1, 4711, Resamples - 1} {
			Stream{Seed: 7, Place: 2}.start(&pcg, resample)
			Draw(counts, &pcg)
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
				if got := sums[i][resample]; got != int64(want) {
					t.Fatalf("n %d, column %d, resample %d: got %v, want %d", n, i, resample, got, want)
				}
			}
		}
	}
}

// TestBootstrapCrowded: a segment that is drawn from more often than float32
// can add up is summed apart.
func TestBootstrapCrowded(t *testing.T) {
	const n = 3 * segment
	b := NewBootstrap(n)
	columns := []Column{b.Add(1000), b.Add(1 << 33)}
	for j := range n {
		columns[0].Set(j, uint64(j%1001))
		columns[1].Set(j, uint64(j)<<18)
	}
	crowd := func(counts []uint32, pcg *rand.PCG) {
		clear(counts)
		at := pcg.Uint64() % 3 * segment
		for j := range uint64(n) {
			counts[at+j%5]++
		}
	}
	sums, err := b.Run(t.Context(), Stream{Seed: 3}, crowd)
	if err != nil {
		t.Fatal(err)
	}
	counts := make([]uint32, n)
	var pcg rand.PCG
	for _, resample := range []int{0, 1, 2, 3, 4, 5, 9999} {
		Stream{Seed: 3}.start(&pcg, resample)
		crowd(counts, &pcg)
		var want [2]int64
		for j, c := range counts {
			want[0] += int64(c) * int64(j%1001)
			want[1] += int64(c) * int64(j) << 18
		}
		if sums[0][resample] != want[0] || sums[1][resample] != want[1] {
			t.Errorf("resample %d: got %d, %d, want %d", resample, sums[0][resample], sums[1][resample], want)
		}
	}
}

// TestBootstrapInterval compares an interval of a mean of 0s and 1s with the
// normal approximation.
func TestBootstrapInterval(t *testing.T) {
	const n, ones = 2000, 600
	b := NewBootstrap(n)
	c := b.Add(1)
	for j := range ones {
		c.Set(j, 1)
	}
	sums, err := b.Run(t.Context(), Stream{Seed: 1}, Draw)
	if err != nil {
		t.Fatal(err)
	}
	low, high := Interval(sums[0])
	half := 1.96 * math.Sqrt(n*0.3*0.7)
	if math.Abs(float64(low)-(ones-half)) > 3 || math.Abs(float64(high)-(ones+half)) > 3 {
		t.Errorf("got %v to %v, want about %.1f to %.1f", low, high, ones-half, ones+half)
	}
}

// TestIntervalPlaces pins which of the sorted sums bound the interval.
func TestIntervalPlaces(t *testing.T) {
	sums := make([]float64, Resamples)
	for i := range sums {
		sums[i] = float64(Resamples - 1 - i)
	}
	if low, high := Interval(sums); low != 249 || high != 9749 {
		t.Errorf("got places %v and %v", low, high)
	}
}

// TestStreams: another seed, label, purpose or resample gives another stream.
func TestStreams(t *testing.T) {
	seen := map[uint64]bool{}
	var pcg rand.PCG
	for seed := range uint64(20) {
		for place := range uint64(20) {
			for of := DrawQueries; of <= DivideClasses; of++ {
				for resample := range 20 {
					Stream{seed, place, of}.start(&pcg, resample)
					seen[pcg.Uint64()] = true
				}
			}
		}
	}
	if len(seen) != 20*20*4*20 {
		t.Errorf("%d streams of %d differ", len(seen), 20*20*4*20)
	}
}

func TestBootstrapCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := NewBootstrap(10)
	b.Add(1)
	if _, err := b.Run(ctx, Stream{Seed: 1}, Draw); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkBootstrap resamples 10 schemes × 3 ks over 9,583 queries, one label.
func BenchmarkBootstrap(b *testing.B) {
	const n = 9583
	for b.Loop() {
		boot := NewBootstrap(n)
		for i := range 30 {
			c := boot.Add([]uint64{1, 5, 10}[i%3])
			for j := range n {
				c.Set(j, uint64((i*7+j*13)%2))
			}
		}
		if _, err := boot.Run(b.Context(), Stream{Seed: 1}, Draw); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*Resamples*n/b.Elapsed().Seconds(), "draws/s")
}
