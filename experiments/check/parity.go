package check

import (
	"context"
	"fmt"
	"math"

	"strata/experiments/table"
)

// Extractor computes features of new pictures as those of one gallery were
// computed. It is used by one goroutine at a time.
type Extractor interface {
	// Check computes n of the gallery's own pictures again and compares them with
	// their rows. It fails when they disagree, and says by how much.
	Check(ctx context.Context, n int) (Parity, error)
	// Features returns a vector for each layer that it can compute, with the
	// values that a row of the layer's matrix would hold.
	Features(ctx context.Context, path string) (map[string][]float32, error)
	// Recipe identifies all that features depend on beside the picture: the model,
	// the preprocessing, taps and poolings.
	Recipe() string
	Close() error
}

// Parity says how well features that are computed now agree with the gallery's.
type Parity struct {
	Pictures   int     `json:"pictures"`   // of the gallery, computed again
	Cosine     float64 `json:"cosine"`     // the smallest of all layers and pictures
	Layer      string  `json:"layer"`      // where it is the smallest
	ID         string  `json:"id"`         // the item where it is
	Difference float64 `json:"difference"` // the largest of a value, over the length of its row
}

// String says the figures; the cosine is rounded down.
func (p Parity) String() string {
	return fmt.Sprintf("parity %d pictures: cosine ≥ %.7g (layer %s, item %s), largest difference %.2g",
		p.Pictures, math.Floor(p.Cosine*1e7)/1e7, p.Layer, table.Quote(p.ID), p.Difference)
}
