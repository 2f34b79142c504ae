package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"strata/engine/layer"
)

const wholeManifest = `version: 1
name: winter
description: the winter catalogue
model: {file: ../net.onnx, sha256: 5a0c, bytes: 89589971}
preprocess: {size: 299, fit: crop(342), filter: bilinear, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], channels: rgb, layout: nchw}
layers:
  A: {tap: mixed0, pooling: gap, type: float16}
  pattern: {tap: mixed0, pooling: cov(512), seed: 1, type: float32}
  C: {file: features.npy, description: from the job of Monday}
select: [A, C]
schemes: [A, "C+0.5*A|pca8"]
items: {rows: 2, sha256: 77aa}
broken:
  - {row: 1, id: b, why: "jpeg: it ends early"}
software: {strata: v0.2.0, onnxruntime: 1.30.0}
`

func TestManifest(t *testing.T) {
	m, err := parseManifest([]byte(wholeManifest))
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := parseManifest(text)
	if err != nil || !reflect.DeepEqual(m, again) {
		t.Errorf("%v\n%s", err, text)
	}
	if m.Layers["pattern"].Seed != 1 || m.Preprocess.Std[2] != 0.225 || m.Broken[0].Why != "jpeg: it ends early" || m.Model.Bytes != 89589971 || m.Schemes[1] != "C+0.5*A|pca8" {
		t.Errorf("%+v", m)
	}
	for _, text := range []string{"", "# nothing\n", "layers:\n  A:\n"} {
		if m, err := parseManifest([]byte(text)); err != nil || m == nil {
			t.Errorf("%q: %v, %v", text, m, err)
		}
	}
}

func TestManifestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"modell: x":                            `line 1: key "modell" is not known`,
		"layers:\n  A: {taps: x}":              `line 2: key "taps" is not known`,
		"layers:\n  9: {}":                     `layers: "9": a layer's name is a letter`,
		"layers: {A: {file: ../A.npy}}":        "is not a path within the gallery's folder",
		"layers: {A: {file: /etc/A.npy}}":      "is not a path within the gallery's folder",
		"layers: {A: {type: float80}}":         `type "float80" is none of float32, float16, bfloat16, float64, int8, uint8, int32`,
		"layers: {A: {tap: x}}":                "it has a tap, and no model and preprocess",
		"select: [A, 'b c']":                   `select: "b c"`,
		"schemes: [A, B+]":                     `schemes: scheme "B+": column 3: `,
		"version: 2":                           "version 2 is not known (1 is)",
		"items: {rows: -1}":                    "items: -1 rows",
		"model: {sha256: x}":                   "model: it names no file",
		"name: \"a\\x1b\"":                     "holds what cannot be printed",
		"name: [":                              "line 1",
		"name: a\nname: b":                     "already defined",
		"name: &a x":                           "line 1: anchors and aliases are not allowed",
		"a: &a [1]\nb: [*a, *a]":               "anchors and aliases are not allowed",
		"name: a\n---\nname: b":                "more than one document",
		"items: {rows: many}":                  "line 1: cannot unmarshal",
		"\xff\xfe\x00":                         "",
		strings.Repeat("[", 20000):             "",
		"- a":                                  "cannot unmarshal",
		"preprocess: {mean: {a: 1}}":           "cannot unmarshal",
		"description: x\nmodel: {bytes: 1e99}": "cannot unmarshal",
	} {
		if _, err := parseManifest([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: %v, not %q", text, err, want)
		}
	}
	dir := t.TempDir()
	write(t, dir, ManifestFile, bytes.Repeat([]byte("#"), maxManifest+1))
	if _, err := ReadManifest(os.DirFS(dir), dir); err == nil || !strings.Contains(err.Error(), ManifestFile+": it is larger than") {
		t.Errorf("large: %v", err)
	}
}

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
			write(t, dir, ManifestFile, []byte(c.manifest))
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
	write(t, dir, ManifestFile, []byte("name: winter"))
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

func FuzzManifest(f *testing.F) {
	f.Add([]byte(wholeManifest))
	f.Add([]byte("layers: {C: {file: features.npy}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		text, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseManifest(text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
