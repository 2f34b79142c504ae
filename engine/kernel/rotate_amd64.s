#include "textflag.h"

// The rounds of Hadamard at distances below a register exchange lanes and add the old ones times 1 or -1, exactly the sums
// and differences that are asked for. signs<> are the factors of distances 1, 2 and 4.
DATA signs<>+0(SB)/8, $0xbf8000003f800000
DATA signs<>+8(SB)/8, $0xbf8000003f800000
DATA signs<>+16(SB)/8, $0xbf8000003f800000
DATA signs<>+24(SB)/8, $0xbf8000003f800000
DATA signs<>+32(SB)/8, $0x3f8000003f800000
DATA signs<>+40(SB)/8, $0xbf800000bf800000
DATA signs<>+48(SB)/8, $0x3f8000003f800000
DATA signs<>+56(SB)/8, $0xbf800000bf800000
DATA signs<>+64(SB)/8, $0x3f8000003f800000
DATA signs<>+72(SB)/8, $0x3f8000003f800000
DATA signs<>+80(SB)/8, $0xbf800000bf800000
DATA signs<>+88(SB)/8, $0xbf800000bf800000
GLOBL signs<>(SB), RODATA|NOPTR, $96

// LANES does the rounds 1, 2 and 4 within a register.
#define LANES(y, t) \
	VPERMILPS   $0xb1, y, t;    \
	VFMADD213PS t, Y13, y;      \
	VPERMILPS   $0x4e, y, t;    \
	VFMADD213PS t, Y14, y;      \
	VPERM2F128  $0x01, y, y, t; \
	VFMADD213PS t, Y15, y

// func hadamard64(x *float32, n int)
//
// The butterflies between registers are sum and difference; the sum goes to the register that the last one left free.
TEXT ·hadamard64(SB), NOSPLIT, $0-16
	MOVQ    x+0(FP), SI
	MOVQ    n+8(FP), CX
	VMOVUPS signs<>+0(SB), Y13
	VMOVUPS signs<>+32(SB), Y14
	VMOVUPS signs<>+64(SB), Y15

