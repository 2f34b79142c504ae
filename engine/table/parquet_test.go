package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"strata/engine/page"

	"strata/fixtures/need"
)

// record is a row with a column of every kind.
type record struct {
	ID     string    `parquet:"id"`
	Brand  *string   `parquet:"brand,optional,dict"`
	Season string    `parquet:"season,enum"`
	N      int64     `parquet:"n"`
	Small  int32     `parquet:"small"`
	Count  uint64    `parquet:"count"`
	Sold   bool      `parquet:"sold"`
	Price  float64   `parquet:"price"`
	Weight float32   `parquet:"weight"`
	Colour []string  `parquet:"colour,list"`
	Tags   []string  `parquet:"tags"`
	Day    int32     `parquet:"day,date"`
	At     time.Time `parquet:"at,timestamp(millisecond)"`
	Jpeg   []byte    `parquet:"jpeg"`
	Vector []float32 `parquet:"vector,list"`
	Size   struct {
		W, H int32
	} `parquet:"size"`
}

// written returns rows as a Parquet file.
func written[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func records(n int) []record {
	brand := "acme"
	var rows []record
	for i := range n {
		r := record{
			ID: fmt.Sprint("item ", i), Season: "autumn", N: math.MinInt64, Small: -7, Count: math.MaxUint64, Sold: i%2 == 0,
			Price: 19.9, Weight: 0.1, Colour: []string{"red", "white"}, Day: 19000,
			At: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Jpeg: []byte{0xff, 0xd8}, Vector: []float32{1, 2},
		}
		switch i % 3 {
		case 0:
			r.Brand = &brand
		case 1:
			r.Colour, r.Tags, r.Price = nil, []string{"a"}, math.NaN()
		case 2:
			r.Colour, r.Tags = []string{"blue"}, []string{"a", "b", "c"}
		}
		rows = append(rows, r)
	}
	return rows
}

func TestParquet(t *testing.T) {
	const n = 3*parquetBatch + 5
	fixed := "autumn;-9223372036854775808;-7;18446744073709551615"
	for _, codec := range []compress.Codec{&parquet.Uncompressed, &parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd, &parquet.Lz4Raw} {
		for version := 1; version <= 2; version++ {
			b := written(t, records(n), parquet.Compression(codec), parquet.DataPageVersion(version), parquet.MaxRowsPerRowGroup(parquetBatch+1), parquet.PageBufferSize(1000))
			columns, rows, notes, err := readAll("items.parquet", file(t, string(b)))
			if err != nil {
				t.Fatalf("%s, version %d: %v", codec, version, err)
			}
			if got := strings.Join(columns, ";"); got != "id;brand;season;n;small;count;sold;price;weight;colour;tags;day;at" {
				t.Errorf("columns %q", got)
			}
			if want := []string{
				"{Name:jpeg Holds:bytes that are not marked as text Cells:0 Place: Bytes:true Dim:0}",
				"{Name:vector Holds:lists of numbers Cells:0 Place: Bytes:false Dim:0}",
				"{Name:size Holds:structures Cells:0 Place: Bytes:false Dim:0}",
			}; !slices.Equal(notes, want) {
				t.Errorf("notes %q, want %q", notes, want)
			}
			if len(rows) != n {
				t.Fatalf("%s, version %d: %d rows, want %d", codec, version, len(rows), n)
			}
			for i, row := range rows {
				want := fmt.Sprintf("item %d;", i) + []string{
					"acme;" + fixed + ";" + fmt.Sprint(i%2 == 0) + ";19.9;0.1;red|white;;",
					";" + fixed + ";" + fmt.Sprint(i%2 == 0) + ";;0.1;;a;",
					";" + fixed + ";" + fmt.Sprint(i%2 == 0) + ";19.9;0.1;blue;a|b|c;",
				}[i%3] + "2022-01-08;2026-01-02T03:04:05.006Z"
				if got := strings.Join(row, ";"); got != want {
					t.Fatalf("%s, version %d: row %d is %q, want %q", codec, version, i, got, want)
				}
			}
		}
	}
}

// TestParquetTexts: values that are no texts have an exact one; where there is none, the
// column is left out and named.
func TestParquetTexts(t *testing.T) {
	type row struct {
		ID    []byte           `parquet:"id"`
		Group []byte           `parquet:"group"`
		UUID  [16]byte         `parquet:"uuid,uuid"`
		Small int32            `parquet:"small,decimal(2:9)"`
		Large int64            `parquet:"large,decimal(5:18)"`
		Clock int64            `parquet:"clock,time(microsecond)"`
		Old   deprecated.Int96 `parquet:"old"`
		Fixed [3]byte          `parquet:"fixed"`
		Image struct {
			Bytes []byte `parquet:"bytes"`
			Path  string `parquet:"path"`
		} `parquet:"image"`
	}
	u := [16]byte{0x12, 0x3e, 0x45, 0x67, 0xe8, 0x9b, 0x12, 0xd3, 0xa4, 0x56, 0x42, 0x66, 0x14, 0x17, 0x40, 0x00}
	rows := []row{
		{ID: []byte("k0"), Group: []byte("é"), UUID: u, Small: -5, Large: 123456, Clock: 3600e6 + 1500000, Old: deprecated.Int96{0, 0, 2440588 + 1}},
		{ID: []byte("k1"), Small: 1234, Large: -1, Clock: 1},
	}
	columns, got, notes, err := readAll("items.parquet", file(t, string(written(t, rows))))
	if err != nil {
		t.Fatal(err)
	}
	if c := strings.Join(columns, ";"); c != "id;group;uuid;small;large;clock;old" {
		t.Errorf("columns %s", c)
	}
	for i, want := range []string{
		"k0;é;123e4567-e89b-12d3-a456-426614174000;-0.05;1.23456;01:00:01.5;1970-01-02T00:00:00Z",
		"k1;;00000000-0000-0000-0000-000000000000;12.34;-0.00001;00:00:00.000001;-4713-11-24T00:00:00Z",
	} {
		if r := strings.Join(got[i], ";"); r != want {
			t.Errorf("row %d: %s, not %s", i, r, want)
		}
	}
	if want := []string{
		"{Name:fixed Holds:bytes that are not marked as text Cells:0 Place: Bytes:true Dim:0}",
		"{Name:image Holds:structures Cells:0 Place: Bytes:true Dim:0}",
	}; !slices.Equal(notes, want) {
		t.Errorf("notes %q", notes)
	}
	rows[0].ID = []byte("\xff")
	if _, _, _, err := readAll("items.parquet", file(t, string(written(t, rows)))); err == nil || !strings.Contains(err.Error(), `row 0: column "id": byte 1 of the cell, 0xff, is not UTF-8`) {
		t.Errorf("got %v", err)
	}
}

// TestDecimal: all digits of decimal numbers, whatever bytes they lie in.
func TestDecimal(t *testing.T) {
	for _, tt := range []struct {
		bytes string
		scale int
		want  string
	}{
		{"\x00", 0, "0"},
		{"\x00", 3, "0.000"},
		{"\xff", 2, "-0.01"},
		{"\x80", 0, "-128"},
		{"\x00\x80", 1, "12.8"},
		{"", 2, "0.00"},
		{"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10, "34028236692093846346337460743.1768211455"},
	} {
		got := decimalOf(parquet.FixedLenByteArray, tt.scale)(nil, parquet.FixedLenByteArrayValue([]byte(tt.bytes)))
		if string(got) != tt.want {
			t.Errorf("%x: %s, not %s", tt.bytes, got, tt.want)
		}
	}
}

// TestParquetPrefixes reads the encoding whose values repeat one another's begins.
func TestParquetPrefixes(t *testing.T) {
	type row struct {
		ID string `parquet:"id,delta"`
	}
	var rows []row
	for i := range 1000 {
		rows = append(rows, row{fmt.Sprintf("the same long begin %d", i)})
	}
	for version := 1; version <= 2; version++ {
		_, got, _, err := readAll("items.parquet", file(t, string(written(t, rows, parquet.DataPageVersion(version), parquet.Compression(&parquet.Zstd)))))
		if err != nil || len(got) != len(rows) || got[999][0] != rows[999].ID {
			t.Errorf("version %d: %d rows, %v", version, len(got), err)
		}
	}
}

// refooted returns a file with changed metadata.
func refooted(t testing.TB, b []byte, change func(*format.FileMetaData)) string {
	t.Helper()
	n := int(binary.LittleEndian.Uint32(b[len(b)-8:]))
	body := b[:len(b)-8-n]
	var m format.FileMetaData
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, b[len(body):len(b)-8], &m); err != nil {
		t.Fatal(err)
	}
	change(&m)
	footer, err := thrift.Marshal(&thrift.CompactProtocol{}, &m)
	if err != nil {
		t.Fatal(err)
	}
	return string(body) + string(footer) + string(binary.LittleEndian.AppendUint32(nil, uint32(len(footer)))) + "PAR1"
}

// repaged returns a file of one column, with the header of one page changed.
func repaged(t testing.TB, b []byte, change func(*format.PageHeader)) string {
	t.Helper()
	var from, packed int64
	refooted(t, b, func(m *format.FileMetaData) {
		from, packed = m.RowGroups[0].Columns[0].MetaData.DataPageOffset, m.RowGroups[0].Columns[0].MetaData.TotalCompressedSize
	})
	length, err := page.Walk(b[from:], 100)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(length)
	var h format.PageHeader
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, b[from:from+n], &h); err != nil {
		t.Fatal(err)
	}
	change(&h)
	header, err := thrift.Marshal(&thrift.CompactProtocol{}, &h)
	if err != nil {
		t.Fatal(err)
	}
	return refooted(t, append(append(slices.Clone(b[:from]), header...), b[from+n:]...), func(m *format.FileMetaData) {
		m.RowGroups[0].Columns[0].MetaData.TotalCompressedSize = packed + int64(len(header)) - n
	})
}

