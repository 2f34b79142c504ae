package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"strata/engine/page"
)

// The limits of a Parquet file.
const (
	maxFooter     = 256 << 20 // bytes
	maxPage       = 128 << 20 // bytes of a page, unpacked; a writer makes pages of about 1 MiB, or of one picture
	maxPageHeader = 256 << 10 // bytes; it may hold the least and the greatest value
	maxPages      = 1 << 20   // of a row group
	maxValues     = 1 << 20   // of a page
)

// Column is a column of byte arrays in a Parquet file, read by row.
//
// The headers of the pages locate a row. They are read once for each row group, so neither a page
// index nor small row groups are needed. parquet-go reads the page. Before that, the page's sizes
// are checked against the limits, and its uncompressed size is counted, since a few bytes may
// unpack to any number.
type Column struct {
	in     io.ReaderAt
	size   int64
	path   string
	groups []*group
	rows   int64
	codec  format.CompressionCodec

	mu   sync.Mutex
	last lastPage // rows are mostly read one after another
}

// group is the column's chunk in a row group.
type group struct {
	chunk *parquet.FileColumnChunk
	first int64 // row
	rows  int64
	at    int64 // where the pages begin
	size  int64

	once  sync.Once
	pages []dataPage
	err   error
}

// dataPage is a data page.
type dataPage struct {
	first  int64 // row, within the group
	offset int64 // of its header, in the file
}

// lastPage is the page that was read last.
type lastPage struct {
	group  int
	first  int64 // row, within the group
	values [][]byte
}

// OpenColumn reads the footer of a Parquet file of size bytes. The column is named
// by its path, with dots: jpeg, or image.bytes. The file must stay open.
func OpenColumn(in io.ReaderAt, size int64, name string) (c *Column, err error) {
	defer rescue(&err)
	var end [8]byte
	if _, err := in.ReadAt(end[:], size-8); size < 12 || err != nil || string(end[4:]) != "PAR1" {
		return nil, errors.New("not a Parquet file, or one that is cut off or encrypted")
	}
	if n := int64(binary.LittleEndian.Uint32(end[:])); n > maxFooter || n > size-12 {
		return nil, fmt.Errorf("its footer cannot have %d bytes", n)
	}
	f, err := parquet.OpenFile(in, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, err
	}
	leaf, ok := f.Schema().Lookup(strings.Split(name, ".")...)
	if !ok {
		return nil, fmt.Errorf("it has no column %q (there is %s)", name, strings.Join(leaves(f), ", "))
	}
	if leaf.Node.Type().Kind() != parquet.ByteArray || leaf.MaxRepetitionLevel > 0 {
		return nil, fmt.Errorf("column %q holds %s; a picture is a byte array a row", name, leaf.Node.Type())
	}
	c = &Column{in: in, size: size, path: name, last: lastPage{group: -1}}
	for i, g := range f.RowGroups() {
		if i >= len(f.Metadata().RowGroups) || leaf.ColumnIndex >= len(f.Metadata().RowGroups[i].Columns) {
			return nil, errors.New("its footer does not fit together")
		}
		if err := c.addGroup(g, leaf.ColumnIndex, &f.Metadata().RowGroups[i].Columns[leaf.ColumnIndex].MetaData); err != nil {
			return nil, fmt.Errorf("row group %d: %w", i, err)
		}
	}
	return c, nil
}

// addGroup adds the column's chunk of a row group. at is the column's index in the group.
func (c *Column) addGroup(g parquet.RowGroup, at int, m *format.ColumnMetaData) error {
	chunk, ok := g.ColumnChunks()[at].(*parquet.FileColumnChunk)
	if !ok {
		return errors.New("it is not of a file")
	}
	if !page.Known(m.Codec) {
		return fmt.Errorf("column %q is packed by %s; uncompressed, snappy, gzip, brotli and zstd can be read, and LZ4_RAW where it packs to a third", c.path, m.Codec)
	}
	from := m.DataPageOffset
	if m.DictionaryPageOffset != 0 {
		from = m.DictionaryPageOffset
	}
	rows := g.NumRows()
	if from < 4 || m.TotalCompressedSize < 0 || from > c.size || m.TotalCompressedSize > c.size-from || rows < 0 || rows > 1<<40 {
		return fmt.Errorf("%d bytes from byte %d lie beyond the file's %d", m.TotalCompressedSize, from, c.size)
	}
	if len(c.groups) > 0 && c.codec != m.Codec {
		return fmt.Errorf("column %q is packed by %s, by %s before", c.path, m.Codec, c.codec)
	}
	c.codec = m.Codec
	c.groups = append(c.groups, &group{chunk: chunk, first: c.rows, rows: rows, at: from, size: m.TotalCompressedSize})
	c.rows += rows
	return nil
}

