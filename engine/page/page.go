// Package page reads the pages of Parquet files.
//
// The library that reads Parquet believes the lengths in a file, and unpacks pages to
// whatever they unpack to. Package page reads the same places first: a length that is
// not backed by bytes, or goes beyond a limit of the caller, is an error.
//
// A file has row groups, a row group has a column chunk for each column, and a column
// chunk is a run of pages, each a header and values that may be compressed. The functions
// keep no state and no reference to their arguments, and may be called concurrently.
package page

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The limits of a page's header.
const (
	maxHeader  = 16 << 20 // bytes; it may hold the least and the greatest value
	maxStructs = 1 << 20
)

// Header reads the header of the page at a place of a file, and returns its length.
// The page's column chunk ends at end.
func Header(f io.ReaderAt, at, end int64) (*format.PageHeader, int64, error) {
	for n := int64(4 << 10); ; n *= 16 {
		b := make([]byte, min(n, end-at))
		if _, err := f.ReadAt(b, at); err != nil {
			return nil, 0, err
		}
		length, err := Walk(b, maxStructs)
		if errors.Is(err, ErrWords) && int64(len(b)) < end-at && n < maxHeader {
			continue // it may be longer
		}
		if err != nil {
			return nil, 0, Damaged(err)
		}
		header := &format.PageHeader{}
		if err := thrift.Unmarshal(&thrift.CompactProtocol{}, b[:length], header); err != nil {
			return nil, 0, Damaged(err)
		}
		return header, int64(length), nil
	}
}

// Damaged says that a file is not what it should be.
func Damaged(err error) error { return fmt.Errorf("the Parquet file is damaged: %w", err) }
