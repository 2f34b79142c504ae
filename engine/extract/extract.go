package extract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"strata/engine"
	"strata/engine/aside"
	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/onnx"
)

// Options say what is extracted, from what, and how.
type Options struct {
	Gallery string // folder; without an items table its pictures become the items
	Model   string // path; with Append it may be empty, and is the recorded one

	Taps       []onnx.Tap
	Type       layer.DType // of the layers
	Preset     string
	Preprocess manifest.Preprocess // fields that are asked for by themselves

	Append  bool // extend the recorded layers to the items that are new; Taps, Type, Preset and Preprocess are those recorded
	Restart bool // give up an interrupted extraction of another recipe
	Force   bool // replace layers that are there

	// Items, unless nil, are the gallery's, already open, of which nothing is read again;
	// and Into is another folder for the layers and their gallery.yaml.
	Items *engine.Gallery
	Into  string
	// From, unless "", is a folder of Into, of the same items, model and preprocessing, whose
	// layers are taken instead of computed.
	From string
	// Ready, unless nil, is told what the layers will take on the disk, before the first
	// picture is read. An error ends the extraction, which has written nothing.
	Ready func(bytes int64) error

	FollowLinks bool // symbolic links may lead out of the gallery's folder

	// Agree is asked, with Append, about the recorded model; nil agrees to none.
	Agree Agree
	Told

	Library  string // of ONNX Runtime, as FindLibrary takes it
	Env      func(string) string
	Provider string
	Threads  int // pictures at a time; 0 is one a processor
	Version  string

	probe   bool                                              // check, and write nothing
	every   time.Duration                                     // between two lines of the journal
	writeAt func(f *os.File, b []byte, at int64) (int, error) // a full disk in tests
}

// Told are the functions that an extraction tells what it does. Each may be nil.
type Told struct {
	Loaded   func(sha256, path string)                   // the model, before it is loaded
	Left     func(what string)                           // pictures that a new table of items leaves out
	Progress func(Progress)                              // from time to time, and at the end
	Broken   func(path string, b manifest.BrokenPicture) // a picture that cannot be read
}

// Progress says how far an extraction is.
type Progress struct {
	Rows, Done int           // items, and those that are on the disk
	Had        int           // of Done, those that were there when the extraction began
	Broken     int           // pictures, of the rows that are new to the gallery
	Decode     time.Duration // processor time of decoding and resizing
	Inference  time.Duration // processor time of the model
	Wall       time.Duration
	Finished   bool
}

// Summary is what an extraction has done.
type Summary struct {
	Progress
	Layers []string
	Files  []string // of the layers
}

// checkpoint is the time between two lines of the journal: what a kill costs.
const checkpoint = 2 * time.Second

// The folder and the lock of an extraction, within the gallery's.
const (
	ownFolder   = ".strata"
	partsFolder = ownFolder + "/extract"
	partsLock   = ownFolder + "/extract.lock"
)

// Extract reads the pictures of a gallery's items through a model, and writes
// a matrix a tap and gallery.yaml. The matrices appear when all rows are done.
//
// An extraction that ends early, by ctx, an error or a kill, keeps the rows that
// are done; the same call goes on with them, and the result is the same bytes. A
// picture that cannot be read makes a row of zeros, is recorded in gallery.yaml
// and counted; it is no error here, unless it is so of all. Of two extractions into one gallery the second
// is refused.
func Extract(ctx context.Context, o Options) (*Summary, error) {
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	if o.every == 0 {
		o.every = checkpoint
	}
	dir, err := galleryFolder(cmp.Or(o.Into, o.Gallery))
	if err != nil {
		return nil, err
	}
	unlock, err := lockGallery(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	root, files, err := layer.OpenFolder(dir, o.FollowLinks)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // it is only read
	x := &extraction{Options: o, dir: dir, files: files}
	if err := x.checkTaps(); err != nil {
		return nil, err
	}
	if err := x.prepare(ctx); err != nil {
		return nil, err
	}
	defer x.pipeline.close() //nolint:errcheck // nothing is lost with it
	if x.Items == nil {
		defer x.items.Close() //nolint:errcheck // it is only read
	}
	return x.run(ctx)
}

// Allows returns the error of which Extract would fail before it reads a picture, of the
// gallery, the model and the layers that are there. It writes no layer.
func Allows(ctx context.Context, o Options) error {
	o.probe = true
	_, err := Extract(ctx, o)
	return err
}

// extraction is one call of Extract.
type extraction struct {
	Options
	dir      string
	files    fs.FS // of the folder; whatever is read of the gallery is read by them
	items    *engine.Gallery
	was      *manifest.Manifest // what gallery.yaml says before; not nil
	record   *manifest.ModelRecord
	pipeline *pipeline
	from     int      // rows that need no extraction
	left     []string // layers that may be there: taking them was interrupted
}

// galleryFolder checks that a gallery's folder is there.
func galleryFolder(path string) (string, error) {
	dir, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	stat, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s: there is no such folder; it holds an items table and the pictures, or the pictures alone", path)
	case err != nil:
		return "", err
	case !stat.IsDir():
		return "", fmt.Errorf("%s: a gallery is a folder, this is a file", path)
	}
	return dir, fence.In(dir, ownFolder).Make()
}

