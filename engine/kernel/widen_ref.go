package kernel

import "math"

// element is the type of a row's values; uint16 stands for float16 bits. All are exactly float32
// values.
type element interface {
	float32 | uint16 | BFloat16 | int8 | uint8
}

// number is element, and the types with values that float32 cannot hold exactly.
type number interface {
	element | float64 | int32
}

// widenRef is the plain conversion.
func widenRef[T number](dst []float64, x []T) {
	switch x := any(x).(type) {
	case []float32:
		for i, v := range x {
			dst[i] = float64(v)
		}
	case []uint16:
		for i, v := range x {
			dst[i] = float64(Half(v))
		}
	case []BFloat16:
		for i, v := range x {
			dst[i] = float64(math.Float32frombits(uint32(v) << 16))
		}
	case []int8:
		for i, v := range x {
			dst[i] = float64(v)
		}
	case []uint8:
		for i, v := range x {
			dst[i] = float64(v)
		}
	case []float64:
		copy(dst, x)
	case []int32:
		for i, v := range x {
			dst[i] = float64(v)
		}
	}
}
