//go:build !amd64 && !arm64

package kernel

func scanF32(dst, q []float64, x []float32, stride int)          { scanRef(dst, nil, q, x, stride) }
func scanF16(dst, q []float64, x []uint16, stride int)           { scanRef(dst, nil, q, x, stride) }
func scanBF16(dst, q []float64, x []BFloat16, stride int)        { scanRef(dst, nil, q, x, stride) }
func scanI8(dst, q []float64, x []int8, stride int)              { scanRef(dst, nil, q, x, stride) }
func scanU8(dst, q []float64, x []uint8, stride int)             { scanRef(dst, nil, q, x, stride) }
func squaresF32(dst, sq, q []float64, x []float32, stride int)   { scanRef(dst, sq, q, x, stride) }
func squaresF16(dst, sq, q []float64, x []uint16, stride int)    { scanRef(dst, sq, q, x, stride) }
func squaresBF16(dst, sq, q []float64, x []BFloat16, stride int) { scanRef(dst, sq, q, x, stride) }
func squaresI8(dst, sq, q []float64, x []int8, stride int)       { scanRef(dst, sq, q, x, stride) }
func squaresU8(dst, sq, q []float64, x []uint8, stride int)      { scanRef(dst, sq, q, x, stride) }
