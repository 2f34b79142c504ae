package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/format"

	"strata/engine/page"
)

// parquetPages reads the data pages of a column in one row group, one at a time.
type parquetPages struct {
	t       *parquetTable
	c       *parquetLeaf
	codec   format.CompressionCodec
	at, end int64 // in the file: the header of the next page, and the column's end
	left    int64 // levels that the footer promises of the pages to come

	dict cells // of the row group, once its page was read

	// Of the page at hand.
	levels   int    // how many there are; a level is a value or a null
	values   int    // those that are values
	rep, def []byte // nil where the schema has none
	packed   []byte // its values, before decode
	encoding format.Encoding
	cells    cells
	indexes  []int32 // into dict, where the page has them in place of cells
}

// pages returns the pages of a column in row group g.
func (t *parquetTable) pages(g int, c *parquetLeaf) (*parquetPages, error) {
	column := &t.meta.RowGroups[g].Columns[c.index]
	m := &column.MetaData
	switch {
	case column.FilePath != "":
		return nil, fmt.Errorf("its pages are in another file, %q", column.FilePath)
	case m.Type != c.physical:
		return nil, fmt.Errorf("it is of type %s, its schema says %s", m.Type, c.physical)
	}
	at := m.DataPageOffset
	if m.DictionaryPageOffset > 0 {
		at = min(at, m.DictionaryPageOffset)
	}
	if at < 0 || m.TotalCompressedSize < 0 || at > t.size || m.TotalCompressedSize > t.size-at {
		return nil, fmt.Errorf("%d bytes at byte %d are not within the file's %d", m.TotalCompressedSize, at, t.size)
	}
	return &parquetPages{t: t, c: c, codec: m.Codec, at: at, end: at + m.TotalCompressedSize, left: m.NumValues}, nil
}

// next reads the levels of the next page. It returns io.EOF after the last page.
func (p *parquetPages) next() error {
	for p.left > 0 {
		if p.at >= p.end {
			return fmt.Errorf("its pages end %d values before the number promised", p.left)
		}
		at := p.at
		h, n, err := page.Header(p.t.f, at, p.end)
		if err == nil {
			p.at = at + n + int64(h.CompressedPageSize)
			err = p.page(h, at+n)
		}
		if err != nil {
			return fmt.Errorf("page at byte %d: %w", at, err)
		}
		if p.levels > 0 {
			return nil
		}
	}
	return io.EOF
}

// page reads the page whose bytes begin at byte at: a dictionary, or the levels of data. Pages of
// other types are skipped.
func (p *parquetPages) page(h *format.PageHeader, at int64) error {
	packed, size := int64(h.CompressedPageSize), int64(h.UncompressedPageSize)
	if packed < 0 || packed > p.end-at || size < 0 || packed > maxPage || size > maxPage {
		return fmt.Errorf("its %d bytes, %d unpacked, are not within its column, or more than the %d allowed", packed, size, maxPage)
	}
	if h.CRC != 0 {
		sum := crc32.NewIEEE()
		if _, err := io.Copy(sum, io.NewSectionReader(p.t.f, at, packed)); err != nil {
			return err
		}
		if sum.Sum32() != uint32(h.CRC) {
			return errors.New("its checksum is wrong: it is damaged")
		}
	}
	p.levels = 0
	switch {
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		return p.dictionary(int(h.DictionaryPageHeader.V.NumValues), at, packed, size)
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		return p.first(&h.DataPageHeader.V, at, packed, size)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		return p.second(&h.DataPageHeaderV2.V, at, packed, size)
	}
	return nil
}

// promised checks the number of levels of a page.
func (p *parquetPages) promised(n int32) error {
	if n < 0 || int64(n) > p.left || n > maxPageValues {
		return fmt.Errorf("its %d values are more than the %d that remain, or the %d allowed", n, p.left, maxPageValues)
	}
	p.levels, p.values, p.left = int(n), int(n), p.left-int64(n)
	return nil
}

// unpack returns the uncompressed content of packed bytes at byte at of the file.
func (p *parquetPages) unpack(codec format.CompressionCodec, at, packed, size int64) ([]byte, error) {
	b, err := page.Unpack(codec, io.NewSectionReader(p.t.f, at, packed), size)
	if err == nil && int64(len(b)) != size {
		err = page.ErrSize
	}
	return b, err
}

