#include "textflag.h"

// A row's eight lanes are two registers of four float64. The main loops take eight values of q (Y8, Y9) and of each row
// at a time; CX counts values, DX is dim rounded down to a multiple of eight, BX points to q, and SI, R8, R9, R10 to rows
// of four streams (two, where squares need the registers). R12 is the rows left of each stream, R13 how many rows the
// streams are apart, R14 three times that. codes_amd64.s says why there are streams.

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
	VCVTPS2PD (row)(CX*4), Y10;  \
	VCVTPS2PD 16(row)(CX*4), Y11

#define LOAD16(row) \
	VCVTPH2PS (row)(CX*2), X10;  \
	VCVTPH2PS 8(row)(CX*2), X11; \
	VCVTPS2PD X10, Y10;          \
	VCVTPS2PD X11, Y11

// The m values of a row's tail become float64 in Y10, Y11, followed by zeros, which leave their lanes as they are.
// TAIL32 reads them alone, under the masks X14, X15; the others read the row's last eight values, of which they are the end.
#define TAIL32(row) \
	VMASKMOVPS (row)(CX*4), X14, X10;   \
	VMASKMOVPS 16(row)(CX*4), X15, X11; \
	VCVTPS2PD  X10, Y10;                \
	VCVTPS2PD  X11, Y11

#define TAIL16(row) \
	VMOVDQU      (row)(CX*2), X10; \
	VPSHUFB      X14, X10, X10;    \
	VCVTPH2PS    X10, Y10;         \
	VEXTRACTF128 $1, Y10, X11;     \
	VCVTPS2PD    X10, Y10;         \
	VCVTPS2PD    X11, Y11

#define LOADB16(row) \
	VPMOVZXWD (row)(CX*2), X10;  \
	VPMOVZXWD 8(row)(CX*2), X11; \
	VPSLLD    $16, X10, X10;     \
	VPSLLD    $16, X11, X11;     \
	VCVTPS2PD X10, Y10;          \
	VCVTPS2PD X11, Y11

#define TAILB16(row) \
	VMOVDQU   (row)(CX*2), X10; \
	VPSHUFB   X14, X10, X10;    \
	VPSRLDQ   $8, X10, X11;     \
	VPMOVZXWD X10, X10;         \
	VPMOVZXWD X11, X11;         \
	VPSLLD    $16, X10, X10;    \
	VPSLLD    $16, X11, X11;    \
	VCVTPS2PD X10, Y10;         \
	VCVTPS2PD X11, Y11

#define LOADI8(row) \
	VPMOVSXBD (row)(CX*1), X10;  \
	VPMOVSXBD 4(row)(CX*1), X11; \
	VCVTDQ2PD X10, Y10;          \
	VCVTDQ2PD X11, Y11

#define TAILI8(row) \
	VMOVQ     (row)(CX*1), X10; \
	VPSHUFB   X14, X10, X10;    \
	VPSRLDQ   $4, X10, X11;     \
	VPMOVSXBD X10, X10;         \
	VPMOVSXBD X11, X11;         \
	VCVTDQ2PD X10, Y10;         \
	VCVTDQ2PD X11, Y11

#define LOADU8(row) \
	VPMOVZXBD (row)(CX*1), X10;  \
	VPMOVZXBD 4(row)(CX*1), X11; \
	VCVTDQ2PD X10, Y10;          \
	VCVTDQ2PD X11, Y11

#define TAILU8(row) \
	VMOVQ     (row)(CX*1), X10; \
	VPSHUFB   X14, X10, X10;    \
	VPSRLDQ   $4, X10, X11;     \
	VPMOVZXBD X10, X10;         \
	VPMOVZXBD X11, X11;         \
	VCVTDQ2PD X10, Y10;         \
	VCVTDQ2PD X11, Y11

#define LOADQ \
	VMOVUPD (BX)(CX*8), Y8;  \
	VMOVUPD 32(BX)(CX*8), Y9

