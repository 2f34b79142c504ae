#include "textflag.h"

// The products are summed over unsigned codes u; what they have too much, 128 (or 8) times the sum of the query, is made
// first, and subtracted at the end. CX counts bytes of a row, DX is the stride, BX the query; SI, R8, R9, R10 are the rows
// of four streams, R13 is how far these are apart, in rows, R14 three times that, R11 the rows left of each. Four streams in
// order, some pages apart, are what the processor prefetches best: neighbouring rows side by side run at 3/4 of the speed,
// with or without instructions to prefetch.

DATA bytes8<>+0(SB)/8, $0x0808080808080808
GLOBL bytes8<>(SB), RODATA|NOPTR, $8
DATA bytes15<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL bytes15<>(SB), RODATA|NOPTR, $8
DATA bytes128<>+0(SB)/8, $0x8080808080808080
GLOBL bytes128<>(SB), RODATA|NOPTR, $8
DATA words1<>+0(SB)/8, $0x0001000100010001
GLOBL words1<>(SB), RODATA|NOPTR, $8

#define ARGS \
	MOVQ  dst+0(FP), DI;     \
	MOVQ  rows+8(FP), SI;    \
	MOVQ  stride+16(FP), DX; \
	MOVQ  q+24(FP), BX;      \
	MOVQ  n+32(FP), R11;     \
	MOVQ  apart+40(FP), R13; \
	LEAQ  (R13)(R13*2), R14; \
	MOVQ  R13, R10;          \
	IMULQ DX, R10;           \
	LEAQ  (SI)(R10*1), R8;   \
	LEAQ  (SI)(R10*2), R9;   \
	ADDQ  R9, R10

// SUM4 sums the lanes of Z0 to Z3 into the four of X0, SUM4Y those of Y0 to Y3.
#define SUM4 \
	VPUNPCKLDQ    Z1, Z0, Z4; \
	VPUNPCKHDQ    Z1, Z0, Z5; \
	VPUNPCKLDQ    Z3, Z2, Z6; \
	VPUNPCKHDQ    Z3, Z2, Z7; \
	VPADDD        Z5, Z4, Z4; \
	VPADDD        Z7, Z6, Z6; \
	VPUNPCKLQDQ   Z6, Z4, Z0; \
	VPUNPCKHQDQ   Z6, Z4, Z1; \
	VPADDD        Z1, Z0, Z0; \
	VEXTRACTI64X4 $1, Z0, Y1; \
	VPADDD        Y1, Y0, Y0; \
	VEXTRACTI128  $1, Y0, X1; \
	VPADDD        X1, X0, X0

#define SUM4Y \
	VPUNPCKLDQ   Y1, Y0, Y4; \
	VPUNPCKHDQ   Y1, Y0, Y5; \
	VPUNPCKLDQ   Y3, Y2, Y6; \
	VPUNPCKHDQ   Y3, Y2, Y7; \
	VPADDD       Y5, Y4, Y4; \
	VPADDD       Y7, Y6, Y6; \
	VPUNPCKLQDQ  Y6, Y4, Y0; \
	VPUNPCKHQDQ  Y6, Y4, Y1; \
	VPADDD       Y1, Y0, Y0; \
	VEXTRACTI128 $1, Y0, X1; \
	VPADDD       X1, X0, X0

#define ZERO4Z \
	VPXORD Z0, Z0, Z0; \
	VPXORD Z1, Z1, Z1; \
	VPXORD Z2, Z2, Z2; \
	VPXORD Z3, Z3, Z3

#define ZERO4Y \
	VPXOR Y0, Y0, Y0; \
	VPXOR Y1, Y1, Y1; \
	VPXOR Y2, Y2, Y2; \
	VPXOR Y3, Y3, Y3

