package kernel

// multiply6x16 multiplies a panel of six queries by one of 16 rows, both of n values. It sets the tile at dst, or adds to
// it when add is not 0.
//
//go:noescape
func multiply6x16(dst *float32, stride int, q, x *float32, n, add int)

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

func scaleValues[T number](dst []float32, x []T, scale float64) { scaleRef(dst, x, scale) }

func transpose(panel, scratch []float32, width int) { transposeRef(panel, scratch, width) }
