//go:build amd64 || arm64

package kernel

// rest returns x without its first n values. The last row may be shorter than the stride.
func rest[T any](x []T, n int) []T { return x[min(n, len(x)):] }

// streamBytes is the largest number of bytes of a stream that one kernel call reads, if they are
// more than a row. It limits how long a goroutine cannot be preempted; four times as much is still
// short. Half of it is as fast.
const streamBytes = 256 << 10

// streams divides the remaining rows, of size bytes each, among count streams of one call. It
// returns the number of rows of each stream, and the distance of the streams in rows. Fewer than
// count rows are one stream, with distance 0.
func streams(rows, size, count int) (n, apart int) {
	if rows < count {
		return rows, 0
	}
	n = min(rows/count, max(1, streamBytes/size))
	return n, n
}
