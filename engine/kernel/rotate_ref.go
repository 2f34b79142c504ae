package kernel

// centreRef is the plain loop of CentreF32 and CentreF16.
func centreRef[T float32 | uint16](dst []float32, x []T, scale float32, mean, signs []float32) {
	switch x := any(x).(type) {
	case []float32:
		for i, v := range x {
			dst[i] = float32(float32(float32(v*scale)-mean[i]) * signs[i])
		}
	case []uint16:
		for i, v := range x {
			dst[i] = float32(float32(float32(Half(v)*scale)-mean[i]) * signs[i])
		}
	}
}

// hadamardRef is the plain Hadamard.
func hadamardRef(x []float32, block int) {
	for h := 1; h < block; h *= 2 {
		for i := 0; i < len(x); i += 2 * h {
			lo, hi := x[i:][:h], x[i+h:][:h]
			for j, a := range lo {
				b := hi[j]
				lo[j], hi[j] = a+b, a-b
			}
		}
	}
}
