package kernel

// scan4F32 sets dst[i*apart:i*apart+n], for i from 0 to 3, to the products of q with as many rows of dim values, step bytes
// each, in four streams, apart rows apart. dim is at least 1 and n too.
//
//go:noescape
func scan4F32(dst, q *float64, x *float32, dim, step, n, apart int)

// scan1F32 sets dst[0] to the product of q with one row.
//
//go:noescape
func scan1F32(dst, q *float64, x *float32, dim int)

// squares2F32 is scan4F32 in two streams that also sets sq to the products of the rows with themselves. With apart 0 they
// are one stream.
//
//go:noescape
func squares2F32(dst, sq, q *float64, x *float32, dim, step, n, apart int)

// For values of less than four bytes, the AVX2 kernels need dim >= lanes: they read a row's tail as part of its last eight
// values.

//go:noescape
func scan4F16(dst, q *float64, x *uint16, dim, step, n, apart int)

//go:noescape
func scan1F16(dst, q *float64, x *uint16, dim int)

//go:noescape
func squares2F16(dst, sq, q *float64, x *uint16, dim, step, n, apart int)

// wide4F16 is scan4F16 with AVX-512; with apart 0 the streams are one. dim is at least 1.
//
//go:noescape
func wide4F16(dst, q *float64, x *uint16, dim, step, n, apart int)

// wideSquares4F16 is squares2F16 in four streams.
//
//go:noescape
func wideSquares4F16(dst, sq, q *float64, x *uint16, dim, step, n, apart int)

//go:noescape
func scan4BF16(dst, q *float64, x *BFloat16, dim, step, n, apart int)

//go:noescape
func scan1BF16(dst, q *float64, x *BFloat16, dim int)

//go:noescape
func squares2BF16(dst, sq, q *float64, x *BFloat16, dim, step, n, apart int)

//go:noescape
func wide4BF16(dst, q *float64, x *BFloat16, dim, step, n, apart int)

//go:noescape
func wideSquares4BF16(dst, sq, q *float64, x *BFloat16, dim, step, n, apart int)

//go:noescape
func scan4I8(dst, q *float64, x *int8, dim, step, n, apart int)

//go:noescape
func scan1I8(dst, q *float64, x *int8, dim int)

//go:noescape
func squares2I8(dst, sq, q *float64, x *int8, dim, step, n, apart int)

//go:noescape
func wide4I8(dst, q *float64, x *int8, dim, step, n, apart int)

//go:noescape
func wideSquares4I8(dst, sq, q *float64, x *int8, dim, step, n, apart int)

//go:noescape
func scan4U8(dst, q *float64, x *uint8, dim, step, n, apart int)

//go:noescape
func scan1U8(dst, q *float64, x *uint8, dim int)

//go:noescape
func squares2U8(dst, sq, q *float64, x *uint8, dim, step, n, apart int)

//go:noescape
func wide4U8(dst, q *float64, x *uint8, dim, step, n, apart int)

//go:noescape
func wideSquares4U8(dst, sq, q *float64, x *uint8, dim, step, n, apart int)

func scanF32(dst, q []float64, x []float32, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, nil, q, x, stride)
		return
	}
	for size := stride * 4; len(dst) > 0; {
		n, apart := streams(len(dst), size, 4)
		if apart == 0 {
			for r := range n {
				scan1F32(&dst[r], &q[0], &x[r*stride], dim)
			}
		} else {
			scan4F32(&dst[0], &q[0], &x[0], dim, size, n, apart)
		}
		n += 3 * apart
		dst, x = dst[n:], rest(x, n*stride)
	}
}

func squaresF32(dst, sq, q []float64, x []float32, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, sq, q, x, stride)
		return
	}
	for size := stride * 4; len(dst) > 0; {
		n, apart := streams(len(dst), size, 2)
		squares2F32(&dst[0], &sq[0], &q[0], &x[0], dim, size, n, apart)
		n += apart
		dst, sq, x = dst[n:], sq[n:], rest(x, n*stride)
	}
}

func scanF16(dst, q []float64, x []uint16, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, nil, q, x, stride)
		return
	}
	for size := stride * 2; len(dst) > 0; {
		n, apart := streams(len(dst), size, 4)
		switch {
		case apart == 0:
			for r := range n {
				scan1F16(&dst[r], &q[0], &x[r*stride], dim)
			}
		case wide:
			wide4F16(&dst[0], &q[0], &x[0], dim, size, n, apart)
		default:
			scan4F16(&dst[0], &q[0], &x[0], dim, size, n, apart)
		}
		n += 3 * apart
		dst, x = dst[n:], rest(x, n*stride)
	}
}

