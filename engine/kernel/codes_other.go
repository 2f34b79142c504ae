//go:build !amd64 && !arm64

package kernel

func dotBytes(dst []int32, rows []uint8, stride int, query []int8) {
	dotBytesRef(dst, rows, stride, query)
}

func tileBytes(dst []int32, ld int, queries []int8, rows []uint8, stride int) {
	tileBytesRef(dst, ld, queries, rows, stride)
}

func dotNibbles(dst []int32, rows []uint8, stride int, query []int8) {
	dotNibblesRef(dst, rows, stride, query)
}

func slightFaster() bool { return false }

func slight(q []int8) bool { return slightRef(q) }
