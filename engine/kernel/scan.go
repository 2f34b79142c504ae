package kernel

// lanes is the number of partial sums of a canonical product.
const lanes = 8

// ScanF32 sets dst[r] to the canonical product of q and row r of x, the float32 values
// x[r*len(q):(r+1)*len(q)]. It panics unless len(x) == len(dst)*len(q). Every value of q must be
// exactly a float32 value (values of float16 and of bytes are), so that each product is exact in
// float64. Otherwise results may differ between processors. dst must not overlap q or x.
func ScanF32(dst, q []float64, x []float32) {
	checkScan(len(dst), len(q), len(x))
	scanF32(dst, q, x, len(q))
}

// ScanApart is the scan for rows that begin stride values apart: row r is
// x[r*stride:r*stride+len(q)]. A uint16 is a float16. It panics unless stride >= len(q) > 0 and x
// ends with the last row.
func ScanApart[T number](dst, q []float64, x []T, stride int) {
	checkApart(len(dst), len(q), stride, len(x))
	switch x := any(x).(type) {
	case []float32:
		scanF32(dst, q, x, stride)
	case []uint16:
		scanF16(dst, q, x, stride)
	case []BFloat16:
		scanBF16(dst, q, x, stride)
	case []int8:
		scanI8(dst, q, x, stride)
	case []uint8:
		scanU8(dst, q, x, stride)
	case []float64:
		scanRef(dst, nil, q, x, stride)
	case []int32:
		scanRef(dst, nil, q, x, stride)
	}
}

// ScanSquaresApart is [ScanApart] that also sets sq to the products of the rows with themselves.
func ScanSquaresApart[T number](dst, sq, q []float64, x []T, stride int) {
	checkApart(len(dst), len(q), stride, len(x))
	checkSquares(len(dst), len(sq))
	switch x := any(x).(type) {
	case []float32:
		squaresF32(dst, sq, q, x, stride)
	case []uint16:
		squaresF16(dst, sq, q, x, stride)
	case []BFloat16:
		squaresBF16(dst, sq, q, x, stride)
	case []int8:
		squaresI8(dst, sq, q, x, stride)
	case []uint8:
		squaresU8(dst, sq, q, x, stride)
	case []float64:
		scanRef(dst, sq, q, x, stride)
	case []int32:
		scanRef(dst, sq, q, x, stride)
	}
}

// checkApart panics unless n values are exactly the given number of rows of dim values, stride
// apart.
func checkApart(rows, dim, stride, n int) {
	if rows == 0 && n == 0 {
		return
	}
	if dim < 1 || stride < dim || rows < 1 || n < dim || (n-dim)%stride != 0 || (n-dim)/stride != rows-1 {
		panic("kernel: scan: rows do not fill x")
	}
}

// checkScan panics unless n values are exactly the given number of rows of dim values. The division
// cannot overflow.
func checkScan(rows, dim, n int) {
	if dim == 0 || rows == 0 {
		if n != 0 {
			panic("kernel: scan: rows do not fill x")
		}
		return
	}
	if n%dim != 0 || n/dim != rows {
		panic("kernel: scan: rows do not fill x")
	}
}

func checkSquares(rows, squares int) {
	if squares != rows {
		panic("kernel: scan: squares and products differ in length")
	}
}
