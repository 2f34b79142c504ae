package engine

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
)

// sample hashes the seeded blocks of the layer's first n bytes. What lies between rows
// in their files counts for nothing, so that a matrix has the same blocks wherever it
// lies.
func (l *Layer) sample(ctx context.Context, h hash.Hash, n int) error {
	var buf [fingerprintBlockSize]byte
	for _, block := range sampleBlocks(n) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		from := block * fingerprintBlockSize
		h.Write(l.span(buf[:], from, min(from+fingerprintBlockSize, n)))
	}
	return nil
}

// hash returns the hash of the layer's name, type and shape, and of what sample
// writes of its matrix.
func (l *Layer) hash(ctx context.Context, sample func(context.Context, hash.Hash, *Layer) error) ([]byte, error) {
	h := sha256.New()
	h.Write(fmt.Appendf(nil, "layer %s %s %d %d\n", l.Name, l.Type, l.Rows, l.Dim))
	err := sample(ctx, h, l)
	return h.Sum(nil), err
}

// sampleBlocks returns the blocks that a fingerprint reads of a matrix of n
// bytes, ascending.
func sampleBlocks(n int) []int {
	blocks := (n + fingerprintBlockSize - 1) / fingerprintBlockSize
	if blocks <= fingerprintBlocks {
		all := make([]int, blocks)
		for i := range all {
			all[i] = i
		}
		return all
	}
	return Sample(blocks, fingerprintBlocks, fingerprintSeed)
}

// hashSample hashes the seeded blocks of a layer's elements.
func hashSample(ctx context.Context, h hash.Hash, l *Layer) error { return l.sample(ctx, h, l.size()) }

// hashAll hashes all of a layer's elements.
func hashAll(ctx context.Context, h hash.Hash, l *Layer) error {
	step := max(1, scanBlock/l.bytes())
	for lo := 0; lo < l.Rows; lo += step {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.runs(lo, min(lo+step, l.Rows), func(_ int, b []byte) { h.Write(b) })
	}
	return nil
}

// A fingerprint reads this many blocks of this size of each matrix, at places
// drawn from the seed; a matrix that has no more is read whole.
const (
	fingerprintBlocks    = 4096
	fingerprintBlockSize = 4096
	fingerprintSeed      = 1
)
