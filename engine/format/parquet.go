package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"strata/engine/page"
)

// readParquet reads the columns of lists and of bytes of a Parquet file, all as Streams. The length
// of the rows is the number of values in the footer divided by the number of rows. Reading checks
// that each row has this length.
//
// github.com/parquet-go/parquet-go describes the footer and the headers, and decodes deltas. Its
// reader allocates what a page or a footer asks for, and unpacks a run of a few bytes to gigabytes.
// So package page checks every length first, and this package decodes runs itself, up to the wanted
// number of values.
func readParquet(ctx context.Context, f File, size int64) (arrays []Array, err error) {
	defer caught(&err)
	t, err := openParquet(f, size)
	if err != nil {
		return nil, err
	}
	groups, columns := len(t.meta.RowGroups), len(t.leaves)
	if columns > maxArrays || groups > maxArrays || columns*groups > maxCells {
		return nil, fmt.Errorf("%d columns in %d row groups are more than the %d, or %d parts, allowed", columns, groups, maxArrays, maxCells)
	}
	leaves := map[string]int{}
	for _, c := range t.leaves {
		leaves[c.name]++
	}
	for i := range t.leaves {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c := &t.leaves[i]
		elem, kind := c.kind(leaves[c.name])
		if kind == scalars {
			continue
		}
		a, err := t.column(ctx, c, elem, kind)
		if err != nil {
			return nil, place(c.name, err)
		}
		a.Name = c.name
		arrays = append(arrays, a)
	}
	return arrays, nil
}

// caught turns a panic into an error: the library panics on some damaged files.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("it is damaged: %v", r)
	}
}

// parquetTable is an open Parquet file.
type parquetTable struct {
	f      File
	size   int64
	meta   format.FileMetaData
	leaves []parquetLeaf
}

// openParquet reads the footer, after a check of its lengths.
func openParquet(f File, size int64) (*parquetTable, error) {
	footer, err := readFooter(f, size)
	if err != nil {
		return nil, err
	}
	n, err := page.Walk(footer, maxStructs)
	if err != nil {
		return nil, fmt.Errorf("its footer is damaged: %w", err)
	}
	t := &parquetTable{f: f, size: size}
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, footer[:n], &t.meta); err != nil {
		return nil, fmt.Errorf("its footer is damaged: %w", err)
	}
	if t.meta.EncryptionAlgorithm.Value != nil {
		return nil, errors.New("it is encrypted")
	}
	if t.leaves, err = parquetLeaves(t.meta.Schema); err != nil {
		return nil, err
	}
	for g := range t.meta.RowGroups {
		if n := len(t.meta.RowGroups[g].Columns); n != len(t.leaves) {
			return nil, fmt.Errorf("row group %d has %d columns, and the schema %d", g, n, len(t.leaves))
		}
	}
	return t, nil
}

