package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"strata/engine/manifest"
)

// With returns a gallery of the same items and pictures whose layers are the .npy files of
// another folder, and no others. What that folder's gallery.yaml says of them holds.
// Nothing is kept for it in the folder of g. It is closed before g is.
func (g *Gallery) With(ctx context.Context, dir string) (_ *Gallery, err error) {
	w := &Gallery{Name: g.Name, Path: g.Path, Kind: g.Kind, items: g.items, folder: g.folder, listed: g.listed}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	files := os.DirFS(dir)
	if w.manifest, err = manifest.Read(files, dir); err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.npy")
	if err != nil {
		return nil, err
	}
	o := &opener{g: w, place: dir, files: map[string]*matrixFile{}}
	defer o.close()
	for _, name := range names {
		path := filepath.Join(dir, name)
		m, err := openMatrix(ctx, files, name, path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		o.files[name] = m
		o.found = append(o.found, &foundLayer{name: strings.TrimSuffix(name, ".npy"), path: path, pieces: []piece{{file: m, array: m.arrays[0]}}})
	}
	if w.Layers, err = o.settle(ctx, w.Len()); err != nil {
		return nil, err
	}
	w.begin(ctx)
	return w, nil
}
