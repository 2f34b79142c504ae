package kernel

import "math"

// maxAbsRef returns the bits of the largest absolute value. Without signs, the bits of numbers are
// in the order of the numbers, and those of NaNs after them.
func maxAbsRef(x []float32) uint32 {
	most := uint32(0)
	for _, v := range x {
		most = max(most, math.Float32bits(v)&0x7fffffff)
	}
	return most
}

// residue collects the results of Quantize. The assembly depends on its layout.
type residue struct {
	lanes  [lanes]float32
	square int64
}

// add rounds value i of a vector to an integer from -most to most, in units of scale.
func (r *residue) add(i int, v, scale, inverse, most float32) int32 {
	c := float32(v * inverse)
	if !(c < most) { // true for NaN, too
		c = most
	}
	if !(c > -most) {
		c = -most
	}
	n := int32(math.RoundToEven(float64(c)))
	rest := float32(float64(v) - float64(float64(scale)*float64(n)))
	r.lanes[i%lanes] += float32(rest * rest)
	r.square += int64(n * n)
	return n
}

// sum returns the squared residual and the sum of the squared codes.
func (r *residue) sum() (residual float64, square int64) {
	var s [lanes]float64
	for i, v := range r.lanes {
		s[i] = float64(v)
	}
	return sum(&s), r.square
}

// quantizeRef is the plain Quantize. The values added to r before must be a multiple of lanes.
func quantizeRef(r *residue, dst []uint8, src []float32, scale, inverse float32) {
	for i, v := range src {
		dst[i] = uint8(r.add(i, v, scale, inverse, 127) + 128)
	}
}

// quantizeNibblesRef is the plain QuantizeNibbles.
func quantizeNibblesRef(r *residue, dst []uint8, src []float32, scale, inverse float32) {
	for i, v := range src {
		u := uint8(r.add(i, v, scale, inverse, 7) + 8)
		at := &dst[i/(2*CodeBlock)*CodeBlock+i%CodeBlock]
		if i%(2*CodeBlock) < CodeBlock {
			*at = u
		} else {
			*at |= u << 4
		}
	}
}
