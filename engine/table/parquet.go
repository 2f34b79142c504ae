package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/x448/float16"
)

// parquetBatch is the number of rows read at a time, column by column.
const parquetBatch = 512

// parquetTable reads a .parquet file.
type parquetTable struct {
	file    *parquet.File
	data    io.ReaderAt
	size    int64
	columns []*parquetColumn
	header  []string
	out     []Left // columns that are left out

	groups []parquet.RowGroup // to read
	rest   int64              // rows of the one at hand

	text  []byte // of the batch
	whole string // the same
	rows  int    // of the batch
	at    int    // rows of it that were given out
	cells []string
}

// parquetColumn is a column that is read.
type parquetColumn struct {
	name   string
	leaf   *parquet.Column
	list   bool
	append func([]byte, parquet.Value) []byte // its text
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buffer []parquet.Value
	ahead  []parquet.Value // values that were read
	spans  []span          // of the batch
}

// openParquet reads the metadata of a file.
func openParquet(f fs.File) (t *parquetTable, err error) {
	defer recoverDamage(&err)
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data, ok := f.(io.ReaderAt)
	if !ok {
		return nil, errors.New("it cannot be read at any place, as a Parquet file must")
	}
	t = &parquetTable{data: data, size: info.Size()}
	if err := checkFooter(data, t.size); err != nil {
		return nil, err
	}
	t.file, err = parquet.OpenFile(data, t.size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(err)
	}
	for _, c := range t.file.Root().Columns() {
		t.add(c)
	}
	if len(t.columns) > maxColumns {
		return nil, fmt.Errorf("there are more than the %d columns allowed", maxColumns)
	}
	t.groups = t.file.RowGroups()
	return t, t.checkGroups()
}

// recoverDamage turns a panic into an error: the library panics on some damaged files.
func recoverDamage(err *error) {
	if p := recover(); p != nil {
		*err = damaged(fmt.Errorf("%v", p))
	}
}

// damaged says that a file is damaged.
func damaged(err error) error { return fmt.Errorf("the Parquet file is damaged: %w", err) }

// add adds a column, if its cells can be text.
func (t *parquetTable) add(c *parquet.Column) {
	leaf := c
	for !leaf.Leaf() && len(leaf.Columns()) == 1 {
		leaf = leaf.Columns()[0]
	}
	depth := leaf.MaxRepetitionLevel()
	if !leaf.Leaf() || depth > 1 || depth == 0 && leaf != c {
		t.out = append(t.out, Left{Name: c.Name(), Holds: "structures", Bytes: holdsBytes(c)})
		return
	}
	text, is := textOf(leaf)
	switch {
	case depth == 1 && is != "texts":
		t.out = append(t.out, Left{Name: c.Name(), Holds: "lists of " + is})
		return
	case text == nil && is == unmarked && depth == 0 && leaf.Type().Kind() == parquet.ByteArray && isRole(c.Name()):
		text = appendBytes // of writers that mark no column as text
	case text == nil:
		t.out = append(t.out, Left{Name: c.Name(), Holds: is, Bytes: is == unmarked})
		return
	}
	t.header = append(t.header, c.Name())
	t.columns = append(t.columns, &parquetColumn{
		name: c.Name(), leaf: leaf, list: depth == 1, append: text, buffer: make([]parquet.Value, parquetBatch),
	})
}

// unmarked is what a column of bytes holds of which the file does not say what they are.
const unmarked = "bytes that are not marked as text"

// isRole reports whether a column of the name has one text a row: bytes are one, too.
// That of pictures is none of them: it may hold the pictures.
func isRole(name string) bool { return name == "id" || name == "group" || name == "split" }

func appendBytes(b []byte, v parquet.Value) []byte { return append(b, v.ByteArray()...) }

// holdsBytes reports whether a column of structures has a part that is bytes.
func holdsBytes(c *parquet.Column) bool {
	for _, child := range c.Columns() {
		if child.Leaf() && child.MaxRepetitionLevel() == 0 && child.Type().LogicalType() == nil && child.Type().Kind() == parquet.ByteArray {
			return true
		}
	}
	return false
}

