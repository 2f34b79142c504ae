package kernel

import "testing"

// Force is Take until the test ends. Such a test must not run in parallel.
func Force(t testing.TB, path string) {
	t.Cleanup(Take(path))
}

// ChoosePath is what is done with the value of PathVariable.
func ChoosePath(t testing.TB, name string) (string, error) {
	t.Cleanup(restore())
	return choosePath(name)
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

// ProjectError bounds the error of a product of n values by Project, over the sum of |x[i]·v[i]|, where no product is below
// the normal range of float32: with u = 2^-24, a value takes part in one rounding of its own and at most n/8 + 1 of sums in
// float32, so it is mu/(1-mu) with m = n/8 + 2 (Higham, lemma 3.1), and three roundings of 2^-53 are less than what is left.
func ProjectError(n int) float64 {
	mu := (float64(n)/8 + 2) * 0x1p-24
	return mu / (1 - mu) * (1 + 0x1p-20)
}

// HadamardError bounds |y' - y| / |y|, the Euclidean length of the error of a block that Hadamard made over the length of
// the exact one. It is ku/(1-ku) with k = log2(block) and u = 2^-24.
//
// Derivation. A round is √2 times a rotation R. What it computes is R'x' = √2·Rx' + e, where each value of e is at most
// u times that of the computed sum's exact value (a sum of float32 numbers is exact where it is subnormal), so
// |e| ≤ u|√2·Rx'|. If |x' - x| ≤ δ|x| before, then after it the relative error is at most δ + u(1+δ) = (1+δ)(1+u) - 1. After
// k rounds it is at most (1+u)^k - 1 ≤ ku/(1-ku). Overflow is left aside: no value passes the sum of absolute values of x
// by more than that.
func HadamardError(block int) float64 {
	k := 0.0
	for h := 1; h < block; h *= 2 {
		k++
	}
	return k * 0x1p-24 / (1 - k*0x1p-24)
}
