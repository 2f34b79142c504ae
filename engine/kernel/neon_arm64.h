// Instructions that Go's assembler lacks, by the numbers of their registers: d the result, n and m the operands.

// SDOT adds to each 32-bit lane of d the four products of signed bytes of n and m (needs FEAT_DotProd).
#define SDOT(d, n, m) WORD $(0x4e809400 | (m)<<16 | (n)<<5 | (d))

// SMULL and SMULL2 multiply the lower and the upper eight signed bytes into 16 bits; SADALP adds neighbouring ones of n to
// the 32-bit lanes of d.
#define SMULL(d, n, m) WORD $(0x0e20c000 | (m)<<16 | (n)<<5 | (d))
#define SMULL2(d, n, m) WORD $(0x4e20c000 | (m)<<16 | (n)<<5 | (d))
#define SADALP(d, n) WORD $(0x4e606800 | (n)<<5 | (d))

// FADDS, FSUBS and FMULS add, subtract (m from n) and multiply four float32; FMINNMS and FMAXNMS give the other number where
// one is a quiet NaN.
#define FADDS(d, n, m) WORD $(0x4e20d400 | (m)<<16 | (n)<<5 | (d))
#define FSUBS(d, n, m) WORD $(0x4ea0d400 | (m)<<16 | (n)<<5 | (d))
#define FMULS(d, n, m) WORD $(0x6e20dc00 | (m)<<16 | (n)<<5 | (d))
#define FMINNMS(d, n, m) WORD $(0x4ea0c400 | (m)<<16 | (n)<<5 | (d))
#define FMAXNMS(d, n, m) WORD $(0x4e20c400 | (m)<<16 | (n)<<5 | (d))

// FCVTNS rounds four float32 to integers, to even on ties. SQXTNS and SQXTNS2 narrow four of these to 16 bits in the lower or
// upper half of d, SQXTNH eight of those to bytes, with saturation. MLAS adds products of four integers to d. UMAXVS sets d
// to the greatest of four unsigned integers, ADDVS to their sum.
#define FCVTNS(d, n) WORD $(0x4e21a800 | (n)<<5 | (d))
#define SQXTNS(d, n) WORD $(0x0e614800 | (n)<<5 | (d))
#define SQXTNS2(d, n) WORD $(0x4e614800 | (n)<<5 | (d))
#define SQXTNH(d, n) WORD $(0x0e214800 | (n)<<5 | (d))
#define MLAS(d, n, m) WORD $(0x4ea09400 | (m)<<16 | (n)<<5 | (d))
#define UMAXVS(d, n) WORD $(0x6eb0a800 | (n)<<5 | (d))
#define ADDVS(d, n) WORD $(0x4eb1b800 | (n)<<5 | (d))

// FCVTLD widens the lower, FCVTLD2 the upper two float32 of n to float64; FCVTLS and FCVTLS2 four float16 to float32.
#define FCVTLD(d, n) WORD $(0x0e617800 | (n)<<5 | (d))
#define FCVTLD2(d, n) WORD $(0x4e617800 | (n)<<5 | (d))
#define FCVTLS(d, n) WORD $(0x0e217800 | (n)<<5 | (d))
#define FCVTLS2(d, n) WORD $(0x4e217800 | (n)<<5 | (d))

// SHLL and SHLL2 widen four 16-bit values to 32 bits, and shift them by 16.
#define SHLL(d, n) WORD $(0x2e613800 | (n)<<5 | (d))
#define SHLL2(d, n) WORD $(0x6e613800 | (n)<<5 | (d))

// SXTLB and UXTLB widen eight bytes to 16 bits, SXTLH and SXTLH2 four 16-bit values to 32 bits; SCVTF makes these float32.
#define SXTLB(d, n) WORD $(0x0f08a400 | (n)<<5 | (d))
#define UXTLB(d, n) WORD $(0x2f08a400 | (n)<<5 | (d))
#define SXTLH(d, n) WORD $(0x0f10a400 | (n)<<5 | (d))
#define SXTLH2(d, n) WORD $(0x4f10a400 | (n)<<5 | (d))
#define SCVTF(d, n) WORD $(0x4e21d800 | (n)<<5 | (d))
