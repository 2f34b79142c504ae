package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"strata/engine/table"
)

// Groups returns the group column, or nil if there is none.
func (g *Gallery) Groups() *Label { return g.items.group }

// Label returns the label with the name, which is that of a column, or else of
// a label that follows from columns:
//
//	category/2      the first two levels of a column whose values are paths
//	category/*      the first level, with gains that count the levels shared
//	category&brand  both: relevant is what is relevant under each
//
// A value with fewer levels than asked for is no value of that label. Derived
// labels are made once and kept.
func (g *Gallery) Label(name string) (*Label, error) {
	if i := slices.IndexFunc(g.items.labels, func(l *Label) bool { return l.Name == name }); i >= 0 {
		return g.items.labels[i], nil
	}
	g.labelsMu.Lock()
	defer g.labelsMu.Unlock()
	return g.label(name)
}

// label returns a column or a derived label. The caller holds labelsMu.
func (g *Gallery) label(name string) (*Label, error) {
	if i := slices.IndexFunc(g.items.labels, func(l *Label) bool { return l.Name == name }); i >= 0 {
		return g.items.labels[i], nil
	}
	if l := g.labels[name]; l != nil {
		return l, nil
	}
	l, err := g.derivedLabel(name)
	if err != nil {
		return nil, err
	}
	if g.labels == nil {
		g.labels = map[string]*Label{}
	}
	g.labels[name] = l
	return l, nil
}

func (g *Gallery) derivedLabel(name string) (*Label, error) {
	if at := strings.LastIndex(name, "&"); at >= 0 {
		a, err := g.label(name[:at])
		if err != nil {
			return nil, err
		}
		b, err := g.label(name[at+1:])
		if err != nil {
			return nil, err
		}
		if a.levels != nil || b.levels != nil {
			return nil, fmt.Errorf("label %s: all levels of a column do not join; name one level", name)
		}
		return joinLabels(name, a, b)
	}
	at := strings.LastIndex(name, levelMark)
	if at < 0 {
		return nil, g.noLabel(name)
	}
	of, err := g.label(name[:at])
	if err != nil {
		return nil, g.noLabel(name)
	}
	deepest := of.depth()
	if name[at+1:] == allLevels {
		return of.allLevels(name, name[:at+1], deepest), nil
	}
	depth, err := strconv.Atoi(name[at+1:])
	if err != nil || depth < 1 || depth > deepest || strconv.Itoa(depth) != name[at+1:] {
		known := []string{name[:at+1] + allLevels}
		for d := range min(deepest, 9) {
			known = append(known, name[:at+1]+strconv.Itoa(d+1))
		}
		return nil, &NameError{Kind: "label", Name: name, In: g.Name, Known: known}
	}
	return of.level(name, depth), nil
}

func (g *Gallery) noLabel(name string) error {
	known := make([]string, len(g.items.labels))
	for i, l := range g.items.labels {
		known[i] = l.Name
	}
	return &NameError{Kind: "label", Name: name, In: g.Name, Known: nearest(name, known)}
}

// readItems reads the items table with a name in the folder, and the list of ids
// beside it, if there is one. The table is likely to have so many rows. It polls
// ctx now and then. Errors name the file.
func (g *Gallery) readItems(ctx context.Context, place, name string, rows int64) (*Table, error) {
	ids, idsFile, err := g.readIDs(place)
	if err != nil {
		return nil, err
	}
	path := joinPath(place, name)
	f, err := openFile(g.folder, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	it, err := readItems(ctx, name, f, ids, rows)
	if missing := (*missingError)(nil); errors.As(err, &missing) {
		return nil, fmt.Errorf("%s: row %d: %s has no item %q", joinPath(place, idsFile), missing.row, name, missing.id)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	it.file, it.idsFile = name, idsFile
	return it, nil
}

// readIDs reads the list of the rows' ids; without one the order is that of the
// items table.
func (g *Gallery) readIDs(place string) (*rowOrder, string, error) {
	found, err := present(g.folder, table.IDNames)
	if err != nil || len(found) == 0 {
		return nil, "", err
	}
	if len(found) > 1 {
		return nil, "", fmt.Errorf("%s: %s and %s both list the rows' ids; move one", place, found[0], found[1])
	}
	f, err := openFile(g.folder, found[0])
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", joinPath(place, found[0]), err)
	}
	defer f.Close()
	ids, err := table.ReadIDs(found[0], f)
	if err == nil {
		var order *rowOrder
		if order, err = newRowOrder(ids); err == nil {
			return order, found[0], nil
		}
	}
	return nil, "", fmt.Errorf("%s: %w", joinPath(place, found[0]), err)
}

// Labels returns the label columns in the order of the items table.
func (g *Gallery) Labels() []*Label { return g.items.labels }

// ID returns the item's id.
func (g *Gallery) ID(row int) string { return g.items.ids[row] }

// Row returns the row of the item with the id.
func (g *Gallery) Row(id string) (int, error) {
	row, _, _ := g.items.byID.find(g.items.ids, id)
	if row < 0 {
		return 0, &NameError{Kind: "item", Name: id, In: g.Name}
	}
	return row, nil
}

// IsQuery reports whether the row may be a query: its split is not gallery.
func (g *Gallery) IsQuery(row int) bool {
	return g.items.split == nil || g.items.split[row] != splitGallery
}

// Group returns the row's cell in the group column; "" is a row of no group.
func (g *Gallery) Group(row int) string {
	if g.items.group == nil {
		return ""
	}
	return g.items.group.Cell(row)
}

// ItemsFile returns the name of the items table in the gallery's folder.
func (g *Gallery) ItemsFile() string { return g.items.file }

// FindItems returns the name of the items table in a gallery's folder: that which
// the manifest, which may be nil, names, or else the one that has a name of
// items tables. Without one the error is fs.ErrNotExist.
func FindItems(folder fs.FS, place string, m *Manifest) (string, error) {
	if file := m.itemsFile(); file != "" {
		return file, nil
	}
	found, err := present(folder, table.Names(itemsStem))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", place, err)
	case len(found) == 0:
		return "", &noItemsError{place}
	case len(found) > 1:
		return "", fmt.Errorf("%s: %s and %s are both items tables; move one, or name one in %s: items: {file: %s}", place, found[0], found[1], ManifestFile, found[0])
	}
	return found[0], nil
}
