#include "textflag.h"

// ROUND adds 128 bytes at each of SI, SI+R8, SI+2*R8 and SI+R9 to eight registers.
#define ROUND(w, a, b, c, d, e, f, g, h) \
	VPADDQ (SI), a, a;        \
	VPADDQ (SI)(R8*1), b, b;  \
	VPADDQ (SI)(R8*2), c, c;  \
	VPADDQ (SI)(R9*1), d, d;  \
	VPADDQ w(SI), e, e;       \
	VPADDQ w(SI)(R8*1), f, f; \
	VPADDQ w(SI)(R8*2), g, g; \
	VPADDQ w(SI)(R9*1), h, h

// func readAVX512(p *byte, stride, step, rounds int) uint64
TEXT ·readAVX512(SB), NOSPLIT, $0-40
	MOVQ   p+0(FP), SI
	MOVQ   stride+8(FP), R8
	MOVQ   step+16(FP), DX
	MOVQ   rounds+24(FP), CX
	LEAQ   (R8)(R8*2), R9
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7

loop:
	ROUND(64, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7)
	ADDQ DX, SI
	DECQ CX
	JNE  loop

	VPADDQ        Z1, Z0, Z0
	VPADDQ        Z3, Z2, Z2
	VPADDQ        Z5, Z4, Z4
	VPADDQ        Z7, Z6, Z6
	VPADDQ        Z2, Z0, Z0
	VPADDQ        Z6, Z4, Z4
	VPADDQ        Z4, Z0, Z0
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDQ        Y1, Y0, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDQ        X1, X0, X0
	VPSRLDQ       $8, X0, X1
	VPADDQ        X1, X0, X0
	VMOVQ         X0, ret+32(FP)
	VZEROUPPER
	RET

// func readAVX2(p *byte, stride, step, rounds int) uint64
TEXT ·readAVX2(SB), NOSPLIT, $0-40
	MOVQ  p+0(FP), SI
	MOVQ  stride+8(FP), R8
	MOVQ  step+16(FP), DX
	MOVQ  rounds+24(FP), CX
	LEAQ  (R8)(R8*2), R9
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7

loop:
	ROUND(32, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7)
	ADDQ $64, SI
	ROUND(32, Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7)
	LEAQ -64(SI)(DX*1), SI
	DECQ CX
	JNE  loop

	VPADDQ       Y1, Y0, Y0
	VPADDQ       Y3, Y2, Y2
	VPADDQ       Y5, Y4, Y4
	VPADDQ       Y7, Y6, Y6
	VPADDQ       Y2, Y0, Y0
	VPADDQ       Y6, Y4, Y4
	VPADDQ       Y4, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDQ       X1, X0, X0
	VPSRLDQ      $8, X0, X1
	VPADDQ       X1, X0, X0
	VMOVQ        X0, ret+32(FP)
	VZEROUPPER
	RET

// func fmaAVX2(n int)
TEXT ·fmaAVX2(SB), NOSPLIT, $0-8
	MOVQ   n+0(FP), CX
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
	VXORPS Y12, Y12, Y12
	VXORPS Y13, Y13, Y13

loop:
	VFMADD231PS Y12, Y13, Y0
	VFMADD231PS Y12, Y13, Y1
	VFMADD231PS Y12, Y13, Y2
	VFMADD231PS Y12, Y13, Y3
	VFMADD231PS Y12, Y13, Y4
	VFMADD231PS Y12, Y13, Y5
	VFMADD231PS Y12, Y13, Y6
	VFMADD231PS Y12, Y13, Y7
	VFMADD231PS Y12, Y13, Y8
	VFMADD231PS Y12, Y13, Y9
	VFMADD231PS Y12, Y13, Y10
	VFMADD231PS Y12, Y13, Y11
	DECQ        CX
	JNE         loop
	VZEROUPPER
	RET