func squaresF16(dst, sq, q []float64, x []uint16, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, sq, q, x, stride)
		return
	}
	for size := stride * 2; len(dst) > 0; {
		done := 0
		if wide {
			n, apart := streams(len(dst), size, 4)
			wideSquares4F16(&dst[0], &sq[0], &q[0], &x[0], dim, size, n, apart)
			done = n + 3*apart
		} else {
			n, apart := streams(len(dst), size, 2)
			squares2F16(&dst[0], &sq[0], &q[0], &x[0], dim, size, n, apart)
			done = n + apart
		}
		dst, sq, x = dst[done:], sq[done:], rest(x, done*stride)
	}
}

func scanBF16(dst, q []float64, x []BFloat16, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, nil, q, x, stride)
		return
	}
	for size := stride * 2; len(dst) > 0; {
		n, apart := streams(len(dst), size, 4)
		switch {
		case apart == 0:
			for r := range n {
				scan1BF16(&dst[r], &q[0], &x[r*stride], dim)
			}
		case wide:
			wide4BF16(&dst[0], &q[0], &x[0], dim, size, n, apart)
		default:
			scan4BF16(&dst[0], &q[0], &x[0], dim, size, n, apart)
		}
		n += 3 * apart
		dst, x = dst[n:], rest(x, n*stride)
	}
}

func squaresBF16(dst, sq, q []float64, x []BFloat16, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, sq, q, x, stride)
		return
	}
	for size := stride * 2; len(dst) > 0; {
		done := 0
		if wide {
			n, apart := streams(len(dst), size, 4)
			wideSquares4BF16(&dst[0], &sq[0], &q[0], &x[0], dim, size, n, apart)
			done = n + 3*apart
		} else {
			n, apart := streams(len(dst), size, 2)
			squares2BF16(&dst[0], &sq[0], &q[0], &x[0], dim, size, n, apart)
			done = n + apart
		}
		dst, sq, x = dst[done:], sq[done:], rest(x, done*stride)
	}
}

func scanI8(dst, q []float64, x []int8, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, nil, q, x, stride)
		return
	}
	for size := stride * 1; len(dst) > 0; {
		n, apart := streams(len(dst), size, 4)
		switch {
		case apart == 0:
			for r := range n {
				scan1I8(&dst[r], &q[0], &x[r*stride], dim)
			}
		case wide:
			wide4I8(&dst[0], &q[0], &x[0], dim, size, n, apart)
		default:
			scan4I8(&dst[0], &q[0], &x[0], dim, size, n, apart)
		}
		n += 3 * apart
		dst, x = dst[n:], rest(x, n*stride)
	}
}

func squaresI8(dst, sq, q []float64, x []int8, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, sq, q, x, stride)
		return
	}
	for size := stride * 1; len(dst) > 0; {
		done := 0
		if wide {
			n, apart := streams(len(dst), size, 4)
			wideSquares4I8(&dst[0], &sq[0], &q[0], &x[0], dim, size, n, apart)
			done = n + 3*apart
		} else {
			n, apart := streams(len(dst), size, 2)
			squares2I8(&dst[0], &sq[0], &q[0], &x[0], dim, size, n, apart)
			done = n + apart
		}
		dst, sq, x = dst[done:], sq[done:], rest(x, done*stride)
	}
}

func scanU8(dst, q []float64, x []uint8, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, nil, q, x, stride)
		return
	}
	for size := stride * 1; len(dst) > 0; {
		n, apart := streams(len(dst), size, 4)
		switch {
		case apart == 0:
			for r := range n {
				scan1U8(&dst[r], &q[0], &x[r*stride], dim)
			}
		case wide:
			wide4U8(&dst[0], &q[0], &x[0], dim, size, n, apart)
		default:
			scan4U8(&dst[0], &q[0], &x[0], dim, size, n, apart)
		}
		n += 3 * apart
		dst, x = dst[n:], rest(x, n*stride)
	}
}

func squaresU8(dst, sq, q []float64, x []uint8, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, sq, q, x, stride)
		return
	}
	for size := stride * 1; len(dst) > 0; {
		done := 0
		if wide {
			n, apart := streams(len(dst), size, 4)
			wideSquares4U8(&dst[0], &sq[0], &q[0], &x[0], dim, size, n, apart)
			done = n + 3*apart
		} else {
			n, apart := streams(len(dst), size, 2)
			squares2U8(&dst[0], &sq[0], &q[0], &x[0], dim, size, n, apart)
			done = n + apart
		}
		dst, sq, x = dst[done:], sq[done:], rest(x, done*stride)
	}
}
