package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"strata/engine/fence"
	"strata/engine/flags"
	"strata/engine/items"
	"strata/engine/scheme"
)

// FlagColumn is the column of conditions on flags, flag=wrong, unless the items table has such a
// column of its own.
const FlagColumn = "flag"

// Flagging are the flags of a gallery's items, and the file that keeps them.
type Flagging struct {
	flags.Kept

	of    string // the gallery's name
	items *items.Table
}

// newFlagging returns the flags of an open gallery, which are not read yet.
func newFlagging(g *Gallery) *Flagging {
	f := &Flagging{of: g.Name, items: g.items}
	if f.Gallery = g.Path; g.root != nil {
		own := fence.In(g.Path, DerivedFolder)
		f.Own = &own
	}
	return f
}

// Flagging returns the flags with the file that keeps them.
func (g *Gallery) Flagging() *Flagging { return g.flags }

// Flags returns the flags of the gallery's items. Ids among them may be of no item.
func (g *Gallery) Flags() *flags.Flags { return g.flags.Now() }

// HasColumn reports whether conditions on FlagColumn are on a column of the items table.
func (f *Flagging) HasColumn() bool {
	return slices.ContainsFunc(f.items.Labels, func(l *items.Label) bool { return l.Name == FlagColumn })
}

// Unknown returns the flagged ids that are of no item.
func (f *Flagging) Unknown() []string {
	var unknown []string
	for _, id := range f.Now().IDs() {
		if f.row(id) < 0 {
			unknown = append(unknown, id)
		}
	}
	return unknown
}

// row returns the row of an id, or a number below 0.
func (f *Flagging) row(id string) int {
	row, _, _ := f.items.ByID.Find(f.items.IDs, id)
	return row
}

// readFlags reads the flags, and notes what is wrong with them.
func (g *Gallery) readFlags() {
	g.flags = newFlagging(g)
	for _, n := range g.flags.read() {
		g.note("%s: %s", flags.File, n)
	}
}

// read reads the flags, and returns what is wrong with them, a note each.
func (f *Flagging) read() (notes []string) {
	dir, err := f.Read()
	if err != nil {
		f.Refuse(fmt.Errorf("the flags cannot be read, and are not replaced: %w", err))
		return []string{"the flags are not read: " + strings.TrimPrefix(err.Error(), dir.File(flags.File)+": ")}
	}
	if unknown := f.Unknown(); len(unknown) > 0 {
		notes = append(notes, fmt.Sprintf("%d of %d flagged ids are of no item, and kept: %s", len(unknown), f.Now().Len(), quoted(unknown)))
	}
	if f.Now().Len() > 0 && f.HasColumn() {
		notes = append(notes, fmt.Sprintf("conditions on %s are on the column of %s, not on these flags", FlagColumn, f.items.File))
	}
	return notes
}

// Rows returns the rows, ascending, of the items with one of the flags.
func (f *Flagging) Rows(words ...string) []int {
	var rows []int
	now := f.Now()
	for _, id := range now.IDs() {
		if !slices.Contains(words, now.Of(id)) {
			continue
		}
		if row := f.row(id); row >= 0 {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return rows
}

// ErrNoFlags is why a condition on a flag cannot be met.
var ErrNoFlags = errors.New("no item is flagged")

// with returns the rows, by membership, of the items with one of the flags. Each must be in use.
func (f *Flagging) with(words []string) ([]bool, error) {
	in := make([]bool, len(f.items.IDs))
	used := f.Now().Words()
	for _, w := range words {
		switch {
		case len(used) == 0:
			return nil, fmt.Errorf("%s=%s: %w", FlagColumn, scheme.Quote(w), ErrNoFlags)
		case !slices.Contains(used, w):
			return nil, &scheme.NameError{Kind: FlagColumn, Name: w, In: f.of, Known: scheme.Nearest(w, used)}
		}
	}
	for _, row := range f.Rows(words...) {
		in[row] = true
	}
	return in, nil
}

// On reports whether one of the conditions is on flags.
func (f *Flagging) On(where []scheme.Condition) bool {
	return !f.HasColumn() && slices.ContainsFunc(where, func(c scheme.Condition) bool { return c.Label == FlagColumn })
}
