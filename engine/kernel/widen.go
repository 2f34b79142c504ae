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

func checkWiden(n, values int) {
	if n != values {
		panic("kernel: widen: lengths differ")
	}
}
