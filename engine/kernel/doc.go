// Package kernel multiplies vectors: dot products of one query with many rows, tiles of products of many queries with many
// rows, and the column arithmetic that turns products into scores. It works on plain slices of float32 values, of
// float16 values as IEEE 754 binary16 bits in a uint16, of bfloat16 values, of bytes, of 32-bit integers, and of float64 values. It imports
// nothing of Strata and knows no files, layers or schemes.
//
// # The canonical product
//
// The scans compute the product that Strata logs, exports and compares, with the same bits on every processor. For
// vectors q and x it is computed in float64: eight lanes begin at +0; qᵢ·xᵢ is added to lane i mod 8, in order of i;
// and the lanes are summed as
//
//	((0+4)+(2+6)) + ((1+5)+(3+7))
//
// The product of two float32 values, or of shorter ones, is exact in float64, so it makes no difference whether a processor
// fuses a multiplication with the addition after it. Where rows hold float64 values or 32-bit integers each product is
// rounded to float64 before it is added. Subnormal values count in full. NaN and infinity propagate as
// IEEE 754 says; which NaN comes out is not fixed.
//
// # Tiles
//
// [Tile] computes many products at once in float32, several times faster, and differently on different processors.
// [TileError] bounds their error for vectors of length 1, so that they can nominate candidates whose canonical products
// then decide.
//
//	var q kernel.Queries
//	var x kernel.Rows
//	q.PackF32(queries, dim, inverseNorms)
//	x.PackF16(rows, dim, rowInverseNorms)
//	kernel.Tile(dst, x.Len(), &q, &x)
//
// # Codes
//
// A row can be kept as small integers, with bounds on what they leave out: centred on a mean, rotated, and quantised.
//
//	kernel.CentreF32(y, row, inverseNorm, mean, signs)
//	kernel.Hadamard(y, block)
//	scale := kernel.MaxAbs(y) / 127
//	residual, square := kernel.Quantize(code, y, scale)
//
// [DotBytes] and [TileBytes] multiply codes exactly, so that an error bound has to account only for what was left out.
// Everything here has the same bits on every processor; [Project], [Hadamard] and [ResidualBound] say what rounding may do.
//
// # Memory and concurrency
//
// Functions read their arguments, write only what they are documented to set, keep no reference, and allocate nothing
// but what Above appends and what packing needs; [Queries] and [Rows] own copies. No kernel reads a byte outside its
// slices, so a slice may end where a mapped file ends. Slices may begin at any address that suits their type; rows that are
// scanned, widened or packed may begin at any at all on amd64 and arm64.
// Everything may run concurrently, as long as nothing that one call writes is read or written by another: packed
// queries and rows may be read by many calls of Tile.
//
// Shapes that do not fit are mistakes of the caller, and panic with a constant text.
//
// # Processors
//
// On amd64 with AVX2, FMA and F16C the kernels are assembly, some with AVX-512 and VNNI where the processor offers them and
// they are faster; on arm64 all but columns, reads and packing are. Elsewhere, and in tests, they are the plain
// loops of the files *_ref.go.
package kernel