loop:
	VMOVUPS 0(SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS 64(SI), Y2
	VMOVUPS 96(SI), Y3
	VMOVUPS 128(SI), Y4
	VMOVUPS 160(SI), Y5
	VMOVUPS 192(SI), Y6
	VMOVUPS 224(SI), Y7
	LANES(Y0, Y8)
	LANES(Y1, Y9)
	LANES(Y2, Y10)
	LANES(Y3, Y11)
	LANES(Y4, Y8)
	LANES(Y5, Y9)
	LANES(Y6, Y10)
	LANES(Y7, Y11)
	VADDPS  Y1, Y0, Y12
	VSUBPS  Y1, Y0, Y1
	VADDPS  Y3, Y2, Y0
	VSUBPS  Y3, Y2, Y3
	VADDPS  Y5, Y4, Y2
	VSUBPS  Y5, Y4, Y5
	VADDPS  Y7, Y6, Y4
	VSUBPS  Y7, Y6, Y7
	VADDPS  Y0, Y12, Y6
	VSUBPS  Y0, Y12, Y0
	VADDPS  Y3, Y1, Y12
	VSUBPS  Y3, Y1, Y3
	VADDPS  Y4, Y2, Y1
	VSUBPS  Y4, Y2, Y4
	VADDPS  Y7, Y5, Y2
	VSUBPS  Y7, Y5, Y7
	VADDPS  Y1, Y6, Y5
	VSUBPS  Y1, Y6, Y1
	VADDPS  Y2, Y12, Y6
	VSUBPS  Y2, Y12, Y2
	VADDPS  Y4, Y0, Y12
	VSUBPS  Y4, Y0, Y4
	VADDPS  Y7, Y3, Y0
	VSUBPS  Y7, Y3, Y7
	VMOVUPS Y5, 0(SI)
	VMOVUPS Y6, 32(SI)
	VMOVUPS Y12, 64(SI)
	VMOVUPS Y0, 96(SI)
	VMOVUPS Y1, 128(SI)
	VMOVUPS Y2, 160(SI)
	VMOVUPS Y4, 192(SI)
	VMOVUPS Y7, 224(SI)
	ADDQ    $256, SI
	SUBQ    $64, CX
	JG      loop
	VZEROUPPER
	RET

// func hadamardBy8(x *float32, h, n int)
TEXT ·hadamardBy8(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), SI
	MOVQ h+8(FP), R8
	MOVQ n+16(FP), CX
	SHLQ $2, R8
	LEAQ (R8)(R8*2), R9
	LEAQ (R8)(R8*4), R10
	LEAQ (R9)(R8*4), R11

segment:
	MOVQ h+8(FP), DX

loop:
	VMOVUPS (SI), Y0
	VMOVUPS (SI)(R8*1), Y1
	VMOVUPS (SI)(R8*2), Y2
	VMOVUPS (SI)(R9*1), Y3
	VMOVUPS (SI)(R8*4), Y4
	VMOVUPS (SI)(R10*1), Y5
	VMOVUPS (SI)(R9*2), Y6
	VMOVUPS (SI)(R11*1), Y7
	VADDPS  Y1, Y0, Y12
	VSUBPS  Y1, Y0, Y1
	VADDPS  Y3, Y2, Y0
	VSUBPS  Y3, Y2, Y3
	VADDPS  Y5, Y4, Y2
	VSUBPS  Y5, Y4, Y5
	VADDPS  Y7, Y6, Y4
	VSUBPS  Y7, Y6, Y7
	VADDPS  Y0, Y12, Y6
	VSUBPS  Y0, Y12, Y0
	VADDPS  Y3, Y1, Y12
	VSUBPS  Y3, Y1, Y3
	VADDPS  Y4, Y2, Y1
	VSUBPS  Y4, Y2, Y4
	VADDPS  Y7, Y5, Y2
	VSUBPS  Y7, Y5, Y7
	VADDPS  Y1, Y6, Y5
	VSUBPS  Y1, Y6, Y1
	VADDPS  Y2, Y12, Y6
	VSUBPS  Y2, Y12, Y2
	VADDPS  Y4, Y0, Y12
	VSUBPS  Y4, Y0, Y4
	VADDPS  Y7, Y3, Y0
	VSUBPS  Y7, Y3, Y7
	VMOVUPS Y5, (SI)
	VMOVUPS Y6, (SI)(R8*1)
	VMOVUPS Y12, (SI)(R8*2)
	VMOVUPS Y0, (SI)(R9*1)
	VMOVUPS Y1, (SI)(R8*4)
	VMOVUPS Y2, (SI)(R10*1)
	VMOVUPS Y4, (SI)(R9*2)
	VMOVUPS Y7, (SI)(R11*1)
	ADDQ    $32, SI
	SUBQ    $8, DX
	JG      loop
	ADDQ    R11, SI
	DECQ    CX
	JNE     segment
	VZEROUPPER
	RET

// func hadamardBy4(x *float32, h, n int)
TEXT ·hadamardBy4(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), SI
	MOVQ h+8(FP), R8
	MOVQ n+16(FP), CX
	SHLQ $2, R8
	LEAQ (R8)(R8*2), R9

segment:
	MOVQ h+8(FP), DX

loop:
	VMOVUPS (SI), Y0
	VMOVUPS (SI)(R8*1), Y1
	VMOVUPS (SI)(R8*2), Y2
	VMOVUPS (SI)(R9*1), Y3
	VADDPS  Y1, Y0, Y12
	VSUBPS  Y1, Y0, Y1
	VADDPS  Y3, Y2, Y0
	VSUBPS  Y3, Y2, Y3
	VADDPS  Y0, Y12, Y2
	VSUBPS  Y0, Y12, Y0
	VADDPS  Y3, Y1, Y12
	VSUBPS  Y3, Y1, Y3
	VMOVUPS Y2, (SI)
	VMOVUPS Y12, (SI)(R8*1)
	VMOVUPS Y0, (SI)(R8*2)
	VMOVUPS Y3, (SI)(R9*1)
	ADDQ    $32, SI
	SUBQ    $8, DX
	JG      loop
	ADDQ    R9, SI
	DECQ    CX
	JNE     segment
	VZEROUPPER
	RET

// func hadamardBy2(x *float32, h, n int)
TEXT ·hadamardBy2(SB), NOSPLIT, $0-24
	MOVQ x+0(FP), SI
	MOVQ h+8(FP), R8
	MOVQ n+16(FP), CX
	SHLQ $2, R8

segment:
	MOVQ h+8(FP), DX

loop:
	VMOVUPS (SI), Y0
	VMOVUPS (SI)(R8*1), Y1
	VADDPS  Y1, Y0, Y12
	VSUBPS  Y1, Y0, Y1
	VMOVUPS Y12, (SI)
	VMOVUPS Y1, (SI)(R8*1)
	ADDQ    $32, SI
	SUBQ    $8, DX
	JG      loop
	ADDQ    R8, SI
	DECQ    CX
	JNE     segment
	VZEROUPPER
	RET

// CENTRE finishes eight values in Y0 and stores them.
#define CENTRE \
	VMULPS  Y15, Y0, Y0;        \
	VSUBPS  (BX)(CX*4), Y0, Y0; \
	VMULPS  (DX)(CX*4), Y0, Y0; \
	VMOVUPS Y0, (DI)(CX*4);     \
	ADDQ    $8, CX

// func centre8F32(dst, x, mean, signs *float32, n int, scale float32)
TEXT ·centre8F32(SB), NOSPLIT, $0-44
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         mean+16(FP), BX
	MOVQ         signs+24(FP), DX
	MOVQ         n+32(FP), AX
	VBROADCASTSS scale+40(FP), Y15
	XORQ         CX, CX

loop:
	VMOVUPS (SI)(CX*4), Y0
	CENTRE
	CMPQ    CX, AX
	JLT     loop
	VZEROUPPER
	RET

// func centre8F16(dst *float32, x *uint16, mean, signs *float32, n int, scale float32)
TEXT ·centre8F16(SB), NOSPLIT, $0-44
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         mean+16(FP), BX
	MOVQ         signs+24(FP), DX
	MOVQ         n+32(FP), AX
	VBROADCASTSS scale+40(FP), Y15
	XORQ         CX, CX

loop:
	VCVTPH2PS (SI)(CX*2), Y0
	CENTRE
	CMPQ      CX, AX
	JLT       loop
	VZEROUPPER
	RET
