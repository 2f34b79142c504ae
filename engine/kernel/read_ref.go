package kernel

import "encoding/binary"

// readRef is ReadSum in one stream.
func readRef(p []byte) uint64 {
	var s uint64
	for len(p) >= 8 {
		s += binary.LittleEndian.Uint64(p)
		p = p[8:]
	}
	var last [8]byte
	copy(last[:], p)
	return s + binary.LittleEndian.Uint64(last[:])
}

// peakRef is FMAPeak in plain Go, with separate multiplications and additions. Eight chains hide
// their latency.
func peakRef(n int) (operations int) {
	var s [8]float32
	for range n {
		s[0] = s[0]*0.5 + 1
		s[1] = s[1]*0.5 + 1
		s[2] = s[2]*0.5 + 1
		s[3] = s[3]*0.5 + 1
		s[4] = s[4]*0.5 + 1
		s[5] = s[5]*0.5 + 1
		s[6] = s[6]*0.5 + 1
		s[7] = s[7]*0.5 + 1
	}
	if s[0] < 0 { // never true; it keeps the loop
		return 0
	}
	return n * 2 * len(s)
}
