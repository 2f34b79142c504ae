package kernel

// scan4F32 sets dst[0:4] to the products of q with the four rows of dim values from x on. dim may be any number from 1.
//
//go:noescape
func scan4F32(dst, q *float64, x *float32, dim int)

// scan1F32 is scan4F32 for one row.
//
//go:noescape
func scan1F32(dst, q *float64, x *float32, dim int)

// squares2F32 sets dst[0:2] to the products of q with the rows of dim values at x and at x[stride], and sq[0:2] to those
// of the rows with themselves. The stride is dim, or 0 for a single row.
//
//go:noescape
func squares2F32(dst, sq, q *float64, x *float32, dim, stride int)

// The float16 kernels need dim >= lanes: they read a row's tail as part of its last eight values.
//
//go:noescape
func scan4F16(dst, q *float64, x *uint16, dim int)

//go:noescape
func scan1F16(dst, q *float64, x *uint16, dim int)

//go:noescape
func squares2F16(dst, sq, q *float64, x *uint16, dim, stride int)

func scanF32(dst, q []float64, x []float32) {
	dim := len(q)
	if !vector || dim == 0 {
		scanRef(dst, nil, q, x)
		return
	}
	r := 0
	for ; r+4 <= len(dst); r += 4 {
		scan4F32(&dst[r], &q[0], &x[r*dim], dim)
	}
	for ; r < len(dst); r++ {
		scan1F32(&dst[r], &q[0], &x[r*dim], dim)
	}
}

func scanF16(dst, q []float64, x []uint16) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, nil, q, x)
		return
	}
	r := 0
	for ; r+4 <= len(dst); r += 4 {
		scan4F16(&dst[r], &q[0], &x[r*dim], dim)
	}
	for ; r < len(dst); r++ {
		scan1F16(&dst[r], &q[0], &x[r*dim], dim)
	}
}

func squaresF32(dst, sq, q []float64, x []float32) {
	dim := len(q)
	if !vector || dim == 0 {
		scanRef(dst, sq, q, x)
		return
	}
	r := 0
	for ; r+2 <= len(dst); r += 2 {
		squares2F32(&dst[r], &sq[r], &q[0], &x[r*dim], dim, dim)
	}
	if r < len(dst) {
		var product, square [2]float64
		squares2F32(&product[0], &square[0], &q[0], &x[r*dim], dim, 0)
		dst[r], sq[r] = product[0], square[0]
	}
}

func squaresF16(dst, sq, q []float64, x []uint16) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, sq, q, x)
		return
	}
	r := 0
	for ; r+2 <= len(dst); r += 2 {
		squares2F16(&dst[r], &sq[r], &q[0], &x[r*dim], dim, dim)
	}
	if r < len(dst) {
		var product, square [2]float64
		squares2F16(&product[0], &square[0], &q[0], &x[r*dim], dim, 0)
		dst[r], sq[r] = product[0], square[0]
	}
}
