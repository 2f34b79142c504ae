package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"

	"strata/engine/fence"
	"strata/engine/flags"
	"strata/engine/items"
	"strata/engine/scheme"
)

// FlagColumn is the column of conditions on flags, flag=wrong, unless the items table has such a
// column of its own.
const FlagColumn = "flag"

// flagged is the state of a gallery's flags.
type flagged struct {
	now *flags.Flags
	err error // why the file is not read: it is not replaced then
}

// Flags returns the flags of the gallery's items. Ids among them may be of no item.
func (g *Gallery) Flags() *flags.Flags {
	if f := g.flags.Load(); f != nil {
		return f.now
	}
	return nil
}

// HasFlagColumn reports whether conditions on FlagColumn are on a column of the items table.
func (g *Gallery) HasFlagColumn() bool {
	return slices.ContainsFunc(g.items.Labels, func(l *items.Label) bool { return l.Name == FlagColumn })
}

// SetFlags makes flags those of the gallery until it is closed. It writes nothing.
func (g *Gallery) SetFlags(f *flags.Flags) { g.flags.Store(&flagged{now: f}) }

// UnknownFlags returns the flagged ids that are of no item.
func (g *Gallery) UnknownFlags() []string {
	var unknown []string
	for _, id := range g.Flags().IDs() {
		if _, err := g.Row(id); err != nil {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

// CanFlag returns why flags cannot be written, or nil.
func (g *Gallery) CanFlag() error {
	if f := g.flags.Load(); f != nil {
		return f.err
	}
	return nil
}

// WriteFlags changes the file of the flags, which other programs may have changed, and takes over what it
// then holds. The file lies in DerivedFolder in the gallery's folder or, where that cannot be
// written, in a folder of the user's state that belongs to the gallery's path.
func (g *Gallery) WriteFlags(changes []flags.Change) error {
	if err := g.CanFlag(); err != nil {
		return err
	}
	own, state := fence.In(g.Path, DerivedFolder), g.stateFolder()
	kept, inState, err := loadFlags(state)
	if err != nil {
		return err
	}
	if g.root == nil || !own.Writable() {
		if !inState && g.root != nil {
			if kept, _, err = loadFlags(own); err != nil {
				return err
			}
		}
		return g.updateFlags(state, kept, changes)
	}
	if !inState {
		return g.updateFlags(own, nil, changes)
	}
	// The gallery could not be written before: what was flagged then moves into it.
	var all []flags.Change
	for _, id := range kept.IDs() {
		all = append(all, flags.Change{ID: id, Word: kept.Of(id)})
	}
	if err := g.updateFlags(own, nil, append(all, changes...)); err != nil {
		return err
	}
	return state.Remove(flags.File)
}

// loadFlags is flags.Load, but that a folder which cannot be entered, a link say, has no flags.
func loadFlags(dir fence.Folder) (*flags.Flags, bool, error) {
	if _, err := dir.Stat(flags.File); err != nil {
		return nil, false, nil //nolint:nilerr // there is no such file, or none that would be read
	}
	return flags.Load(dir)
}

// updateFlags changes the flags of one folder.
func (g *Gallery) updateFlags(dir fence.Folder, first *flags.Flags, changes []flags.Change) error {
	f, err := flags.Update(dir, first, changes)
	if err == nil {
		g.SetFlags(f)
	}
	return err
}

// FlagsPath returns the file that holds the flags, or "" if there is none.
func (g *Gallery) FlagsPath() string {
	for _, dir := range g.flagFolders() {
		if _, err := dir.Stat(flags.File); err == nil {
			return dir.File(flags.File)
		}
	}
	return ""
}

// flagFolders returns where flags may lie; the first that has some counts.
func (g *Gallery) flagFolders() []fence.Folder {
	if g.root == nil {
		return []fence.Folder{g.stateFolder()}
	}
	return []fence.Folder{g.stateFolder(), fence.In(g.Path, DerivedFolder)}
}

// stateFolder returns the folder in the user's state that belongs to the gallery.
func (g *Gallery) stateFolder() fence.Folder {
	sum := sha256.Sum256([]byte(g.Path))
	name := filepath.Base(g.Path) + "-" + hex.EncodeToString(sum[:6])
	return fence.In(filepath.Join(xdg.StateHome, "strata", "galleries", name), ".")
}

// readFlags reads the flags, and notes what is wrong with them.
func (g *Gallery) readFlags() {
	for _, dir := range g.flagFolders() {
		f, there, err := loadFlags(dir)
		if err != nil {
			g.flags.Store(&flagged{err: fmt.Errorf("the flags cannot be read, and are not replaced: %w", err)})
			g.note("%s: the flags are not read: %s", flags.File, strings.TrimPrefix(err.Error(), dir.File(flags.File)+": "))
			return
		}
		if there {
			g.SetFlags(f)
			break
		}
	}
	if unknown := g.UnknownFlags(); len(unknown) > 0 {
		g.note("%s: %d of %d flagged ids are of no item, and kept: %s", flags.File, len(unknown), g.Flags().Len(), quoted(unknown))
	}
	if g.Flags().Len() > 0 && g.HasFlagColumn() {
		g.note("%s: conditions on %s are on the column of %s, not on these flags", flags.File, FlagColumn, g.items.File)
	}
}

// FlaggedRows returns the rows, ascending, of the items with one of the flags.
func (g *Gallery) FlaggedRows(words ...string) []int {
	var rows []int
	f := g.Flags()
	for _, id := range f.IDs() {
		if !slices.Contains(words, f.Of(id)) {
			continue
		}
		if row, err := g.Row(id); err == nil {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return rows
}

// ErrNoFlags is why a condition on a flag cannot be met.
var ErrNoFlags = errors.New("no item is flagged")

// withFlags returns the rows, by membership, of the items with one of the flags. Each must be in use.
func (g *Gallery) withFlags(words []string) ([]bool, error) {
	in := make([]bool, g.Len())
	used := g.Flags().Words()
	for _, w := range words {
		switch {
		case len(used) == 0:
			return nil, fmt.Errorf("%s=%s: %w", FlagColumn, scheme.Quote(w), ErrNoFlags)
		case !slices.Contains(used, w):
			return nil, &scheme.NameError{Kind: FlagColumn, Name: w, In: g.Name, Known: scheme.Nearest(w, used)}
		}
	}
	for _, row := range g.FlaggedRows(words...) {
		in[row] = true
	}
	return in, nil
}

// SetOnFlags reports whether a set of queries depends on flags.
func (g *Gallery) SetOnFlags(name string) bool {
	if g.manifest == nil || g.manifest.Queries[name] == nil {
		return false
	}
	return g.OnFlags(g.manifest.Queries[name].Conditions())
}

// OnFlags reports whether one of the conditions is on flags.
func (g *Gallery) OnFlags(where []scheme.Condition) bool {
	return !g.HasFlagColumn() && slices.ContainsFunc(where, func(c scheme.Condition) bool { return c.Label == FlagColumn })
}
