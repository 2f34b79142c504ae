//go:build !amd64 && !arm64

package kernel

func maxAbs(x []float32) uint32 { return maxAbsRef(x) }

func quantize(dst []uint8, src []float32, scale, inverse float32) (residual float64, square int64) {
	var r residue
	quantizeRef(&r, dst, src, scale, inverse)
	return r.sum()
}

func quantizeNibbles(dst []uint8, src []float32, scale, inverse float32) (residual float64, square int64) {
	var r residue
	quantizeNibblesRef(&r, dst, src, scale, inverse)
	return r.sum()
}
