package engine

import (
	"math"
	"slices"
	"testing"
)

// TestCandidatesWithout leaves rows out for one query, and looks at what searches
// and counts make of it.
func TestCandidatesWithout(t *testing.T) {
	dir := writeGallery(t, "id,category,group\na,x,\nb,x,g\nc,x,g\nd,x,\ne,y,\n", map[string]matrix{
		"L": {rows: [][]float32{{1, 0}, {1, 0.1}, {1, 0.2}, {1, 0.3}, {1, 0.4}}},
	})
	g, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	all, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	some := all.Without(map[int][]int32{0: {3, 1}, 1: {4}})
	label, err := g.Label("category")
	if err != nil {
		t.Fatal(err)
	}
	relevance, before := some.Relevance(label), all.Relevance(label)
	for _, c := range []struct {
		query, count, relevant, before int
		rows                           []int
	}{
		{0, 2, 1, 3, []int{2, 4}},
		{1, 2, 2, 2, []int{0, 3}},
		{2, 3, 2, 2, []int{3, 0, 4}}, // b is of its group
		{3, 4, 3, 3, []int{2, 4, 1, 0}},
	} {
		if got := some.Count(c.query); got != c.count {
			t.Errorf("query %d: %d candidates, want %d", c.query, got, c.count)
		}
		if got := relevance.Count(c.query); got != c.relevant {
			t.Errorf("query %d: %d relevant, want %d", c.query, got, c.relevant)
		}
		if got := before.Count(c.query); got != c.before {
			t.Errorf("query %d: %d relevant before, want %d", c.query, got, c.before)
		}
		var rows []int
		for _, h := range rankAll(t, g, []int{c.query}, parseAll(t, g, []string{"L"}), 5, some)[0][0].Hits {
			rows = append(rows, h.Row)
		}
		slices.Sort(rows)
		slices.Sort(c.rows)
		if !slices.Equal(rows, c.rows) {
			t.Errorf("query %d: hits %v, want %v", c.query, rows, c.rows)
		}
	}
	again := some.Without(map[int][]int32{0: {2}})
	if again.Count(0) != 1 || some.Count(0) != 2 {
		t.Errorf("%d and %d candidates, want 1 and 2", again.Count(0), some.Count(0))
	}
}

func TestScored(t *testing.T) {
	dir := writeGallery(t, "id,group\na,\nb,one\nc,\n", map[string]matrix{
		"L": {rows: [][]float32{{1, 0}, {0, 0}, {1, 1}}},
		"M": {rows: [][]float32{{1}, {2}, {float32(math.Inf(1))}}},
	})
	g, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	for _, c := range []struct {
		layers []string
		want   []bool
	}{
		{[]string{"L"}, []bool{true, false, true}},
		{[]string{"M", "L"}, []bool{true, false, false}},
		{nil, []bool{true, true, true}},
	} {
		got, err := g.Scored(t.Context(), c.layers)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v: %v %v, want %v", c.layers, got, err, c.want)
		}
	}
	if _, err := g.Scored(t.Context(), []string{"N"}); err == nil {
		t.Error("no error for a layer that is not there")
	}
	if g.Group(0) != "" || g.Group(1) != "one" {
		t.Errorf("groups %q and %q", g.Group(0), g.Group(1))
	}
}
