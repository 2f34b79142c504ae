package sweep

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"strata/engine/manifest"
	"strata/engine/onnx"
)

// Point is a layer of a sweep.
type Point struct {
	Depth   int // from 1 on
	Tensor  string
	Pooling onnx.Pooling
	Layer   string // its name
}

// maxName is the length of the longest tensor name that names layers, too.
const maxName = 32

// defaultPoolings are those of a network whose tokens begin with a class token, or of another.
func defaultPoolings(t onnx.Tensor) []onnx.Pooling {
	if t.Before() > 0 {
		return []onnx.Pooling{{Op: onnx.CLS}, {Op: onnx.Patches, Count: -1}}
	}
	return []onnx.Pooling{{Op: onnx.GAP}}
}

// points returns the layers of tensors and poolings, by depth. A vector has nothing to pool,
// and is one layer.
func points(tensors []onnx.Tensor, poolings []onnx.Pooling) ([]Point, error) {
	if len(poolings) == 0 {
		poolings = defaultPoolings(tensors[0])
	}
	own := !slices.ContainsFunc(tensors, func(t onnx.Tensor) bool {
		return manifest.CheckLayerName(t.Name) != nil || len(t.Name) > maxName
	})
	width := len(fmt.Sprint(len(tensors)))
	var out []Point
	seen := map[string]bool{}
	for i, t := range tensors {
		name := t.Name
		if !own {
			name = fmt.Sprintf("block%0*d", width, i+1)
		}
		of := poolings
		if t.Kind == onnx.Vector {
			of = []onnx.Pooling{{Op: onnx.Flat}}
		}
		for _, p := range of {
			layer := name + "-" + strings.NewReplacer("(", "", ")", "").Replace(p.String())
			if seen[layer] {
				return nil, fmt.Errorf("pooling %v is asked for twice", p)
			}
			seen[layer] = true
			out = append(out, Point{Depth: i + 1, Tensor: t.Name, Pooling: p, Layer: layer})
		}
	}
	return out, nil
}

// taps returns the taps of points.
func taps(points []Point, seed uint64) []onnx.Tap {
	var out []onnx.Tap
	for _, p := range points {
		out = append(out, onnx.Tap{Name: p.Layer, Tensor: p.Tensor, Pooling: p.Pooling, Seed: seed})
	}
	return out
}

// ErrKeep is the error of layers to keep that are none of the sweep's.
var ErrKeep = errors.New("no such layer in this sweep")

// named returns the points of the layers with names.
func named(all []Point, names []string) ([]Point, error) {
	var out []Point
	for _, name := range names {
		i := slices.IndexFunc(all, func(p Point) bool { return p.Layer == name })
		if i < 0 {
			var known []string
			for _, p := range all[:min(len(all), 6)] {
				known = append(known, p.Layer)
			}
			return nil, fmt.Errorf("layer %q to keep: %w; there is %s and so on", name, ErrKeep, strings.Join(known, ", "))
		}
		if !slices.Contains(out, all[i]) {
			out = append(out, all[i])
		}
	}
	return out, nil
}
