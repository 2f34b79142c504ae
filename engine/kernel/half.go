package kernel

import "math"

// BFloat16 is the bits of a bfloat16 number, the upper half of a float32.
type BFloat16 uint16

// Half returns the value of float16 bits (IEEE 754 binary16), exactly. A NaN stays a NaN.
func Half(h uint16) float32 {
	sign, rest := uint32(h&0x8000)<<16, uint32(h&0x7fff)
	switch {
	case rest >= 0x7c00: // infinite or NaN
		return math.Float32frombits(sign | 0x7f800000 | rest<<13)
	case rest < 0x0400: // zero or subnormal, in units of 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(rest)*0x1p-24))
	}
	return math.Float32frombits(sign | (rest<<13 + (127-15)<<23))
}

// ToHalf returns the float16 bits (IEEE 754 binary16) nearest to f, with ties to even. Values from
// 65520 on become infinity; a NaN stays a NaN.
func ToHalf(f float32) uint16 {
	bits := math.Float32bits(f)
	sign, rest := uint16(bits>>16)&0x8000, bits&0x7fffffff
	switch {
	case rest > 0x7f800000: // NaN
		return sign | 0x7e00
	case rest >= 0x47800000: // 65536 or more
		return sign | 0x7c00
	case rest < 0x38800000: // below 2^-14: subnormal, in units of 2^-24, the last place of numbers in [0.5, 1)
		return sign | uint16(math.Float32bits(math.Float32frombits(rest)+0.5)-math.Float32bits(0.5))
	}
	rest += 0x0fff + rest>>13&1 // half a place, less one where rounding a tie down makes it even
	return sign | uint16((rest-(127-15)<<23)>>13)
}
