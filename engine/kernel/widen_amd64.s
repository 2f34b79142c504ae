#include "textflag.h"

// func widen8F16(dst *float64, x *uint16, n int)
TEXT ·widen8F16(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ x+8(FP), SI
	MOVQ n+16(FP), DX
	XORQ CX, CX

loop:
	VCVTPH2PS (SI)(CX*2), X0
	VCVTPH2PS 8(SI)(CX*2), X1
	VCVTPS2PD X0, Y0
	VCVTPS2PD X1, Y1
	VMOVUPD   Y0, (DI)(CX*8)
	VMOVUPD   Y1, 32(DI)(CX*8)
	ADDQ      $8, CX
	CMPQ      CX, DX
	JLT       loop
	VZEROUPPER
	RET
