package kernel

// lanes is the number of partial sums of a canonical product.
const lanes = 8

// ScanF32 sets dst[r] to the canonical product of q and row r of x, the float32 values x[r*len(q):(r+1)*len(q)].
// It panics unless len(x) == len(dst)*len(q). Every value of q must be exactly a float32 value, as float16 and bytes are, so that each
// product is exact in float64; otherwise results may differ between processors. dst must not overlap q or x.
func ScanF32(dst, q []float64, x []float32) {
	checkScan(len(dst), len(q), len(x))
	scanF32(dst, q, x)
}

// ScanF16 is ScanF32 for rows of float16 bits.
func ScanF16(dst, q []float64, x []uint16) {
	checkScan(len(dst), len(q), len(x))
	scanF16(dst, q, x)
}

// ScanBF16 is ScanF32 for rows of bfloat16 bits.
func ScanBF16(dst, q []float64, x []BFloat16) {
	checkScan(len(dst), len(q), len(x))
	scanBF16(dst, q, x)
}

// ScanI8 is ScanF32 for rows of signed bytes.
func ScanI8(dst, q []float64, x []int8) {
	checkScan(len(dst), len(q), len(x))
	scanI8(dst, q, x)
}

// ScanU8 is ScanF32 for rows of unsigned bytes.
func ScanU8(dst, q []float64, x []uint8) {
	checkScan(len(dst), len(q), len(x))
	scanU8(dst, q, x)
}

// ScanF64 is ScanF32 for rows and a query of any float64 values: each product is rounded to float64. It is plain Go, several
// times slower than the scans of shorter types.
func ScanF64(dst, q, x []float64) {
	checkScan(len(dst), len(q), len(x))
	scanRef(dst, nil, q, x)
}

// ScanI32 is ScanF64 for rows of integers.
func ScanI32(dst, q []float64, x []int32) {
	checkScan(len(dst), len(q), len(x))
	scanRef(dst, nil, q, x)
}

// ScanSquaresF32 is ScanF32 that also sets sq[r] to the canonical product of row r with itself, in the same pass over
// memory. It panics unless len(sq) == len(dst) and len(x) == len(dst)*len(q).
func ScanSquaresF32(dst, sq, q []float64, x []float32) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresF32(dst, sq, q, x)
}

// ScanSquaresF16 is ScanSquaresF32 for rows of float16 bits.
func ScanSquaresF16(dst, sq, q []float64, x []uint16) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresF16(dst, sq, q, x)
}

// ScanSquaresBF16 is ScanSquaresF32 for rows of bfloat16 bits.
func ScanSquaresBF16(dst, sq, q []float64, x []BFloat16) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresBF16(dst, sq, q, x)
}

// ScanSquaresI8 is ScanSquaresF32 for rows of signed bytes.
func ScanSquaresI8(dst, sq, q []float64, x []int8) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresI8(dst, sq, q, x)
}

// ScanSquaresU8 is ScanSquaresF32 for rows of unsigned bytes.
func ScanSquaresU8(dst, sq, q []float64, x []uint8) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	squaresU8(dst, sq, q, x)
}

// ScanSquaresF64 is ScanSquaresF32 for rows as [ScanF64] takes them.
func ScanSquaresF64(dst, sq, q, x []float64) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	scanRef(dst, sq, q, x)
}

// ScanSquaresI32 is ScanSquaresF64 for rows of integers.
func ScanSquaresI32(dst, sq, q []float64, x []int32) {
	checkScan(len(dst), len(q), len(x))
	checkSquares(len(dst), len(sq))
	scanRef(dst, sq, q, x)
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
