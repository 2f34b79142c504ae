package kernel

// multiply6x16 multiplies a panel of six queries by one of 16 rows, both of n values, a multiple of four. It sets the
// tile at dst, or adds to it when add is not 0.
//
//go:noescape
func multiply6x16(dst *float32, stride int, q, x *float32, n, add int)

// scale8F32 sets n values of dst, a multiple of eight, to those of x times scale, rounded from float64.
//
//go:noescape
func scale8F32(dst, x *float32, n int, scale float64)

// scale8F16 is scale8F32 for float16 bits.
//
//go:noescape
func scale8F16(dst *float32, x *uint16, n int, scale float64)

// transpose8 moves n values, a multiple of four, of eight vectors, depth values apart, to panel, rowWidth values apart.
//
//go:noescape
func transpose8(panel, scratch *float32, n int)

func multiply(dst []float32, stride int, q, x []float32, add bool) {
	if !vector {
		multiplyRef(dst, stride, q, x, add)
		return
	}
	sums := 0
	if add {
		sums = 1
	}
	_ = dst[(queryWidth-1)*stride+rowWidth-1]
	multiply6x16(&dst[0], stride, &q[0], &x[0], len(q)/queryWidth, sums)
}

func scaleValues[T number](dst []float32, x []T, scale float64) {
	n := 0
	if vector && len(x) >= lanes {
		whole := len(x) &^ (lanes - 1)
		switch x := any(x).(type) {
		case []float32:
			n = whole
			scale8F32(&dst[0], &x[0], n, scale)
		case []uint16:
			n = whole
			scale8F16(&dst[0], &x[0], n, scale)
		}
	}
	scaleRef(dst[n:], x[n:], scale)
}

func transpose(panel, scratch []float32, width int) {
	if !vector || width != rowWidth {
		transposeRef(panel, scratch, width)
		return
	}
	n := len(panel) / width
	transpose8(&panel[0], &scratch[0], n)
	transpose8(&panel[8], &scratch[8*depth], n)
}
