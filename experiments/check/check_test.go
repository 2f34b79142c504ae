package check

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x448/float16"

	"strata/engine"
	"strata/engine/code"
	"strata/engine/derive"
	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/scheme"
	"strata/engine/seal"
	"strata/experiments/internal/testgallery"
)

// spoilt is a gallery to be spoilt: 120 items of six categories, which its two
// layers tell apart, with pictures.
type spoilt struct {
	columns []string
	cells   [][]string // by item
	layers  map[string][][]float32
	half    map[string]bool // layers of float16
	files   map[string][]byte
	links   map[string]string
}

const spoiltItems = 120

func newSpoilt() *spoilt {
	s := &spoilt{
		columns: []string{"id", "image", "category", "group"},
		layers:  map[string][][]float32{}, half: map[string]bool{"B": true}, files: map[string][]byte{}, links: map[string]string{},
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range spoiltItems {
		group := ""
		if i < 20 {
			group = fmt.Sprintf("g%d", i/2)
		}
		s.cells = append(s.cells, []string{fmt.Sprintf("i%03d", i), fmt.Sprintf("p/%d.png", i), fmt.Sprintf("c%d", i%6), group})
		s.files[fmt.Sprintf("p/%d.png", i)] = spoiltPictures()[i]
	}
	for _, name := range []string{"A", "B"} {
		for i := range spoiltItems {
			row := make([]float32, 12)
			for c := range row {
				row[c] = float32(rng.NormFloat64())
				if c%6 == i%6 {
					row[c] += 3
				}
			}
			s.layers[name] = append(s.layers[name], row)
		}
	}
	return s
}

// spoiltPictures are the pictures of the items, made once.
var spoiltPictures = sync.OnceValue(func() [][]byte {
	var all [][]byte
	for i := range spoiltItems {
		all = append(all, onePicture(40, uint8(i)))
	}
	return all
})

// onePicture returns a PNG of side×side pixels of a grey.
func onePicture(side int, grey uint8) []byte {
	m := image.NewGray(image.Rect(0, 0, side, side))
	for i := range m.Pix {
		m.Pix[i] = grey
	}
	m.Set(1, 1, color.Gray{255 - grey})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// halves returns a matrix as a .npy file of float16.
func halves(m [][]float32) []byte {
	b := layer.MatrixHead{Type: layer.Float16, Rows: int64(len(m)), Dim: int64(len(m[0]))}.Encode()
	for _, row := range m {
		for _, v := range row {
			h := float16.Fromfloat32(v).Bits()
			b = append(b, byte(h), byte(h>>8))
		}
	}
	return b
}

// write writes the gallery into a new folder.
func (s *spoilt) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	items := strings.Join(s.columns, ",") + "\n"
	for _, cells := range s.cells {
		for i, cell := range cells {
			cells[i] = `"` + cell + `"`
		}
		items += strings.Join(cells, ",") + "\n"
	}
	s.files["items.csv"] = []byte(items)
	for name, m := range s.layers {
		s.files[name+".npy"] = testgallery.NPY(m)
		if s.half[name] {
			s.files[name+".npy"] = halves(m)
		}
	}
	for name, b := range s.files {
		if b == nil {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range s.links {
		_ = os.Remove(filepath.Join(dir, name))
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// column adds a column.
func (s *spoilt) column(name string, cell func(i int) string) {
	s.columns = append(s.columns, name)
	for i := range s.cells {
		s.cells[i] = append(s.cells[i], cell(i))
	}
}

// checked checks a gallery's folder.
func checked(t *testing.T, dir string, change func(*Check)) *Report {
	t.Helper()
	c := Check{Open: engine.Open, OpenItems: func(ctx context.Context, name string) (*engine.Gallery, error) {
		return engine.OpenItems(ctx, name, engine.OpenOptions{})
	}, Gallery: dir, Pictures: AllPictures, Queries: 100, Seed: 1, Now: time.Now}
	if change != nil {
		change(&c)
	}
	report, err := c.Do(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestCheckGood(t *testing.T) {
	dir := newSpoilt().write(t)
	told := map[string]bool{}
	report := checked(t, dir, func(c *Check) { c.Progress = func(what string, _ float64) { told[what] = true } })
	if report.Errors+report.Warnings > 0 || !report.Believable || report.Items != spoiltItems || len(report.Layers) != 2 {
		t.Errorf("%+v", report)
	}
	if p := report.Pictures; p == nil || *p != (CheckedPictures{Items: 120, Checked: 120, Least: [2]int{40, 40}, Most: [2]int{40, 40}}) {
		t.Errorf("pictures: %+v", p)
	}
	if l := report.Layers[1]; l.Name != "B" || l.Type != "float16" || l.Rows != 120 || l.Features != 12 || l.Scored != 120 || l.Bytes != 2880 || report.Bytes != 2880+5760 {
		t.Errorf("layer: %+v", l)
	}
	for _, what := range []string{"items", "layer A", "layer B", "order of rows", "pictures"} {
		if !told[what] {
			t.Errorf("nothing was told of %s", what)
		}
	}
	var text bytes.Buffer
	if err := report.WriteTable(&text); err != nil || !strings.HasSuffix(text.String(), "results can be believed\n") {
		t.Errorf("%s, %v", text.String(), err)
	}
	fewer := checked(t, dir, func(c *Check) { c.Pictures, c.Queries = 7, 0 })
	if fewer.Pictures.Checked != 7 {
		t.Errorf("%d pictures of 7", fewer.Pictures.Checked)
	}
	if none := checked(t, dir, func(c *Check) { c.Pictures = 0 }); none.Pictures != nil {
		t.Error("pictures were looked at")
	}
	if again := checked(t, dir, nil); fmt.Sprint(again.Findings) != fmt.Sprint(report.Findings) {
		t.Error("another time it finds something else")
	}
}

// badGalleries are galleries that a check must find fault with, by what is wrong.
var badGalleries = []struct {
	name     string
	spoil    func(t *testing.T, s *spoilt)
	severity Severity
	check    string
	want     string // of its text, place or details
}{
	{"NaN", func(_ *testing.T, s *spoilt) {
		s.layers["A"][17][3], s.layers["A"][30][0] = float32(math.NaN()), float32(math.Inf(1))
	}, SeverityError, "values.finite", "2 values in 2 of 120 rows are not finite; the first is NaN in row 17 (item i017), feature 3"},
	{"float16 overflow", func(_ *testing.T, s *spoilt) { s.layers["B"][5][1] = 1e6 }, SeverityError, "values.finite", "+Inf in row 5 (item i005), feature 1; float16 holds no more than 65504"},
	{"float16 cut to fit", func(_ *testing.T, s *spoilt) { s.layers["B"][5][1] = -65504 }, SeverityWarning, "values.saturated", "1 values are ±65504, the largest that float16 holds, first in row 5"},
	{"zero rows", func(_ *testing.T, s *spoilt) { clear(s.layers["A"][7]) }, SeverityWarning, "rows.zero", "1 of 120 rows are zero; the first is row 7 (item i007)"},
	{"half of the rows", func(_ *testing.T, s *spoilt) {
		for _, row := range s.layers["A"][60:] {
			clear(row)
		}
	}, SeverityError, "rows.zero", "60 of 120 rows are zero; the first is row 60 (item i060): did the job write all of them?"},
	{"no row", func(_ *testing.T, s *spoilt) {
		for _, row := range s.layers["A"] {
			clear(row)
		}
	}, SeverityError, "rows.scored", "none of its 120 rows has a score"},
	{"constant row", func(_ *testing.T, s *spoilt) { s.layers["A"][9] = slices.Repeat([]float32{2}, 12) }, SeverityWarning, "rows.constant", "1 of 120 rows have one value in all features; the first is row 9"},
	{"constant feature", func(_ *testing.T, s *spoilt) {
		for _, row := range s.layers["A"] {
			row[4] = 1.5
		}
	}, SeverityWarning, "columns.constant", "1 of 12 features have the same value in all rows; the first is 4"},
	{"dead features", func(_ *testing.T, s *spoilt) {
		for _, row := range s.layers["A"] {
			clear(row[:5])
			clear(row[9:])
		}
	}, SeverityWarning, "columns.zero", "8 of 12 features are zero in all rows; the first is 0"},
	{"repeated row", func(_ *testing.T, s *spoilt) { copy(s.layers["A"][50], s.layers["A"][8]) }, SeverityWarning, "rows.repeated", "1 of 120 rows repeat another; the first is row 50 (item i050), which is row 8 (item i008)"},
	{"repeated row of every layer", func(_ *testing.T, s *spoilt) {
		copy(s.layers["A"][50], s.layers["A"][8])
		copy(s.layers["B"][50], s.layers["B"][8])
	}, SeverityWarning, "rows.repeated", "every layer"},
	{"repeated batch", func(_ *testing.T, s *spoilt) {
		for i, row := range s.layers["A"] {
			copy(row, s.layers["A"][i%12])
		}
	}, SeverityError, "rows.repeated", "108 of 120 rows repeat another; the first is row 12 (item i012), which is row 0 (item i000): did the job write one batch again and again?"},
	{"long row", func(_ *testing.T, s *spoilt) { s.layers["A"][3][0] = 1e4 }, SeverityWarning, "lengths.outliers", "1 row has more than ten times the median length, or less than a tenth; the first is row 3"},
	{"shuffled rows", func(_ *testing.T, s *spoilt) {
		rand.New(rand.NewPCG(1, 1)).Shuffle(spoiltItems, func(i, j int) { s.layers["A"][i], s.layers["A"][j] = s.layers["A"][j], s.layers["A"][i] })
	}, SeverityWarning, "rows.order", "the nearest items share a label no more often than any others (P@10 of category is"},
	{"truncated matrix", func(_ *testing.T, s *spoilt) {
		s.files["C.npy"] = testgallery.NPY([][]float32{{1, 2}, {3, 4}})[:130]
	}, SeverityError, "open", "C.npy: 2×2 float32 need 16 bytes behind the header, the file has 2: it is truncated"},
	{"two bad matrices", func(_ *testing.T, s *spoilt) {
		s.files["C.npy"], s.files["D.npy"] = testgallery.NPY([][]float32{{1, 2}, {3, 4}})[:130], testgallery.NPY([][]float32{{1, 2}})
	}, SeverityError, "open", "D.npy the matrix has 1 rows, the items table has 120 items"},
	{"other number of rows", func(_ *testing.T, s *spoilt) { s.layers["A"] = s.layers["A"][:119] }, SeverityError, "open", "A.npy: the matrix has 119 rows, items.csv has 120 items"},
	{"id twice", func(_ *testing.T, s *spoilt) { s.cells[3][0] = "i002" }, SeverityError, "open", `id "i002" is that of row 2 too`},
	{"no items", func(_ *testing.T, s *spoilt) { s.cells = nil }, SeverityError, "open", "it has no rows"},
	{"blanks around an id", func(_ *testing.T, s *spoilt) { s.cells[3][0] = "i003 " }, SeverityWarning, "ids.padded", `1 id with blanks around: the first is "i003 " in row 3`},
	{"escape sequence in an id", func(_ *testing.T, s *spoilt) { s.cells[3][0] = "i\x1b[2J" }, SeverityWarning, "ids.hostile", `the first is "i\x1b[2J" in row 3`},
	{"no label", func(_ *testing.T, s *spoilt) {
		s.columns = []string{"id", "image"}
		for i := range s.cells {
			s.cells[i] = s.cells[i][:2]
		}
	}, SeverityWarning, "labels.none", "nothing can be evaluated"},
	{"empty label", func(_ *testing.T, s *spoilt) { s.column("brand", func(int) string { return "" }) }, SeverityWarning, "label.unknown", "all 120 cells are empty"},
	{"one value", func(_ *testing.T, s *spoilt) { s.column("brand", func(int) string { return "x" }) }, SeverityWarning, "label.one", "every value is x"},
	{"a value an item", func(_ *testing.T, s *spoilt) { s.column("url", func(i int) string { return fmt.Sprint("u", i) }) }, SeverityWarning, "label.distinct", "all 120 values are of one item only"},
	{"measurements", func(_ *testing.T, s *spoilt) {
		s.column("price", func(i int) string { return fmt.Sprintf("%d.5", i/2) })
	}, SeverityWarning, "label.kind", "its 60 values look like measurements"},
	{"dates", func(_ *testing.T, s *spoilt) {
		s.column("sold", func(i int) string { return fmt.Sprintf("2024-01-%02d", 1+i%28) })
	}, SeverityWarning, "label.kind", "its 28 values look like dates"},
	{"case", func(_ *testing.T, s *spoilt) {
		s.column("colour", func(i int) string { return []string{"red", "Red", "blue"}[i%3] })
	}, SeverityWarning, "label.alike", `"Red" and "red" differ only in case or blanks`},
	{"bidi override in a label", func(_ *testing.T, s *spoilt) { s.cells[0][2] = "a\u202eb" }, SeverityWarning, "label.hostile", `"a\u202eb" holds characters that do not print`},
	{"no query", func(_ *testing.T, s *spoilt) { s.column("split", func(int) string { return "gallery" }) }, SeverityError, "split.queries", "there is no query"},
	{"nothing to find", func(_ *testing.T, s *spoilt) { s.column("split", func(int) string { return "query" }) }, SeverityError, "split.gallery", "nothing can be found"},
	{"groups of one", func(_ *testing.T, s *spoilt) {
		for i := range s.cells {
			s.cells[i][3] = fmt.Sprint(i)
		}
	}, SeverityWarning, "groups.alone", "all 120 groups have one item"},
	{"one large group", func(_ *testing.T, s *spoilt) {
		for i := range s.cells[:50] {
			s.cells[i][3] = "g"
		}
	}, SeverityWarning, "groups.large", "group g has 50 of 120 items"},
	{"missing picture", func(_ *testing.T, s *spoilt) { s.files["p/5.png"] = nil }, SeverityWarning, "pictures.unopened", "row 5 (item i005): p/5.png: no such file or directory"},
	{"cut picture", func(_ *testing.T, s *spoilt) { s.files["p/5.png"] = s.files["p/5.png"][:60] }, SeverityWarning, "pictures.broken", "row 5 (item i005): p/5.png: the file is cut off after 60 bytes"},
	{"text for a picture", func(_ *testing.T, s *spoilt) { s.files["p/5.png"] = []byte("<html>") }, SeverityWarning, "pictures.broken", "not a picture that can be read"},
	{"picture of gigapixels", func(_ *testing.T, s *spoilt) {
		s.files["p/5.png"] = []byte("GIF89a\xff\xff\xff\xff\x00\x00\x00")
	}, SeverityWarning, "pictures.broken", "p/5.png: gif of 65535×65535 pixels: the limit is 64 megapixels"},
	{"picture twice", func(_ *testing.T, s *spoilt) { s.files["p/50.png"] = s.files["p/5.png"] }, SeverityWarning, "pictures.identical", "the first is row 50 (item i050), the same as row 5 (item i005)"},
	{"small picture", func(_ *testing.T, s *spoilt) { s.files["p/5.png"] = onePicture(8, 0) }, SeverityWarning, "pictures.small", "p/5.png: 8×8 pixels"},
	{"picture elsewhere", func(_ *testing.T, s *spoilt) { s.cells[5][1] = "../secret.png" }, SeverityWarning, "pictures.unopened", `picture "../secret.png" of item "i005" leaves the gallery's folder`},
	{"link that leads out", func(_ *testing.T, s *spoilt) { s.links["p/5.png"] = "/etc/hostname" }, SeverityWarning, "pictures.unopened", "p/5.png: it is a symbolic link out of the gallery's folder"},
	{"no such member", func(t *testing.T, s *spoilt) {
		s.files["x.tar"], s.cells[5][1] = shard(t, map[string][]byte{"a.png": {1}}), "x.tar/b.png"
	}, SeverityWarning, "pictures.unopened", `x.tar: member "b.png": there is no such member`},
	{"compressed archive", func(_ *testing.T, s *spoilt) { s.files["x.tar.gz"], s.cells[5][1] = []byte{31, 139}, "x.tar.gz/b.png" }, SeverityWarning, "pictures.unopened", "a picture cannot be found in the middle of a compressed archive"},
	{"no shards", func(_ *testing.T, s *spoilt) { s.files["gallery.yaml"] = []byte("pictures: {archives: [s-*.tar]}") }, SeverityWarning, "pictures.archives", "no file is named s-*.tar"},
	{"shard that is cut off", func(t *testing.T, s *spoilt) {
		s.files["gallery.yaml"] = []byte("pictures: {archives: [s-*.tar]}")
		b := shard(t, map[string][]byte{"i000.png": make([]byte, 3000), "i001.png": make([]byte, 3000)})
		s.files["s-0.tar"] = b[:5000]
	}, SeverityWarning, "archives.damaged", `s-0.tar: behind member "i001.png": the archive is cut off`},
	{"shard with a way out", func(t *testing.T, s *spoilt) {
		s.files["gallery.yaml"] = []byte("pictures: {archives: [s-*.tar]}")
		s.files["s-0.tar"] = shard(t, map[string][]byte{"../i000.png": {1}})
	}, SeverityWarning, "archives.refused", `s-0.tar: member "../i000.png": its name leads out of the archive`},
	{"items in another order", func(_ *testing.T, s *spoilt) {
		s.files["gallery.yaml"] = []byte("items: {rows: 120, sha256: 00}")
	}, SeverityError, "record.items", "its layers were made of 120 items with other ids, or in another order"},
	{"fewer items than recorded", func(_ *testing.T, s *spoilt) {
		s.files["gallery.yaml"] = []byte("items: {rows: 121, sha256: 00}")
	}, SeverityError, "record.items", "its layers were made of 121 items, there are 120"},
	{"broken picture of another item", func(_ *testing.T, s *spoilt) {
		s.files["gallery.yaml"] = []byte("broken: [{row: 5, id: i006, why: x}]")
	}, SeverityError, "record.broken", "row 5, of the broken picture of i006, is row 5 (item i005): the items are in another order"},
	{"broken picture of no item", func(_ *testing.T, s *spoilt) {
		s.files["gallery.yaml"] = []byte("broken: [{row: 500, id: i006, why: x}]")
	}, SeverityError, "record.broken", "row 500, of the broken picture of i006, is none of 120"},
	{"manifest that is none", func(_ *testing.T, s *spoilt) { s.files["gallery.yaml"] = []byte("colour: red") }, SeverityError, "open", `gallery.yaml: line 1: key "colour" is not known`},
	{"codes of nothing", func(_ *testing.T, s *spoilt) { s.files[".strata/A.codes"] = make([]byte, 5000) }, SeverityWarning, "derived.damaged", "it holds no codes"},
	{"codes of no layer", func(_ *testing.T, s *spoilt) { s.files[".strata/X.codes"] = make([]byte, 5000) }, SeverityNote, "derived.outdated", "the gallery has no such layer"},
	{"codes that were begun", func(_ *testing.T, s *spoilt) { s.files[".strata/A.codes.part"] = make([]byte, 50) }, SeverityNote, "derived.left", "codes whose making was stopped"},
	{"recipe that is none", func(_ *testing.T, s *spoilt) { s.files[".strata/A.pca2.json"] = []byte("{") }, SeverityWarning, "derived.damaged", "its recipe is not one"},
	{"derived layer without a recipe", func(_ *testing.T, s *spoilt) { s.files[".strata/A.pca2.npy"] = []byte("x") }, SeverityNote, "derived.left", "a derived layer without a recipe"},
	{"what a killed program left", func(_ *testing.T, s *spoilt) { s.files[".gallery.yaml.0123456789abc.aside"] = []byte("x") }, SeverityNote, "derived.left", "a program that wrote it was killed"},
	{"import that was stopped", func(_ *testing.T, s *spoilt) { s.files[".strata/import/C.json"] = []byte("{}") }, SeverityNote, "derived.left", "strata import goes on with it"},
	{"extraction that was stopped", func(_ *testing.T, s *spoilt) { s.files[".strata/extract/journal.jsonl"] = []byte("x") }, SeverityNote, "derived.left", "strata extract goes on with it"},
}

// shard returns a tar of members, by name.
func shard(t *testing.T, members map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	names := []string{}
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(members[name])), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(members[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCheckBad(t *testing.T) {
	for _, c := range badGalleries {
		t.Run(c.name, func(t *testing.T) {
			s := newSpoilt()
			c.spoil(t, s)
			dir := s.write(t)
			report := checked(t, dir, func(k *Check) {
				if !strings.HasPrefix(c.check, "pictures") && !strings.HasPrefix(c.check, "archives") {
					k.Pictures = 0
				}
			})
			found := false
			for _, f := range report.Findings {
				all := f.Place + " " + f.Text + " " + strings.Join(f.Details, " ")
				found = found || f.Severity == c.severity && f.Check == c.check && strings.Contains(all, c.want)
			}
			var text bytes.Buffer
			if err := report.WriteTable(&text); err != nil {
				t.Fatal(err)
			}
			if !found || report.Believable != (report.Errors == 0) || (c.severity == SeverityError) != (report.Errors > 0) {
				t.Errorf("no %s %s with %q, or other errors, in\n%s", c.severity, c.check, c.want, text.String())
			}
			if strings.ContainsFunc(text.String(), func(r rune) bool { return r < ' ' && r != '\n' || r == '\u202e' }) {
				t.Errorf("the table moves the cursor: %q", text.String())
			}
			var b bytes.Buffer
			if err := report.WriteJSON(&b); err != nil || !json.Valid(b.Bytes()) {
				t.Errorf("JSON: %v", err)
			}
		})
	}
}

// A layer derived before is found sound, out of date when its source has changed, and
// damaged when one of its own bytes has.
func TestCheckDerived(t *testing.T) {
	dir := newSpoilt().write(t)
	g, err := engine.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := scheme.ParseFactor("A|pca3")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Derive(t.Context(), f, engine.DeriveOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := g.PrepareCodes(t.Context(), code.Options{Build: true, All: true}); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	want := func(check, text string, n int) {
		t.Helper()
		got := 0
		report := checked(t, dir, func(c *Check) { c.Pictures = 0 })
		for _, f := range report.Findings {
			if f.Check == check && strings.Contains(f.Place+" "+f.Text, text) {
				got++
			}
		}
		if got != n {
			var b bytes.Buffer
			_ = report.WriteTable(&b)
			t.Errorf("%d findings %s with %q, not %d:\n%s", got, check, text, n, b.String())
		}
	}
	change := func(name string, at int64) {
		t.Helper()
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		b := make([]byte, 1)
		if _, err := file.ReadAt(b, at); err != nil {
			t.Fatal(err)
		}
		b[0] ^= 1
		if _, err := file.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	want("derived.current", "3 files, sound and of the gallery as it is", 1)
	want("derived.again", "360 of 360 rows were computed again, and are the same", 1)
	want("derived.believed", "not computed again, but as their hashes say: the mean and axes of codes, the fit of A|pca3", 1)
	found, _ := filepath.Glob(filepath.Join(dir, ".strata", "A*pca3.npy"))
	if len(found) != 1 {
		t.Fatal(found)
	}
	pca := filepath.Join(".strata", filepath.Base(found[0]))
	change(pca, 200)
	want("derived.damaged", "its SHA-256 is", 1)
	change(pca, 200)
	want("derived.damaged", "", 0)
	own := fence.In(dir, ".strata")
	r, err := derive.ReadRecipe(own, f.FileName())
	if err != nil {
		t.Fatal(err)
	}
	sum := r.Matrix.SHA256
	seals := func() {
		t.Helper()
		if r.Matrix.SHA256, err = seal.HashFile(t.Context(), own, filepath.Base(pca)); err != nil {
			t.Fatal(err)
		}
		if err := r.Write(own, f.FileName()+".json"); err != nil {
			t.Fatal(err)
		}
	}
	change(pca, 200)
	seals()
	want("derived.wrong", "row 6 of 120 of A.pca3.npy is not what comes of that row of A, though its hashes agree", 1)
	change(pca, 200)
	if seals(); r.Matrix.SHA256 != sum {
		t.Fatal("it is not what it was")
	}
	want("derived.wrong", "", 0)
	codes := filepath.Join(".strata", "B.codes")
	info, err := os.Stat(filepath.Join(dir, codes))
	if err != nil {
		t.Fatal(err)
	}
	change(codes, info.Size()-1)
	want("derived.damaged", "it is damaged in chunk 1 of 1", 1)
	change(codes, info.Size()-1)
	change("A.npy", 300)
	want("derived.outdated", "it was made of another matrix A", 1)
	want("derived.outdated", "A.codes", 1)
}

// checkedModel is an Extractor whose check says what it is told to.
type checkedModel struct {
	Extractor
	parity Parity
	err    error
}

func (m checkedModel) Check(context.Context, int) (Parity, error) { return m.parity, m.err }
func (m checkedModel) Close() error                               { return nil }

func TestCheckModel(t *testing.T) {
	s := newSpoilt()
	s.files["gallery.yaml"] = []byte("model: {file: m.onnx, sha256: 00, bytes: 1}\npreprocess: {size: 8}\nlayers: {A: {tap: x, pooling: gap}}")
	dir := s.write(t)
	for _, c := range []struct {
		name     string
		model    checkedModel
		open     error
		severity Severity
		want     string
	}{
		{"agrees", checkedModel{parity: Parity{Pictures: 32, Cosine: 0.99999999}}, nil, SeverityNote, "32 pictures, extracted again, agree with their rows: cosine ≥ 0.9999999"},
		{"other rows", checkedModel{parity: Parity{Pictures: 32, Cosine: 0.6, Layer: "A"}, err: errors.New("cosine of 0.6")}, nil, SeverityError, "cosine of 0.6"},
		{"no number", checkedModel{parity: Parity{Pictures: 32, Cosine: math.NaN(), Layer: "A"}, err: errors.New("cosine of NaN")}, nil, SeverityError, "cosine of NaN"},
		{"broken picture", checkedModel{parity: Parity{Pictures: 2, Cosine: 0.99999999, Layer: "A"}, err: io.ErrUnexpectedEOF}, nil, SeverityNote, "cannot be computed again and compared: unexpected EOF"},
		{"no model", checkedModel{}, os.ErrNotExist, SeverityNote, "cannot be computed again and compared: file does not exist"},
	} {
		report := checked(t, dir, func(x *Check) {
			x.Extractor = func(context.Context, *engine.Gallery) (Extractor, error) { return c.model, c.open }
		})
		if !slices.ContainsFunc(report.Findings, func(f Finding) bool {
			return strings.HasPrefix(f.Check, "model.") && f.Severity == c.severity && strings.Contains(f.Text, c.want)
		}) {
			t.Errorf("%s: %+v", c.name, report.Findings)
		}
	}
}

// Layers of lossy WebP that was decoded in another way are named.
func TestCheckDecoder(t *testing.T) {
	for software, want := range map[string]int{"": 1, "software: {strata: v0.2.0}": 1, "software: {decoder: 2}": 0} {
		s := newSpoilt()
		s.cells[0][1] = "p/0.WebP"
		s.files["p/0.WebP"] = s.files["p/0.png"]
		s.files["gallery.yaml"] = []byte("model: {file: m.onnx, sha256: 00, bytes: 1}\npreprocess: {size: 8}\nlayers: {A: {tap: x, pooling: gap}}\n" + software)
		found := 0
		for _, f := range checked(t, s.write(t), nil).Findings {
			if f.Check == "model.decoder" {
				found++
				if f.Severity != SeverityWarning || !strings.Contains(f.Text, "white was 235): rows of 1 picture may differ") {
					t.Errorf("%+v", f)
				}
			}
		}
		if found != want {
			t.Errorf("%q: found %d times", software, found)
		}
	}
}

func TestCheckCancelled(t *testing.T) {
	dir := newSpoilt().write(t)
	for _, what := range []string{"items", "layer A", "order of rows", "pictures"} {
		ctx, cancel := context.WithCancel(t.Context())
		c := Check{Open: engine.Open, Gallery: dir, Pictures: AllPictures, Queries: 10, Now: time.Now, Progress: func(now string, _ float64) {
			if now == what {
				cancel()
			}
		}}
		if _, err := c.Do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
		cancel()
	}
}
