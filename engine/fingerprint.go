package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"
)

// A fingerprint reads this many blocks of this size of each matrix, at places
// drawn from the seed; a matrix that has no more is read whole.
const (
	fingerprintBlocks    = 4096
	fingerprintBlockSize = 4096
	fingerprintSeed      = 1
)

// Fingerprint returns "sha256:" and 64 hexadecimal digits: the hash of the
// items table and of each layer's name, type, shape and seeded sample of
// blocks. Open begins it; Fingerprint waits for it, and fails when Close comes
// first. Galleries of equal fingerprint are the same but for blocks that were not
// drawn; ContentHash reads all.
func (g *Gallery) Fingerprint(ctx context.Context) (string, error) {
	select {
	case <-g.fingerprint:
		return g.print, g.printErr
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (g *Gallery) takeFingerprint(ctx context.Context) (string, error) {
	return g.hash(ctx, func(ctx context.Context, h hash.Hash, matrix []byte) error {
		for _, block := range sampleBlocks(len(matrix)) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			from := block * fingerprintBlockSize
			h.Write(matrix[from:min(from+fingerprintBlockSize, len(matrix))])
		}
		return nil
	})
}

// ContentHash returns "sha256:" and 64 hexadecimal digits over the items table
// and the whole of every layer. It reads all of the gallery's matrices.
func (g *Gallery) ContentHash(ctx context.Context) (string, error) {
	return g.hash(ctx, func(ctx context.Context, h hash.Hash, matrix []byte) error {
		for block := range slices.Chunk(matrix, 1<<20) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			h.Write(block)
		}
		return nil
	})
}

// hash returns the hash of the items table's hash and of each layer's, in the
// order of their names; sample writes a matrix's bytes.
func (g *Gallery) hash(ctx context.Context, sample func(context.Context, hash.Hash, []byte) error) (string, error) {
	sums := make([][]byte, len(g.Layers)+1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		f, err := openFile(g.folder, itemsFile)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		_, err = io.Copy(h, f)
		sums[0] = h.Sum(nil)
		return err
	})
	for i, l := range g.Layers {
		group.Go(func() error {
			h := sha256.New()
			matrix := l.raw()
			h.Write(fmt.Appendf(nil, "layer %s %s %d %d\n", l.Name, l.Type, l.Rows, l.Dim))
			err := sample(ctx, h, matrix)
			sums[i+1] = h.Sum(nil)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return "", fmt.Errorf("hashing %s: %w", g.Name, err)
	}
	all := sha256.New()
	for _, s := range sums {
		all.Write(s)
	}
	return "sha256:" + hex.EncodeToString(all.Sum(nil)), nil
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
