package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/layer"
	"strata/engine/manifest"
)

// A gallery with gallery.yaml has the layers that it says.
func TestOpenManifest(t *testing.T) {
	names := func(g *Gallery) string {
		var names []string
		for _, l := range g.Layers {
			names = append(names, l.Name)
		}
		return strings.Join(names, " ")
	}
	layers := map[string]matrix{"A": twoRows()["A"], "C": twoRows()["A"], "bad name": twoRows()["A"]}
	for _, c := range []struct{ name, manifest, layers, fails string }{
		{"nothing said", "name: winter", "", "bad name.npy: a layer's name is a letter, then letters, digits, _, . or -; rename the file, or name it in gallery.yaml"},
		{"renamed", "layers: {B: {file: bad name.npy}}", "A B C", ""},
		{"selected", "select: [C]", "C", ""},
		{"renamed and selected", "layers: {B: {file: bad name.npy}}\nselect: [B, A]", "A B", ""},
		{"twice", "layers: {B: {file: bad name.npy}, D: {file: bad name.npy}}", "A B C D", ""},
		{"moved", "layers: {C: {file: bad name.npy}}", "", "C.npy: gallery.yaml says that layer C is bad name.npy"},
		{"in a folder", "layers: {B: {file: bad name.npy}, E: {file: sub/e.npy}}", "A B C E", ""},
		{"missing", "layers: {B: {file: bad name.npy}, F: {description: x}}", "", `gallery.yaml: it names layer "F", and there is no F.npy`},
		{"selected and missing", "select: [A, G]", "", `it names layer "G"`},
		{"missing file", "layers: {B: {file: none.npy}, F: {file: bad name.npy}}", "", "none.npy: no such file or directory"},
		{"bad", "layerz: {}", "", `gallery.yaml: line 1: key "layerz" is not known`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := writeGallery(t, "id\na\nb\n", layers)
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o777); err != nil {
				t.Fatal(err)
			}
			write(t, dir, "sub/e.npy", layers["A"].npy())
			write(t, dir, manifest.FileName, []byte(c.manifest))
			g, err := Open(t.Context(), dir)
			if err == nil {
				defer g.Close()
				if got := names(g); got != c.layers || g.Manifest() == nil {
					t.Errorf("layers %s, not %s", got, c.layers)
				}
				if embedded, err := OpenFS(t.Context(), "x", os.DirFS(dir)); err != nil || names(embedded) != c.layers {
					t.Errorf("embedded: %v", err)
				}
			}
			if (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%v, not %q", err, c.fails)
			}
		})
	}
	dir := writeGallery(t, "id\na\nb\n", twoRows())
	if g := open(t, dir); g.Manifest() != nil || g.Name != filepath.Base(dir) {
		t.Errorf("without: %+v, %s", g.Manifest(), g.Name)
	}
	write(t, dir, manifest.FileName, []byte("name: winter"))
	if g := open(t, dir); g.Name != "winter" {
		t.Errorf("it is named %s", g.Name)
	}
}

func TestHashIDs(t *testing.T) {
	a := open(t, writeGallery(t, "id\na\nb\n", twoRows()))
	b := open(t, writeGallery(t, "id,kind\na,1\nc,2\n", twoRows()))
	if a.HashIDs(1) != b.HashIDs(1) || a.HashIDs(2) == b.HashIDs(2) || a.HashIDs(1) == a.HashIDs(2) {
		t.Errorf("%s %s", a.HashIDs(1), a.HashIDs(2))
	}
	if got := a.HashIDs(1); got != "ee195db0cd14979ece92e4ac42d91fef87d1ee254f8df170907cd674dab12d44" { // printf '"a"\n' | sha256sum
		t.Errorf("%s", got)
	}
}

func TestMatrixHead(t *testing.T) {
	for _, h := range []layer.MatrixHead{{Type: layer.Float16, Rows: 1, Dim: 1, Offset: 0}, {Type: layer.Float32, Rows: 9583, Dim: 2048, Offset: 0}, {Type: layer.Float16, Rows: 1 << 40, Dim: 1 << 20, Offset: 0}} {
		head := h.Encode()
		if len(head)%64 != 0 || head[len(head)-1] != '\n' {
			t.Errorf("%+v: %q", h, head)
		}
		got, err := layer.ReadMatrixHead(bytes.NewReader(head), int64(len(head))+h.Rows*h.RowBytes())
		h.Offset = int64(len(head))
		if err != nil || got != h {
			t.Errorf("%+v: read back as %+v, %v", h, got, err)
		}
	}
}

func TestOpenItems(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "items.csv", []byte("id,image\na,a.jpg\n"))
	g, err := OpenItems(t.Context(), dir, OpenOptions{})
	if err != nil || g.Len() != 1 || g.Picture(0) != "a.jpg" || len(g.Layers) != 0 {
		t.Errorf("%+v, %v", g, err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	write(t, dir, "items.csv", []byte("name\na\n"))
	for path, want := range map[string]string{dir: "items.csv: line 1: no column is named id", t.TempDir(): "there is no items.csv", dir + "/x": "there is no such folder"} {
		if _, err := OpenItems(t.Context(), path, OpenOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
