package neighbour

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
	"strata/engine/code"
	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/engine/seal"
)

// file.go keeps neighbourhoods in the folder of Derived:
//
//	.strata/neighbours/NAME.hoods

// The names of files of neighbourhoods.
const (
	NeighbourFolder = "neighbours" // in the folder of Derived
	HoodsSuffix     = ".hoods"     // the file is named NAME.hoods, after the plan
)

// Save writes the queries that are built in all layers to the folder of Derived, whole or not at
// all. It reads every layer once to hash it. It writes nothing for Neighbours without a name, or
// without a built query.
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
	dir, err := n.G.DerivedFolder(NeighbourFolder)
	if err != nil {
		return fmt.Errorf("a folder for neighbours: %w", err)
	}
	file, err := dir.Create(n.name + HoodsSuffix)
	if err != nil {
		return err
	}
	defer file.Abandon()
	sum := sha256.New()
	b := bufio.NewWriterSize(io.MultiWriter(file, sum), 1<<20)
	err = WriteNeighbours(b, head, func(place int) *Neighbourhood { return n.Hoods[place].Load() })
	if err := errors.Join(err, ctx.Err(), b.Flush()); err != nil {
		return err
	}
	seal.Believe(seal.SealedNeighbours, []byte(hex.EncodeToString(sum.Sum(nil)))) // first: a reader that finds the file needs its seal
	return file.Publish()
}

