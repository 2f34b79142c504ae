package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edsrzf/mmap-go"

	"strata/engine/derive"
	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/scheme"
	"strata/engine/seal"
)

// What says how transforms are fitted; see package derive.
const (
	DefaultFitRows = derive.DefaultFitRows
	AllRows        = derive.AllRows
)

// DeriveOptions is derive.Options.
type DeriveOptions = derive.Options

// deriveLinger is how long a derivation goes on that nobody waits for: a key
// press cancels a search, and the next one needs the same layer.
const deriveLinger = time.Second

// Derivation says how far the making of a derived layer is.
type Derivation struct {
	Layer string
	Share float64 // of the work that is done, 0 to 1
}

// derivations holds the derived layers of a gallery that are open or being made.
type derivations struct {
	life   context.Context // of the gallery
	home   home
	prints *prints
	layers []*layer.Layer // of the gallery

	turn sync.Mutex // one is made at a time
	work sync.WaitGroup

	besideOnce sync.Once
	beside     *derive.Beside

	mu      sync.Mutex
	closed  bool
	stages  map[string][]*derive.Stage // of open layers whose parameters were read
	running map[string]*derivation
	maps    []mmap.MMap
	watch   func(Derivation)

	// Read without the lock, since the screen does; changed as a whole.
	open atomic.Pointer[map[string]derivedLayer]
	now  atomic.Pointer[Derivation] // what is being made, or nil
}

// derivation is the making of one derived layer.
type derivation struct {
	cancel  context.CancelFunc
	waiting int           // callers; guarded by derivations.mu
	done    chan struct{} // closed when the two below are set
	made    derivedLayer
	err     error
}

// derivedLayer is a derived layer with its recipe.
type derivedLayer struct {
	layer  *layer.Layer
	recipe *derive.Recipe
}

// Beside returns what transforms take beside the rows of layers.
func (g *Gallery) Beside() *derive.Beside {
	d := &g.derived
	d.besideOnce.Do(func() { d.beside = derive.NewBeside(g.folder, g.Len(), g.Label, g.Group, g.IsQuery) })
	return d.beside
}

// layer returns an open derived layer, or nil.
func (d *derivations) layer(name string) *layer.Layer { return d.opened()[name].layer }

// opened returns the open derived layers by name, which nobody changes.
func (d *derivations) opened() map[string]derivedLayer {
	if open := d.open.Load(); open != nil {
		return *open
	}
	return nil
}

// close waits for what is being made, which is cancelled, and unmaps.
func (d *derivations) close() error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.work.Wait()
	var errs []error
	for _, m := range d.maps {
		errs = append(errs, m.Unmap())
	}
	d.maps = nil
	return errors.Join(errs...)
}

// report says how far a derivation is.
func (d *derivations) report(now Derivation) {
	d.now.Store(&now)
	d.mu.Lock()
	watch := d.watch
	d.mu.Unlock()
	if watch != nil {
		watch(now)
	}
}

// Deriving returns what is being made now; its Layer is "" when nothing is. It
// takes no lock.
func (g *Gallery) Deriving() Derivation {
	if now := g.derived.now.Load(); now != nil {
		return *now
	}
	return Derivation{}
}

// WatchDeriving has f told how far a derivation is, about two hundred times, and
// then once with an empty Derivation. f is called by one goroutine at a time.
func (g *Gallery) WatchDeriving(f func(Derivation)) {
	g.derived.mu.Lock()
	defer g.derived.mu.Unlock()
	g.derived.watch = f
}

// AllLayers returns the gallery's layers and, behind them, the derived layers that
// are open, by name. It takes no lock.
func (g *Gallery) AllLayers() []*layer.Layer {
	open := g.derived.opened()
	all := slices.Clone(g.Layers)
	for _, name := range slices.Sorted(maps.Keys(open)) {
		all = append(all, open[name].layer)
	}
	return all
}

// Recipe returns the recipe of an open derived layer, or nil for another name. It
// takes no lock.
func (g *Gallery) Recipe(name string) *derive.Recipe { return g.derived.opened()[name].recipe }

// Faults is Layer.Faults. Of a derived layer it says, too, why one that was kept did
// not serve.
func (g *Gallery) Faults(l *layer.Layer) []string {
	var lines []string
	if r := g.Recipe(l.Name); r != nil && r.Replaced != "" {
		lines = append(lines, fmt.Sprintf("%s was computed anew: %s", l.Name, r.Replaced))
	}
	return append(lines, l.Faults()...)
}