// leaves returns the names of the columns of byte arrays.
func leaves(f *parquet.File) []string {
	var names []string
	for _, path := range f.Schema().Columns() {
		if leaf, ok := f.Schema().Lookup(path...); ok && leaf.Node.Type().Kind() == parquet.ByteArray {
			names = append(names, strings.Join(path, "."))
		}
	}
	return names
}

// rescue turns a panic of parquet-go into an error: a crafted file can cause one.
func rescue(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("broken Parquet file: %v", p)
	}
}

// Rows returns the number of rows.
func (c *Column) Rows() int64 { return c.rows }

// Cell returns the bytes of a row, or nil for null.
func (c *Column) Cell(ctx context.Context, row int64) (b []byte, err error) {
	defer rescue(&err)
	if row < 0 || row >= c.rows {
		return nil, fmt.Errorf("there is no row %d of %d", row, c.rows)
	}
	i, found := slices.BinarySearchFunc(c.groups, row, func(g *group, row int64) int {
		switch {
		case g.first+g.rows <= row:
			return -1
		case g.first > row:
			return 1
		}
		return 0
	})
	if !found {
		return nil, fmt.Errorf("no row group holds row %d", row)
	}
	g, at := c.groups[i], row-c.groups[i].first
	c.mu.Lock()
	last := c.last
	c.mu.Unlock()
	if last.group != i || at < last.first || at >= last.first+int64(len(last.values)) {
		g.once.Do(func() {
			defer rescue(&g.err)
			g.err = c.walk(ctx, g)
		})
		if g.err != nil {
			return nil, fmt.Errorf("row group %d: %w", i, g.err)
		}
		n, ok := slices.BinarySearchFunc(g.pages, at, func(p dataPage, at int64) int { return int(min(1, max(-1, p.first-at))) })
		if !ok {
			n--
		}
		values, err := c.read(g, g.pages[n])
		if err != nil {
			return nil, fmt.Errorf("row group %d, page %d: %w", i, n, err)
		}
		last = lastPage{i, g.pages[n].first, values}
		c.mu.Lock()
		c.last = last
		c.mu.Unlock()
	}
	if at -= last.first; at >= int64(len(last.values)) {
		return nil, fmt.Errorf("its page holds %d rows, not row %d", len(last.values), at)
	}
	return last.values[at], nil
}

// head reads the header of the page at an offset, and returns the offset of the page's bytes.
func (c *Column) head(at, end int64) (*format.PageHeader, int64, error) {
	protocol := &thrift.CompactProtocol{}
	for size := int64(4 << 10); ; size *= 4 {
		b := make([]byte, min(size, end-at))
		if _, err := c.in.ReadAt(b, at); err != nil {
			return nil, 0, err
		}
		r := protocol.NewReaderFromBytes(b)
		h := &format.PageHeader{}
		err := thrift.NewDecoder(r).Decode(h)
		if err != nil && size < maxPageHeader && int64(len(b)) < end-at {
			continue // it may be longer
		}
		if err != nil {
			return nil, 0, fmt.Errorf("the header of the page at byte %d: %w", at, err)
		}
		data := at + int64(r.BytesRead())
		packed, unpacked := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
		if packed < 0 || unpacked < 0 || packed > end-data || packed > maxPage || unpacked > maxPage {
			return nil, 0, fmt.Errorf("the page at byte %d has %d bytes, %d unpacked: it does not fit in its row group, or is larger than the %d allowed", at, packed, unpacked, maxPage)
		}
		for _, n := range []int32{h.DataPageHeader.V.NumValues, h.DataPageHeaderV2.V.NumValues, h.DataPageHeaderV2.V.NumRows, h.DictionaryPageHeader.V.NumValues} {
			if n < 0 || n > maxValues {
				return nil, 0, fmt.Errorf("the page at byte %d has %d values; %d are allowed", at, n, maxValues)
			}
		}
		return h, data, nil
	}
}

