//go:build amd64 || arm64

package kernel

// tileByDots multiplies query by query. The rows stay in the second-level cache.
func tileByDots(dst []int32, ld int, queries []int8, rows []uint8, stride int) {
	const cache = 256 << 10 // bytes of rows
	part := max(4, cache/stride&^3)
	for j, nx := 0, len(rows)/stride; j < nx; j += part {
		n := min(part, nx-j)
		for i := 0; i < len(queries)/stride; i++ {
			dotBytes(dst[i*ld+j:][:n], rows[j*stride:][:n*stride], stride, queries[i*stride:][:stride])
		}
	}
}
