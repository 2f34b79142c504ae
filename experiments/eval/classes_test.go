package eval

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
)

// TestClassDifferences compares with counts made apart, on labels with several values.
func TestClassDifferences(t *testing.T) {
	tab := testgallery.Random(rand.New(rand.NewPCG(5, 5)), 80)
	e, err := Plan{Schemes: testgallery.Schemes(t, "A", "B"), Ks: []int{5}}.Evaluate(t.Context(), tab.Open(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for l, label := range e.Labels {
		want := map[string][3]int{}
		for i, q := range e.Queries {
			if e.Skip(i, 0, l) != Judged || e.Skip(i, 1, l) != Judged {
				continue
			}
			seen := map[string]bool{}
			for value := range strings.SplitSeq(tab.Cells[label][q], "|") {
				if value = strings.TrimSpace(value); value != "" && !seen[value] {
					seen[value] = true
					w := want[value]
					want[value] = [3]int{w[0] + 1, w[1] + int(e.HitsOf(i, 0, l)[0]), w[2] + int(e.HitsOf(i, 1, l)[0])}
				}
			}
		}
		got := map[string][3]int{}
		last := 2.0
		for _, c := range e.ClassDifferences(l, 0, 1) {
			got[c.Class] = [3]int{c.Queries, c.HitsA, c.HitsB}
			if c.Diff > last {
				t.Errorf("%s: %s comes after a smaller difference", label, c.Class)
			}
			last = c.Diff
			if c.Win+c.Tie+c.Loss != c.Queries {
				t.Errorf("%s: %+v does not add up", label, c)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", label, got, want)
		}
	}
}
