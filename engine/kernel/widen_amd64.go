package kernel

// widen8F16 widens n values, a multiple of eight.
//
//go:noescape
func widen8F16(dst *float64, x *uint16, n int)

// widenF32 is plain Go: one instruction a value, and memory is slower.
func widenF32(dst []float64, x []float32) { widenRef(dst, x) }

func widenF16(dst []float64, x []uint16) {
	n := 0
	if vector && len(x) >= lanes {
		n = len(x) &^ (lanes - 1)
		widen8F16(&dst[0], &x[0], n)
	}
	widenRef(dst[n:], x[n:])
}
