package experiments

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"strata/engine"
	"strata/experiments/internal/testgallery"
)

// TestMeasureInParts measures so many schemes that queries are ranked some at a
// time.
func TestMeasureInParts(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(3, 8)), 120).Open(t)
	m := measurer{g: g, memory: targetMemory, targets: []Target{{Metric{NDCG, 5}, "category"}, {Metric{Precision, 5}, "category"}}}
	queries, err := m.plan().queries(g)
	if err != nil {
		t.Fatal(err)
	}
	var few [][]float64
	ws := grid(axes{0, 1, 2}, 12)
	var all []engine.Scheme
	for _, w := range ws {
		all = append(all, w.scheme([]string{"A", "B", "C"}))
	}
	for _, memory := range []int{targetMemory, 12 * len(all) * 7} {
		m.memory = memory
		means, _, err := m.measure(t.Context(), all, queries)
		if err != nil {
			t.Fatal(err)
		}
		if few != nil && fmt.Sprint(means) != fmt.Sprint(few) {
			t.Error("other means with queries some at a time")
		}
		few = means
	}
}
