package kernel

import "math"

func mulSetRef(dst, x []float32, w float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = w * v
	}
}

func mulAddRef(dst, x []float32, w float32) {
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] += float32(w * v)
	}
}

// aboveRef is Above for a part x of a longer column. first is the index of x in the column.
func aboveRef(idx []int32, x []float32, least float32, first int) []int32 {
	for i, v := range x {
		if v >= least {
			idx = append(idx, int32(first+i))
		}
	}
	return idx
}

func affineRef(dst []float32, dots []int32, scale, add []float32, t, base float32) {
	dots, scale, add = dots[:len(dst)], scale[:len(dst)], add[:len(dst)]
	for i := range dst {
		dst[i] = float32(base+add[i]) + float32(float32(t*scale[i])*float32(dots[i]))
	}
}

func mulAddRootsRef(dst, squares, roots, x []float32, w, a float32) {
	squares, roots, x = squares[:len(dst)], roots[:len(dst)], x[:len(dst)]
	for i, r := range roots {
		length := float32(a * r)
		dst[i] += float32(float32(w*r) * x[i])
		squares[i] += float32(length * length)
	}
}

// divRootRef rounds a float64 root. Rounded twice, it equals the float32 root (Figueroa, When is
// double rounding innocuous?, 1995).
func divRootRef(dst, squares []float32) {
	for i, s := range squares[:len(dst)] {
		dst[i] /= float32(math.Sqrt(float64(s)))
	}
}
