package engine

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	slash "path"
	"slices"

	"strata/engine/aside"
	"strata/engine/fence"
)

// neighbour_file.go keeps neighbourhoods in the folder of Derived:
//
//	.strata/neighbours/NAME.hoods

const (
	neighbourFolder = "neighbours"
	hoodsSuffix     = ".hoods"
)

// Save keeps the queries that are built in all layers, in the folder of Derived, whole
// or not at all. It reads every layer once to take its hash. Neighbours without a name,
// and those of which nothing is built, are not kept.
func (n *Neighbours) Save(ctx context.Context) error {
	n.build.Lock()
	defer n.build.Unlock()
	layers, done := n.Layers(), n.Usage().Done
	if n.name == "" || done == 0 || len(layers) == 0 {
		return nil
	}
	head, err := n.head(ctx, layers)
	if err != nil {
		return err
	}
	head.Built = done
	dir, err := n.g.DerivedFolder(neighbourFolder)
	if err != nil {
		return fmt.Errorf("a folder for neighbours: %w", err)
	}
	file, err := dir.Create(n.name + hoodsSuffix)
	if err != nil {
		return err
	}
	defer file.Abandon()
	sum := sha256.New()
	b := bufio.NewWriterSize(io.MultiWriter(file, sum), 1<<20)
	err = writeNeighbours(b, head, func(place int) *neighbourhood { return n.hoods[place].Load() })
	if err := errors.Join(err, ctx.Err(), b.Flush()); err != nil {
		return err
	}
	if err := file.Publish(); err != nil {
		return err
	}
	believe(sealedNeighbours, []byte(hex.EncodeToString(sum.Sum(nil))))
	return nil
}

// Load takes the neighbourhoods that were kept, as far as they are of the same queries,
// candidates and M, and of layers that are the same: those come first in Layers then.
// It reports whether there are such. What does not serve is built again, and Note says
// why. It is for Neighbours of which nothing is built.
func (n *Neighbours) Load(ctx context.Context) (bool, error) {
	n.build.Lock()
	defer n.build.Unlock()
	if n.name == "" {
		return false, nil
	}
	name := slash.Join(neighbourFolder, n.name+hoodsSuffix)
	dir, err := n.g.FindDerived(name)
	if err != nil {
		return false, nil //nolint:nilerr // none is kept
	}
	path := dir.File(name)
	found, err := n.load(ctx, dir, name)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err != nil {
		n.forget(fmt.Sprintf("%s %v", path, reasonOf(err)))
		return false, nil
	}
	return found, nil
}

// reasonOf returns what is wrong with a file, as what follows its name.
func reasonOf(err error) error {
	if errors.As(err, new(errStale)) {
		return err
	}
	return fmt.Errorf("cannot be read: %w", aside.Reason(err))
}

