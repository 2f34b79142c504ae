package rank

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

	"strata/engine/items"
	"strata/engine/layer"
)

// Vectors is a query outside the gallery, such as a new picture: a vector for each of some layers.
// It is immutable, and owns its memory.
type Vectors struct {
	g      Layers
	of     string // the gallery's name
	hash   string
	values map[string][]float32 // as given
	layers map[string]layer.Vector
}

// littleEndian returns the values as the bytes of a matrix file.
func littleEndian(values []float32) []byte {
	b := make([]byte, 0, 4*len(values))
	for _, x := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// Hash returns "sha256:" and 64 hexadecimal digits: the hash of the layers' names, lengths and
// values. Equal hashes mean equal queries.
func (v *Vectors) Hash() string { return v.hash }

// Layers returns the names of the layers that the query has a vector for, sorted.
func (v *Vectors) Layers() []string { return slices.Sorted(maps.Keys(v.layers)) }

// Has reports whether the query has a vector for a layer, or for the layer that it is derived from.
func (v *Vectors) Has(layer string) bool {
	source, _, _ := strings.Cut(layer, "|")
	_, ok := v.layers[source]
	return ok
}

// check returns an error if the query has no vector for the layer.
func (v *Vectors) check(layer string) error {
	if v.Has(layer) {
		return nil
	}
	return fmt.Errorf("the query is no item of %s and has no vector for layer %s, only for %s: leave the layer out of the scheme",
		v.of, layer, cmp.Or(strings.Join(v.Layers(), ", "), "none"))
}

// Layer returns the query's vector in a layer. It computes the vector of a derived layer.
func (v *Vectors) Layer(ctx context.Context, name string) (layer.Vector, error) {
	if part, ok := v.layers[name]; ok {
		return part, nil
	}
	if err := v.check(name); err != nil {
		return layer.Vector{}, err
	}
	values, err := v.g.Transform(ctx, name, v.values)
	if err != nil {
		return layer.Vector{}, err
	}
	return layer.NewVector(values), nil
}

// Asked is the query of a search: an item by its row, or vectors with row -1; or vectors in the place
// of an item, whose candidates they have.
type Asked struct {
	Row     int
	vectors *Vectors
}

// queryKey is the key of a query's columns.
type queryKey struct {
	row  int
	hash string // of the vectors; "" for an item
}

// item returns the row of a query whose features are the item's own, or items.NoRow.
func (a Asked) item() int {
	if a.vectors != nil {
		return items.NoRow
	}
	return a.Row
}

func (a Asked) key() queryKey {
	if a.vectors != nil {
		return queryKey{row: items.NoRow, hash: a.vectors.hash}
	}
	return queryKey{row: a.Row}
}

// part returns the query's vector in a layer. For an item it sets the values only; the lengths of
// the rows hold its length.
func (a Asked) part(ctx context.Context, l *layer.Layer) (layer.Vector, error) {
	if a.vectors != nil {
		return a.vectors.Layer(ctx, l.Name)
	}
	v := layer.Vector{Wide: make([]float64, l.Dim)}
	l.Widen(v.Wide, a.Row)
	return v, nil
}

// whole is part with the length of an item, too. The layer's lengths must be known.
func (a Asked) whole(ctx context.Context, l *layer.Layer) (layer.Vector, error) {
	v, err := a.part(ctx, l)
	if err == nil && a.vectors == nil {
		n := l.Lengths()
		v.Square, v.Root = n.Square[a.Row], n.Root[a.Row]
	}
	return v, err
}

// NewVectors makes a query of features for the layers of g. of is the gallery's name in errors. See
// Gallery.NewVectors.
func NewVectors(g Layers, of string, features map[string][]float32) (*Vectors, error) {
	v := &Vectors{g: g, of: of, values: make(map[string][]float32, len(features)), layers: make(map[string]layer.Vector, len(features))}
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
		v.values[name], v.layers[name] = slices.Clone(values), layer.NewVector(values)
		h.Write(fmt.Appendf(nil, "layer %s %d\n", name, len(values)))
		h.Write(littleEndian(values))
	}
	v.hash = "sha256:" + hex.EncodeToString(h.Sum(nil))
	return v, nil
}
