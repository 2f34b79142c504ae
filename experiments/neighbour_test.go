package experiments

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"strata/engine"
	"strata/engine/items"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/report"
	"strata/experiments/run"
	"strata/experiments/tune"
)

// neighbours returns neighbourhoods of a gallery's rows, of which those that fit into
// the budget are built.
func neighbours(t *testing.T, g *engine.Gallery, m int, budget int64) *neighbour.Neighbours {
	t.Helper()
	n, err := neighbour.NewNeighbours(g, neighbour.Plan{
		Layers: []string{"A", "B", "C"}, Queries: items.Sample(g.Len(), g.Len(), 1), M: m, Budget: budget,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Build(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestEvaluateFromNeighbours writes the same bytes with neighbourhoods that prove many
// rankings, few, and none.
func TestEvaluateFromNeighbours(t *testing.T) {
	g := testgallery.Random(rand.New(rand.NewPCG(3, 4)), 300).Open(t)
	for _, plan := range []eval.Plan{
		{Schemes: testgallery.Schemes(t, "A", "B+C", "0.2*A+C", "concat(A,B)", "rrf(A,B)"), Over: 120, Seed: 4},
		{Schemes: testgallery.Schemes(t, "A+B+C"), Ks: []int{3}, Filter: []scheme.Condition{{Label: "colour", Value: "red"}}},
		{Schemes: testgallery.Schemes(t, "A", "A+B"), Metrics: []metric.Metric{{Kind: metric.AveragePrecision}, {Kind: metric.NDCG, K: 7}}, Without: map[int][]int32{3: {5, 6, 7}}},
	} {
		var first []byte
		for _, n := range []*neighbour.Neighbours{nil, neighbours(t, g, 60, 0), neighbours(t, g, 2, 0), neighbours(t, g, 30, 200_000), neighbours(t, g, 5, 1)} {
			plan.Neighbours = n
			e, err := plan.Evaluate(t.Context(), g, nil)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := errors.Join(e.WriteMetrics(&b), e.WritePerQuery(&b)); err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = b.Bytes()
			} else if !bytes.Equal(first, b.Bytes()) {
				t.Errorf("%v: other bytes with %s", plan.Schemes, n.Usage())
			}
		}
	}
}

// TestTuneFromNeighbours writes the same files.
func TestTuneFromNeighbours(t *testing.T) {
	ask := tune.Tuning{
		Gallery: testgallery.Random(rand.New(rand.NewPCG(5, 8)), 160).Open(t), Layers: []string{"A", "B", "C"},
		Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "category"}, Parts: 4, Share: 0.5, Seed: 6,
	}
	var files []map[string]string
	for _, m := range []int{0, 50, 3} {
		if m > 0 {
			ask.Neighbours = neighbours(t, ask.Gallery, m, 0)
		}
		out := filepath.Join(t.TempDir(), "out")
		if _, err := report.WriteTuning(t.Context(), ask, run.Folder{Out: out}, nil); err != nil {
			t.Fatal(err)
		}
		files = append(files, testgallery.ReadFolder(t, out))
	}
	for name, text := range files[0] {
		if name != "manifest.json" && (files[1][name] != text || files[2][name] != text) {
			t.Errorf("%s differs", name)
		}
	}
}
