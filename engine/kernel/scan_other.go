//go:build !amd64 && !arm64

package kernel

func scanF32(dst, q []float64, x []float32)          { scanRef(dst, nil, q, x) }
func scanF16(dst, q []float64, x []uint16)           { scanRef(dst, nil, q, x) }
func scanBF16(dst, q []float64, x []BFloat16)        { scanRef(dst, nil, q, x) }
func scanI8(dst, q []float64, x []int8)              { scanRef(dst, nil, q, x) }
func scanU8(dst, q []float64, x []uint8)             { scanRef(dst, nil, q, x) }
func squaresF32(dst, sq, q []float64, x []float32)   { scanRef(dst, sq, q, x) }
func squaresF16(dst, sq, q []float64, x []uint16)    { scanRef(dst, sq, q, x) }
func squaresBF16(dst, sq, q []float64, x []BFloat16) { scanRef(dst, sq, q, x) }
func squaresI8(dst, sq, q []float64, x []int8)       { scanRef(dst, sq, q, x) }
func squaresU8(dst, sq, q []float64, x []uint8)      { scanRef(dst, sq, q, x) }
