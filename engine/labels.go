package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/engine/table"
)

// Groups returns the group column, or nil if there is none.
func (g *Gallery) Groups() *items.Label { return g.items.Group }

// Label returns the label with the name: see items.Labels. Judgements are labels, too.
func (g *Gallery) Label(name string) (*items.Label, error) { return g.labels.Find(name) }

// readTable reads the items table, and the list of ids beside it, if there is one. The
// table is likely to have so many rows. It polls ctx now and then. Errors name the file.
func readTable(ctx context.Context, folder fs.FS, place string, files tableFiles, rows int64, m *manifest.Manifest) (*items.Table, error) {
	ids, idsFile, err := readIDs(folder, place)
	if err != nil {
		return nil, err
	}
	source := items.Source{
		Files: files.names, Order: ids, Likely: rows, Roles: m.Roles(), Unknown: m.UnknownValues(),
		Open: func(name string) (fs.File, error) { return layer.OpenFile(folder, name) },
	}
	it, err := source.Read(ctx)
	if missing := (*items.MissingError)(nil); errors.As(err, &missing) {
		return nil, fmt.Errorf("%s: row %d: %s has no item %q", layer.JoinPath(place, idsFile), missing.Row, files.shown, missing.ID)
	}
	if in := (*items.FileError)(nil); errors.As(err, &in) {
		return nil, fmt.Errorf("%s: %w", layer.JoinPath(place, in.File), in.Err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", layer.JoinPath(place, files.shown), err)
	}
	it.File, it.IDsFile = files.shown, idsFile
	return it, nil
}

// readIDs reads the list of the rows' ids; without one the order is that of the
// items table.
func readIDs(folder fs.FS, place string) (*items.RowOrder, string, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", place, err)
	}
	var found []string
	for _, e := range entries {
		if !e.IsDir() && table.IsIDs(e.Name()) {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 0:
		return nil, "", nil
	case 1:
	default:
		return nil, "", fmt.Errorf("%s: %s and %s both list the rows' ids; move one", place, found[0], found[1])
	}
	f, err := layer.OpenFile(folder, found[0])
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", layer.JoinPath(place, found[0]), err)
	}
	defer f.Close()
	ids, err := table.ReadIDsOf(found[0], f)
	if err == nil {
		var order *items.RowOrder
		if order, err = items.NewRowOrder(ids); err == nil {
			return order, found[0], nil
		}
	}
	return nil, "", fmt.Errorf("%s: %w", layer.JoinPath(place, found[0]), err)
}

// Labels returns the label columns in the order of the items table, but for those that
// gallery.yaml says are none, and then the judgements by name. Label returns all.
func (g *Gallery) Labels() []*items.Label { return g.labels.Listed }

// list makes the labels ready. m may be nil.
func (g *Gallery) list(m *manifest.Manifest) {
	var not []string
	if m != nil && m.Items != nil {
		not = m.Items.NotLabels
	}
	var unknown []string
	g.labels, unknown = items.NewLabels(g.items, g.Name, not)
	for _, name := range unknown {
		g.note("%s: items: not_labels: %s has no column %q", manifest.FileName, g.items.File, name)
	}
}

// FirstLabels returns the labels that gallery.yaml has the screen mark; none, where it does not say.
func (g *Gallery) FirstLabels() ([]string, error) {
	if g.manifest == nil || g.manifest.Screen == nil {
		return nil, nil
	}
	for _, name := range g.manifest.Screen.Labels {
		if !slices.ContainsFunc(g.Labels(), func(l *items.Label) bool { return l.Name == name }) {
			return nil, fmt.Errorf("%s: screen: labels: %w", filepath.Join(g.Path, manifest.FileName), g.labels.Unknown(name))
		}
	}
	return g.manifest.Screen.Labels, nil
}

// ID returns the item's id.
func (g *Gallery) ID(row int) string { return g.items.IDs[row] }

// Row returns the row of the item with the id.
func (g *Gallery) Row(id string) (int, error) {
	row, _, _ := g.items.ByID.Find(g.items.IDs, id)
	if row < 0 {
		return 0, &scheme.NameError{Kind: "item", Name: id, In: g.Name}
	}
	return row, nil
}

// IsQuery reports whether the row may be a query: its split is not gallery.
func (g *Gallery) IsQuery(row int) bool {
	return g.items.Split == nil || g.items.Split[row] != items.SplitGallery
}

// Group returns the row's cell in the group column; "" is a row of no group.
func (g *Gallery) Group(row int) string {
	if g.items.Group == nil {
		return ""
	}
	return g.items.Group.Cell(row)
}

// ItemsFile returns the name of the items table in the gallery's folder.
func (g *Gallery) ItemsFile() string { return g.items.File }

// HashIDs returns the hash of the ids of the first rows, in their order.
func (g *Gallery) HashIDs(rows int) string { return hashIDs(g.items.IDs[:rows]) }

// hashIDs returns SHA-256 over each id in Go's quotes and a line feed, in hexadecimal digits.
func hashIDs(ids []string) string {
	h := sha256.New()
	var line []byte
	for _, id := range ids {
		line = append(strconv.AppendQuote(line[:0], id), '\n')
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// readJudgements reads the judgements of the items as labels, behind the columns.
func (o *opener) readJudgements(ctx context.Context) error {
	g, place := o.g, o.place
	sources, err := g.manifest.JudgementSources(g.folder)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	for _, s := range sources {
		if slices.ContainsFunc(g.items.Labels, func(l *items.Label) bool { return l.Name == s.Name }) {
			return fmt.Errorf("%s: its judgements would be called %s, as a column of %s; %s can name them otherwise: judgements: {NAME: {file: %s}}",
				layer.JoinPath(place, s.File), s.Name, g.items.File, manifest.FileName, s.File)
		}
		f, err := layer.OpenFile(g.folder, s.File)
		if err != nil {
			return fmt.Errorf("%s: %w", layer.JoinPath(place, s.File), err)
		}
		label, notes, err := s.Read(ctx, f, g.items)
		_ = f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", layer.JoinPath(place, s.File), err)
		}
		g.items.Labels = append(g.items.Labels, label)
		for _, n := range notes {
			g.note("%s: %s", s.File, n)
		}
	}
	g.judgements = sources
	return nil
}
