#include "textflag.h"

// The kernels of scan_amd64.s with a row's eight lanes in one register. Z8 is eight values of q, Z10 of a row. The tails read
// only the values under the mask K1, what is left of a row; the others are zero. There is none for float32, for which AVX2
// is faster on Zen 4.

#define WIDE16(row) \
	VCVTPH2PS (row)(CX*2), Y10; \
	VCVTPS2PD Y10, Z10

#define TAIL16(row) \
	VMOVDQU16.Z (row)(CX*2), K1, X10; \
	VCVTPH2PS   X10, Y10;             \
	VCVTPS2PD   Y10, Z10

#define WIDEB16(row) \
	VPMOVZXWD (row)(CX*2), Y10; \
	VPSLLD    $16, Y10, Y10;    \
	VCVTPS2PD Y10, Z10

#define TAILB16(row) \
	VMOVDQU16.Z (row)(CX*2), K1, X10; \
	VPMOVZXWD   X10, Y10;             \
	VPSLLD      $16, Y10, Y10;        \
	VCVTPS2PD   Y10, Z10

#define WIDEI8(row) \
	VPMOVSXBD (row)(CX*1), Y10; \
	VCVTDQ2PD Y10, Z10

#define TAILI8(row) \
	VMOVDQU8.Z (row)(CX*1), K1, X10; \
	VPMOVSXBD  X10, Y10;             \
	VCVTDQ2PD  Y10, Z10

#define WIDEU8(row) \
	VPMOVZXBD (row)(CX*1), Y10; \
	VCVTDQ2PD Y10, Z10

#define TAILU8(row) \
	VMOVDQU8.Z (row)(CX*1), K1, X10; \
	VPMOVZXBD  X10, Y10;             \
	VCVTDQ2PD  Y10, Z10

#define LOADQ \
	VMOVUPD (BX)(CX*8), Z8

#define TAILQ \
	VMOVUPD.Z (BX)(CX*8), K1, Z8

	// STORE sums the lanes of z (y and x are its lower parts) in the canonical order.
#define STORE(z, y, x, at) \
	VEXTRACTF64X4 $1, z, Y15; \
	VADDPD        Y15, y, y;  \
	VEXTRACTF128  $1, y, X15; \
	VADDPD        X15, x, x;  \
	VUNPCKHPD     x, x, X15;  \
	VADDSD        X15, x, x;  \
	VMOVSD        x, at

#define STEP4(loadq, load) \
	loadq;                   \
	load(SI);                \
	VFMADD231PD Z10, Z8, Z0; \
	load(R8);                \
	VFMADD231PD Z10, Z8, Z1; \
	load(R9);                \
	VFMADD231PD Z10, Z8, Z2; \
	load(R10);               \
	VFMADD231PD Z10, Z8, Z3; \
	ADDQ        $8, CX

#define SQUARE4(loadq, load) \
	loadq;                    \
	load(SI);                 \
	VFMADD231PD Z10, Z8, Z0;  \
	VFMADD231PD Z10, Z10, Z4; \
	load(R8);                 \
	VFMADD231PD Z10, Z8, Z1;  \
	VFMADD231PD Z10, Z10, Z5; \
	load(R9);                 \
	VFMADD231PD Z10, Z8, Z2;  \
	VFMADD231PD Z10, Z10, Z6; \
	load(R10);                \
	VFMADD231PD Z10, Z8, Z3;  \
	VFMADD231PD Z10, Z10, Z7; \
	ADDQ        $8, CX

// MASK sets K1 to keep the tail's lanes; AX is dim.
#define MASK \
	MOVQ  AX, CX; \
	ANDQ  $7, CX; \
	MOVQ  $1, DX; \
	SHLQ  CX, DX; \
	DECQ  DX;     \
	KMOVB DX, K1

// BEGIN begins a row: CX is 0, DX dim rounded down to a multiple of eight. BX is q.
#define BEGIN \
	VPXORQ Z0, Z0, Z0; \
	VPXORQ Z1, Z1, Z1; \
	VPXORQ Z2, Z2, Z2; \
	VPXORQ Z3, Z3, Z3; \
	MOVQ   AX, DX;     \
	ANDQ   $-8, DX;    \
	XORQ   CX, CX

// STREAMS sets R8, R9 and R10 to the streams behind SI; R10 was the bytes between streams.
#define STREAMS \
	LEAQ (SI)(R10*1), R8; \
	LEAQ (SI)(R10*2), R9; \
	ADDQ R9, R10

// WIDE is a kernel after its arguments are loaded: SI, R8, R9 and R10 are the streams, AX is dim, R11 the bytes of a row,
// R12 the rows of a stream, R13 how many rows these are apart.
#define WIDE(step, tail, begin, squares) \
	LEAQ  (R13)(R13*2), R14; \
	MASK;                    \
	rows:                    \
	begin;                   \
	JMP   test;              \
	loop:                           \
	step;                           \
	test:                           \
	CMPQ   CX, DX;                  \
	JLT    loop;                    \
	CMPQ   CX, AX;                  \
	JEQ    store;                   \
	tail;                           \
	store:                          \
	STORE(Z0, Y0, X0, (DI));        \
	STORE(Z1, Y1, X1, (DI)(R13*8)); \
	LEAQ   (DI)(R13*8), DX;         \
	STORE(Z2, Y2, X2, (DX)(R13*8)); \
	STORE(Z3, Y3, X3, (DI)(R14*8)); \
	squares;                        \
	ADDQ   R11, SI;                 \
	ADDQ   R11, R8;                 \
	ADDQ   R11, R9;                 \
	ADDQ   R11, R10;                \
	ADDQ   $8, DI;                  \
	DECQ   R12;                     \
	JG     rows;                    \
	VZEROUPPER;                     \
	RET

