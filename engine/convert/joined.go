package convert

import (
	"context"
	"fmt"
	"math"

	"strata/engine/layer"
	"strata/engine/rank"
	"strata/engine/scheme"
)

// Joined represents a scheme as one vector for each item, as an index of single vectors holds it.
// Inner products are the scheme's scores, but for float32 rounding. For a sum, the vector
// concatenates the layers' rows of length 1, each scaled by √(w/Σw). For a concatenation, it
// concatenates the rows, each scaled by w, and is then scaled to length 1. Joined is read-only, may
// be used concurrently, and dies with its gallery.
type Joined struct {
	scheme scheme.Scheme
	layers []*layer.Layer
	scale  []float64 // by layer
	dim    int
}

// Dim returns the length of a vector.
func (j *Joined) Dim() int { return j.dim }

// Row sets dst, of length Dim, to the vector of an item. For an item without a score in a layer it
// reports false, and dst is undefined.
func (j *Joined) Row(dst []float32, row int) (scored bool, err error) {
	err = layer.Guard(func() error {
		wide := make([]float64, 0, j.dim)
		var square float64
		for i, l := range j.layers {
			n := l.Lengths()
			at := len(wide)
			wide = wide[:at+l.Dim]
			l.Widen(wide[at:], row)
			scale := j.scale[i]
			if j.scheme.Kind == scheme.Sum {
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

// Join returns a sum or a concatenation as vectors. It makes derived layers, and computes the
// lengths of layers that were not scanned yet.
func Join(ctx context.Context, g rank.Layers, s scheme.Scheme) (*Joined, error) {
	if !s.Products() {
		return nil, fmt.Errorf("%s: it is no product of vectors; only a sum or a concatenation of layers is", s)
	}
	j := &Joined{scheme: s}
	return j, g.Reading(s.Layers(), func() error {
		var total float64
		for _, t := range s.Terms {
			if t.Weight == 0 {
				continue
			}
			l, err := g.Ready(ctx, t.Factor)
			if err != nil {
				return err
			}
			if err := l.Measure(ctx); err != nil {
				return fmt.Errorf("measuring %s: %w", l.Name, err)
			}
			total += t.Weight
			j.layers, j.scale, j.dim = append(j.layers, l), append(j.scale, t.Weight), j.dim+l.Dim
		}
		for i, w := range j.scale {
			if s.Kind == scheme.Sum {
				j.scale[i] = math.Sqrt(w / total)
			}
		}
		return nil
	})
}
