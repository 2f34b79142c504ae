package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"strata/engine/flags"
	"strata/engine/manifest"
)

// setsGallery writes a gallery whose gallery.yaml has sets of queries, and opens it.
func setsGallery(t *testing.T, queries string) *Gallery {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"items.csv": "id,category,colour,split\na,cap,red,both\nb,cap,blue,both\nc,bag,red,query\nd,bag,blue,gallery\n12,bag,\"knit, cap\",both\n",
		"A.npy":     string(npyFile("<f4", false, "(5, 1)")) + strings.Repeat("\x00\x00\x80?", 5), "logged.txt": "c\na\nc\n", "table.csv": "n,id\n1,b\n", "odd.txt": "c\nnobody\n",
		manifest.FileName: queries,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	g, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	return g
}

// hashOfTexts is HashRows in the plainest way.
func hashOfTexts(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func TestQuerySets(t *testing.T) {
	g := setsGallery(t, `queries:
  caps: {where: {category: cap}}
  red: {where: {colour: [red, "knit, cap"], category: bag}}
  answers: {where: {colour: blue}}
  hard: [b, a, 12, b]
  ids: {ids: [12]}
  logged: {file: logged.txt}
  table: {file: table.csv}
`)
	for name, want := range map[string][]int{
		"caps": {0, 1}, "red": {2, 4}, "answers": {1}, "hard": {0, 1, 4}, "ids": {4}, "logged": {0, 2}, "table": {1},
	} {
		set, err := g.Queries().Set(name)
		if err != nil || !reflect.DeepEqual(set.Rows, want) || set.Name != name {
			t.Errorf("%s: %v, %v", name, set, err)
		}
	}
	if got := strings.Join(g.Queries().Names(), " "); got != "answers caps hard ids logged red table" {
		t.Errorf("sets: %s", got)
	}
	hard, _ := g.Queries().Set("hard")
	want := "hard: 3 ids  " + g.HashRows([]int{0, 1, 4})
	if hard.String() != want || hard.Hash == g.HashRows([]int{0, 1}) || hard.Hash != hashOfTexts("\"a\"\n\"b\"\n\"12\"\n") {
		t.Errorf("%s", hard)
	}
	text, err := g.Manifest().Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := manifest.Parse(text)
	if err != nil || !reflect.DeepEqual(again.Queries, g.Manifest().Queries) {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestQuerySetFaults(t *testing.T) {
	g := setsGallery(t, `queries:
  nobody: [a, x, "y\n"]
  answer: [a, d]
  label: {where: {size: big}}
  value: {where: {colour: green}}
  none: {where: {category: cap, colour: "knit, cap"}}
  missing: {file: missing.txt}
  odd: {file: odd.txt}
`)
	for name, want := range map[string]string{
		"nobody":  `gallery.yaml: queries: nobody: 2 of 3 ids are of no item: "x", "y\n"`,
		"answer":  `queries: answer: 1 of 2 ids are of no query, since their split is gallery: "d"`,
		"label":   `has no label "size"`,
		"value":   `has no value of colour "green"`,
		"none":    "queries: none: no item is such a query",
		"missing": "queries: missing: missing.txt: ",
		"odd":     `queries: odd: 1 of 2 ids are of no item: "nobody"`,
		"hrad":    `has no set of queries "hrad"`,
	} {
		if _, err := g.Queries().Set(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// TestWithHasSetsAndFlags: a gallery of the same items with other layers has their sets of queries, flags
// and judgements.
func TestWithHasSetsAndFlags(t *testing.T) {
	stateHome(t)
	g := setsGallery(t, "queries: {hard: [a, c], odd: {where: {flag: wrong}}}")
	if err := g.Flagging().Write([]flags.Change{{ID: "b", Word: "wrong"}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.Path, "qrels.csv"), []byte("query,item,grade\na,b,1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	g = open(t, g.Path)
	for _, text := range []string{"", "name: other\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "B.npy"), []byte(string(npyFile("<f4", false, "(5, 1)"))+strings.Repeat("\x00\x00\x80?", 5)), 0o666); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			if err := os.WriteFile(filepath.Join(dir, manifest.FileName), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		w, err := g.With(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"hard", "odd"} {
			want, err := g.Queries().Set(name)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := w.Queries().Set(name); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %v, %v, want %v", name, got, err, want)
			}
		}
		want, err := newHashing(g).judged()
		if got, errW := newHashing(w).judged(); err != nil || errW != nil || want == nil || !bytes.Equal(got, want) {
			t.Errorf("the hash of its judgements is %x, %v, want %x, %v", got, errW, want, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}
