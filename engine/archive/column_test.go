package archive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
)

// pictureRow is a row of a table with pictures, in three columns.
type pictureRow struct {
	ID    string `parquet:"id,dict"`
	Count int64  `parquet:"count"`
	JPEG  []byte `parquet:"jpeg,optional"`
	Image struct {
		Bytes []byte `parquet:"bytes,dict"`
	} `parquet:"image"`
	Many [][]byte `parquet:"many"`
}

// cell is the content of a row of jpeg: nil for every seventh.
func cell(row int) []byte {
	if row%7 == 6 {
		return nil
	}
	return content(fmt.Sprint(row))
}

// parquetOf returns a table of so many rows.
func parquetOf(t testing.TB, rows int, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[pictureRow](&b, append([]parquet.WriterOption{parquet.PageBufferSize(20_000), parquet.MaxRowsPerRowGroup(60)}, options...)...)
	for row := range rows {
		r := pictureRow{ID: fmt.Sprint(row), JPEG: cell(row)}
		r.Image.Bytes = content(fmt.Sprint(row % 5))
		if _, err := w.Write([]pictureRow{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func column(t testing.TB, b []byte, name string) *Column {
	t.Helper()
	c, err := OpenColumn(bytes.NewReader(b), int64(len(b)), name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestColumn(t *testing.T) {
	const rows = 200
	for _, version := range []int{1, 2} {
		for name, codec := range map[string]compress.Codec{"none": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "zstd": &parquet.Zstd, "brotli": &parquet.Brotli} {
			b := parquetOf(t, rows, parquet.DataPageVersion(version), parquet.Compression(codec))
			c := column(t, b, "jpeg")
			if c.Rows() != rows {
				t.Errorf("%s %d: %d rows", name, version, c.Rows())
			}
			for _, row := range []int{199, 0, 1, 2, 120, 119, 60, 59, 61, 6, 13, 150} {
				if got, err := c.Cell(t.Context(), int64(row)); err != nil || !bytes.Equal(got, cell(row)) || (got == nil) != (cell(row) == nil) {
					t.Errorf("%s %d: row %d: %d bytes, %v", name, version, row, len(got), err)
				}
			}
			if len(c.groups[1].pages) < 3 {
				t.Errorf("%s %d: %d pages: they are not told apart", name, version, len(c.groups[1].pages))
			}
			nested := column(t, b, "image.bytes") // with a dictionary
			for row := range rows {
				if got, err := nested.Cell(t.Context(), int64(row)); err != nil || !bytes.Equal(got, content(fmt.Sprint(row%5))) {
					t.Errorf("%s %d: nested row %d: %d bytes, %v", name, version, row, len(got), err)
				}
			}
		}
	}
}

func TestColumnConcurrent(t *testing.T) {
	b := parquetOf(t, 200)
	c := column(t, b, "jpeg")
	var wg sync.WaitGroup
	for from := range 4 {
		wg.Go(func() {
			for row := from; row < 200; row += 3 {
				if got, err := c.Cell(t.Context(), int64(row)); err != nil || !bytes.Equal(got, cell(row)) {
					t.Errorf("row %d: %d bytes, %v", row, len(got), err)
				}
			}
		})
	}
	wg.Wait()
}

// A page is read without those before it.
func TestColumnJumps(t *testing.T) {
	b := parquetOf(t, 600, parquet.MaxRowsPerRowGroup(600), parquet.PageBufferSize(100_000))
	in := &counting{in: bytes.NewReader(b)}
	c, err := OpenColumn(in, int64(len(b)), "jpeg")
	if err != nil {
		t.Fatal(err)
	}
	in.n = 0
	if _, err := c.Cell(t.Context(), 599); err != nil {
		t.Fatal(err)
	}
	if whole := c.groups[0].size; in.n > whole/2 || in.n == 0 {
		t.Errorf("one row read %d bytes of the %d of its row group", in.n, whole)
	}
}

type counting struct {
	in io.ReaderAt
	n  int64
}

func (c *counting) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.in.ReadAt(b, at)
	c.n += int64(n)
	return n, err
}

func TestBadColumns(t *testing.T) {
	good := parquetOf(t, 100)
	footer := func(n uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[len(b)-8:], n)
		return b
	}
	for _, c := range []struct {
		name, column string
		data         []byte
		want         string
	}{
		{"empty", "jpeg", nil, "not a Parquet file"},
		{"cut off", "jpeg", good[:len(good)-100], "not a Parquet file, or one that is cut off"},
		{"footer beyond", "jpeg", footer(uint32(len(good))), "its footer cannot have"},
		{"footer of gigabytes", "jpeg", footer(1 << 31), "its footer cannot have 2147483648 bytes"},
		{"no such column", "picture", good, `it has no column "picture" (there is id, jpeg, image.bytes, many)`},
		{"numbers", "count", good, `column "count" holds INT`},
		{"lists", "many", good, `column "many" holds`},
		{"a group", "image", good, `it has no column "image"`},
	} {
		if _, err := OpenColumn(bytes.NewReader(c.data), int64(len(c.data)), c.column); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, not %q", c.name, err, c.want)
		}
	}
	c := column(t, good, "jpeg")
	for _, row := range []int64{-1, 100} {
		if _, err := c.Cell(t.Context(), row); err == nil || !strings.Contains(err.Error(), "there is no row") {
			t.Errorf("row %d: %v", row, err)
		}
	}
}

// TestColumnLZ4: parquet-go misreads pages of LZ4_RAW that are hardly packed; they are
// refused, and others are read.
func TestColumnLZ4(t *testing.T) {
	type row struct {
		JPEG []byte `parquet:"jpeg"`
	}
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(uint32(i*i) * 2654435761 >> 13)
	}
	for _, tt := range []struct {
		cell []byte
		want string
	}{{bytes.Repeat([]byte("abcd"), 5000), ""}, {noise, "write the column with zstd"}} {
		var b bytes.Buffer
		w := parquet.NewGenericWriter[row](&b, parquet.Compression(&parquet.Lz4Raw))
		if _, err := w.Write([]row{{tt.cell}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := column(t, b.Bytes(), "jpeg").Cell(t.Context(), 0)
		if tt.want == "" && (err != nil || !bytes.Equal(got, tt.cell)) || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%d bytes, %v, want %q", len(got), err, tt.want)
		}
	}
}

// A page whose header understates what it unpacks to is refused before it is unpacked.
func TestColumnBomb(t *testing.T) {
	for name, codec := range map[string]compress.Codec{"gzip": &parquet.Gzip, "zstd": &parquet.Zstd, "snappy": &parquet.Snappy, "brotli": &parquet.Brotli, "lz4": &parquet.Lz4Raw} {
		var b bytes.Buffer
		type row struct {
			JPEG []byte `parquet:"jpeg"`
		}
		w := parquet.NewGenericWriter[row](&b, parquet.Compression(codec), parquet.DataPageStatistics(false))
		if _, err := w.Write([]row{{make([]byte, 5_000_000)}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		c := column(t, b.Bytes(), "jpeg")
		if _, err := c.Cell(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		h, _, err := c.head(c.groups[0].pages[0].offset, int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		said := binary.AppendVarint(nil, int64(h.UncompressedPageSize))
		at := bytes.Index(b.Bytes(), said)
		bomb := slices.Concat(b.Bytes()[:at], binary.AppendVarint(nil, 4_000_000), b.Bytes()[at+len(said):])
		if len(bomb) != b.Len() {
			t.Fatal("the number has another length")
		}
		if _, err := column(t, bomb, "jpeg").Cell(t.Context(), 0); err == nil || !strings.Contains(err.Error(), "it unpacks to other than the 4000000 bytes") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzColumn(f *testing.F) {
	f.Add(parquetOf(f, 5, parquet.Compression(&parquet.Snappy)))
	f.Add(parquetOf(f, 5, parquet.DataPageVersion(1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, name := range []string{"jpeg", "image.bytes"} {
			c, err := OpenColumn(bytes.NewReader(b), int64(len(b)), name)
			if err != nil {
				continue
			}
			for row := range min(c.Rows(), 10) {
				if cell, err := c.Cell(t.Context(), row); err == nil && len(cell) > 2*maxPage {
					t.Fatalf("%d bytes", len(cell))
				}
			}
		}
	})
}
