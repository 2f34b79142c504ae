package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// readParquet reads the columns of lists and of bytes of a Parquet file; all are
// Streams. How long the rows are follows from the numbers of rows and of values, which
// the footer has; that each is that long is checked as they are read.
//
// github.com/apache/arrow-go bounds its pages and decodes runs as they are asked
// for. github.com/parquet-go/parquet-go, with which we write, makes as much room for
// a page or a footer as they ask for, and a run of a few bytes unpacks to gigabytes.
func readParquet(ctx context.Context, f File, size int64) (arrays []Array, err error) {
	defer caught(&err)
	if err := checkFooter(f, size); err != nil {
		return nil, err
	}
	t, err := openParquet(f, size)
	if err != nil {
		return nil, err
	}
	groups := t.file.NumRowGroups()
	if columns := t.file.MetaData().Schema.NumColumns(); columns > maxArrays || groups > maxArrays || columns*groups > maxCells {
		return nil, fmt.Errorf("%d columns in %d row groups are more than the %d, or %d parts, allowed", columns, groups, maxArrays, maxCells)
	}
	leaves := map[string]int{}
	for _, c := range t.file.MetaData().Schema.Columns() {
		leaves[c.ColumnPath()[0]]++
	}
	for i, c := range t.file.MetaData().Schema.Columns() {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		name := c.ColumnPath()[0]
		elem, kind := parquetKind(c, leaves[name])
		if kind == scalars {
			continue
		}
		a, err := t.column(ctx, i, elem, kind)
		if err != nil {
			return nil, place(name, err)
		}
		a.Name = name
		arrays = append(arrays, a)
	}
	return arrays, nil
}

// caught makes an error of a panic: arrow-go panics on some damaged files.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("it is damaged: %v", r)
	}
}

// parquetTable is an open Parquet file.
type parquetTable struct {
	file *file.Reader
	size int64
}

func openParquet(f File, size int64) (*parquetTable, error) {
	props := parquet.NewReaderProperties(nil)
	props.MaxCompressedPageSize, props.MaxUncompressedPageSize = maxPage, maxPage
	props.BufferedStreamEnabled = true // does not read a row group as a whole
	r, err := file.NewParquetReader(io.NewSectionReader(f, 0, size), file.WithReadProps(props))
	if err != nil {
		return nil, err
	}
	return &parquetTable{file: r, size: size}, nil
}

