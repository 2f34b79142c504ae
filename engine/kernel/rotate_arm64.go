package kernel

// hadamard16 does the rounds 1 to 8 of n values, a positive multiple of 16.
//
//go:noescape
func hadamard16(x *float32, n int)

// hadamardBy4 does the rounds h and 2h of n segments of 4h values; h is a multiple of eight.
//
//go:noescape
func hadamardBy4(x *float32, h, n int)

// hadamardBy2 does the round h of n segments of 2h values.
//
//go:noescape
func hadamardBy2(x *float32, h, n int)

// centre8F32 centres n values, a positive multiple of eight.
//
//go:noescape
func centre8F32(dst, x, mean, signs *float32, n int, scale float32)

// centre8F16 is centre8F32 for float16 bits.
//
//go:noescape
func centre8F16(dst *float32, x *uint16, mean, signs *float32, n int, scale float32)

func hadamard(x []float32, block int) {
	if !vector || block < 16 || len(x) == 0 {
		hadamardRef(x, block)
		return
	}
	hadamard16(&x[0], len(x))
	for h := 16; h < block; {
		if block/h >= 4 {
			hadamardBy4(&x[0], h, len(x)/(4*h))
			h *= 4
		} else {
			hadamardBy2(&x[0], h, len(x)/(2*h))
			h *= 2
		}
	}
}

func centreF32(dst, x []float32, scale float32, mean, signs []float32) {
	n := 0
	if vector && len(x) >= 8 {
		n = len(x) &^ 7
		centre8F32(&dst[0], &x[0], &mean[0], &signs[0], n, scale)
	}
	centreRef(dst[n:], x[n:], scale, mean[n:], signs[n:])
}

func centreF16(dst []float32, x []uint16, scale float32, mean, signs []float32) {
	n := 0
	if vector && len(x) >= 8 {
		n = len(x) &^ 7
		centre8F16(&dst[0], &x[0], &mean[0], &signs[0], n, scale)
	}
	centreRef(dst[n:], x[n:], scale, mean[n:], signs[n:])
}
