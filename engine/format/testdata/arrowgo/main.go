// Arrowgo writes arrow-go.zip, the files of arrow-go's writers that the tests of
// package format read, named by test and case:
//
//	cd engine/format/testdata/arrowgo && go run . ../arrow-go.zip
//
// It is a module of its own, so that neither the program nor its tests are built with
// arrow-go, which takes longer to build than all the rest.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: arrowgo FILE.zip")
	}
	var out bytes.Buffer
	w := &writer{z: zip.NewWriter(&out)}
	w.z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	w.arrow()
	w.parquet()
	w.check(w.z.Close())
	w.check(os.WriteFile(os.Args[1], out.Bytes(), 0o666))
}

type writer struct{ z *zip.Writer }

func (w *writer) check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func (w *writer) add(name string, b []byte) {
	f, err := w.z.Create(name)
	w.check(err)
	_, err = f.Write(b)
	w.check(err)
}

// field is a column, a row a JSON value.
type field struct {
	name string
	typ  arrow.DataType
	rows []string
}

// ramp returns 0, 1, 2, …, 100, 0, 1, … as rows of dim.
func ramp(rows, dim int) []string {
	out := make([]string, rows)
	for row := range out {
		var cells []string
		for i := range dim {
			cells = append(cells, fmt.Sprint((row*dim+i)%101))
		}
		out[row] = "[" + strings.Join(cells, ",") + "]"
	}
	return out
}

var elements = []struct {
	name string
	typ  arrow.DataType
}{
	{"f32", arrow.PrimitiveTypes.Float32}, {"f16", arrow.FixedWidthTypes.Float16}, {"f64", arrow.PrimitiveTypes.Float64},
	{"i8", arrow.PrimitiveTypes.Int8}, {"u8", arrow.PrimitiveTypes.Uint8}, {"i32", arrow.PrimitiveTypes.Int32},
}

var (
	list  = arrow.ListOf(arrow.PrimitiveTypes.Float32)
	fixed = arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float32)
)

// columns returns a column of each kind, with columns of other layouts between them
// whose parts must be passed over.
func columns(rows, dim int) []field {
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
	for _, e := range elements {
		fields = append(fields,
			field{"list " + e.name, arrow.ListOf(e.typ), ramp(rows, dim)},
			field{"large " + e.name, arrow.LargeListOf(e.typ), ramp(rows, dim)},
			field{"fixed " + e.name, arrow.FixedSizeListOf(int32(dim), e.typ), ramp(rows, dim)},
		)
	}
	eight := slices.Repeat([]string{`"AAECAwQFBgc="`}, rows)
	return append(fields,
		field{"bytes", arrow.BinaryTypes.Binary, eight},
		field{"large bytes", arrow.BinaryTypes.LargeBinary, eight},
		field{"fixed bytes", &arrow.FixedSizeBinaryType{ByteWidth: 8}, eight},
	)
}

// long is a row of more features than a layer may have.
func long() string { return "[" + strings.Repeat("1,", 1<<20) + "1]" }

