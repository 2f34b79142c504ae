package kernel

// ReadSum returns the sum, modulo 2^64, of p's little-endian 64-bit words, the last one padded with
// zeros. It reads at the speed of memory, in one stream, or in four streams from four equal parts
// of p side by side. The faster of the two measures the largest bandwidth of a scan on this
// machine. The sum proves that no word was skipped. It panics unless streams is 1 or 4.
func ReadSum(p []byte, streams int) uint64 {
	if streams != 1 && streams != 4 {
		panic("kernel: read: neither 1 nor 4 streams")
	}
	return readSum(p, streams)
}

// FMAPeak does n rounds of float32 multiply-adds in registers, without memory access. It returns
// the number of operations, two for each multiply-add. Its time gives the peak of one core, which
// bounds the speed of Tile.
func FMAPeak(n int) (operations int) {
	return fmaPeak(n)
}