func (p *parquetPages) dictionary(n int, at, packed, size int64) error {
	if n < 0 || n > maxPageValues {
		return fmt.Errorf("its %d values are more than the %d allowed", n, maxPageValues)
	}
	b, err := p.unpack(p.codec, at, packed, size)
	if err != nil {
		return err
	}
	p.dict, err = decodeCells(p.c, format.Plain, b, n)
	return err
}

// first reads a data page of version 1, which is compressed as a whole. The length of its levels
// precedes them.
func (p *parquetPages) first(h *format.DataPageHeader, at, packed, size int64) error {
	if err := p.promised(h.NumValues); err != nil {
		return err
	}
	b, err := p.unpack(p.codec, at, packed, size)
	if err != nil {
		return err
	}
	for _, l := range []struct {
		levels   *[]byte
		most     int
		encoding format.Encoding
	}{{&p.rep, p.c.maxRep, h.RepetitionLevelEncoding}, {&p.def, p.c.maxDef, h.DefinitionLevelEncoding}} {
		if l.most == 0 {
			continue
		}
		if l.encoding != format.RLE {
			return fmt.Errorf("its levels are encoded as %s, not as RLE", l.encoding)
		}
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			return errRuns
		}
		end := 4 + binary.LittleEndian.Uint32(b)
		if err := p.read(l.levels, b[4:end], l.most); err != nil {
			return err
		}
		b = b[end:]
	}
	p.count()
	p.packed, p.encoding = b, h.Encoding
	return nil
}

// second reads a data page of version 2, whose levels are not compressed.
func (p *parquetPages) second(h *format.DataPageHeaderV2, at, packed, size int64) error {
	if err := p.promised(h.NumValues); err != nil {
		return err
	}
	reps, defs := int64(h.RepetitionLevelsByteLength), int64(h.DefinitionLevelsByteLength)
	if reps < 0 || defs < 0 || reps+defs > min(packed, size) {
		return fmt.Errorf("its levels of %d and %d bytes are longer than the page", reps, defs)
	}
	b := make([]byte, reps+defs)
	if err := readFull(p.t.f, b, at); err != nil {
		return err
	}
	if p.c.maxRep > 0 {
		if err := p.read(&p.rep, b[:reps], p.c.maxRep); err != nil {
			return err
		}
	}
	if p.c.maxDef > 0 {
		if err := p.read(&p.def, b[reps:], p.c.maxDef); err != nil {
			return err
		}
	}
	p.count()
	codec := p.codec
	if h.IsCompressed.Valid && !h.IsCompressed.V || packed == reps+defs {
		codec = format.Uncompressed
	}
	var err error
	p.packed, err = p.unpack(codec, at+reps+defs, packed-reps-defs, size-reps-defs)
	p.encoding = h.Encoding
	return err
}

// read decodes levels from 0 to most.
func (p *parquetPages) read(levels *[]byte, b []byte, most int) (err error) {
	*levels, err = appendRuns((*levels)[:0], b, p.levels, bits.Len(uint(most)))
	return err
}

// count counts the levels that are values.
func (p *parquetPages) count() {
	if p.c.maxDef > 0 {
		p.values = bytes.Count(p.def, []byte{byte(p.c.maxDef)})
	}
}

// decode decodes the values of the page at hand, without the nulls.
func (p *parquetPages) decode() (err error) {
	p.cells, p.indexes = cells{}, p.indexes[:0]
	if p.values == 0 {
		return nil
	}
	if p.encoding != format.PlainDictionary && //nolint:staticcheck // files of old writers have it
		p.encoding != format.RLEDictionary {
		p.cells, err = decodeCells(p.c, p.encoding, p.packed, p.values)
		return err
	}
	if len(p.packed) == 0 || p.packed[0] > 32 {
		return errRuns
	}
	if p.indexes, err = appendRuns(p.indexes, p.packed[1:], p.values, int(p.packed[0])); err != nil {
		return err
	}
	n := p.dict.len()
	for _, i := range p.indexes {
		if i < 0 || int(i) >= n {
			return fmt.Errorf("value %d of a dictionary of %d", i, n)
		}
	}
	return nil
}

// value returns value i of the current page.
func (p *parquetPages) value(i int) []byte {
	if len(p.indexes) > 0 {
		return p.dict.at(int(p.indexes[i]))
	}
	return p.cells.at(i)
}

