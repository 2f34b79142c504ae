#include "textflag.h"

// func mulSet32(dst, x *float32, n int, w float32)
TEXT ·mulSet32(SB), NOSPLIT, $0-28
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), DX
	VBROADCASTSS w+24(FP), Y15
	XORQ         CX, CX

loop:
	VMULPS  (SI)(CX*4), Y15, Y0
	VMULPS  32(SI)(CX*4), Y15, Y1
	VMULPS  64(SI)(CX*4), Y15, Y2
	VMULPS  96(SI)(CX*4), Y15, Y3
	VMOVUPS Y0, (DI)(CX*4)
	VMOVUPS Y1, 32(DI)(CX*4)
	VMOVUPS Y2, 64(DI)(CX*4)
	VMOVUPS Y3, 96(DI)(CX*4)
	ADDQ    $32, CX
	CMPQ    CX, DX
	JLT     loop
	VZEROUPPER
	RET

// func mulAdd32(dst, x *float32, n int, w float32)
TEXT ·mulAdd32(SB), NOSPLIT, $0-28
	MOVQ         dst+0(FP), DI
	MOVQ         x+8(FP), SI
	MOVQ         n+16(FP), DX
	VBROADCASTSS w+24(FP), Y15
	XORQ         CX, CX

loop:
	VMULPS  (SI)(CX*4), Y15, Y0
	VMULPS  32(SI)(CX*4), Y15, Y1
	VMULPS  64(SI)(CX*4), Y15, Y2
	VMULPS  96(SI)(CX*4), Y15, Y3
	VADDPS  (DI)(CX*4), Y0, Y0
	VADDPS  32(DI)(CX*4), Y1, Y1
	VADDPS  64(DI)(CX*4), Y2, Y2
	VADDPS  96(DI)(CX*4), Y3, Y3
	VMOVUPS Y0, (DI)(CX*4)
	VMOVUPS Y1, 32(DI)(CX*4)
	VMOVUPS Y2, 64(DI)(CX*4)
	VMOVUPS Y3, 96(DI)(CX*4)
	ADDQ    $32, CX
	CMPQ    CX, DX
	JLT     loop
	VZEROUPPER
	RET

// func above32(x *float32, n int, least float32) int
TEXT ·above32(SB), NOSPLIT, $0-32
	MOVQ         x+0(FP), SI
	MOVQ         n+8(FP), DX
	VBROADCASTSS least+16(FP), Y15
	XORQ         CX, CX

loop:
	// Predicate 18, LE_OQ, holds where least <= x and neither is a NaN.
	VCMPPS   $18, (SI)(CX*4), Y15, Y0
	VCMPPS   $18, 32(SI)(CX*4), Y15, Y1
	VCMPPS   $18, 64(SI)(CX*4), Y15, Y2
	VCMPPS   $18, 96(SI)(CX*4), Y15, Y3
	VORPS    Y1, Y0, Y0
	VORPS    Y3, Y2, Y2
	VORPS    Y2, Y0, Y0
	VPTEST   Y0, Y0
	JNE      done
	ADDQ     $32, CX
	CMPQ     CX, DX
	JLT      loop

done:
	MOVQ CX, ret+24(FP)
	VZEROUPPER
	RET

// func affine8(dst *float32, dots *int32, scale, add *float32, n int, t, base float32)
TEXT ·affine8(SB), NOSPLIT, $0-48
	MOVQ         dst+0(FP), DI
	MOVQ         dots+8(FP), SI
	MOVQ         scale+16(FP), BX
	MOVQ         add+24(FP), DX
	MOVQ         n+32(FP), AX
	VBROADCASTSS t+40(FP), Y14
	VBROADCASTSS base+44(FP), Y15
	XORQ         CX, CX

affine:
	VCVTDQ2PS (SI)(CX*4), Y0
	VMULPS    (BX)(CX*4), Y14, Y1
	VADDPS    (DX)(CX*4), Y15, Y2
	VMULPS    Y0, Y1, Y0
	VADDPS    Y0, Y2, Y0
	VMOVUPS   Y0, (DI)(CX*4)
	ADDQ      $8, CX
	CMPQ      CX, AX
	JLT       affine
	VZEROUPPER
	RET

// func mulAddRoots8(dst, squares, roots, x *float32, n int, w, a float32)
TEXT ·mulAddRoots8(SB), NOSPLIT, $0-48
	MOVQ         dst+0(FP), DI
	MOVQ         squares+8(FP), SI
	MOVQ         roots+16(FP), BX
	MOVQ         x+24(FP), DX
	MOVQ         n+32(FP), AX
	VBROADCASTSS w+40(FP), Y14
	VBROADCASTSS a+44(FP), Y15
	XORQ         CX, CX

roots:
	VMOVUPS (BX)(CX*4), Y0
	VMULPS  Y0, Y15, Y1
	VMULPS  Y0, Y14, Y0
	VMULPS  Y1, Y1, Y1
	VMULPS  (DX)(CX*4), Y0, Y0
	VADDPS  (SI)(CX*4), Y1, Y1
	VADDPS  (DI)(CX*4), Y0, Y0
	VMOVUPS Y1, (SI)(CX*4)
	VMOVUPS Y0, (DI)(CX*4)
	ADDQ    $8, CX
	CMPQ    CX, AX
	JLT     roots
	VZEROUPPER
	RET

// func divRoot8(dst, squares *float32, n int)
TEXT ·divRoot8(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ squares+8(FP), SI
	MOVQ n+16(FP), AX
	XORQ CX, CX

divide:
	VSQRTPS (SI)(CX*4), Y0
	VMOVUPS (DI)(CX*4), Y1
	VDIVPS  Y0, Y1, Y1
	VMOVUPS Y1, (DI)(CX*4)
	ADDQ    $8, CX
	CMPQ    CX, AX
	JLT     divide
	VZEROUPPER
	RET
