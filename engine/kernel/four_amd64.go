package kernel

// fourF32 sets dst[0] to dst[3] to the products of q with the four rows of dim values that x points
// to. step is 0, n and apart are 1. For dim, the limits of scan4F32 and the others hold.
//
//go:noescape
func fourF32(dst, q *float64, x **float32, dim, step, n, apart int)

//go:noescape
func fourF16(dst, q *float64, x **uint16, dim, step, n, apart int)

//go:noescape
func wideFourF16(dst, q *float64, x **uint16, dim, step, n, apart int)

//go:noescape
func fourBF16(dst, q *float64, x **BFloat16, dim, step, n, apart int)

//go:noescape
func wideFourBF16(dst, q *float64, x **BFloat16, dim, step, n, apart int)

//go:noescape
func fourI8(dst, q *float64, x **int8, dim, step, n, apart int)

//go:noescape
func wideFourI8(dst, q *float64, x **int8, dim, step, n, apart int)

//go:noescape
func fourU8(dst, q *float64, x **uint8, dim, step, n, apart int)

//go:noescape
func wideFourU8(dst, q *float64, x **uint8, dim, step, n, apart int)

// scanFour is ScanFour where this processor has a kernel for it; otherwise it reports false.
func scanFour[T number](dst *[4]float64, q []float64, rows *[4][]T) bool {
	if !vector || len(q) < lanes {
		return false
	}
	at := [4]*T{&rows[0][0], &rows[1][0], &rows[2][0], &rows[3][0]}
	d, v, n := &dst[0], &q[0], len(q)
	switch x := any(&at[0]).(type) {
	case **float32:
		fourF32(d, v, x, n, 0, 1, 1)
	case **uint16:
		if wide {
			wideFourF16(d, v, x, n, 0, 1, 1)
		} else {
			fourF16(d, v, x, n, 0, 1, 1)
		}
	case **BFloat16:
		if wide {
			wideFourBF16(d, v, x, n, 0, 1, 1)
		} else {
			fourBF16(d, v, x, n, 0, 1, 1)
		}
	case **int8:
		if wide {
			wideFourI8(d, v, x, n, 0, 1, 1)
		} else {
			fourI8(d, v, x, n, 0, 1, 1)
		}
	case **uint8:
		if wide {
			wideFourU8(d, v, x, n, 0, 1, 1)
		} else {
			fourU8(d, v, x, n, 0, 1, 1)
		}
	default:
		return false
	}
	return true
}
