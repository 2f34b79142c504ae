package stats

import (
	"math"
	"testing"
)

func TestRankBiasedOverlap(t *testing.T) {
	var o Overlaps
	for _, c := range []struct {
		name string
		a, b []int32
		want float64
	}{
		{"same", []int32{1, 2, 3}, []int32{1, 2, 3}, 1},
		{"nothing in common", []int32{1, 2, 3}, []int32{4, 5, 6}, 0},
		// agreements 0, 1, 2/3: 0.1·(0.9 + 2/3·0.81) + 2/3·0.729
		{"turned", []int32{1, 2, 3}, []int32{2, 1, 4}, 0.1*(0.9+2./3*0.81) + 2./3*0.729},
		// agreements 1, 1/2: 0.1·(1 + 0.45) + 1/2·0.81
		{"of another length", []int32{1, 2, 3}, []int32{1, 5}, 0.1*(1+0.45) + 0.5*0.81},
	} {
		if got := o.RankBiased(c.a, c.b); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if got, back := o.RankBiased(c.a, c.b), o.RankBiased(c.b, c.a); got != back {
			t.Errorf("%s: %v one way, %v the other", c.name, got, back)
		}
	}
	if got := o.RankBiased(nil, []int32{1}); !math.IsNaN(got) {
		t.Errorf("an empty ranking: %v", got)
	}
	if got := o.Common([]int32{1, 2, 3, 9}, []int32{3, 4, 9, 1}, 3); got != 1 {
		t.Errorf("%d in common, want 1", got)
	}
}
