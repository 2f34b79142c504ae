//go:build !amd64 && !arm64

package kernel

func multiply(dst []float32, stride int, q, x []float32, add bool) {
	multiplyRef(dst, stride, q, x, add)
}

func scaleValues[T number](dst []float32, x []T, scale float64) { scaleRef(dst, x, scale) }

func transpose(panel, scratch []float32, width int) { transposeRef(panel, scratch, width) }
