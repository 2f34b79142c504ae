package kernel

import "math/bits"

// SignPlanes is the number of words that PackPlanes makes of 64 values: one for each bit of an
// int8.
const SignPlanes = 8

// PackSigns sets word w of dst to the signs of the 64 codes from src[64w] on, as bits from the
// lowest. A bit is 1 if the 8-bit code c of [Quantize] is 0 or more. It returns the sum of the
// codes' magnitudes. It panics unless src has 64 codes for each word.
func PackSigns(dst []uint64, src []uint8) (sum int64) {
	if len(src) != 64*len(dst) {
		panic("kernel: signs: codes and words differ")
	}
	for w := range dst {
		var word uint64
		for i, u := range src[64*w:][:64] {
			v := int64(u) - 128
			word |= (uint64(v)>>63 ^ 1) << i
			sum += max(v, -v)
		}
		dst[w] = word
	}
	return sum
}

// PackPlanes sets dst to the bits of the values of query, SignPlanes words for 64 values: word 8w+b
// holds bit b of the values from query[64w] on. It panics unless query has 64 values for 8 words.
func PackPlanes(dst []uint64, query []int8) {
	if len(dst) != len(query)/8 || len(query)%64 != 0 {
		panic("kernel: signs: query and planes differ")
	}
	clear(dst)
	for i, v := range query {
		for b := range SignPlanes {
			dst[i/64*SignPlanes+b] |= uint64(uint8(v)>>b&1) << (i % 64)
		}
	}
}

// DotSigns sets dst[r] to the product of a query with row r of signs, rows[r*words:(r+1)*words]:
// the sum of the query's values whose bit is 1, less those whose bit is 0. planes is the query as
// [PackPlanes] packs it, and sum the sum of its values. The products are exact integers. It is
// plain Go, with 8 population counts for 64 values of a row. It panics unless planes and rows have
// the required numbers of words.
func DotSigns(dst []int32, rows []uint64, words int, planes []uint64, sum int32) {
	if words <= 0 || len(planes) != SignPlanes*words || len(rows) != len(dst)*words {
		panic("kernel: signs: rows, planes and dst differ")
	}
	for r := range dst {
		var low, high int // of the bits 0 to 6, weighed; of bit 7, which is the sign of an int8
		for w, word := range rows[r*words:][:words] {
			p := planes[w*SignPlanes:][:SignPlanes]
			low += bits.OnesCount64(word&p[0]) + bits.OnesCount64(word&p[1])<<1 +
				bits.OnesCount64(word&p[2])<<2 + bits.OnesCount64(word&p[3])<<3 +
				bits.OnesCount64(word&p[4])<<4 + bits.OnesCount64(word&p[5])<<5 +
				bits.OnesCount64(word&p[6])<<6
			high += bits.OnesCount64(word & p[7])
		}
		dst[r] = int32(2*(low-high<<7)) - sum
	}
}
