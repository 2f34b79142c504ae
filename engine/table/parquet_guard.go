package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"github.com/pierrec/lz4/v4"
)

// The library that reads Parquet believes the lengths in a file, and unpacks pages
// to whatever they unpack to. What stands here reads the same places first, and
// refuses what is not backed by bytes or goes beyond the limits.

// errWords says that a length in the metadata is wrong.
var errWords = errors.New("a length in its metadata is more than there is")

// checkFooter checks the metadata at the end of a file.
func checkFooter(f io.ReaderAt, size int64) error {
	const ends = 4 + 8 // "PAR1" at the start; a length and "PAR1" at the end
	var end [8]byte
	if size < ends {
		return fmt.Errorf("not a Parquet file: %d bytes are too few", size)
	}
	if _, err := f.ReadAt(end[:], size-8); err != nil {
		return err
	}
	if string(end[4:]) != "PAR1" {
		return errors.New("not a Parquet file, or one that is cut off: it does not end with PAR1")
	}
	n := int64(binary.LittleEndian.Uint32(end[:]))
	if n > maxFooter || n > size-ends {
		return fmt.Errorf("metadata of %d bytes, in a file of %d; at most %d are allowed", n, size, maxFooter)
	}
	footer := make([]byte, n)
	if _, err := f.ReadAt(footer, size-8-n); err != nil {
		return err
	}
	w := walk{b: footer, structs: maxStructs}
	if err := w.fields(0); err != nil {
		return damaged(err)
	}
	return nil
}

// checkGroups checks the pages of the columns that are read, in all row groups.
func (t *parquetTable) checkGroups() error {
	rows := int64(0)
	for i := range t.file.Metadata().RowGroups {
		group := &t.file.Metadata().RowGroups[i]
		if group.NumRows < 0 || rows+group.NumRows > maxRows {
			return fmt.Errorf("row group %d: %d rows and %d before them are more than the %d allowed", i, group.NumRows, rows, maxRows)
		}
		rows += group.NumRows
		memory := int64(0)
		for _, c := range t.columns {
			p := pageCheck{f: t.data, size: t.size, leaf: c.leaf, meta: &group.Columns[c.leaf.Index()].MetaData}
			if err := p.chunk(); err != nil {
				return fmt.Errorf("row group %d: column %q: %w", i, c.name, err)
			}
			if memory += p.largest; memory > maxPages {
				return fmt.Errorf("row group %d: the largest pages of its columns take more than the %d bytes allowed", i, maxPages)
			}
		}
	}
	return nil
}

// pageCheck checks the pages of a column chunk.
type pageCheck struct {
	f       io.ReaderAt
	size    int64 // of the file
	leaf    *parquet.Column
	meta    *format.ColumnMetaData
	largest int64 // page, in memory
}

func (p *pageCheck) chunk() error {
	at := p.meta.DataPageOffset
	if d := p.meta.DictionaryPageOffset; d > 0 {
		at = min(at, d)
	}
	length := p.meta.TotalCompressedSize
	if at < 0 || length < 0 || at > p.size || length > p.size-at {
		return fmt.Errorf("%d bytes at byte %d are not within the file", length, at)
	}
	for end := at + length; at < end; {
		header, n, err := p.header(at, end)
		if err != nil {
			return fmt.Errorf("page at byte %d: %w", at, err)
		}
		packed := int64(header.CompressedPageSize)
		if packed < 0 || packed > end-at-n {
			return fmt.Errorf("page at byte %d: %d bytes are not within its column", at, packed)
		}
		if err := p.page(header, at+n, packed); err != nil {
			return fmt.Errorf("page at byte %d: %w", at, err)
		}
		at += n + packed
	}
	return nil
}

// header reads the header of a page, and returns its length.
func (p *pageCheck) header(at, end int64) (*format.PageHeader, int64, error) {
	for n := int64(4 << 10); ; n *= 16 {
		b := make([]byte, min(n, end-at))
		if _, err := p.f.ReadAt(b, at); err != nil {
			return nil, 0, err
		}
		w := walk{b: b, structs: maxStructs}
		err := w.fields(0)
		if errors.Is(err, errWords) && int64(len(b)) < end-at && n < maxFooter {
			continue // it may be longer
		}
		if err != nil {
			return nil, 0, damaged(err)
		}
		header := &format.PageHeader{}
		length := len(b) - len(w.b)
		if err := thrift.Unmarshal(&thrift.CompactProtocol{}, b[:length], header); err != nil {
			return nil, 0, damaged(err)
		}
		return header, int64(length), nil
	}
}

