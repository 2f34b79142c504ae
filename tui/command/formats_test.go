package command

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/format"
	"strata/fixtures/matrices"
	"strata/fixtures/need"
)

// storedGallery is a gallery of small integers, which every type holds.
type storedGallery struct {
	rows   int
	layers []matrices.Matrix // of uint8
}

func newStoredGallery(rows int) storedGallery {
	g := storedGallery{rows: rows}
	for i, dim := range []int{24, 9} {
		values := make([]uint8, rows*dim)
		for at := range values {
			row := at / dim
			values[at] = uint8((row%7)*11 + (at*at*(3+i)+row*5)%23)
		}
		g.layers = append(g.layers, matrices.FromInts(string(rune('A'+i)), format.Uint8, dim, values))
	}
	return g
}

// write writes the gallery into a new folder, in a format; in shards if there are to
// be several.
func (g storedGallery) write(t *testing.T, kind string, typ format.Type, shards int) string {
	t.Helper()
	dir := t.TempDir()
	g.items(t, dir)
	for _, l := range g.layers {
		m := matrices.FromInts(l.Name, typ, l.Dim, l.Bytes)
		for i := range shards {
			name := l.Name + filepath.Ext(kind)
			if shards > 1 {
				name = fmt.Sprintf("%s-%05d-of-%05d%s", l.Name, i, shards, filepath.Ext(kind))
			}
			g.file(t, dir, name, kind, m.Part(g.rows*i/shards, g.rows*(i+1)/shards))
		}
	}
	return dir
}

func (g storedGallery) items(t *testing.T, dir string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("id,category\n")
	for row := range g.rows {
		fmt.Fprintf(&b, "i%d,k%d\n", row, row%7/2)
	}
	if err := os.WriteFile(filepath.Join(dir, "items.csv"), []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

func (g storedGallery) file(t *testing.T, dir, name, kind string, all ...matrices.Matrix) {
	t.Helper()
	b, err := matrices.Encode(kind, all...)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), b, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// results evaluates a gallery and returns the files that say how good its schemes are.
func results(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	_, screen, code := strata(t, "eval", dir, "--scheme", "A", "--scheme", "B", "--scheme", "A+0.5*B", "--scheme", "concat(A,B)",
		"--scheme", "rrf(A,B)", "--scheme", "A|pca4", "--label", "category", "--out", out)
	if code != 0 {
		t.Fatalf("%s: exit code %d, %s", dir, code, screen)
	}
	files := map[string][]byte{}
	for _, name := range []string{"metrics.csv", "per_query.csv", "comparisons.csv"} {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	return files
}

// TestFormatsEvaluateAlike: the same gallery in every format, whole, in shards and as
// columns of another matrix, gives the same bytes.
func TestFormatsEvaluateAlike(t *testing.T) {
	need.Long(t)
	g := newStoredGallery(90)
	want := results(t, g.write(t, ".npy", format.Float32, 1))
	same := func(name, dir string) {
		t.Helper()
		for file, got := range results(t, dir) {
			if !bytes.Equal(got, want[file]) {
				t.Errorf("%s: %s is another than of float32 .npy", name, file)
			}
		}
	}
	for i, kind := range matrices.Kinds() {
		types := matrices.Types(kind)
		typ := types[i%len(types)]
		same(kind+" of "+typ.String(), g.write(t, kind, typ, 1))
		same("shards of "+kind, g.write(t, kind, typ, 4))
	}
	for _, typ := range matrices.Types(".npy") {
		same(".npy of "+typ.String(), g.write(t, ".npy", typ, 1))
	}
	for _, kind := range []string{".npz", matrices.Deflated, ".safetensors", ".arrow", matrices.Zstd, ".parquet"} {
		dir := t.TempDir()
		g.items(t, dir)
		both := g.layers
		g.file(t, dir, "both"+filepath.Ext(kind), kind, both...)
		same("both in one "+kind, dir)
	}
	dir := t.TempDir()
	g.items(t, dir)
	wide := matrices.Matrix{Name: "wide", Type: format.Uint8}
	for row := range g.rows {
		for _, l := range g.layers {
			wide.Bytes = append(wide.Bytes, l.Part(row, row+1).Bytes...)
		}
	}
	wide.Dim = len(wide.Bytes) / g.rows
	g.file(t, dir, "wide.bvecs", ".bvecs", wide)
	manifest := "layers: {A: {file: wide.bvecs, columns: 0:24}, B: {file: wide.bvecs, columns: '24:'}}\n"
	if err := os.WriteFile(filepath.Join(dir, "gallery.yaml"), []byte(manifest), 0o666); err != nil {
		t.Fatal(err)
	}
	same("columns of .bvecs", dir)
}
