#include "textflag.h"

// LOAD loads 64 bytes of a row and moves on to the next.
#define LOAD(z) \
	VMOVDQU64 (R9), z; \
	ADDQ      R8, R9

// DWORDS interleaves the four-byte numbers of two rows, QWORDS the eight-byte ones of two such pairs: then t0 to t3 hold
// columns 0 to 3 of four rows in each quarter. QUARTERS moves quarters of t (of rows 0-3, 4-7, 8-11, 12-15) so that a
// register holds a column, and stores columns k, k+4, k+8, k+12; a column of 64 rows is 256 bytes.
#define DWORDS(a, b, lo, hi) \
	VPUNPCKLDQ b, a, lo; \
	VPUNPCKHDQ b, a, hi

#define QWORDS(lo0, hi0, lo1, hi1, t0, t1, t2, t3) \
	VPUNPCKLQDQ lo1, lo0, t0; \
	VPUNPCKHQDQ lo1, lo0, t1; \
	VPUNPCKLQDQ hi1, hi0, t2; \
	VPUNPCKHQDQ hi1, hi0, t3

#define QUARTERS(t0, t1, t2, t3, k) \
	VSHUFI32X4 $0x44, t1, t0, Z16;    \
	VSHUFI32X4 $0x44, t3, t2, Z17;    \
	VSHUFI32X4 $0xee, t1, t0, Z18;    \
	VSHUFI32X4 $0xee, t3, t2, Z19;    \
	VSHUFI32X4 $0x88, Z17, Z16, Z20;  \
	VSHUFI32X4 $0xdd, Z17, Z16, Z21;  \
	VSHUFI32X4 $0x88, Z19, Z18, Z22;  \
	VSHUFI32X4 $0xdd, Z19, Z18, Z23;  \
	VMOVDQA64  Z20, (256*k)(DX);      \
	VMOVDQA64  Z21, (256*k+1024)(DX); \
	VMOVDQA64  Z22, (256*k+2048)(DX); \
	VMOVDQA64  Z23, (256*k+3072)(DX)

// func packCodes(panel, rows *uint8, stride, n int)
TEXT ·packCodes(SB), NOSPLIT, $0-32
	MOVQ panel+0(FP), DI
	MOVQ rows+8(FP), SI
	MOVQ stride+16(FP), R8
	MOVQ n+24(FP), CX
	ADDQ $63, DI
	ANDQ $-64, DI

columns:  // 64 bytes of all rows
	MOVQ SI, R9
	MOVQ DI, DX
	MOVQ $4, BX

group:  // of 16 rows
	LOAD(Z0)
	LOAD(Z1)
	LOAD(Z2)
	LOAD(Z3)
	LOAD(Z4)
	LOAD(Z5)
	LOAD(Z6)
	LOAD(Z7)
	LOAD(Z8)
	LOAD(Z9)
	LOAD(Z10)
	LOAD(Z11)
	LOAD(Z12)
	LOAD(Z13)
	LOAD(Z14)
	LOAD(Z15)
	DWORDS(Z0, Z1, Z16, Z17)
	DWORDS(Z2, Z3, Z18, Z19)
	DWORDS(Z4, Z5, Z20, Z21)
	DWORDS(Z6, Z7, Z22, Z23)
	DWORDS(Z8, Z9, Z24, Z25)
	DWORDS(Z10, Z11, Z26, Z27)
	DWORDS(Z12, Z13, Z28, Z29)
	DWORDS(Z14, Z15, Z30, Z31)
	QWORDS(Z16, Z17, Z18, Z19, Z0, Z1, Z2, Z3)
	QWORDS(Z20, Z21, Z22, Z23, Z4, Z5, Z6, Z7)
	QWORDS(Z24, Z25, Z26, Z27, Z8, Z9, Z10, Z11)
	QWORDS(Z28, Z29, Z30, Z31, Z12, Z13, Z14, Z15)
	QUARTERS(Z0, Z4, Z8, Z12, 0)
	QUARTERS(Z1, Z5, Z9, Z13, 1)
	QUARTERS(Z2, Z6, Z10, Z14, 2)
	QUARTERS(Z3, Z7, Z11, Z15, 3)
	ADDQ $64, DX
	DECQ BX
	JNE  group

	ADDQ $64, SI
	ADDQ $4096, DI
	SUBQ $64, CX
	JG   columns
	VZEROUPPER
	RET

