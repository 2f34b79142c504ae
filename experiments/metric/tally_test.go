package metric

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// tallied returns a metric of a ranking, as a quotient.
func tallied(m Metric, gains []int8, levels []int) float64 {
	ks := []int{5}
	if m.K > 0 {
		ks = []int{m.K}
	}
	table := Discounts(len(gains) + levels[0] + 20)
	t := NewTally(ks, table)
	t.SetIdeal(levels, len(table)-1)
	t.SetGrades(levels, len(levels), zeros(gains))
	t.Count(gains, levels[0])
	return t.Value(m) / float64(max(1, m.Unit()))
}

// zeros returns the number of hits known not to be relevant.
func zeros(gains []int8) int {
	n := 0
	for _, g := range gains {
		if g == 0 {
			n++
		}
	}
	return n
}

// TestMetricsByHand works out the ranking hit, miss, hit, unknown, miss, hit
// with R = 4: one relevant candidate has no score.
func TestMetricsByHand(t *testing.T) {
	ranking := []int8{1, 0, 1, -1, 0, 1}
	log3, log5, log7 := math.Log2(3), math.Log2(5), math.Log2(7)
	for _, c := range []struct {
		metric Metric
		want   float64
	}{
		{Metric{Precision, 5}, 2.0 / 5},
		{Metric{Precision, 10}, 3.0 / 10}, // k is fixed though 6 are ranked
		{Metric{CappedPrecision, 5}, 2.0 / 4},
		{Metric{CappedPrecision, 3}, 2.0 / 3},
		{Metric{Recall, 3}, 2.0 / 4},
		{Metric{Success, 2}, 1},
		{Metric{AveragePrecision, 3}, (1 + 2.0/3) / 4},
		{Metric{AveragePrecision, 0}, (1 + 2.0/3 + 3.0/6) / 4},
		{Metric{AveragePrecisionHits, 3}, (1 + 2.0/3) / 2},
		{Metric{AveragePrecisionMin, 3}, (1 + 2.0/3) / 3},
		{Metric{AveragePrecisionMin, 6}, (1 + 2.0/3 + 3.0/6) / 4},
		{Metric{ReciprocalRank, 1}, 1},
		{Metric{NDCG, 3}, (1 + 1.0/2) / (1 + 1/log3 + 1.0/2)},
		{Metric{NDCG, 0}, (1 + 1.0/2 + 1/log7) / (1 + 1/log3 + 1.0/2 + 1/log5)},
		{Metric{JudgedShare, 5}, 4.0 / 5},
		{Metric{RPrecision, 0}, 2.0 / 4},
		{Metric{ExpectedReciprocalRank, 3}, 1.0/2 + 1.0/2*1.0/2/3},
		{Metric{RankBiased + 80, 3}, .2 + .2*.8*.8},
		{Metric{RankBiased + 50, 0}, .5 + .125 + 1.0/64},
		// Of 2 known not to be relevant, 0, 1 and 2 stand before the hits.
		{Metric{BinaryPreference, 0}, (1 + 1.0/2 + 0) / 4},
		{Metric{AveragePrecisionAtR, 0}, (1 + 2.0/3) / 4},
		// The curve goes from precision 1 before rank 1 through 1, 1/2, 2/3, 2/4, 2/5, 3/6.
		{Metric{AveragePrecisionTrapezoid, 0}, ((1+1.0)/2 + (1.0/2+2.0/3)/2 + (2.0/5+3.0/6)/2) / 4},
	} {
		if got := tallied(c.metric, ranking, []int{4}); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("%v: got %v, want %v", c.metric, got, c.want)
		}
	}
	nothing := []int8{0, -1, 0}
	for m := range measures {
		metric := Metric{Kind(m), 5}
		if measures[m].cut == cutNever {
			metric.K = 0
		}
		want := 0.0
		if metric.Kind == JudgedShare {
			want = 2.0 / 5
		}
		if got := tallied(metric, nothing, []int{2}); got != want {
			t.Errorf("%v of no hit: got %v, want %v", metric, got, want)
		}
	}
	if got := tallied(Metric{ReciprocalRank, 2}, []int8{0, 0, 1}, []int{1}); got != 0 {
		t.Errorf("RR@2 of a hit at 3: got %v", got)
	}
	if got := tallied(Metric{ReciprocalRank, 0}, []int8{0, 0, 1}, []int{1}); got != 1.0/3 {
		t.Errorf("RR of a hit at 3: got %v", got)
	}
}

// TestGradedByHand: 1 candidate shares three levels, 2 two or more, 4 one or more.
func TestGradedByHand(t *testing.T) {
	levels := []int{4, 2, 1}
	log3, log5 := math.Log2(3), math.Log2(5)
	if got, want := tallied(Metric{NDCG, 3}, []int8{1, 3, 0}, levels), (1+3/log3)/(3+2/log3+1.0/2); math.Abs(got-want) > 1e-15 {
		t.Errorf("nDCG@3: got %v, want %v", got, want)
	}
	if got, want := tallied(Metric{NDCG, 0}, []int8{1, 3, 0, 1, 2}, levels), (1+3/log3+1/log5+2/math.Log2(6))/(3+2/log3+1.0/2+1/log5); math.Abs(got-want) > 1e-15 {
		t.Errorf("nDCG: got %v, want %v", got, want)
	}
	if got := tallied(Metric{NDCG, 10}, []int8{3, 2, 1, 1}, levels); got != 1 {
		t.Errorf("a perfect ranking: got %v", got)
	}
	if got := tallied(Metric{Precision, 2}, []int8{1, 3, 0}, levels); got != 1 {
		t.Errorf("P@2 counts every gain once: got %v", got)
	}
}

