package kernel

// scan4F32 sets dst[i] to the lanes of the product of q with n values, a positive multiple of lanes, of each of four rows,
// apart bytes apart.
//
//go:noescape
func scan4F32(dst *[4][lanes]float64, q *float64, x *float32, n, apart int)

// squares2F32 sets dst[0:2] to the lanes of two products, and dst[2:4] to those of the rows with themselves.
//
//go:noescape
func squares2F32(dst *[4][lanes]float64, q *float64, x *float32, n, apart int)

//go:noescape
func scan4F16(dst *[4][lanes]float64, q *float64, x *uint16, n, apart int)

//go:noescape
func squares2F16(dst *[4][lanes]float64, q *float64, x *uint16, n, apart int)

//go:noescape
func scan4BF16(dst *[4][lanes]float64, q *float64, x *BFloat16, n, apart int)

//go:noescape
func squares2BF16(dst *[4][lanes]float64, q *float64, x *BFloat16, n, apart int)

//go:noescape
func scan4I8(dst *[4][lanes]float64, q *float64, x *int8, n, apart int)

//go:noescape
func squares2I8(dst *[4][lanes]float64, q *float64, x *int8, n, apart int)

//go:noescape
func scan4U8(dst *[4][lanes]float64, q *float64, x *uint8, n, apart int)

//go:noescape
func squares2U8(dst *[4][lanes]float64, q *float64, x *uint8, n, apart int)

func scanF32(dst, q []float64, x []float32, stride int) { scan(dst, q, x, stride) }

func squaresF32(dst, sq, q []float64, x []float32, stride int) { squares(dst, sq, q, x, stride) }

func scanF16(dst, q []float64, x []uint16, stride int) { scan(dst, q, x, stride) }

func squaresF16(dst, sq, q []float64, x []uint16, stride int) { squares(dst, sq, q, x, stride) }

func scanBF16(dst, q []float64, x []BFloat16, stride int) { scan(dst, q, x, stride) }

func squaresBF16(dst, sq, q []float64, x []BFloat16, stride int) { squares(dst, sq, q, x, stride) }

func scanI8(dst, q []float64, x []int8, stride int) { scan(dst, q, x, stride) }

func squaresI8(dst, sq, q []float64, x []int8, stride int) { squares(dst, sq, q, x, stride) }

func scanU8(dst, q []float64, x []uint8, stride int) { scan(dst, q, x, stride) }

func squaresU8(dst, sq, q []float64, x []uint8, stride int) { squares(dst, sq, q, x, stride) }

// scan computes the rest of a scan in Go: the tails, and the sums of lanes.
func scan[T element](dst, q []float64, x []T, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, nil, q, x, stride)
		return
	}
	whole, size := dim&^(lanes-1), sizeOf[T]()
	for len(dst) >= 4 {
		n, apart := streams(len(dst), stride*size, 4)
		for r := range n {
			var s [4][lanes]float64
			scan4(&s, &q[0], x[r*stride:], whole, apart*stride*size)
			for i := range s {
				row := x[(r+i*apart)*stride:][:dim]
				dst[r+i*apart] = finish(&s[i], q[whole:], row[whole:])
			}
		}
		dst, x = dst[4*n:], rest(x, 4*n*stride)
	}
	scanRef(dst, nil, q, x, stride)
}

func squares[T element](dst, sq, q []float64, x []T, stride int) {
	dim := len(q)
	if !vector || dim < lanes {
		scanRef(dst, sq, q, x, stride)
		return
	}
	whole, size := dim&^(lanes-1), sizeOf[T]()
	for len(dst) >= 2 {
		n, apart := streams(len(dst), stride*size, 2)
		for r := range n {
			var s [4][lanes]float64
			squares2(&s, &q[0], x[r*stride:], whole, apart*stride*size)
			for i := range 2 {
				tail := x[(r+i*apart)*stride:][whole:dim]
				var values [lanes]float64
				widenRef(values[:len(tail)], tail)
				dst[r+i*apart] = finish(&s[i], q[whole:], tail)
				sq[r+i*apart] = finish(&s[2+i], values[:len(tail)], tail)
			}
		}
		dst, sq, x = dst[2*n:], sq[2*n:], rest(x, 2*n*stride)
	}
	scanRef(dst, sq, q, x, stride)
}

// finish adds the products of a tail to its lanes, and sums these.
func finish[T element](s *[lanes]float64, q []float64, tail []T) float64 {
	var values [lanes]float64
	widenRef(values[:len(tail)], tail)
	accumulate(s, q, values[:len(tail)])
	return sum(s)
}

// sizeOf is the size of a value in bytes.
func sizeOf[T element]() int {
	var v T
	switch any(v).(type) {
	case float32:
		return 4
	case uint16, BFloat16:
		return 2
	}
	return 1
}

func scan4[T element](s *[4][lanes]float64, q *float64, x []T, n, apart int) {
	switch x := any(x).(type) {
	case []float32:
		scan4F32(s, q, &x[0], n, apart)
	case []uint16:
		scan4F16(s, q, &x[0], n, apart)
	case []BFloat16:
		scan4BF16(s, q, &x[0], n, apart)
	case []int8:
		scan4I8(s, q, &x[0], n, apart)
	case []uint8:
		scan4U8(s, q, &x[0], n, apart)
	}
}

func squares2[T element](s *[4][lanes]float64, q *float64, x []T, n, apart int) {
	switch x := any(x).(type) {
	case []float32:
		squares2F32(s, q, &x[0], n, apart)
	case []uint16:
		squares2F16(s, q, &x[0], n, apart)
	case []BFloat16:
		squares2BF16(s, q, &x[0], n, apart)
	case []int8:
		squares2I8(s, q, &x[0], n, apart)
	case []uint8:
		squares2U8(s, q, &x[0], n, apart)
	}
}