// Load reads the neighbourhoods of the file, if they have the same queries, candidates and M. It
// takes the layers that are unchanged, which then come first in Layers. It reports whether there
// are any. The other layers are built again, and Note says why. It is for Neighbours of which
// nothing is built.
func (n *Neighbours) Load(ctx context.Context) (bool, error) {
	n.build.Lock()
	defer n.build.Unlock()
	if n.name == "" {
		return false, nil
	}
	name := slash.Join(NeighbourFolder, n.name+HoodsSuffix)
	dir, err := n.G.FindDerived(name)
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

// reasonOf returns what is wrong with a file, as text that follows the file's name.
func reasonOf(err error) error {
	if errors.As(err, new(code.ErrStale)) {
		return err
	}
	return fmt.Errorf("cannot be read: %w", aside.Reason(err))
}

// forget drops the built neighbourhoods, and sets the note.
func (n *Neighbours) forget(note string) {
	for place := range n.Hoods {
		n.publish(place, nil)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.note, n.limit = note, len(n.Order)
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
	switch h := r.Head; {
	case h.Rows != want.Rows || h.Candidates != want.Candidates:
		return false, code.ErrStale{Why: "is of other items"}
	case h.M != want.M:
		return false, code.ErrStale{Why: fmt.Sprintf("holds %d rows of a layer, not %d", h.M, want.M)}
	case h.Order != want.Order || h.Seed != want.Seed || h.Built > len(n.Order):
		return false, code.ErrStale{Why: "is of other queries"}
	}
	kept, note, err := n.sameLayers(ctx, r.Head.Layers, layers)
	switch {
	case err != nil:
		return false, err
	case kept == nil:
		return false, code.ErrStale{Why: "has none of the layers as they are"}
	}
	n.mu.Lock()
	n.layers = nil
	for _, at := range kept {
		n.layers = append(n.layers, r.Head.Layers[at].Name)
	}
	if note != "" {
		n.note = path + " " + note
	}
	n.mu.Unlock()
	n.AddLayers(layers...)
	err = r.All(func(place int, h *Neighbourhood) error {
		n.publish(place, n.reduced(place, h, kept))
		return ctx.Err()
	})
	if err == nil {
		n.cut()
	}
	return err == nil, err
}

// openNeighbours opens a file that a program of this user made, and reads its head.
func openNeighbours(ctx context.Context, dir fence.Folder, name string) (*os.File, *neighbourReader, error) {
	sum, err := seal.HashFile(ctx, dir, name)
	if err != nil {
		return nil, nil, err
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !seal.Believed(seal.SealedNeighbours, []byte(sum)) {
		err = code.ErrStale{Why: seal.ErrForeign}
	}
	var r *neighbourReader
	if err == nil {
		r, err = NewNeighbourReader(bufio.NewReaderSize(f, 1<<20), info.Size())
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, r, nil
}

// sameLayers returns the indexes of the file's layers that are wanted and unchanged, and a note on
// the wanted layers that have changed.
func (n *Neighbours) sameLayers(ctx context.Context, file []Layer, wanted []string) (kept []int, note string, err error) {
	for at, was := range file {
		if !slices.Contains(wanted, was.Name) || slices.ContainsFunc(file[:at], func(o Layer) bool { return o.Name == was.Name }) {
			continue
		}
		l, err := n.G.Ready(ctx, scheme.FactorNamed(was.Name))
		if err != nil {
			return nil, "", err
		}
		same, err := SameLayer(ctx, n.G, l, was)
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

// SameLayer reports whether a layer is unchanged. Its sampled blocks must be the same. If its file
// has another time, all of it must be the same.
func SameLayer(ctx context.Context, g rank.Layers, l *layer.Layer, was Layer) (bool, error) {
	fingerprint, err := LayerHash(ctx, g, l, layer.HashSample)
	if err != nil || fingerprint != was.Print {
		return false, err
	}
	if modified := l.Modified(); modified != 0 && modified == was.Modified {
		return true, nil
	}
	content, err := LayerHash(ctx, g, l, layer.HashAll)
	return content == was.Content, err
}

// LayerHash returns a hash of a layer, in hexadecimal digits.
func LayerHash(ctx context.Context, g rank.Layers, l *layer.Layer, sample func(context.Context, hash.Hash, *layer.Layer) error) (text string, err error) {
	err = g.Reading([]string{l.Name}, func() error {
		sum, err := l.Hash(ctx, sample)
		text = hex.EncodeToString(sum)
		return err
	})
	return text, err
}

// reduced returns a neighbourhood with only the kept layers, and without the rows that are in none
// of their lists. It equals one that was built with these layers alone.
func (n *Neighbours) reduced(place int, h *Neighbourhood, kept []int) *Neighbourhood {
	if len(kept) == len(h.Borders) {
		return h
	}
	out := &Neighbourhood{Borders: make([]Border, 0, len(kept))}
	var members []int
	for i, row := range h.Rows {
		listed := func(layer int) bool { return h.Borders[layer].holds(h.column(layer)[i], row) }
		if slices.ContainsFunc(kept, listed) {
			members, out.Rows = append(members, i), append(out.Rows, row)
		}
	}
	out.Rows = slices.Clip(out.Rows)
	out.Cosines = make([]float64, 0, len(kept)*len(members))
	for _, layer := range kept {
		out.Borders = append(out.Borders, h.Borders[layer])
		column := h.column(layer)
		for _, i := range members {
			out.Cosines = append(out.Cosines, column[i])
		}
	}
	out.Least = lowestOutside(n.base, int(n.Order[place]), out.Rows)
	return out
}

// holds reports whether a list with this border holds a row with the given cosine.
func (b Border) holds(cosine float64, row int32) bool {
	if b.whole() {
		return cosine == cosine // a NaN is not itself
	}
	return cosine > b.Cosine || cosine == b.Cosine && row <= b.Row
}

// head returns the head of a file of the layers, without Built.
func (n *Neighbours) head(ctx context.Context, layers []string) (Head, error) {
	h := n.identity()
	for _, name := range layers {
		l, err := n.G.Ready(ctx, scheme.FactorNamed(name))
		if err != nil {
			return h, err
		}
		is := Layer{Name: name, Modified: l.Modified()}
		if is.Print, err = LayerHash(ctx, n.G, l, layer.HashSample); err == nil {
			is.Content, err = LayerHash(ctx, n.G, l, layer.HashAll)
		}
		if err != nil {
			return h, fmt.Errorf("hashing %s: %w", name, err)
		}
		h.Layers = append(h.Layers, is)
	}
	return h, nil
}

// identity returns head without the layers.
func (n *Neighbours) identity() Head {
	order := sha256.New()
	_ = binary.Write(order, binary.LittleEndian, n.Order) // a hash accepts every write
	return Head{
		M: n.m, Seed: n.seed, Rows: n.G.Len(),
		Order: hex.EncodeToString(order.Sum(nil)), Candidates: n.base.Hash(),
	}
}

// CheckNeighbours checks a file of neighbourhoods against the gallery. damage says what is wrong
// with the file, and is nil if it is sound. stale says how the file differs from the gallery, and
// is "" if it does not.
func CheckNeighbours(ctx context.Context, g Gallery, dir fence.Folder, name string) (damage error, stale string, err error) {
	f, r, err := openNeighbours(ctx, dir, name)
	if err == nil {
		defer f.Close()
		err = r.All(func(int, *Neighbourhood) error { return ctx.Err() })
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
	if r.Head.Rows != g.Len() || r.Head.Candidates != base.Hash() {
		return nil, "is of other items", nil
	}
	for _, was := range r.Head.Layers {
		l, err := g.Layer(was.Name)
		if errors.As(err, new(*scheme.NameError)) {
			continue // a derived one that is not open, or one that is gone: no other is taken for it
		}
		same, err := SameLayer(ctx, g, l, was)
		if err != nil {
			return nil, "", err
		}
		if !same {
			return nil, fmt.Sprintf("is of another layer %s than there is", was.Name), nil
		}
	}
	return nil, "", nil
}
