#include "textflag.h"

// STEP multiplies value k of six queries (at SI) by that of 16 rows (at BX), the k-th of an unrolled loop.
#define STEP(k) \
	VMOVUPS      (64*k)(BX), Y12;    \
	VMOVUPS      (64*k+32)(BX), Y13; \
	VBROADCASTSS (24*k)(SI), Y14;    \
	VBROADCASTSS (24*k+4)(SI), Y15;  \
	VFMADD231PS  Y12, Y14, Y0;       \
	VFMADD231PS  Y13, Y14, Y1;       \
	VFMADD231PS  Y12, Y15, Y2;       \
	VFMADD231PS  Y13, Y15, Y3;       \
	VBROADCASTSS (24*k+8)(SI), Y14;  \
	VBROADCASTSS (24*k+12)(SI), Y15; \
	VFMADD231PS  Y12, Y14, Y4;       \
	VFMADD231PS  Y13, Y14, Y5;       \
	VFMADD231PS  Y12, Y15, Y6;       \
	VFMADD231PS  Y13, Y15, Y7;       \
	VBROADCASTSS (24*k+16)(SI), Y14; \
	VBROADCASTSS (24*k+20)(SI), Y15; \
	VFMADD231PS  Y12, Y14, Y8;       \
	VFMADD231PS  Y13, Y14, Y9;       \
	VFMADD231PS  Y12, Y15, Y10;      \
	VFMADD231PS  Y13, Y15, Y11

// ADD adds a row of the tile to its registers; STORE stores it. Both move on to the next row.
#define ADD(lo, hi) \
	VADDPS (DX), lo, lo;   \
	VADDPS 32(DX), hi, hi; \
	ADDQ   R8, DX

#define STORE(lo, hi) \
	VMOVUPS lo, (DI);   \
	VMOVUPS hi, 32(DI); \
	ADDQ    R8, DI

// func multiply6x16(dst *float32, stride int, q, x *float32, n, add int)
TEXT ·multiply6x16(SB), NOSPLIT, $0-48
	MOVQ   dst+0(FP), DI
	MOVQ   stride+8(FP), R8
	MOVQ   q+16(FP), SI
	MOVQ   x+24(FP), BX
	MOVQ   n+32(FP), CX
	MOVQ   add+40(FP), AX
	SHLQ   $2, R8
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11

loop:
	STEP(0)
	STEP(1)
	STEP(2)
	STEP(3)
	ADDQ $96, SI
	ADDQ $256, BX
	SUBQ $4, CX
	JG   loop

	TESTQ AX, AX
	JEQ   store
	MOVQ  DI, DX
	ADD(Y0, Y1)
	ADD(Y2, Y3)
	ADD(Y4, Y5)
	ADD(Y6, Y7)
	ADD(Y8, Y9)
	ADD(Y10, Y11)

store:
	STORE(Y0, Y1)
	STORE(Y2, Y3)
	STORE(Y4, Y5)
	STORE(Y6, Y7)
	STORE(Y8, Y9)
	STORE(Y10, Y11)
	VZEROUPPER
	RET

// SCALE rounds eight float64 in Y0, Y1, times Y15, to float32 and stores them.
#define SCALE \
	VMULPD     Y15, Y0, Y0;      \
	VMULPD     Y15, Y1, Y1;      \
	VCVTPD2PSY Y0, X0;           \
	VCVTPD2PSY Y1, X1;           \
	VMOVUPS    X0, (DI)(CX*4);   \
	VMOVUPS    X1, 16(DI)(CX*4); \
	ADDQ       $8, CX

// func scale8F32(dst, x *float32, n int, scale float64)
TEXT ·scale8F32(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), DX
	VBROADCASTSD scale+24(FP), Y15
	XORQ         CX, CX

loop:
	VCVTPS2PD (SI)(CX*4), Y0
	VCVTPS2PD 16(SI)(CX*4), Y1
	SCALE
	CMPQ      CX, DX
	JLT       loop
	VZEROUPPER
	RET

// func scale8F16(dst *float32, x *uint16, n int, scale float64)
TEXT ·scale8F16(SB), NOSPLIT, $0-32
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), DX
	VBROADCASTSD scale+24(FP), Y15
	XORQ         CX, CX

loop:
	VCVTPH2PS (SI)(CX*2), X0
	VCVTPH2PS 8(SI)(CX*2), X1
	VCVTPS2PD X0, Y0
	VCVTPS2PD X1, Y1
	SCALE
	CMPQ      CX, DX
	JLT       loop
	VZEROUPPER
	RET

// func transpose8(panel, scratch *float32, n int)
//
// Each round takes four values of eight vectors: vectors i and i+4 side by side in a register, then two rounds of
// interleaving within its halves. A vector's stride is 1024 bytes, a panel's 64.
TEXT ·transpose8(SB), NOSPLIT, $0-24
	MOVQ panel+0(FP), DI
	MOVQ scratch+8(FP), SI
	MOVQ n+16(FP), CX

loop:
	VMOVUPS     (SI), X0
	VMOVUPS     1024(SI), X1
	VMOVUPS     2048(SI), X2
	VMOVUPS     3072(SI), X3
	VINSERTF128 $1, 4096(SI), Y0, Y0
	VINSERTF128 $1, 5120(SI), Y1, Y1
	VINSERTF128 $1, 6144(SI), Y2, Y2
	VINSERTF128 $1, 7168(SI), Y3, Y3
	VUNPCKLPS   Y1, Y0, Y4
	VUNPCKHPS   Y1, Y0, Y5
	VUNPCKLPS   Y3, Y2, Y6
	VUNPCKHPS   Y3, Y2, Y7
	VUNPCKLPD   Y6, Y4, Y0
	VUNPCKHPD   Y6, Y4, Y1
	VUNPCKLPD   Y7, Y5, Y2
	VUNPCKHPD   Y7, Y5, Y3
	VMOVUPS     Y0, (DI)
	VMOVUPS     Y1, 64(DI)
	VMOVUPS     Y2, 128(DI)
	VMOVUPS     Y3, 192(DI)
	ADDQ        $16, SI
	ADDQ        $256, DI
	SUBQ        $4, CX
	JG          loop
	VZEROUPPER
	RET
