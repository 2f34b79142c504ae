package kernel

// ReadSum returns the sum, modulo 2^64, of p's little-endian 64-bit words, the last one padded with zeros. It reads at
// the speed of memory, in one stream or in four (from four equal parts of p side by side): the better of the two measures
// the bandwidth that a scan on this machine cannot pass. The sum itself shows that nothing was skipped. It panics unless
// streams is 1 or 4.
func ReadSum(p []byte, streams int) uint64 {
	if streams != 1 && streams != 4 {
		panic("kernel: read: neither 1 nor 4 streams")
	}
	return readSum(p, streams)
}

// FMAPeak does n rounds of float32 multiply-adds in registers, with no memory access, and returns the number of
// operations (two a multiply-add): timed, the peak of one core that Tile cannot pass.
func FMAPeak(n int) (operations int) {
	return fmaPeak(n)
}
