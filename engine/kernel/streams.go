//go:build amd64 || arm64

package kernel

// rest returns x without its first n values; the last row need not be as long as the stride to the next.
func rest[T any](x []T, n int) []T { return x[min(n, len(x)):] }

// streamBytes is how many bytes of a stream of rows one call of a kernel reads, at most if there is more than a row. Four
// times as much is little enough that nobody waits for a goroutine that cannot be preempted; half of it is as fast.
const streamBytes = 256 << 10

// streams returns how many rows each of count streams of a call takes, of the rows that are left, size bytes each, and how
// many rows the streams are apart. Fewer than count rows are one stream, 0 apart.
func streams(rows, size, count int) (n, apart int) {
	if rows < count {
		return rows, 0
	}
	n = min(rows/count, max(1, streamBytes/size))
	return n, n
}
