package kernel

// hadamard64 does the rounds 1 to 32 of n values, a positive multiple of 64.
//
//go:noescape
func hadamard64(x *float32, n int)

// hadamardBy8 does the rounds h, 2h and 4h, of n segments of 8h values; h is a multiple of eight.
//
//go:noescape
func hadamardBy8(x *float32, h, n int)

// hadamardBy4 does the rounds h and 2h of n segments of 4h values.
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
	if !vector || block < 64 || len(x) == 0 {
		hadamardRef(x, block)
		return
	}
	hadamard64(&x[0], len(x))
	hadamardRest(x, block)
}

// hadamardRest does the rounds from 64 on. It does three rounds at a time, to minimise passes over
// memory.
func hadamardRest(x []float32, block int) {
	for h := 64; h < block; {
		switch left := block / h; {
		case left >= 8:
			hadamardBy8(&x[0], h, len(x)/(8*h))
			h *= 8
		case left == 4:
			hadamardBy4(&x[0], h, len(x)/(4*h))
			h *= 4
		default:
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
