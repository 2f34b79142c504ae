#include "textflag.h"

// A row's eight lanes are two registers of four float64. The main loops take eight values of q (Y8, Y9) and of each row
// at a time; CX counts values, DX is dim rounded down to a multiple of eight, BX points to q, and SI, R8, R9, R10 to rows.
// R13 runs four rows ahead and prefetches: rows side by side are too many short streams for the processor's own
// prefetching; without this a float16 scan of 768 dimensions runs at a third of the speed. It prefetches to the second
// level, because four rows of 2,048 values would fill the first. A prefetch beyond the end of memory does nothing.

// keep64 and keep32 are eight values that keep a lane and eight that drop it: read from value 8-m on, they are the
// masks that keep the first m of eight lanes.
DATA keep64<>+0(SB)/8, $-1
DATA keep64<>+8(SB)/8, $-1
DATA keep64<>+16(SB)/8, $-1
DATA keep64<>+24(SB)/8, $-1
DATA keep64<>+32(SB)/8, $-1
DATA keep64<>+40(SB)/8, $-1
DATA keep64<>+48(SB)/8, $-1
DATA keep64<>+56(SB)/8, $-1
DATA keep64<>+64(SB)/8, $0
DATA keep64<>+72(SB)/8, $0
DATA keep64<>+80(SB)/8, $0
DATA keep64<>+88(SB)/8, $0
DATA keep64<>+96(SB)/8, $0
DATA keep64<>+104(SB)/8, $0
DATA keep64<>+112(SB)/8, $0
DATA keep64<>+120(SB)/8, $0
GLOBL keep64<>(SB), RODATA|NOPTR, $128

DATA keep32<>+0(SB)/8, $-1
DATA keep32<>+8(SB)/8, $-1
DATA keep32<>+16(SB)/8, $-1
DATA keep32<>+24(SB)/8, $-1
DATA keep32<>+32(SB)/8, $0
DATA keep32<>+40(SB)/8, $0
DATA keep32<>+48(SB)/8, $0
DATA keep32<>+56(SB)/8, $0
GLOBL keep32<>(SB), RODATA|NOPTR, $64

// shift16, read from byte 16-2m on, is the VPSHUFB mask that moves the last m of eight 16-bit values to the front and
// sets the others to zero.
DATA shift16<>+0(SB)/8, $0x0706050403020100
DATA shift16<>+8(SB)/8, $0x0f0e0d0c0b0a0908
DATA shift16<>+16(SB)/8, $0x8080808080808080
DATA shift16<>+24(SB)/8, $0x8080808080808080
GLOBL shift16<>(SB), RODATA|NOPTR, $32

// Eight values of a row become float64 in Y10, Y11.
#define LOAD32(row) \
	VCVTPS2PD (row)(CX*4), Y10; \
	VCVTPS2PD 16(row)(CX*4), Y11

#define LOAD16(row) \
	VCVTPH2PS (row)(CX*2), X10; \
	VCVTPH2PS 8(row)(CX*2), X11; \
	VCVTPS2PD X10, Y10; \
	VCVTPS2PD X11, Y11

// The m values of a row's tail become float64 in Y10, Y11, followed by zeros, which leave their lanes as they are.
// TAIL32 reads them alone, under the masks X14, X15; TAIL16 reads the row's last eight values, of which they are the end.
#define TAIL32(row) \
	VMASKMOVPS (row)(CX*4), X14, X10; \
	VMASKMOVPS 16(row)(CX*4), X15, X11; \
	VCVTPS2PD  X10, Y10; \
	VCVTPS2PD  X11, Y11

#define TAIL16(row) \
	VMOVDQU      (row)(CX*2), X10; \
	VPSHUFB      X14, X10, X10; \
	VCVTPH2PS    X10, Y10; \
	VEXTRACTF128 $1, Y10, X11; \
	VCVTPS2PD    X10, Y10; \
	VCVTPS2PD    X11, Y11

#define LOADQ \
	VMOVUPD (BX)(CX*8), Y8; \
	VMOVUPD 32(BX)(CX*8), Y9

