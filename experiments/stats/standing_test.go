package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestStandingsByHand: four resamples, in one of which two columns share the first
// place, and in one of which all are equal.
func TestStandingsByHand(t *testing.T) {
	sums := [][]int64{
		{9, 5, 4, 1},
		{8, 5, 6, 1},
		{7, 2, 4, 1},
	}
	before := [][]int64{slices.Clone(sums[0]), slices.Clone(sums[1]), slices.Clone(sums[2])}
	got := Standings(sums)
	third := 1.0 / 3
	for c, want := range []Standing{
		{(1 + 0.5 + third) / 4, 1, 2.5},
		{(0.5 + 1 + third) / 4, 1, 2},
		{third / 4, 2, 3},
	} {
		if math.Abs(got[c].First-want.First) > 1e-15 || got[c].Low != want.Low || got[c].High != want.High {
			t.Errorf("column %d: got %+v, want %+v", c, got[c], want)
		}
		if !slices.Equal(sums[c], before[c]) {
			t.Errorf("column %d has other sums", c)
		}
	}
	if len(Standings(nil)) != 0 {
		t.Error("no column, no standing")
	}
	if one := Standings([][]int64{{3, 0}})[0]; one != (Standing{1, 1, 1}) {
		t.Errorf("a column alone is first: got %+v", one)
	}
}

// TestStandings counts the columns before and beside each one, one resample at a time.
func TestStandings(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for round := range 40 {
		n, resamples := 1+rng.IntN(7), 1+rng.IntN(300)
		sums := make([][]int64, n)
		for c := range sums {
			for range resamples {
				sums[c] = append(sums[c], rng.Int64N(int64(2+round%9)))
			}
		}
		total := 0.0
		for c, got := range Standings(sums) {
			first, ranks := 0.0, make([]float64, resamples)
			for r := range resamples {
				before, beside := 0, 0
				for other := range sums {
					switch {
					case sums[other][r] > sums[c][r]:
						before++
					case sums[other][r] == sums[c][r]:
						beside++
					}
				}
				ranks[r] = float64(before) + float64(beside+1)/2
				if before == 0 {
					first += 1 / float64(beside)
				}
			}
			low, high := Interval(ranks)
			if math.Abs(got.First-first/float64(resamples)) > 1e-12 || got.Low != low || got.High != high {
				t.Fatalf("round %d, column %d: got %+v, want %v, %v to %v", round, c, got, first/float64(resamples), low, high)
			}
			total += got.First
		}
		if math.Abs(total-1) > 1e-12 {
			t.Fatalf("round %d: the shares add up to %v", round, total)
		}
	}
}
