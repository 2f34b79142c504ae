package format

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"testing"

	parquetgo "github.com/parquet-go/parquet-go"
)

// Files of arrow-go's writer: pages of both versions, small and large, with
// dictionaries and without, in one row group and several.
func TestReadParquet(t *testing.T) {
	const rows, dim = 1100, 3
	for _, kind := range []string{"plain", "coded", "version 2", "pages", "delta", "split"} {
		for _, group := range []int{rows, 700, 256} {
			name := fmt.Sprint(kind, " ", group)
			b := arrowGo(t, "parquet/"+name)
			arrays, err := read(t, "x.parquet", b)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if want := map[string]int{"delta": 3, "split": 2}[kind]; want == 0 {
				checkArrow(t, name, arrays, b, rows, dim, false)
				continue
			} else if len(arrays) != want {
				t.Errorf("%s: %+v", name, arrays)
			}
			for _, a := range arrays {
				if a.Rows != rows || a.Dim != dim || !bytes.Equal(elements(t, a, b), encode(a.Type, ramp(rows*dim))) {
					t.Errorf("%s: %+v", name, a)
				}
			}
		}
	}
	for _, name := range []string{"bytes delta lengths", "bytes delta"} {
		b := arrowGo(t, "parquet/"+name)
		arrays, err := read(t, "x.parquet", b)
		if err != nil || len(arrays) != 1 {
			t.Fatalf("%s: %+v, %v", name, arrays, err)
		}
		a, err := arrays[0].As(Uint8)
		if err != nil || !bytes.Equal(elements(t, a, b), []byte{0, 1, 2, 0, 1, 3, 1, 1, 3, 1, 1, 4}) {
			t.Errorf("%s: %v, %v", name, elements(t, a, b), err)
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
	file := func(name string) []byte { return arrowGo(t, "parquet/"+name) }
	good := file("good")
	tail := len(good) - 8
	damaged := file("long")
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
		{"a hole", "x.parquet", file("a hole"), "row 1 has a value that is null"},
		{"all null", "x.parquet", file("all null"), "all its rows are null or empty"},
		{"ragged", "x.parquet", file("ragged"), "row 2 has 1 elements, not 2, as row 0 has"},
		{"ragged, and longer", "x.parquet", file("ragged, and longer"), "row 2 has more than 2 elements, as row 0 has"},
		{"ragged with the right sum", "x.parquet", file("ragged with the right sum"), "row 1 has more than 2 elements, as row 0 has"},
		{"ragged from the first", "x.parquet", testdata(t, "equal.parquet"), "row 0 has 2 elements, not 3, which rows have on average"},
		{"ragged, of DuckDB", "x.parquet", testdata(t, "ragged.parquet"), "row 3 has 3 elements, not 4, as row 0 has"},
		{"a hole, of DuckDB", "x.parquet", testdata(t, "hole.parquet"), "row 0 has a value that is null"},
		{"lists of texts", "x.parquet", file("lists of texts"), "a column of lists, but not of float16"},
		{"lists of lists", "x.parquet", file("lists of lists"), "a column of lists, but not of float16"},
		{"lists of dates", "x.parquet", file("lists of dates"), "a column of lists, but not of float16"},
		{"lists of unsigned integers", "x.parquet", file("lists of unsigned integers"), "a column of lists, but not of float16"},
		{"no rows", "x.parquet", file("no rows"), "it has no rows"},
		{"too many features", "x.parquet", file("too many features"), "1048577 features are more than the 1048576"},
	})
}

// Rows of bytes that differ in length are errors of the Stream.
func TestParquetBytes(t *testing.T) {
	for _, tt := range []struct{ file, want string }{
		{"bytes of two lengths", "row 4 has 4 bytes, and 3 were promised"},
	} {
		b := arrowGo(t, "parquet/"+tt.file)
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
