package metric

import "math/bits"

// Discounts returns log2(rank+1), indexed by rank from 1 to n. Index 0 is not used.
func Discounts(n int) []float64 {
	table := make([]float64, n+1)
	for rank := 1; rank <= n; rank++ {
		table[rank] = log2(uint64(rank) + 1)
	}
	return table
}

// log2 returns the binary logarithm of n, for 1 ≤ n < 2³². math.Log2 does not have the same bits on
// every machine, and is not always the nearest float64.
//
// The bits of the fraction come one by one from squaring: the next bit is 1 if x² ≥ 2. x has 127
// bits behind the point. Truncating the squares there changes the logarithm by less than 2⁻¹²⁵ in
// all, and 64 bits of its fraction make it too small by less than 2⁻⁶⁴. So the result is the
// nearest float64, whose last bit is at least 2⁻⁵², unless the logarithm lies that near to the
// midpoint of two float64. TestLog2 finds no such case up to rank 3,000.
func log2(n uint64) float64 {
	whole := bits.Len64(n) - 1
	hi, lo := n<<(63-whole), uint64(0) // 1 ≤ x < 2, with the point behind the first bit
	var fraction uint64
	for range 64 {
		hi, lo = square(hi, lo)
		fraction <<= 1
		if hi>>63 == 1 { // x² ≥ 2: halving it keeps its bits
			fraction |= 1
		} else {
			hi, lo = hi<<1|lo>>63, lo<<1
		}
	}
	// whole + fraction/2⁶⁴, rounded once.
	if whole == 0 {
		return 0
	}
	shift := bits.Len64(uint64(whole))
	mantissa := uint64(whole)<<(64-shift) | fraction>>shift
	if fraction<<(64-shift) != 0 {
		mantissa |= 1 // what is cut off tells the middle from above it
	}
	return float64(mantissa) / float64(uint64(1)<<(63-shift)) / 2
}

// square returns the upper 128 bits of the square of a 128-bit number.
func square(hi, lo uint64) (uint64, uint64) {
	h1, h0 := bits.Mul64(hi, hi)
	m1, m0 := bits.Mul64(hi, lo)
	l1, _ := bits.Mul64(lo, lo)
	// hi² · 2¹²⁸ + 2·hi·lo · 2⁶⁴ + lo²
	mid, carry := bits.Add64(m0, m0, 0)
	top, over := bits.Add64(m1, m1, carry)
	_, carry = bits.Add64(mid, l1, 0)
	h0, carry = bits.Add64(h0, top, carry)
	h1, _ = bits.Add64(h1, over, carry)
	return h1, h0
}