// arrow writes the Arrow files.
func (w *writer) arrow() {
	for _, batches := range [][]int{{11}, {4, 7}, {0, 1, 9, 0, 1}} {
		w.arrowFile(fmt.Sprint(batches, " plain"), columns(11, 3), batches)
		w.arrowFile(fmt.Sprint(batches, " lz4"), columns(11, 3), batches, ipc.WithLZ4())
		w.arrowFile(fmt.Sprint(batches, " zstd"), columns(11, 3), batches, ipc.WithZstd())
	}
	one := func(name string, typ arrow.DataType, rows ...string) {
		w.arrowFile(name, []field{{"v", typ, rows}}, []int{len(rows)})
	}
	one("good", list, "[1,2]", "[3,4]")
	w.arrowFile("packed", []field{{"v", fixed, ramp(100, 2)}}, []int{100}, ipc.WithZstd())
	w.arrowFile("hidden nulls", []field{{"v", fixed, []string{"[1,2]", "null"}}}, []int{1})
	one("null", list, "[1,2]", "null")
	one("null of fixed size", fixed, "null", "[1,2]")
	one("a hole", list, "[1,2]", "[3,null]")
	one("a hole of fixed size", fixed, "[null,2]", "[3,4]")
	one("ragged", list, "[1,2]", "[3,4]", "[5]")
	w.arrowFile("ragged in another batch", []field{{"v", list, []string{"[1,2]", "[3,4]", "[5,6,7]"}}}, []int{2, 1}, ipc.WithLZ4())
	w.arrowFile("null in another batch", []field{{"v", list, []string{"[1,2]", "[3,4]", "null"}}}, []int{2, 1})
	one("an empty row", list, "[1,2]", "[]")
	one("an empty first row", list, "[]", "[1,2]")
	one("bytes of two lengths", arrow.BinaryTypes.Binary, `"AAAA"`, `"AAAAAA=="`)
	w.arrowFile("no rows", []field{{"v", list, []string{"[1]"}}}, nil)
	one("lists of lists", arrow.FixedSizeListOf(1, fixed), "[[1,2]]")
	one("too many features", list, long())
	w.arrowFile("two batches", []field{{"v", list, ramp(5, 2)}}, []int{2, 3})
	w.arrowFile("fuzz zstd", []field{{"v", list, ramp(5, 2)}, {"b", arrow.BinaryTypes.Binary, slices.Repeat([]string{`"AAAA"`}, 5)}}, []int{2, 3}, ipc.WithZstd())
	w.arrowFile("fuzz null", []field{{"v", arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float64), []string{"[1,2]", "[3,null]"}}}, []int{2})
}

// arrowFile writes columns in batches of as many rows as there are in each.
func (w *writer) arrowFile(name string, fields []field, batches []int, options ...ipc.Option) {
	var schema []arrow.Field
	var arrays []arrow.Array
	for _, f := range fields {
		schema, arrays = append(schema, arrow.Field{Name: f.name, Type: f.typ, Nullable: true}), append(arrays, w.array(f.typ, f.rows))
	}
	s := arrow.NewSchema(schema, nil)
	var b bytes.Buffer
	out, err := ipc.NewFileWriter(&b, append(options, ipc.WithSchema(s))...)
	w.check(err)
	rows := array.NewRecordBatch(s, arrays, int64(len(fields[0].rows)))
	at := 0
	for _, n := range batches {
		w.check(out.Write(rows.NewSlice(int64(at), int64(at+n))))
		at += n
	}
	w.check(out.Close())
	w.add("arrow/"+name, b.Bytes())
}

func (w *writer) array(typ arrow.DataType, rows []string) arrow.Array {
	a, _, err := array.FromJSON(memory.DefaultAllocator, typ, strings.NewReader("["+strings.Join(rows, ",")+"]"))
	w.check(err)
	return a
}