// STORE4 stores the sums in X0, less the bias in X15, and moves on to the next rows.
#define STORE4 \
	VPSUBD  X15, X0, X0;         \
	VMOVD   X0, (DI);            \
	VPEXTRD $1, X0, (DI)(R13*4); \
	VPEXTRD $2, X0, (DI)(R13*8); \
	VPEXTRD $3, X0, (DI)(R14*4); \
	ADDQ    $4, DI;              \
	ADDQ    DX, SI;              \
	ADDQ    DX, R8;              \
	ADDQ    DX, R9;              \
	ADDQ    DX, R10;             \
	DECQ    R11;                 \
	JG      rows;                \
	VZEROUPPER;                  \
	RET

// BIAS sums the lanes of Y0 and leaves the sum in every lane of X15.
#define BIAS \
	ZERO1;              \
	SUM4Y;              \
	VPSHUFD $0, X0, X15

#define ZERO1 \
	VPXOR Y1, Y1, Y1; \
	VPXOR Y2, Y2, Y2; \
	VPXOR Y3, Y3, Y3

// func dotBytesVNNI(dst *int32, rows *uint8, stride int, q *int8, n, apart int)
TEXT ·dotBytesVNNI(SB), NOSPLIT, $0-48
	ARGS
	VPBROADCASTQ bytes128<>(SB), Z8
	VPXORD       Z0, Z0, Z0
	XORQ         CX, CX

bias:
	VPDPBUSD      (BX)(CX*1), Z8, Z0
	ADDQ          $64, CX
	CMPQ          CX, DX
	JLT           bias
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDD        Y1, Y0, Y0
	BIAS

rows:
	ZERO4Z
	XORQ CX, CX

loop:
	VMOVDQU64 (BX)(CX*1), Z8
	VMOVDQU64 (SI)(CX*1), Z9
	VMOVDQU64 (R8)(CX*1), Z10
	VMOVDQU64 (R9)(CX*1), Z11
	VMOVDQU64 (R10)(CX*1), Z12
	VPDPBUSD  Z8, Z9, Z0
	VPDPBUSD  Z8, Z10, Z1
	VPDPBUSD  Z8, Z11, Z2
	VPDPBUSD  Z8, Z12, Z3
	ADDQ      $64, CX
	CMPQ      CX, DX
	JLT       loop
	SUM4
	STORE4

	// NIBBLES adds the products of the codes at row to acc: low halves with the query in Z8, high halves with that in Z9.
#define NIBBLES(row, acc) \
	VMOVDQU64 (row)(CX*1), Z10; \
	VPSRLW    $4, Z10, Z11;     \
	VPANDQ    Z14, Z10, Z10;    \
	VPANDQ    Z14, Z11, Z11;    \
	VPDPBUSD  Z8, Z10, acc;     \
	VPDPBUSD  Z9, Z11, acc

// func dotNibblesVNNI(dst *int32, rows *uint8, stride int, q *int8, n, apart int)
TEXT ·dotNibblesVNNI(SB), NOSPLIT, $0-48
	ARGS
	VPBROADCASTQ bytes8<>(SB), Z8
	VPBROADCASTQ bytes15<>(SB), Z14
	VPXORD       Z0, Z0, Z0
	XORQ         CX, CX

bias:
	VPDPBUSD      (BX)(CX*2), Z8, Z0
	VPDPBUSD      64(BX)(CX*2), Z8, Z0
	ADDQ          $64, CX
	CMPQ          CX, DX
	JLT           bias
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDD        Y1, Y0, Y0
	BIAS

rows:
	ZERO4Z
	XORQ CX, CX

loop:
	VMOVDQU64 (BX)(CX*2), Z8
	VMOVDQU64 64(BX)(CX*2), Z9
	NIBBLES(SI, Z0)
	NIBBLES(R8, Z1)
	NIBBLES(R9, Z2)
	NIBBLES(R10, Z3)
	ADDQ      $64, CX
	CMPQ      CX, DX
	JLT       loop
	SUM4
	STORE4

	// WORDS adds the products of 16 codes of a row with the query's 16-bit values in Y8.
#define WORDS(row, acc, t) \
	VPMOVZXBW (row)(CX*1), t; \
	VPMADDWD  Y8, t, t;       \
	VPADDD    t, acc, acc

