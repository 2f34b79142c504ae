package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"strata/engine/archive"
	"strata/engine/aside"
	"strata/engine/code"
	"strata/engine/derive"
	"strata/engine/fence"
	"strata/engine/layer"
	"strata/engine/neighbour"
	"strata/engine/picture"
	"strata/engine/scheme"
	"strata/engine/seal"
)

// DerivedState says what a derived file is good for.
type DerivedState uint8

// The states of derived files.
const (
	Current  DerivedState = iota // it is what it says, of the gallery as it is
	Outdated                     // of another state of the gallery: it will be made again
	Damaged                      // it is not what was written: it will be made again
	Wrong                        // it is what was written, and not what comes of the gallery; and it is used
	Left                         // what a program that was stopped or killed has left
)

// DerivedFile is a file that was derived from a gallery, or what is left of one.
type DerivedFile struct {
	Path  string
	Bytes int64
	State DerivedState
	Why   string // what is wrong with it; "" of a Current one
	Again Again  // of a Current one
}

// DerivedCheck says how CheckDerived checks. The zero value computes no rows again.
type DerivedCheck struct {
	Rows     int               // of each file to compute again, drawn
	Seed     uint64            // of the draw
	Progress func(path string) // is told of each file before it is read; nil: nothing is
}

// CheckDerived reads what was derived from the gallery, codes, derived layers and
// the indexes of archives, all of it, and compares it with what it was made of: by
// hashes and checksums, and then rows of derived layers and of codes, and all that was
// unpacked, with what comes out when it is computed again. It also looks for what killed
// programs have left in the gallery's folder. It changes nothing.
func CheckDerived(ctx context.Context, g *Gallery, o DerivedCheck) ([]DerivedFile, error) {
	c := &derivedCheck{g: g, o: o, progress: o.Progress}
	if c.progress == nil {
		c.progress = func(string) {}
	}
	if g.root != nil {
		if err := c.left(ctx, g.Path); err != nil {
			return nil, err
		}
	}
	for _, dir := range g.home().folders() {
		if err := c.folder(ctx, dir); err != nil {
			return nil, err
		}
	}
	return c.found, nil
}

// derivedCheck is a CheckDerived at work.
type derivedCheck struct {
	g        *Gallery
	o        DerivedCheck
	progress func(string)
	found    []DerivedFile
}

// add adds what was found out about a file.
func (c *derivedCheck) add(path string, state DerivedState, why string) {
	size := int64(0)
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		size = info.Size()
	}
	c.found = append(c.found, DerivedFile{Path: path, Bytes: size, State: state, Why: why})
}

// sound adds a file that agrees with its hashes and its seal, if what was computed again
// agrees, too.
func (c *derivedCheck) sound(ctx context.Context, path string, again Again, err error) error {
	var other *differsError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &other):
		c.add(path, Wrong, other.Error())
	case err != nil:
		c.add(path, Damaged, err.Error())
	default:
		c.add(path, Current, "")
		c.found[len(c.found)-1].Again = again
	}
	return nil
}

// left looks for files that never came under their names.
func (c *derivedCheck) left(ctx context.Context, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); aside.IsLeft(path) {
			c.add(path, Left, "a program that wrote it was killed; the next that writes here removes it")
		}
	}
	return errors.Join(err, ctx.Err())
}

// folder checks a folder of Derived.
func (c *derivedCheck) folder(ctx context.Context, dir fence.Folder) error {
	entries, err := dir.Entries()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if why := fence.Why(err); why != "" {
		c.add(dir.Path(), Damaged, why+": the user's cache is used instead")
		return nil
	}
	if err == nil {
		err = c.left(ctx, dir.Path())
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		path, name := dir.File(e.Name()), e.Name()
		stem := func(suffix string) string { return strings.TrimSuffix(name, suffix) }
		switch {
		case strings.HasPrefix(name, "."):
		case !e.IsDir() && !e.Type().IsRegular():
			c.add(path, Damaged, "it is no regular file, and is not opened: remove it")
		case e.IsDir():
			if err := c.subfolder(ctx, dir.Sub(name)); err != nil {
				return err
			}
		case strings.HasSuffix(name, code.CodesSuffix+".part"):
			c.add(path, Left, "codes whose making was stopped; the next search of the gallery goes on with them")
		case strings.HasSuffix(name, code.CodesSuffix):
			c.progress(path)
			if err := c.codes(ctx, dir, path, stem(code.CodesSuffix)); err != nil {
				return err
			}
		case strings.HasSuffix(name, ".json"):
			c.progress(path)
			if err := c.recipe(ctx, dir, path, stem(".json")); err != nil {
				return err
			}
		case strings.HasSuffix(name, ".npy"):
			c.orphan(dir, path, strings.TrimSuffix(stem(".npy"), ".fit"), "a derived layer")
		}
	}
	return nil
}