func TestParquetErrors(t *testing.T) {
	type row struct {
		ID string `parquet:"id,plain"`
	}
	type lists struct {
		ID     string   `parquet:"id"`
		Colour []string `parquet:"colour,list"`
	}
	good := written(t, []row{{"a"}, {"b"}}, parquet.Compression(&parquet.Uncompressed), parquet.DataPageVersion(1))
	packed := written(t, []row{{strings.Repeat("a", 1000)}}, parquet.Compression(&parquet.Zstd))
	snappy := written(t, []row{{strings.Repeat("a", 1000)}}, parquet.Compression(&parquet.Snappy))
	late := make([]row, 2*parquetBatch)
	for i := range late {
		late[i].ID = fmt.Sprint(i)
	}
	late[parquetBatch+7].ID = strings.Repeat("x", maxCell+1)
	column := func(change func(*format.ColumnMetaData)) string {
		return refooted(t, good, func(m *format.FileMetaData) { change(&m.RowGroups[0].Columns[0].MetaData) })
	}
	footer := func(b string) string {
		return "PAR1" + b + string(binary.LittleEndian.AppendUint32(nil, uint32(len(b)))) + "PAR1"
	}
	tests := []struct{ name, text, want string }{
		{"empty", "", "not a Parquet file: 0 bytes are too few"},
		{"text", "id,image\na,a.jpg\nb,b.jpg\n", "it does not end with PAR1"},
		{"cut off", string(good[:len(good)-1]), "it does not end with PAR1"},
		{"long metadata", string(good[:len(good)-8]) + "\xff\xff\xff\xffPAR1", "metadata of 4294967295 bytes, in a file of"},
		{"no metadata", footer(""), "a length in its metadata is more than there is"},
		{"a list of billions", footer("\x29\xfc\xff\xff\xff\xff\x07"), "a length in its metadata is more than there is"},
		{"a text of billions", footer("\x68\xff\xff\xff\xff\x07"), "a length in its metadata is more than there is"},
		{"deep", footer(strings.Repeat("\x1c", 1000)), "its metadata holds more structures than are allowed"},
		{"a mark in a list", string(written(t, []lists{{"a", []string{"x"}}, {"b", []string{"x", "y|z"}}})), `row 1: column "colour": value "y|z" of a list holds |`},
		{"not UTF-8", string(written(t, []row{{"a"}, {"\xff"}})), `row 1: column "id": byte 1 of the cell, 0xff, is not UTF-8`},
		{"NUL", string(written(t, []row{{"a\x00"}})), `row 0: column "id": byte 2 of the cell is NUL`},
		{"a long cell", string(written(t, late)), `row 519: column "id": a cell of 1048577 bytes is longer than the 1048576 allowed`},
		{"pages elsewhere", column(func(m *format.ColumnMetaData) { m.DataPageOffset = 1 << 40 }), `row group 0: column "id": `},
		{"pages of terabytes", column(func(m *format.ColumnMetaData) { m.TotalCompressedSize = 1 << 40 }), "1099511627776 bytes at byte 4 are not within the file"},
		{"negative", column(func(m *format.ColumnMetaData) { m.TotalCompressedSize = -1 }), "-1 bytes at byte 4 are not within the file"},
		{"an unknown codec", column(func(m *format.ColumnMetaData) { m.Codec = format.LZO }), "LZO"},
		{"too many rows", refooted(t, good, func(m *format.FileMetaData) { m.RowGroups[0].NumRows = 1 << 40 }), "row group 0: 1099511627776 rows and 0 before them are more than"},
		{"fewer values than rows", refooted(t, good, func(m *format.FileMetaData) { m.NumRows, m.RowGroups[0].NumRows = 9, 9 }), `row 2: column "id": the Parquet file is damaged: the column has fewer values than the table has rows`},
		{"a page of gigabytes", repaged(t, good, func(h *format.PageHeader) { h.UncompressedPageSize = math.MaxInt32 }), "2147483647 bytes unpacked; at most 268435456 are allowed"},
		{"a page beyond its column", repaged(t, good, func(h *format.PageHeader) { h.CompressedPageSize = math.MaxInt32 }), "2147483647 bytes are not within its column"},
		{"values without end", repaged(t, good, func(h *format.PageHeader) {
			h.DataPageHeader.V.NumValues, h.DataPageHeaderV2.V.NumValues = math.MaxInt32, math.MaxInt32
		}), "2147483647 values; at most 16777216 are allowed"},
		{"a page that unpacks to more", repaged(t, packed, func(h *format.PageHeader) { h.UncompressedPageSize = 100 }), "it does not unpack to as many bytes as its header says"},
		{"a block that unpacks to more", repaged(t, snappy, func(h *format.PageHeader) { h.UncompressedPageSize = 100 }), "it does not unpack to as many bytes as its header says"},
		{"a page that is no Zstandard", column(func(m *format.ColumnMetaData) { m.Codec = format.Zstd }), "the packed file is damaged"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, rows, _, err := readAll("items.parquet", file(t, tt.text))
			if err == nil {
				t.Fatalf("it was read: %d rows", len(rows))
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %.300v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestPrefixBomb: a few bytes of lengths may encode gigabytes of values.
func TestPrefixBomb(t *testing.T) {
	need.Long(t)
	type row struct {
		ID string `parquet:"id,delta"`
	}
	long := strings.Repeat("x", 1<<20)
	rows := make([]row, maxPage>>20+1)
	for i := range rows {
		rows[i].ID = long
	}
	b := written(t, rows, parquet.PageBufferSize(2<<30))
	if len(b) > 8<<20 {
		t.Fatalf("the file has %d bytes", len(b))
	}
	_, _, _, err := readAll("items.parquet", file(t, string(b)))
	if want := "its values take more than the 268435456 bytes allowed"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzParquet(f *testing.F) {
	f.Add(written(f, records(5), parquet.Compression(&parquet.Zstd)))
	f.Add(written(f, records(2), parquet.Compression(&parquet.Uncompressed), parquet.DataPageVersion(1)))
	type row struct {
		ID string `parquet:"id,delta"`
	}
	f.Add(written(f, []row{{"aa"}, {"ab"}}, parquet.Compression(&parquet.Lz4Raw)))
	f.Fuzz(func(t *testing.T, b []byte) { fuzz(t, "items.parquet", b) })
}
