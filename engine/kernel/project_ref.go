package kernel

// projectRef adds the products of x with each vector of v to their lanes.
func projectRef(sums *[Vectors][lanes]float32, x, v []float32, stride int) {
	for j := range sums {
		s, v := &sums[j], v[j*stride:][:len(x)]
		for i, value := range x {
			s[i%lanes] += float32(value * v[i])
		}
	}
}

func deflateRef(x, v []float32, stride int, w *[Vectors]float32) {
	for j, weight := range w {
		mulAddRef(x, v[j*stride:][:len(x)], weight)
	}
}