// orphan finds a matrix, at a path, that has no recipe of the name.
func (c *derivedCheck) orphan(dir fence.Folder, path, name, what string) {
	if _, err := dir.Stat(name + ".json"); errors.Is(err, fs.ErrNotExist) {
		c.add(path, Left, what+" without a recipe: its making was stopped")
	}
}

// subfolder checks a folder in a folder of Derived: of an extraction, of imports, of
// neighbours, of values of layers or of the indexes of archives.
func (c *derivedCheck) subfolder(ctx context.Context, dir fence.Folder) error {
	switch filepath.Base(dir.Path()) {
	case "extract":
		if _, err := dir.Stat("journal.jsonl"); err == nil {
			c.add(dir.Path(), Left, "an extraction was stopped; strata extract goes on with it")
		}
	case ImportFolder:
		entries, _ := dir.Entries() // of what cannot be read nothing is left
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ".json") {
				c.add(dir.File(e.Name()), Left, "an import was stopped; strata import goes on with it")
			}
		}
	case neighbour.NeighbourFolder:
		return c.neighbours(ctx, dir)
	case derive.ValuesFolder:
		return c.values(ctx, dir)
	case picture.ArchivesFolder:
		return c.indexes(ctx, dir)
	case unpackedFolder:
		return c.unpacked(ctx, dir)
	}
	return nil
}

// unpacked compares every unpacked matrix with the SHA-256 in its recipe.
func (c *derivedCheck) unpacked(ctx context.Context, dir fence.Folder) error {
	entries, err := dir.Entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := dir.File(e.Name())
		name, ok := strings.CutSuffix(e.Name(), ".json")
		if matrix, ok := strings.CutSuffix(e.Name(), ".npy"); ok && !strings.HasPrefix(matrix, ".") {
			c.orphan(dir, path, matrix, "an unpacked matrix")
		}
		if !ok || strings.HasPrefix(name, ".") {
			continue
		}
		c.progress(path)
		text, err := dir.ReadFile(e.Name(), fence.Metadata)
		var r unpackRecipe
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		var sum string
		if err == nil {
			sum, err = seal.HashFile(ctx, dir, name+".npy")
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			c.add(path, Damaged, aside.Reason(err).Error())
		case sum != r.SHA256:
			c.add(path, Damaged, fmt.Sprintf("%s.npy: its SHA-256 is %.12s…, its recipe says %.12s…", name, sum, r.SHA256))
		case !seal.Believed(seal.SealedMatrix, text):
			c.add(path, Outdated, "it "+seal.ErrForeign)
		default:
			again, why, err := c.unpackAgain(ctx, dir, name, r)
			if why != "" && ctx.Err() == nil {
				c.add(path, Outdated, why)
			} else if err := c.sound(ctx, path, again, err); err != nil {
				return err
			}
		}
	}
	return errors.Join(c.left(ctx, dir.Path()), ctx.Err())
}

// codes checks all of a file of codes, and all rows of the matrix against it.
func (c *derivedCheck) codes(ctx context.Context, dir fence.Folder, path, name string) error {
	l, err := c.g.Layer(name)
	if err != nil {
		c.add(path, Outdated, "the gallery has no such layer")
		return nil
	}
	foreign, again := false, Again{}
	kept, err := code.OpenCodes(ctx, l, dir, true) // all is checked below, whatever times say
	if err == nil {
		err = layer.Guard(func() error { return kept.Check(ctx) })
		foreign = !seal.Believed(seal.SealedCodes, kept.Seal(kept.Rows))
		if err == nil && !foreign && kept.Rows == l.Rows {
			again, err = c.recode(ctx, kept)
		}
		err = errors.Join(err, kept.Close())
	}
	var stale code.ErrStale
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(*layer.FaultError)):
		c.add(path, Damaged, "it cannot be read to its end")
	case errors.As(err, &stale) && strings.Contains(stale.Why, "matrix"):
		c.add(path, Outdated, "it "+stale.Why)
	case errors.As(err, &stale):
		c.add(path, Damaged, "it "+stale.Why)
	case kept == nil:
		c.add(path, Damaged, aside.Reason(err).Error())
	case err == nil && foreign:
		c.add(path, Outdated, "it "+seal.ErrForeign)
	case err == nil && kept.Rows < l.Rows:
		c.add(path, Outdated, fmt.Sprintf("it is of the first %d of %d rows: the others will be added", kept.Rows, l.Rows))
	default:
		return c.sound(ctx, path, again, err)
	}
	return nil
}

