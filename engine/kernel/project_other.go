//go:build !amd64

package kernel

func project(sums *[Vectors][lanes]float32, x, v []float32, stride int) {
	projectRef(sums, x, v, stride)
}

func deflate(x, v []float32, stride int, w *[Vectors]float32) { deflateRef(x, v, stride, w) }