// textOf returns what appends the text of a column's values, nil if there is no
// such text, and what they are.
func textOf(c *parquet.Column) (text func([]byte, parquet.Value) []byte, is string) {
	var logical format.LogicalTypeValue
	if l := c.Type().LogicalType(); l != nil {
		logical = l.Value
	}
	switch l := logical.(type) {
	case *format.StringType, *format.EnumType, *format.JsonType:
		return appendBytes, "texts"
	case *format.DecimalType:
		return decimalOf(c.Type().Kind(), int(l.Scale)), "numbers"
	case *format.UUIDType:
		return appendUUID, "UUIDs"
	case *format.TimeType:
		return clockOf(l.Unit), "times of day"
	case *format.IntType:
		switch {
		case l.IsSigned && c.Type().Kind() == parquet.Int32:
			return func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, int64(v.Int32()), 10) }, "numbers"
		case l.IsSigned:
			return func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, v.Int64(), 10) }, "numbers"
		case c.Type().Kind() == parquet.Int32:
			return func(b []byte, v parquet.Value) []byte { return strconv.AppendUint(b, uint64(v.Uint32()), 10) }, "numbers"
		}
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendUint(b, v.Uint64(), 10) }, "numbers"
	case *format.DateType:
		return func(b []byte, v parquet.Value) []byte {
			return time.Unix(int64(v.Int32())*24*60*60, 0).UTC().AppendFormat(b, time.DateOnly)
		}, "dates"
	case *format.TimestampType:
		return timeOf(l.Unit), "times"
	case *format.Float16Type:
		return func(b []byte, v parquet.Value) []byte {
			return appendFloat(b, float64(float16.Frombits(binary.LittleEndian.Uint16(v.ByteArray())).Float32()), 32)
		}, "numbers"
	case nil:
		return plainTextOf(c.Type().Kind())
	}
	return nil, logical.String()
}

// plainTextOf is textOf for a column without a logical type.
func plainTextOf(kind parquet.Kind) (text func([]byte, parquet.Value) []byte, is string) {
	switch kind {
	case parquet.Boolean:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendBool(b, v.Boolean()) }, "booleans"
	case parquet.Int32:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, int64(v.Int32()), 10) }, "numbers"
	case parquet.Int64:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, v.Int64(), 10) }, "numbers"
	case parquet.Float:
		return func(b []byte, v parquet.Value) []byte { return appendFloat(b, float64(v.Float()), 32) }, "numbers"
	case parquet.Double:
		return func(b []byte, v parquet.Value) []byte { return appendFloat(b, v.Double(), 64) }, "numbers"
	case parquet.Int96:
		return appendInt96, "times"
	}
	return nil, unmarked
}

// appendFloat appends a number in its shortest form; NaN is unknown.
func appendFloat(b []byte, x float64, bits int) []byte {
	if math.IsNaN(x) {
		return b
	}
	return strconv.AppendFloat(b, x, 'g', -1, bits)
}

// timeOf returns a function that appends times of the unit as RFC 3339, in UTC.
func timeOf(unit format.TimeUnit) func([]byte, parquet.Value) []byte {
	scale := int64(time.Nanosecond)
	if unit.Value != nil {
		scale = int64(unit.Value.Duration())
	}
	each := int64(time.Second) / max(scale, 1) // units in a second
	return func(b []byte, v parquet.Value) []byte {
		n := v.Int64()
		return time.Unix(n/each, n%each*scale).UTC().AppendFormat(b, time.RFC3339Nano)
	}
}

func (t *parquetTable) place() string    { return "" }
func (t *parquetTable) names() []string  { return t.header }
func (t *parquetTable) lists(c int) bool { return t.columns[c].list }
func (t *parquetTable) notes() []string  { return nil }
func (t *parquetTable) left() []Left     { return t.out }

// close releases the pages.
func (t *parquetTable) close() {
	for _, c := range t.columns {
		c.end()
	}
}

func (t *parquetTable) read() ([]string, error) {
	if t.at == t.rows {
		if err := t.batch(); err != nil {
			return nil, err
		}
	}
	t.cells = t.cells[:0]
	for _, c := range t.columns {
		s := c.spans[t.at]
		t.cells = append(t.cells, t.whole[s.from:s.to])
	}
	t.at++
	return t.cells, nil
}

