package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"

	"golang.org/x/sync/errgroup"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/manifest"
)

// prints are the fingerprint of a gallery, and those of its layers.
type prints struct {
	taken  chan struct{} // closed when the others are set
	all    string
	layers [][]byte // in the order of the names
	err    error
}

// take takes the fingerprints.
func (p *prints) take(ctx context.Context, of *hashing) {
	defer close(p.taken)
	p.all, p.layers, p.err = of.hash(ctx, layer.HashSample)
}

// gallery waits for the gallery's fingerprint.
func (p *prints) gallery(ctx context.Context) (string, error) {
	select {
	case <-p.taken:
		return p.all, p.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// layer waits for the fingerprint and returns its part for layer number i,
// as "sha256:" and hexadecimal digits.
func (p *prints) layer(ctx context.Context, i int) (string, error) {
	if _, err := p.gallery(ctx); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(p.layers[i]), nil
}

// Fingerprint returns "sha256:" and 64 hexadecimal digits: the hash of the
// items table and of each layer's name, type, shape and seeded sample of
// blocks. Open begins it; Fingerprint waits for it, and fails when Close comes
// first. Galleries of equal fingerprint are the same but for blocks that were not
// drawn; ContentHash reads all.
func (g *Gallery) Fingerprint(ctx context.Context) (string, error) { return g.prints.gallery(ctx) }

// ContentHash returns "sha256:" and 64 hexadecimal digits over the items table
// and the whole of every layer. It reads all of the gallery's matrices.
func (g *Gallery) ContentHash(ctx context.Context) (string, error) {
	all, _, err := newHashing(g).hash(ctx, layer.HashAll)
	return all, err
}

// hashing is what a gallery's hashes are taken of.
type hashing struct {
	name       string // the gallery's name
	files      fs.FS
	items      *items.Table
	manifest   *manifest.Manifest
	judgements []items.JudgementSource
	layers     []*layer.Layer
	guard      func(work func() error) error
}

// newHashing returns what the gallery's hashes are taken of.
func newHashing(g *Gallery) *hashing {
	return &hashing{name: g.Name, files: g.folder, items: g.items, manifest: g.manifest, judgements: g.judgements, layers: g.Layers, guard: g.guard}
}

// hash returns the hash of the items table's hash (with those of the list of ids and of
// judgements, where there are some) and of each layer's, in the order of their names, and the
// latter; sample writes a layer's bytes.
func (of *hashing) hash(ctx context.Context, sample func(context.Context, hash.Hash, *layer.Layer) error) (all string, layers [][]byte, err error) {
	sums := make([][]byte, len(of.layers)+1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		sum, err := of.table()
		if err == nil && of.items.IDsFile != "" {
			var ids []byte
			ids, err = of.file(of.items.IDsFile)
			both := sha256.Sum256(slices.Concat(sum, ids))
			sum = both[:]
		}
		if err == nil {
			var judged []byte
			if judged, err = of.judged(); judged != nil {
				both := sha256.Sum256(slices.Concat(sum, judged))
				sum = both[:]
			}
		}
		sums[0] = sum
		return err
	})
	for i, l := range of.layers {
		group.Go(func() error {
			return of.guard(func() (err error) {
				sums[i+1], err = l.Hash(ctx, sample)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return "", nil, fmt.Errorf("hashing %s: %w", of.name, err)
	}
	h := sha256.New()
	for _, s := range sums {
		h.Write(s)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), sums[1:], nil
}

// table returns the hash of the items table, and of what gallery.yaml says of it.
func (of *hashing) table() ([]byte, error) {
	read := of.manifest.ReadingItems()
	if len(of.items.Files) == 1 && read == "" {
		return of.file(of.items.Files[0])
	}
	h := sha256.New()
	h.Write([]byte(read))
	for _, file := range of.items.Files {
		sum, err := of.file(file)
		if err != nil {
			return nil, err
		}
		h.Write(sum)
	}
	return h.Sum(nil), nil
}

// file returns the hash of a file of the folder.
func (of *hashing) file(name string) ([]byte, error) {
	f, err := layer.OpenFile(of.files, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return h.Sum(nil), err
}

// judged returns the hash of the judgements, or nil if there are none.
func (of *hashing) judged() ([]byte, error) {
	if len(of.judgements) == 0 {
		return nil, nil
	}
	h := sha256.New()
	for _, s := range of.judgements {
		sum, err := of.file(s.File)
		if err != nil {
			return nil, err
		}
		h.Write(fmt.Appendf(nil, "%q %q %q %x\n", s.Name, s.Columns, s.Gain, sum))
	}
	return h.Sum(nil), nil
}
