package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/aside"
	"strata/engine/onnx"
)

// parsed returns poolings.
func parsed(t *testing.T, texts string) []onnx.Pooling {
	t.Helper()
	var out []onnx.Pooling
	for _, text := range strings.Fields(texts) {
		p, err := onnx.ParsePooling(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// Layers have the tensors' names, or numbers where one of those is no name of a layer.
func TestPoints(t *testing.T) {
	for _, c := range []struct{ tensors, poolings, want string }{
		{"mixed7 mixed10", "gap gem(3)", "1 mixed7-gap 1 mixed7-gem3 2 mixed10-gap 2 mixed10-gem3"},
		{"/blocks.0/Add_1 mixed10", "max", "1 block1-max 2 block2-max"},
		{"a b c d e f g h i /j", "cov(512) patches(2) gem(2.5)", ""},
		{"a", "gem gem(3)", "error: pooling gem(3) is asked for twice"},
		{"a", "", "1 a-gap"},
		{strings.Repeat("long", 9), "gap", "1 block1-gap"},
	} {
		var tensors []onnx.Tensor
		for _, name := range strings.Fields(c.tensors) {
			tensors = append(tensors, onnx.Tensor{Name: name, Kind: onnx.FeatureMap})
		}
		points, err := points(tensors, parsed(t, c.poolings))
		var got []string
		for _, p := range points {
			got = append(got, string(rune('0'+p.Depth))+" "+p.Layer)
		}
		if err != nil {
			got = []string{"error: " + err.Error()}
		}
		if c.want == "" {
			if len(points) != 30 || points[0].Layer != "block01-cov512" || points[29].Layer != "block10-gem2.5" || points[1].Layer != "block01-patches2" {
				t.Errorf("%s: %v", c.tensors, points)
			}
			continue
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s with %s: %s, want %s", c.tensors, c.poolings, got, c.want)
		}
	}
}

// A vector has nothing to pool.
func TestPointsVector(t *testing.T) {
	points, err := points([]onnx.Tensor{{Name: "map", Kind: onnx.FeatureMap}, {Name: "logits", Kind: onnx.Vector}}, parsed(t, "gap max"))
	if err != nil || len(points) != 3 || points[2].Layer != "logits-flat" || points[2].Depth != 2 {
		t.Errorf("%v, %v", points, err)
	}
}

// A new folder removes those that nobody holds, and no others.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"strata-sweep-1", "strata-sweep-2", "strata-sweep-3", "other"} {
		if err := os.MkdirAll(filepath.Join(dir, name, "more"), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	var locks []*os.File
	for _, name := range []string{"strata-sweep-1", "strata-sweep-2"} {
		f, err := os.Create(filepath.Join(dir, name, lockName))
		if err != nil {
			t.Fatal(err)
		}
		locks = append(locks, f)
	}
	if locked, err := aside.TryLock(locks[0]); err != nil || !locked {
		t.Skipf("no locks here: %v", err)
	}
	f, err := newFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	other, err := newFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	// strata-sweep-2 was left; -1 is held, -3 is just being made
	found, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(found) != 5 {
		t.Errorf("%s", found)
	}
	for _, f := range []*folder{f, other} {
		if err := f.remove(); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"strata-sweep-1", "strata-sweep-3", "other"} {
		if _, err := os.Stat(filepath.Join(dir, name, "more")); err != nil {
			t.Error(err)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) != 3 {
		t.Errorf("%s", found)
	}
}