// TAILQ sets Y8, Y9 to the m = AX > 0 values of q's tail, followed by zeros, and AX to -m.
#define TAILQ \
	LEAQ       keep64<>(SB), R11;    \
	NEGQ       AX;                   \
	VMOVDQU    64(R11)(AX*8), Y12;   \
	VMOVDQU    96(R11)(AX*8), Y13;   \
	VMASKMOVPD (BX)(CX*8), Y12, Y8;  \
	VMASKMOVPD 32(BX)(CX*8), Y13, Y9

#define MASK32 \
	LEAQ    keep32<>(SB), R11;  \
	VMOVDQU 32(R11)(AX*4), X14; \
	VMOVDQU 48(R11)(AX*4), X15

// MASK16 also moves CX back to the row's last eight values.
#define MASK16 \
	LEAQ    shift16<>(SB), R11; \
	VMOVDQU 16(R11)(AX*2), X14; \
	ADDQ    $-8, CX;            \
	SUBQ    AX, CX

// MASK8 is MASK16 for values of a byte, the other half of the register being zero.
#define MASK8 \
	LEAQ    shift16<>(SB), R11; \
	VMOVDQU 8(R11)(AX*1), X14;  \
	ADDQ    $-8, CX;            \
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
	VADDPD       hi, lo, lo;    \
	VEXTRACTF128 $1, lo, X15;   \
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

// COUNT sets up CX, DX and leaves the tail's length in AX.
#define COUNT \
	MOVQ AX, DX;  \
	ANDQ $-8, DX; \
	SUBQ DX, AX;  \
	XORQ CX, CX

#define STEP4(load) \
	load(SI);        \
	PRODUCT(Y0, Y1); \
	load(R8);        \
	PRODUCT(Y2, Y3); \
	load(R9);        \
	PRODUCT(Y4, Y5); \
	load(R10);       \
	PRODUCT(Y6, Y7)

#define STEP2(load) \
	load(SI);        \
	PRODUCT(Y0, Y1); \
	SQUARE(Y4, Y5);  \
	load(R8);        \
	PRODUCT(Y2, Y3); \
	SQUARE(Y6, Y7)

// SCAN4, FOUR, SCAN1 and SQUARES2 are the kernels, by how values are loaded.

// ROWS4 is the loop of SCAN4.
#define ROWS4(load, tail, mask) \
	rows:                    \
	MOVQ  dim+24(FP), AX;    \
	ZERO4;                   \
	COUNT;                   \
	JMP   test;              \
	loop:                            \
	LOADQ;                           \
	STEP4(load);                     \
	ADDQ   $8, CX;                   \
	test:                            \
	CMPQ   CX, DX;                   \
	JLT    loop;                     \
	TESTQ  AX, AX;                   \
	JEQ    store;                    \
	TAILQ;                           \
	mask;                            \
	STEP4(tail);                     \
	store:                           \
	STORE(Y0, Y1, X0, (DI));         \
	STORE(Y2, Y3, X2, (DI)(R13*8));  \
	LEAQ   (DI)(R13*8), R11;         \
	STORE(Y4, Y5, X4, (R11)(R13*8)); \
	STORE(Y6, Y7, X6, (DI)(R14*8));  \
	MOVQ   step+32(FP), R11;         \
	ADDQ   R11, SI;                  \
	ADDQ   R11, R8;                  \
	ADDQ   R11, R9;                  \
	ADDQ   R11, R10;                 \
	ADDQ   $8, DI;                   \
	DECQ   R12;                      \
	JG     rows;                     \
	VZEROUPPER;                      \
	RET

#define SCAN4(load, tail, mask) \
	MOVQ  dst+0(FP), DI;     \
	MOVQ  q+8(FP), BX;       \
	MOVQ  x+16(FP), SI;      \
	MOVQ  n+40(FP), R12;     \
	MOVQ  apart+48(FP), R13; \
	LEAQ  (R13)(R13*2), R14; \
	MOVQ  R13, R10;          \
	IMULQ step+32(FP), R10;  \
	LEAQ  (SI)(R10*1), R8;   \
	LEAQ  (SI)(R10*2), R9;   \
	ADDQ  R9, R10;           \
	ROWS4(load, tail, mask)

