package page

import "encoding/binary"

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
