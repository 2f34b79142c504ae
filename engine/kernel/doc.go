// Package kernel multiplies vectors. It computes dot products of one query with many rows, tiles of
// products of many queries with many rows, and the column arithmetic that turns products into
// scores. It works on plain slices of float32 values, of float16 values as IEEE 754 binary16 bits
// in a uint16, of bfloat16 values, of bytes, of 32-bit integers, and of float64 values. It imports
// no other package of Strata, and does not depend on files, layers or schemes.
//
// # The canonical product
//
// The scans compute the product that Strata logs, exports and compares, with the same bits on every
// processor. For vectors q and x it is computed in float64: eight lanes begin at +0; qᵢ·xᵢ is added
// to lane i mod 8, in order of i; and the lanes are summed as
//
//	((0+4)+(2+6)) + ((1+5)+(3+7))
//
// The product of two float32 values, or of shorter ones, is exact in float64. So the result is the
// same whether or not a processor fuses a multiplication with the addition after it. If rows hold
// float64 values or 32-bit integers, each product is rounded to float64 before it is added.
// Subnormal values count in full. NaN and infinity propagate as in IEEE 754; the bits of a NaN are
// not specified.
//
// # Tiles
//
// [Tile] computes many products at once in float32. It is several times faster, and its bits differ
// between processors. [TileError] bounds the error for vectors of length 1. So tiles can nominate
// candidates, and canonical products then decide.
//
//	var q kernel.Queries
//	var x kernel.Rows
//	q.PackF32(queries, dim, inverseNorms)
//	x.PackF16(rows, dim, rowInverseNorms)
//	kernel.Tile(dst, x.Len(), &q, &x)
//
// # Codes
//
// A row can be kept as small integers, with bounds on the error: centred on a mean, rotated, and
// quantised.
//
//	kernel.CentreF32(y, row, inverseNorm, mean, signs)
//	kernel.Hadamard(y, block)
//	scale := kernel.MaxAbs(y) / 127
//	residual, square := kernel.Quantize(code, y, scale)
//
// [DotBytes] and [TileBytes] multiply codes exactly, so an error bound has to cover only the
// residuals. All functions here have the same bits on every processor. [Project], [Hadamard] and
// [ResidualBound] document their rounding errors.
//
// # Memory and concurrency
//
// Functions read their arguments, write only the documented results, and keep no reference. Only
// Above and packing allocate memory. [Queries] and [Rows] own copies. No kernel reads a byte
// outside its slices, so a slice may end where a mapped file ends. Slices may begin at any address
// that suits their type. On amd64 and arm64, rows that are scanned, widened or packed may begin at
// any address. Calls may run concurrently, as long as no call reads or writes memory that another
// one writes. Many calls of Tile may share packed queries and rows.
//
// Invalid shapes are mistakes of the caller, and panic with a constant text.
//
// # Processors
//
// On amd64 with AVX2, FMA and F16C the kernels are assembly; some use AVX-512 and VNNI where the
// processor has them and they are faster. On arm64 all kernels but columns, reads and packing are
// assembly. On other processors, and in tests, they are the plain loops of the files *_ref.go.
// [Path] says which of these run, and the environment variable [PathVariable] chooses.
package kernel
