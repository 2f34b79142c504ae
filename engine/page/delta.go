package page

import (
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/delta"
)

// Prefixes returns how many values a page has in the encoding in which a value repeats
// the begin of the one before, and how many bytes they take at most: the lengths may add
// up to far more than the page. More of either than allowed is an error.
func Prefixes(b []byte, values, bytes int64) (total int64, n int, err error) {
	total = int64(len(b))
	if count := DeltaCount(b); count > uint64(values) {
		return 0, 0, fmt.Errorf("%d values; at most %d are allowed", count, values)
	}
	prefixes, err := new(delta.BinaryPackedEncoding).DecodeInt32(nil, b)
	if err != nil {
		return 0, 0, Damaged(err)
	}
	for _, n := range prefixes {
		if total += int64(max(n, 0)); total > bytes {
			return 0, 0, fmt.Errorf("its values take more than the %d bytes allowed", bytes)
		}
	}
	return total, len(prefixes), nil
}

// DeltaCount returns the number of values that a delta encoding says it has: the
// third of the numbers at its start.
func DeltaCount(b []byte) uint64 {
	var count uint64
	for range 3 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return 0
		}
		count, b = v, b[n:]
	}
	return count
}
