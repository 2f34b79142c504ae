#include "textflag.h"
#include "neon_arm64.h"

// PAIRS does the rounds 1 and 2 within registers a and b: lanes are gathered so that sums and
// differences are between registers.
#define PAIRS(a, b) \
	VTRN1 b.S4, a.S4, V16.S4;     \
	VTRN2 b.S4, a.S4, V17.S4;     \
	FADDS(18, 16, 17);            \
	FSUBS(19, 16, 17);            \
	VTRN1 V19.S4, V18.S4, V16.S4; \
	VTRN2 V19.S4, V18.S4, V17.S4; \
	VTRN1 V17.D2, V16.D2, V18.D2; \
	VTRN2 V17.D2, V16.D2, V19.D2; \
	FADDS(16, 18, 19);            \
	FSUBS(17, 18, 19);            \
	VTRN1 V17.D2, V16.D2, a.D2;   \
	VTRN2 V17.D2, V16.D2, b.D2

// func hadamard16(x *float32, n int)
TEXT ·hadamard16(SB), NOSPLIT, $0-16
	MOVD x+0(FP), R0
	MOVD n+8(FP), R1

loop:
	VLD1   (R0), [V0.S4, V1.S4, V2.S4, V3.S4]
	PAIRS(V0, V1)
	PAIRS(V2, V3)
	FADDS(4, 0, 1)
	FSUBS(5, 0, 1)
	FADDS(6, 2, 3)
	FSUBS(7, 2, 3)
	FADDS(0, 4, 6)
	FADDS(1, 5, 7)
	FSUBS(2, 4, 6)
	FSUBS(3, 5, 7)
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	SUBS   $16, R1
	BNE    loop
	RET

// func hadamardBy4(x *float32, h, n int)
TEXT ·hadamardBy4(SB), NOSPLIT, $0-24
	MOVD x+0(FP), R0
	MOVD h+8(FP), R1
	MOVD n+16(FP), R2
	LSL  $2, R1, R3

segment:
	MOVD R1, R4
	ADD  R3, R0, R5
	ADD  R3, R5, R6
	ADD  R3, R6, R7

loop:
	VLD1   (R0), [V0.S4, V1.S4]
	VLD1   (R5), [V2.S4, V3.S4]
	VLD1   (R6), [V4.S4, V5.S4]
	VLD1   (R7), [V6.S4, V7.S4]
	FADDS(16, 0, 2)
	FADDS(17, 1, 3)
	FSUBS(18, 0, 2)
	FSUBS(19, 1, 3)
	FADDS(20, 4, 6)
	FADDS(21, 5, 7)
	FSUBS(22, 4, 6)
	FSUBS(23, 5, 7)
	FADDS(0, 16, 20)
	FADDS(1, 17, 21)
	FADDS(2, 18, 22)
	FADDS(3, 19, 23)
	FSUBS(4, 16, 20)
	FSUBS(5, 17, 21)
	FSUBS(6, 18, 22)
	FSUBS(7, 19, 23)
	VST1.P [V0.S4, V1.S4], 32(R0)
	VST1.P [V2.S4, V3.S4], 32(R5)
	VST1.P [V4.S4, V5.S4], 32(R6)
	VST1.P [V6.S4, V7.S4], 32(R7)
	SUBS   $8, R4
	BNE    loop
	MOVD   R7, R0
	SUBS   $1, R2
	BNE    segment
	RET

// func hadamardBy2(x *float32, h, n int)
TEXT ·hadamardBy2(SB), NOSPLIT, $0-24
	MOVD x+0(FP), R0
	MOVD h+8(FP), R1
	MOVD n+16(FP), R2
	LSL  $2, R1, R3

segment:
	MOVD R1, R4
	ADD  R3, R0, R5

loop:
	VLD1   (R0), [V0.S4, V1.S4]
	VLD1   (R5), [V2.S4, V3.S4]
	FADDS(16, 0, 2)
	FADDS(17, 1, 3)
	FSUBS(18, 0, 2)
	FSUBS(19, 1, 3)
	VST1.P [V16.S4, V17.S4], 32(R0)
	VST1.P [V18.S4, V19.S4], 32(R5)
	SUBS   $8, R4
	BNE    loop
	MOVD   R5, R0
	SUBS   $1, R2
	BNE    segment
	RET

// CENTRE finishes eight values in V0, V1 and stores them.
#define CENTRE \
	VLD1.P 32(R3), [V2.S4, V3.S4]; \
	VLD1.P 32(R4), [V4.S4, V5.S4]; \
	FMULS(0, 0, 31);               \
	FMULS(1, 1, 31);               \
	FSUBS(0, 0, 2);                \
	FSUBS(1, 1, 3);                \
	FMULS(0, 0, 4);                \
	FMULS(1, 1, 5);                \
	VST1.P [V0.S4, V1.S4], 32(R0); \
	SUBS   $8, R5

// func centre8F32(dst, x, mean, signs *float32, n int, scale float32)
TEXT ·centre8F32(SB), NOSPLIT, $0-44
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  mean+16(FP), R3
	MOVD  signs+24(FP), R4
	MOVD  n+32(FP), R5
	MOVWU scale+40(FP), R6
	VDUP  R6, V31.S4

loop:
	VLD1.P 32(R1), [V0.S4, V1.S4]
	CENTRE
	BNE    loop
	RET

// func centre8F16(dst *float32, x *uint16, mean, signs *float32, n int, scale float32)
TEXT ·centre8F16(SB), NOSPLIT, $0-44
	MOVD  dst+0(FP), R0
	MOVD  x+8(FP), R1
	MOVD  mean+16(FP), R3
	MOVD  signs+24(FP), R4
	MOVD  n+32(FP), R5
	MOVWU scale+40(FP), R6
	VDUP  R6, V31.S4

loop:
	VLD1.P 16(R1), [V6.B16]
	FCVTLS(0, 6)
	FCVTLS2(1, 6)
	CENTRE
	BNE    loop
	RET
