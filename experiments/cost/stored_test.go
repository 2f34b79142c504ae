package cost

import (
	"math"
	"slices"
	"testing"

	"strata/engine/layer"
	"strata/experiments/internal/testgallery"
)

// nearest returns the nearest of the numbers that float16 or bfloat16 holds: 2 to the given number
// of digits is between two powers of 2, and the least power is 2 to the least.
func nearest(v float32, digits, least int, largest float64) float32 {
	if v == 0 || math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return v
	}
	_, e := math.Frexp(float64(v))
	unit := math.Ldexp(1, max(e-1, least)-digits)
	w := math.RoundToEven(float64(v)/unit) * unit
	if math.Abs(w) > largest {
		w = math.Inf(int(math.Copysign(1, w)))
	}
	return float32(w)
}

// held returns a row in another type.
func held(row []float32, t layer.DType) []float32 {
	out := make([]float32, len(row))
	most := 0.0
	for _, v := range row {
		most = max(most, math.Abs(float64(v)))
	}
	for i, v := range row {
		switch t {
		case layer.Float16:
			out[i] = nearest(v, 10, -14, 65504)
		case layer.BFloat16:
			out[i] = nearest(v, 7, -126, math.MaxFloat64)
		default:
			if most > 0 && !math.IsInf(most, 1) {
				out[i] = float32(math.RoundToEven(float64(v) / most * 127))
			}
		}
	}
	return out
}

// TestStored compares the ways of types with sorting a gallery of converted rows.
func TestStored(t *testing.T) {
	c, tab := costOf(t, "A+C", "concat(B,0.5*C)", "B")
	tab.Layers["B"][7][0] = 70000 // float16 has no such number
	c.Gallery = tab.Open(t)
	c.Stored, c.Bits, c.PCA, c.Graph, c.Depths = layer.Narrower(), nil, nil, nil, []int{20}
	costs, err := c.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	some := 0
	for _, s := range costs.Schemes {
		for _, typ := range c.Stored {
			other := &testgallery.Table{IDs: tab.IDs, Group: tab.Group, Split: tab.Split, Layers: map[string][][]float32{}}
			for name, rows := range tab.Layers {
				for _, row := range rows {
					other.Layers[name] = append(other.Layers[name], held(row, typ))
				}
			}
			var sum float64
			queries, changed := 0, 0
			for q := range tab.IDs {
				if tab.Split[q] == "gallery" {
					continue
				}
				exact, scores := tab.Rank(q, s.Scheme, nil)
				exact = slices.DeleteFunc(exact, func(r int) bool { return math.IsNaN(scores[r]) })
				exact = exact[:min(c.K, len(exact))]
				if len(exact) == 0 {
					continue
				}
				found, by := other.Rank(q, s.Scheme, nil)
				found = slices.DeleteFunc(found, func(r int) bool { return math.IsNaN(by[r]) })
				n := 0
				for _, r := range found[:min(c.K, len(found))] {
					if scores[r] >= scores[exact[len(exact)-1]] {
						n++
					}
				}
				queries++
				sum += float64(min(n, len(exact))) / float64(len(exact))
				if n < len(exact) {
					changed++
				}
			}
			w := s.way(t, typ.String(), 0)
			if w.Recall.N != queries || math.Abs(w.Recall.Value-sum/float64(queries)) > 1e-12 || w.Changed != float64(changed)/float64(queries) {
				t.Errorf("%s as %s: recall %v over %d, changed %v; sorting gives %v over %d, %v", s.Scheme, typ,
					w.Recall.Value, w.Recall.N, w.Changed, sum/float64(queries), queries, float64(changed)/float64(queries))
			}
			if w.Bytes*4 != s.way(t, "exact", 0).Bytes*typ.Size() {
				t.Errorf("%s as %s: %d bytes", s.Scheme, typ, w.Bytes)
			}
			some += changed
		}
	}
	if some == 0 {
		t.Error("no type changes anything")
	}
}
