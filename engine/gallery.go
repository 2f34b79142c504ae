package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/edsrzf/mmap-go"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/picture"
	"strata/engine/scheme"
)

// Gallery is an open gallery: its items table, in memory, and its layers,
// mapped. It owns the mappings until Close.
type Gallery struct {
	Name   string         // for people: that in gallery.yaml, the folder's, or that given to OpenFS
	Path   string         // the folder's absolute path, or the name given to OpenFS
	Layers []*layer.Layer // by name

	// Notes says what of the folder is left out, a line for each cause: FILE: WHAT.
	// Remarks are the same of what need not be looked at.
	Notes, Remarks []string
	Kind           string // what the folder is taken for, for people: "clip-retrieval output, 13 shards"

	items    *items.Table
	manifest *manifest.Manifest // nil without gallery.yaml
	folder   fs.FS              // holds the items table, the matrices and the pictures
	root     *os.Root           // nil for OpenFS
	maps     []mmap.MMap

	pictures *picture.Pictures
	coded    coded

	judgements []items.JudgementSource // of labels that are no columns

	labels *items.Labels

	flags *Flagging

	life    context.Context    // ends at Close: of what runs behind
	stop    context.CancelFunc // ends life
	prints  prints
	derived derivations
}

// Open opens the folder dir as a gallery. It reads the items table and the
// headers of the matrices, and maps those; it does not read the matrices, but for
// those that are compressed: see OpenWith.
//
// An error names the file, the row and the numbers. Every matrix must have as
// many rows as there are items, and at most 2²⁰ features. A file of the folder, gallery.yaml,
// items table, matrix or picture, may be a link to another in it; one that leads out is
// an error, unless OpenOptions say otherwise.
func Open(ctx context.Context, dir string) (*Gallery, error) {
	return OpenWith(ctx, dir, OpenOptions{})
}

// OpenOptions says how a gallery is opened.
type OpenOptions struct {
	// Unpacking, if set, reports progress while a compressed matrix is unpacked: bytes
	// done, of the given total. It is called from the goroutine that opens the gallery.
	Unpacking func(file string, bytes, of int64)
	// FollowLinks lets symbolic links lead out of the gallery's folder.
	FollowLinks bool
}

// OpenWith is Open with options. What is compressed is unpacked once, into the folder
// of Derived.
func OpenWith(ctx context.Context, dir string, o OpenOptions) (*Gallery, error) {
	g, err := openFolder(dir, o.FollowLinks)
	if err != nil {
		return nil, err
	}
	return openIn(ctx, g, dir, o)
}

// OpenItems opens the folder dir as a gallery without layers: its items table
// and its pictures are there to be read. Of gallery.yaml it takes where those are;
// it reads no matrices, and has no fingerprint.
func OpenItems(ctx context.Context, dir string, o OpenOptions) (*Gallery, error) {
	g, err := openFolder(dir, o.FollowLinks)
	if err != nil {
		return nil, err
	}
	var files tableFiles
	m, err := manifest.Read(g.folder, dir)
	if err == nil {
		files, err = findTable(g.folder, dir, m)
	}
	if err == nil {
		g.items, err = readTable(ctx, g.folder, dir, files, 0, m)
	}
	if err != nil {
		return nil, errors.Join(err, g.Close())
	}
	g.manifest = m
	g.list(m)
	g.readFlags()
	g.pictures = newPictures(context.WithoutCancel(ctx), g)
	g.Kind = kind(nil, files, m)
	return g, nil
}

// openFolder returns a gallery of which nothing is read. With follow, links may lead out
// of its folder.
func openFolder(dir string, follow bool) (*Gallery, error) {
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
	g := &Gallery{Name: filepath.Base(path), Path: path}
	g.root, g.folder, err = layer.OpenFolder(path, follow)
	return g, err
}

// OpenFS opens a gallery that lies in files, an embedded one say. Its matrices
// are read into memory.
func OpenFS(ctx context.Context, name string, files fs.FS) (*Gallery, error) {
	g := &Gallery{Name: name, Path: name, folder: files}
	return openIn(ctx, g, name, OpenOptions{})
}

