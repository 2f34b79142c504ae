package metric

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// slowERR sums over the rank at which a reader stops, of all ranks by their probabilities.
func slowERR(gains []int8, largest int) float64 {
	var sum float64
	for r := range gains {
		chance := 1.0 / float64(r+1)
		for i, g := range gains[:r+1] {
			stops := (math.Pow(2, float64(max(g, 0))) - 1) / math.Pow(2, float64(largest))
			if i < r {
				stops = 1 - stops
			}
			chance *= stops
		}
		sum += chance
	}
	return sum
}

// slowRBP is the definition.
func slowRBP(gains []int8, p float64, largest int) float64 {
	var sum float64
	for i, g := range gains {
		sum += (1 - p) * math.Pow(p, float64(i)) * float64(max(g, 0)) / float64(largest)
	}
	return sum
}

// slowBpref looks at each hit, and counts what is known not to be relevant before it.
func slowBpref(gains []int8, r, nonrelevant int) float64 {
	var sum float64
	for i, g := range gains {
		if g <= 0 {
			continue
		}
		before := zeros(gains[:i])
		if before > 0 {
			sum -= math.Min(float64(before), float64(r)) / math.Min(float64(nonrelevant), float64(r))
		}
		sum++
	}
	return sum / float64(r)
}

// TestGraded compares graded metrics of random rankings with their definitions, and a perfect
// ranking with its ceiling.
func TestGraded(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		largest := 1 + rng.IntN(5)
		gains := make([]int8, 1+rng.IntN(20))
		for i := range gains {
			gains[i] = int8(rng.IntN(largest+2) - 1)
		}
		all := append(slices.Clone(gains), 1, 0) // two candidates have no score
		levels, r := make([]int, largest), 0
		for _, g := range all {
			for d := range max(g, 0) {
				levels[d]++
			}
			if g > 0 {
				r++
			}
		}
		k := rng.IntN(len(gains) + 3)
		tal := NewTally([]int{5}, nil)
		tal.SetGrades(levels, largest, zeros(all))
		tal.Count(gains, r)
		perfect := slices.Clone(all)
		slices.SortFunc(perfect, func(a, b int8) int { return int(b) - int(a) })
		percent := 1 + rng.IntN(99)
		for _, c := range []struct {
			m          Metric
			want, most float64
		}{
			{Metric{ExpectedReciprocalRank, k}, slowERR(within(gains, k), largest), slowERR(within(perfect, k), largest)},
			{Metric{RankBiased + Kind(percent), k}, slowRBP(within(gains, k), float64(percent)/100, largest), slowRBP(within(perfect, k), float64(percent)/100, largest)},
			{Metric{BinaryPreference, 0}, slowBpref(gains, r, zeros(all)), slowBpref(perfect, r, zeros(all))},
		} {
			if got := tal.Value(c.m); math.Abs(got-c.want) > 1e-14 {
				t.Fatalf("%v of %v: %v, want %v", c.m, gains, got, c.want)
			}
			if got := c.m.Perfect(r, tal); math.Abs(got-c.most) > 1e-14 || got < c.want-1e-14 {
				t.Fatalf("%v of %v: the ceiling is %v, want %v", c.m, gains, got, c.most)
			}
		}
	}
}

// TestGradedBounds compares ceilings and baselines of three grades with all orders.
func TestGradedBounds(t *testing.T) {
	levels := []int{4, 2, 1}
	for _, kind := range []Kind{ExpectedReciprocalRank, RankBiased + 80, BinaryPreference} {
		for _, k := range []int{0, 1, 4} {
			if k > 0 && kind == BinaryPreference {
				continue
			}
			order := []int8{0, 0, 1, 1, 2, 3}
			m := Metric{kind, k}
			var sum, n, most float64
			for {
				v := tallied(m, order, levels)
				sum, n, most = sum+v, n+1, max(most, v)
				if !nextOrder(order) {
					break
				}
			}
			tal := NewTally(nil, nil)
			tal.SetGrades(levels, 3, 2)
			if got := m.Perfect(4, tal); math.Abs(got-most) > 1e-15 {
				t.Errorf("%v: the ceiling is %v, the best order gives %v", m, got, most)
			}
			got := m.Random(Odds{M: 6, R: 4, N: 2, Gain: 7}, tal)
			if kind == ExpectedReciprocalRank {
				if !math.IsNaN(got) {
					t.Errorf("%v: the baseline is %v", m, got)
				}
			} else if math.Abs(got-sum/n) > 1e-14 {
				t.Errorf("%v: the baseline is %v, the mean %v", m, got, sum/n)
			}
		}
	}
}

func TestPersistence(t *testing.T) {
	for name, want := range map[string]string{"RBP@5": "RBP@5", "RBP(.8)@5": "RBP@5", "RBP(p=0.07)@2": "RBP(p=0.07)@2", "RBP(.990)@1": "RBP(p=0.99)@1", "RBP(.5)@all": "RBP(p=0.5)"} {
		metrics, err := ParseMetrics([]string{name}, []int{1, 2})
		if err != nil || len(metrics) != 1 || metrics[0].String() != want {
			t.Errorf("%s: %v %v, want %s", name, metrics, err, want)
		}
	}
	for _, name := range []string{"RBP(0)", "RBP(1)@3", "RBP(.005)", "RBP(.123)", "RBP(NaN)", "RBP()", "RBP(p)@2", "RBP(-.5)", "RBP(2.3e9)", "RBP(p=0.5", "RBP(.5@3"} {
		if _, err := ParseMetrics([]string{name}, []int{1}); err == nil || !strings.Contains(err.Error(), "its persistence is from 0.01 to 0.99") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
