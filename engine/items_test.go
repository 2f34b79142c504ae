package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"strata/engine/items"
	"strata/engine/manifest"
)

// opened opens a file that holds the bytes.
func opened(t testing.TB, name string, b []byte) fs.File {
	t.Helper()
	f, err := fstest.MapFS{name: {Data: b}}.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// gz packs bytes with gzip.
func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// zst packs bytes with Zstandard.
func zst(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(b, nil)
}

// parquetItem is a row of a Parquet table.
type parquetItem struct {
	ID       string   `parquet:"id"`
	Image    string   `parquet:"image"`
	Category string   `parquet:"category,dict"`
	Brand    *string  `parquet:"brand,optional,dict"`
	Colours  []string `parquet:"colour,list"`
	Group    int64    `parquet:"group"`
	Split    string   `parquet:"split,dict"`
}

// sameItems returns the same items as tables of every kind.
func sameItems(t testing.TB, rows int) map[string][]byte {
	rng := rand.New(rand.NewPCG(3, 3))
	var csv, tsv, jsonl bytes.Buffer
	csv.WriteString("id,image,category,brand,colour,group,split\n")
	tsv.WriteString("id\timage\tcategory\tbrand\tcolour\tgroup\tsplit\n")
	var items []parquetItem
	for i := range rows {
		it := parquetItem{
			ID: fmt.Sprintf("item-%07d", i), Image: fmt.Sprintf("images/item-%07d.jpg", i),
			Category: fmt.Sprintf("Women/Knit/%d", rng.IntN(40)), Group: int64(i / 3), Split: []string{"both", "query", "gallery"}[rng.IntN(3)],
			Colours: []string{fmt.Sprintf("c%d", rng.IntN(12)), fmt.Sprintf("d%d", rng.IntN(12))},
		}
		brand, json := "", "null"
		if b := rng.IntN(2000); b > 20 {
			brand = fmt.Sprintf("brand %d", b)
			it.Brand, json = &brand, `"`+brand+`"`
		}
		items = append(items, it)
		colours := strings.Join(it.Colours, "|")
		fmt.Fprintf(&csv, "%s,%s,%s,%s,%s,%d,%s\n", it.ID, it.Image, it.Category, brand, colours, it.Group, it.Split)
		fmt.Fprintf(&tsv, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", it.ID, it.Image, it.Category, brand, colours, it.Group, it.Split)
		fmt.Fprintf(&jsonl, `{"id":"%s","image":"%s","category":"%s","brand":%s,"colour":["%s","%s"],"group":%d,"split":"%s"}`+"\n",
			it.ID, it.Image, it.Category, json, it.Colours[0], it.Colours[1], it.Group, it.Split)
	}
	var columns bytes.Buffer
	w := parquet.NewGenericWriter[parquetItem](&columns, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(int64(max(rows/3, 1))))
	if _, err := w.Write(items); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"items.csv": csv.Bytes(), "items.tsv": tsv.Bytes(), "items.jsonl": jsonl.Bytes(), "items.parquet": columns.Bytes(),
		"items.csv.gz": gz(t, csv.Bytes()), "items.jsonl.zst": zst(t, jsonl.Bytes()), "items.tsv.zst": zst(t, tsv.Bytes()),
	}
}

// cellsOf returns the cells and values of every column, by row.
func cellsOf(it *items.Table) (all []string) {
	labels := it.Labels
	if it.Group != nil {
		labels = append(labels[:len(labels):len(labels)], it.Group)
	}
	for row, id := range it.IDs {
		line := id
		if it.Images != nil {
			line += " " + it.Images[row]
		}
		if it.Split != nil {
			line += fmt.Sprint(" split ", it.Split[row])
		}
		for _, l := range labels {
			line += fmt.Sprintf(" %s:%d%q", l.Name, l.Codes[row], l.Cell(row))
			for _, v := range l.ValueCodes(row) {
				line += "," + l.ValueName(int(v))
			}
		}
		all = append(all, line)
	}
	return all
}

// TestFormats: the same items are the same in every kind of table, codes and all.
func TestFormats(t *testing.T) {
	tables := sameItems(t, 1500)
	want, err := readItems(t.Context(), itemsFile, opened(t, itemsFile, tables[itemsFile]), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range tables {
		got, err := readItems(t.Context(), name, opened(t, name, table), nil, 1500)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Equal(cellsOf(got), cellsOf(want)) {
			t.Errorf("%s: not the items of %s", name, itemsFile)
		}
	}
}

// TestTables opens galleries whose items stand in other files.
func TestTables(t *testing.T) {
	rows := twoRows()
	dir := writeGallery(t, "", rows)
	if err := os.Remove(filepath.Join(dir, itemsFile)); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "items.jsonl.gz", gz(t, []byte(`{"id":"a","category":"x"}`+"\n"+`{"id":"b","category":["y","z"],"late":1}`)))
	g := open(t, dir)
	if g.ItemsFile() != "items.jsonl.gz" || g.Len() != 2 || g.ID(1) != "b" {
		t.Fatalf("%s has %d items", g.ItemsFile(), g.Len())
	}
	late, err := g.Label("late")
	if err != nil || late.Known(0) || late.Cell(1) != "1" {
		t.Errorf("late: %v, %v", late, err)
	}
	before, err := g.Fingerprint(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	write(t, dir, "other.tsv", []byte("id\tcategory\nc\tx\nd\ty\n"))
	write(t, dir, itemsFile, []byte(twoItems))
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "items.csv and items.jsonl.gz are both items tables; move one, or name one in gallery.yaml: items: {file: items.csv}") {
		t.Errorf("two tables: %v", err)
	}
	write(t, dir, manifest.FileName, []byte("items: {file: other.tsv}\n"))
	if g = open(t, dir); g.ItemsFile() != "other.tsv" || g.ID(0) != "c" {
		t.Errorf("%s, %s", g.ItemsFile(), g.ID(0))
	}
	if after, err := g.Fingerprint(t.Context()); err != nil || after == before {
		t.Errorf("fingerprint %s, %v: that of other items", after, err)
	}
	it, err := OpenItems(t.Context(), dir, OpenOptions{})
	if err != nil || it.ID(0) != "c" {
		t.Errorf("OpenItems: %v", err)
	}
	it.Close()
}

// TestIDs joins a table to the rows of a list.
func TestIDs(t *testing.T) {
	table := "id,image,category,group,split\na,a.jpg,x|y,g,query\nb,b.jpg,left,,\nc,c.jpg,y,h,gallery\nd,d.jpg,,g,\n"
	matrix := map[string]matrix{"A": {rows: [][]float32{{1}, {2}, {3}}}}
	inOrder := open(t, writeGallery(t, "id,image,category,group,split\nd,d.jpg,,g,\nc,c.jpg,y,h,gallery\na,a.jpg,x|y,g,query\n", matrix))
	for name, ids := range map[string][]byte{
		"ids.txt": []byte("d\nc\na\n"),
		"ids.npy": append(npyFile("<U1", false, "(3,)"), "d\x00\x00\x00c\x00\x00\x00a\x00\x00\x00"...),
	} {
		dir := writeGallery(t, table, matrix)
		write(t, dir, name, ids)
		g := open(t, dir)
		if !slices.Equal(cellsOf(g.items), cellsOf(inOrder.items)) {
			t.Errorf("%s: got  %q\nwant %q", name, cellsOf(g.items), cellsOf(inOrder.items))
		}
		if want := []string{"items.csv: 1 of its 4 items are left out: no row has their id"}; !slices.Equal(g.Notes, want) {
			t.Errorf("%s: notes %q, want %q", name, g.Notes, want)
		}
		if row, err := g.Row("a"); err != nil || row != 2 {
			t.Errorf("%s: a is row %d, %v", name, row, err)
		}
		if _, err := g.Row("b"); err == nil {
			t.Errorf("%s: b was left out, and is found", name)
		}
		label, err := g.Label("category")
		if err != nil || !slices.Equal(label.Values(), []string{"x", "y"}) {
			t.Errorf("%s: values %q, %v", name, label.Values(), err)
		}
		want, err := inOrder.Fingerprint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := g.Fingerprint(t.Context()); err != nil || got == want {
			t.Errorf("%s: fingerprint %s, %v: it says nothing of the order", name, got, err)
		}
	}
}

func TestIDsErrors(t *testing.T) {
	tests := []struct{ name, ids, items, want string }{
		{"an id twice", "a\nb\na\n", twoItems, `ids.txt: row 2: id "a" is that of row 0 too`},
		{"an empty line", "a\n\nb\n", twoItems, "ids.txt: row 1: its id is empty"},
		{"no item", "a\nx\n", twoItems, `ids.txt: row 1: items.csv has no item "x"`},
		{"an item twice", "a\nb\n", "id\na\nb\na\n", `items.csv: line 4: row 2: id "a" is that of row 0 too`},
		{"rows", "a\n", twoItems, "A.npy: the matrix has 2 rows, ids.txt has 1 items"},
		{"empty", "", twoItems, "ids.txt: it has no rows"},
		{"no text", "a\n\xff\n", twoItems, "ids.txt: line 2: row 1: byte 1 of the cell, 0xff, is not UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := writeGallery(t, tt.items, twoRows())
			write(t, dir, "ids.txt", []byte(tt.ids))
			_, err := Open(t.Context(), dir)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	dir := writeGallery(t, twoItems, twoRows())
	write(t, dir, "ids.txt", []byte("a\nb\n"))
	write(t, dir, "ids.npy", nil)
	if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "ids.npy and ids.txt both list the rows' ids; move one") {
		t.Errorf("two lists: %v", err)
	}
}

// TestItemsErrors: what is wrong with the items of a table that can be read.
func TestItemsErrors(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"no rows", "items.jsonl", "\n", "it has no rows"},
		{"no id", "items.jsonl", `{"x":"a"}`, "line 1: row 0: no column is named id (columns: x)"},
		{"no id in a later row", "items.jsonl", "{\"id\":\"a\"}\n{\"x\":1}\n", "line 2: row 1: its id is empty"},
		{"an id twice", "items.tsv", "id\tx\na\t1\na\t2\n", `line 3: row 1: id "a" is that of row 0 too`},
		{"a list of ids", "items.jsonl", `{"id":["a","b"]}`, `column "id" holds lists; it has one text a row`},
		{"a list of pictures", "items.jsonl", `{"id":"a","image":["a.jpg"]}`, `column "image" holds lists`},
		{"a list of groups", "items.jsonl", `{"id":"a","group":["a"]}`, `column "group" holds lists`},
		{"a split", "items.jsonl", "{\"id\":\"a\",\"split\":\"query\"}\n{\"id\":\"b\",\"split\":\"train\"}", `line 2: row 1: split is "train", not query, gallery or both`},
		{"a late split", "items.jsonl", "{\"id\":\"a\",\"split\":\"train\"}\n{\"id\":\"b\",\"split\":\"query\"}", `line 2: row 1: split is "query", and "train" before: all are query, gallery or both, or none is`},
		{"an object as id", "items.jsonl", `{"id":{"a":1}}`, `line 1: row 0: column "id" holds objects; it has one text a row`},
		{"an object as image", "items.jsonl", "{\"id\":\"a\",\"image\":\"x\"}\n{\"id\":\"b\",\"image\":{}}", `column "image" holds objects, the first in line 2; it has one text a row`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			_, err := readItems(t.Context(), tt.file, opened(t, tt.file, []byte(tt.text)), nil, 0)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
	dir := writeGallery(t, twoItems, twoRows())
	for yaml, want := range map[string]string{
		"items: {file: ../items.csv}\n": `items: file "../items.csv" is not a path within the gallery's folder`,
		"items: {file: items.xlsx}\n":   `items: file "items.xlsx" is no table`,
		"items: {file: gone.csv}\n":     "gone.csv: file does not exist",
	} {
		write(t, dir, manifest.FileName, []byte(yaml))
		if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "no such file") {
			t.Errorf("%q: got %v, want %s", yaml, err, want)
		}
	}
}

// TestLabelBuilder: columns of single values take a shorter way to the same label.
func TestLabelBuilder(t *testing.T) {
	build := func(cells []string, parted bool) *items.Label {
		b := items.NewLabelBuilder("x", 0)
		for _, c := range cells {
			b.Label.Codes = append(b.Label.Codes, b.Code(c))
		}
		b.Parted = b.Parted || parted
		return b.Done()
	}
	for _, cells := range [][]string{{}, {""}, {"a", "b", "", "a", "c/d"}, {"a|b", "b", "|", "b|a", " "}} {
		short, long := build(cells, false), build(cells, true)
		if !reflect.DeepEqual(short.Names, long.Names) && len(long.Names) > 0 || short.Plain != long.Plain || len(short.Sets) != len(long.Sets) {
			t.Errorf("%q: %+v and %+v", cells, short, long)
		}
		for c := range long.Sets {
			if !slices.Equal(short.Sets[c], long.Sets[c]) {
				t.Errorf("%q: cell %d has %v and %v", cells, c, short.Sets[c], long.Sets[c])
			}
		}
	}
}

// FuzzItems reads a table in its own order and in one that a list gives.
func FuzzItems(f *testing.F) {
	f.Add("id,image,category\na,a.jpg,x|y\nb,b.jpg,\n", "b\na")
	f.Add("\ufeffid,split,group\n\"a\n\",query,g\n", "a\n\n")
	f.Fuzz(func(t *testing.T, s, list string) {
		order, err := items.NewRowOrder(strings.Split(list, "\n"))
		if err != nil {
			order = nil
		}
		for _, order := range []*items.RowOrder{nil, order} {
			it, err := readItems(t.Context(), itemsFile, opened(t, itemsFile, []byte(s)), order, 2)
			if err != nil {
				continue
			}
			for row, id := range it.IDs {
				if got, _, _ := it.ByID.Find(it.IDs, id); got != row {
					t.Errorf("id %q of row %d is found in row %d", id, row, got)
				}
			}
			for _, l := range it.Labels {
				if len(l.Codes) != len(it.IDs) {
					t.Errorf("label %q has %d cells for %d rows", l.Name, len(l.Codes), len(it.IDs))
				}
			}
		}
	})
}

// FuzzLabel makes a label of cells, and every level and pair of it.
func FuzzLabel(f *testing.F) {
	f.Add("red|white\nred\n\nWomen/Knit/Sweater|Men/Knit", 2)
	f.Add("/\n//a|a/\n|", 1)
	f.Fuzz(func(t *testing.T, cells string, depth int) {
		b := items.NewLabelBuilder("x", 0)
		for cell := range strings.SplitSeq(cells, "\n") {
			b.Label.Codes = append(b.Label.Codes, b.Code(strings.TrimSpace(cell)))
		}
		l := b.Done()
		level := l.Level("y", max(1, depth%8))
		joint, err := items.JoinLabels("z", l, level)
		for q := range l.Codes {
			for x := range l.Codes {
				if l.Relevant(q, x) != l.Relevant(x, q) || l.Known(q) != l.Relevant(q, q) {
					t.Errorf("%q: rows %d and %d", cells, q, x)
				}
				if err == nil && joint.Relevant(q, x) != (l.Relevant(q, x) && level.Relevant(q, x)) {
					t.Errorf("%q: rows %d and %d, jointly", cells, q, x)
				}
			}
		}
	})
}

// BenchmarkItems reads a million items of six columns and more in every format.
func BenchmarkItems(b *testing.B) {
	const rows = 1_000_000
	for name, table := range sameItems(b, rows) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := readItems(b.Context(), name, opened(b, name, table), nil, rows); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
}

// readItems reads a table of one file, which is closed. order may be nil.
func readItems(ctx context.Context, name string, f fs.File, order *items.RowOrder, rows int64) (*items.Table, error) {
	s := items.Source{Files: []string{name}, Open: func(string) (fs.File, error) { return f, nil }, Order: order, Likely: rows}
	t, err := s.Read(ctx)
	if in := (*items.FileError)(nil); errors.As(err, &in) {
		err = in.Err
	}
	return t, err
}
