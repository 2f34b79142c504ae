package derive

import (
	"bytes"
	"context"
	"fmt"
	"io"
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

// FirstRow compares rows of so many bytes, and returns the first that differs, or -1.
func FirstRow(ctx context.Context, want, got io.Reader, rows, size int64) (int64, error) {
	block := max(1, (1<<20)/size)
	w, g := make([]byte, block*size), make([]byte, block*size)
	for row := int64(0); row < rows; row += block {
		n := min(block, rows-row)
		for _, r := range []struct {
			io.Reader
			to []byte
		}{{want, w}, {got, g}} {
			if _, err := io.ReadFull(r, r.to[:n*size]); err != nil {
				return -1, fmt.Errorf("rows %d to %d of %d: %w", row, row+n-1, rows, err)
			}
		}
		if ctx.Err() != nil {
			return -1, ctx.Err()
		}
		for i := range n {
			if !bytes.Equal(w[i*size:(i+1)*size], g[i*size:(i+1)*size]) {
				return row + i, nil
			}
		}
	}
	return -1, nil
}
