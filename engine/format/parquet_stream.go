package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// A RowError says which row of a column does not fit into a matrix, though the file
// is sound.
type RowError struct {
	Row int64
	Why string
}

// Error names the row, from 0.
func (e *RowError) Error() string { return fmt.Sprintf("row %d %s", e.Row, e.Why) }

// parquetStream is the elements of a column, row group after row group. A row that is
// null or empty is zeros.
type parquetStream struct {
	ctx      context.Context
	t        *parquetTable
	c        *parquetLeaf
	group    int // the next
	promised int64
	dim      int64 // elements of a row, 0 while the first one is to tell
	put      func(dst, v []byte) ([]byte, error)
	direct   bool  // values are elements as they lie in memory
	empty    int64 // bytes of a row that is null; 0 while they are not wanted

	pages     *parquetPages // of the row group at hand
	given     int           // levels of the page at hand
	value     int           // and values of it
	first     int64         // the first row that is not null
	row, have int64         // the row that is being read, -1 before the first, and the elements of it that were read
	null      bool          // that row is null or empty
	elements  int64         // that were read
	out, buf  []byte        // what was decoded and not given yet, and its memory
}

// newStream returns the elements of column c in all row groups.
func (t *parquetTable) newStream(ctx context.Context, a Array, c *parquetLeaf) *parquetStream {
	s := &parquetStream{ctx: ctx, t: t, c: c, promised: a.Rows, dim: a.Dim, row: -1, first: -1, put: putNumber(a.Type), empty: a.Bytes() / max(a.Rows, 1)}
	if a.Opaque {
		s.dim = 1 // its rows are its elements
		s.put = putBytes(a.Dim, true)
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
		s.pages, s.given, s.value = nil, 0, 0
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
	s.given, s.value = 0, 0
	return nil
}

// give sets out to the bytes of further values of the current page. If the page holds the elements
// as memory does, out is the whole page. Such values need no put.
func (s *parquetStream) give() (err error) {
	from, n := s.given, s.pages.levels
	if s.pages.values < n {
		return s.giveRows()
	}
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
			return &RowError{s.elements / max(s.dim, 1), err.Error()}
		}
		s.elements++
	}
	s.out = s.buf
	return nil
}

// giveRows is give for a page with rows that are null or empty.
func (s *parquetStream) giveRows() (err error) {
	s.buf = s.buf[:0]
	for n := s.pages.levels; s.given < n && len(s.buf) < chunk; s.given++ {
		if int(s.pages.def[s.given]) < s.c.maxDef {
			s.buf = append(s.buf, make([]byte, s.empty)...)
			s.elements += s.dim
			continue
		}
		if s.buf, err = s.put(s.buf, s.pages.value(s.value)); err != nil {
			return &RowError{s.elements / max(s.dim, 1), err.Error()}
		}
		s.value++
		s.elements++
	}
	s.out = s.buf
	return nil
}

func (s *parquetStream) place(err error) error { return fmt.Errorf("row group %d: %w", s.group, err) }

// rows checks that the levels of the current page form whole rows.
func (s *parquetStream) rows() error {
	rep, def, most, filled := s.pages.rep, s.pages.def, byte(s.c.maxDef), byte(s.c.filled)
	for i := range s.pages.levels {
		switch {
		case s.c.maxRep == 0 || rep[i] == 0:
			if err := s.whole(); err != nil {
				return err
			}
			if s.row++; s.row >= s.promised {
				return s.place(fmt.Errorf("more than the %d rows promised", s.promised))
			}
			if s.have, s.null = 0, most > 0 && def[i] < filled; s.null {
				continue
			}
		case s.row < 0:
			return s.place(errors.New("its first value continues a row"))
		case s.null:
			return s.place(fmt.Errorf("a value continues row %d, which is null or empty", s.row))
		}
		if most > 0 && def[i] < most {
			return &RowError{s.row, "has a value that is null"}
		}
		if s.have++; s.dim > 0 && s.have > s.dim {
			return &RowError{s.row, fmt.Sprintf("has more than %d elements, %s", s.dim, s.others())}
		}
	}
	return nil
}

// whole checks that the current row has as many elements as the first.
func (s *parquetStream) whole() error {
	switch {
	case s.row < 0 || s.null:
	case s.have == s.dim && s.dim > 0:
		if s.first < 0 {
			s.first = s.row
		}
	case s.dim == 0:
		s.dim, s.first = s.have, s.row
	default:
		return &RowError{s.row, fmt.Sprintf("has %d elements, not %d, %s", s.have, s.dim, s.others())}
	}
	return nil
}

// others says which row has s.dim elements.
func (s *parquetStream) others() string {
	if s.first < 0 {
		return "which rows have on average"
	}
	return fmt.Sprintf("as row %d has", s.first)
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

// putBytes appends rows of width bytes; where they may be empty, zeros for one that is.
func putBytes(width int64, empty bool) func(dst, v []byte) ([]byte, error) {
	return func(dst, v []byte) ([]byte, error) {
		if empty && len(v) == 0 {
			return append(dst, make([]byte, width)...), nil
		}
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
		return putBytes(t.Size(), false)
	}
	return func(dst, b []byte) ([]byte, error) {
		v := int32(binary.LittleEndian.Uint32(b))
		if v < lo || v > hi {
			return dst, fmt.Errorf("has the value %d, which is no %s", v, t)
		}
		return append(dst, byte(v)), nil
	}
}
