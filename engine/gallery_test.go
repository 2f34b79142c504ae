package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/format"
	"strata/engine/items"
	"strata/engine/kernel"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/scheme"
)

// itemsFile is the items table of most tests.
const itemsFile = "items.csv"

// matrix is a layer to be written: rows of equal length.
type matrix struct {
	half bool        // float16
	kind layer.DType // otherwise
	rows [][]float32
}

// typ returns the type of the matrix.
func (m matrix) typ() layer.DType {
	if m.half {
		return layer.Float16
	}
	return m.kind
}

// npy returns the matrix as a .npy file.
func (m matrix) npy() []byte {
	return append(format.NpyHead(m.typ(), int64(len(m.rows)), int64(len(m.rows[0]))), m.bytes()...)
}

// bytes returns the elements of the matrix.
func (m matrix) bytes() []byte {
	var b []byte
	for _, row := range m.rows {
		for _, v := range row {
			b, _ = appendValue(b, m.typ(), v)
		}
	}
	return b
}

// appendValue appends v as an element of a type, and returns what the element is.
// Integers are of numbers near 1, and 0 for what is not finite; a float64 has digits
// that no float32 has.
func appendValue(b []byte, t layer.DType, v float32) ([]byte, float64) {
	whole := float64(v) * 50
	if math.IsNaN(whole) || math.IsInf(whole, 0) {
		whole = 0
	}
	switch t {
	case layer.Float16:
		h := kernel.ToHalf(v)
		return binary.LittleEndian.AppendUint16(b, h), float64(kernel.Half(h))
	case layer.BFloat16:
		bits := math.Float32bits(v) >> 16
		if v != v {
			bits |= 0x40
		}
		return binary.LittleEndian.AppendUint16(b, uint16(bits)), float64(math.Float32frombits(bits << 16))
	case layer.Float64:
		x := float64(v) * (1 + 0x1p-40)
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(x)), x
	case layer.Int8:
		i := int8(max(-128, min(127, whole)))
		return append(b, byte(i)), float64(i)
	case layer.Uint8:
		i := uint8(max(0, min(255, whole)))
		return append(b, i), float64(i)
	case layer.Int32:
		i := int32(max(-1<<31, min(1<<31-1, whole*1e6)))
		return binary.LittleEndian.AppendUint32(b, uint32(i)), float64(i)
	default:
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(v)), float64(v)
	}
}

// npyFile returns the header of a version 1.0 file.
func npyFile(descr string, fortran bool, shape string) []byte {
	order := "False"
	if fortran {
		order = "True"
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr, order, shape)
	for (10+len(dict)+1)%64 != 0 {
		dict += " "
	}
	b := []byte("\x93NUMPY\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)+1))
	return append(b, dict+"\n"...)
}

// writeGallery writes a gallery into a new folder.
func writeGallery(t testing.TB, items string, layers map[string]matrix) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, itemsFile, []byte(items))
	for name, m := range layers {
		write(t, dir, name+".npy", m.npy())
	}
	return dir
}

func write(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, dir string) *Gallery {
	t.Helper()
	g, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// randomMatrix draws rows about a common mean, as features are: most cosines are
// near one another. Some rows are copies, zero or not finite.
func randomMatrix(rng *rand.Rand, rows, dim int, half bool) matrix {
	m := matrix{half: half}
	mean := make([]float32, dim)
	for i := range mean {
		mean[i] = float32(rng.ExpFloat64())
	}
	for range rows {
		row := make([]float32, dim)
		for i := range row {
			row[i] = mean[i] + 0.3*float32(rng.NormFloat64())
		}
		m.rows = append(m.rows, row)
	}
	for r := range rows {
		switch rng.IntN(20) {
		case 0:
			m.rows[r] = m.rows[rng.IntN(rows)]
		case 1:
			m.rows[r] = make([]float32, dim)
		case 2:
			row := append([]float32(nil), m.rows[r]...)
			row[rng.IntN(dim)] = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}[rng.IntN(3)]
			m.rows[r] = row
		}
	}
	return m
}