#define ZERO \
	BEGIN;             \
	VPXORQ Z4, Z4, Z4; \
	VPXORQ Z5, Z5, Z5; \
	VPXORQ Z6, Z6, Z6; \
	VPXORQ Z7, Z7, Z7

#define NONE

#define STORESQUARES \
	STORE(Z4, Y4, X4, (R15));        \
	STORE(Z5, Y5, X5, (R15)(R13*8)); \
	LEAQ (R15)(R13*8), DX;           \
	STORE(Z6, Y6, X6, (DX)(R13*8));  \
	STORE(Z7, Y7, X7, (R15)(R14*8)); \
	ADDQ $8, R15

#define SCAN4(load, tail) \
	MOVQ  dst+0(FP), DI;                                      \
	MOVQ  q+8(FP), BX;                                        \
	MOVQ  x+16(FP), SI;                                       \
	MOVQ  dim+24(FP), AX;                                     \
	MOVQ  step+32(FP), R11;                                   \
	MOVQ  n+40(FP), R12;                                      \
	MOVQ  apart+48(FP), R13;                                  \
	MOVQ  R13, R10;                                           \
	IMULQ R11, R10;                                           \
	STREAMS;                                                  \
	WIDE(STEP4(LOADQ, load), STEP4(TAILQ, tail), BEGIN, NONE)

// FOUR is SCAN4 of one row in each stream. x points to the four rows; step is 0, n and apart are 1.
#define FOUR(load, tail) \
	MOVQ dst+0(FP), DI;                                       \
	MOVQ q+8(FP), BX;                                         \
	MOVQ x+16(FP), DX;                                        \
	MOVQ dim+24(FP), AX;                                      \
	MOVQ step+32(FP), R11;                                    \
	MOVQ n+40(FP), R12;                                       \
	MOVQ apart+48(FP), R13;                                   \
	MOVQ (DX), SI;                                            \
	MOVQ 8(DX), R8;                                           \
	MOVQ 16(DX), R9;                                          \
	MOVQ 24(DX), R10;                                         \
	WIDE(STEP4(LOADQ, load), STEP4(TAILQ, tail), BEGIN, NONE)

#define SQUARES4(load, tail) \
	MOVQ  dst+0(FP), DI;                                                 \
	MOVQ  sq+8(FP), R15;                                                 \
	MOVQ  q+16(FP), BX;                                                  \
	MOVQ  x+24(FP), SI;                                                  \
	MOVQ  dim+32(FP), AX;                                                \
	MOVQ  step+40(FP), R11;                                              \
	MOVQ  n+48(FP), R12;                                                 \
	MOVQ  apart+56(FP), R13;                                             \
	MOVQ  R13, R10;                                                      \
	IMULQ R11, R10;                                                      \
	STREAMS;                                                             \
	WIDE(SQUARE4(LOADQ, load), SQUARE4(TAILQ, tail), ZERO, STORESQUARES)

// func wide4F16(dst, q *float64, x *uint16, dim, step, n, apart int)
TEXT ·wide4F16(SB), NOSPLIT, $0-56
	SCAN4(WIDE16, TAIL16)

// func wideFourF16(dst, q *float64, x **uint16, dim, step, n, apart int)
TEXT ·wideFourF16(SB), NOSPLIT, $0-56
	FOUR(WIDE16, TAIL16)

// func wideSquares4F16(dst, sq, q *float64, x *uint16, dim, step, n, apart int)
TEXT ·wideSquares4F16(SB), NOSPLIT, $0-64
	SQUARES4(WIDE16, TAIL16)

// func wide4BF16(dst, q *float64, x *BFloat16, dim, step, n, apart int)
TEXT ·wide4BF16(SB), NOSPLIT, $0-56
	SCAN4(WIDEB16, TAILB16)

// func wideFourBF16(dst, q *float64, x **BFloat16, dim, step, n, apart int)
TEXT ·wideFourBF16(SB), NOSPLIT, $0-56
	FOUR(WIDEB16, TAILB16)

// func wideSquares4BF16(dst, sq, q *float64, x *BFloat16, dim, step, n, apart int)
TEXT ·wideSquares4BF16(SB), NOSPLIT, $0-64
	SQUARES4(WIDEB16, TAILB16)

// func wide4I8(dst, q *float64, x *int8, dim, step, n, apart int)
TEXT ·wide4I8(SB), NOSPLIT, $0-56
	SCAN4(WIDEI8, TAILI8)

// func wideFourI8(dst, q *float64, x **int8, dim, step, n, apart int)
TEXT ·wideFourI8(SB), NOSPLIT, $0-56
	FOUR(WIDEI8, TAILI8)

// func wideSquares4I8(dst, sq, q *float64, x *int8, dim, step, n, apart int)
TEXT ·wideSquares4I8(SB), NOSPLIT, $0-64
	SQUARES4(WIDEI8, TAILI8)

// func wide4U8(dst, q *float64, x *uint8, dim, step, n, apart int)
TEXT ·wide4U8(SB), NOSPLIT, $0-56
	SCAN4(WIDEU8, TAILU8)

// func wideFourU8(dst, q *float64, x **uint8, dim, step, n, apart int)
TEXT ·wideFourU8(SB), NOSPLIT, $0-56
	FOUR(WIDEU8, TAILU8)

// func wideSquares4U8(dst, sq, q *float64, x *uint8, dim, step, n, apart int)
TEXT ·wideSquares4U8(SB), NOSPLIT, $0-64
	SQUARES4(WIDEU8, TAILU8)
