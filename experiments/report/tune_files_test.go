package report

import (
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"

	"strata/experiments/internal/testgallery"
	"strata/experiments/metric"
	"strata/experiments/run"
	"strata/experiments/tune"
)

// TestTuneThreads writes the same bytes with one thread and with several.
func TestTuneThreads(t *testing.T) {
	ask := tune.Tuning{
		Gallery: testgallery.Random(rand.New(rand.NewPCG(5, 8)), 160).Open(t), Layers: []string{"A", "B", "C"}, Objective: metric.Target{Metric: metric.Metric{Kind: metric.Precision, K: 5}, Label: "category"},
		Constraints: []metric.Constraint{{Target: metric.Target{Metric: metric.Metric{Kind: metric.AveragePrecision, K: 5}, Label: "colour"}, Least: 0.01}},
		Parts:       4, Share: 0.5, Seed: 6,
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var files []map[string]string
	for _, n := range []int{1, 3} {
		runtime.GOMAXPROCS(n)
		out := filepath.Join(t.TempDir(), "out")
		if _, err := WriteTuning(t.Context(), ask, run.Folder{Out: out}, nil); err != nil {
			t.Fatal(err)
		}
		files = append(files, testgallery.ReadFolder(t, out))
	}
	if len(files[0]) != 7 {
		t.Errorf("%d files", len(files[0]))
	}
	for name, text := range files[0] {
		if name != "manifest.json" && files[1][name] != text {
			t.Errorf("%s differs:\n%s\n%s", name, text, files[1][name])
		}
	}
}
