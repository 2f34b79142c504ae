package kernel

import "encoding/binary"

// maxAbs16 is maxAbsRef of n values, a positive multiple of 16.
//
//go:noescape
func maxAbs16(x *float32, n int) uint32

// quantize8 quantises n values, a positive multiple of eight and at most 2^17, as residue.add does, to codes from bias-most
// to bias+most.
//
//go:noescape
func quantize8(dst *uint8, src *float32, n int, scale, inverse, most float32, bias uint8, r *residue)

func maxAbs(x []float32) uint32 {
	most, n := uint32(0), 0
	if vector && len(x) >= 16 {
		n = len(x) &^ 15
		most = maxAbs16(&x[0], n)
	}
	return max(most, maxAbsRef(x[n:]))
}

func quantize(dst []uint8, src []float32, scale, inverse float32) (residual float64, square int64) {
	const part = 1 << 17 // squares of as many codes fit 32 bits
	var r residue
	for vector && len(src) >= 8 {
		n := min(len(src)&^7, part)
		quantize8(&dst[0], &src[0], n, scale, inverse, 127, 128, &r)
		dst, src = dst[n:], src[n:]
	}
	quantizeRef(&r, dst, src, scale, inverse)
	return r.sum()
}

func quantizeNibbles(dst []uint8, src []float32, scale, inverse float32) (residual float64, square int64) {
	var r residue
	if !vector {
		quantizeNibblesRef(&r, dst, src, scale, inverse)
	}
	for ; vector && len(dst) > 0; dst, src = dst[CodeBlock:], src[2*CodeBlock:] {
		var codes [2 * CodeBlock]uint8
		quantize8(&codes[0], &src[0], len(codes), scale, inverse, 7, 8, &r)
		for i := 0; i < CodeBlock; i += 8 {
			lo, hi := binary.LittleEndian.Uint64(codes[i:]), binary.LittleEndian.Uint64(codes[CodeBlock+i:])
			binary.LittleEndian.PutUint64(dst[i:], lo|hi<<4)
		}
	}
	return r.sum()
}
