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

// TileBytes sets dst[i*ld+j] to the product of query i and row j, as [DotBytes] defines it. Without
// products of bytes it is fast only if all queries are slight, see [SlightFaster]. It does not
// change the rest of dst. Query i is queries[i*stride:(i+1)*stride], row j is
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

// Slight reports whether the codes of a query, or of several, are slight: of every 32 values, neither
// those at places 4i and 4i+1 nor those at 4i+2 and 4i+3 have positive values that add to more than
// 128, or negative ones that add to less than -128. Then a sum of products of these 16 with unsigned
// bytes is between -255·128 and 255·128, and so is a sum of some of them: none passes 16 bits. It
// panics unless len(q) is a multiple of [CodeBlock].
func Slight(q []int8) bool {
	if len(q)%CodeBlock != 0 {
		panic("kernel: codes: not whole blocks")
	}
	return slight(q)
}

// SlightFaster reports whether [TileBytes] is several times faster here if its queries are slight:
// the processor has no products of bytes in 32 bits.
func SlightFaster() bool { return slightFaster() }

// SlightScale returns the scale of codes of x that are slight but for their rounding: a little more
// makes them slight. It is about four times that of 8-bit codes if the values are normally
// distributed. It panics unless len(x) is a multiple of [CodeBlock].
func SlightScale(x []float32) float32 {
	if len(x)%CodeBlock != 0 {
		panic("kernel: codes: not whole blocks")
	}
	var most float32
	for ; len(x) > 0; x = x[slightBlock:] {
		var positive, negative [2]float32
		for i, v := range x[:slightBlock] {
			positive[i/2%2] += max(v, 0)
			negative[i/2%2] += min(v, 0)
		}
		most = max(most, positive[0], positive[1], -negative[0], -negative[1])
	}
	return most / slightMost
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