// batch reads the next rows.
func (t *parquetTable) batch() (err error) {
	defer recoverDamage(&err)
	for t.rest == 0 {
		if len(t.groups) == 0 {
			return io.EOF
		}
		group := t.groups[0]
		t.groups, t.rest = t.groups[1:], group.NumRows()
		chunks := group.ColumnChunks()
		for _, c := range t.columns {
			c.end()
			c.pages = chunks[c.leaf.Index()].Pages()
		}
	}
	t.rows, t.at = int(min(t.rest, parquetBatch)), 0
	t.rest -= int64(t.rows)
	t.text = t.text[:0]
	for _, c := range t.columns {
		read := c.cells
		if c.list {
			read = c.listCells
		}
		if t.text, err = read(t.text, t.rows); err != nil {
			t.at = t.rows
			return &aheadError{len(c.spans), fmt.Errorf("column %q: %w", c.name, err)}
		}
	}
	t.whole = string(t.text)
	return nil
}

// aheadError is an error in a row that was read ahead.
type aheadError struct {
	rows int // from the next
	error
}

func (e *aheadError) Unwrap() error { return e.error }

// end releases the column's page.
func (c *parquetColumn) end() {
	if c.page != nil {
		parquet.Release(c.page)
	}
	if c.pages != nil {
		_ = c.pages.Close() // an error does not matter: the file is only read
	}
	c.page, c.pages, c.values, c.ahead = nil, nil, nil, nil
}

// next returns the next value without consuming it, or io.EOF at the end of the row group.
func (c *parquetColumn) next() (parquet.Value, error) {
	for len(c.ahead) == 0 {
		if c.values != nil {
			n, err := c.values.ReadValues(c.buffer)
			if err != nil && !errors.Is(err, io.EOF) {
				return parquet.Value{}, damaged(err)
			}
			if n > 0 {
				c.ahead = c.buffer[:n]
				break
			}
			parquet.Release(c.page)
			c.page, c.values = nil, nil
		}
		page, err := c.pages.ReadPage()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return parquet.Value{}, io.EOF
		}
		if err != nil {
			return parquet.Value{}, damaged(err)
		}
		c.page, c.values = page, page.Values()
	}
	return c.ahead[0], nil
}

// errShort says that a column ends before its row group does.
var errShort = damaged(errors.New("the column has fewer values than the table has rows"))

// cells appends the texts of the next rows cells, and notes their spans.
func (c *parquetColumn) cells(text []byte, rows int) ([]byte, error) {
	c.spans = c.spans[:0]
	for len(c.spans) < rows {
		if _, err := c.next(); err != nil {
			return text, short(err)
		}
		n := min(len(c.ahead), rows-len(c.spans))
		for _, v := range c.ahead[:n] {
			from := len(text)
			if !v.IsNull() {
				text = c.append(text, v)
			}
			if len(text)-from > maxCell {
				return text, errCell(len(text) - from)
			}
			c.spans = append(c.spans, span{from, len(text)})
		}
		c.ahead = c.ahead[n:]
	}
	return text, nil
}

// short returns the error of a missing value.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return errShort
	}
	return err
}

// listCells is cells for a column of lists.
func (c *parquetColumn) listCells(text []byte, rows int) ([]byte, error) {
	c.spans = c.spans[:0]
	for len(c.spans) < rows {
		from := len(text)
		for n := 0; ; n++ {
			v, err := c.next()
			if n > 0 && (errors.Is(err, io.EOF) || err == nil && v.RepetitionLevel() == 0) {
				break
			}
			if err != nil {
				return text, short(err)
			}
			if !v.IsNull() {
				if text, err = c.appendValue(text, from, v); err != nil {
					return text, err
				}
			}
			c.ahead = c.ahead[1:]
		}
		c.spans = append(c.spans, span{from, len(text)})
	}
	return text, nil
}

// appendValue appends a value to a cell that begins at from.
func (c *parquetColumn) appendValue(text []byte, from int, v parquet.Value) ([]byte, error) {
	if len(text) > from {
		text = append(text, '|')
	}
	value := len(text)
	text = c.append(text, v)
	switch {
	case bytes.IndexByte(text[value:], '|') >= 0:
		return text, errMark(text[value:])
	case len(text)-from > maxCell:
		return text, errCell(len(text) - from)
	}
	return text, nil
}
