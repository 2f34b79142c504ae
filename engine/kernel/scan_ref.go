package kernel

// block is the number of values that the portable loops widen at a time. It is a multiple of lanes,
// so a value's lane does not depend on its block.
const block = 32 * lanes

// scanRef is the plain scan. sq may be nil.
func scanRef[T number](dst, sq, q []float64, x []T, stride int) {
	var values [block]float64
	for r := range dst {
		row := x[r*stride:][:len(q)]
		var product, square [lanes]float64
		for k := 0; k < len(q); k += block {
			n := min(block, len(q)-k)
			widenRef(values[:n], row[k:k+n])
			accumulate(&product, q[k:k+n], values[:n])
			if sq != nil {
				accumulate(&square, values[:n], values[:n])
			}
		}
		dst[r] = sum(&product)
		if sq != nil {
			sq[r] = sum(&square)
		}
	}
}

// accumulate adds a[i]*b[i] to s[i%lanes], in order of i. The conversions prevent fusing, which
// would change inexact products.
func accumulate(s *[lanes]float64, a, b []float64) {
	b = b[:len(a)]
	for len(a) >= lanes {
		s[0] += float64(a[0] * b[0])
		s[1] += float64(a[1] * b[1])
		s[2] += float64(a[2] * b[2])
		s[3] += float64(a[3] * b[3])
		s[4] += float64(a[4] * b[4])
		s[5] += float64(a[5] * b[5])
		s[6] += float64(a[6] * b[6])
		s[7] += float64(a[7] * b[7])
		a, b = a[lanes:], b[lanes:len(a)]
	}
	for i, v := range a {
		s[i] += float64(v * b[i])
	}
}

// sum adds the lanes in the canonical order.
func sum(s *[lanes]float64) float64 {
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}