// page checks what a page unpacks to.
func (p *pageCheck) page(h *format.PageHeader, at, packed int64) error {
	values, levels, encoding := int64(0), int64(0), format.Plain
	codec := p.meta.Codec
	switch {
	case h.DictionaryPageHeader.Valid:
		values = int64(h.DictionaryPageHeader.V.NumValues)
	case h.DataPageHeader.Valid:
		values, encoding = int64(h.DataPageHeader.V.NumValues), h.DataPageHeader.V.Encoding
	case h.DataPageHeaderV2.Valid:
		v2 := h.DataPageHeaderV2.V
		values, encoding = int64(v2.NumValues), v2.Encoding
		levels = int64(v2.RepetitionLevelsByteLength) + int64(v2.DefinitionLevelsByteLength)
		if v2.IsCompressed.Valid && !v2.IsCompressed.V {
			codec = format.Uncompressed
		}
	}
	size := int64(h.UncompressedPageSize)
	switch {
	case values < 0 || values > maxPageValues:
		return fmt.Errorf("%d values; at most %d are allowed", values, maxPageValues)
	case size < levels || size > maxPage:
		return fmt.Errorf("%d bytes unpacked; at most %d are allowed", size, maxPage)
	case levels < 0 || levels > packed:
		return damaged(errWords)
	}
	p.largest = max(p.largest, size+8*values)
	body := io.NewSectionReader(p.f, at+levels, packed-levels)
	size -= levels
	if encoding == format.DeltaByteArray {
		bytes, err := unpackPage(codec, body, size)
		if err != nil {
			return err
		}
		if !h.DataPageHeaderV2.Valid {
			bytes = p.skipLevels(bytes)
		}
		return p.checkPrefixes(bytes)
	}
	return countPage(codec, body, size)
}

// skipLevels returns the values of a page of version 1, whose levels stand before
// them with their length; with a wrong one, nothing.
func (p *pageCheck) skipLevels(b []byte) []byte {
	for _, most := range []int{p.leaf.MaxRepetitionLevel(), p.leaf.MaxDefinitionLevel()} {
		if most == 0 {
			continue
		}
		if len(b) < 4 || int64(binary.LittleEndian.Uint32(b)) > int64(len(b)-4) {
			return nil
		}
		b = b[4+binary.LittleEndian.Uint32(b):]
	}
	return b
}

// checkPrefixes checks a page of the encoding in which a value repeats the begin
// of the one before: its lengths may add up to far more than the page.
func (p *pageCheck) checkPrefixes(b []byte) error {
	total := int64(len(b))
	if count := deltaCount(b); count > maxPageValues {
		return fmt.Errorf("%d values; at most %d are allowed", count, maxPageValues)
	}
	prefixes, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, b)
	if err != nil {
		return damaged(err)
	}
	for _, n := range prefixes {
		if total += int64(max(n, 0)); total > maxPage {
			return fmt.Errorf("its values take more than the %d bytes allowed", maxPage)
		}
	}
	p.largest = max(p.largest, total+8*int64(len(prefixes)))
	return nil
}

// deltaCount returns the number of values that a delta encoding says it has: the
// third of the numbers at its start.
func deltaCount(b []byte) uint64 {
	var count uint64
	for range 3 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return 0
		}
		count, b = v, b[n:]
	}
	return count
}

// errPage says that a page does not unpack to what it says.
var errPage = errors.New("it does not unpack to as many bytes as its header says")

// countPage checks that a page unpacks to no more than size bytes, without keeping them.
func countPage(codec format.CompressionCodec, body *io.SectionReader, size int64) error {
	if codec == format.Snappy || codec == format.Lz4Raw {
		_, err := unpackPage(codec, body, size)
		return err
	}
	from, end, err := pageReader(codec, body)
	if err != nil {
		return err
	}
	defer end()
	n, err := io.Copy(io.Discard, io.LimitReader(from, size+1))
	if err != nil {
		return packError(err)
	}
	if n > size {
		return errPage
	}
	return nil
}

