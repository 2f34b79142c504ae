package format

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrowGo returns a file of arrow-go's writers, by its name in testdata/arrow-go.zip.
// testdata/arrowgo makes the files.
func arrowGo(t testing.TB, name string) []byte {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join("testdata", "arrow-go.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	b, err := fs.ReadFile(z, name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var arrowTypes = map[string]Type{"f32": Float32, "f16": Float16, "f64": Float64, "i8": Int8, "u8": Uint8, "i32": Int32}

// Files with a column of each kind: one batch and several, compressed and not.
func TestReadArrow(t *testing.T) {
	const rows, dim = 11, 3
	for _, batches := range []string{"[11]", "[4 7]", "[0 1 9 0 1]"} {
		for _, codec := range []string{"plain", "lz4", "zstd"} {
			name := batches + " " + codec
			b := arrowGo(t, "arrow/"+name)
			arrays, err := read(t, "x.arrow", b)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			checkArrow(t, name, arrays, b, rows, dim, codec == "plain" && batches == "[11]")
		}
	}
}

func checkArrow(t *testing.T, name string, arrays []Array, b []byte, rows, dim int, mapped bool) {
	t.Helper()
	seen := 0
	for _, a := range arrays {
		kind, elem, _ := strings.Cut(a.Name, " ")
		typ, number := arrowTypes[elem]
		switch {
		case a.Name == "tags" || a.Name == "longs":
			if a.Why != "a column of lists, but not of float16, float32, float64, int8, uint8 or int32" {
				t.Errorf("%s: %+v", name, a)
			}
		case strings.HasSuffix(a.Name, "bytes"):
			seen++
			if !a.Opaque || a.Why != "rows of 8 bytes, and the file does not say of what: give their type in gallery.yaml" {
				t.Errorf("%s: %+v", name, a)
			}
			a, err := a.As(Float32)
			if err != nil || a.Dim != 2 || a.Rows != int64(rows) || !bytes.Equal(elements(t, a, b), bytes.Repeat([]byte{0, 1, 2, 3, 4, 5, 6, 7}, rows)) {
				t.Errorf("%s: %+v, %v", name, a, err)
			}
		case number && (kind == "list" || kind == "large" || kind == "fixed"):
			seen++
			if a.Why != "" || a.Type != typ || a.Rows != int64(rows) || a.Dim != int64(dim) || (a.Stream == nil) != mapped {
				t.Errorf("%s: %+v", name, a)
			}
			if !bytes.Equal(elements(t, a, b), encode(typ, ramp(rows*dim))) {
				t.Errorf("%s: %s: other elements", name, a.Name)
			}
		default:
			t.Errorf("%s: %+v", name, a)
		}
	}
	if want := 3*len(arrowTypes) + 3; seen != want || len(arrays) != want+2 {
		t.Errorf("%s: %d columns of %d", name, seen, len(arrays))
	}
}

// Files of other writers. testdata/write.cjs makes them.
func TestReadTablesOfOthers(t *testing.T) {
	const lists = "a column of lists, but not of float16, float32, float64, int8, uint8 or int32"
	polars := []string{"v float32", "fixed float32", "f64 float64", "i32 int32", "i64 " + lists, "i8 int8"}
	duckdb := []string{
		"v float32", "fixed float32", "f64 float64", "i8 int8", "u8 uint8", "i32 int32",
		"raw rows of 4 bytes, and the file does not say of what: give their type in gallery.yaml",
		"picture rows of 1 bytes, and the file does not say of what: give their type in gallery.yaml", "tags " + lists,
	}
	for name, want := range map[string][]string{
		"polars-uncompressed.arrow": polars, "polars-lz4.arrow": polars, "polars-zstd.arrow": polars, "javascript.arrow": {"v float32"},
		"stream.arrow":                {"v float32"},
		"polars-uncompressed.parquet": polars, "polars-snappy.parquet": polars, "polars-gzip.parquet": polars, "polars-brotli.parquet": polars,
		"polars-zstd.parquet": polars, "polars-lz4raw.parquet": polars, "duckdb-zstd.parquet": duckdb, "duckdb-v2.parquet": duckdb,
	} {
		t.Run(name, func(t *testing.T) {
			b := testdata(t, name)
			arrays, err := read(t, name, b)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range arrays {
				if a.Why != "" {
					got = append(got, a.Name+" "+a.Why)
					continue
				}
				got = append(got, a.Name+" "+a.Type.String())
				numbers := ramp(12)
				for i := range numbers {
					if a.Name != "u8" {
						numbers[i] -= 5
					}
				}
				if a.Rows != 3 || a.Dim != 4 || !bytes.Equal(elements(t, a, b), encode(a.Type, numbers)) {
					t.Errorf("%+v", a)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if mapped := slices.Contains([]string{"polars-uncompressed.arrow", "javascript.arrow", "stream.arrow"}, name); (arrays[0].Stream == nil) != mapped {
				t.Errorf("mapped: %v", !mapped)
			}
		})
	}
}

// arrowEdit changes a file. It knows where the metadata of the first batch lie.
type arrowEdit struct {
	b                     []byte
	block, message, batch int // tables, and the block in the footer
	meta                  int // where the message's buffer begins
}

// editArrow finds the places in a copy of a file.
func editArrow(t testing.TB, file []byte) arrowEdit {
	t.Helper()
	e := arrowEdit{b: bytes.Clone(file)}
	tail := len(file) - 10
	footer := tail - int(binary.LittleEndian.Uint32(file[tail:]))
	f := &flat{b: file[footer:tail]}
	at, n := f.vector(f.follow(0), 3, 24)
	if n == 0 || f.bad {
		t.Fatal("no batches")
	}
	e.block = footer + at
	e.meta = int(binary.LittleEndian.Uint64(file[e.block:])) + 8
	m := &flat{b: file[e.meta:]}
	e.message = m.follow(0)
	e.batch = m.table(e.message, 2)
	return e
}

// field returns the file with v, of size bytes, in field i of the batch.
func (e arrowEdit) field(i, size int, v uint64) []byte {
	m := &flat{b: e.b[e.meta:]}
	return e.put(e.meta+m.field(e.batch, i), size, v)
}

// element returns the file with an int64 in element k of the pairs in field i.
func (e arrowEdit) element(i, k int, v uint64) []byte {
	m := &flat{b: e.b[e.meta:]}
	at, _ := m.vector(e.batch, i, 16)
	return e.put(e.meta+at+8*k, 8, v)
}

func (e arrowEdit) put(at, size int, v uint64) []byte {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	copy(e.b[at:], b[:size])
	return e.b
}

func TestReadArrowErrors(t *testing.T) {
	file := func(name string) []byte { return arrowGo(t, "arrow/"+name) }
	good := file("good")
	edit := func() arrowEdit { return editArrow(t, good) }
	packed := file("packed")
	data := editArrow(t, packed) // its last buffer: a length, then zstd
	m := &flat{b: packed[data.meta:]}
	buffers := pairs(m, data.batch, 2)
	body := int(binary.LittleEndian.Uint64(packed[data.block:])) + int(binary.LittleEndian.Uint32(packed[data.block+8:]))
	at := body + int(buffers[len(buffers)-1][0])
	damaged := bytes.Clone(packed)
	damaged[at+12] ^= 255
	longer := editArrow(t, with(packed, at, 8000))
	longer.field(0, 8, 1000)
	longer.element(1, 0, 1000)
	longer.element(1, 2, 2000)
	tail := len(good) - 10
	stream := testdata(t, "stream.arrow")
	checkBad(t, []bad{
		{"empty", "x.arrow", nil, "0 bytes are too few for an Arrow file"},
		{"text", "x.feather", []byte("id,image,category\n1,a.jpg,shoe\n"), `not an Arrow file: it begins with "id,ima"`},
		{"Feather 1", "x.feather", []byte("FEA1....................FEA1"), "it is Feather version 1; write version 2"},
		{"a stream cut short", "x.arrow", stream[:len(stream)-100], "do not fit in the file's"},
		{"a stream cut within a length", "x.arrow", append(bytes.Clone(stream[:len(stream)-8]), 0xff, 0xff, 0xff), "does not fit in the file's"},
		{"a stream without a schema", "x.arrow", append([]byte{255, 255, 255, 255}, make([]byte, 20)...), "its metadata have no columns"},
		{"a stream of rubbish", "x.arrow", append([]byte{255, 255, 255, 255, 8}, make([]byte, 20)...), "message 0, at byte 0: "},
		{"a stream that goes on otherwise", "x.arrow", append(bytes.Clone(stream[:len(stream)-8]), "rubbish, and more"...), "it does not begin as a message does"},
		{"truncated", "x.arrow", good[:len(good)-3], "it does not end as an Arrow file does"},
		{"a long footer", "x.arrow", with(good, tail, math.MaxInt32), "a footer of 2147483647 bytes is longer than the 16777216 allowed"},
		{"a footer longer than the file", "x.arrow", with(good, tail, 1<<20), "a footer of 1048576 bytes does not fit in the file's"},
		{"a negative footer", "x.arrow", with(good, tail, math.MaxUint32), "a footer of -1 bytes does not fit"},
		{"a footer of rubbish", "x.arrow", with(good, tail-int(binary.LittleEndian.Uint32(good[tail:])), 1<<30), "its metadata are damaged"},
		{"a batch beyond the end", "x.arrow", edit().put(edit().block, 8, 1<<50), "batch 0: "},
		{"a batch longer than the file", "x.arrow", edit().put(edit().block+16, 8, 1<<50), "192+1125899906842624 bytes at byte 184 do not fit in the file's 634"},
		{"metadata of no batch", "x.arrow", edit().put(edit().block, 8, 8), "its metadata are"},
		{"rows that no file has", "x.arrow", edit().field(0, 8, 1<<60), "it has 1152921504606846976 rows: no file is that large"},
		{"negative rows", "x.arrow", edit().field(0, 8, math.MaxUint64), "it has -1 rows"},
		{"other rows than its column", "x.arrow", edit().element(1, 0, 3), `"v": batch 0: the column has 3 rows, the batch 2`},
		{"fewer elements than its rows", "x.arrow", edit().element(1, 2, 3), "2 rows of 2 need 4 elements, the column has 3"},
		{"nulls that are not there", "x.arrow", editArrow(t, file("hidden nulls")).element(1, 1, 1), "its bitmap of 1 rows has 0 bytes"},
		{"a buffer beyond the batch", "x.arrow", edit().element(2, 6, 1<<40), "does not fit in the batch's"},
		{"a buffer that is too short", "x.arrow", edit().element(2, 7, 8), "2 rows of 2 float32 need 4 elements from element 0, the column has 8 bytes"},
		{"a hole", "x.arrow", file("a hole"), "row 1 has no value at 1: it is null"},
		{"a hole of fixed size", "x.arrow", file("a hole of fixed size"), "row 0 has no value at 0: it is null"},
		{"ragged", "x.arrow", file("ragged"), "row 2 has 1 elements, row 0 has 2"},
		{"ragged in another batch", "x.arrow", file("ragged in another batch"), "row 2 has 3 elements, row 0 has 2"},
		{"bytes of two lengths", "x.arrow", file("bytes of two lengths"), "row 1 has 4 elements, row 0 has 3"},
		{"no rows", "x.arrow", file("no rows"), "it has no rows"},
		{"lists of lists", "x.arrow", file("lists of lists"), "a column of lists, but not of float16"},
		{"too many features", "x.arrow", file("too many features"), "1048577 features are more than the 1048576"},
		{"more rows than unpack", "x.arrow", longer.b, "the batch of row 0 ends 7200 bytes before the end of its rows"},
		{"unpacked too short", "x.arrow", with(packed, at, 8), "100 rows of 2 float32 need 200 elements from element 0, the column has 8 bytes"},
		{"damaged zstd", "x.arrow", damaged, "reserved bit set on frame header"},
		{"an unknown codec", "x.arrow", unknownCodec(t, packed), "its compression, number 7, is neither LZ4 nor zstd"},
	})
}

// unknownCodec returns a file with compression 7.
func unknownCodec(t *testing.T, file []byte) []byte {
	e := editArrow(t, file)
	m := &flat{b: e.b[e.meta:]}
	table := m.table(e.batch, 3)
	at := m.field(table, 0)
	if at == 0 {
		t.Fatal("the codec is the default")
	}
	e.b[e.meta+at] = 7
	return e.b
}

func TestArrowShape(t *testing.T) {
	for _, width := range []int32{0, -5} {
		f := arrowField{kind: arrowFixedList, width: width, children: []arrowField{{kind: arrowFloat, width: 1}}}
		if s, ok := f.shape(); !ok || s.why != fmt.Sprintf("rows have %d elements", width) {
			t.Errorf("%+v, %v", s, ok)
		}
	}
	f := arrowField{kind: arrowBinaryView}
	if s, ok := f.shape(); !ok || !strings.HasPrefix(s.why, "a column of views") {
		t.Errorf("%+v, %v", s, ok)
	}
	f = arrowField{kind: arrowList, coded: true, children: []arrowField{{kind: arrowFloat}}}
	if s, ok := f.shape(); ok {
		t.Errorf("%+v", s)
	}
}

func TestArrowCancelled(t *testing.T) {
	b := arrowGo(t, "arrow/two batches")
	ctx, cancel := context.WithCancel(t.Context())
	arrays, err := Read(ctx, "x.arrow", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := stream(ctx, arrays[0]); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Read(ctx, "x.arrow", bytes.NewReader(b), int64(len(b))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzArrow(f *testing.F) {
	f.Add(testdata(f, "javascript.arrow"))
	f.Add(testdata(f, "polars-lz4.arrow"))
	f.Add(testdata(f, "stream.arrow"))
	f.Add(arrowGo(f, "arrow/fuzz zstd"))
	f.Add(arrowGo(f, "arrow/fuzz null"))
	f.Fuzz(func(t *testing.T, b []byte) { checkFuzzed(t, "x.arrow", b) })
}
