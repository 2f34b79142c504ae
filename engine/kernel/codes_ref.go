package kernel

// dotBytesRef is the plain DotBytes.
func dotBytesRef(dst []int32, rows []uint8, stride int, query []int8) {
	for r := range dst {
		row := rows[r*stride:][:len(query)]
		var s int32
		for i, q := range query {
			s += (int32(row[i]) - 128) * int32(q)
		}
		dst[r] = s
	}
}

// tileBytesRef is the plain TileBytes.
func tileBytesRef(dst []int32, ld int, queries []int8, rows []uint8, stride int) {
	n := len(rows) / stride
	for i := 0; i < len(queries)/stride; i++ {
		dotBytesRef(dst[i*ld:][:n], rows, stride, queries[i*stride:][:stride])
	}
}

// dotNibblesRef is the plain DotNibbles.
func dotNibblesRef(dst []int32, rows []uint8, stride int, query []int8) {
	for r := range dst {
		row := rows[r*stride:][:stride]
		var s int32
		for k := 0; k < stride; k += CodeBlock {
			lo, hi := query[2*k:][:CodeBlock], query[2*k+CodeBlock:][:CodeBlock]
			for i, u := range row[k:][:CodeBlock] {
				s += (int32(u&15)-8)*int32(lo[i]) + (int32(u>>4)-8)*int32(hi[i])
			}
		}
		dst[r] = s
	}
}

// A block of slightBlock values has two groups, each slight up to a sum of slightMost.
const (
	slightBlock = 32
	slightMost  = 128
)

// slightRef is the plain Slight.
func slightRef(q []int8) bool {
	is := true
	for ; len(q) > 0; q = q[slightBlock:] {
		var positive, negative [2]int
		for i, v := range q[:slightBlock] {
			positive[i/2%2] += int(max(v, 0))
			negative[i/2%2] += int(min(v, 0))
		}
		is = is && max(positive[0], positive[1], -negative[0], -negative[1]) <= slightMost
	}
	return is
}
