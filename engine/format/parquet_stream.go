package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// A rowError says which row of a column does not fit into a matrix.
type rowError struct {
	row int64
	why string
}

func (e *rowError) Error() string { return fmt.Sprintf("row %d %s", e.row, e.why) }

// parquetStream is the elements of a column, row group after row group.
type parquetStream struct {
	ctx      context.Context
	t        *parquetTable
	column   int
	group    int // the next
	groups   int // where it ends
	promised int64
	dim      int64 // elements of a row, 0 while the first one is to tell
	values   values

	maxDef, maxRep int16
	def, rep       []int16
	chunk          file.ColumnChunkReader
	row, have      int64  // the row that is being read, -1 before the first, and the elements of it that were read
	elements       int64  // that were read
	out, buf       []byte // what was decoded and not given yet, and its memory
}

// newStream returns the elements of column i in all row groups.
func (t *parquetTable) newStream(ctx context.Context, a Array, i int) *parquetStream {
	c := t.file.MetaData().Schema.Column(i)
	n, dim := int64(chunk), a.Dim
	if a.Opaque {
		n, dim = max(chunk/max(a.Dim, 1), 1), 1 // its rows are its elements
	}
	return &parquetStream{
		ctx: ctx, t: t, column: i, groups: t.file.NumRowGroups(), promised: a.Rows, dim: dim, row: -1,
		maxDef: c.MaxDefinitionLevel(), maxRep: c.MaxRepetitionLevel(), def: make([]int16, n), rep: make([]int16, n),
		values: newValues(c.PhysicalType(), a, int(n)),
	}
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

// fill decodes some more elements.
func (s *parquetStream) fill() error {
	if s.chunk == nil {
		if s.group == s.groups {
			return s.end()
		}
		var err error
		if s.chunk, err = s.t.file.RowGroup(s.group).Column(s.column); err != nil {
			return s.place(err)
		}
	}
	if !s.chunk.HasNext() {
		err := errors.Join(s.chunk.Err(), s.chunk.Close())
		s.chunk = nil
		if err != nil {
			return s.place(err)
		}
		s.group++
		return nil
	}
	levels, n, err := s.values.read(s.chunk, s.def, s.rep)
	if err == nil && levels == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return s.place(err)
	}
	if err := s.rows(int(levels)); err != nil {
		return err
	}
	if int64(n) != levels { // none is null
		return s.place(fmt.Errorf("%d values, and %d were promised", n, levels))
	}
	var bad int
	if s.buf, bad, err = s.values.bytes(s.buf[:0], n); err != nil {
		return &rowError{(s.elements + int64(bad)) / max(s.dim, 1), err.Error()}
	}
	s.elements, s.out = s.elements+levels, s.buf
	return nil
}

func (s *parquetStream) place(err error) error { return fmt.Errorf("row group %d: %w", s.group, err) }

// rows checks that the levels just read are those of whole rows.
func (s *parquetStream) rows(levels int) error {
	for i := range levels {
		switch {
		case s.maxRep == 0 || s.rep[i] == 0:
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
		if s.def[i] < s.maxDef {
			return &rowError{s.row, "is null, empty, or has a null value"}
		}
		if s.have++; s.dim > 0 && s.have > s.dim {
			return &rowError{s.row, fmt.Sprintf("has more than %d elements, %s", s.dim, s.others())}
		}
	}
	return nil
}

// whole checks that the row that was read has as many elements as the first.
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

// end returns io.EOF when all rows were read.
func (s *parquetStream) end() error {
	if err := s.whole(); err != nil {
		return err
	}
	if s.row+1 != s.promised {
		return fmt.Errorf("it has %d rows, and %d were promised", s.row+1, s.promised)
	}
	return io.EOF
}

func (s *parquetStream) Close() (err error) {
	defer caught(&err)
	if s.chunk == nil {
		return nil
	}
	err = s.chunk.Close()
	s.chunk = nil
	return err
}

// values are decoded elements of a column.
type values interface {
	// read decodes up to as many as there is room for levels. It returns the levels
	// and the values that were read, of which some may be null.
	read(c file.ColumnChunkReader, def, rep []int16) (levels int64, n int, err error)

	// bytes appends the first n as a layer has them. An error is that of one of them.
	bytes(dst []byte, n int) (out []byte, bad int, err error)
}

// typed are values of one physical type.
type typed[T any] struct {
	v   []T
	put func(dst []byte, v T) ([]byte, error)
}

func (t *typed[T]) read(c file.ColumnChunkReader, def, rep []int16) (int64, int, error) {
	r, ok := c.(interface {
		ReadBatch(n int64, v []T, def, rep []int16) (int64, int, error)
	})
	if !ok {
		return 0, 0, fmt.Errorf("it is of type %s, its schema says otherwise", c.Type())
	}
	return r.ReadBatch(int64(len(t.v)), t.v, def, rep)
}

func (t *typed[T]) bytes(dst []byte, n int) ([]byte, int, error) {
	for i, v := range t.v[:n] {
		var err error
		if dst, err = t.put(dst, v); err != nil {
			return dst, i, err
		}
	}
	return dst, 0, nil
}

// newValues returns room for n values of a physical type, elements of a.
func newValues(physical parquet.Type, a Array, n int) values {
	exact := func(dst, v []byte) ([]byte, error) {
		want := a.Type.Size()
		if a.Opaque {
			want = a.Dim
		}
		if int64(len(v)) != want {
			return dst, fmt.Errorf("has %d bytes, and %d were promised", len(v), want)
		}
		return append(dst, v...), nil
	}
	switch physical {
	case parquet.Types.Float:
		return &typed[float32]{make([]float32, n), func(dst []byte, v float32) ([]byte, error) {
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v)), nil
		}}
	case parquet.Types.Double:
		return &typed[float64]{make([]float64, n), func(dst []byte, v float64) ([]byte, error) {
			return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v)), nil
		}}
	case parquet.Types.FixedLenByteArray:
		return &typed[parquet.FixedLenByteArray]{make([]parquet.FixedLenByteArray, n), func(dst []byte, v parquet.FixedLenByteArray) ([]byte, error) {
			return exact(dst, v)
		}}
	case parquet.Types.ByteArray:
		return &typed[parquet.ByteArray]{make([]parquet.ByteArray, n), func(dst []byte, v parquet.ByteArray) ([]byte, error) {
			return exact(dst, v)
		}}
	}
	return &typed[int32]{make([]int32, n), func(dst []byte, v int32) ([]byte, error) {
		lo, hi := int32(math.MinInt8), int32(math.MaxInt8)
		switch a.Type {
		case Int32:
			return binary.LittleEndian.AppendUint32(dst, uint32(v)), nil
		case Uint8:
			lo, hi = 0, math.MaxUint8
		}
		if v < lo || v > hi {
			return dst, fmt.Errorf("has the value %d, which is no %s", v, a.Type)
		}
		return append(dst, byte(v)), nil
	}}
}
