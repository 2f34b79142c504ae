package format

import (
	"encoding/binary"
	"errors"
)

var errRuns = errors.New("its runs are damaged")

// appendRuns appends n numbers of width bits, at most 32, to dst. b holds them in Parquet's
// RLE/bit-packing hybrid: runs of one number, and groups of eight packed numbers. Bytes after the
// n-th number are not read.
func appendRuns[T byte | int32](dst []T, b []byte, n, width int) ([]T, error) {
	for n > 0 {
		head, k := binary.Uvarint(b)
		if k <= 0 {
			return dst, errRuns
		}
		b = b[k:]
		if head&1 == 1 {
			groups := head >> 1
			if groups > uint64(len(b)) && width > 0 {
				return dst, errRuns
			}
			count := int(min(groups, uint64(n)))
			count = min(8*count, n)
			if (count*width+7)/8 > len(b) {
				return dst, errRuns
			}
			dst = appendBits(dst, b, count, width)
			b = b[min(int(groups)*width, len(b)):]
			n -= count
			continue
		}
		var word [4]byte
		size := (width + 7) / 8
		if size > len(b) {
			return dst, errRuns
		}
		copy(word[:], b[:size])
		b = b[size:]
		v := T(binary.LittleEndian.Uint32(word[:]))
		count := int(min(head>>1, uint64(n)))
		for range count {
			dst = append(dst, v)
		}
		n -= count
	}
	return dst, nil
}

// appendBits appends n contiguous numbers of width bits, the lowest bits first. b holds all of
// them.
func appendBits[T byte | int32](dst []T, b []byte, n, width int) []T {
	mask := uint64(1)<<width - 1
	for i := range n {
		at, from := i*width/8, i*width%8
		if at+8 > len(b) {
			var end [8]byte
			copy(end[:], b[at:])
			dst = append(dst, T(binary.LittleEndian.Uint64(end[:])>>from&mask))
			continue
		}
		dst = append(dst, T(binary.LittleEndian.Uint64(b[at:])>>from&mask))
	}
	return dst
}
