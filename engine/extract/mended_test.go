//go:build cgo

package extract

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"strata/engine"
	"strata/engine/manifest"
	"strata/engine/onnx"
)

// brokenIn returns what gallery.yaml says of broken pictures: rows with layers.
func brokenIn(t *testing.T, dir string) string {
	t.Helper()
	m, err := manifest.Read(os.DirFS(dir), dir)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, b := range m.Broken {
		lines = append(lines, fmt.Sprint(b.Row, b.Layers))
	}
	return strings.Join(lines, " ")
}

// TestMended: a picture that was mended is no longer recorded as broken in the layers that
// are extracted again, stays so in the others, and rows that are sound are compared.
func TestMended(t *testing.T) {
	model, dir := modelFile(t), pictureFolder(t, 6)
	whole := map[string][]byte{}
	for _, name := range []string{"p001.png", "p004.jpg"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		whole[name] = b
		put(t, dir, name, b[:len(b)/3])
	}
	o := asked(t, dir, model)
	all := o.Taps
	use := func(layers ...string) {
		t.Helper()
		o.Force, o.Taps = true, nil
		for _, tap := range all {
			if slices.Contains(layers, tap.Name) {
				o.Taps = append(o.Taps, tap)
			}
		}
		extractAll(t, o)
	}
	want := func(broken string, pictures int) {
		t.Helper()
		if got := brokenIn(t, dir); got != broken {
			t.Errorf("broken are %q, want %q", got, broken)
		}
		g, err := engine.Open(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		x, err := OpenExtractor(t.Context(), g, ExtractorOptions{Env: os.Getenv, Agree: agreed})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		if p, err := x.Check(t.Context(), 100); err != nil || p.Pictures != pictures {
			t.Errorf("parity %+v, %v, want of %d pictures", p, err, pictures)
		}
	}
	use("A", "P")
	want("1 [] 4 []", 4)
	put(t, dir, "p001.png", whole["p001.png"])
	use("A")
	want("1 [P] 4 []", 5)
	use("L") // a new layer, in which row 4 is zero, too
	want("1 [P] 4 []", 5)
	put(t, dir, "p004.jpg", whole["p004.jpg"])
	use("P", "L")
	want("4 [A]", 6)
	use("A")
	want("", 6)
}

// TestNoneReadable: where no picture can be read no layer is written, the message names
// what allows links, and pictures that can be read then are.
func TestNoneReadable(t *testing.T) {
	model, outside, dir := modelFile(t), pictureFolder(t, 3), t.TempDir()
	entries, err := os.ReadDir(outside)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == "items.csv" {
			continue
		}
		if err := os.Symlink(filepath.Join(outside, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	table, err := os.ReadFile(filepath.Join(outside, "items.csv"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "items.csv", table)
	o := asked(t, dir, model)
	o.Taps = []onnx.Tap{o.Taps[0]}
	_, err = Extract(t.Context(), o)
	if want := `none of 3 pictures could be extracted, and no layer is written: row 0, item "item 0": `; err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "--follow-links allows it") {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"A.npy", manifest.FileName, ".strata/extract/journal.jsonl"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o.FollowLinks = true
	if sum := extractAll(t, o); sum.Broken != 0 || sum.Had != 0 {
		t.Errorf("with links %+v", sum)
	}
}
