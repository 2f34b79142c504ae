package derive

import (
	"context"
	"math"
	"slices"

	"strata/engine/layer"
)

// Differs computes rows of a derived layer again, from the rows of its source and the
// stages that were fitted, and compares them with those of the layer bit for bit. It
// returns the first row that differs, or -1. rows are ascending.
func Differs(ctx context.Context, derived, source *layer.Layer, stages []*Stage, rows []int) (int, error) {
	feed := &Feed{Layer: source, rows: rows, Stages: stages}
	if len(rows) == 0 {
		return -1, ctx.Err()
	}
	at, bad := 0, -1
	kept := make([]float64, derived.Dim)
	err := feed.each(ctx, func(x []float32, n int) error {
		for r := 0; r < n && bad < 0; r++ {
			derived.Widen(kept, rows[at+r])
			if !slices.EqualFunc(x[r*derived.Dim:(r+1)*derived.Dim], kept, same) {
				bad = rows[at+r]
			}
		}
		at += n
		return nil
	})
	return bad, err
}

// same reports whether a value is the one that was widened, bit for bit but for what kind
// of NaN it is.
func same(x float32, wide float64) bool {
	return math.Float32bits(x) == math.Float32bits(float32(wide)) || x != x && wide != wide
}