// func dotBytesAVX2(dst *int32, rows *uint8, stride int, q *int8, n, apart int)
TEXT ·dotBytesAVX2(SB), NOSPLIT, $0-48
	ARGS
	VPBROADCASTQ bytes128<>(SB), Y9
	VPSRLW       $8, Y9, Y9
	VPXOR        Y0, Y0, Y0
	XORQ         CX, CX

bias:
	VPMOVSXBW (BX)(CX*1), Y8
	VPMADDWD  Y8, Y9, Y8
	VPADDD    Y8, Y0, Y0
	ADDQ      $16, CX
	CMPQ      CX, DX
	JLT       bias
	BIAS

rows:
	ZERO4Y
	XORQ CX, CX

loop:
	VPMOVSXBW (BX)(CX*1), Y8
	WORDS(SI, Y0, Y9)
	WORDS(R8, Y1, Y10)
	WORDS(R9, Y2, Y11)
	WORDS(R10, Y3, Y12)
	ADDQ      $16, CX
	CMPQ      CX, DX
	JLT       loop
	SUM4Y
	STORE4

	// HALVES adds the products of 32 bytes of codes: low halves with the query in Y8, high halves with that in Y9.
#define HALVES(row, acc) \
	VMOVDQU    (row)(CX*1), Y10; \
	VPSRLW     $4, Y10, Y11;     \
	VPAND      Y14, Y10, Y10;    \
	VPAND      Y14, Y11, Y11;    \
	VPMADDUBSW Y8, Y10, Y10;     \
	VPMADDUBSW Y9, Y11, Y11;     \
	VPADDW     Y11, Y10, Y10;    \
	VPMADDWD   Y13, Y10, Y10;    \
	VPADDD     Y10, acc, acc

#define HALVES4 \
	HALVES(SI, Y0); \
	HALVES(R8, Y1); \
	HALVES(R9, Y2); \
	HALVES(R10, Y3)

// func dotNibblesAVX2(dst *int32, rows *uint8, stride int, q *int8, n, apart int)
TEXT ·dotNibblesAVX2(SB), NOSPLIT, $0-48
	ARGS
	VPBROADCASTQ bytes8<>(SB), Y9
	VPBROADCASTQ words1<>(SB), Y13
	VPBROADCASTQ bytes15<>(SB), Y14
	VPXOR        Y0, Y0, Y0
	XORQ         CX, CX

bias:
	VMOVDQU    (BX)(CX*2), Y10
	VMOVDQU    32(BX)(CX*2), Y11
	VPMADDUBSW Y10, Y9, Y10
	VPMADDUBSW Y11, Y9, Y11
	VPADDW     Y11, Y10, Y10
	VPMADDWD   Y13, Y10, Y10
	VPADDD     Y10, Y0, Y0
	ADDQ       $32, CX
	CMPQ       CX, DX
	JLT        bias
	BIAS

rows:
	ZERO4Y
	XORQ CX, CX

loop:
	VMOVDQU (BX)(CX*2), Y8
	VMOVDQU 64(BX)(CX*2), Y9
	HALVES4
	ADDQ    $32, CX
	VMOVDQU -32(BX)(CX*2), Y8
	VMOVDQU 32(BX)(CX*2), Y9
	HALVES4
	ADDQ    $32, CX
	CMPQ    CX, DX
	JLT     loop
	SUM4Y
	STORE4

// func sumBytesVNNI(q *int8, n int) int32
TEXT ·sumBytesVNNI(SB), NOSPLIT, $0-20
	MOVQ         q+0(FP), BX
	MOVQ         n+8(FP), DX
	VPBROADCASTQ bytes128<>(SB), Z8
	VPXORD       Z0, Z0, Z0

loop:
	VPDPBUSD      (BX), Z8, Z0
	ADDQ          $64, BX
	SUBQ          $64, DX
	JG            loop
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDD        Y1, Y0, Y0
	BIAS
	VMOVD         X15, AX
	MOVL          AX, ret+16(FP)
	VZEROUPPER
	RET
