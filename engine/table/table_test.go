package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"
)

// file opens a file that holds the text.
func file(t testing.TB, text string) fs.File {
	t.Helper()
	f, err := fstest.MapFS{"file": {Data: []byte(text)}}.Open("file")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// readAll reads a table: the columns and the rows.
func readAll(name string, f fs.File) (columns []string, rows [][]string, notes []string, err error) {
	r, err := Open(name, f)
	if err != nil {
		return nil, nil, nil, err
	}
	defer r.Close()
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			notes := r.Notes()
			for _, l := range r.Left() {
				notes = append(notes, fmt.Sprintf("%+v", l))
			}
			return r.Columns(), rows, notes, nil
		}
		if err != nil {
			return nil, nil, nil, err
		}
		rows = append(rows, slices.Clone(cells))
	}
}

func gz(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zst(t testing.TB, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(text), nil))
}

func TestRead(t *testing.T) {
	tests := []struct {
		name, file, text string
		columns          string
		rows             []string // cells parted by ;
		notes            string
	}{
		{"csv", "items.csv", "id, brand \na,x\nb,\n", "id;brand", []string{"a;x", "b;"}, ""},
		{"csv, mark, CR LF, quotes, empty lines", "items.csv", "\ufeffid,x\r\n\r\n\"a,1\",\"two\r\nlines \"\"q\"\"\"\r\n\n b ,y", "id;x", []string{"a,1;two\nlines \"q\"", " b ;y"}, ""},
		{"csv, one column", "items.csv", "id\nx\n", "id", []string{"x"}, ""},
		{"csv, packed", "items.csv.gz", gz(t, "id\nx\n"), "id", []string{"x"}, ""},
		{"csv, packed in two pieces", "items.csv.gz", gz(t, "id\nx\n") + gz(t, "y\n"), "id", []string{"x", "y"}, ""},
		{"csv, empty but for its header", "items.csv", "id,x", "id;x", nil, ""},
		{"tsv", "items.tsv", "\ufeffid\tx\r\na,b\t1 2\r\n\r\nc\t", "id;x", []string{"a,b;1 2", "c;"}, ""},
		{
			"tsv, quotes", "items.tsv", "id\tx\na\t\"q\"\n\"b\"\t\"\n", "id;x",
			[]string{`a;"q"`, `"b";"`},
			"2 cells stand between double quotes, the first in line 2; in .tsv the quotes are part of the cell",
		},
		{"tsv, packed", "items.tsv.zst", zst(t, "id\tx\na\tb\n"), "id;x", []string{"a;b"}, ""},
		{
			"jsonl", "items.jsonl", `{"id":"a","n":1.50,"e":1E3,"t":true,"f":false,"u":null,"l":["x","y"]}` + "\r\n\n" + `{ "l" : [ "z" ], "id" : "b" }`,
			"id;n;e;t;f;u;l",
			[]string{"a;1.50;1E3;true;false;;x|y", "b;;;;;;z"},
			"",
		},
		{"jsonl, late and missing keys", "items.ndjson", "{\"id\":\"a\"}\n{\"x\":\"1\",\"id\":\"b\"}\n{\"y\":\"2\",\"id\":\"c\"}\n", "id;x;y", []string{"a", "b;1", "c;;2"}, ""},
		{"jsonl, escapes", "items.jsonl", `{"\u0069d":"a\"\\\/\n\u00e9\ud83d\ude00"}` + "\n" + `{"id":"b","l":[]}`, "id;l", []string{"a\"\\/\né😀", "b;"}, ""},
		{"jsonl, packed", "items.jsonl.zst", zst(t, `{"id":1}`), "id", []string{"1"}, ""},
		{"jsonl, mark", "items.jsonl", "\ufeff{\"id\":\"a\"}", "id", []string{"a"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			columns, rows, notes, err := readAll(tt.file, file(t, tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(columns, ";"); got != tt.columns {
				t.Errorf("columns %q, want %q", got, tt.columns)
			}
			var got []string
			for _, r := range rows {
				got = append(got, strings.Join(r, ";"))
			}
			if !slices.Equal(got, tt.rows) {
				t.Errorf("rows %q, want %q", got, tt.rows)
			}
			if got := strings.Join(notes, "\n"); got != tt.notes {
				t.Errorf("notes %q, want %q", got, tt.notes)
			}
		})
	}
}

// TestLeft: columns and cells that are no text are left out, and named.
func TestLeft(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		columns          string
		rows             []string
		notes            string
	}{
		{"pandas", "items.csv", ",id,x\n0,a,1\n1,b,2\n", "id;x", []string{"a;1", "b;2"}, "column 1 has no name: it is left out"},
		{"Excel", "items.csv", "id,x,,,\na,1,,,\nb,2,,,\n", "id;x", []string{"a;1", "b;2"}, "3 columns have no name, column 3 and others: they are left out"},
		{"tsv", "items.tsv", "id\t\tx\na\t1\t2\n", "id;x", []string{"a;2"}, "column 2 has no name: it is left out"},
		{"an empty key", "items.jsonl", `{"id":"a","":1,"x":2}`, "id;x", []string{"a;2"}, "column 2 has no name: it is left out"},
		{"a late empty key", "items.jsonl", `{"id":"a"}` + "\n" + `{" ":7,"id":"b","x":2}`, "id;x", []string{"a", "b;2"}, "column 2 has no name: it is left out"},
		{"a list of numbers", "items.jsonl", `{"id":"a","bbox":[1,2,3,4]}` + "\n" + `{"id":"b","bbox":[1,2,3,null]}`, "id;bbox", []string{"a;", "b;"}, "{Name:bbox Holds:lists of numbers Cells:0 Place:line 1 Bytes:false Dim:4}"},
		{"ragged", "items.jsonl", `{"id":"a","x":[1,2]}` + "\n" + `{"id":"b","x":[1]}`, "id;x", []string{"a;", "b;"}, "{Name:x Holds:lists of numbers Cells:0 Place:line 1 Bytes:false Dim:0}"},
		{"objects", "items.jsonl", `{"id":"a","x":{"y":[{}]}}` + "\n" + `{"id":"b","x":null}`, "id;x", []string{"a;", "b;"}, "{Name:x Holds:objects Cells:0 Place:line 1 Bytes:false Dim:0}"},
		{"objects among texts", "items.jsonl", `{"id":"a","x":"t"}` + "\n" + `{"id":"b","x":{}}`, "id;x", []string{"a;t", "b;"}, "{Name:x Holds:objects Cells:1 Place:line 2 Bytes:false Dim:0}"},
		{"lists of lists", "items.jsonl", `{"id":"a","x":["b",["c"]]}`, "id;x", []string{"a;"}, "{Name:x Holds:lists of other than texts Cells:1 Place:line 1 Bytes:false Dim:0}"},
		{"null in a list", "items.jsonl", `{"id":"a","x":[null,"b",null,"c"]}`, "id;x", []string{"a;b|c"}, ""},
	} {
		columns, rows, notes, err := readAll(tt.file, file(t, tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, r := range rows {
			got = append(got, strings.Join(r, ";"))
		}
		if strings.Join(columns, ";") != tt.columns || !slices.Equal(got, tt.rows) || strings.Join(notes, "\n") != tt.notes {
			t.Errorf("%s: %q, %q, %q", tt.name, columns, got, notes)
		}
	}
}

// TestLongLine: a line may be longer than what is read at a time, and than a cell.
func TestLongLine(t *testing.T) {
	cell := strings.Repeat("x", maxCell)
	for name, text := range map[string]string{
		"items.csv":   "id,a,b\n1," + cell + "," + cell + "\n",
		"items.tsv":   "id\ta\tb\n1\t" + cell + "\t" + cell + "\n",
		"items.jsonl": `{"id":1,"a":"` + cell + `","b":"` + cell + `"}`,
	} {
		_, rows, _, err := readAll(name, file(t, text))
		if err != nil || len(rows) != 1 || rows[0][1] != cell || rows[0][2] != cell {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
}

func TestReadErrors(t *testing.T) {
	long := strings.Repeat("x", maxCell+1)
	endless := strings.Repeat("0123456789abcdef", maxLine/16+3*textBuffer/16)
	wide := func(mark string) string {
		names := make([]string, maxColumns+1)
		for i := range names {
			names[i] = fmt.Sprint("c", i)
		}
		return strings.Join(names, mark)
	}
	tests := []struct{ name, file, text, want string }{
		{"another kind", "items.xlsx", "x", "a table's name ends with .csv, .tsv, .jsonl, .ndjson, .parquet"},
		{"packed Parquet", "items.parquet.gz", "x", "a table's name ends with"},

		{"csv: empty", "items.csv", "", "the file is empty; its first line must name the columns"},
		{"csv: empty lines", "items.csv", "\n\n", "the file is empty"},
		{"csv: UTF-16", "items.csv", "\xff\xfei\x00d\x00", "it is UTF-16: write it as UTF-8"},
		{"csv: UTF-16, big-endian", "items.csv", "\xfe\xff\x00i\x00d", "it is UTF-16: write it as UTF-8"},
		{"csv: a spreadsheet", "items.csv", "PK\x03\x04...", "it is a zip archive, or a spreadsheet: save the table as CSV"},
		{"csv: packed and not said", "items.csv", gz(t, "id\n"), "it is packed with gzip: its name must end with .gz"},
		{"csv: packed and not said", "items.csv", zst(t, "id\n"), "it is packed with Zstandard: its name must end with .zst"},
		{"csv: Parquet", "items.csv", "PAR1", "it is a Parquet file: its name must end with .parquet"},
		{"csv: semicolons", "items.csv", "id;x\na;1\n", "line 1: the columns are parted by semicolons; write commas"},
		{"csv: tabs", "items.csv", "id\tx\na\t1\n", "line 1: the columns are parted by tabs; write commas, or name the file .tsv"},
		{"csv: old line ends", "items.csv", "id,x\ra,1\rb,2\r", `line 1: column 2 is named "x\ra": lines must end with LF or CR LF`},
		{"csv: a name twice", "items.csv", "id,x, x\n", `line 1: column "x" stands twice`},
		{"csv: a name that is no text", "items.csv", "id,\xff\n", "line 1: the name of column 2: byte 1 of the cell, 0xff, is not UTF-8"},
		{"csv: too many columns", "items.csv", wide(","), "line 1: there are more than the 4096 columns allowed"},
		{"csv: a quote in the header", "items.csv", "id,x\"y\n", `line 1: the names of the columns: bare " in non-quoted-field, at byte 5 of the line`},
		{"csv: short row", "items.csv", "id,x\na,1\n\nb\n", "line 4: row 1: it has 1 cells, the header has 2 columns"},
		{"csv: long row, behind lines in quotes", "items.csv", "id,x\na,\"1\n2\"\nb,1,2\n", "line 4: row 1: it has 3 cells, the header has 2 columns"},
		{"csv: a quote within a cell", "items.csv", "id,x\na,5\" nail\n", `line 2: row 0: bare " in non-quoted-field, at byte 4 of the line`},
		{"csv: a quote left open", "items.csv", "id,x\na,1\nb,\"1\nc,2\n", `line 3: row 1: extraneous or missing " in quoted-field in line 4`},
		{"csv: a quote left open in a large file", "items.csv", "id,x\na,1\nb,\"" + endless, "row 1: it is longer than the 16777216 bytes allowed: is a quote left open?"},
		{"csv: the header twice", "items.csv", "id,x\na,1\nid,x\n", "line 3: row 1: the names of the columns stand here again"},
		{"csv: NUL", "items.csv", "id,x\na,1\nb,2\x00\n", `line 3: row 1: column "x": byte 2 of the cell is NUL`},
		{"csv: Latin-1", "items.csv", "id,x\na,Gr\xf6\xdfe\n", `line 2: row 0: column "x": byte 3 of the cell, 0xf6, is not UTF-8: write the table as UTF-8`},
		{"csv: a rune cut off", "items.csv", "id,x\na,\xe2\x82\n", `column "x": byte 1 of the cell, 0xe2, is not UTF-8`},
		{"csv: a cell too long", "items.csv", "id,x\na,1\nb," + long + "\n", `line 3: row 1: column "x": a cell of 1048577 bytes is longer than the 1048576 allowed`},

		{"gz: not gzip", "items.csv.gz", "id,x\na,1\nb,2\n", "the packed file is damaged: gzip: invalid header"},
		{"gz: empty", "items.csv.gz", "", "the packed file is cut off"},
		{"gz: cut off", "items.csv.gz", gz(t, "id\n"+strings.Repeat("x\n", 99))[:20], "the packed file is cut off"},
		{"gz: wrong sum", "items.csv.gz", gz(t, "id\nx\n")[:22] + "\x00\x00\x00\x00\x05\x00\x00\x00", "the packed file is damaged"},
		{"gz: bomb", "items.csv.gz", gz(t, "id\n"+strings.Repeat(strings.Repeat("x", 1023)+"\n", (freeUnpacked+200<<20)/1024)), "which is more than 256 times as many"},
		{"zst: not Zstandard", "items.csv.zst", "id,x\n", "the packed file is damaged: invalid input: magic number mismatch"},
		{"zst: cut off", "items.csv.zst", zst(t, strings.Repeat("id\nx\n", 99))[:12], "the packed file is cut off"},
		{"zst: bomb", "items.jsonl.zst", zst(t, strings.Repeat("\n", freeUnpacked+40<<20)), "which is more than 256 times as many"},

		{"tsv: empty", "items.tsv", "", "the file is empty"},
		{"tsv: commas", "items.tsv", "id,x\na,1\n", "line 1: the columns are parted by commas; write tabs, or name the file .csv"},
		{"tsv: short row", "items.tsv", "id\tx\na\t1\nb\n", "line 3: row 1: it has 1 cells, the header has 2 columns"},
		{"tsv: long row", "items.tsv", "id\tx\na\t1\t2\n", "line 2: row 0: it has 3 cells, the header has 2 columns"},
		{"tsv: the header twice", "items.tsv", "id\tx\na\t1\nid\tx\n", "line 3: row 1: the names of the columns stand here again"},
		{"tsv: NUL", "items.tsv", "id\tx\na\x00\t1\n", `line 2: row 0: column "id": byte 2 of the cell is NUL`},
		{"tsv: endless line", "items.tsv", "id\tx\na\t1\n" + endless, "line 3: row 1: it is longer than the 16777216 bytes allowed"},
		{"tsv: too many columns", "items.tsv", wide("\t"), "line 1: there are more than the 4096 columns allowed"},

		{"jsonl: a list", "items.jsonl", `[{"id":"a"}]`, "line 1: row 0: it is a list: JSON Lines has an object a line"},
		{"jsonl: a text", "items.jsonl", `"a"`, "line 1: row 0: it is a text: JSON Lines has an object a line"},
		{"jsonl: no JSON", "items.jsonl", "{\"id\":\"a\"}\nid,x\n", "line 2: row 1: byte 1 of the line: invalid character 'i' at start of value"},
		{"jsonl: an object over lines", "items.jsonl", "{\n\"id\": \"a\"\n}\n", "line 1: row 0: the line ends within its object"},
		{"jsonl: cut off", "items.jsonl", "{\"id\":\"a\"}\n{\"id\":\"b", "line 2: row 1: key \"id\": the line ends within its object"},
		{"jsonl: two objects", "items.jsonl", `{"id":"a"} {"id":"b"}`, "line 1: row 0: something stands behind its object"},
		{"jsonl: the mark in a list", "items.jsonl", `{"id":"a","x":["b|c"]}`, `key "x": value "b|c" of a list holds |, which parts values`},
		{"jsonl: a key twice", "items.jsonl", `{"id":"a","x":1,"x":2}`, `key "x" stands twice`},
		{"jsonl: a key twice, spelled differently", "items.jsonl", `{"id":"a","\u0069d":"b"}`, `key "id" stands twice`},
		{"jsonl: keys that differ in blanks", "items.jsonl", `{"id":"a","x":1," x":2}`, `line 1: row 0: column "x" stands twice`},
		{"jsonl: NUL", "items.jsonl", `{"id":"a\u0000"}`, `column "id": byte 2 of the cell is NUL`},
		{"jsonl: half a pair", "items.jsonl", `{"id":"a\ud800"}`, `key "id": byte 9 of the line: invalid surrogate pair`},
		{"jsonl: not UTF-8", "items.jsonl", "{\"id\":\"\xff\"}", `key "id": byte 8 of the line: invalid UTF-8`},
		{"jsonl: not a number", "items.jsonl", `{"id":"a","x":NaN}`, `key "x": byte 15 of the line: invalid character 'N' at start of value`},
		{"jsonl: a comma too many", "items.jsonl", `{"id":"a",}`, "line 1: row 0: byte 10 of the line: invalid character ','"},
		{"jsonl: too many keys", "items.jsonl", `{"` + wide(`":1,"`) + `":1}`, `key "c4096": there are more than the 4096 columns allowed`},
		{"jsonl: a cell too long", "items.jsonl", `{"id":"` + long + `"}`, `column "id": a cell of 1048577 bytes is longer`},
		{"jsonl: deep", "items.jsonl", `{"id":` + strings.Repeat("[", 1<<16) + `}`, "exceeded max depth"},
		{"jsonl: an object that does not end", "items.jsonl", `{"id":"a","x":{"y":1`, "line 1: row 0: key \"x\": the line ends within its object"},
		{"jsonl: a list of numbers that does not end", "items.jsonl", `{"id":"a","x":[1,2`, "line 1: row 0: key \"x\": the line ends within its object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, rows, _, err := readAll(tt.file, file(t, tt.text))
			if err == nil {
				t.Fatalf("it was read: %d rows", len(rows))
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %.300v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	names := Names("items")
	for _, name := range names {
		if !Known(name) {
			t.Errorf("%s is no name of a table", name)
		}
	}
	for name, want := range map[string]bool{"items.csv": true, "items.parquet": true, "items.tsv.zst": true, "items.parquet.gz": false, "items.txt": false, "items.gz": false, "items": false} {
		if slices.Contains(names, name) != want || Known(name) != want {
			t.Errorf("%s: %v, %v, want %v", name, slices.Contains(names, name), Known(name), want)
		}
	}
}

// fuzz reads a table, and checks the properties of every table.
func fuzz(t *testing.T, name string, text []byte) {
	columns, rows, _, err := readAll(name, file(t, string(text)))
	if err != nil {
		if errors.Is(err, io.EOF) {
			t.Errorf("the error is the end of the file: %v", err)
		}
		return
	}
	for r, cells := range rows {
		if len(cells) > len(columns) {
			t.Errorf("row %d has %d cells in %d columns", r, len(cells), len(columns))
		}
		for _, c := range cells {
			if err := checkCell(c); err != nil {
				t.Errorf("row %d: %v", r, err)
			}
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("\ufeffid,image,category\na,a.jpg,x|y\nb,\"b\n\"\"\",\n"))
	f.Add([]byte("id;x\n"))
	f.Add([]byte("id,x\r\n\xff,\x00\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "items.csv", b) })
}

func FuzzTSV(f *testing.F) {
	f.Add([]byte("id\timage\na\t\"a\"\r\n\nb\t"))
	f.Add([]byte("id\n\xe2\x82\n"))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "items.tsv", b) })
}

func FuzzJSONLines(f *testing.F) {
	f.Add([]byte(`{"id":"a","n":1.5e3,"t":true,"u":null,"l":["x","y"]}` + "\n" + `{"late":"\u00e9\ud83d\ude00","id":2}`))
	f.Add([]byte(`{"id":{}}`))
	f.Add([]byte("[1]\n{\"id\":[[]]}"))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "items.jsonl", b) })
}

func FuzzPacked(f *testing.F) {
	f.Add([]byte(gz(f, "id\nx\n")), true)
	f.Add([]byte(zst(f, "id\nx\n")), false)
	f.Fuzz(func(t *testing.T, b []byte, gzip bool) {
		name := "items.csv.zst"
		if gzip {
			name = "items.csv.gz"
		}
		fuzz(t, name, b)
	})
}
