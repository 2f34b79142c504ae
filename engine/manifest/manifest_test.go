package manifest

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
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
screen: {labels: [category], captions: ids}
items: {rows: 2, sha256: 77aa}
broken:
  - {row: 1, id: b, why: "jpeg: it ends early"}
software: {strata: v0.2.0, onnxruntime: 1.30.0}
`

func TestManifest(t *testing.T) {
	m, err := Parse([]byte(wholeManifest))
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(text)
	if err != nil || !reflect.DeepEqual(m, again) {
		t.Errorf("%v\n%s", err, text)
	}
	if m.Layers["pattern"].Seed != 1 || m.Preprocess.Std[2] != 0.225 || m.Broken[0].Why != "jpeg: it ends early" || m.Model.Bytes != 89589971 || m.Schemes[1] != "C+0.5*A|pca8" {
		t.Errorf("%+v", m)
	}
	for _, text := range []string{"", "# nothing\n", "layers:\n  A:\n"} {
		if m, err := Parse([]byte(text)); err != nil || m == nil {
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
		"screen: {rows: [A]}":                  `line 1: key "rows" is not known`,
		"screen: {captions: prices}":           `screen: captions: "prices" is none of scores, moves, labels, ids`,
		"screen: {labels: [a, b, c, d, e]}":    "screen: labels: 5 labels are more than the 4 that can be marked",
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
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.40q: %v, not %q", text, err, want)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), bytes.Repeat([]byte("#"), maxManifest+1), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(os.DirFS(dir), dir); err == nil || !strings.Contains(err.Error(), FileName+": it is larger than") {
		t.Errorf("large: %v", err)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(wholeManifest))
	f.Add([]byte("layers: {C: {file: features.npy}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		text, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(text); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}

func TestQueryFaults(t *testing.T) {
	for text, want := range map[string]string{
		"queries: {all: [a]}":                   `queries: "all": this is the word for all queries`,
		"queries: {'9': [a]}":                   `queries: "9": the name of a set of queries is`,
		"queries: {h: {}}":                      `queries: "h": it has one of where, ids and file`,
		"queries: {h: }":                        `queries: "h": it has one of where, ids and file`,
		"queries: {h: []}":                      `queries: "h": it is empty`,
		"queries: {h: {where: {}}}":             `queries: "h": it is empty`,
		"queries: {h: {where: {a: b, c: []}}}":  `queries: "h": where: no value of c is named`,
		"queries: {h: {where: {a: b, c: }}}":    `queries: "h": where: no value of c is named`,
		"queries: {h: {ids: [a], file: a.txt}}": `queries: "h": it has one of where, ids and file`,
		"queries:\n  h: {id: [a]}":              `line 2: key "id" is not known (where, ids and file are)`,
		"queries: {h: a}":                       "line 1: a set of queries is a list of ids",
		"queries: {h: [[a]]}":                   "line 1: expected a text",
		"queries: {h: {where: {c: {a: b}}}}":    "line 1: expected a text",
		"queries: {h: {file: ../a.txt}}":        "is not a path within the gallery's folder",
		"queries: {h: {file: a.pdf}}":           `file "a.pdf" is no list of ids`,
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