// TAILQ sets Y8, Y9 to the m = AX > 0 values of q's tail, followed by zeros, and AX to -m.
#define TAILQ \
	LEAQ       keep64<>(SB), R11; \
	NEGQ       AX; \
	VMOVDQU    64(R11)(AX*8), Y12; \
	VMOVDQU    96(R11)(AX*8), Y13; \
	VMASKMOVPD (BX)(CX*8), Y12, Y8; \
	VMASKMOVPD 32(BX)(CX*8), Y13, Y9

#define MASK32 \
	LEAQ    keep32<>(SB), R11; \
	VMOVDQU 32(R11)(AX*4), X14; \
	VMOVDQU 48(R11)(AX*4), X15

// MASK16 also moves CX back to the row's last eight values.
#define MASK16 \
	LEAQ    shift16<>(SB), R11; \
	VMOVDQU 16(R11)(AX*2), X14; \
	ADDQ    $-8, CX; \
	SUBQ    AX, CX

// PRODUCT and SQUARE add to a pair of lane registers.
#define PRODUCT(lo, hi) \
	VFMADD231PD Y10, Y8, lo; \
	VFMADD231PD Y11, Y9, hi

#define SQUARE(lo, hi) \
	VFMADD231PD Y10, Y10, lo; \
	VFMADD231PD Y11, Y11, hi

// STORE sums the lanes lo, hi (xlo is lo's low half) as ((0+4)+(2+6))+((1+5)+(3+7)).
#define STORE(lo, hi, xlo, at) \
	VADDPD       hi, lo, lo; \
	VEXTRACTF128 $1, lo, X15; \
	VADDPD       X15, xlo, xlo; \
	VUNPCKHPD    xlo, xlo, X15; \
	VADDSD       X15, xlo, xlo; \
	VMOVSD       xlo, at

#define ZERO4 \
	VXORPD Y0, Y0, Y0; \
	VXORPD Y1, Y1, Y1; \
	VXORPD Y2, Y2, Y2; \
	VXORPD Y3, Y3, Y3; \
	VXORPD Y4, Y4, Y4; \
	VXORPD Y5, Y5, Y5; \
	VXORPD Y6, Y6, Y6; \
	VXORPD Y7, Y7, Y7

// ARGS loads the arguments of the scans; COUNT sets up CX, DX and leaves the tail's length in AX.
#define ARGS \
	MOVQ dst+0(FP), DI; \
	MOVQ q+8(FP), BX; \
	MOVQ x+16(FP), SI; \
	MOVQ dim+24(FP), AX

#define COUNT \
	MOVQ AX, DX; \
	ANDQ $-8, DX; \
	SUBQ DX, AX; \
	XORQ CX, CX

#define STEP4(load) \
	load(SI); \
	PRODUCT(Y0, Y1); \
	load(R8); \
	PRODUCT(Y2, Y3); \
	load(R9); \
	PRODUCT(Y4, Y5); \
	load(R10); \
	PRODUCT(Y6, Y7)

#define STORE4 \
	STORE(Y0, Y1, X0, (DI)); \
	STORE(Y2, Y3, X2, 8(DI)); \
	STORE(Y4, Y5, X4, 16(DI)); \
	STORE(Y6, Y7, X6, 24(DI))

#define STEP2(load) \
	load(SI); \
	PRODUCT(Y0, Y1); \
	SQUARE(Y4, Y5); \
	load(R8); \
	PRODUCT(Y2, Y3); \
	SQUARE(Y6, Y7)

// func scan4F32(dst, q *float64, x *float32, dim int)
TEXT ·scan4F32(SB), NOSPLIT, $0-32
	ARGS
	LEAQ (SI)(AX*4), R8
	LEAQ (R8)(AX*4), R9
	LEAQ (R9)(AX*4), R10
	LEAQ (R10)(AX*4), R13
	ZERO4
	COUNT
	JMP  test

loop:
	LOADQ
	STEP4(LOAD32)
	PREFETCHT1 (R13)
	PREFETCHT1 64(R13)
	ADDQ $128, R13
	ADDQ $8, CX

test:
	CMPQ  CX, DX
	JLT   loop
	TESTQ AX, AX
	JEQ   store
	TAILQ
	MASK32
	STEP4(TAIL32)

store:
	STORE4
	VZEROUPPER
	RET

