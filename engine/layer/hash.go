package layer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"

	"strata/engine/items"
)

// Sample hashes the seeded blocks of the layer's first n bytes. Bytes between rows are ignored, so
// a matrix has the same blocks in any file.
func (l *Layer) Sample(ctx context.Context, h hash.Hash, n int) error {
	var buf [FingerprintBlockSize]byte
	for _, block := range SampleBlocks(n) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		from := block * FingerprintBlockSize
		h.Write(l.span(buf[:], from, min(from+FingerprintBlockSize, n)))
	}
	return nil
}

// Hash returns the hash of the layer's name, type and shape, and of the bytes that sample writes.
func (l *Layer) Hash(ctx context.Context, sample func(context.Context, hash.Hash, *Layer) error) ([]byte, error) {
	h := sha256.New()
	h.Write(fmt.Appendf(nil, "layer %s %s %d %d\n", l.Name, l.Type, l.Rows, l.Dim))
	err := sample(ctx, h, l)
	return h.Sum(nil), err
}

// SampleBlocks returns the blocks of a matrix of n bytes that a fingerprint reads, ascending.
func SampleBlocks(n int) []int {
	blocks := (n + FingerprintBlockSize - 1) / FingerprintBlockSize
	if blocks <= fingerprintBlocks {
		all := make([]int, blocks)
		for i := range all {
			all[i] = i
		}
		return all
	}
	return items.Sample(blocks, fingerprintBlocks, fingerprintSeed)
}

// HashSample hashes the seeded blocks of a layer's elements.
func HashSample(ctx context.Context, h hash.Hash, l *Layer) error { return l.Sample(ctx, h, l.Size()) }

// HashAll hashes all of a layer's elements.
func HashAll(ctx context.Context, h hash.Hash, l *Layer) error {
	step := max(1, ScanBlock/l.Bytes())
	for lo := 0; lo < l.Rows; lo += step {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.Runs(lo, min(lo+step, l.Rows), func(_ int, b []byte) { h.Write(b) })
	}
	return nil
}

// A fingerprint reads this many blocks of this size from each matrix, at seeded places. A matrix
// that is no larger is read whole.
const (
	fingerprintBlocks    = 4096
	FingerprintBlockSize = 4096
	fingerprintSeed      = 1
)
