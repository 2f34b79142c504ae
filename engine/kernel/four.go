package kernel

// ScanFour sets dst to the canonical products of q with four rows, wherever they lie: the memory is
// read in four streams, which hides how long a row takes to come. A uint16 is a float16. It panics
// unless every row has len(q) > 0 values. q is as for [ScanF32].
func ScanFour[T number](dst *[4]float64, q []float64, rows *[4][]T) {
	for _, row := range rows {
		checkApart(1, len(q), len(q), len(row))
	}
	if scanFour(dst, q, rows) {
		return
	}
	for i, row := range rows {
		ScanApart(dst[i:i+1], q, row, len(q))
	}
}
