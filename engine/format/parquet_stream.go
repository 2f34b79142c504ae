package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// A rowError says which row of a column does not fit a matrix.
type rowError struct {
	row int64
	why string
}

func (e *rowError) Error() string { return fmt.Sprintf("row %d %s", e.row, e.why) }

// parquetStream reads the elements of a column, row group after row group.
type parquetStream struct {
	ctx      context.Context
	t        *parquetTable
	c        *parquetLeaf
	group    int // the next
	promised int64
	dim      int64 // elements of a row, 0 while the first one is to tell
	put      func(dst, v []byte) ([]byte, error)
	direct   bool // values are elements as they lie in memory

	pages     *parquetPages // of the row group at hand
	given     int           // values of the current page
	row, have int64         // the current row, -1 before the first, and the number of its elements read so far
	elements  int64         // number of elements read
	out, buf  []byte        // decoded bytes that Read has not returned yet, and their memory
}

// newStream returns the elements of column c in all row groups.
func (t *parquetTable) newStream(ctx context.Context, a Array, c *parquetLeaf) *parquetStream {
	s := &parquetStream{ctx: ctx, t: t, c: c, promised: a.Rows, dim: a.Dim, row: -1, put: putNumber(a.Type)}
	if a.Opaque {
		s.dim = 1 // its rows are its elements
		s.put = putBytes(a.Dim)
	}
	s.direct = c.width > 0 && (a.Opaque && a.Dim == int64(c.width) || !a.Opaque && a.Type.Size() == int64(c.width))
	return s
}

func (s *parquetStream) Read(p []byte) (n int, err error) {
	defer caught(&err)
	for len(s.out) == 0 {
		if err := s.ctx.Err(); err != nil {
			return 0, err
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n = copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// fill decodes further elements.
func (s *parquetStream) fill() (err error) {
	switch {
	case s.pages == nil && s.group == len(s.t.meta.RowGroups):
		return s.end()
	case s.pages == nil:
		if s.pages, err = s.t.pages(s.group, s.c); err != nil {
			return s.place(err)
		}
	case s.given < s.pages.levels:
		return s.give()
	}
	err = s.pages.next()
	if errors.Is(err, io.EOF) {
		s.pages, s.given = nil, 0
		s.group++
		return nil
	}
	if err != nil {
		return s.place(err)
	}
	if err := s.rows(); err != nil {
		return err
	}
	if err := s.pages.decode(); err != nil {
		return s.place(err)
	}
	s.given = 0
	return nil
}

// give sets out to the bytes of further values of the current page. If the page holds the elements
// as memory does, out is the whole page. Such values need no put.
func (s *parquetStream) give() (err error) {
	from, n := s.given, s.pages.levels
	if s.direct && len(s.pages.indexes) == 0 {
		s.given, s.elements = n, s.elements+int64(n-from)
		s.out = s.pages.cells.data[from*s.c.width : n*s.c.width]
		return nil
	}
	s.buf = s.buf[:0]
	if s.direct {
		to := min(n, from+chunk/s.c.width+1)
		s.buf = s.pages.dict.appendAll(s.buf, s.pages.indexes[from:to])
		s.given, s.elements, s.out = to, s.elements+int64(to-from), s.buf
		return nil
	}
	for ; s.given < n && len(s.buf) < chunk; s.given++ {
		if s.buf, err = s.put(s.buf, s.pages.value(s.given)); err != nil {
			return &rowError{s.elements / max(s.dim, 1), err.Error()}
		}
		s.elements++
	}
	s.out = s.buf
	return nil
}

func (s *parquetStream) place(err error) error { return fmt.Errorf("row group %d: %w", s.group, err) }

// rows checks that the levels of the current page form whole rows.
func (s *parquetStream) rows() error {
	rep, def, most := s.pages.rep, s.pages.def, byte(s.c.maxDef)
	for i := range s.pages.levels {
		switch {
		case s.c.maxRep == 0 || rep[i] == 0:
			if err := s.whole(); err != nil {
				return err
			}
			if s.row++; s.row >= s.promised {
				return s.place(fmt.Errorf("more than the %d rows promised", s.promised))
			}
			s.have = 0
		case s.row < 0:
			return s.place(errors.New("its first value continues a row"))
		}
		if most > 0 && def[i] < most {
			return &rowError{s.row, "is null, empty, or has a null value"}
		}
		if s.have++; s.dim > 0 && s.have > s.dim {
			return &rowError{s.row, fmt.Sprintf("has more than %d elements, %s", s.dim, s.others())}
		}
	}
	return nil
}

// whole checks that the current row has as many elements as the first.
func (s *parquetStream) whole() error {
	switch {
	case s.row < 0 || s.have == s.dim:
	case s.row == 0 && s.dim == 0:
		s.dim = s.have
	default:
		return &rowError{s.row, fmt.Sprintf("has %d elements, not %d, %s", s.have, s.dim, s.others())}
	}
	return nil
}

// others says which rows have s.dim elements.
func (s *parquetStream) others() string {
	if s.row > 0 {
		return "as row 0 has"
	}
	return "which rows have on average"
}

// end returns io.EOF after all rows.
func (s *parquetStream) end() error {
	if err := s.whole(); err != nil {
		return err
	}
	if s.row+1 != s.promised {
		return fmt.Errorf("it has %d rows, and %d were promised", s.row+1, s.promised)
	}
	return io.EOF
}

// Close does nothing: the caller owns the file.
func (s *parquetStream) Close() error { return nil }

// putBytes appends rows of width bytes.
func putBytes(width int64) func(dst, v []byte) ([]byte, error) {
	return func(dst, v []byte) ([]byte, error) {
		if int64(len(v)) != width {
			return dst, fmt.Errorf("has %d bytes, and %d were promised", len(v), width)
		}
		return append(dst, v...), nil
	}
}

// putNumber appends elements of a type. Elements of one byte come as numbers of 32 bits.
func putNumber(t Type) func(dst, v []byte) ([]byte, error) {
	lo, hi := int32(math.MinInt8), int32(math.MaxInt8)
	switch t {
	case Int8:
	case Uint8:
		lo, hi = 0, math.MaxUint8
	default:
		return putBytes(t.Size())
	}
	return func(dst, b []byte) ([]byte, error) {
		v := int32(binary.LittleEndian.Uint32(b))
		if v < lo || v > hi {
			return dst, fmt.Errorf("has the value %d, which is no %s", v, t)
		}
		return append(dst, byte(v)), nil
	}
}