// TestBoundsExhaustive compares ceilings and random baselines with the best and
// the mean over all orders of a few candidates.
func TestBoundsExhaustive(t *testing.T) {
	for _, kind := range []Kind{RankBiased + 80, RankBiased + 33} {
		for _, k := range []int{0, 1, 3, 10} {
			for m := 2; m <= 7; m++ {
				checkBounds(t, Metric{kind, k}, m, 1+m/2)
			}
		}
	}
	for measure, has := range measures {
		ks := map[cut][]int{cutOnly: {1, 3, 5, 10}, cutOrAll: {0, 1, 3, 5, 10}, cutNever: {0}}[has.cut]
		for _, k := range ks {
			for m := 2; m <= 7; m++ {
				for r := 1; r <= m; r++ {
					checkBounds(t, Metric{Kind(measure), k}, m, r)
				}
			}
		}
	}
}

func checkBounds(t *testing.T, metric Metric, m, r int) {
	t.Helper()
	order := make([]int8, m)
	for i := range r {
		order[m-1-i] = 1
	}
	best, sum, n := 0.0, 0.0, 0.0
	for { // all orders of ones and zeros, which are equally likely
		v := tallied(metric, order, []int{r})
		best, sum, n = max(best, v), sum+v, n+1
		if !nextOrder(order) {
			break
		}
	}
	unit := float64(max(1, metric.Unit()))
	tal := NewTally([]int{max(1, metric.K)}, Discounts(20))
	tal.SetIdeal([]int{r}, 20)
	tal.SetGrades([]int{r}, 1, m-r)
	if c := metric.Perfect(r, tal) / unit; metric.Kind != JudgedShare && math.Abs(c-best) > 1e-14 {
		t.Errorf("%v, R %d of %d: the ceiling is %v, the best order gives %v", metric, r, m, c, best)
	}
	got := metric.Random(Odds{M: m, R: r, N: m - r, Gain: float64(r)}, tal)
	if known := metric.Kind != JudgedShare && metric.Kind != AveragePrecisionHits && metric.Kind != ExpectedReciprocalRank; known != !math.IsNaN(got) {
		t.Errorf("%v: the baseline is %v", metric, got)
	} else if known && math.Abs(got-sum/n) > 1e-14 {
		t.Errorf("%v, R %d of %d: the baseline is %v, the mean of all orders %v", metric, r, m, got, sum/n)
	}
}

// nextOrder makes the next permutation in lexical order.
func nextOrder(a []int8) bool {
	i := len(a) - 2
	for i >= 0 && a[i] >= a[i+1] {
		i--
	}
	if i < 0 {
		return false
	}
	j := len(a) - 1
	for a[j] <= a[i] {
		j--
	}
	a[i], a[j] = a[j], a[i]
	slices.Reverse(a[i+1:])
	return true
}

// TestGradedBaseline compares the baseline of graded nDCG with a mean over all
// orders.
func TestGradedBaseline(t *testing.T) {
	levels := []int{4, 2, 1}
	order := []int8{0, 0, 1, 1, 2, 3}
	for _, k := range []int{0, 1, 4} {
		var sum, n float64
		for {
			sum, n = sum+tallied(Metric{NDCG, k}, order, levels), n+1
			if !nextOrder(order) {
				break
			}
		}
		slices.Sort(order)
		tal := NewTally([]int{max(1, k)}, Discounts(20))
		tal.SetIdeal(levels, 20)
		if got := (Metric{NDCG, k}).Random(Odds{M: 6, R: 4, Gain: 7}, tal); math.Abs(got-sum/n) > 1e-14 {
			t.Errorf("nDCG@%d: got %v, want %v", k, got, sum/n)
		}
	}
}

// TestTallyPrefix: what stands behind a cut-off changes no metric at it, and a
// deeper ranking only those without one.
func TestTallyPrefix(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		gains := make([]int8, 5+rng.IntN(30))
		r := 1
		for i := range gains {
			gains[i] = int8(rng.IntN(4)/2) - int8(rng.IntN(8)/7)
			if gains[i] > 0 {
				r++
			}
		}
		for m := range measures {
			if measures[m].cut == cutNever {
				continue
			}
			metric := Metric{Kind(m), 5}
			if a, b := tallied(metric, gains, []int{r}), tallied(metric, gains[:5], []int{r}); a != b {
				t.Fatalf("%v of %v: %v, and %v of its first five", metric, gains, a, b)
			}
			if measures[m].cut == cutOrAll {
				cut := Metric{Kind(m), len(gains)}
				if a, b := tallied(metric, gains[:5], []int{r}), tallied(Metric{Kind(m), 0}, gains[:5], []int{r}); a != b && metric.Kind != NDCG {
					t.Fatalf("%v: %v, and %v without a cut-off", metric, a, b)
				}
				if metric.Kind != NDCG && tallied(cut, gains, []int{r}) != tallied(Metric{Kind(m), 0}, gains, []int{r}) {
					t.Fatalf("%v: differs from no cut-off", fmt.Sprint(cut))
				}
			}
		}
	}
}
