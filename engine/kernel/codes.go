package kernel

// CodeBlock is a number of bytes. The stride of code rows is a multiple of it, so that every row
// fills whole registers.
const CodeBlock = 64

// MaxCodeStride is the largest stride of code rows, in bytes. Up to it no product of codes
// overflows an int32.
const MaxCodeStride = 1 << 16

// DotBytes sets dst[r] to the product of query and row r of 8-bit codes: the sum of (u-128)·q over
// the stride bytes u of rows[r*stride:(r+1)*stride] and the stride values q of query. The products
// are exact integers, the same on every processor. Pad a query shorter than the stride with zeros;
// the rows' bytes there have no effect. DotBytes reads four parts of rows side by side. It reads at
// the speed of memory from about 1,000 rows a call; 256 rows of 256 bytes take a fifth longer. It
// panics unless stride is a positive multiple of [CodeBlock], at most [MaxCodeStride], len(query)
// == stride and len(rows) == len(dst)*stride.
func DotBytes(dst []int32, rows []uint8, stride int, query []int8) {
	checkCodes(stride, len(query), stride, len(dst), len(rows))
	dotBytes(dst, rows, stride, query)
}

// TileBytes sets dst[i*ld+j] to the product of query i and row j, as [DotBytes] defines it. It does
// not change the rest of dst. Query i is queries[i*stride:(i+1)*stride], row j is
// rows[j*stride:(j+1)*stride]. It panics unless stride is valid for DotBytes, both sides are whole
// vectors, ld is at least the number of rows, and dst is long enough.
func TileBytes(dst []int32, ld int, queries []int8, rows []uint8, stride int) {
	checkStride(stride)
	nq, nx := len(queries)/stride, len(rows)/stride
	if len(queries)%stride != 0 || len(rows)%stride != 0 {
		panic("kernel: codes: not whole rows")
	}
	if nq == 0 || nx == 0 {
		return
	}
	if ld < nx || len(dst) < nx || (len(dst)-nx)/ld < nq-1 {
		panic("kernel: codes: dst too short")
	}
	tileBytes(dst, ld, queries, rows, stride)
}

// DotNibbles sets dst[r] to the product of query and row r of 4-bit codes,
// rows[r*stride:(r+1)*stride]: the sum of (u-8)·q. In each block of [CodeBlock] bytes, the low
// halves are the codes u of 64 values, and the high halves those of the next 64. The products are
// exact integers. It panics unless stride is a positive multiple of CodeBlock, at most
// [MaxCodeStride], len(query) == 2*stride and len(rows) == len(dst)*stride.
func DotNibbles(dst []int32, rows []uint8, stride int, query []int8) {
	checkCodes(stride, len(query), 2*stride, len(dst), len(rows))
	dotNibbles(dst, rows, stride, query)
}

// checkCodes panics unless a query of n values has length want, and size bytes are exactly the
// given number of rows.
func checkCodes(stride, n, want, rows, size int) {
	checkStride(stride)
	if n != want {
		panic("kernel: codes: query and stride differ")
	}
	if size%stride != 0 || size/stride != rows {
		panic("kernel: codes: rows do not fill dst")
	}
}

func checkStride(stride int) {
	if stride <= 0 || stride%CodeBlock != 0 || stride > MaxCodeStride {
		panic("kernel: codes: stride")
	}
}
