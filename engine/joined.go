package engine

import (
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
