package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/edsrzf/mmap-go"
)

// Gallery is an open gallery: its items table, in memory, and its layers,
// mapped. It owns the mappings until Close.
type Gallery struct {
	Name   string   // for people: that in gallery.yaml, the folder's, or that given to OpenFS
	Path   string   // the folder's absolute path, or the name given to OpenFS
	Layers []*Layer // by name

	items    *items
	manifest *Manifest // nil without gallery.yaml
	folder   fs.FS     // holds the items table and the matrices
	files    fs.FS     // holds the pictures; the same, but no link leads out of it
	root     *os.Root  // nil for OpenFS
	maps     []mmap.MMap

	pictures pictures

	labelsMu sync.Mutex
	labels   map[string]*Label // by name: those that follow from columns

	life        context.Context    // ends at Close: of what runs behind
	stop        context.CancelFunc // ends life
	fingerprint chan struct{}      // closed when the three below are set
	print       string
	prints      [][]byte // the layers' parts of it
	printErr    error
	derived     derivations
}

// Open opens the folder dir as a gallery. It reads the items table and the
// headers of the matrices, and maps those; it does not read the matrices.
//
// An error names the file, the row and the numbers. Every matrix must have as
// many rows as the items table, at most 2²⁰ features, a float32 or float16 type,
// C order and a file of just the right size. It and the items table may be links
// to files elsewhere; pictures may not (see OpenPicture).
func Open(ctx context.Context, dir string) (*Gallery, error) {
	g, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	return g.open(ctx, dir, g.mapMatrix)
}

// OpenItems opens the folder dir as a gallery without layers: its items table
// and its pictures are there to be read. Of gallery.yaml it takes where those are;
// it reads no matrices, and has no fingerprint.
func OpenItems(ctx context.Context, dir string) (*Gallery, error) {
	g, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	table, err := g.openItems(dir)
	if err == nil {
		defer table.Close()
		if g.items, err = readItems(ctx, table, 0); err != nil {
			err = fmt.Errorf("%s: %w", filepath.Join(dir, itemsFile), err)
		}
	}
	if err == nil {
		var m *Manifest
		if m, err = ReadManifest(g.folder, dir); m != nil {
			g.pictures.record = m.Pictures
		}
	}
	if err != nil {
		return nil, errors.Join(err, g.Close())
	}
	return g, nil
}

// openFolder returns a gallery of which nothing is read.
func openFolder(dir string) (*Gallery, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such folder", dir)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%s: a gallery is a folder, this is a file", dir)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &Gallery{Name: filepath.Base(path), Path: path, folder: os.DirFS(path), files: root.FS(), root: root}, nil
}

// OpenFS opens a gallery that lies in files, an embedded one say. Its matrices
// are read into memory.
func OpenFS(ctx context.Context, name string, files fs.FS) (*Gallery, error) {
	g := &Gallery{Name: name, Path: name, folder: files, files: files}
	return g.open(ctx, name, g.readMatrix)
}

// open reads the items table and the matrices, which load turns into bytes.
func (g *Gallery) open(ctx context.Context, place string, load func(string, *fileHead) error) (_ *Gallery, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, g.Close())
		}
	}()
	table, err := g.openItems(place)
	if err != nil {
		return nil, err
	}
	defer table.Close()
	var heads []fileHead
	var headErr error
	if g.manifest, headErr = ReadManifest(g.folder, place); headErr == nil {
		if g.manifest != nil && g.manifest.Name != "" {
			g.Name = g.manifest.Name
		}
		if g.manifest != nil {
			g.pictures.record = g.manifest.Pictures
		}
		heads, headErr = g.matrices(place, load)
	}
	rows := int64(0)
	if len(heads) > 0 {
		rows = heads[0].header.Rows
	}
	if g.items, err = readItems(ctx, table, rows); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(place, itemsFile), err)
	}
	if headErr != nil {
		return nil, headErr
	}
	for _, h := range heads {
		if n := int64(len(g.items.ids)); h.header.Rows != n {
			return nil, fmt.Errorf("%s: the matrix has %d rows, %s has %d items", h.path, h.header.Rows, itemsFile, n)
		}
		g.Layers = append(g.Layers, h.matrix())
	}
	g.life, g.stop = context.WithCancel(context.WithoutCancel(ctx))
	g.fingerprint = make(chan struct{})
	go func() {
		defer close(g.fingerprint)
		g.print, g.prints, g.printErr = g.takeFingerprint(g.life)
	}()
	return g, nil
}

// openItems opens the items table.
func (g *Gallery) openItems(place string) (fs.File, error) {
	table, err := openFile(g.folder, itemsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: a gallery needs an items table, and there is no %s", place, itemsFile)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(place, itemsFile), err)
	}
	return table, nil
}