// FOUR is SCAN4 of one row in each stream. x points to the four rows; step is 0, n and apart are 1.
#define FOUR(load, tail, mask) \
	MOVQ dst+0(FP), DI;     \
	MOVQ q+8(FP), BX;       \
	MOVQ x+16(FP), R11;     \
	MOVQ n+40(FP), R12;     \
	MOVQ apart+48(FP), R13; \
	LEAQ (R13)(R13*2), R14; \
	MOVQ (R11), SI;         \
	MOVQ 8(R11), R8;        \
	MOVQ 16(R11), R9;       \
	MOVQ 24(R11), R10;      \
	ROWS4(load, tail, mask)

#define SCAN1(load, tail, mask) \
	MOVQ   dst+0(FP), DI;  \
	MOVQ   q+8(FP), BX;    \
	MOVQ   x+16(FP), SI;   \
	MOVQ   dim+24(FP), AX; \
	VXORPD Y0, Y0, Y0;     \
	VXORPD Y1, Y1, Y1;     \
	COUNT;                 \
	JMP    test;           \
	loop:                    \
	LOADQ;                   \
	load(SI);                \
	PRODUCT(Y0, Y1);         \
	ADDQ   $8, CX;           \
	test:                    \
	CMPQ   CX, DX;           \
	JLT    loop;             \
	TESTQ  AX, AX;           \
	JEQ    store;            \
	TAILQ;                   \
	mask;                    \
	tail(SI);                \
	PRODUCT(Y0, Y1);         \
	store:                   \
	STORE(Y0, Y1, X0, (DI)); \
	VZEROUPPER;              \
	RET

#define SQUARES2(load, tail, mask) \
	MOVQ  dst+0(FP), DI;     \
	MOVQ  sq+8(FP), R9;      \
	MOVQ  q+16(FP), BX;      \
	MOVQ  x+24(FP), SI;      \
	MOVQ  n+48(FP), R12;     \
	MOVQ  apart+56(FP), R13; \
	MOVQ  R13, R8;           \
	IMULQ step+40(FP), R8;   \
	ADDQ  SI, R8;            \
	rows:                    \
	MOVQ  dim+32(FP), AX;    \
	ZERO4;                   \
	COUNT;                   \
	JMP   test;              \
	loop:                           \
	LOADQ;                          \
	STEP2(load);                    \
	ADDQ   $8, CX;                  \
	test:                           \
	CMPQ   CX, DX;                  \
	JLT    loop;                    \
	TESTQ  AX, AX;                  \
	JEQ    store;                   \
	TAILQ;                          \
	mask;                           \
	STEP2(tail);                    \
	store:                          \
	STORE(Y0, Y1, X0, (DI));        \
	STORE(Y2, Y3, X2, (DI)(R13*8)); \
	STORE(Y4, Y5, X4, (R9));        \
	STORE(Y6, Y7, X6, (R9)(R13*8)); \
	MOVQ   step+40(FP), R11;        \
	ADDQ   R11, SI;                 \
	ADDQ   R11, R8;                 \
	ADDQ   $8, DI;                  \
	ADDQ   $8, R9;                  \
	DECQ   R12;                     \
	JG     rows;                    \
	VZEROUPPER;                     \
	RET

// func scan4F32(dst, q *float64, x *float32, dim, step, n, apart int)
TEXT ·scan4F32(SB), NOSPLIT, $0-56
	SCAN4(LOAD32, TAIL32, MASK32)

// func fourF32(dst, q *float64, x **float32, dim, step, n, apart int)
TEXT ·fourF32(SB), NOSPLIT, $0-56
	FOUR(LOAD32, TAIL32, MASK32)

