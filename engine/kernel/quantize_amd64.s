#include "textflag.h"

DATA magnitude<>+0(SB)/4, $0x7fffffff
GLOBL magnitude<>(SB), RODATA|NOPTR, $4

// func maxAbs32(x *float32, n int) uint32
TEXT ·maxAbs32(SB), NOSPLIT, $0-20
	MOVQ         x+0(FP), SI
	MOVQ         n+8(FP), CX
	VPBROADCASTD magnitude<>(SB), Y15
	VPXOR        Y0, Y0, Y0
	VPXOR        Y1, Y1, Y1
	VPXOR        Y2, Y2, Y2
	VPXOR        Y3, Y3, Y3

loop:
	VPAND   (SI), Y15, Y4
	VPAND   32(SI), Y15, Y5
	VPAND   64(SI), Y15, Y6
	VPAND   96(SI), Y15, Y7
	VPMAXSD Y4, Y0, Y0
	VPMAXSD Y5, Y1, Y1
	VPMAXSD Y6, Y2, Y2
	VPMAXSD Y7, Y3, Y3
	ADDQ    $128, SI
	SUBQ    $32, CX
	JG      loop

	VPMAXSD      Y1, Y0, Y0
	VPMAXSD      Y3, Y2, Y2
	VPMAXSD      Y2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPMAXSD      X1, X0, X0
	VPSHUFD      $0x4e, X0, X1
	VPMAXSD      X1, X0, X0
	VPSHUFD      $0xb1, X0, X1
	VPMAXSD      X1, X0, X0
	VMOVD        X0, AX
	MOVL         AX, ret+16(FP)
	VZEROUPPER
	RET

// order is where the four-byte parts of two registers, packed twice, belong.
DATA order<>+0(SB)/8, $0x0000000400000000
DATA order<>+8(SB)/8, $0x0000000500000001
DATA order<>+16(SB)/8, $0x0000000600000002
DATA order<>+24(SB)/8, $0x0000000700000003
GLOBL order<>(SB), RODATA|NOPTR, $32

// INTEGERS makes eight values, at off, 32-bit integers in n, and adds the squares of what is left to the lanes Y8. VMINPS and
// VMAXPS give their first operand here, the bound, where the other is NaN.
#define INTEGERS(off, n, v, c) \
	VMOVUPS      off(SI), v; \
	VMULPS       Y14, v, c;  \
	VMINPS       Y13, c, c;  \
	VMAXPS       Y12, c, c;  \
	VCVTPS2DQ    c, n;       \
	VCVTDQ2PS    n, c;       \
	VFNMADD231PS Y15, c, v;  \
	VMULPS       v, v, v;    \
	VADDPS       v, Y8, Y8

// func quantize32(dst *uint8, src *float32, n int, scale, inverse, most float32, bias uint8, r *residue)
TEXT ·quantize32(SB), NOSPLIT, $0-48
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS scale+24(FP), Y15
	VBROADCASTSS inverse+28(FP), Y14
	VBROADCASTSS most+32(FP), Y13
	VPBROADCASTB bias+36(FP), Y11
	MOVQ         r+40(FP), BX
	VMOVDQU      order<>(SB), Y9
	VXORPS       Y12, Y12, Y12
	VSUBPS       Y13, Y12, Y12
	VMOVUPS      (BX), Y8
	VPXOR        Y10, Y10, Y10

loop:
	INTEGERS(0, Y0, Y4, Y5)
	INTEGERS(32, Y1, Y6, Y7)
	INTEGERS(64, Y2, Y4, Y5)
	INTEGERS(96, Y3, Y6, Y7)
	VPACKSSDW Y1, Y0, Y0
	VPACKSSDW Y3, Y2, Y2
	VPMADDWD  Y0, Y0, Y4
	VPMADDWD  Y2, Y2, Y5
	VPADDD    Y4, Y10, Y10
	VPADDD    Y5, Y10, Y10
	VPACKSSWB Y2, Y0, Y0
	VPERMD    Y0, Y9, Y0
	VPADDB    Y11, Y0, Y0
	VMOVDQU   Y0, (DI)
	ADDQ      $128, SI
	ADDQ      $32, DI
	SUBQ      $32, CX
	JG        loop

	VMOVUPS      Y8, (BX)
	VEXTRACTI128 $1, Y10, X1
	VPADDD       X1, X10, X0
	VPSHUFD      $0x4e, X0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0xb1, X0, X1
	VPADDD       X1, X0, X0
	VMOVD        X0, AX
	ADDQ         AX, 32(BX)
	VZEROUPPER
	RET