// unpackPage returns what a page unpacks to, at most size bytes.
func unpackPage(codec format.CompressionCodec, body *io.SectionReader, size int64) ([]byte, error) {
	switch codec {
	case format.Snappy, format.Lz4Raw:
		packed := make([]byte, body.Size())
		if _, err := io.ReadFull(body, packed); err != nil {
			return nil, err
		}
		return unpackBlock(codec, packed, size)
	}
	from, end, err := pageReader(codec, body)
	if err != nil {
		return nil, err
	}
	defer end()
	b, err := io.ReadAll(io.LimitReader(from, size+1))
	if err != nil {
		return nil, packError(err)
	}
	if int64(len(b)) > size {
		return nil, errPage
	}
	return b, nil
}

// unpackBlock is unpackPage for codecs without streams.
func unpackBlock(codec format.CompressionCodec, packed []byte, size int64) ([]byte, error) {
	const most = 256 // bytes from one, in either of the two
	if size > most*int64(len(packed))+64 {
		return nil, errPage
	}
	if codec == format.Snappy {
		if n, err := snappy.DecodedLen(packed); err != nil || int64(n) > size {
			return nil, errPage
		}
		b, err := snappy.Decode(nil, packed)
		if err != nil {
			return nil, packError(err)
		}
		return b, nil
	}
	b := make([]byte, size)
	n, err := lz4.UncompressBlock(packed, b)
	if err != nil {
		return nil, errPage
	}
	return b[:n], nil
}

// pageReader returns what a page unpacks to, and what gives that up.
func pageReader(codec format.CompressionCodec, body io.Reader) (io.Reader, func(), error) {
	switch codec {
	case format.Uncompressed:
		return body, func() {}, nil
	case format.Gzip:
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, nil, packError(err)
		}
		return z, func() {}, nil
	case format.Brotli:
		return brotli.NewReader(body), func() {}, nil
	case format.Zstd:
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, packError(err)
		}
		return z, z.Close, nil
	}
	return nil, nil, fmt.Errorf("it is packed by %v, which is not known", codec)
}

// walk passes over values in Thrift's compact protocol, and sees that every length
// is backed by bytes.
//
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
type walk struct {
	b       []byte // to come
	structs int    // that may come
}

// maxDepth bounds how deep structures lie in one another.
const maxDepth = 64

func (w *walk) byte() (byte, error) {
	if len(w.b) == 0 {
		return 0, errWords
	}
	b := w.b[0]
	w.b = w.b[1:]
	return b, nil
}

func (w *walk) number() (uint64, error) {
	v, n := binary.Uvarint(w.b)
	if n <= 0 {
		return 0, errWords
	}
	w.b = w.b[n:]
	return v, nil
}

func (w *walk) skip(n uint64) error {
	if n > uint64(len(w.b)) {
		return errWords
	}
	w.b = w.b[n:]
	return nil
}

// fields passes over the fields of a structure.
func (w *walk) fields(depth int) error {
	if w.structs--; w.structs < 0 || depth > maxDepth {
		return errors.New("its metadata holds more structures than are allowed")
	}
	for {
		b, err := w.byte()
		if err != nil || b == 0 {
			return err
		}
		if b>>4 == 0 { // the field's number stands behind
			if _, err := w.number(); err != nil {
				return err
			}
		}
		if kind := b & 15; kind > 2 { // 1 and 2 are true and false
			if err := w.value(kind, depth); err != nil {
				return err
			}
		}
	}
}

// value passes over a value.
func (w *walk) value(kind byte, depth int) error {
	switch kind {
	case 1, 2, 3: // in a list: a byte each
		return w.skip(1)
	case 4, 5, 6:
		_, err := w.number()
		return err
	case 7:
		return w.skip(8)
	case 8:
		n, err := w.number()
		if err != nil {
			return err
		}
		return w.skip(n)
	case 9, 10:
		return w.list(depth)
	case 12:
		return w.fields(depth + 1)
	}
	return fmt.Errorf("its metadata holds a value of kind %d", kind)
}

func (w *walk) list(depth int) error {
	b, err := w.byte()
	if err != nil {
		return err
	}
	n := uint64(b >> 4)
	if n == 15 {
		if n, err = w.number(); err != nil {
			return err
		}
	}
	if n > uint64(len(w.b)) { // each takes a byte or more
		return errWords
	}
	for range n {
		if err := w.value(b&15, depth); err != nil {
			return err
		}
	}
	return nil
}
