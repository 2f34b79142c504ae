package kernel

// WidenF32 sets dst[i] to x[i], exactly. It panics unless the lengths are the same.
func WidenF32(dst []float64, x []float32) {
	checkWiden(len(dst), len(x))
	widenF32(dst, x)
}

// WidenF16 sets dst[i] to the value of the float16 bits x[i], exactly. It panics unless the lengths are the same.
func WidenF16(dst []float64, x []uint16) {
	checkWiden(len(dst), len(x))
	widenF16(dst, x)
}

// WidenBF16 sets dst[i] to x[i], exactly. It panics unless the lengths are the same.
func WidenBF16(dst []float64, x []BFloat16) {
	checkWiden(len(dst), len(x))
	widenRef(dst, x)
}

// WidenI8 sets dst[i] to x[i]. It panics unless the lengths are the same.
func WidenI8(dst []float64, x []int8) {
	checkWiden(len(dst), len(x))
	widenRef(dst, x)
}

// WidenU8 sets dst[i] to x[i]. It panics unless the lengths are the same.
func WidenU8(dst []float64, x []uint8) {
	checkWiden(len(dst), len(x))
	widenRef(dst, x)
}

// WidenF64 sets dst[i] to x[i]. It panics unless the lengths are the same.
func WidenF64(dst, x []float64) {
	checkWiden(len(dst), len(x))
	copy(dst, x)
}

// WidenI32 sets dst[i] to x[i]. It panics unless the lengths are the same.
func WidenI32(dst []float64, x []int32) {
	checkWiden(len(dst), len(x))
	widenRef(dst, x)
}

func checkWiden(n, values int) {
	if n != values {
		panic("kernel: widen: lengths differ")
	}
}