// openIn reads the items table of a gallery and finds the matrices.
func openIn(ctx context.Context, g *Gallery, place string, options OpenOptions) (_ *Gallery, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, g.Close())
		}
	}()
	o := &opener{g: g, place: place, o: options, files: map[string]*matrixFile{}}
	defer o.close()
	var headErr error
	g.manifest, headErr = manifest.Read(g.folder, place)
	if o.table, err = findTable(g.folder, place, g.manifest); err != nil {
		return nil, errors.Join(err, headErr)
	}
	if headErr == nil {
		if g.manifest != nil && g.manifest.Name != "" {
			g.Name = g.manifest.Name
		}
		headErr = o.find(ctx)
	}
	if g.items, err = readTable(ctx, g.folder, place, o.table, o.rows(), g.manifest); err != nil {
		return nil, err
	}
	for _, n := range g.items.Notes {
		g.note("%s: %s", o.table.shown, n)
	}
	if headErr != nil {
		return nil, headErr
	}
	if err := o.readJudgements(ctx); err != nil {
		return nil, err
	}
	g.list(g.manifest)
	if g.Layers, err = o.settle(ctx, len(g.items.IDs)); err != nil {
		return nil, err
	}
	o.sayLeft()
	g.readFlags()
	g.Kind = kind(g.Layers, o.table, g.manifest)
	g.begin(ctx)
	return g, nil
}

// begin makes the pictures ready, and begins what runs behind an open gallery: taking its
// fingerprint.
func (g *Gallery) begin(ctx context.Context) {
	g.life, g.stop = context.WithCancel(context.WithoutCancel(ctx))
	g.pictures = newPictures(g.life, g)
	g.derived.life, g.derived.home, g.derived.prints, g.derived.layers = g.life, g.home(), &g.prints, g.Layers
	g.Beside()
	g.prints.taken = make(chan struct{})
	go g.prints.take(g.life, newHashing(g))
}

// newPictures returns the pictures that the items table and the manifest, which may be nil,
// name. Reading them ends with life.
func newPictures(life context.Context, g *Gallery) *picture.Pictures {
	p := &picture.Pictures{Files: g.folder, Place: filepath.Join(g.Path, manifest.FileName), Items: g.items, Life: life}
	if g.root != nil {
		p.Kept = g
	}
	if g.manifest != nil {
		p.Record = g.manifest.Pictures
	}
	return p
}

// Picture is Pictures.Name.
func (g *Gallery) Picture(row int) string { return g.pictures.Name(row) }

// OpenPicture is Pictures.Open.
func (g *Gallery) OpenPicture(row int) (io.ReadCloser, error) { return g.pictures.Open(row) }

// Shards is Pictures.Shards.
func (g *Gallery) Shards() (*picture.Shards, error) { return g.pictures.Shards() }

// note adds a line to Notes.
func (g *Gallery) note(format string, args ...any) {
	g.Notes = append(g.Notes, fmt.Sprintf(format, args...))
}

// Close unmaps the matrices and the codes. No search may be running. It cancels
// what is being derived and waits for it.
func (g *Gallery) Close() error {
	if g.prints.taken != nil {
		g.stop()
		<-g.prints.taken // it reads the mappings
	}
	errs := []error{g.derived.close(), g.pictures.Close()}
	for _, m := range g.maps {
		errs = append(errs, m.Unmap())
	}
	g.maps = nil
	errs = append(errs, g.coded.close(g.Layers))
	if g.root != nil {
		errs = append(errs, g.root.Close())
	}
	return errors.Join(errs...)
}

// Len returns the number of items.
func (g *Gallery) Len() int { return len(g.items.IDs) }

// Layer returns the layer with the name, or the derived layer if it is open.
func (g *Gallery) Layer(name string) (*layer.Layer, error) {
	if strings.Contains(name, "|") {
		if l := g.derived.layer(name); l != nil {
			return l, nil
		}
		return nil, &scheme.NameError{Kind: "derived layer", Name: name, In: g.Name}
	}
	i, ok := slices.BinarySearchFunc(g.Layers, name, func(l *layer.Layer, name string) int { return strings.Compare(l.Name, name) })
	if !ok {
		known := make([]string, len(g.Layers))
		for j, l := range g.Layers {
			known[j] = l.Name
		}
		return nil, &scheme.NameError{Kind: "layer", Name: name, In: g.Name, Known: scheme.Nearest(name, known)}
	}
	return g.Layers[i], nil
}

// ParseScheme parses a scheme and checks that its layers exist and that their
// transforms fit. An error is a *scheme.SyntaxError.
func (g *Gallery) ParseScheme(text string) (scheme.Scheme, error) {
	s, err := scheme.ParseChecked(text, g.checkFactor)
	if err != nil {
		return s, err
	}
	return s, checkListings(g.items, s, text, 1+len(text)-len(strings.TrimLeft(text, " \t")))
}

