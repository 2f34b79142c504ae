package format

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	parquetgo "github.com/parquet-go/parquet-go"
)

// TestNullRows: a row that is null or empty is zeros, and counted where the metadata say
// so; in files of arrow-go, of DuckDB and of parquet-go.
func TestNullRows(t *testing.T) {
	nan := math.NaN() // stands for a row without values
	for _, tt := range []struct {
		name, file string
		b          []byte
		null       int64
		rows       []float64 // two elements each
	}{
		{"Arrow", "x.arrow", arrowGo(t, "arrow/null"), 1, []float64{1, 2, nan, nan}},
		{"Arrow, of fixed size", "x.arrow", arrowGo(t, "arrow/null of fixed size"), 1, []float64{nan, nan, 1, 2}},
		{"Arrow, another batch", "x.arrow", arrowGo(t, "arrow/null in another batch"), 1, []float64{1, 2, 3, 4, nan, nan}},
		{"Arrow, empty", "x.arrow", arrowGo(t, "arrow/an empty row"), 1, []float64{1, 2, nan, nan}},
		{"Arrow, empty first", "x.arrow", arrowGo(t, "arrow/an empty first row"), 1, []float64{nan, nan, 1, 2}},
		{"Parquet", "x.parquet", arrowGo(t, "parquet/null"), 1, []float64{1, 2, 3, 4, nan, nan}},
		{"Parquet, empty", "x.parquet", arrowGo(t, "parquet/an empty row"), 1, []float64{1, 2, nan, nan, 3, 4}},
	} {
		arrays, err := read(t, tt.file, tt.b)
		if err != nil || len(arrays) != 1 || arrays[0].Why != "" {
			t.Errorf("%s: %+v, %v", tt.name, arrays, err)
			continue
		}
		a, want := arrays[0], make([]float64, len(tt.rows))
		for i, v := range tt.rows {
			if !math.IsNaN(v) {
				want[i] = v
			}
		}
		if a.Null != tt.null || a.Dim != 2 || !bytes.Equal(elements(t, a, tt.b), encode(a.Type, want)) {
			t.Errorf("%s: %+v: %v", tt.name, a, elements(t, a, tt.b))
		}
	}
	b := testdata(t, "null.parquet") // its first rows are -5, -4, …
	arrays, err := read(t, "x.parquet", b)
	if err != nil || arrays[0].Null != 1 || arrays[0].Dim != 4 {
		t.Fatalf("DuckDB: %+v, %v", arrays, err)
	}
	if got := elements(t, arrays[0], b); !bytes.Equal(got[:48], encode(Float32, []float64{-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6})) || !bytes.Equal(got[48:], make([]byte, 16)) {
		t.Errorf("DuckDB: %v", got)
	}
	for _, name := range []string{"an empty first row of bytes", "a null among bytes"} {
		b := arrowGo(t, "parquet/"+name)
		arrays, err := read(t, "x.parquet", b)
		if err != nil {
			t.Fatal(err)
		}
		a, err := arrays[0].As(Int8)
		if err != nil || a.Dim != 3 || len(elements(t, a, b)) != int(a.Rows*3) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
}

// TestNullParquet writes columns whose null rows make every number of rows and of values
// look like that of others: any row may be null, of any length.
func TestNullParquet(t *testing.T) {
	type row struct {
		V []float32 `parquet:"v,list,optional"`
	}
	for rows := 1; rows < 30; rows += 4 {
		for _, dim := range []int{1, 2, 3, 8, 9, 25, 31} {
			for nulls := range min(rows, 3) {
				for _, version := range []int{1, 2} {
					var all []row
					var want []float64
					for i := range rows {
						if i%7 < nulls {
							all, want = append(all, row{}), append(want, make([]float64, dim)...)
							continue
						}
						r := row{make([]float32, dim)}
						for d := range r.V {
							r.V[d] = float32(i*dim + d + 1)
							want = append(want, float64(r.V[d]))
						}
						all = append(all, r)
					}
					var b bytes.Buffer
					w := parquetgo.NewGenericWriter[row](&b, parquetgo.DataPageVersion(version), parquetgo.MaxRowsPerRowGroup(11), parquetgo.PageBufferSize(64))
					if _, err := w.Write(all); err != nil {
						t.Fatal(err)
					}
					if err := w.Close(); err != nil {
						t.Fatal(err)
					}
					name := fmt.Sprintf("%d rows of %d, %d null, version %d", rows, dim, nulls, version)
					arrays, err := read(t, "x.parquet", b.Bytes())
					if err != nil || len(arrays) != 1 {
						t.Fatalf("%s: %+v, %v", name, arrays, err)
					}
					if all := rows <= nulls; all != (arrays[0].Why != "") {
						t.Errorf("%s: %+v", name, arrays[0])
					} else if !all && !bytes.Equal(elements(t, arrays[0], b.Bytes()), encode(Float32, want)) {
						t.Errorf("%s: other elements", name)
					}
				}
			}
		}
	}
}