// Missing returns the derived layers that the schemes use and that are not open.
// It takes no lock.
func (g *Gallery) Missing(schemes ...scheme.Scheme) []string {
	var missing []string
	for _, f := range scheme.FactorsOf(schemes) {
		if name := f.String(); len(f.Transforms) > 0 && g.derived.layer(name) == nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// Ready returns a layer, and makes a derived one if need be.
func (g *Gallery) Ready(ctx context.Context, f scheme.Factor) (*layer.Layer, error) {
	l, err := g.Layer(f.String())
	if err == nil || len(f.Transforms) == 0 {
		return l, err
	}
	return g.Derive(ctx, f, DeriveOptions{})
}

// Derive returns the derived layer of a factor, which has transforms. If it is
// kept beside the gallery, made of the same matrix, it is opened; otherwise it is
// made and kept, in the folder of Derived. It may be called concurrently: who
// asks for what is being made waits for it. A derivation that nobody waits for
// any more is cancelled a second later.
//
// Memory does not grow with the number of rows: 25 MB for blocks of rows with
// 1,000 features, and for axes about five matrices of features × features of 8
// bytes.
func (g *Gallery) Derive(ctx context.Context, f scheme.Factor, o DeriveOptions) (*layer.Layer, error) {
	l, err := g.Layer(f.Layer)
	if err != nil || len(f.Transforms) == 0 {
		return l, err
	}
	return g.derived.wait(ctx, l, f, o)
}

// wait returns the derived layer of a factor of a layer, and waits for its making.
func (d *derivations) wait(ctx context.Context, source *layer.Layer, f scheme.Factor, o DeriveOptions) (*layer.Layer, error) {
	for {
		run, l, err := d.join(source, f, o)
		if run == nil {
			return l, err
		}
		select {
		case <-run.done:
			// One that was fitted otherwise may have been under way.
			if run.err == nil && !o.Takes(run.made.recipe) {
				continue
			}
			return run.made.layer, run.err
		case <-ctx.Done():
		}
		d.mu.Lock()
		if run.waiting--; run.waiting == 0 {
			time.AfterFunc(deriveLinger, func() { d.abandon(f.String(), run) })
		}
		d.mu.Unlock()
		return nil, ctx.Err()
	}
}

// abandon cancels a derivation if nobody waits for it.
func (d *derivations) abandon(name string, run *derivation) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if run.waiting == 0 {
		run.cancel()
		if d.running[name] == run {
			delete(d.running, name)
		}
	}
}

// join returns the open layer, or the derivation that makes it, which it begins
// if it does not run.
func (d *derivations) join(source *layer.Layer, f scheme.Factor, o DeriveOptions) (*derivation, *layer.Layer, error) {
	name := f.String()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, nil, scheme.ErrClosed
	}
	if kept := d.opened()[name]; kept.layer != nil && o.Takes(kept.recipe) {
		return nil, kept.layer, nil
	}
	if run := d.running[name]; run != nil {
		run.waiting++
		return run, nil, nil
	}
	if d.running == nil {
		d.running, d.stages = map[string]*derivation{}, map[string][]*derive.Stage{}
	}
	ctx, cancel := context.WithCancel(d.life)
	run := &derivation{cancel: cancel, waiting: 1, done: make(chan struct{})}
	d.running[name] = run
	d.work.Go(func() {
		defer cancel()
		d.turn.Lock()
		run.made, run.err = d.derive(ctx, source, f, o)
		d.turn.Unlock()
		d.mu.Lock()
		if d.running[name] == run {
			delete(d.running, name)
		}
		d.mu.Unlock()
		close(run.done)
	})
	return run, nil, nil
}

// derive opens or makes the derived layer of a factor.
func (d *derivations) derive(ctx context.Context, source *layer.Layer, f scheme.Factor, o DeriveOptions) (made derivedLayer, err error) {
	dim, err := f.Dim(source.Dim, source.Rows, d.beside)
	if err != nil {
		return made, err
	}
	from, err := d.source(ctx, f, source)
	if err != nil {
		return made, err
	}
	made, replaced, err := d.openKept(ctx, f, o, from)
	if err == nil && made.layer == nil {
		made, err = d.make(ctx, source, f, o, from, replaced)
	}
	if err != nil {
		return made, fmt.Errorf("deriving %s: %w", f, err)
	}
	if l := made.layer; l.Dim != dim {
		return made, fmt.Errorf("%s: it has %d features, %s has %d", l.File, l.Dim, f, dim)
	}
	return made, nil
}

// source says what a factor of a layer is made of.
func (d *derivations) source(ctx context.Context, f scheme.Factor, l *layer.Layer) (from derive.RecipeSource, err error) {
	from = derive.RecipeSource{Layer: l.Name, Type: l.Type.String(), Rows: l.Rows, Dim: l.Dim}
	if from.Fingerprint, err = d.prints.layer(ctx, slices.Index(d.layers, l)); err == nil {
		from.Beside, err = d.beside.Hash(f)
	}
	return from, err
}

