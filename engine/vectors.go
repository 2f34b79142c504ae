package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"strata/engine/kernel"
)

// Vectors is a query that is no item of the gallery, a new picture say: a vector
// for each of some layers. It is never changed, and owns its memory.
type Vectors struct {
	g      *Gallery
	hash   string
	values map[string][]float32 // as given
	layers map[string]vector
}

// vector is a query's part in one layer.
type vector struct {
	wide         []float64
	square, root float64 // NaN when the vector is zero or not finite: it has no score in the layer
}

// NewVectors makes a query of features: the values by layer, as a row of the
// layer's matrix would hold them. The vectors of derived layers follow from them.
// Layers may be left out; schemes that use one of those are then refused. An error names a layer that the gallery does not have,
// or both lengths when one does not fit.
func (g *Gallery) NewVectors(features map[string][]float32) (*Vectors, error) {
	v := &Vectors{g: g, values: make(map[string][]float32, len(features)), layers: make(map[string]vector, len(features))}
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(features)) {
		l, err := g.Layer(name)
		if err != nil {
			return nil, err
		}
		values := features[name]
		if len(values) != l.Dim {
			return nil, fmt.Errorf("layer %s has %d features, the query's vector has %d", name, l.Dim, len(values))
		}
		v.values[name], v.layers[name] = slices.Clone(values), newVector(values)
		h.Write(fmt.Appendf(nil, "layer %s %d\n", name, len(values)))
		h.Write(littleEndian(values))
	}
	v.hash = "sha256:" + hex.EncodeToString(h.Sum(nil))
	return v, nil
}

func newVector(values []float32) vector {
	v := vector{wide: make([]float64, len(values))}
	kernel.WidenF32(v.wide, values)
	var square [1]float64
	kernel.ScanF32(square[:], v.wide, values)
	v.square, v.root = square[0], math.Sqrt(square[0])
	if !(v.square > 0) || math.IsInf(v.square, 0) {
		v.square, v.root = math.NaN(), math.NaN()
	}
	return v
}

// littleEndian returns values as the bytes of a matrix file.
func littleEndian(values []float32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, x := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// Hash returns "sha256:" and 64 hexadecimal digits: the hash of the layers'
// names, lengths and values. Equal hashes are equal queries.
func (v *Vectors) Hash() string { return v.hash }

// Layers returns the names of the layers that the query has a vector for, sorted.
func (v *Vectors) Layers() []string { return slices.Sorted(maps.Keys(v.layers)) }

// has reports whether the query has a vector for a layer, or for that which it is
// derived from.
func (v *Vectors) has(layer string) bool {
	source, _, _ := strings.Cut(layer, "|")
	_, ok := v.layers[source]
	return ok
}

// check returns an error for a layer that the query has no vector for.
func (v *Vectors) check(layer string) error {
	if v.has(layer) {
		return nil
	}
	return fmt.Errorf("the query is no item of %s and has no vector for layer %s, only for %s: leave the layer out of the scheme",
		v.g.Name, layer, cmp.Or(strings.Join(v.Layers(), ", "), "none"))
}

// layer returns the query's part in a layer, and computes it for a derived one.
func (v *Vectors) layer(ctx context.Context, name string) (vector, error) {
	if part, ok := v.layers[name]; ok {
		return part, nil
	}
	if err := v.check(name); err != nil {
		return vector{}, err
	}
	values, err := v.g.Transform(ctx, name, v.values)
	if err != nil {
		return vector{}, err
	}
	return newVector(values), nil
}

// asked is what a search is for: the item in a row, or vectors, with the row -1.
type asked struct {
	row     int
	vectors *Vectors
}

// askedKey is what the columns of a query are kept under.
type askedKey struct {
	row  int
	hash string // of the vectors; "" for an item
}

func (a asked) key() askedKey {
	if a.vectors != nil {
		return askedKey{row: noRow, hash: a.vectors.hash}
	}
	return askedKey{row: a.row}
}

// noRow is the row of a query that is no item: nothing is left out for it.
const noRow = -1

// part returns the query's part in a layer. Of an item it holds the values only:
// their length is among those of the rows.
func (a asked) part(ctx context.Context, l *Layer) (vector, error) {
	if a.vectors != nil {
		return a.vectors.layer(ctx, l.Name)
	}
	v := vector{wide: make([]float64, l.Dim)}
	l.Widen(v.wide, a.row)
	return v, nil
}

// whole is part with the length of an item, too: the layer's lengths must be known.
func (a asked) whole(ctx context.Context, l *Layer) (vector, error) {
	v, err := a.part(ctx, l)
	if err == nil && a.vectors == nil {
		n := l.Lengths()
		v.square, v.root = n.Square[a.row], n.Root[a.row]
	}
	return v, err
}