// readFooter returns the bytes of the footer.
func readFooter(f File, size int64) ([]byte, error) {
	const magic, tail = "PAR1", 8
	if size < int64(len(magic))+tail {
		return nil, fmt.Errorf("%d bytes are too few for a Parquet file", size)
	}
	var head [len(magic)]byte
	var end [tail]byte
	if err := readFull(f, head[:], 0); err != nil {
		return nil, err
	}
	if err := readFull(f, end[:], size-tail); err != nil {
		return nil, err
	}
	switch {
	case string(head[:]) == "PARE" || string(end[4:]) == "PARE":
		return nil, errors.New("it is encrypted")
	case string(head[:]) != magic:
		return nil, fmt.Errorf("not a Parquet file: it begins with %q", head)
	case string(end[4:]) != magic:
		return nil, fmt.Errorf("it does not end as a Parquet file does, but with %q: it is truncated", end[4:])
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	if length > maxHeader {
		return nil, fmt.Errorf("a footer of %d bytes is longer than the %d allowed", length, maxHeader)
	}
	if length > size-tail-int64(len(magic)) {
		return nil, fmt.Errorf("a footer of %d bytes does not fit in the file's %d", length, size)
	}
	footer := make([]byte, length)
	return footer, readFull(f, footer, size-tail-length)
}

// column returns a column as a matrix.
func (t *parquetTable) column(ctx context.Context, c *parquetLeaf, elem Type, kind columnKind) (Array, error) {
	if kind == others {
		return Array{Why: "a column of lists, but not of float16, float32, float64, int8, uint8 or int32"}, nil
	}
	a := Array{Type: elem, Opaque: kind == opaques}
	rows, values, err := t.count(c)
	switch {
	case err != nil:
		return a, err
	case rows == 0:
		return Array{Why: "it has no rows"}, nil
	}
	a.Rows = rows
	if a.Dim = values / rows; kind == opaques || values%rows != 0 || !t.filled(c) {
		if a.Dim, err = t.firstLength(c, kind); err != nil {
			return a, err
		}
	}
	if a.Dim == 0 {
		return Array{Why: "all its rows are null or empty"}, nil
	}
	if kind == lists && values != rows*a.Dim {
		// A row that is null or empty counts for one value.
		missing := rows*a.Dim - values
		if a.Null = missing / max(a.Dim-1, 1); missing < 0 || a.Dim == 1 || a.Null*(a.Dim-1) != missing {
			return t.uneven(ctx, a, c)
		}
	}
	a.Stream = func(ctx context.Context) (io.ReadCloser, error) { return t.newStream(ctx, a, c), nil }
	if a.Opaque {
		if err := a.Check(t.size); err != nil {
			return a, err
		}
		a.Why = opaque(a.Dim)
	}
	return a, nil
}

// count returns the number of rows and the number of values of a column.
func (t *parquetTable) count(c *parquetLeaf) (rows, values int64, err error) {
	for g := range t.meta.RowGroups {
		n, v := t.meta.RowGroups[g].NumRows, t.meta.RowGroups[g].Columns[c.index].MetaData.NumValues
		if n < 0 || v < 0 || rows > 1<<62-n || values > 1<<62-v {
			return 0, 0, fmt.Errorf("row group %d has %d rows, %d values: no file is that large", g, n, v)
		}
		rows, values = rows+n, values+v
	}
	return rows, values, nil
}

// filled reports whether the footer says that no value of a column is null: then the
// rows are as long as they are on average.
func (t *parquetTable) filled(c *parquetLeaf) bool {
	if c.filled <= 1 { // no list can be null, and an empty one is found as it is read
		return true
	}
	for g := range t.meta.RowGroups {
		// A count that is not there reads as 0; where there are bounds, there is one.
		if s := &t.meta.RowGroups[g].Columns[c.index].MetaData.Statistics; s.NullCount != 0 || len(s.MaxValue)+len(s.Max) == 0 {
			return false
		}
	}
	return true
}

// firstLength returns how many bytes or elements the first row of a column has that is
// not null or empty; 0 if there is none.
func (t *parquetTable) firstLength(c *parquetLeaf, kind columnKind) (int64, error) {
	if kind == opaques && c.physical == format.FixedLenByteArray {
		return int64(c.width), nil
	}
	n := int64(0)
	for g := range t.meta.RowGroups {
		p, err := t.pages(g, c)
		for ended := false; err == nil && !ended; {
			if err = p.next(); err == nil {
				n, ended, err = p.firstLength(kind, n)
			}
		}
		switch {
		case err == nil:
			return n, nil
		case !errors.Is(err, io.EOF):
			return 0, fmt.Errorf("row group %d: %w", g, err)
		case n > 0:
			return n, nil // a row ends with its row group
		}
	}
	return 0, nil
}

// firstLength adds to the n elements of the first row that is not null or empty those of
// the page at hand, and reports whether the row has ended.
func (p *parquetPages) firstLength(kind columnKind, n int64) (int64, bool, error) {
	if kind == opaques {
		if err := p.decode(); err != nil {
			return 0, false, err
		}
		for i := range p.values {
			if n = int64(len(p.value(i))); n > 0 {
				return n, true, nil
			}
		}
		return 0, false, nil
	}
	for i := range p.levels {
		switch {
		case n > 0 && p.rep[i] == 0:
			return n, true, nil
		case p.c.maxDef == 0 || int(p.def[i]) >= p.c.filled:
			n++
		}
	}
	return n, false, nil
}

// uneven returns why a column, whose number of values is none of rows of one
// length, is no matrix: it reads up to the first row that is to blame.
func (t *parquetTable) uneven(ctx context.Context, a Array, c *parquetLeaf) (Array, error) {
	s := t.newStream(ctx, a, c)
	s.dim, s.empty = 0, 0
	_, err := io.Copy(io.Discard, s)
	var row *RowError
	if errors.As(err, &row) {
		return Array{Why: row.Error()}, nil
	}
	if err == nil {
		err = errors.New("it has other numbers of rows and values than its footer says")
	}
	return a, err
}
