package format

import (
	"fmt"
	"math/bits"
)

// matrixShape returns the rows and the features of an array: axes of length 1 beside two
// others are dropped, as global pooling leaves them. Why says why it has none.
func matrixShape(shape []int64) (rows, dim int64, why string) {
	if len(shape) == 2 {
		return shape[0], shape[1], ""
	}
	long := longAxes(shape)
	switch {
	case len(shape) < 2 || len(long) > 2:
		return 0, 0, rank(shape)
	case len(long) == 2:
		return long[0], long[1], ""
	case len(long) == 1 && shape[0] == 1:
		return 1, long[0], ""
	case len(long) == 1:
		return long[0], 1, ""
	}
	return 1, 1, ""
}

// longAxes returns the axes that are not of length 1.
func longAxes(shape []int64) (long []int64) {
	for _, n := range shape {
		if n != 1 {
			long = append(long, n)
		}
	}
	return long
}

// rank says why an array of that shape is no matrix, and what makes it one.
func rank(shape []int64) string {
	text := fmt.Sprintf("shape %s has %d dimensions, a layer has 2: items × features", npyDict{shape: shape}.tuple(), len(shape))
	switch n := len(longAxes(shape)); {
	case n == 3:
		return text + "; if those between are tokens, strata import --pool mean or --pool cls makes one of them"
	case n > 3:
		return text + "; pool it first, over its last axes say: x.mean((2, 3))"
	}
	return text
}

// tokens returns an array of a vector, or of several for each row, which is no matrix;
// only its Type, Rows, Dim, Tokens, Offset and Stride count. It is false for others.
func tokens(t Type, shape []int64, offset, size int64) (Array, bool) {
	long := longAxes(shape)
	switch {
	case len(shape) == 1:
		long = []int64{1, 1, shape[0]}
	case len(long) != 3:
		return Array{}, false
	}
	hi, row := bits.Mul64(uint64(long[1]), uint64(long[2]))
	if hi != 0 || row > 1<<40 {
		return Array{}, false
	}
	whole := Array{Type: t, Rows: long[0], Dim: int64(row), Offset: offset, Stride: int64(row) * t.Size()}
	if row > MaxDim || whole.Check(size) != nil || whole.Bytes() != size-offset {
		return Array{}, false
	}
	whole.Tokens, whole.Dim = long[1], long[2]
	return whole, true
}
