package importer

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/x448/float16"

	"strata/engine/format"
)

// rowSource gives rows of a matrix in ascending order.
type rowSource interface {
	// read sets b to n rows from row on, element by element as they are stored.
	read(b []byte, row, n int64) error
	io.Closer
}

// rows returns the rows of the source.
func (m *importer) rows(ctx context.Context) (rowSource, error) {
	switch {
	case m.files != nil:
		return &vectorRows{m.files, m.array}, nil
	case m.cells:
		v, err := openCells(m.Source, m.Array)
		if err == nil {
			v.a = m.array
		}
		return v, err
	case m.byCol:
		return &columnRows{m.source, m.array}, nil
	case m.array.Stream != nil:
		r, err := m.array.Stream(ctx)
		return &streamRows{r: r, size: m.array.Dim * m.array.Type.Size()}, err
	}
	return &placedRows{m.source, m.array}, nil
}

// placedRows are rows that lie in a file as they are.
type placedRows struct {
	r io.ReaderAt
	a format.Array
}

func (p *placedRows) read(b []byte, row, n int64) error {
	size := p.a.Dim * p.a.Type.Size()
	if size == p.a.Stride {
		_, err := p.r.ReadAt(b, p.a.Offset+row*size)
		return err
	}
	for i := range n {
		if _, err := p.r.ReadAt(b[i*size:(i+1)*size], p.a.Offset+(row+i)*p.a.Stride); err != nil {
			return err
		}
	}
	return nil
}

func (p *placedRows) Close() error { return nil } // the file is its owner's

// columnRows are rows of a matrix that lies column by column.
type columnRows struct {
	r io.ReaderAt
	a format.Array
}

func (c *columnRows) read(b []byte, row, n int64) error {
	size := c.a.Type.Size()
	column := make([]byte, n*size)
	for d := range c.a.Dim {
		if _, err := c.r.ReadAt(column, c.a.Offset+(d*c.a.Rows+row)*size); err != nil {
			return err
		}
		for i := range n {
			copy(b[(i*c.a.Dim+d)*size:][:size], column[i*size:])
		}
	}
	return nil
}

func (c *columnRows) Close() error { return nil }

// streamRows are rows that are unpacked one after another.
type streamRows struct {
	r    io.ReadCloser
	size int64 // of a row
	at   int64 // the next row
}

func (s *streamRows) read(b []byte, row, n int64) error {
	if _, err := io.CopyN(io.Discard, s.r, (row-s.at)*s.size); err != nil {
		return err
	}
	_, err := io.ReadFull(s.r, b)
	s.at = row + n
	return err
}

func (s *streamRows) Close() error { return s.r.Close() }

// valueError is a value that a type cannot hold.
type valueError struct {
	row, at int
	value   float64
	to      format.Type
}

func (e *valueError) Error() string {
	return fmt.Sprintf("row %d: value %d is %v, which %s cannot hold", e.row, e.at, e.value, e.to)
}

// convert appends rows of a type as another, rounded to the nearest value. A number that
// would become infinite, or an integer that is out of range or not whole, is a
// *valueError.
func convert(out []byte, to format.Type, in []byte, from format.Type, dim int) ([]byte, error) {
	if to == from {
		return append(out, in...), nil
	}
	size := int(from.Size())
	for i := 0; i*size < len(in); i++ {
		v := element(in[i*size:], from)
		var ok bool
		if out, ok = appendElement(out, to, v); !ok {
			return nil, &valueError{i / dim, i % dim, v, to}
		}
	}
	return out, nil
}

// element returns the first element of b.
func element(b []byte, t format.Type) float64 {
	switch t {
	case format.Float32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case format.Float16:
		return float64(float16.Frombits(binary.LittleEndian.Uint16(b)).Float32())
	case format.BFloat16:
		return float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16))
	case format.Float64:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	case format.Int8:
		return float64(int8(b[0]))
	case format.Uint8:
		return float64(b[0])
	default:
		return float64(int32(binary.LittleEndian.Uint32(b)))
	}
}

// appendElement appends a value as float32, float16 or float64, rounded to the
// nearest, and reports whether they can hold it.
func appendElement(b []byte, t format.Type, v float64) ([]byte, bool) {
	finite := !math.IsInf(v, 0)
	switch t {
	case format.Float32:
		f := float32(v)
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(f)), !finite || !math.IsInf(float64(f), 0)
	case format.Float16:
		h := float16.Fromfloat32(oddly(v))
		return binary.LittleEndian.AppendUint16(b, h.Bits()), !finite || !h.IsInf(0)
	case format.Float64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v)), true
	}
	return b, false
}

// oddly returns a value as a float32 that rounds to the same float16 as the value:
// what is left out is kept as a last bit of 1.
func oddly(v float64) float32 {
	f := float32(v)
	if float64(f) == v || math.IsNaN(v) || math.IsInf(float64(f), 0) {
		return f
	}
	bits := math.Float32bits(f)
	if math.Abs(float64(f)) > math.Abs(v) {
		bits--
	}
	return math.Float32frombits(bits | 1)
}
