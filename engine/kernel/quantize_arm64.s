#include "textflag.h"
#include "neon_arm64.h"

// func maxAbs16(x *float32, n int) uint32
TEXT ·maxAbs16(SB), NOSPLIT, $0-20
	MOVD x+0(FP), R0
	MOVD n+8(FP), R1
	MOVD $0x7fffffff, R2
	VDUP R2, V31.S4
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16

loop:
	VLD1.P 64(R0), [V4.S4, V5.S4, V6.S4, V7.S4]
	VAND   V31.B16, V4.B16, V4.B16
	VAND   V31.B16, V5.B16, V5.B16
	VAND   V31.B16, V6.B16, V6.B16
	VAND   V31.B16, V7.B16, V7.B16
	VUMAX  V4.S4, V0.S4, V0.S4
	VUMAX  V5.S4, V1.S4, V1.S4
	VUMAX  V6.S4, V0.S4, V0.S4
	VUMAX  V7.S4, V1.S4, V1.S4
	SUBS   $16, R1
	BNE    loop
	VUMAX  V1.S4, V0.S4, V0.S4
	UMAXVS(0, 0)
	VMOV   V0.S[0], R2
	MOVW   R2, ret+16(FP)
	RET

// INTEGERS rounds the four values in v to integers, in c and as float32 in t, and adds the integers' squares to V7.
#define INTEGERS(v, c, t) \
	FMULS(c, v, 30);   \
	FMINNMS(c, c, 29); \
	FMAXNMS(c, c, 28); \
	FCVTNS(c, c);      \
	SCVTF(t, c);       \
	MLAS(7, c, c)

// func quantize8(dst *uint8, src *float32, n int, scale, inverse, most float32, bias uint8, r *residue)
TEXT ·quantize8(SB), NOSPLIT, $0-48
	MOVD  dst+0(FP), R0
	MOVD  src+8(FP), R1
	MOVD  n+16(FP), R2
	MOVWU scale+24(FP), R3
	VDUP  R3, V31.S4
	MOVWU inverse+28(FP), R3
	VDUP  R3, V30.S4
	MOVWU most+32(FP), R3
	VDUP  R3, V29.S4
	MOVD  $0x80000000, R4
	EOR   R4, R3
	VDUP  R3, V28.S4
	MOVBU bias+36(FP), R3
	VDUP  R3, V27.B16
	MOVD  r+40(FP), R5
	VLD1  (R5), [V5.S4, V6.S4]
	VEOR  V7.B16, V7.B16, V7.B16

loop:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	INTEGERS(0, 16, 18)
	INTEGERS(1, 17, 19)
	VFMLS  V31.S4, V18.S4, V0.S4
	VFMLS  V31.S4, V19.S4, V1.S4
	FMULS(0, 0, 0)
	FMULS(1, 1, 1)
	FADDS(5, 5, 0)
	FADDS(6, 6, 1)
	SQXTNS(20, 16)
	SQXTNS2(20, 17)
	SQXTNH(20, 20)
	VADD   V27.B8, V20.B8, V20.B8
	VST1.P [V20.B8], 8(R0)
	SUBS   $8, R2
	BNE    loop

	VST1 [V5.S4, V6.S4], (R5)
	ADDVS(7, 7)
	VMOV V7.S[0], R3
	MOVD 32(R5), R4
	ADD  R3, R4
	MOVD R4, 32(R5)
	RET
