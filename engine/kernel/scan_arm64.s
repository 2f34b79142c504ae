#include "textflag.h"
#include "neon_arm64.h"

// LOAD32 and its kin turn the next eight values of a row into float64 in V24 to V27.
#define LOAD32(row) \
	VLD1.P 32(row), [V20.S4, V21.S4]; \
	FCVTLD(24, 20);                   \
	FCVTLD2(25, 20);                  \
	FCVTLD(26, 21);                   \
	FCVTLD2(27, 21)

#define DOUBLES \
	FCVTLD(24, 21);  \
	FCVTLD2(25, 21); \
	FCVTLD(26, 22);  \
	FCVTLD2(27, 22)

#define LOAD16(row) \
	VLD1.P 16(row), [V20.B16]; \
	FCVTLS(21, 20);            \
	FCVTLS2(22, 20);           \
	DOUBLES

#define LOADB16(row) \
	VLD1.P 16(row), [V20.B16]; \
	SHLL(21, 20);              \
	SHLL2(22, 20);             \
	DOUBLES

#define INTEGERS \
	SXTLH(21, 20);  \
	SXTLH2(22, 20); \
	SCVTF(21, 21);  \
	SCVTF(22, 22);  \
	DOUBLES

#define LOADI8(row) \
	VLD1.P 8(row), [V20.B8]; \
	SXTLB(20, 20);           \
	INTEGERS

#define LOADU8(row) \
	VLD1.P 8(row), [V20.B8]; \
	UXTLB(20, 20);           \
	INTEGERS

// PRODUCT and SQUARE add to a row's eight lanes.
#define PRODUCT(a, b, c, d) \
	VFMLA V24.D2, V16.D2, a.D2; \
	VFMLA V25.D2, V17.D2, b.D2; \
	VFMLA V26.D2, V18.D2, c.D2; \
	VFMLA V27.D2, V19.D2, d.D2

#define SQUARE(a, b, c, d) \
	VFMLA V24.D2, V24.D2, a.D2; \
	VFMLA V25.D2, V25.D2, b.D2; \
	VFMLA V26.D2, V26.D2, c.D2; \
	VFMLA V27.D2, V27.D2, d.D2

#define LOADQ \
	VLD1.P 64(R3), [V16.D2, V17.D2, V18.D2, V19.D2]

#define BEGIN \
	VEOR V0.B16, V0.B16, V0.B16;    \
	VEOR V1.B16, V1.B16, V1.B16;    \
	VEOR V2.B16, V2.B16, V2.B16;    \
	VEOR V3.B16, V3.B16, V3.B16;    \
	VEOR V4.B16, V4.B16, V4.B16;    \
	VEOR V5.B16, V5.B16, V5.B16;    \
	VEOR V6.B16, V6.B16, V6.B16;    \
	VEOR V7.B16, V7.B16, V7.B16;    \
	VEOR V8.B16, V8.B16, V8.B16;    \
	VEOR V9.B16, V9.B16, V9.B16;    \
	VEOR V10.B16, V10.B16, V10.B16; \
	VEOR V11.B16, V11.B16, V11.B16; \
	VEOR V12.B16, V12.B16, V12.B16; \
	VEOR V13.B16, V13.B16, V13.B16; \
	VEOR V14.B16, V14.B16, V14.B16; \
	VEOR V15.B16, V15.B16, V15.B16

#define END \
	VST1.P [V0.D2, V1.D2, V2.D2, V3.D2], 64(R0);   \
	VST1.P [V4.D2, V5.D2, V6.D2, V7.D2], 64(R0);   \
	VST1.P [V8.D2, V9.D2, V10.D2, V11.D2], 64(R0); \
	VST1   [V12.D2, V13.D2, V14.D2, V15.D2], (R0); \
	RET

// SCAN4 leaves the lanes of four rows at dst, SQUARES2 the products' of two rows, then the squares'.
#define SCAN4(load) \
	MOVD  dst+0(FP), R0;         \
	MOVD  q+8(FP), R3;           \
	MOVD  x+16(FP), R1;          \
	MOVD  n+24(FP), R4;          \
	MOVD  apart+32(FP), R5;      \
	ADD   R5, R1, R6;            \
	ADD   R5, R6, R7;            \
	ADD   R5, R7, R8;            \
	BEGIN;                       \
	loop:                        \
	LOADQ;                       \
	load(R1);                    \
	PRODUCT(V0, V1, V2, V3);     \
	load(R6);                    \
	PRODUCT(V4, V5, V6, V7);     \
	load(R7);                    \
	PRODUCT(V8, V9, V10, V11);   \
	load(R8);                    \
	PRODUCT(V12, V13, V14, V15); \
	SUBS  $8, R4;                \
	BNE   loop;                  \
	END

#define SQUARES2(load) \
	MOVD  dst+0(FP), R0;        \
	MOVD  q+8(FP), R3;          \
	MOVD  x+16(FP), R1;         \
	MOVD  n+24(FP), R4;         \
	MOVD  apart+32(FP), R5;     \
	ADD   R5, R1, R6;           \
	BEGIN;                      \
	loop:                       \
	LOADQ;                      \
	load(R1);                   \
	PRODUCT(V0, V1, V2, V3);    \
	SQUARE(V8, V9, V10, V11);   \
	load(R6);                   \
	PRODUCT(V4, V5, V6, V7);    \
	SQUARE(V12, V13, V14, V15); \
	SUBS  $8, R4;               \
	BNE   loop;                 \
	END

// func scan4F32(dst *[4][lanes]float64, q *float64, x *float32, n, apart int)
TEXT ·scan4F32(SB), NOSPLIT, $0-40
	SCAN4(LOAD32)

// func squares2F32(dst *[4][lanes]float64, q *float64, x *float32, n, apart int)
TEXT ·squares2F32(SB), NOSPLIT, $0-40
	SQUARES2(LOAD32)

// func scan4F16(dst *[4][lanes]float64, q *float64, x *uint16, n, apart int)
TEXT ·scan4F16(SB), NOSPLIT, $0-40
	SCAN4(LOAD16)

// func squares2F16(dst *[4][lanes]float64, q *float64, x *uint16, n, apart int)
TEXT ·squares2F16(SB), NOSPLIT, $0-40
	SQUARES2(LOAD16)

// func scan4BF16(dst *[4][lanes]float64, q *float64, x *BFloat16, n, apart int)
TEXT ·scan4BF16(SB), NOSPLIT, $0-40
	SCAN4(LOADB16)

// func squares2BF16(dst *[4][lanes]float64, q *float64, x *BFloat16, n, apart int)
TEXT ·squares2BF16(SB), NOSPLIT, $0-40
	SQUARES2(LOADB16)

// func scan4I8(dst *[4][lanes]float64, q *float64, x *int8, n, apart int)
TEXT ·scan4I8(SB), NOSPLIT, $0-40
	SCAN4(LOADI8)

// func squares2I8(dst *[4][lanes]float64, q *float64, x *int8, n, apart int)
TEXT ·squares2I8(SB), NOSPLIT, $0-40
	SQUARES2(LOADI8)

// func scan4U8(dst *[4][lanes]float64, q *float64, x *uint8, n, apart int)
TEXT ·scan4U8(SB), NOSPLIT, $0-40
	SCAN4(LOADU8)

// func squares2U8(dst *[4][lanes]float64, q *float64, x *uint8, n, apart int)
TEXT ·squares2U8(SB), NOSPLIT, $0-40
	SQUARES2(LOADU8)

