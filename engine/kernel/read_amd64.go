package kernel

// stretch is the largest number of bytes for one call of a read kernel, since a goroutine in
// assembly cannot be preempted.
const stretch = 4 << 20

// readAVX512 sums the 64-bit words of 128 bytes at p, p+stride, p+2*stride and p+3*stride, moves p on by step, and does
// so rounds times in all. rounds is at least 1.
//
//go:noescape
func readAVX512(p *byte, stride, step, rounds int) uint64

// readAVX2 is readAVX512 with 256-bit registers.
//
//go:noescape
func readAVX2(p *byte, stride, step, rounds int) uint64

// fmaAVX2 does n rounds of 12 fused multiply-adds of 8 float32 in registers. n is at least 1.
//
//go:noescape
func fmaAVX2(n int)

func readSum(p []byte, streams int) uint64 {
	kernel := readAVX2
	switch {
	case !vector:
		return readRef(p)
	case wide:
		kernel = readAVX512
	}
	const round = 512 // bytes of one round
	stride, step := 128, round
	if streams == 4 {
		stride, step = len(p)/round*(round/4), 128
	}
	var s uint64
	for done, rounds := 0, len(p)/round; done < rounds; {
		n := min(rounds-done, stretch/round)
		s += kernel(&p[done*step], stride, step, n)
		done += n
	}
	return s + readRef(p[len(p)/round*round:])
}

func fmaPeak(n int) (operations int) {
	if !vector || n <= 0 {
		return peakRef(n)
	}
	for done := 0; done < n; done += stretch {
		fmaAVX2(min(n-done, stretch))
	}
	return n * 12 * 8 * 2
}
