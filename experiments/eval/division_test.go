package eval

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
)

// TestDivision divides random galleries: every query on one side, no group on both.
func TestDivision(t *testing.T) {
	for seed := range uint64(20) {
		tab := testgallery.Random(rand.New(rand.NewPCG(seed, 4)), 60)
		g := tab.Open(t)
		queries, err := Plan{}.DrawQueries(g)
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewDivision(g, queries, 0.5, seed)
		if err != nil {
			t.Fatal(err)
		}
		both := slices.Sorted(slices.Values(slices.Concat(d.Tune, d.Report)))
		if !slices.Equal(both, queries) {
			t.Fatalf("seed %d: %v and %v are not %v", seed, d.Tune, d.Report, queries)
		}
		for _, a := range d.Tune {
			for _, b := range d.Report {
				if tab.Group[a] != "" && tab.Group[a] == tab.Group[b] {
					t.Errorf("seed %d: group %s is on both sides", seed, tab.Group[a])
				}
			}
		}
		other, err := NewDivision(g, queries, 0.5, seed+100)
		if err != nil || slices.Equal(other.Tune, d.Tune) {
			t.Errorf("seeds %d and %d divide alike: %v", seed, seed+100, err)
		}
	}
}

func TestDivisionOfOne(t *testing.T) {
	tab := testgallery.Shirts()
	tab.Group = slices.Repeat([]string{"one"}, len(tab.IDs))
	g := tab.Open(t)
	if _, err := NewDivision(g, []int{0, 1, 2}, 0.5, 1); err == nil || !strings.Contains(err.Error(), "3 queries, of 1 groups, cannot be divided") {
		t.Errorf("got %v", err)
	}
	tab.Group = nil
	g = tab.Open(t)
	d, err := NewDivision(g, []int{0, 1, 2}, 0.99, 1)
	if err != nil || len(d.Tune) != 2 || len(d.Report) != 1 {
		t.Errorf("%v %v", d, err)
	}
}
