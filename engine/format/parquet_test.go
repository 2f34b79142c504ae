package format

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	parquetgo "github.com/parquet-go/parquet-go"
)

// parquetFile returns a file of some columns, in row groups of so many rows. Each
// group is made by itself: arrow-go 18.8.0 writes a slice of a column of lists of fixed
// size from the column's beginning.
func parquetFile(t testing.TB, fields []field, group int, options ...parquet.WriterProperty) []byte {
	t.Helper()
	var columns []arrow.Field
	for _, f := range fields {
		columns = append(columns, arrow.Field{Name: f.name, Type: f.typ, Nullable: true})
	}
	schema := arrow.NewSchema(columns, nil)
	rows := len(fields[0].rows)
	var groups []arrow.RecordBatch
	for at := 0; at < max(rows, 1); at += group {
		var arrays []arrow.Array
		n := min(group, rows-at)
		for _, f := range fields {
			a, _, err := array.FromJSON(memory.DefaultAllocator, f.typ, strings.NewReader("["+strings.Join(f.rows[at:at+n], ",")+"]"))
			if err != nil {
				t.Fatalf("%s: %v", f.name, err)
			}
			arrays = append(arrays, a)
		}
		groups = append(groups, array.NewRecordBatch(schema, arrays, int64(n)))
	}
	var b bytes.Buffer
	if err := pqarrow.WriteTable(array.NewTableFromRecords(schema, groups), &b, int64(group), parquet.NewWriterProperties(options...), pqarrow.DefaultWriterProps()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// parquetColumns are arrowColumns without what Parquet does not have.
func parquetColumns(rows, dim int) []field {
	var fields []field
	for _, f := range arrowColumns(rows, dim) {
		if f.name != "none" {
			fields = append(fields, f)
		}
	}
	return fields
}

// Files of arrow-go's writer: pages of both versions, small and large, with
// dictionaries and without, in one row group and several.
func TestReadParquet(t *testing.T) {
	const rows, dim = 1100, 3
	fields := parquetColumns(rows, dim)
	for name, options := range map[string][]parquet.WriterProperty{
		"plain":     {parquet.WithDictionaryDefault(false)},
		"coded":     {parquet.WithCompression(compress.Codecs.Snappy)},
		"version 2": {parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Zstd)},
		"pages":     {parquet.WithDataPageSize(200), parquet.WithBatchSize(64), parquet.WithCompression(compress.Codecs.Gzip)},
		"delta":     {parquet.WithDictionaryDefault(false), parquet.WithEncoding(parquet.Encodings.DeltaBinaryPacked)},
		"split":     {parquet.WithDictionaryDefault(false), parquet.WithEncoding(parquet.Encodings.ByteStreamSplit)},
	} {
		fields := fields
		if name == "delta" || name == "split" {
			fields = nil
			for _, f := range parquetColumns(rows, dim) {
				_, elem, _ := strings.Cut(f.name, " ")
				if number := arrowTypes[elem].typ; strings.HasPrefix(f.name, "list") && (name == "delta") == (number == Int32 || number == Int8 || number == Uint8) && number != Float16 {
					fields = append(fields, f)
				}
			}
		}
		for _, group := range []int{rows, 700, 256} {
			b := parquetFile(t, fields, group, options...)
			arrays, err := read(t, "x.parquet", b)
			if err != nil {
				t.Fatalf("%s, %d: %v", name, group, err)
			}
			if len(fields) > 10 {
				checkArrow(t, fmt.Sprint(name, " ", group), arrays, b, rows, dim, false)
				continue
			}
			if len(arrays) != len(fields) {
				t.Errorf("%s: %+v", name, arrays)
			}
			for _, a := range arrays {
				if a.Rows != rows || a.Dim != dim || !bytes.Equal(elements(t, a, b), encode(a.Type, ramp(rows*dim))) {
					t.Errorf("%s, %d: %+v", name, group, a)
				}
			}
		}
	}
}

// Files of parquet-go, with which Strata writes: lists of three levels and of one,
// and arrays.
func TestReadParquetOfParquetGo(t *testing.T) {
	type row struct {
		ID     string    `parquet:"id"`
		List   []float32 `parquet:"list,list"`
		Bare   []float64 `parquet:"bare"`
		Fixed  [8]byte   `parquet:"fixed"`
		Number float32   `parquet:"number"`
		UUID   [16]byte  `parquet:"uuid,uuid"`
	}
	var b bytes.Buffer
	w := parquetgo.NewGenericWriter[row](&b)
	want := map[string][]byte{}
	for i := range 300 {
		r := row{ID: fmt.Sprint(i), List: []float32{float32(i), 1}, Bare: []float64{float64(i), 2, 3}, Fixed: [8]byte{byte(i), 7}}
		want["list"] = append(want["list"], encode(Float32, []float64{float64(i), 1})...)
		want["bare"] = append(want["bare"], encode(Float64, r.Bare)...)
		want["fixed"] = append(want["fixed"], r.Fixed[:]...)
		if _, err := w.Write([]row{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	arrays, err := read(t, "x.parquet", b.Bytes())
	if err != nil || len(arrays) != len(want) {
		t.Fatalf("%+v, %v", arrays, err)
	}
	for _, a := range arrays {
		if a.Opaque {
			if a, err = a.As(Uint8); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(elements(t, a, b.Bytes()), want[a.Name]) {
			t.Errorf("%+v", a)
		}
	}
}

// thriftFile returns a Parquet file that is a footer.
func thriftFile(footer ...byte) []byte {
	b := append([]byte("PAR1"), footer...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(footer)))
	return append(b, "PAR1"...)
}

func TestReadParquetErrors(t *testing.T) {
	list := arrow.ListOf(arrow.PrimitiveTypes.Float32)
	one := func(typ arrow.DataType, rows ...string) []byte {
		return parquetFile(t, []field{{"v", typ, rows}}, 2)
	}
	good := one(list, "[1,2]", "[3,4]", "[5,6]")
	tail := len(good) - 8
	damaged := parquetFile(t, []field{{"v", list, jsonRows(500, 2)}}, 500, parquet.WithCompression(compress.Codecs.Zstd), parquet.WithDictionaryDefault(false))
	copy(damaged[200:], bytes.Repeat([]byte{255}, 100))
	encrypted := append(bytes.Clone(good[:len(good)-4]), "PARE"...)
	checkBad(t, []bad{
		{"empty", "x.parquet", nil, "0 bytes are too few for a Parquet file"},
		{"text", "x.parquet", []byte("id,image,category\n1,a.jpg,shoe\n"), `not a Parquet file: it begins with "id,i"`},
		{"truncated", "x.parquet", good[:len(good)-1], "it does not end as a Parquet file does"},
		{"encrypted", "x.parquet", encrypted, "it is encrypted"},
		{"a long footer", "x.parquet", with(good, tail, math.MaxUint32), "a footer of 4294967295 bytes is longer than the 16777216 allowed"},
		{"a footer longer than the file", "x.parquet", with(good, tail, 1<<20), "a footer of 1048576 bytes does not fit"},
		{"a list that promises a million", "x.parquet", thriftFile(0x15, 2, 0x19, 0xfc, 0xc0, 0x84, 0x3d, 0), "its footer is damaged"},
		{"a text that promises a million", "x.parquet", thriftFile(0x18, 0xc0, 0x84, 0x3d, 0), "its footer is damaged"},
		{"a footer that does not end", "x.parquet", thriftFile(0x15), "its footer is damaged"},
		{"a footer too deep", "x.parquet", thriftFile(bytes.Repeat([]byte{0x1c}, 100)...), "its footer is damaged"},
		{"an empty footer", "x.parquet", thriftFile(0), "its footer is damaged: missing required field"},
		{"damaged pages", "x.parquet", damaged, "row group 0: "},
		{"null", "x.parquet", one(list, "[1,2]", "[3,4]", "null"), "row 2 is null, empty, or has a null value"},
		{"an empty row", "x.parquet", one(list, "[1,2]", "[]", "[3,4]"), "row 1 is null, empty, or has a null value"},
		{"a hole", "x.parquet", one(list, "[1,2]", "[3,null]"), "row 1 is null, empty, or has a null value"},
		{"all null", "x.parquet", one(list, "null", "null"), "row 0 is null, empty, or has a null value"},
		{"ragged", "x.parquet", one(list, "[1,2]", "[3,4]", "[5]"), "row 2 has 1 elements, not 2, as row 0 has"},
		{"ragged, and longer", "x.parquet", one(list, "[1,2]", "[3,4]", "[5,6,7]"), "row 2 has more than 2 elements, as row 0 has"},
		{"ragged with the right sum", "x.parquet", one(list, "[1,2]", "[3,4,5]", "[6]"), "row 1 has more than 2 elements, as row 0 has"},
		{"ragged from the first", "x.parquet", testdata(t, "equal.parquet"), "row 0 has 2 elements, not 3, which rows have on average"},
		{"ragged, of DuckDB", "x.parquet", testdata(t, "ragged.parquet"), "row 3 has 3 elements, not 4, as row 0 has"},
		{"null, of DuckDB", "x.parquet", testdata(t, "null.parquet"), "row 3 is null, empty, or has a null value"},
		{"a hole, of DuckDB", "x.parquet", testdata(t, "hole.parquet"), "row 0 is null, empty, or has a null value"},
		{"lists of texts", "x.parquet", one(arrow.ListOf(arrow.BinaryTypes.String), `["a"]`), "a column of lists, but not of float16"},
		{"lists of lists", "x.parquet", one(arrow.ListOf(list), `[[1]]`), "a column of lists, but not of float16"},
		{"lists of dates", "x.parquet", one(arrow.ListOf(arrow.FixedWidthTypes.Date32), `[1]`), "a column of lists, but not of float16"},
		{"lists of unsigned integers", "x.parquet", one(arrow.ListOf(arrow.PrimitiveTypes.Uint32), `[1]`), "a column of lists, but not of float16"},
		{"an empty first row of bytes", "x.parquet", one(arrow.BinaryTypes.Binary, `""`, `"AAAA"`), "row 0 is null or empty"},
		{"no rows", "x.parquet", parquetFile(t, []field{{"v", list, nil}}, 1), "it has no rows"},
		{"too many features", "x.parquet", one(list, "["+strings.Repeat("1,", MaxDim)+"1]"), "1048577 features are more than the 1048576"},
	})
}

// Rows of bytes that differ in length, or are null, are errors of the Stream.
func TestParquetBytes(t *testing.T) {
	for _, tt := range []struct{ row, want string }{
		{`"AAAAAA=="`, "row 4 has 4 bytes, and 3 were promised"},
		{"null", "row 4 is null, empty, or has a null value"},
	} {
		b := parquetFile(t, []field{{"v", arrow.BinaryTypes.Binary, []string{`"AAAA"`, `"AAAA"`, `"AAAA"`, `"AAAA"`, tt.row, `"AAAA"`}}}, 3)
		arrays, err := read(t, "x.parquet", b)
		if err != nil {
			t.Fatal(err)
		}
		a, err := arrays[0].As(Int8)
		if err != nil || a.Dim != 3 {
			t.Fatalf("%+v, %v", a, err)
		}
		if _, err := stream(t.Context(), a); err == nil || err.Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestParquetCancelled(t *testing.T) {
	b := testdata(t, "duckdb-v2.parquet")
	ctx, cancel := context.WithCancel(t.Context())
	arrays, err := Read(ctx, "x.parquet", bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := stream(ctx, arrays[0]); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Read(ctx, "x.parquet", bytes.NewReader(b), int64(len(b))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzParquet(f *testing.F) {
	f.Add(testdata(f, "duckdb-v2.parquet"))
	f.Add(testdata(f, "polars-snappy.parquet"))
	f.Add(testdata(f, "ragged.parquet"))
	f.Add(thriftFile(0x15, 2, 0x19, 0xfc, 0xc0, 0x84, 0x3d, 0))
	f.Fuzz(func(t *testing.T, b []byte) { checkFuzzed(t, "x.parquet", b) })
}
