package rank

import (
	"context"

	"strata/engine/code"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// Layers has the layers that are searched, and what is made of them: a gallery.
type Layers interface {
	// Len returns the number of rows of every layer.
	Len() int
	// Layer returns a layer that is open.
	Layer(name string) (*layer.Layer, error)
	// Ready returns a layer, and makes a derived one that is not open.
	Ready(ctx context.Context, f scheme.Factor) (*layer.Layer, error)
	// CodesOf returns the codes of a layer, or nil when it has none.
	CodesOf(l *layer.Layer) *code.Codes
	// Reading calls work, which reads the named layers. It fails when a matrix has
	// changed since it was opened, or cannot be read.
	Reading(layers []string, work func() error) error
	// Transform returns the vector that an item has in a layer, given its vectors in
	// the gallery's own layers.
	Transform(ctx context.Context, name string, vectors map[string][]float32) ([]float32, error)
}