// checkFooter checks the footer before a library makes room for what it promises.
func checkFooter(f File, size int64) error {
	const magic, tail = "PAR1", 8
	if size < int64(len(magic))+tail {
		return fmt.Errorf("%d bytes are too few for a Parquet file", size)
	}
	var head [len(magic)]byte
	var end [tail]byte
	if err := readFull(f, head[:], 0); err != nil {
		return err
	}
	if err := readFull(f, end[:], size-tail); err != nil {
		return err
	}
	switch {
	case string(head[:]) == "PARE" || string(end[4:]) == "PARE":
		return errors.New("it is encrypted")
	case string(head[:]) != magic:
		return fmt.Errorf("not a Parquet file: it begins with %q", head)
	case string(end[4:]) != magic:
		return fmt.Errorf("it does not end as a Parquet file does, but with %q: it is truncated", end[4:])
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	if length > maxHeader {
		return fmt.Errorf("a footer of %d bytes is longer than the %d allowed", length, maxHeader)
	}
	if length > size-tail-int64(len(magic)) {
		return fmt.Errorf("a footer of %d bytes does not fit in the file's %d", length, size)
	}
	footer := make([]byte, length)
	if err := readFull(f, footer, size-tail-length); err != nil {
		return err
	}
	return checkThrift(footer)
}

// parquetKind says what a leaf column holds.
type columnKind uint8

const (
	scalars columnKind = iota
	lists              // of numbers
	others             // lists of something else
	opaques            // bytes
)

// parquetKind returns what a column holds, one of n leaves of its name, and the
// type of its elements.
func parquetKind(c *schema.Column, n int) (Type, columnKind) {
	switch {
	case n > 1 || c.MaxRepetitionLevel() == 0 && len(c.ColumnPath()) > 1:
		return 0, scalars // a struct or a map
	case c.MaxRepetitionLevel() > 1:
		return 0, others
	}
	elem, number := parquetNumber(c)
	switch {
	case c.MaxRepetitionLevel() == 1 && number:
		return elem, lists
	case c.MaxRepetitionLevel() == 1:
		return 0, others
	case parquetBytes(c):
		return Uint8, opaques
	}
	return 0, scalars
}

// parquetNumber returns the type of a column's elements, if a layer may have it.
func parquetNumber(c *schema.Column) (Type, bool) {
	switch c.PhysicalType() {
	case parquet.Types.Float:
		return Float32, true
	case parquet.Types.Double:
		return Float64, true
	case parquet.Types.FixedLenByteArray:
		_, ok := c.LogicalType().(schema.Float16LogicalType)
		return Float16, ok && c.TypeLength() == 2
	case parquet.Types.Int32:
		typ, ok := c.LogicalType().(schema.IntLogicalType)
		switch {
		case !ok:
			return Int32, c.LogicalType() == nil || c.LogicalType().IsNone()
		case typ.BitWidth() == 8 && typ.IsSigned():
			return Int8, true
		case typ.BitWidth() == 8:
			return Uint8, true
		case typ.BitWidth() == 32:
			return Int32, typ.IsSigned()
		}
	}
	return 0, false
}

// parquetBytes reports whether a column is of bytes that are nothing else, a text
// or a decimal say.
func parquetBytes(c *schema.Column) bool {
	typ := c.PhysicalType()
	return (typ == parquet.Types.ByteArray || typ == parquet.Types.FixedLenByteArray) && (c.LogicalType() == nil || c.LogicalType().IsNone())
}

// column returns a column as a matrix.
func (t *parquetTable) column(ctx context.Context, i int, elem Type, kind columnKind) (Array, error) {
	if kind == others {
		return Array{Why: "a column of lists, but not of float16, float32, float64, int8, uint8 or int32"}, nil
	}
	a := Array{Type: elem, Opaque: kind == opaques}
	rows, values, err := t.count(i)
	switch {
	case err != nil:
		return a, err
	case rows == 0:
		return Array{Why: "it has no rows"}, nil
	}
	a.Rows = rows
	if a.Dim = values / rows; kind == opaques {
		if a.Dim, err = t.firstLength(i); err != nil {
			return a, err
		}
		if a.Dim == 0 {
			return Array{Why: "row 0 is null or empty"}, nil
		}
	} else if a.Dim == 0 || values != rows*a.Dim {
		return t.uneven(ctx, a, i)
	}
	a.Stream = func(ctx context.Context) (io.ReadCloser, error) { return t.newStream(ctx, a, i), nil }
	if a.Opaque {
		if err := a.Check(t.size); err != nil {
			return a, err
		}
		a.Why = opaque(a.Dim)
	}
	return a, nil
}

// count returns the numbers of rows and of values of a column.
func (t *parquetTable) count(i int) (rows, values int64, err error) {
	for g := range t.file.NumRowGroups() {
		group := t.file.MetaData().RowGroup(g)
		c, err := group.ColumnChunk(i)
		if err != nil {
			return 0, 0, fmt.Errorf("row group %d: %w", g, err)
		}
		if group.NumRows() < 0 || c.NumValues() < 0 || rows > 1<<62-group.NumRows() || values > 1<<62-c.NumValues() {
			return 0, 0, fmt.Errorf("row group %d has %d rows, %d values: no file is that large", g, group.NumRows(), c.NumValues())
		}
		rows, values = rows+group.NumRows(), values+c.NumValues()
	}
	return rows, values, nil
}

// firstLength returns how many bytes the first row of a column of bytes has.
func (t *parquetTable) firstLength(i int) (int64, error) {
	if c := t.file.MetaData().Schema.Column(i); c.PhysicalType() != parquet.Types.ByteArray {
		return int64(c.TypeLength()), nil
	}
	for g := range t.file.NumRowGroups() {
		c, err := t.file.RowGroup(g).Column(i)
		if err != nil {
			return 0, fmt.Errorf("row group %d: %w", g, err)
		}
		first := typed[parquet.ByteArray]{v: make([]parquet.ByteArray, 1)}
		_, n, err := first.read(c, make([]int16, 1), make([]int16, 1))
		length := int64(len(first.v[0]))
		if err = errors.Join(err, c.Close()); err != nil {
			return 0, fmt.Errorf("row group %d: %w", g, err)
		}
		if n == 1 || t.file.MetaData().RowGroup(g).NumRows() > 0 {
			return length, nil
		}
	}
	return 0, nil
}

// uneven returns why a column, whose number of values is none of rows of one
// length, is no matrix: it reads up to the first row that is to blame.
func (t *parquetTable) uneven(ctx context.Context, a Array, i int) (Array, error) {
	s := t.newStream(ctx, a, i)
	s.dim = 0
	_, err := io.Copy(io.Discard, s)
	err = errors.Join(err, s.Close())
	var row *rowError
	if errors.As(err, &row) {
		return Array{Why: row.Error()}, nil
	}
	if err == nil {
		err = errors.New("it has other numbers of rows and values than its footer says")
	}
	return a, err
}
