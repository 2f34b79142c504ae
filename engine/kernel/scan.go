package kernel

// lanes is the number of partial sums of a canonical product.
const lanes = 8

// ScanF32 sets dst[r] to the canonical product of q and row r of x, the float32 values x[r*len(q):(r+1)*len(q)].
// It panics unless len(x) == len(dst)*len(q). Every value of q must be exactly a float32 value, as float16 and bytes are, so that each
// product is exact in float64; otherwise results may differ between processors. dst must not overlap q or x.
func ScanF32(dst, q []float64, x []float32) {
	checkScan(len(dst), len(q), len(x))
	scanF32(dst, q, x, len(q))
}

// ScanF16 is ScanF32 for rows of float16 bits.
func ScanF16(dst, q []float64, x []uint16) {
	checkScan(len(dst), len(q), len(x))
	scanF16(dst, q, x, len(q))
}

// ScanBF16 is ScanF32 for rows of bfloat16 bits.
func ScanBF16(dst, q []float64, x []BFloat16) {
	checkScan(len(dst), len(q), len(x))
	scanBF16(dst, q, x, len(q))
}

// ScanI8 is ScanF32 for rows of signed bytes.
func ScanI8(dst, q []float64, x []int8) {
	checkScan(len(dst), len(q), len(x))
	scanI8(dst, q, x, len(q))
}

// ScanU8 is ScanF32 for rows of unsigned bytes.
func ScanU8(dst, q []float64, x []uint8) {
	checkScan(len(dst), len(q), len(x))
	scanU8(dst, q, x, len(q))
}

// ScanF64 is ScanF32 for rows and a query of any float64 values: each product is rounded to float64. It is plain Go, several
// times slower than the scans of shorter types.
func ScanF64(dst, q, x []float64) {
	checkScan(len(dst), len(q), len(x))
	scanRef(dst, nil, q, x, len(q))
}

// ScanI32 is ScanF64 for rows of integers.
func ScanI32(dst, q []float64, x []int32) {
	checkScan(len(dst), len(q), len(x))
	scanRef(dst, nil, q, x, len(q))
}

// ScanSquaresF32 is ScanF32 that also sets sq[r] to the canonical product of row r with itself, in the same pass over
// memory. It panics unless len(sq) == len(dst) and len(x) == len(dst)*len(q).
func ScanSquaresF32(dst, sq, q []float64, x []float32) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresF32(dst, sq, q, x, len(q))
}

// ScanSquaresF16 is ScanSquaresF32 for rows of float16 bits.
func ScanSquaresF16(dst, sq, q []float64, x []uint16) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresF16(dst, sq, q, x, len(q))
}

// ScanSquaresBF16 is ScanSquaresF32 for rows of bfloat16 bits.
func ScanSquaresBF16(dst, sq, q []float64, x []BFloat16) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresBF16(dst, sq, q, x, len(q))
}

// ScanSquaresI8 is ScanSquaresF32 for rows of signed bytes.
func ScanSquaresI8(dst, sq, q []float64, x []int8) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresI8(dst, sq, q, x, len(q))
}

// ScanSquaresU8 is ScanSquaresF32 for rows of unsigned bytes.
func ScanSquaresU8(dst, sq, q []float64, x []uint8) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresU8(dst, sq, q, x, len(q))
}

// ScanSquaresF64 is ScanSquaresF32 for rows as [ScanF64] takes them.
func ScanSquaresF64(dst, sq, q, x []float64) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	scanRef(dst, sq, q, x, len(q))
}

// ScanSquaresI32 is ScanSquaresF64 for rows of integers.
func ScanSquaresI32(dst, sq, q []float64, x []int32) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	scanRef(dst, sq, q, x, len(q))
}

// ScanApart is the scan of the type of x, uint16 being float16, for rows that begin stride values apart: row r is
// x[r*stride:r*stride+len(q)]. It panics unless stride >= len(q) > 0 and x ends with the last row.
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

// checkApart panics unless n values are exactly rows rows of dim values, stride apart.
func checkApart(rows, dim, stride, n int) {
	if rows == 0 && n == 0 {
		return
	}
	if dim < 1 || stride < dim || rows < 1 || n < dim || (n-dim)%stride != 0 || (n-dim)/stride != rows-1 {
		panic("kernel: scan: rows do not fill x")
	}
}

// checkScan panics unless n values are exactly rows rows of dim values; the division cannot overflow.
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
