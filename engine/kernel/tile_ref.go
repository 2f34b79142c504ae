package kernel

import "math"

// multiplyRef sets dst[i*stride+j], or adds to it, for one panel of queries and one of rows.
func multiplyRef(dst []float32, stride int, q, x []float32, add bool) {
	var tile [queryWidth][rowWidth]float32
	for len(q) >= queryWidth && len(x) >= rowWidth {
		b := (*[rowWidth]float32)(x)
		for i, a := range q[:queryWidth] {
			row := &tile[i]
			for j, v := range b {
				row[j] += float32(a * v)
			}
		}
		q, x = q[queryWidth:], x[rowWidth:]
	}
	for i := range tile {
		row := dst[i*stride:][:rowWidth]
		for j, v := range tile[i] {
			if add {
				v += row[j]
			}
			row[j] = v
		}
	}
}

// scaleRef sets dst[i] to x[i]*scale, computed in float64 and rounded to float32.
func scaleRef[T number](dst []float32, x []T, scale float64) {
	switch x := any(x).(type) {
	case []float32:
		for i, v := range x {
			dst[i] = float32(float64(v) * scale)
		}
	case []uint16:
		for i, v := range x {
			dst[i] = float32(float64(Half(v)) * scale)
		}
	case []BFloat16:
		for i, v := range x {
			dst[i] = float32(float64(math.Float32frombits(uint32(v)<<16)) * scale)
		}
	case []int8:
		for i, v := range x {
			dst[i] = float32(float64(v) * scale)
		}
	case []uint8:
		for i, v := range x {
			dst[i] = float32(float64(v) * scale)
		}
	case []float64:
		for i, v := range x {
			dst[i] = float32(v * scale)
		}
	case []int32:
		for i, v := range x {
			dst[i] = float32(float64(v) * scale)
		}
	}
}

// transposeRef sets panel[k*width+j] to value k of vector j in scratch, where vectors begin depth apart.
func transposeRef(panel, scratch []float32, width int) {
	for j := range width {
		for k, v := range scratch[j*depth:][:len(panel)/width] {
			panel[k*width+j] = v
		}
	}
}
