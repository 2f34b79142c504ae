//go:build !amd64

package kernel

func scanF32(dst, q []float64, x []float32)        { scanRef(dst, nil, q, x) }
func scanF16(dst, q []float64, x []uint16)         { scanRef(dst, nil, q, x) }
func squaresF32(dst, sq, q []float64, x []float32) { scanRef(dst, sq, q, x) }
func squaresF16(dst, sq, q []float64, x []uint16)  { scanRef(dst, sq, q, x) }