// QUERY multiplies four bytes of a query with those of 64 rows in Z24 to Z27.
#define QUERY(at, a, b, c, d) \
	VPBROADCASTD at, Z28;     \
	VPDPBUSD     Z28, Z24, a; \
	VPDPBUSD     Z28, Z25, b; \
	VPDPBUSD     Z28, Z26, c; \
	VPDPBUSD     Z28, Z27, d

#define BIAS(at, a, b, c, d) \
	VPBROADCASTD at, Z28;     \
	VPSUBD       Z28, Z29, a; \
	VMOVDQA64    a, b;        \
	VMOVDQA64    a, c;        \
	VMOVDQA64    a, d

#define LOADROW(a, b, c, d) \
	VMOVDQU64 (DX), a;    \
	VMOVDQU64 64(DX), b;  \
	VMOVDQU64 128(DX), c; \
	VMOVDQU64 192(DX), d; \
	ADDQ      R11, DX

#define STOREROW(a, b, c, d) \
	VMOVDQU64 a, (DI);    \
	VMOVDQU64 b, 64(DI);  \
	VMOVDQU64 c, 128(DI); \
	VMOVDQU64 d, 192(DI); \
	ADDQ      R11, DI

// func tileVNNI(dst *int32, ld int, q *int8, stride int, panel *uint8, n int, bias *int32)
TEXT ·tileVNNI(SB), NOSPLIT, $0-56
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
	ADDQ  $63, BX
	ANDQ  $-64, BX
	TESTQ AX, AX
	JEQ   load

	VPXORD Z29, Z29, Z29
	BIAS((AX), Z0, Z1, Z2, Z3)
	BIAS(4(AX), Z4, Z5, Z6, Z7)
	BIAS(8(AX), Z8, Z9, Z10, Z11)
	BIAS(12(AX), Z12, Z13, Z14, Z15)
	BIAS(16(AX), Z16, Z17, Z18, Z19)
	BIAS(20(AX), Z20, Z21, Z22, Z23)
	JMP    loop

load:
	MOVQ DI, DX
	LOADROW(Z0, Z1, Z2, Z3)
	LOADROW(Z4, Z5, Z6, Z7)
	LOADROW(Z8, Z9, Z10, Z11)
	LOADROW(Z12, Z13, Z14, Z15)
	LOADROW(Z16, Z17, Z18, Z19)
	LOADROW(Z20, Z21, Z22, Z23)

loop:
	VMOVDQA64 (BX), Z24
	VMOVDQA64 64(BX), Z25
	VMOVDQA64 128(BX), Z26
	VMOVDQA64 192(BX), Z27
	QUERY((SI), Z0, Z1, Z2, Z3)
	QUERY((SI)(R8*1), Z4, Z5, Z6, Z7)
	QUERY((SI)(R8*2), Z8, Z9, Z10, Z11)
	QUERY((SI)(R9*1), Z12, Z13, Z14, Z15)
	QUERY((SI)(R8*4), Z16, Z17, Z18, Z19)
	QUERY((SI)(R10*1), Z20, Z21, Z22, Z23)
	ADDQ      $4, SI
	ADDQ      $256, BX
	SUBQ      $4, CX
	JG        loop

	STOREROW(Z0, Z1, Z2, Z3)
	STOREROW(Z4, Z5, Z6, Z7)
	STOREROW(Z8, Z9, Z10, Z11)
	STOREROW(Z12, Z13, Z14, Z15)
	STOREROW(Z16, Z17, Z18, Z19)
	STOREROW(Z20, Z21, Z22, Z23)
	VZEROUPPER
	RET
