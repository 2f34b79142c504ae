#include "textflag.h"

// The tile of codes without VNNI. VPMADDUBSW multiplies unsigned bytes of rows with signed ones of a query, and adds the
// products in pairs, in 16 bits; eight such sums are added before VPMADDWD widens them. codes.go says why no sum of a
// slight query passes 16 bits.

DATA bytes1<>+0(SB)/8, $0x0101010101010101
GLOBL bytes1<>(SB), RODATA|NOPTR, $8
DATA bytes128<>+0(SB)/8, $0x8080808080808080
GLOBL bytes128<>(SB), RODATA|NOPTR, $8
DATA words1<>+0(SB)/8, $0x0001000100010001
GLOBL words1<>(SB), RODATA|NOPTR, $8
DATA words128<>+0(SB)/8, $0x0080008000800080
GLOBL words128<>(SB), RODATA|NOPTR, $8

// func slightAVX2(q *int8, n int) int32
TEXT ·slightAVX2(SB), NOSPLIT, $0-20
	MOVQ         q+0(FP), SI
	MOVQ         n+8(FP), CX
	VPBROADCASTQ bytes1<>(SB), Y8
	VPBROADCASTQ words128<>(SB), Y9
	VPXOR        Y7, Y7, Y7
	VPXOR        Y6, Y6, Y6

loop:  // Y1 has the positive values of 32, Y2 the size of the negative ones
	VMOVDQU    (SI), Y0
	VPMAXSB    Y7, Y0, Y1
	VPMINSB    Y7, Y0, Y2
	VPABSB     Y2, Y2
	VPMADDUBSW Y8, Y1, Y1
	VPMADDUBSW Y8, Y2, Y2
	VPERM2I128 $0x20, Y2, Y1, Y3
	VPERM2I128 $0x31, Y2, Y1, Y4
	VPADDW     Y4, Y3, Y3
	VPSHUFD    $0x4e, Y3, Y4
	VPADDW     Y4, Y3, Y3
	VPSHUFD    $0xb1, Y3, Y4
	VPADDW     Y4, Y3, Y3
	VPCMPGTW   Y9, Y3, Y3
	VPOR       Y3, Y6, Y6
	ADDQ       $32, SI
	SUBQ       $32, CX
	JG         loop
	VPMOVMSKB  Y6, AX
	MOVL       AX, ret+16(FP)
	VZEROUPPER
	RET

// func sumBytesAVX2(q *int8, n int) int32
TEXT ·sumBytesAVX2(SB), NOSPLIT, $0-20
	MOVQ         q+0(FP), SI
	MOVQ         n+8(FP), CX
	VPBROADCASTQ bytes128<>(SB), Y8
	VPBROADCASTQ words1<>(SB), Y9
	VPXOR        Y0, Y0, Y0

loop:  // a pair is at most 2·128·128 below zero, and less above
	VMOVDQU      (SI), Y1
	VPMADDUBSW   Y1, Y8, Y1
	VPMADDWD     Y9, Y1, Y1
	VPADDD       Y1, Y0, Y0
	ADDQ         $32, SI
	SUBQ         $32, CX
	JG           loop
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0x4e, X0, X1
	VPADDD       X1, X0, X0
	VPSHUFD      $0xb1, X0, X1
	VPADDD       X1, X0, X0
	VMOVD        X0, AX
	MOVL         AX, ret+16(FP)
	VZEROUPPER
	RET

// LOAD loads 32 bytes of a row and moves on to the next.
#define LOAD(y) \
	VMOVDQU (R9), y; \
	ADDQ    R8, R9

// QUAD transposes four-byte numbers of rows a to d within halves: then t0 to t3 hold columns 0 to 3 in their first half,
// 4 to 7 in their second. u and v are used.
#define QUAD(a, b, c, d, t0, t1, t2, t3, u, v) \
	VPUNPCKLDQ  b, a, t0;   \
	VPUNPCKHDQ  b, a, t2;   \
	VPUNPCKLDQ  d, c, u;    \
	VPUNPCKHDQ  d, c, v;    \
	VPUNPCKHQDQ u, t0, t1;  \
	VPUNPCKLQDQ u, t0, t0;  \
	VPUNPCKHQDQ v, t2, t3;  \
	VPUNPCKLQDQ v, t2, t2

// COLUMNS stores columns k and k+4 of eight rows. Those of 16 rows are 64 bytes.
#define COLUMNS(a, b, k) \
	VPERM2I128 $0x20, b, a, Y0;       \
	VPERM2I128 $0x31, b, a, Y1;       \
	VMOVDQU    Y0, (64*k)(DX);        \
	VMOVDQU    Y1, (64*k+256)(DX)

// func packCodesAVX2(panel, rows *uint8, stride, n int)
TEXT ·packCodesAVX2(SB), NOSPLIT, $0-32
	MOVQ panel+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ n+24(FP), CX

columns:  // 32 bytes of all rows
	MOVQ SI, R9
	MOVQ DI, DX
	MOVQ $2, BX

