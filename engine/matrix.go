package engine

import (
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// MatrixHead is what the header of a .npy file says. The data follow it at
// Offset: Rows × Dim elements in C order, which does not overflow.
type MatrixHead struct {
	Type      DType
	Rows, Dim int64
	Offset    int64 // bytes
}

// ReadMatrixHead reads the header of a .npy file of size bytes and checks that
// the file holds just the matrix of the header. An error does not name the file.
func ReadMatrixHead(r io.Reader, size int64) (MatrixHead, error) {
	h, err := readNpyHeader(r, size)
	return MatrixHead(h), err
}

// RowBytes returns the size of a row in bytes.
func (h MatrixHead) RowBytes() int64 { return h.Dim * h.Type.Size() }

// Encode returns the header of a .npy file, version 1.0, whose data begin at a
// multiple of 64 bytes: at the length of the result, whatever Offset is.
func (h MatrixHead) Encode() []byte {
	descr := "<f4"
	if h.Type == Float16 {
		descr = "<f2"
	}
	return npyHead(descr, h.Rows, h.Dim)
}

// npyHead returns the header of a .npy file of any type and shape.
func npyHead(descr string, shape ...int64) []byte {
	const align = 64
	tuple := ""
	for _, n := range shape {
		tuple += strconv.FormatInt(n, 10) + ", "
	}
	if len(shape) > 1 {
		tuple = tuple[:len(tuple)-2]
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	lead := len("\x93NUMPY\x01\x00") + 2
	size := (lead + len(text) + align) / align * align // with a line feed
	text += strings.Repeat(" ", size-lead-len(text)-1) + "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), 0, 0)
	binary.LittleEndian.PutUint16(out[lead-2:], uint16(len(text)))
	return append(out, text...)
}
