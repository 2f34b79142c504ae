package report

import (
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
	"strata/experiments/mine"
	"strata/experiments/run"
)

// TestMineThreads writes the same bytes with one thread and with several.
func TestMineThreads(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	g := testgallery.Random(rand.New(rand.NewPCG(7, 6)), 150).Open(t)
	s := testgallery.Schemes(t, "A", "concat(B,C)")
	var files []map[string]string
	for _, n := range []int{1, 3} {
		runtime.GOMAXPROCS(n)
		out := filepath.Join(t.TempDir(), "out")
		if _, err := WriteMining(t.Context(), mine.Mining{Gallery: g, A: s[0], B: s[1], Near: 0.6}, run.Folder{Out: out}, nil); err != nil {
			t.Fatal(err)
		}
		files = append(files, testgallery.ReadFolder(t, out))
	}
	if len(files[0]) != 7 {
		t.Errorf("%d files", len(files[0]))
	}
	for name, text := range files[0] {
		if strings.Count(text, "\n") < 2 {
			t.Errorf("%s is empty: %q", name, text)
		}
		if name != "manifest.json" && files[1][name] != text {
			t.Errorf("%s differs", name)
		}
	}
}
