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

	"strata/engine/layer"
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

// takeFingerprint returns the gallery's fingerprint and those of its layers.
func (g *Gallery) takeFingerprint(ctx context.Context) (string, [][]byte, error) {
	return g.hash(ctx, layer.HashSample)
}

// layerFingerprint waits for the fingerprint and returns its part for layer number i,
// as "sha256:" and hexadecimal digits.
func (g *Gallery) layerFingerprint(ctx context.Context, i int) (string, error) {
	if _, err := g.Fingerprint(ctx); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(g.prints[i]), nil
}

// ContentHash returns "sha256:" and 64 hexadecimal digits over the items table
// and the whole of every layer. It reads all of the gallery's matrices.
func (g *Gallery) ContentHash(ctx context.Context) (string, error) {
	all, _, err := g.hash(ctx, layer.HashAll)
	return all, err
}

// hash returns the hash of the items table's hash (with those of the list of ids and of
// judgements, where there are some) and of each layer's, in the order of their names, and the
// latter; sample writes a layer's bytes.
func (g *Gallery) hash(ctx context.Context, sample func(context.Context, hash.Hash, *layer.Layer) error) (all string, layers [][]byte, err error) {
	sums := make([][]byte, len(g.Layers)+1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		sum, err := g.hashTable()
		if err == nil && g.items.IDsFile != "" {
			var ids []byte
			ids, err = g.hashFile(g.items.IDsFile)
			both := sha256.Sum256(slices.Concat(sum, ids))
			sum = both[:]
		}
		if err == nil {
			var judged []byte
			if judged, err = g.hashJudgements(); judged != nil {
				both := sha256.Sum256(slices.Concat(sum, judged))
				sum = both[:]
			}
		}
		sums[0] = sum
		return err
	})
	for i, l := range g.Layers {
		group.Go(func() error {
			return g.guard(func() (err error) {
				sums[i+1], err = l.Hash(ctx, sample)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return "", nil, fmt.Errorf("hashing %s: %w", g.Name, err)
	}
	h := sha256.New()
	for _, s := range sums {
		h.Write(s)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), sums[1:], nil
}

// hashTable returns the hash of the items table, and of what gallery.yaml says of it.
func (g *Gallery) hashTable() ([]byte, error) {
	read := g.manifest.ReadingItems()
	if len(g.items.Files) == 1 && read == "" {
		return g.hashFile(g.items.Files[0])
	}
	h := sha256.New()
	h.Write([]byte(read))
	for _, file := range g.items.Files {
		sum, err := g.hashFile(file)
		if err != nil {
			return nil, err
		}
		h.Write(sum)
	}
	return h.Sum(nil), nil
}

// hashFile returns the hash of a file of the folder.
func (g *Gallery) hashFile(name string) ([]byte, error) {
	f, err := layer.OpenFile(g.folder, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return h.Sum(nil), err
}
