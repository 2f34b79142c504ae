//go:build !amd64

package kernel

func mulSet(dst, x []float32, w float32) { mulSetRef(dst, x, w) }
func mulAdd(dst, x []float32, w float32) { mulAddRef(dst, x, w) }

func above(idx []int32, x []float32, least float32) []int32 { return aboveRef(idx, x, least, 0) }

func affine(dst []float32, dots []int32, scale, add []float32, t, base float32) {
	affineRef(dst, dots, scale, add, t, base)
}

func mulAddRoots(dst, squares, roots, x []float32, w, a float32) {
	mulAddRootsRef(dst, squares, roots, x, w, a)
}

func divRoot(dst, squares []float32) { divRootRef(dst, squares) }
