// Package format reads the headers of files that hold feature matrices: where each matrix lies in
// the file, its type and its shape. It parses, and maps nothing; package engine maps the matrices.
//
// An Array is one matrix of a file: its name, type and shape, and the place of its elements. Some
// arrays cannot be mapped, because they are compressed or stored column by column. These are read
// as streams of rows.
//
// No reader trusts a header. Memory is never allocated only because a header asks for it, and an
// Array lies within the file. An error does not name the file; the caller adds the name.
//
// The caller opens and closes the files. After a reader returns, only its streams of rows keep a
// reference to the file. Each stream is for one goroutine. Files may be read concurrently.
package format

import (
	"context"
	"fmt"
	"io"
	"math/bits"
)

// MaxDim is the largest number of features of a layer. The bounds on the errors of products hold up
// to it.
const MaxDim = 1 << 20

// Type is the type of a matrix's elements. All are little-endian.
type Type uint8

// The element types that a matrix may have.
const (
	Float32  Type = iota
	Float16       // IEEE 754 binary16
	BFloat16      // the upper half of a float32
	Float64
	Int8
	Uint8
	Int32
)

var types = [...]struct {
	name string
	size int64
}{{"float32", 4}, {"float16", 2}, {"bfloat16", 2}, {"float64", 8}, {"int8", 1}, {"uint8", 1}, {"int32", 4}}

// String returns the name of the type, as NumPy has it.
func (t Type) String() string { return types[t].name }

// Size returns the bytes of one element.
func (t Type) Size() int64 { return types[t].size }

// Array is a matrix in a file, a row an item.
type Array struct {
	Name      string // of the tensor, the member or the column; "" where a file holds one matrix only
	Type      Type
	Rows, Dim int64

	// The place in the file, if Stream is nil.
	Offset int64 // the byte of the first element; it may be of any alignment
	Stride int64 // bytes from a row to the next, Dim·Size at least

	// Stream is set if the matrix cannot be mapped, because it is compressed, for example. It
	// returns the Rows·Dim·Size bytes of the elements, row by row. If there are fewer, Read returns
	// an error. The file must stay open meanwhile.
	Stream func(ctx context.Context) (io.ReadCloser, error)

	// Null is the number of rows that the file says nothing of, as far as its metadata
	// tell. A Stream has zeros in their place: such a row has no score.
	Null int64

	whole int64 // while an Arrow file is read: the first row that has Dim elements

	// Tokens is the number of vectors of each row of an array that is no matrix for
	// them; 1 of a single vector. Import can make one of them. 0: there are none.
	Tokens int64

	// Why says why this is no matrix, though its file is sound: it has one dimension,
	// say, or is of texts. Check returns it; of the rest only Name counts, unless there
	// are Tokens.
	Why string

	// Opaque is set for a binary column, whose element type the file does not tell. Its rows are of
	// type Uint8, and Why asks for the type. As interprets them.
	Opaque bool
	Told   bool // As has set the type
}

// As returns the matrix of opaque rows whose bytes are elements of type t.
func (a Array) As(t Type) (Array, error) {
	if !a.Opaque {
		return a, fmt.Errorf("it is of type %s, not of bytes of unknown type", a.Type)
	}
	if a.Dim%t.Size() != 0 {
		return a, fmt.Errorf("rows of %d bytes are no rows of %s, %d bytes each", a.Dim, t, t.Size())
	}
	a.Type, a.Dim, a.Opaque, a.Told, a.Why = t, a.Dim/t.Size(), false, true, ""
	return a, nil
}

// Bytes returns the size of the elements in bytes. Check must have succeeded.
func (a Array) Bytes() int64 { return a.Rows * a.Dim * a.Type.Size() }

// Check checks that the array is a matrix, and that it lies within a file of size bytes.
func (a Array) Check(size int64) error {
	if a.Why != "" {
		return &NotMatrixError{Why: a.Why}
	}
	if a.Rows <= 0 || a.Dim <= 0 {
		return fmt.Errorf("shape (%d, %d) is empty", a.Rows, a.Dim)
	}
	hi, row := bits.Mul64(uint64(a.Dim), uint64(a.Type.Size()))
	hi2, all := bits.Mul64(uint64(a.Rows), row)
	if hi != 0 || hi2 != 0 || all > 1<<62 {
		return fmt.Errorf("shape (%d, %d) of %s overflows: no file is that large", a.Rows, a.Dim, a.Type)
	}
	if a.Dim > MaxDim {
		return fmt.Errorf("%d features are more than the %d that a layer may have", a.Dim, MaxDim)
	}
	if a.Stream != nil {
		return nil
	}
	if a.Offset < 0 || a.Stride < int64(row) {
		return fmt.Errorf("rows of %d bytes cannot begin at byte %d, every %d", row, a.Offset, a.Stride)
	}
	hi, last := bits.Mul64(uint64(a.Rows-1), uint64(a.Stride))
	if room := size - a.Offset; hi != 0 || last > 1<<62 || room < int64(row) || int64(last) > room-int64(row) {
		return fmt.Errorf("%d×%d %s, every %d bytes from byte %d, do not fit in the file's %d bytes: it is truncated", a.Rows, a.Dim, a.Type, a.Stride, a.Offset, size)
	}
	return nil
}
