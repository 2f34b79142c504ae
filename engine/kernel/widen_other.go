//go:build !amd64

package kernel

func widenF32(dst []float64, x []float32) { widenRef(dst, x) }
func widenF16(dst []float64, x []uint16)  { widenRef(dst, x) }
