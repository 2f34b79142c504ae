package kernel

// project8 is projectRef for n values, a positive multiple of eight.
//
//go:noescape
func project8(sums *[Vectors][lanes]float32, x, v *float32, stride, n int)

// deflate8 is Deflate for n values, a positive multiple of eight.
//
//go:noescape
func deflate8(x, v *float32, stride, n int, w *[Vectors]float32)

func project(sums *[Vectors][lanes]float32, x, v []float32, stride int) {
	n := 0
	if vector && len(x) >= lanes {
		n = len(x) &^ (lanes - 1)
		project8(sums, &x[0], &v[0], stride, n)
	}
	projectRef(sums, x[n:], v[n:], stride)
}

func deflate(x, v []float32, stride int, w *[Vectors]float32) {
	n := 0
	if vector && len(x) >= lanes {
		n = len(x) &^ (lanes - 1)
		deflate8(&x[0], &v[0], stride, n, w)
	}
	deflateRef(x[n:], v[n:], stride, w)
}
