package kernel

func maxAbs(x []float32) uint32 { return maxAbsRef(x) }

func quantize(dst []uint8, src []float32, scale, inverse float32) (residual float64, square int64) {
	return quantizeRef(dst, src, scale, inverse)
}

func quantizeNibbles(dst []uint8, src []float32, scale, inverse float32) (residual float64, square int64) {
	return quantizeNibblesRef(dst, src, scale, inverse)
}
