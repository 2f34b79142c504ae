package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"strata/engine"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/onnx"
)

// plan.go finds out what is to be extracted, and refuses what cannot be before a picture is read.

// prepare reads everything but the pictures.
func (x *extraction) prepare(ctx context.Context) (err error) {
	if err := x.readItems(ctx); err != nil {
		return err
	}
	defer func() {
		if err != nil && x.Items == nil {
			err = errors.Join(err, x.items.Close())
		}
	}()
	if err := x.checkItems(); err != nil {
		return err
	}
	m, err := x.readModel(ctx)
	if err != nil {
		return err
	}
	if x.Loaded != nil {
		x.Loaded(x.record.SHA256, m.Path)
	}
	x.pipeline, err = openPipeline(ctx, m, pipelineOptions{
		Taps: x.Taps, Preset: x.Preset, Preprocess: x.Preprocess, Library: x.Library, Env: x.Env,
		Session: onnx.Options{Threads: 1, Provider: x.Provider},
	})
	if err != nil {
		return err
	}
	x.Taps, x.Preprocess = x.pipeline.plan.Taps, x.pipeline.preprocess
	return nil
}

// readItems reads gallery.yaml and opens the items. If there is no items table, every picture
// becomes one.
func (x *extraction) readItems(ctx context.Context) (err error) {
	if x.Into != "" {
		x.was = itemsOf(x.Items.Manifest())
	} else if x.was, err = manifest.Read(x.files, x.Gallery); err != nil {
		return err
	}
	if x.was == nil {
		x.was = &manifest.Manifest{}
	}
	if x.items = x.Items; x.items != nil {
		return nil
	}
	if !x.Append {
		left, err := listPictures(ctx, x.files, x.dir, x.was, x.FollowLinks)
		if err != nil {
			return err
		}
		for _, what := range left {
			if x.Left != nil {
				x.Left(what)
			}
		}
	}
	x.items, err = engine.OpenItems(ctx, x.Gallery, engine.OpenOptions{FollowLinks: x.FollowLinks})
	return err
}

// itemsOf returns what a manifest, which may be nil, says of items and pictures.
func itemsOf(m *manifest.Manifest) *manifest.Manifest {
	if m == nil {
		return nil
	}
	return &manifest.Manifest{Name: m.Name, Items: m.Items, Unknown: m.Unknown, Pictures: m.Pictures}
}

// checkTaps checks the names of the layers that are asked for.
func (x *extraction) checkTaps() error {
	if !x.Append && len(x.Taps) == 0 {
		return errors.New("no tap is asked for")
	}
	seen := map[string]bool{}
	for _, t := range x.Taps {
		if err := manifest.CheckLayerName(t.Name); err != nil {
			return fmt.Errorf("tap %q: %w", t.Name, err)
		}
		if seen[t.Name] {
			return fmt.Errorf("two taps are named %s", t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}

// checkItems checks that the items have pictures, and are those recorded if
// layers are extended.
func (x *extraction) checkItems() error {
	path, n := filepath.Join(x.Gallery, filepath.FromSlash(x.items.ItemsFile())), x.items.Len()
	picture := false
	for row := 0; row < n && !picture; row++ {
		picture = x.items.Picture(row) != ""
	}
	if !picture {
		return fmt.Errorf("%s: no item has a picture: a column image names them, relative to the folder", path)
	}
	if !x.Append {
		return nil
	}
	r := x.was.Items
	switch {
	case x.was.Model == nil || x.was.Preprocess == nil || r == nil || r.SHA256 == "":
		return fmt.Errorf("%s records no extraction that could be extended", filepath.Join(x.Gallery, manifest.FileName))
	case n < r.Rows:
		return fmt.Errorf("%s has %d items, %s records %d: items are only added", path, n, manifest.FileName, r.Rows)
	case x.items.HashIDs(r.Rows) != r.SHA256:
		return fmt.Errorf("%s: the ids of its first %d items are not those that the layers were extracted from: new items go to the end", path, r.Rows)
	}
	x.from = r.Rows
	return nil
}

// readModel reads the model and sets its record; for layers that are extended
// also the taps and the preprocessing.
func (x *extraction) readModel(ctx context.Context) (*onnx.Model, error) {
	if !x.Append {
		m, err := onnx.Read(x.Model)
		if err != nil {
			return nil, err
		}
		x.record, err = recordModel(ctx, m, x.dir)
		return m, err
	}
	m, record, err := modelFinder{x.dir, x.was.Model, x.Model, x.Env, x.Agree}.find(ctx)
	if err != nil {
		return nil, err
	}
	x.record = record
	x.Taps, x.Preset, x.Preprocess = nil, "", *x.was.Preprocess
	for _, name := range slices.Sorted(maps.Keys(x.was.Layers)) {
		if x.was.Layers[name].Tap == "" {
			continue
		}
		tap, err := recordedTap(name, x.was.Layers[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(x.Gallery, manifest.FileName), err)
		}
		x.Taps = append(x.Taps, tap)
	}
	if len(x.Taps) == 0 {
		return nil, fmt.Errorf("%s records no layer with a tap", filepath.Join(x.Gallery, manifest.FileName))
	}
	return m, nil
}

// typeOf returns the type of a layer's elements.
func (x *extraction) typeOf(la string) layer.DType {
	if l := x.was.Layers[la]; x.Append && l != nil {
		if l.Type == layer.Float32.String() {
			return layer.Float32
		}
		return layer.Float16
	}
	return x.Type
}

// place returns the file of a layer.
func (x *extraction) place(layer string) string {
	return filepath.Join(x.dir, filepath.FromSlash(x.file(layer)))
}

// file returns the name of a layer's file within the gallery.
func (x *extraction) file(layer string) string {
	if l := x.was.Layers[layer]; x.Append && l != nil && l.File != "" {
		return l.File
	}
	return layer + ".npy"
}

// checkTaken checks that no layer that is there is replaced unless that is asked
// for.
func (x *extraction) checkTaken(finished bool) error {
	if finished || x.Append || x.Force {
		return nil
	}
	for _, t := range x.Taps {
		if slices.Contains(x.left, t.Name) {
			continue
		}
		if l := x.was.Layers[t.Name]; l != nil && len(l.Files) > 0 {
			return fmt.Errorf("%s: layer %s is %s there; --force replaces it", manifest.FileName, t.Name, l.Files[0]+" and others")
		} else if l != nil && l.File != "" {
			return fmt.Errorf("%s: layer %s is %s there; --force replaces it", manifest.FileName, t.Name, l.File)
		}
		if _, err := os.Lstat(x.place(t.Name)); err == nil {
			return fmt.Errorf("%s is there; --force replaces it", x.place(t.Name))
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
