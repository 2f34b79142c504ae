package format

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// field is a column of a test's table, a row a JSON value.
type field struct {
	name string
	typ  arrow.DataType
	rows []string
}

// arrowFile returns a file of some columns, in batches of as many rows as there
// are in each.
func arrowFile(t testing.TB, fields []field, batches []int, options ...ipc.Option) []byte {
	t.Helper()
	var columns []arrow.Field
	var arrays []arrow.Array
	for _, f := range fields {
		a, _, err := array.FromJSON(memory.DefaultAllocator, f.typ, strings.NewReader("["+strings.Join(f.rows, ",")+"]"))
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		columns, arrays = append(columns, arrow.Field{Name: f.name, Type: f.typ, Nullable: true}), append(arrays, a)
	}
	schema := arrow.NewSchema(columns, nil)
	var b bytes.Buffer
	w, err := ipc.NewFileWriter(&b, append(options, ipc.WithSchema(schema))...)
	if err != nil {
		t.Fatal(err)
	}
	rows := array.NewRecordBatch(schema, arrays, int64(len(fields[0].rows)))
	at := 0
	for _, n := range batches {
		if err := w.Write(rows.NewSlice(int64(at), int64(at+n))); err != nil {
			t.Fatal(err)
		}
		at += n
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// jsonRows returns 0, 1, 2, … as rows of dim.
func jsonRows(rows, dim int) []string {
	out, all := make([]string, rows), ramp(rows*dim)
	for row := range out {
		out[row] = strings.ReplaceAll(fmt.Sprint(all[row*dim:(row+1)*dim]), " ", ",")
	}
	return out
}

var arrowTypes = map[string]struct {
	typ  Type
	elem arrow.DataType
}{
	"f32": {Float32, arrow.PrimitiveTypes.Float32}, "f16": {Float16, arrow.FixedWidthTypes.Float16}, "f64": {Float64, arrow.PrimitiveTypes.Float64},
	"i8": {Int8, arrow.PrimitiveTypes.Int8}, "u8": {Uint8, arrow.PrimitiveTypes.Uint8}, "i32": {Int32, arrow.PrimitiveTypes.Int32},
}

// arrowColumns returns a column of each kind, with columns of other layouts
// between them whose parts must be passed over.
func arrowColumns(rows, dim int) []field {
	scalar := func(format string) []string {
		out := make([]string, rows)
		for i := range out {
			out[i] = fmt.Sprintf(format, i)
		}
		return out
	}
	fields := []field{
		{"id", arrow.BinaryTypes.String, scalar(`"item %d"`)},
		{"none", arrow.Null, slices.Repeat([]string{"null"}, rows)},
		{"struct", arrow.StructOf(arrow.Field{Name: "a", Type: arrow.BinaryTypes.LargeString, Nullable: true}, arrow.Field{Name: "b", Type: arrow.FixedWidthTypes.Boolean}), scalar(`{"a": "%d", "b": true}`)},
		{"tags", arrow.ListOf(arrow.BinaryTypes.String), scalar(`["x", "y%d"]`)},
		{"word", &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, slices.Repeat([]string{`"w"`}, rows)},
		{"date", arrow.FixedWidthTypes.Date32, scalar("%d")},
		{"map", arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64), scalar(`[{"key": "k", "value": %d}]`)},
		{"count", arrow.PrimitiveTypes.Int64, scalar("%d")},
		{"longs", arrow.ListOf(arrow.PrimitiveTypes.Int64), scalar("[%d]")},
	}
	for name, typ := range arrowTypes {
		fields = append(
			fields,
			field{"list " + name, arrow.ListOf(typ.elem), jsonRows(rows, dim)},
			field{"large " + name, arrow.LargeListOf(typ.elem), jsonRows(rows, dim)},
			field{"fixed " + name, arrow.FixedSizeListOf(int32(dim), typ.elem), jsonRows(rows, dim)},
		)
	}
	return append(
		fields,
		field{"bytes", arrow.BinaryTypes.Binary, slices.Repeat([]string{`"AAECAwQFBgc="`}, rows)},
		field{"large bytes", arrow.BinaryTypes.LargeBinary, slices.Repeat([]string{`"AAECAwQFBgc="`}, rows)},
		field{"fixed bytes", &arrow.FixedSizeBinaryType{ByteWidth: 8}, slices.Repeat([]string{`"AAECAwQFBgc="`}, rows)},
	)
}

// Files of arrow-go's writer: one batch and several, compressed and not.
func TestReadArrow(t *testing.T) {
	const rows, dim = 11, 3
	fields := arrowColumns(rows, dim)
	for _, batches := range [][]int{{11}, {4, 7}, {0, 1, 9, 0, 1}} {
		for codec, options := range map[string][]ipc.Option{"plain": nil, "lz4": {ipc.WithLZ4()}, "zstd": {ipc.WithZstd()}} {
			name := fmt.Sprint(batches, " ", codec)
			b := arrowFile(t, fields, batches, options...)
			arrays, err := read(t, "x.arrow", b)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			checkArrow(t, name, arrays, b, rows, dim, codec == "plain" && len(batches) == 1)
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
			if a.Why != "" || a.Type != typ.typ || a.Rows != int64(rows) || a.Dim != int64(dim) || (a.Stream == nil) != mapped {
				t.Errorf("%s: %+v", name, a)
			}
			if !bytes.Equal(elements(t, a, b), encode(typ.typ, ramp(rows*dim))) {
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

// Files of other writers; testdata/write.cjs makes them.
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
			if mapped := name == "polars-uncompressed.arrow" || name == "javascript.arrow"; (arrays[0].Stream == nil) != mapped {
				t.Errorf("mapped: %v", !mapped)
			}
		})
	}
}

// arrowEdit changes a file: where in it the parts of its first batch's metadata lie.
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

// field returns the file with a number of so many bytes in field i of the batch.
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
	list := arrow.ListOf(arrow.PrimitiveTypes.Float32)
	fixed := arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32)
	one := func(typ arrow.DataType, rows ...string) []byte {
		return arrowFile(t, []field{{"v", typ, rows}}, []int{len(rows)})
	}
	good := one(list, "[1,2]", "[3,4]")
	edit := func() arrowEdit { return editArrow(t, good) }
	packed := arrowFile(t, []field{{"v", fixed, jsonRows(100, 2)}}, []int{100}, ipc.WithZstd())
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
	checkBad(t, []bad{
		{"empty", "x.arrow", nil, "0 bytes are too few for an Arrow file"},
		{"text", "x.feather", []byte("id,image,category\n1,a.jpg,shoe\n"), `not an Arrow file: it begins with "id,ima"`},
		{"Feather 1", "x.feather", []byte("FEA1....................FEA1"), "it is Feather version 1; write version 2"},
		{"a stream", "x.arrow", testdata(t, "stream.arrow"), "it is an Arrow stream; write an Arrow file, which has a footer"},
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
		{"nulls that are not there", "x.arrow", editArrow(t, arrowFile(t, []field{{"v", fixed, []string{"[1,2]", "null"}}}, []int{1})).element(1, 1, 1), "its bitmap of 1 values"},
		{"a buffer beyond the batch", "x.arrow", edit().element(2, 6, 1<<40), "does not fit in the batch's"},
		{"a buffer that is too short", "x.arrow", edit().element(2, 7, 8), "2 rows of 2 float32 need 16 bytes from byte 0, the column has 8"},
		{"null", "x.arrow", one(list, "[1,2]", "null"), "row 1 is null"},
		{"null of fixed size", "x.arrow", one(fixed, "null", "[1,2]"), "row 0 is null"},
		{"a hole", "x.arrow", one(list, "[1,2]", "[3,null]"), "row 1 has no value at 1: it is null"},
		{"a hole of fixed size", "x.arrow", one(fixed, "[null,2]", "[3,4]"), "row 0 has no value at 0: it is null"},
		{"ragged", "x.arrow", one(list, "[1,2]", "[3,4]", "[5]"), "row 2 has 1 elements, row 0 has 2"},
		{"ragged in another batch", "x.arrow", arrowFile(t, []field{{"v", list, []string{"[1,2]", "[3,4]", "[5,6,7]"}}}, []int{2, 1}, ipc.WithLZ4()), "row 2 has 3 elements, row 0 has 2"},
		{"null in another batch", "x.arrow", arrowFile(t, []field{{"v", list, []string{"[1,2]", "[3,4]", "null"}}}, []int{2, 1}), "row 2 is null"},
		{"an empty row", "x.arrow", one(list, "[1,2]", "[]"), "row 1 has 0 elements, row 0 has 2"},
		{"an empty first row", "x.arrow", one(list, "[]", "[1,2]"), "row 0 is empty"},
		{"bytes of two lengths", "x.arrow", one(arrow.BinaryTypes.Binary, `"AAAA"`, `"AAAAAA=="`), "row 1 has 4 elements, row 0 has 3"},
		{"no rows", "x.arrow", arrowFile(t, []field{{"v", list, []string{"[1]"}}}, nil), "it has no rows"},
		{"lists of lists", "x.arrow", one(arrow.FixedSizeListOf(1, fixed), "[[1,2]]"), "a column of lists, but not of float16"},
		{"too many features", "x.arrow", one(list, "["+strings.Repeat("1,", MaxDim)+"1]"), "1048577 features are more than the 1048576"},
		{"more rows than unpack", "x.arrow", longer.b, "the batch of row 0 ends 7200 bytes before the end of its rows"},
		{"unpacked too short", "x.arrow", with(packed, at, 8), "100 rows of 2 float32 need 800 bytes from byte 0, the column has 8"},
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
	b := arrowFile(t, []field{{"v", arrow.ListOf(arrow.PrimitiveTypes.Float32), jsonRows(5, 2)}}, []int{2, 3})
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
	f.Add(arrowFile(f, []field{
		{"v", arrow.ListOf(arrow.PrimitiveTypes.Float32), jsonRows(5, 2)}, {"b", arrow.BinaryTypes.Binary, slices.Repeat([]string{`"AAAA"`}, 5)},
	}, []int{2, 3}, ipc.WithZstd()))
	f.Add(arrowFile(f, []field{{"v", arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float64), []string{"[1,2]", "[3,null]"}}}, []int{2}))
	f.Fuzz(func(t *testing.T, b []byte) { checkFuzzed(t, "x.arrow", b) })
}