group:  // of 8 rows
	LOAD(Y0)
	LOAD(Y1)
	LOAD(Y2)
	LOAD(Y3)
	QUAD(Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y14, Y15)
	LOAD(Y0)
	LOAD(Y1)
	LOAD(Y2)
	LOAD(Y3)
	QUAD(Y0, Y1, Y2, Y3, Y8, Y9, Y10, Y11, Y14, Y15)
	COLUMNS(Y4, Y8, 0)
	COLUMNS(Y5, Y9, 1)
	COLUMNS(Y6, Y10, 2)
	COLUMNS(Y7, Y11, 3)
	ADDQ $32, DX
	DECQ BX
	JNE  group

	ADDQ $32, SI
	ADDQ $512, DI
	SUBQ $32, CX
	JG   columns
	VZEROUPPER
	RET

// FIRST multiplies four bytes of a query with those of 16 rows in Y12 and Y13, NEXT adds such products.
#define FIRST(at, a, b) \
	VPBROADCASTD at, Y14;     \
	VPMADDUBSW   Y14, Y12, a; \
	VPMADDUBSW   Y14, Y13, b

#define NEXT(at, a, b) \
	VPBROADCASTD at, Y14;       \
	VPMADDUBSW   Y14, Y12, Y15; \
	VPADDW       Y15, a, a;     \
	VPMADDUBSW   Y14, Y13, Y15; \
	VPADDW       Y15, b, b

// STEP is one of the eight steps of 32 bytes, k is its number.
#define STEP(Q, k) \
	VMOVDQU (64*k)(BX), Y12;        \
	VMOVDQU (64*k+32)(BX), Y13;     \
	Q((4*k)(SI), Y0, Y1);           \
	Q((4*k)(SI)(R8*1), Y2, Y3);     \
	Q((4*k)(SI)(R8*2), Y4, Y5);     \
	Q((4*k)(SI)(R9*1), Y6, Y7);     \
	Q((4*k)(SI)(R8*4), Y8, Y9);     \
	Q((4*k)(SI)(R10*1), Y10, Y11)

// WIDEN adds the sums of query i to those in 32 bits. Y12 has ones.
#define WIDEN(i, a, b) \
	VPMADDWD Y12, a, a;             \
	VPMADDWD Y12, b, b;             \
	VPADDD   (64*i)(R12), a, a;     \
	VPADDD   (64*i+32)(R12), b, b;  \
	VMOVDQA  a, (64*i)(R12);        \
	VMOVDQA  b, (64*i+32)(R12)

// func tileAVX2(dst *int32, ld int, q *int8, stride int, panel *uint8, n int, bias *int32, skip int)
TEXT ·tileAVX2(SB), NOSPLIT, $416-64
	MOVQ  dst+0(FP), DI
	MOVQ  ld+8(FP), R11
	MOVQ  q+16(FP), SI
	MOVQ  stride+24(FP), R8
	MOVQ  panel+32(FP), BX
	MOVQ  n+40(FP), CX
	MOVQ  bias+48(FP), AX
	SHLQ  $2, R11
	LEAQ  (R8)(R8*2), R9
	LEAQ  (R8)(R8*4), R10
	LEAQ  sums-416(SP), R12
	ADDQ  $31, R12
	ANDQ  $-32, R12
	MOVQ  R12, DX
	MOVQ  DI, R13
	MOVQ  $6, R15
	VPXOR Y2, Y2, Y2
	TESTQ AX, AX
	JEQ   load

bias:
	VPBROADCASTD (AX), Y0
	VPSUBD       Y0, Y2, Y0
	VMOVDQA      Y0, (DX)
	VMOVDQA      Y0, 32(DX)
	ADDQ         $4, AX
	ADDQ         $64, DX
	DECQ         R15
	JNE          bias
	JMP          loop

load:
	VMOVDQU (R13), Y0
	VMOVDQU 32(R13), Y1
	VMOVDQA Y0, (DX)
	VMOVDQA Y1, 32(DX)
	ADDQ    R11, R13
	ADDQ    $64, DX
	DECQ    R15
	JNE     load

loop:
	STEP(FIRST, 0)
	STEP(NEXT, 1)
	STEP(NEXT, 2)
	STEP(NEXT, 3)
	STEP(NEXT, 4)
	STEP(NEXT, 5)
	STEP(NEXT, 6)
	STEP(NEXT, 7)
	VPBROADCASTQ words1<>(SB), Y12
	WIDEN(0, Y0, Y1)
	WIDEN(1, Y2, Y3)
	WIDEN(2, Y4, Y5)
	WIDEN(3, Y6, Y7)
	WIDEN(4, Y8, Y9)
	WIDEN(5, Y10, Y11)
	ADDQ         $32, SI
	ADDQ         $512, BX
	SUBQ         $32, CX
	JG           loop

	MOVQ  skip+56(FP), R15
	MOVQ  R15, DX
	IMULQ R11, DX
	ADDQ  DX, DI
	MOVQ  R15, DX
	SHLQ  $6, DX
	ADDQ  R12, DX

store:
	VMOVDQA (DX), Y0
	VMOVDQA 32(DX), Y1
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	ADDQ    R11, DI
	ADDQ    $64, DX
	INCQ    R15
	CMPQ    R15, $6
	JLT     store
	VZEROUPPER
	RET