// func scan1F32(dst, q *float64, x *float32, dim int)
TEXT ·scan1F32(SB), NOSPLIT, $0-32
	SCAN1(LOAD32, TAIL32, MASK32)

// func squares2F32(dst, sq, q *float64, x *float32, dim, step, n, apart int)
TEXT ·squares2F32(SB), NOSPLIT, $0-64
	SQUARES2(LOAD32, TAIL32, MASK32)

// func scan4F16(dst, q *float64, x *uint16, dim, step, n, apart int)
TEXT ·scan4F16(SB), NOSPLIT, $0-56
	SCAN4(LOAD16, TAIL16, MASK16)

// func fourF16(dst, q *float64, x **uint16, dim, step, n, apart int)
TEXT ·fourF16(SB), NOSPLIT, $0-56
	FOUR(LOAD16, TAIL16, MASK16)

// func scan1F16(dst, q *float64, x *uint16, dim int)
TEXT ·scan1F16(SB), NOSPLIT, $0-32
	SCAN1(LOAD16, TAIL16, MASK16)

// func squares2F16(dst, sq, q *float64, x *uint16, dim, step, n, apart int)
TEXT ·squares2F16(SB), NOSPLIT, $0-64
	SQUARES2(LOAD16, TAIL16, MASK16)

// func scan4BF16(dst, q *float64, x *BFloat16, dim, step, n, apart int)
TEXT ·scan4BF16(SB), NOSPLIT, $0-56
	SCAN4(LOADB16, TAILB16, MASK16)

// func fourBF16(dst, q *float64, x **BFloat16, dim, step, n, apart int)
TEXT ·fourBF16(SB), NOSPLIT, $0-56
	FOUR(LOADB16, TAILB16, MASK16)

// func scan1BF16(dst, q *float64, x *BFloat16, dim int)
TEXT ·scan1BF16(SB), NOSPLIT, $0-32
	SCAN1(LOADB16, TAILB16, MASK16)

// func squares2BF16(dst, sq, q *float64, x *BFloat16, dim, step, n, apart int)
TEXT ·squares2BF16(SB), NOSPLIT, $0-64
	SQUARES2(LOADB16, TAILB16, MASK16)

// func scan4I8(dst, q *float64, x *int8, dim, step, n, apart int)
TEXT ·scan4I8(SB), NOSPLIT, $0-56
	SCAN4(LOADI8, TAILI8, MASK8)

// func fourI8(dst, q *float64, x **int8, dim, step, n, apart int)
TEXT ·fourI8(SB), NOSPLIT, $0-56
	FOUR(LOADI8, TAILI8, MASK8)

// func scan1I8(dst, q *float64, x *int8, dim int)
TEXT ·scan1I8(SB), NOSPLIT, $0-32
	SCAN1(LOADI8, TAILI8, MASK8)

// func squares2I8(dst, sq, q *float64, x *int8, dim, step, n, apart int)
TEXT ·squares2I8(SB), NOSPLIT, $0-64
	SQUARES2(LOADI8, TAILI8, MASK8)

// func scan4U8(dst, q *float64, x *uint8, dim, step, n, apart int)
TEXT ·scan4U8(SB), NOSPLIT, $0-56
	SCAN4(LOADU8, TAILU8, MASK8)

// func fourU8(dst, q *float64, x **uint8, dim, step, n, apart int)
TEXT ·fourU8(SB), NOSPLIT, $0-56
	FOUR(LOADU8, TAILU8, MASK8)

// func scan1U8(dst, q *float64, x *uint8, dim int)
TEXT ·scan1U8(SB), NOSPLIT, $0-32
	SCAN1(LOADU8, TAILU8, MASK8)

// func squares2U8(dst, sq, q *float64, x *uint8, dim, step, n, apart int)
TEXT ·squares2U8(SB), NOSPLIT, $0-64
	SQUARES2(LOADU8, TAILU8, MASK8)