// openKept opens a derived layer that is kept. It returns nil when there is none
// that serves, and why one does not.
func (d *derivations) openKept(ctx context.Context, f scheme.Factor, o DeriveOptions, from derive.RecipeSource) (kept derivedLayer, why string, err error) {
	for _, dir := range d.home.folders() {
		r, err := derive.ReadRecipe(dir, f.FileName())
		switch {
		case err != nil:
			why = err.Error()
			continue
		case r == nil:
			continue
		}
		if why = r.Stale(f, from); why != "" {
			continue
		}
		if !o.Takes(r) {
			why = "" // it was asked for
			continue
		}
		if why, err = seal.BelievedMatrix(ctx, dir, f.FileName()+".npy", r.Matrix.SHA256, r.Text); err != nil {
			return kept, "", err
		}
		if why != "" {
			why = fmt.Sprintf("%s: it %s", dir.File(f.FileName()+".npy"), why)
			continue
		}
		l, err := d.mapLayer(ctx, dir, f, r)
		if err == nil {
			err = checkDerived(ctx, l, r)
		}
		if ctx.Err() != nil {
			return kept, "", ctx.Err()
		}
		if err == nil {
			kept = derivedLayer{l, r}
			d.add(kept, nil)
			return kept, "", nil
		}
		why = err.Error()
	}
	return kept, why, nil
}

// mapLayer maps the matrix of a recipe.
func (d *derivations) mapLayer(ctx context.Context, dir fence.Folder, f scheme.Factor, r *derive.Recipe) (*layer.Layer, error) {
	file := f.FileName() + ".npy"
	path := dir.File(file)
	m, err := openMatrix(ctx, dir.FS(), file, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is a recipe, but no matrix", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer m.file.Close()
	a := m.arrays[0]
	if rows := d.layers[0].Rows; a.Rows != int64(rows) {
		return nil, fmt.Errorf("%s: the matrix has %d rows, the gallery %d", path, a.Rows, rows)
	}
	s, err := m.segment(a, 0)
	if m.mapped != nil {
		d.mu.Lock()
		d.maps = append(d.maps, m.mapped)
		d.mu.Unlock()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r.Folder = dir
	return layer.NewLayer(f.String(), path, a.Type, int(a.Dim), []layer.Segment{s}), nil
}

// checkDerived compares a derived layer with the fingerprint in its recipe.
func checkDerived(ctx context.Context, l *layer.Layer, r *derive.Recipe) error {
	sum, err := l.Hash(ctx, layer.HashSample)
	if err != nil {
		return err
	}
	if got := "sha256:" + hex.EncodeToString(sum); got != r.Matrix.Fingerprint {
		return fmt.Errorf("%s: its fingerprint is %s, its recipe says %s", l.File, got, r.Matrix.Fingerprint)
	}
	return nil
}

// make fits the transforms, applies them to every row, and keeps and opens
// the result. replaced says why what was kept does not serve.
func (d *derivations) make(ctx context.Context, source *layer.Layer, f scheme.Factor, o DeriveOptions, from derive.RecipeSource, replaced string) (made derivedLayer, err error) {
	dir, err := d.home.folder(".")
	if err != nil {
		return made, fmt.Errorf("there is no place for it: %w", err)
	}
	rows, fitted := o.Fit(f, source.Rows, d.beside)
	count := source.Rows
	if rows != nil {
		count = len(rows)
	}
	done, all, shown := 0.0, derive.FitWork(f, source.Dim, count, source.Rows), 0.0
	progress := func(work float64) {
		if done += work; done >= shown {
			d.report(Derivation{f.String(), min(done/all, 1)})
			shown = done + all/200
		}
	}
	progress(0)
	defer d.report(Derivation{})
	stages, err := derive.Fit(ctx, source, rows, f, d.beside, progress)
	if err != nil {
		return made, err
	}
	r := &derive.Recipe{Format: derive.RecipeFormat, Layer: f.String(), Source: from, Fitted: fitted, Made: true, Replaced: replaced}
	if err := r.Keep(ctx, dir, f.FileName(), &derive.Feed{Layer: source, Stages: stages, Done: progress}); err != nil {
		return made, err
	}
	l, err := d.mapLayer(ctx, dir, f, r)
	if err != nil {
		return made, err
	}
	sum, err := l.Hash(ctx, layer.HashSample)
	if err != nil {
		return made, err
	}
	r.Matrix.Fingerprint = "sha256:" + hex.EncodeToString(sum)
	if err := r.Write(dir, f.FileName()+".json"); err != nil {
		return made, err
	}
	made = derivedLayer{l, r}
	d.add(made, stages)
	return made, nil
}

// add makes a derived layer known. stages may be nil: they are read when needed.
func (d *derivations) add(made derivedLayer, stages []*derive.Stage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	open := maps.Clone(d.opened())
	if open == nil {
		open = map[string]derivedLayer{}
	}
	name := made.layer.Name
	open[name] = made
	d.open.Store(&open)
	delete(d.stages, name)
	if stages != nil {
		d.stages[name] = stages
	}
}
