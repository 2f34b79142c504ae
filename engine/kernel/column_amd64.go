package kernel

// group is the number of values that the column kernels take at a time.
const group = 32

// mulSet32 sets n values of dst, a positive multiple of group, to w times those of x.
//
//go:noescape
func mulSet32(dst, x *float32, n int, w float32)

// mulAdd32 is mulSet32 that adds to dst.
//
//go:noescape
func mulAdd32(dst, x *float32, n int, w float32)

// affine8 is Affine for n values, a positive multiple of eight.
//
//go:noescape
func affine8(dst *float32, dots *int32, scale, add *float32, n int, t, base float32)

// mulAddRoots8 is MulAddRoots for n values, a positive multiple of eight.
//
//go:noescape
func mulAddRoots8(dst, squares, roots, x *float32, n int, w, a float32)

// divRoot8 is DivRoot for n values, a positive multiple of eight.
//
//go:noescape
func divRoot8(dst, squares *float32, n int)

// above32 returns the start of the first group of x that has a value >= least, or n if there is
// none. n is a positive multiple of group.
//
//go:noescape
func above32(x *float32, n int, least float32) int

func mulSet(dst, x []float32, w float32) {
	n := 0
	if vector && len(x) >= group {
		n = len(x) &^ (group - 1)
		mulSet32(&dst[0], &x[0], n, w)
	}
	mulSetRef(dst[n:], x[n:], w)
}

func mulAdd(dst, x []float32, w float32) {
	n := 0
	if vector && len(x) >= group {
		n = len(x) &^ (group - 1)
		mulAdd32(&dst[0], &x[0], n, w)
	}
	mulAddRef(dst[n:], x[n:], w)
}

func affine(dst []float32, dots []int32, scale, add []float32, t, base float32) {
	n := 0
	if vector && len(dst) >= 8 {
		n = len(dst) &^ 7
		affine8(&dst[0], &dots[0], &scale[0], &add[0], n, t, base)
	}
	affineRef(dst[n:], dots[n:], scale[n:], add[n:], t, base)
}

func above(idx []int32, x []float32, least float32) []int32 {
	done := 0
	if vector {
		for n := len(x) &^ (group - 1); done < n; done += group {
			done += above32(&x[done], n-done, least)
			if done == n {
				break
			}
			idx = aboveRef(idx, x[done:done+group], least, done)
		}
	}
	return aboveRef(idx, x[done:], least, done)
}

func mulAddRoots(dst, squares, roots, x []float32, w, a float32) {
	n := 0
	if vector && len(dst) >= 8 {
		n = len(dst) &^ 7
		mulAddRoots8(&dst[0], &squares[0], &roots[0], &x[0], n, w, a)
	}
	mulAddRootsRef(dst[n:], squares[n:], roots[n:], x[n:], w, a)
}

func divRoot(dst, squares []float32) {
	n := 0
	if vector && len(dst) >= 8 {
		n = len(dst) &^ 7
		divRoot8(&dst[0], &squares[0], n)
	}
	divRootRef(dst[n:], squares[n:])
}