// recipe checks a derived layer: its recipe against the gallery, its files against
// the recipe, and then its rows.
func (c *derivedCheck) recipe(ctx context.Context, dir fence.Folder, path, name string) error {
	r, err := derive.ReadRecipe(dir, name)
	if err != nil {
		c.add(path, Damaged, err.Error())
		return nil
	}
	f, err := scheme.ParseFactor(r.Layer)
	if err != nil || f.FileName() != name {
		c.add(path, Damaged, fmt.Sprintf("its recipe is for %q", r.Layer))
		return nil
	}
	i := slices.IndexFunc(c.g.Layers, func(l *layer.Layer) bool { return l.Name == f.Layer })
	if i < 0 {
		c.add(path, Outdated, fmt.Sprintf("the gallery has no layer %s", f.Layer))
		return nil
	}
	l := c.g.Layers[i]
	source, err := c.g.derived.source(ctx, f, l)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	why := r.Stale(f, source)
	if err != nil {
		why = "it cannot be made again: " + err.Error()
	}
	if why != "" {
		c.add(path, Outdated, why)
		return nil
	}
	values, err := derivedFiles(ctx, dir, r, f, l.Dim)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		c.add(path, Damaged, err.Error())
		return nil
	case !seal.Believed(seal.SealedMatrix, r.Text):
		c.add(path, Outdated, "it "+seal.ErrForeign)
		return nil
	}
	again, err := c.derive(ctx, dir, f, r, l, values)
	return c.sound(ctx, path, again, err)
}

// derivedFiles compares the files of a derived layer with the hashes in its recipe, and
// returns what was fitted.
func derivedFiles(ctx context.Context, dir fence.Folder, r *derive.Recipe, f scheme.Factor, dim int) ([]float64, error) {
	matrix := filepath.Base(r.Matrix.File)
	sum, err := seal.HashFile(ctx, dir, matrix)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", matrix, aside.Reason(err))
	}
	if sum != r.Matrix.SHA256 {
		return nil, fmt.Errorf("%s: its SHA-256 is %.12s…, the recipe says %.12s…", matrix, sum, r.Matrix.SHA256)
	}
	return r.ReadParameters(dir, f, dim)
}

// neighbours checks the neighbourhoods that are kept.
func (c *derivedCheck) neighbours(ctx context.Context, dir fence.Folder) error {
	entries, err := dir.Entries()
	for _, e := range entries {
		path := dir.File(e.Name())
		if strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), neighbour.HoodsSuffix) {
			continue
		}
		c.progress(path)
		damage, stale, err := neighbour.CheckNeighbours(ctx, c.g, dir, e.Name())
		switch {
		case err != nil:
			return err
		case damage != nil:
			c.add(path, Damaged, "it "+damage.Error())
		case stale != "":
			c.add(path, Outdated, "it "+stale)
		default:
			if err := c.sound(ctx, path, Again{Not: "neighbourhoods"}, nil); err != nil {
				return err
			}
		}
	}
	return errors.Join(err, c.left(ctx, dir.Path()))
}

// values checks what is kept of whole layers.
func (c *derivedCheck) values(ctx context.Context, dir fence.Folder) error {
	among, err := c.g.Candidates(nil)
	if err != nil {
		return err
	}
	entries, err := dir.Entries()
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !e.Type().IsRegular() {
			continue
		}
		path := dir.File(e.Name())
		c.progress(path)
		damage, stale, err := derive.CheckValues(ctx, dir, e.Name(), c.layerOfValues(e.Name()), among.Hash())
		switch {
		case err != nil:
			return err
		case damage != nil:
			c.add(path, Damaged, "it "+damage.Error())
		case stale != "":
			c.add(path, Outdated, "it "+stale)
		default:
			if err := c.sound(ctx, path, Again{Not: "values of whole layers"}, nil); err != nil {
				return err
			}
		}
	}
	return errors.Join(err, c.left(ctx, dir.Path()))
}

// layerOfValues returns the layer of the gallery's own that a file of values is of, or nil.
func (c *derivedCheck) layerOfValues(file string) *layer.Layer {
	stem := strings.TrimSuffix(file, filepath.Ext(file))
	for _, l := range c.g.Layers {
		if scheme.FactorNamed(l.Name).FileName() == stem {
			return l
		}
	}
	return nil
}

// indexes checks the kept indexes of the archives whose pictures were opened.
func (c *derivedCheck) indexes(ctx context.Context, dir fence.Folder) error {
	stamps := c.g.pictures.KeptStamps()
	entries, err := dir.Entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := dir.File(e.Name())
		stamp, known := stamps[e.Name()]
		if !known || !e.Type().IsRegular() {
			continue
		}
		b, err := dir.ReadFile(e.Name(), picture.IndexLimit(stamp))
		if err == nil {
			_, err = archive.Decode(b, stamp)
		}
		switch {
		case err != nil:
			c.add(path, Damaged, aside.Reason(err).Error())
		case !seal.Believed(seal.SealedArchive, b):
			c.add(path, Outdated, "it "+seal.ErrForeign)
		default:
			if err := c.sound(ctx, path, Again{Not: "indexes of archives"}, nil); err != nil {
				return err
			}
		}
	}
	return errors.Join(c.left(ctx, dir.Path()), ctx.Err())
}
