package engine

import (
	"context"
	"fmt"
	"math"
)

// Joined is a scheme as one vector an item, whose inner products are the scheme's
// scores but for float32's rounding: what an index of single vectors holds. Of a sum
// that is the layers' rows of length 1, each scaled by √(w/Σw); of a concatenation the
// rows, scaled by w, and all of that to length 1. It is read-only, may be used
// concurrently, and dies with its gallery.
type Joined struct {
	scheme Scheme
	layers []*Layer
	scale  []float64 // by layer
	dim    int
}

// Dim returns the length of a vector.
func (j *Joined) Dim() int { return j.dim }

// Row sets dst, of length Dim, to the vector of an item. It reports false for one
// without a score in a layer, and leaves dst undefined.
func (j *Joined) Row(dst []float32, row int) (scored bool, err error) {
	err = guard(func() error {
		wide := make([]float64, 0, j.dim)
		var square float64
		for i, l := range j.layers {
			n := l.Lengths()
			at := len(wide)
			wide = wide[:at+l.Dim]
			l.Widen(wide[at:], row)
			scale := j.scale[i]
			if j.scheme.Kind == Sum {
				scale /= n.Root[row]
			}
			square += float64(scale * scale * n.Square[row])
			for d := range wide[at:] {
				wide[at+d] *= scale
			}
		}
		if math.IsNaN(square) {
			return nil
		}
		scored = true
		root := math.Sqrt(square)
		for d, v := range wide {
			dst[d] = float32(v / root)
		}
		return nil
	})
	return scored, err
}

// Join returns a sum or a concatenation as vectors. It makes derived layers, and reads
// layers that were not scanned yet.
func Join(ctx context.Context, g Layers, scheme Scheme) (*Joined, error) {
	if scheme.Kind == RRF {
		return nil, fmt.Errorf("%s: a fusion of rankings is no product of vectors", scheme)
	}
	j := &Joined{scheme: scheme}
	return j, g.reading(scheme.Layers(), func() error {
		var total float64
		for _, t := range scheme.Terms {
			if t.Weight == 0 {
				continue
			}
			l, err := g.ready(ctx, t.Factor)
			if err != nil {
				return err
			}
			if err := l.measure(ctx); err != nil {
				return fmt.Errorf("measuring %s: %w", l.Name, err)
			}
			total += t.Weight
			j.layers, j.scale, j.dim = append(j.layers, l), append(j.scale, t.Weight), j.dim+l.Dim
		}
		for i, w := range j.scale {
			if scheme.Kind == Sum {
				j.scale[i] = math.Sqrt(w / total)
			}
		}
		return nil
	})
}
