package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"strata/engine/aside"
	"strata/engine/derive"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// Transform returns the vector that an item has in a layer, derived or not, given
// its vectors in the gallery's own layers: for a picture that is no item. A
// vector that is zero or not finite stays without a score: it becomes zero.
func (g *Gallery) Transform(ctx context.Context, name string, vectors map[string][]float32) ([]float32, error) {
	f, err := scheme.ParseFactor(name)
	if err != nil {
		return nil, err
	}
	l, err := g.Ready(ctx, f)
	if err != nil {
		return nil, err
	}
	source, err := g.Layer(f.Layer)
	if err != nil {
		return nil, err
	}
	v, ok := vectors[f.Layer]
	switch {
	case !ok:
		return nil, fmt.Errorf("%s: there is no vector of layer %s", name, f.Layer)
	case len(v) != source.Dim:
		return nil, fmt.Errorf("%s: the vector of layer %s has %d features, the layer %d", name, f.Layer, len(v), source.Dim)
	case len(f.Transforms) == 0:
		return slices.Clone(v), nil
	}
	stages, err := g.derived.parameters(f, source.Dim, l)
	if err != nil {
		return nil, err
	}
	x := derive.Finite(v)
	var w derive.Workspace
	for _, s := range stages {
		next := make([]float32, s.Out)
		s.Apply(next, x, 1, &w)
		x = next
	}
	return x, nil
}

// Parameters returns the fitted stages of a derived layer; dim is that of the layer that it
// is derived from.
func (g *Gallery) Parameters(f scheme.Factor, dim int, l *layer.Layer) ([]*derive.Stage, error) {
	return g.derived.parameters(f, dim, l)
}

// parameters returns the fitted stages of a derived layer.
func (d *derivations) parameters(f scheme.Factor, dim int, l *layer.Layer) ([]*derive.Stage, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if stages := d.stages[l.Name]; stages != nil && d.layer(l.Name) == l {
		return stages, nil
	}
	r := d.opened()[l.Name].recipe
	values, err := r.ReadParameters(r.Folder, f, dim)
	if err != nil {
		return nil, err
	}
	stages, err := r.RestoreStages(f, dim, values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(filepath.Dir(l.File), r.Values.File), err)
	}
	d.stages[l.Name] = stages
	return stages, nil
}

// SaveAs writes a layer into the gallery's folder as the layer of another name,
// and returns the file's path. The open gallery does not have it; opened again it
// does, and has another fingerprint.
func SaveAs(g *Gallery, l *layer.Layer, name string) (string, error) {
	switch {
	case g.root == nil:
		return "", fmt.Errorf("%s lies in no folder, so no layer can be saved in it", g.Name)
	case !scheme.IsLayerName(name):
		return "", &scheme.NameError{Kind: "place for a layer named", Name: name, In: g.Name}
	}
	path := filepath.Join(g.Path, name+".npy")
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s: there is such a file already", path)
	}
	file, err := aside.Create(path)
	if err != nil {
		return "", err
	}
	defer file.Abandon()
	head := layer.MatrixHead{Type: l.Type, Rows: int64(l.Rows), Dim: int64(l.Dim)}
	_, err = file.Write(head.Encode())
	l.Runs(0, l.Rows, func(_ int, b []byte) {
		if err == nil {
			_, err = file.Write(b)
		}
	})
	if err != nil {
		return "", err
	}
	return path, file.Publish()
}