// openFile opens a regular file. Others are refused before they are opened: that
// of a named pipe would wait for its writer. The error does not name the file.
func openFile(files fs.FS, name string) (fs.File, error) {
	var f fs.File
	info, err := fs.Stat(files, name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	if err == nil {
		f, err = files.Open(name)
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		err = pe.Err
	}
	return f, err
}

// fileHead is a matrix file whose header was read.
type fileHead struct {
	layer  string
	path   string // for messages
	header MatrixHead
	bytes  []byte      // the whole file
	info   fs.FileInfo // nil for OpenFS
}

// matrix returns the layer of the file.
func (h *fileHead) matrix() *Layer {
	m := h.header
	from := &source{path: h.path, data: h.bytes, info: h.info}
	row := int(m.RowBytes())
	return newLayer(h.layer, h.path, m.Type, int(m.Dim), []segment{newSegment(from, 0, int(m.Rows), int(m.Offset), row, row, m.Type)})
}

// matrices loads every .npy file of the folder that is a layer, in the order of
// the layers' names.
func (g *Gallery) matrices(place string, load func(string, *fileHead) error) ([]fileHead, error) {
	entries, err := fs.ReadDir(g.folder, ".")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place, err)
	}
	claimed := g.manifest.claimed()
	var heads []fileHead
	add := func(layer, file string) error {
		if !g.manifest.selected(layer) {
			return nil
		}
		h := fileHead{layer: layer, path: filepath.Join(place, filepath.FromSlash(file))}
		if !isLayerName(layer) {
			return fmt.Errorf("%s: %w; rename the file, or name it in %s", h.path, errLayerName, ManifestFile)
		}
		if err := load(file, &h); err != nil {
			return fmt.Errorf("%s: %w", h.path, err)
		}
		heads = append(heads, h)
		return nil
	}
	for _, e := range entries {
		layer, ok := strings.CutSuffix(e.Name(), ".npy")
		if !ok || strings.HasPrefix(layer, ".") || e.IsDir() || claimed[e.Name()] != nil {
			continue
		}
		if file := g.manifest.file(layer); file != "" {
			return nil, fmt.Errorf("%s: %s says that layer %s is %s", filepath.Join(place, e.Name()), ManifestFile, layer, file)
		}
		if err := add(layer, e.Name()); err != nil {
			return nil, err
		}
	}
	for _, file := range slices.Sorted(maps.Keys(claimed)) {
		for _, layer := range claimed[file] {
			if err := add(layer, file); err != nil {
				return nil, err
			}
		}
	}
	if err := g.manifest.complete(place, func(layer string) bool {
		return slices.ContainsFunc(heads, func(h fileHead) bool { return h.layer == layer })
	}); err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return nil, fmt.Errorf("%s: a gallery needs at least one layer, and there is no .npy file", place)
	}
	slices.SortFunc(heads, func(a, b fileHead) int { return strings.Compare(a.layer, b.layer) })
	return heads, nil
}

func isLayerName(s string) bool {
	if s == "" || !isLetter(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return false
		}
	}
	return true
}

// mapMatrix maps a matrix file read-only, after its size was checked against
// its header.
func (g *Gallery) mapMatrix(name string, h *fileHead) error {
	f, err := openFile(g.folder, name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if h.header, err = ReadMatrixHead(f, info.Size()); err != nil {
		return err
	}
	m, err := mmap.Map(f.(*os.File), mmap.RDONLY, 0)
	if err != nil {
		return fmt.Errorf("mapping %d bytes: %w", info.Size(), err)
	}
	g.maps = append(g.maps, m)
	h.bytes, h.info = m, info
	return nil
}

// readMatrix reads a matrix file into memory.
func (g *Gallery) readMatrix(name string, h *fileHead) error {
	data, err := fs.ReadFile(g.folder, name)
	if err != nil {
		return err
	}
	h.header, err = ReadMatrixHead(bytes.NewReader(data), int64(len(data)))
	h.bytes = data
	return err
}

// Close unmaps the matrices and the codes. No search may be running. It cancels
// what is being derived and waits for it.
func (g *Gallery) Close() error {
	if g.fingerprint != nil {
		g.stop()
		<-g.fingerprint // it reads the mappings
	}
	errs := []error{g.derived.close(), g.pictures.close()}
	for _, m := range g.maps {
		errs = append(errs, m.Unmap())
	}
	g.maps = nil
	for _, l := range g.Layers {
		errs = append(errs, l.codes.Swap(nil).close())
	}
	if g.root != nil {
		errs = append(errs, g.root.Close())
	}
	return errors.Join(errs...)
}

// Len returns the number of items.
func (g *Gallery) Len() int { return len(g.items.ids) }

// Layer returns the layer with the name, or the derived layer if it is open.
func (g *Gallery) Layer(name string) (*Layer, error) {
	if strings.Contains(name, "|") {
		if l := g.derived.layer(name); l != nil {
			return l, nil
		}
		return nil, &NameError{Kind: "derived layer", Name: name, In: g.Name}
	}
	i, ok := slices.BinarySearchFunc(g.Layers, name, func(l *Layer, name string) int { return strings.Compare(l.Name, name) })
	if !ok {
		known := make([]string, len(g.Layers))
		for j, l := range g.Layers {
			known[j] = l.Name
		}
		return nil, &NameError{Kind: "layer", Name: name, In: g.Name, Known: nearest(name, known)}
	}
	return g.Layers[i], nil
}

// ParseScheme parses a scheme and checks that its layers exist and that their
// transforms fit. An error is a *SchemeError.
func (g *Gallery) ParseScheme(text string) (Scheme, error) {
	return parseScheme(text, func(f Factor) (int, string) {
		l, err := g.Layer(f.Layer)
		if err != nil {
			return 0, err.Error()
		}
		_, err = f.Dim(l.Dim, l.Rows)
		if e := (*DimError)(nil); errors.As(err, &e) {
			return 1 + e.Transform, e.Reason
		}
		return 0, ""
	})
}