// checkListings refuses a scheme that ranks listings where there are none.
func checkListings(table *items.Table, s scheme.Scheme, text string, column int) error {
	if s.Listed() && table.Group == nil {
		return &scheme.SyntaxError{Text: text, Column: column, Reason: "the items table has no column group, which says what listing an item is a photo of: add one, or name it in gallery.yaml, items: {group: COLUMN}"}
	}
	return nil
}

// CheckScheme is the check of ParseScheme for a scheme that is not written: an error's
// column is that in its canonical spelling.
func (g *Gallery) CheckScheme(s scheme.Scheme) error {
	if err := s.Check(g.checkFactor); err != nil {
		return err
	}
	return checkListings(g.items, s, s.String(), 1)
}

// checkFactor returns what is wrong with a factor, or "", and at which place: 0 is the
// layer, from 1 on the transforms.
func (g *Gallery) checkFactor(f scheme.Factor) (place int, reason string) {
	l, err := g.Layer(f.Layer)
	if err != nil {
		return 0, err.Error()
	}
	_, err = f.Dim(l.Dim, l.Rows, g.Beside())
	if e := (*scheme.DimError)(nil); errors.As(err, &e) {
		return 1 + e.Transform, e.Reason
	}
	return 0, ""
}

// guard is the guard of what reads the gallery's files: an error names the file.
func (g *Gallery) guard(work func() error) error { return g.explain(layer.Guard(work)) }

// Reading is guard for work that reads the named layers: it fails when the matrix
// of one of them has changed since the gallery was opened.
func (g *Gallery) Reading(layers []string, work func() error) error {
	for _, name := range layers {
		l, err := g.Layer(name)
		if err != nil {
			continue // the work says so, or derives it
		}
		if err := l.Unchanged(); err != nil {
			return err
		}
	}
	return g.guard(work)
}

// explain replaces a fault by an error that names the file.
func (g *Gallery) explain(err error) error {
	fault := (*layer.FaultError)(nil)
	if !errors.As(err, &fault) {
		return err
	}
	for _, l := range g.AllLayers() {
		for _, s := range l.Segments {
			if at, ok := layer.Within(fault.Addr, s.From.Data); ok {
				return fmt.Errorf("%s: byte %d of %d cannot be read: the file was changed or its disk fails; open the gallery again", s.From.Path, at, len(s.From.Data))
			}
		}
		if c := g.coded.any(l); c != nil {
			if at, ok := layer.Within(fault.Addr, c.File); ok {
				return fmt.Errorf("%s: byte %d of %d cannot be read: the file was changed or its disk fails; open the gallery again", c.Path, at, len(c.File))
			}
		}
	}
	return err
}

// Manifest returns what gallery.yaml says, or nil if there is none. It is not to
// be changed.
func (g *Gallery) Manifest() *manifest.Manifest { return g.manifest }

// FirstSchemes returns the schemes with which gallery.yaml has the screen begin;
// none, where it does not say.
func (g *Gallery) FirstSchemes() ([]scheme.Scheme, error) {
	if g.manifest == nil {
		return nil, nil
	}
	var schemes []scheme.Scheme
	for _, text := range g.manifest.Schemes {
		s, err := g.ParseScheme(text)
		if err != nil {
			return nil, fmt.Errorf("%s: schemes: %w", filepath.Join(g.Path, manifest.FileName), err)
		}
		schemes = append(schemes, s)
	}
	return schemes, nil
}

// With returns a gallery of the same items, judgements, flags, sets of queries and pictures whose
// layers are the .npy files of another folder, and no others. What that folder's gallery.yaml says
// of them holds.
// Nothing is kept for it in the folder of g. It is closed before g is.
func (g *Gallery) With(ctx context.Context, dir string) (_ *Gallery, err error) {
	w := &Gallery{Name: g.Name, Path: g.Path, Kind: g.Kind, items: g.items, folder: g.folder, labels: g.labels, judgements: g.judgements}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	w.flags = newFlagging(w)
	w.flags.Set(g.Flags())
	files := os.DirFS(dir)
	if w.manifest, err = manifest.Read(files, dir); err != nil {
		return nil, err
	}
	if w.manifest == nil {
		w.manifest = &manifest.Manifest{}
	}
	if g.manifest != nil {
		w.manifest.Queries = g.manifest.Queries
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
