package kernel

// widenRef is the plain conversion; uint16 stands for float16 bits.
func widenRef[T float32 | uint16](dst []float64, x []T) {
	switch x := any(x).(type) {
	case []float32:
		for i, v := range x {
			dst[i] = float64(v)
		}
	case []uint16:
		for i, v := range x {
			dst[i] = float64(Half(v))
		}
	}
}