const twoItems = "id,image,category\na,a.jpg,x\nb,b.jpg,y\n"

func twoRows() map[string]matrix {
	return map[string]matrix{"A": {rows: [][]float32{{1, 2}, {3, 4}}}}
}

func TestOpen(t *testing.T) {
	items := "\ufeffid,image,category,group,split,colour\r\n" +
		"a,images/a.jpg,Shirts,g1,both,red|white\r\n" +
		"\"b,1\",,\"Jeans, blue\",g1,query, red \r\n" +
		"c,x.jpg,,,gallery,\r\n"
	g := open(t, writeGallery(t, items, map[string]matrix{
		"C": {rows: [][]float32{{1}, {2}, {3}}},
		"A": {half: true, rows: [][]float32{{1, 2}, {3, 4}, {5, 6.5}}},
	}))
	if g.Len() != 3 || len(g.Layers) != 2 || g.Layers[0].Name != "A" || g.Layers[0].Type != layer.Float16 || g.Layers[1].Dim != 1 {
		t.Fatalf("got %d items, layers %v", g.Len(), g.Layers)
	}
	row := make([]float64, 2)
	g.Layers[0].Widen(row, 2)
	if row[0] != 5 || row[1] != 6.5 {
		t.Errorf("row 2 of A is %v", row)
	}
	if g.ID(1) != "b,1" || g.Picture(2) != "x.jpg" || g.Picture(1) != "" {
		t.Errorf("got id %q, pictures %q %q", g.ID(1), g.Picture(2), g.Picture(1))
	}
	if len(g.Labels()) != 2 || g.Labels()[0].Name != "category" || g.Labels()[1].Name != "colour" {
		t.Fatalf("labels: %v", g.Labels())
	}
	colour := g.Labels()[1]
	if !colour.Relevant(0, 1) || colour.Relevant(0, 2) || colour.Known(2) || colour.Relevant(2, 2) {
		t.Error("colour: red|white and red share a value, an empty cell shares none")
	}
	if !g.IsQuery(0) || !g.IsQuery(1) || g.IsQuery(2) {
		t.Error("c is in the gallery only, a and b are queries")
	}
	all, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := all.Count(0); n != 1 { // not a itself, nor b: its split is query
		t.Errorf("a has %d candidates, not 1", n)
	}
	if _, err := g.Row("z"); err == nil || err.Error() != fmt.Sprintf("%s has no item \"z\"", g.Name) {
		t.Errorf("unknown id: %v", err)
	}
	if _, err := g.Label("categry"); err == nil || !strings.Contains(err.Error(), "there is category") {
		t.Errorf("unknown label: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	good := twoRows()["A"].npy()
	two := func(descr string, fortran bool, shape string, size int) []byte {
		return append(npyFile(descr, fortran, shape), make([]byte, size)...)
	}
	tests := []struct {
		name  string
		items string
		file  string // A.npy unless named
		npy   []byte
		want  string
	}{
		{"missing row", "id\na\n", "", good, "A.npy: the matrix has 2 rows, items.csv has 1 items"},
		{"extra row", "id\na\nb\nc\n", "", good, "A.npy: the matrix has 2 rows, items.csv has 3 items"},
		{"truncated", twoItems, "", good[:len(good)-1], "2×2 float32 need 16 bytes behind the header, the file has 15: it is truncated"},
		{"oversized", twoItems, "", append(good[:len(good):len(good)], 0), "the file has 17: it has bytes left over"},
		{"header cut", twoItems, "", good[:40], "the file ends within its header: it needs 128 bytes, the file has 40"},
		{"empty file", twoItems, "", nil, "not a .npy file: 0 bytes are too few"},
		{"no magic", twoItems, "", []byte("PK\x03\x04 not a matrix"), `not a .npy file: it begins with "PK\x03\x04 n"`},
		{"version 9", twoItems, "", append([]byte("\x93NUMPY\x09\x00"), good[8:]...), ".npy version 9.0 is not known"},
		{"long header", twoItems, "", append([]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"), good[12:]...), "a header of 4294967295 bytes is longer than the 65536 allowed"},
		{"Fortran order", twoItems, "", two("<f4", true, "(2, 2)", 16), "the matrix is in Fortran order, column by column: strata import rewrites it"},
		{"objects", twoItems, "", two("|O", false, "(2, 2)", 16), "type |O is an array of Python objects"},
		{"big-endian", twoItems, "", two(">f4", false, "(2, 2)", 16), "type >f4 is big-endian"},
		{"64-bit integers", twoItems, "", two("<i8", false, "(2, 2)", 32), "type <i8 is none that a layer may have"},
		{"one dimension", twoItems, "", two("<f4", false, "(2,)", 8), "shape (2,) has 1 dimensions"},
		{"no dimension", twoItems, "", two("<f4", false, "()", 4), "shape () has 0 dimensions"},
		{"zero features", twoItems, "", two("<f4", false, "(2, 0)", 0), "shape (2, 0) is empty"},
		{"zero rows", twoItems, "", two("<f4", false, "(0, 2)", 0), "shape (0, 2) is empty"},
		{"overflow", twoItems, "", two("<f4", false, "(4611686018427387904, 4611686018427387904)", 16), "overflows"},
		{"overflow by size", twoItems, "", two("<f4", false, "(2, 4611686018427387904)", 16), "overflows"},
		{"number too large", twoItems, "", two("<f4", false, "(2, 99999999999999999999)", 16), `"99999999999999999999" is not a number of rows`},
		{"negative", twoItems, "", two("<f4", false, "(2, -2)", 16), `"-2" is not a number of rows`},
		{"too many features", "id\na\n", "", two("<f2", false, "(1, 1048577)", 2*1048577), "1048577 features are more than the 1048576"},
		{"structured", twoItems, "", bytes.Replace(good, []byte("'<f4'"), []byte("[('x')]"), 1), "a structured type is not a matrix"},
		{"no dictionary", twoItems, "", bytes.Replace(good, []byte("{'descr'"), []byte("['descr'"), 1), "it does not begin with {"},
		{"key twice", twoItems, "", bytes.Replace(good, []byte("'fortran_order'"), []byte("'descr'        "), 1), `"descr" stands twice`},
		{"layer name", twoItems, "1a.npy", good, "a layer's name is a letter, then letters, digits, _, . or -; rename the file"},
		{"no layer", twoItems, "A.txt", good, "there is no matrix file ("},
		{"no items", "", "", good, "items.csv: the file is empty"},
		{"header only", "id,image\n", "", good, "it has no rows"},
		{"no id column", "image\na\nb\n", "", good, "line 1: no column is named id (columns: image)"},
		{"column twice", "id,x,x\na,1,2\nb,1,2\n", "", good, `line 1: column "x" stands twice`},
		{"duplicate id", "id\na\na\n", "", good, `line 3: row 1: id "a" is that of row 0 too`},
		{"empty id", "id,x\na,1\n,2\n", "", good, "line 3: row 1: its id is empty"},
		{"short line", "id,x\na,1\nb\n", "", good, "line 3: row 1: it has 1 cells, the header has 2 columns"},
		{"split", "id,split\na,query\nb,test\n", "", good, `line 3: row 1: split is "test", not query, gallery or both`},
		{"quote", "id,x\na,\"1\nb,2\n", "", good, "extraneous or missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, itemsFile, []byte(tt.items))
			name := tt.file
			if name == "" {
				name = "A.npy"
			}
			write(t, dir, name, tt.npy)
			g, err := Open(t.Context(), dir)
			if err == nil {
				g.Close()
				t.Fatal("it opened")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	for name, want := range map[string]string{"nowhere": "there is no such folder", itemsFile: "a gallery is a folder, this is a file"} {
		dir := writeGallery(t, twoItems, twoRows())
		if _, err := Open(t.Context(), filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	if _, err := Open(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "there is no items.csv") {
		t.Errorf("empty folder: %v", err)
	}
}

func TestOpenPicture(t *testing.T) {
	items := "id,image\nin,p/a.txt\nup,../a.txt\nabs,/etc/hostname\nlink,link.txt\ngone,gone.txt\nnone,\n"
	dir := writeGallery(t, items, map[string]matrix{"A": {rows: [][]float32{{1}, {2}, {3}, {4}, {5}, {6}}}})
	if err := os.Mkdir(filepath.Join(dir, "p"), 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "p/a.txt", []byte("picture"))
	outside := filepath.Join(t.TempDir(), "secret")
	write(t, filepath.Dir(outside), "secret", []byte("secret"))
	if err := os.Symlink(outside, filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	g := open(t, dir)
	for row, want := range []string{"", "leaves the gallery's folder", "leaves the gallery's folder", "link.txt: it is a symbolic link out of the gallery's folder", "gone.txt: no such file", "has no picture"} {
		f, err := g.OpenPicture(row)
		if err == nil {
			f.Close()
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", g.ID(row), err, want)
		}
	}
}

// TestOpenLinks: the items table, the matrices and gallery.yaml may be links to files
// elsewhere in the folder, and out of it if links are followed.
func TestOpenLinks(t *testing.T) {
	from, to := writeGallery(t, twoItems, twoRows()), t.TempDir()
	write(t, from, manifest.FileName, []byte("version: 1\nname: linked\n"))
	for _, name := range []string{itemsFile, "A.npy", manifest.FileName} {
		dir := writeGallery(t, twoItems, twoRows())
		write(t, dir, manifest.FileName, []byte("version: 1\n"))
		link := func(target string) {
			t.Helper()
			path := filepath.Join(dir, name)
			_ = os.Remove(path) // the next says it
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
		}
		want := name + ": it is a symbolic link out of the gallery's folder: --follow-links allows it"
		for _, outside := range []string{filepath.Join(from, name), filepath.Join("..", filepath.Base(from), name), filepath.Join("other", name)} {
			_ = os.Remove(filepath.Join(dir, "other"))
			if err := os.Symlink(from, filepath.Join(dir, "other")); err != nil {
				t.Fatal(err)
			}
			link(outside)
			if g, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s is a link to %s: %v, %v", name, outside, g, err)
			}
			if g, err := OpenItems(t.Context(), dir, OpenOptions{}); name != "A.npy" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s is a link to %s, the items alone: %v, %v", name, outside, g, err)
			}
		}
		if err := os.Remove(filepath.Join(dir, "other")); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, "other"), 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, dir, "other/"+name, text)
		for _, inside := range []string{filepath.Join("other", name), filepath.Join(dir, "other", name), filepath.Join("..", filepath.Base(dir), "other", name)} {
			link(inside)
			open(t, dir)
			if g, err := OpenItems(t.Context(), dir, OpenOptions{}); err != nil {
				t.Errorf("%s is a link to %s, the items alone: %v", name, inside, err)
			} else if err := g.Close(); err != nil {
				t.Error(err)
			}
		}
		alias := filepath.Join(t.TempDir(), "alias") // a way that leads outside, and in again
		if err := os.Symlink(dir, alias); err != nil {
			t.Fatal(err)
		}
		link(filepath.Join(alias, "other", name))
		open(t, dir)
		open(t, alias)
	}
	for _, name := range []string{itemsFile, "A.npy"} {
		if err := os.Symlink(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			t.Fatal(err)
		}
	}
	g := open(t, from)
	linked, err := OpenWith(t.Context(), to, OpenOptions{FollowLinks: true})
	if err != nil {
		t.Fatal(err)
	}
	defer linked.Close()
	want, err := g.Fingerprint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := linked.Fingerprint(t.Context()); err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

// TestNames: a message quotes the names that it offers, which may hold anything.
func TestNames(t *testing.T) {
	g := open(t, writeGallery(t, "id,\"a\tb\",on\na,1,2\nb,1,\n", twoRows()))
	_, err := g.Label("c")
	if want := g.Name + ` has no label "c" (there is "a\tb", on)`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestFingerprint(t *testing.T) {
	print := func(items string, layers map[string]matrix) (string, string) {
		g := open(t, writeGallery(t, items, layers))
		fingerprint, err := g.Fingerprint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		content, err := g.ContentHash(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return fingerprint, content
	}
	f1, c1 := print(twoItems, twoRows())
	f2, c2 := print(twoItems, twoRows())
	if f1 != f2 || c1 != c2 || len(f1) != 71 {
		t.Errorf("the same gallery gives %s and %s", f1, f2)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := newHashing(open(t, writeGallery(t, twoItems, twoRows()))).hash(cancelled, layer.HashSample); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	changed := map[string]func(items *string, layers map[string]matrix){
		"items":  func(items *string, _ map[string]matrix) { *items = strings.Replace(*items, "x", "z", 1) },
		"value":  func(_ *string, l map[string]matrix) { l["A"].rows[1][1]++ },
		"name":   func(_ *string, l map[string]matrix) { l["B"] = l["A"]; delete(l, "A") },
		"shape":  func(_ *string, l map[string]matrix) { l["A"] = matrix{rows: [][]float32{{1}, {3}}} },
		"second": func(_ *string, l map[string]matrix) { l["B"] = l["A"] },
	}
	for name, change := range changed {
		items, layers := twoItems, twoRows()
		change(&items, layers)
		if f, c := print(items, layers); f == f1 || c == c1 {
			t.Errorf("%s: a changed gallery has the same fingerprint", name)
		}
	}
}

// TestIDIndex adds ids, some twice, to an index that must grow.
func TestIDIndex(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	index := items.NewIDIndex(3)
	var ids []string
	rows := map[string]int{}
	for range 5000 {
		id := fmt.Sprint(rng.IntN(4000))
		want, known := rows[id]
		if !known {
			want = -1
			rows[id] = len(ids)
		}
		if got := index.Add(ids, id); got != want {
			t.Fatalf("id %q has row %d, not %d", id, got, want)
		}
		if !known {
			ids = append(ids, id)
		}
	}
	for n := range 4000 {
		id := fmt.Sprint(n)
		want, known := rows[id]
		if !known {
			want = -1
		}
		if got, _, _ := index.Find(ids, id); got != want {
			t.Fatalf("id %q is found in row %d, not %d", id, got, want)
		}
	}
}

func TestGalleryParseScheme(t *testing.T) {
	g := open(t, writeGallery(t, twoItems, map[string]matrix{"A": twoRows()["A"], "pattern": twoRows()["A"]}))
	_, err := g.ParseScheme("A+0.5*patern")
	var se *scheme.SyntaxError
	if !errors.As(err, &se) || se.Column != 7 || !strings.Contains(se.Reason, `no layer "patern" (there is pattern)`) {
		t.Errorf("got %v", err)
	}
	for text, want := range map[string]struct {
		column int
		reason string
	}{
		"A|zscore|pca3":        {10, "pca3 asks for 3 components, A|zscore has 2 features"},
		"A+A|pca1|whiten2":     {10, "whiten2 asks for 2 components, A|pca1 has 1 features"},
		"rrf(A,no|pca1)":       {7, `has no layer "no"`},
		"A|centre|zscore|pca2": {},
	} {
		_, err := g.ParseScheme(text)
		switch {
		case want.reason == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want.reason != "" && (!errors.As(err, &se) || se.Column != want.column || !strings.Contains(se.Reason, want.reason)):
			t.Errorf("%s: %v", text, err)
		}
	}
}
