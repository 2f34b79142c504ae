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

// func quantize8(dst *uint8, src *float32, n int, scale, inverse, most float32, bias int32, r *residue)
//
// Y8, Y9 are the lanes of the residual, Y10 sums squares. VMINPS and VMAXPS give their first operand here, the bound,
// where the other is NaN.
TEXT ·quantize8(SB), NOSPLIT, $0-48
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         n+16(FP), CX
	VBROADCASTSS scale+24(FP), Y15
	VBROADCASTSS inverse+28(FP), Y14
	VBROADCASTSS most+32(FP), Y13
	VBROADCASTSS bias+36(FP), Y11
	MOVQ         r+40(FP), BX
	VXORPS       Y12, Y12, Y12
	VSUBPS       Y13, Y12, Y12
	VMOVUPD      (BX), Y8
	VMOVUPD      32(BX), Y9
	VPXOR        Y10, Y10, Y10

loop:
	VMOVUPS      (SI), Y0
	VMULPS       Y14, Y0, Y1
	VMINPS       Y13, Y1, Y1
	VMAXPS       Y12, Y1, Y1
	VCVTPS2DQ    Y1, Y2
	VCVTDQ2PS    Y2, Y3
	VFNMADD231PS Y15, Y3, Y0
	VCVTPS2PD    X0, Y4
	VEXTRACTF128 $1, Y0, X5
	VCVTPS2PD    X5, Y5
	VFMADD231PD  Y4, Y4, Y8
	VFMADD231PD  Y5, Y5, Y9
	VPMULLD      Y2, Y2, Y6
	VPADDD       Y6, Y10, Y10
	VPADDD       Y11, Y2, Y2
	VEXTRACTI128 $1, Y2, X7
	VPACKUSDW    X7, X2, X2
	VPACKUSWB    X2, X2, X2
	VMOVQ        X2, (DI)
	ADDQ         $32, SI
	ADDQ         $8, DI
	SUBQ         $8, CX
	JG           loop

	VMOVUPD      Y8, (BX)
	VMOVUPD      Y9, 32(BX)
	VEXTRACTI128 $1, Y10, X1
	VPADDD       X1, X10, X0
	VPSHUFD      $0x4e, X0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0xb1, X0, X1
	VPADDD       X1, X0, X0
	VMOVD        X0, AX
	ADDQ         AX, 64(BX)
	VZEROUPPER
	RET
