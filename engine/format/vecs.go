package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
)

// vecsSample is the number of rows, besides the first and the last, whose dimension is checked when
// a file is opened.
const vecsSample = 254

// readVecs reads the format of the TexMex data sets, http://corpus-texmex.irisa.fr. A row is its
// dimension, a little-endian int32, and that many elements. All rows have one dimension. readVecs
// checks the first row, the last and a fixed sample of others; CheckVecs checks all rows.
func readVecs(t Type) reader {
	return func(ctx context.Context, f File, size int64) ([]Array, error) {
		a, err := vecs(f, t, size)
		if err != nil {
			return nil, err
		}
		rng := rand.New(rand.NewPCG(uint64(a.Rows), uint64(a.Dim)))
		for i := range int64(vecsSample + 2) {
			row := rng.Int64N(a.Rows)
			switch {
			case i == 0:
				row = a.Rows - 1
			case a.Rows <= vecsSample:
				row = min(i, a.Rows-1)
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			dim, err := vecsDim(f, row*a.Stride)
			if err == nil && dim != a.Dim {
				err = vecsError(row, dim, a.Dim)
			}
			if err != nil {
				return nil, err
			}
		}
		return []Array{a}, nil
	}
}

// vecs returns the matrix that follows from the first row and the file's size.
func vecs(f File, t Type, size int64) (Array, error) {
	if size < 4 {
		return Array{}, fmt.Errorf("%d bytes are too few for a row: it begins with its dimension, 4 bytes", size)
	}
	dim, err := vecsDim(f, 0)
	if err != nil {
		return Array{}, err
	}
	if dim <= 0 || dim > MaxDim {
		return Array{}, fmt.Errorf("row 0 has dimension %d, and 1 to %d are allowed", dim, MaxDim)
	}
	a := Array{Type: t, Dim: dim, Offset: 4, Stride: 4 + dim*t.Size()}
	if a.Rows = size / a.Stride; size%a.Stride != 0 {
		return a, fmt.Errorf("%d bytes are no multiple of a row of dimension %d, %d bytes: it is truncated after row %d, or rows differ", size, dim, a.Stride, a.Rows-1)
	}
	return a, nil
}

func vecsDim(f File, at int64) (int64, error) {
	var b [4]byte
	if err := readFull(f, b[:], at); err != nil {
		return 0, err
	}
	return int64(int32(binary.LittleEndian.Uint32(b[:]))), nil
}

func vecsError(row, dim, first int64) error {
	return fmt.Errorf("row %d has dimension %d, row 0 has %d", row, dim, first)
}

// RepeatsDim reports whether the format of this file name repeats the dimension before every row.
func RepeatsDim(name string) bool {
	return slices.Contains([]string{".fvecs", ".bvecs", ".ivecs"}, extension(name))
}

// CheckVecs reads all rows of an .fvecs, .bvecs or .ivecs file. a is the matrix that Read returned.
// Its error names the first row whose dimension differs.
func CheckVecs(ctx context.Context, f File, a Array) error {
	if a.Stream != nil || a.Offset != 4 || a.Stride != 4+a.Dim*a.Type.Size() {
		return errors.New("the matrix is not one of rows that begin with their dimension")
	}
	// Rows are read in blocks: a read fetches most of a file of short rows anyway.
	each := max(1, int64(1<<20)/a.Stride)
	buf := make([]byte, each*a.Stride)
	for row := int64(0); row < a.Rows; row += each {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		rows := min(each, a.Rows-row)
		if err := readFull(f, buf[:rows*a.Stride], row*a.Stride); err != nil {
			return err
		}
		for i := range rows {
			if dim := int64(int32(binary.LittleEndian.Uint32(buf[i*a.Stride:]))); dim != a.Dim {
				return vecsError(row+i, dim, a.Dim)
			}
		}
	}
	return nil
}

// readFull reads len(p) bytes at off.
func readFull(f File, p []byte, off int64) error {
	n, err := f.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%d bytes at byte %d: %w", len(p), off, err)
}