// func scan1F32(dst, q *float64, x *float32, dim int)
TEXT ·scan1F32(SB), NOSPLIT, $0-32
	ARGS
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	COUNT
	JMP    test

loop:
	LOADQ
	LOAD32(SI)
	PRODUCT(Y0, Y1)
	ADDQ $8, CX

test:
	CMPQ  CX, DX
	JLT   loop
	TESTQ AX, AX
	JEQ   store
	TAILQ
	MASK32
	TAIL32(SI)
	PRODUCT(Y0, Y1)

store:
	STORE(Y0, Y1, X0, (DI))
	VZEROUPPER
	RET

// func squares2F32(dst, sq, q *float64, x *float32, dim, stride int)
TEXT ·squares2F32(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ sq+8(FP), R12
	MOVQ q+16(FP), BX
	MOVQ x+24(FP), SI
	MOVQ dim+32(FP), AX
	MOVQ AX, R13
	SHLQ $4, R13
	ADDQ SI, R13
	MOVQ stride+40(FP), R8
	LEAQ (SI)(R8*4), R8
	ZERO4
	COUNT
	JMP  test

loop:
	LOADQ
	STEP2(LOAD32)
	PREFETCHT1 (R13)
	ADDQ $64, R13
	ADDQ $8, CX

test:
	CMPQ  CX, DX
	JLT   loop
	TESTQ AX, AX
	JEQ   store
	TAILQ
	MASK32
	STEP2(TAIL32)

store:
	STORE(Y0, Y1, X0, (DI))
	STORE(Y2, Y3, X2, 8(DI))
	STORE(Y4, Y5, X4, (R12))
	STORE(Y6, Y7, X6, 8(R12))
	VZEROUPPER
	RET

// func scan4F16(dst, q *float64, x *uint16, dim int)
TEXT ·scan4F16(SB), NOSPLIT, $0-32
	ARGS
	LEAQ (SI)(AX*2), R8
	LEAQ (R8)(AX*2), R9
	LEAQ (R9)(AX*2), R10
	LEAQ (R10)(AX*2), R13
	ZERO4
	COUNT
	JMP  test

loop:
	LOADQ
	STEP4(LOAD16)
	PREFETCHT1 (R13)
	ADDQ $64, R13
	ADDQ $8, CX

test:
	CMPQ  CX, DX
	JLT   loop
	TESTQ AX, AX
	JEQ   store
	TAILQ
	MASK16
	STEP4(TAIL16)

store:
	STORE4
	VZEROUPPER
	RET

// func scan1F16(dst, q *float64, x *uint16, dim int)
TEXT ·scan1F16(SB), NOSPLIT, $0-32
	ARGS
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	COUNT
	JMP    test

loop:
	LOADQ
	LOAD16(SI)
	PRODUCT(Y0, Y1)
	ADDQ $8, CX

test:
	CMPQ  CX, DX
	JLT   loop
	TESTQ AX, AX
	JEQ   store
	TAILQ
	MASK16
	TAIL16(SI)
	PRODUCT(Y0, Y1)

store:
	STORE(Y0, Y1, X0, (DI))
	VZEROUPPER
	RET

// func squares2F16(dst, sq, q *float64, x *uint16, dim, stride int)
TEXT ·squares2F16(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ sq+8(FP), R12
	MOVQ q+16(FP), BX
	MOVQ x+24(FP), SI
	MOVQ dim+32(FP), AX
	MOVQ AX, R13
	SHLQ $3, R13
	ADDQ SI, R13
	MOVQ stride+40(FP), R8
	LEAQ (SI)(R8*2), R8
	ZERO4
	COUNT
	JMP  test

loop:
	LOADQ
	STEP2(LOAD16)
	PREFETCHT1 (R13)
	ADDQ $32, R13
	ADDQ $8, CX

test:
	CMPQ  CX, DX
	JLT   loop
	TESTQ AX, AX
	JEQ   store
	TAILQ
	MASK16
	STEP2(TAIL16)

store:
	STORE(Y0, Y1, X0, (DI))
	STORE(Y2, Y3, X2, 8(DI))
	STORE(Y4, Y5, X4, (R12))
	STORE(Y6, Y7, X6, 8(R12))
	VZEROUPPER
	RET
