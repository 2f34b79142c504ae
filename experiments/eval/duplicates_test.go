package eval

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
)

func TestFindDuplicates(t *testing.T) {
	g := testgallery.Twins(t)
	all := []int{0, 1, 2, 3, 4, 5, 6, 7}
	d, err := FindDuplicates(t.Context(), g, all, nil, []string{"A", "B"}, 0.999, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range d.Pairs {
		got = append(got, fmt.Sprintf("%d-%d %s %.4f", p.A, p.B, p.Kind, p.Cosine))
	}
	want := []string{"0-3 picture 1.0000", "0-5 picture NaN", "0-4 rows 1.0000", "3-4 near 1.0000", "1-6 near 0.9998"}
	if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) || !strings.HasPrefix(got[0], "0-3 picture") {
		t.Errorf("got %v, want %v", got, want)
	}
	if without := fmt.Sprint(d.Without()); without != "map[0:[3 4 5] 1:[2 6] 2:[1] 3:[0 4 5] 4:[0 3] 5:[0 3] 6:[1]]" {
		t.Errorf("left out: %s", without)
	}
	if d.Unread != 1 || d.FirstUnread == nil || !strings.Contains(d.FirstUnread.Error(), "p7.png") {
		t.Errorf("%d unread: %v", d.Unread, d.FirstUnread)
	}
	d, err = FindDuplicates(t.Context(), g, []int{5}, nil, nil, 0.999, nil)
	if err != nil || len(d.Pairs) != 2 || fmt.Sprint(d.Without()) != "map[5:[0 3]]" {
		t.Errorf("of one query: %v %v %v", d.Pairs, d.Without(), err)
	}
	if _, err := FindDuplicates(t.Context(), g, all, nil, []string{"A"}, math.NaN(), nil); err == nil {
		t.Error("NaN is taken for a cosine")
	}
}

// TestManyDuplicates finds more equal rows than are looked at first.
func TestManyDuplicates(t *testing.T) {
	const n = 300
	tab := &testgallery.Table{Labels: []string{"category"}, Cells: map[string][]string{"category": make([]string, n)}, Layers: map[string][][]float32{}}
	for r := range n {
		tab.IDs = append(tab.IDs, fmt.Sprint("i", r))
		tab.Layers["A"] = append(tab.Layers["A"], []float32{1, 2, float32(r % 2 * 50)})
	}
	d, err := FindDuplicates(t.Context(), tab.Open(t), []int{0, 1, 7}, nil, []string{"A"}, 0.999, nil)
	if err != nil {
		t.Fatal(err)
	}
	for q, want := range map[int]int{0: n/2 - 1, 1: n/2 - 1, 7: n/2 - 1} {
		if got := len(d.Without()[q]); got != want {
			t.Errorf("%d rows like %d, want %d", got, q, want)
		}
	}
	if got := len(d.Pairs); got != 149+149+148 {
		t.Errorf("%d pairs", got)
	}
}
