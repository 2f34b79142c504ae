package rank

import (
	"context"

	"strata/engine/code"
	"strata/engine/derive"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// Layers gives access to the layers of a gallery, and to their codes and derived layers.
type Layers interface {
	derive.Home
	// Candidates returns the rows that meet conditions.
	Candidates(conditions []scheme.Condition) (*items.Candidates, error)
	// Len returns the number of rows of every layer.
	Len() int
	// Layer returns an open layer.
	Layer(name string) (*layer.Layer, error)
	// Ready returns a layer. It makes a derived layer that is not open.
	Ready(ctx context.Context, f scheme.Factor) (*layer.Layer, error)
	// Parameters returns the fitted stages of a derived layer of a factor; dim is that of the layer
	// that it is derived from.
	Parameters(f scheme.Factor, dim int, l *layer.Layer) ([]*derive.Stage, error)
	// CodesOf returns the codes of a layer, or nil if it has none.
	CodesOf(l *layer.Layer) *code.Codes
	// Reading calls work, which reads the named layers. It fails when a matrix has changed since it
	// was opened, or cannot be read.
	Reading(layers []string, work func() error) error
	// Transform returns the vector of an item in a layer, given the item's vectors in the layers
	// that are not derived.
	Transform(ctx context.Context, name string, vectors map[string][]float32) ([]float32, error)
}