// walk reads the headers of a row group's pages.
func (c *Column) walk(ctx context.Context, g *group) error {
	rows := int64(0)
	for at, end := g.at, g.at+g.size; at < end && rows < g.rows; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		h, data, err := c.head(at, end)
		if err != nil {
			return err
		}
		n := int64(-1)
		switch h.Type {
		case format.DataPage:
			n = int64(h.DataPageHeader.V.NumValues)
		case format.DataPageV2:
			n = int64(h.DataPageHeaderV2.V.NumRows)
		case format.DictionaryPage:
			if len(g.pages) > 0 {
				return errors.New("a dictionary stands behind a page")
			}
			if err := c.count(h, data); err != nil {
				return err
			}
		}
		if n >= 0 {
			if len(g.pages) == maxPages {
				return fmt.Errorf("it has more than the %d pages allowed", maxPages)
			}
			g.pages = append(g.pages, dataPage{rows, at})
			rows += n
		}
		at = data + int64(h.CompressedPageSize)
	}
	if rows != g.rows || len(g.pages) == 0 {
		return fmt.Errorf("its pages hold %d rows, the footer says %d", rows, g.rows)
	}
	return nil
}

// read reads the values of a page.
func (c *Column) read(g *group, p dataPage) ([][]byte, error) {
	h, data, err := c.head(p.offset, g.at+g.size)
	if err != nil {
		return nil, err
	}
	if err := c.count(h, data); err != nil {
		return nil, err
	}
	// The reader of the chunk sees its dictionary and this page behind it.
	pages := g.chunk.PagesFrom(&jump{c.in, g.pages[0].offset, p.offset - g.pages[0].offset})
	defer pages.Close() //nolint:errcheck // it was read
	got, err := pages.ReadPage()
	if err != nil {
		return nil, err
	}
	defer parquet.Release(got)
	values := make([]parquet.Value, got.NumValues())
	n, err := got.Values().ReadValues(values)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	out := make([][]byte, n)
	size := 0
	for i, v := range values[:n] {
		if v.IsNull() {
			continue
		}
		if size += len(v.ByteArray()); size > 2*maxPage { // a few bytes can refer to many values of a dictionary
			return nil, fmt.Errorf("its values have more than %d bytes", 2*maxPage)
		}
		out[i] = bytes.Clone(v.ByteArray())
	}
	return out, nil
}

// jump reads from a file; offsets from at on are shifted by a number of bytes.
type jump struct {
	io.ReaderAt
	at, by int64
}

func (j *jump) ReadAt(b []byte, off int64) (int, error) {
	if off >= j.at {
		return j.ReaderAt.ReadAt(b, off+j.by)
	}
	if before := j.at - off; int64(len(b)) > before {
		n, err := j.ReaderAt.ReadAt(b[:before], off)
		if err != nil {
			return n, err
		}
		m, err := j.ReaderAt.ReadAt(b[before:], j.at+j.by)
		return n + m, err
	}
	return j.ReaderAt.ReadAt(b, off)
}

// count checks that a page unpacks to the size in its header.
func (c *Column) count(h *format.PageHeader, data int64) error {
	size, want := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if h.Type == format.DataPageV2 {
		v := h.DataPageHeaderV2.V
		levels := int64(v.RepetitionLevelsByteLength) + int64(v.DefinitionLevelsByteLength)
		if levels < 0 || levels > size || levels > want {
			return fmt.Errorf("its levels cannot have %d bytes", levels)
		}
		if v.IsCompressed.Valid && !v.IsCompressed.V {
			return nil
		}
		data, size, want = data+levels, size-levels, want-levels
	}
	if err := page.Misread(c.codec, size, want); err != nil {
		return err
	}
	return page.Exact(c.codec, io.NewSectionReader(c.in, data, size), want)
}