// forget drops what is built, and keeps a note.
func (n *Neighbours) forget(note string) {
	for place := range n.hoods {
		n.publish(place, nil)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.note, n.limit = note, len(n.order)
	n.advance()
}

// load reads a file.
func (n *Neighbours) load(ctx context.Context, dir fence.Folder, name string) (bool, error) {
	path := dir.File(name)
	f, r, err := openNeighbours(ctx, dir, name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	layers := n.Layers()
	want := n.identity()
	switch h := r.head; {
	case h.Rows != want.Rows || h.Candidates != want.Candidates:
		return false, errStale{"is of other items"}
	case h.M != want.M:
		return false, errStale{fmt.Sprintf("holds %d rows of a layer, not %d", h.M, want.M)}
	case h.Order != want.Order || h.Seed != want.Seed || h.Built > len(n.order):
		return false, errStale{"is of other queries"}
	}
	kept, note, err := n.sameLayers(ctx, r.head.Layers, layers)
	switch {
	case err != nil:
		return false, err
	case kept == nil:
		return false, errStale{"has none of the layers as they are"}
	}
	n.mu.Lock()
	n.layers = nil
	for _, at := range kept {
		n.layers = append(n.layers, r.head.Layers[at].Name)
	}
	if note != "" {
		n.note = path + " " + note
	}
	n.mu.Unlock()
	n.AddLayers(layers...)
	err = r.all(func(place int, h *neighbourhood) error {
		n.publish(place, n.reduced(place, h, kept))
		return ctx.Err()
	})
	if err == nil {
		n.cut()
	}
	return err == nil, err
}

// openNeighbours opens a file that this user's program made, and reads its head.
func openNeighbours(ctx context.Context, dir fence.Folder, name string) (*os.File, *neighbourReader, error) {
	sum, err := hashFile(ctx, dir, name)
	if err != nil {
		return nil, nil, err
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !believed(sealedNeighbours, []byte(sum)) {
		err = errStale{errForeign}
	}
	var r *neighbourReader
	if err == nil {
		r, err = newNeighbourReader(bufio.NewReaderSize(f, 1<<20), info.Size())
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, r, nil
}

// sameLayers returns the places of the file's layers that are wanted and the same, and
// what to say of those that are wanted and are not.
func (n *Neighbours) sameLayers(ctx context.Context, file []neighbourLayer, wanted []string) (kept []int, note string, err error) {
	for at, was := range file {
		if !slices.Contains(wanted, was.Name) || slices.ContainsFunc(file[:at], func(o neighbourLayer) bool { return o.Name == was.Name }) {
			continue
		}
		l, err := n.g.ready(ctx, FactorNamed(was.Name))
		if err != nil {
			return nil, "", err
		}
		same, err := sameLayer(ctx, n.g, l, was)
		if err != nil {
			return nil, "", err
		}
		if !same {
			note = fmt.Sprintf("is of another layer %s than there is", was.Name)
			continue
		}
		kept = append(kept, at)
	}
	return kept, note, nil
}

// sameLayer reports whether a layer is the one that it was: its sampled blocks are the
// same and, unless its file has the same time, all of it.
func sameLayer(ctx context.Context, g Layers, l *Layer, was neighbourLayer) (bool, error) {
	print, err := layerHash(ctx, g, l, hashSample)
	if err != nil || print != was.Print {
		return false, err
	}
	if modified := l.modified(); modified != 0 && modified == was.Modified {
		return true, nil
	}
	content, err := layerHash(ctx, g, l, hashAll)
	return content == was.Content, err
}

// layerHash returns a hash of a layer in hexadecimal digits.
func layerHash(ctx context.Context, g Layers, l *Layer, sample func(context.Context, hash.Hash, *Layer) error) (text string, err error) {
	err = g.reading([]string{l.Name}, func() error {
		sum, err := l.hash(ctx, sample)
		text = hex.EncodeToString(sum)
		return err
	})
	return text, err
}

// reduced returns a neighbourhood with the layers at the kept places only, and without
// the rows that are in none of their lists: as if only those had been built.
func (n *Neighbours) reduced(place int, h *neighbourhood, kept []int) *neighbourhood {
	if len(kept) == len(h.borders) {
		return h
	}
	out := &neighbourhood{borders: make([]border, 0, len(kept))}
	var members []int
	for i, row := range h.rows {
		listed := func(layer int) bool { return h.borders[layer].holds(h.column(layer)[i], row) }
		if slices.ContainsFunc(kept, listed) {
			members, out.rows = append(members, i), append(out.rows, row)
		}
	}
	out.rows = slices.Clip(out.rows)
	out.cosines = make([]float64, 0, len(kept)*len(members))
	for _, layer := range kept {
		out.borders = append(out.borders, h.borders[layer])
		column := h.column(layer)
		for _, i := range members {
			out.cosines = append(out.cosines, column[i])
		}
	}
	out.least = lowestOutside(n.base, int(n.order[place]), out.rows)
	return out
}

// holds reports whether a list with the border holds a row with a cosine.
func (b border) holds(cosine float64, row int32) bool {
	if b.whole() {
		return cosine == cosine // a NaN is not itself
	}
	return cosine > b.cosine || cosine == b.cosine && row <= b.row
}

// head returns what a file of the layers says of itself, but for what is built.
func (n *Neighbours) head(ctx context.Context, layers []string) (neighbourHead, error) {
	h := n.identity()
	for _, name := range layers {
		l, err := n.g.ready(ctx, FactorNamed(name))
		if err != nil {
			return h, err
		}
		is := neighbourLayer{Name: name, Modified: l.modified()}
		if is.Print, err = layerHash(ctx, n.g, l, hashSample); err == nil {
			is.Content, err = layerHash(ctx, n.g, l, hashAll)
		}
		if err != nil {
			return h, fmt.Errorf("hashing %s: %w", name, err)
		}
		h.Layers = append(h.Layers, is)
	}
	return h, nil
}

// identity is head without the layers.
func (n *Neighbours) identity() neighbourHead {
	order := sha256.New()
	_ = binary.Write(order, binary.LittleEndian, n.order) // a hash takes all
	return neighbourHead{
		M: n.m, Seed: n.seed, Rows: n.g.Len(),
		Order: hex.EncodeToString(order.Sum(nil)), Candidates: n.base.hash(),
	}
}

// CheckNeighbours checks a file of neighbourhoods against the gallery. damage is what is
// wrong with the file, stale what it is of instead of the gallery; nil and "" for neither.
func CheckNeighbours(ctx context.Context, g NeighbourGallery, dir fence.Folder, name string) (damage error, stale string, err error) {
	f, r, err := openNeighbours(ctx, dir, name)
	if err == nil {
		defer f.Close()
		err = r.all(func(int, *neighbourhood) error { return ctx.Err() })
	}
	if ctx.Err() != nil {
		return nil, "", ctx.Err()
	}
	if err != nil {
		return reasonOf(err), "", nil
	}
	base, err := g.Candidates(nil)
	if err != nil {
		return nil, "", err
	}
	if r.head.Rows != g.Len() || r.head.Candidates != base.hash() {
		return nil, "is of other items", nil
	}
	for _, was := range r.head.Layers {
		l, err := g.Layer(was.Name)
		if errors.As(err, new(*NameError)) {
			continue // a derived one that is not open, or one that is gone: no other is taken for it
		}
		same, err := sameLayer(ctx, g, l, was)
		if err != nil {
			return nil, "", err
		}
		if !same {
			return nil, fmt.Sprintf("is of another layer %s than there is", was.Name), nil
		}
	}
	return nil, "", nil
}