// parquet writes the Parquet files: pages of both versions, small and large, with
// dictionaries and without, in one row group and several.
func (w *writer) parquet() {
	const rows, dim = 1100, 3
	all := slices.DeleteFunc(columns(rows, dim), func(f field) bool { return f.name == "none" }) // Parquet has no such column
	numbers := func(kinds ...string) []field {
		return slices.DeleteFunc(slices.Clone(all), func(f field) bool {
			kind, element, _ := strings.Cut(f.name, " ")
			return kind != "list" || !slices.Contains(kinds, element)
		})
	}
	plain := parquet.WithDictionaryDefault(false)
	for _, group := range []int{rows, 700, 256} {
		for _, file := range []struct {
			name    string
			fields  []field
			options []parquet.WriterProperty
		}{
			{"plain", all, []parquet.WriterProperty{plain}},
			{"coded", all, []parquet.WriterProperty{parquet.WithCompression(compress.Codecs.Snappy)}},
			{"version 2", all, []parquet.WriterProperty{parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Zstd)}},
			{"pages", all, []parquet.WriterProperty{parquet.WithDataPageSize(200), parquet.WithBatchSize(64), parquet.WithCompression(compress.Codecs.Gzip)}},
			{"delta", numbers("i8", "u8", "i32"), []parquet.WriterProperty{plain, parquet.WithEncoding(parquet.Encodings.DeltaBinaryPacked)}},
			{"split", numbers("f32", "f64"), []parquet.WriterProperty{plain, parquet.WithEncoding(parquet.Encodings.ByteStreamSplit)}},
		} {
			w.parquetFile(fmt.Sprint(file.name, " ", group), file.fields, group, file.options...)
		}
	}
	eight := []field{{"bytes", arrow.BinaryTypes.Binary, []string{`"AAEC"`, `"AAED"`, `"AQED"`, `"AQEE"`}}}
	w.parquetFile("bytes delta lengths", eight, 3, plain, parquet.WithEncoding(parquet.Encodings.DeltaLengthByteArray))
	w.parquetFile("bytes delta", eight, 3, plain, parquet.WithEncoding(parquet.Encodings.DeltaByteArray))

	one := func(name string, typ arrow.DataType, rows ...string) {
		w.parquetFile(name, []field{{"v", typ, rows}}, 2)
	}
	one("good", list, "[1,2]", "[3,4]", "[5,6]")
	w.parquetFile("long", []field{{"v", list, ramp(500, 2)}}, 500, parquet.WithCompression(compress.Codecs.Zstd), plain)
	one("null", list, "[1,2]", "[3,4]", "null")
	one("an empty row", list, "[1,2]", "[]", "[3,4]")
	one("a hole", list, "[1,2]", "[3,null]")
	one("all null", list, "null", "null")
	one("ragged", list, "[1,2]", "[3,4]", "[5]")
	one("ragged, and longer", list, "[1,2]", "[3,4]", "[5,6,7]")
	one("ragged with the right sum", list, "[1,2]", "[3,4,5]", "[6]")
	one("lists of texts", arrow.ListOf(arrow.BinaryTypes.String), `["a"]`)
	one("lists of lists", arrow.ListOf(list), `[[1]]`)
	one("lists of dates", arrow.ListOf(arrow.FixedWidthTypes.Date32), `[1]`)
	one("lists of unsigned integers", arrow.ListOf(arrow.PrimitiveTypes.Uint32), `[1]`)
	one("an empty first row of bytes", arrow.BinaryTypes.Binary, `""`, `"AAAA"`)
	w.parquetFile("no rows", []field{{"v", list, nil}}, 1)
	one("too many features", list, long())
	for _, odd := range [][2]string{{"bytes of two lengths", `"AAAAAA=="`}, {"a null among bytes", "null"}} {
		w.parquetFile(odd[0], []field{{"v", arrow.BinaryTypes.Binary, []string{`"AAAA"`, `"AAAA"`, `"AAAA"`, `"AAAA"`, odd[1], `"AAAA"`}}}, 3)
	}
}

// parquetFile writes columns in row groups of so many rows. Each group is made by
// itself: arrow-go 18.8.0 writes a slice of a column of lists of fixed size from the
// column's beginning.
func (w *writer) parquetFile(name string, fields []field, group int, options ...parquet.WriterProperty) {
	var columns []arrow.Field
	for _, f := range fields {
		columns = append(columns, arrow.Field{Name: f.name, Type: f.typ, Nullable: true})
	}
	schema := arrow.NewSchema(columns, nil)
	rows := len(fields[0].rows)
	var groups []arrow.RecordBatch
	for at := 0; at < max(rows, 1); at += group {
		n := min(group, rows-at)
		var arrays []arrow.Array
		for _, f := range fields {
			arrays = append(arrays, w.array(f.typ, f.rows[at:at+n]))
		}
		groups = append(groups, array.NewRecordBatch(schema, arrays, int64(n)))
	}
	var b bytes.Buffer
	w.check(pqarrow.WriteTable(array.NewTableFromRecords(schema, groups), &b, int64(group), parquet.NewWriterProperties(options...), pqarrow.DefaultWriterProps()))
	w.add("parquet/"+name, b.Bytes())
}
