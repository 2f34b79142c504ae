package layer

import (
	"io"

	"strata/engine/format"
)

// DType is the type of a matrix's elements.
type DType = format.Type

// The element types that a layer may have.
const (
	Float32  = format.Float32
	Float16  = format.Float16
	BFloat16 = format.BFloat16
	Float64  = format.Float64
	Int8     = format.Int8
	Uint8    = format.Uint8
	Int32    = format.Int32
)

// MatrixHead is the content of a .npy header. The data begin at byte Offset: Rows × Dim elements in
// C order. Their size does not overflow.
type MatrixHead struct {
	Type      DType
	Rows, Dim int64
	Offset    int64 // bytes
}

// ReadMatrixHead reads the header of a .npy file of size bytes, and checks that the file holds
// exactly the matrix of the header. An error does not name the file.
func ReadMatrixHead(r io.Reader, size int64) (MatrixHead, error) {
	a, err := format.ReadNpyHeader(r, size)
	return MatrixHead{a.Type, a.Rows, a.Dim, a.Offset}, err
}

// RowBytes returns the size of a row in bytes.
func (h MatrixHead) RowBytes() int64 { return h.Dim * h.Type.Size() }

// Encode returns a .npy header, version 1.0. The data begin directly behind it, at a multiple of 64
// bytes, whatever Offset is.
func (h MatrixHead) Encode() []byte { return format.NpyHead(h.Type, h.Rows, h.Dim) }
