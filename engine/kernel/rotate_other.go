//go:build !amd64 && !arm64

package kernel

func centreF32(dst, x []float32, scale float32, mean, signs []float32) {
	centreRef(dst, x, scale, mean, signs)
}

func centreF16(dst []float32, x []uint16, scale float32, mean, signs []float32) {
	centreRef(dst, x, scale, mean, signs)
}

func hadamard(x []float32, block int) { hadamardRef(x, block) }