// lockGallery locks a gallery against a second extraction, in this process or
// another; the system gives up the lock of a process that ends.
func lockGallery(dir string) (unlock func(), err error) {
	lock, err := fence.In(dir, ".").Update(partsLock)
	if err != nil {
		return nil, err
	}
	locked, err := aside.TryLock(lock)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", lock.Name(), err), lock.Close())
	}
	if err == nil && !locked {
		_ = lock.Close()
		return nil, fmt.Errorf("%s: another extraction into this gallery is running (it holds %s)", dir, partsLock)
	}
	return func() { _ = lock.Close() }, nil // the lock ends with the process at the latest
}

// run extracts what is not done, and publishes.
func (x *extraction) run(ctx context.Context) (*Summary, error) {
	sum := &Summary{Progress: Progress{Rows: x.items.Len(), Done: x.from, Had: x.from}}
	for _, t := range x.Taps {
		sum.Layers = append(sum.Layers, t.Name)
		sum.Files = append(sum.Files, x.place(t.Name))
	}
	dir := fence.In(x.dir, partsFolder)
	had, lines, err := readJournal(dir)
	if err != nil && !x.Restart {
		return nil, err
	}
	x.takeUp(had)
	finished := !x.Restart && len(lines) > 0 && lines[len(lines)-1].Finished
	if x.Append && x.from == x.items.Len() {
		sum.Finished = true
		if finished { // everything was in its place when the last one was killed
			return sum, dir.RemoveAll()
		}
		return sum, nil
	}
	if err := x.checkTaken(finished); err != nil {
		return nil, err
	}
	if _, err := x.manifest(nil); err != nil { // before hours of work, not after
		return nil, err
	}
	if err := x.ready(dir, had); err != nil || x.probe {
		return sum, err
	}
	p, err := x.openParts(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer p.close() //nolint:errcheck // what counts is synced
	if !finished {
		if err := x.fill(ctx, p, sum); err != nil {
			return sum, &KeptError{p.done, sum.Rows, err}
		}
	}
	if n := len(p.broken); n > 0 && n == sum.Rows {
		return sum, errors.Join(noneError(p.broken), p.close(), dir.RemoveAll()) // the next looks at all pictures again
	}
	sum.Done, sum.Broken, sum.Finished = p.done, len(p.broken), true
	if err := x.publish(p); err != nil {
		return sum, &KeptError{p.done, sum.Rows, err}
	}
	if x.Progress != nil {
		x.Progress(sum.Progress)
	}
	return sum, nil
}

// fill extracts the rows that are not done, or takes all of them.
func (x *extraction) fill(ctx context.Context, p *parts, sum *Summary) error {
	if x.From != "" {
		return x.take(ctx, p, sum)
	}
	return x.rows(ctx, p, sum)
}

// ready says what the layers will take. A probe checks that no other extraction waits to
// be finished.
func (x *extraction) ready(dir fence.Folder, had *recipe) error {
	switch {
	case x.probe && had != nil && had.mode() != modeTake:
		return fmt.Errorf("%s holds an interrupted extraction: finish it, or start anew with --restart", dir.Path())
	case !x.probe && x.Ready != nil:
		return x.Ready(x.bytes())
	}
	return nil
}

// noneError says that no picture could be extracted. What is wrong with one that is a link
// out of the folder names the flag that allows it.
func noneError(broken []manifest.BrokenPicture) error {
	first := broken[0]
	return fmt.Errorf("none of %d pictures could be extracted, and no layer is written: row %d, item %q: %s", len(broken), first.Row, first.ID, first.Why)
}

// openParts goes on with the parts in a folder, or makes new ones.
func (x *extraction) openParts(ctx context.Context, dir fence.Folder) (*parts, error) {
	r, err := x.recipe()
	if err != nil {
		return nil, err
	}
	p := &parts{dir: dir, layers: x.newParts(), writeAt: (*os.File).WriteAt}
	if x.writeAt != nil {
		p.writeAt = x.writeAt
	}
	if x.Restart {
		if err := dir.RemoveAll(); err != nil {
			return nil, err
		}
	}
	return p, p.open(ctx, r, x.old)
}

// publish puts everything into its place.
func (x *extraction) publish(p *parts) error {
	content, err := x.manifest(p.broken)
	if err != nil {
		return err
	}
	if err := p.close(); err != nil {
		return err
	}
	return p.publish(fence.In(x.dir, "."), x.file, content)
}

// newParts returns the layers without files.
func (x *extraction) newParts() []part {
	var layers []part
	for i, t := range x.Taps {
		layers = append(layers, part{name: t.Name, head: layer.MatrixHead{
			Type: x.typeOf(t.Name), Rows: int64(x.items.Len()), Dim: int64(x.pipeline.dims[i]),
		}})
	}
	return layers
}

// bytes returns the size of the layers' files.
func (x *extraction) bytes() int64 {
	n := int64(0)
	for _, l := range x.newParts() {
		n += int64(len(l.head.Encode())) + l.head.Rows*l.head.RowBytes()
	}
	return n
}

// old returns the rows that a layer begins with, or nil.
func (x *extraction) old(layer int) (*oldMatrix, error) {
	if !x.Append {
		return nil, nil
	}
	t := x.Taps[layer]
	m, err := openOld(x.files, x.file(t.Name), x.place(t.Name))
	if err != nil {
		return nil, err
	}
	if h := m.head; h.Rows != int64(x.from) || h.Dim != int64(x.pipeline.dims[layer]) || h.Type != x.typeOf(t.Name) {
		m.file.Close()
		return nil, fmt.Errorf("%s is %d×%d %v, and %s says %d×%d %v: the layer was made otherwise",
			m.path, h.Rows, h.Dim, h.Type, manifest.FileName, x.from, x.pipeline.dims[layer], x.typeOf(t.Name))
	}
	return m, nil
}