// cells are contiguous values. If width is above 0, each value has width bytes. Otherwise value i
// begins lead bytes after offsets[i] and ends at offsets[i+1].
type cells struct {
	data    []byte
	width   int
	lead    uint32
	offsets []uint32
}

func (c *cells) len() int {
	if c.width > 0 {
		return len(c.data) / c.width
	}
	return max(len(c.offsets)-1, 0)
}

func (c *cells) at(i int) []byte {
	if c.width > 0 {
		return c.data[i*c.width : (i+1)*c.width]
	}
	return c.data[c.offsets[i]+c.lead : c.offsets[i+1]]
}

// appendAll appends the values at some indexes. All values have one width.
func (c *cells) appendAll(dst []byte, indexes []int32) []byte {
	if c.width == 4 {
		for _, i := range indexes {
			dst = binary.LittleEndian.AppendUint32(dst, binary.LittleEndian.Uint32(c.data[4*i:]))
		}
		return dst
	}
	for _, i := range indexes {
		dst = append(dst, c.at(int(i))...)
	}
	return dst
}

// decodeCells decodes n values of a column.
func decodeCells(c *parquetLeaf, encoding format.Encoding, b []byte, n int) (cells, error) {
	out := cells{width: c.width}
	var err error
	switch {
	case encoding == format.Plain && c.width > 0:
		out.data = b
	case encoding == format.Plain && c.physical == format.ByteArray:
		out, err = plainBytes(b, n)
	case encoding == format.ByteStreamSplit && c.width > 0:
		out.data = joinStreams(b, c.width)
	case encoding == format.DeltaBinaryPacked && c.physical == format.Int32:
		out.data, err = deltaNumbers(b, n)
	case encoding == format.DeltaLengthByteArray && c.physical == format.ByteArray:
		if err = deltaCount(b, n); err == nil {
			out.data, out.offsets, err = new(delta.LengthByteArrayEncoding).DecodeByteArray(nil, b, nil)
		}
	case encoding == format.DeltaByteArray && c.physical == format.ByteArray:
		if _, _, err = page.Prefixes(b, int64(n), maxPage); err == nil {
			out.data, out.offsets, err = new(delta.ByteArrayEncoding).DecodeByteArray(nil, b, nil)
		}
	case encoding == format.DeltaByteArray && c.physical == format.FixedLenByteArray:
		if _, _, err = page.Prefixes(b, int64(n), maxPage); err == nil {
			out.data, err = new(delta.ByteArrayEncoding).DecodeFixedLenByteArray(nil, b, c.width)
		}
	default:
		return out, fmt.Errorf("values of type %s are encoded as %s, which is not read", c.physical, encoding)
	}
	if err == nil && out.len() < n {
		err = fmt.Errorf("%d values, and %d were promised", out.len(), n)
	}
	return out, err
}

// plainBytes finds n values, each preceded by its length.
func plainBytes(b []byte, n int) (cells, error) {
	const lead = 4
	out := cells{data: b, lead: lead, offsets: make([]uint32, 1, min(n, len(b)/lead)+1)}
	for at := 0; n > 0; n-- {
		if len(b)-at < lead || uint64(binary.LittleEndian.Uint32(b[at:])) > uint64(len(b)-at-lead) {
			return out, errors.New("a value is longer than its page")
		}
		at += lead + int(binary.LittleEndian.Uint32(b[at:]))
		out.offsets = append(out.offsets, uint32(at))
	}
	return out, nil
}

// joinStreams decodes byte-stream split values: first the first bytes of all values, then all
// second bytes, and so on.
func joinStreams(b []byte, width int) []byte {
	n := len(b) / width
	out := make([]byte, n*width)
	for k := range width {
		for i, v := range b[k*n : (k+1)*n] {
			out[i*width+k] = v
		}
	}
	return out
}

// deltaCount checks that b has at most n deltas.
func deltaCount(b []byte, n int) error {
	if count := page.DeltaCount(b); count > uint64(n) {
		return fmt.Errorf("%d values, and %d were promised", count, n)
	}
	return nil
}

// deltaNumbers returns the 32-bit numbers that b encodes as differences.
func deltaNumbers(b []byte, n int) ([]byte, error) {
	if err := deltaCount(b, n); err != nil {
		return nil, err
	}
	numbers, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, b)
	out := make([]byte, 0, 4*len(numbers))
	for _, v := range numbers {
		out = binary.LittleEndian.AppendUint32(out, uint32(v))
	}
	return out, err
}
