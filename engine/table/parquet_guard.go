package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"strata/engine/page"
)

// The Parquet library believes the lengths in a file, and unpacks pages of any size. The guard
// reads the same places first. It refuses lengths that exceed the file or the limits.

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
	if _, err := page.Walk(footer, maxStructs); err != nil {
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
		header, n, err := page.Header(p.f, at, end)
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

// page checks the uncompressed size of a page.
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
		return damaged(page.ErrWords)
	}
	if err := page.Misread(codec, packed-levels, size-levels); err != nil {
		return err
	}
	p.largest = max(p.largest, size+8*values)
	body := io.NewSectionReader(p.f, at+levels, packed-levels)
	size -= levels
	if encoding == format.DeltaByteArray {
		bytes, err := page.Unpack(codec, body, size)
		if err != nil {
			return err
		}
		if !h.DataPageHeaderV2.Valid {
			bytes = p.skipLevels(bytes)
		}
		return p.checkPrefixes(bytes)
	}
	return page.Count(codec, body, size)
}

// skipLevels returns the values of a page of version 1. The levels and their lengths precede the
// values. If a length is wrong, it returns no bytes.
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

// checkPrefixes checks a page of the encoding in which a value shares a prefix with the value
// before.
func (p *pageCheck) checkPrefixes(b []byte) error {
	total, n, err := page.Prefixes(b, maxPageValues, maxPage)
	p.largest = max(p.largest, total+8*int64(n))
	return err
}
