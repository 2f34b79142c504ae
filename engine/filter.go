package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/engine/table"
)

// Rows returns a set of rows by membership: those that meet the conditions. Of
// several conditions on one label one must hold, and so for every label. FlagColumn is a label, too. No
// conditions give nil, which means all rows.
func (g *Gallery) Rows(where []scheme.Condition) ([]bool, error) {
	if len(where) == 0 {
		return nil, nil
	}
	values := map[string][]string{}
	var names []string
	for _, c := range where {
		if values[c.Label] == nil {
			names = append(names, c.Label)
		}
		values[c.Label] = append(values[c.Label], c.Value)
	}
	in := make([]bool, g.Len())
	for i := range in {
		in[i] = true
	}
	for _, name := range names {
		if name == FlagColumn && !g.HasFlagColumn() {
			flagged, err := g.withFlags(values[name])
			if err != nil {
				return nil, err
			}
			for row := range in {
				in[row] = in[row] && flagged[row]
			}
			continue
		}
		l, err := g.Label(name)
		if err != nil {
			return nil, err
		}
		if l.Judged() {
			return nil, fmt.Errorf("%s is judgements of pairs, which have no values: items are not chosen by them", name)
		}
		cells, missing := l.With(values[name])
		if cells == nil {
			return nil, &scheme.NameError{Kind: "value of " + name, Name: missing, In: g.Name, Known: scheme.Nearest(missing, l.Names)}
		}
		for row, code := range l.Codes {
			in[row] = in[row] && cells[code]
		}
	}
	return in, nil
}

// Candidates returns the candidates under a filter.
func (g *Gallery) Candidates(filter []scheme.Condition) (*items.Candidates, error) {
	in, err := g.Rows(filter)
	if err != nil {
		return nil, err
	}
	return items.NewCandidates(g.items, in), nil
}

// Scored returns a set of rows by membership: those that have a score in every one
// of the layers. It reads layers that were not scanned yet, and makes derived ones.
func (g *Gallery) Scored(ctx context.Context, layers []string) ([]bool, error) {
	in := make([]bool, g.Len())
	for row := range in {
		in[row] = true
	}
	for _, name := range layers {
		f, err := scheme.ParseFactor(name)
		if err != nil {
			return nil, err
		}
		l, err := g.Ready(ctx, f)
		if err != nil {
			return nil, err
		}
		if err := l.Measure(ctx); err != nil {
			return nil, fmt.Errorf("measuring %s: %w", name, err)
		}
		for row, root := range l.Lengths().Root {
			in[row] = in[row] && !math.IsNaN(root)
		}
	}
	return in, nil
}

// maxNamed is the number of ids that an error names.
const maxNamed = 5

// QuerySet is a set of queries that has a name in gallery.yaml.
type QuerySet struct {
	Name string
	Rows []int  // ascending
	Hash string // HashRows of the rows
}

// String says what the set is, for logs and manifests: its name, the number of its ids, and their
// hash.
func (s *QuerySet) String() string { return fmt.Sprintf("%s: %d ids  %s", s.Name, len(s.Rows), s.Hash) }

// HashRows returns "sha256:" and 64 hexadecimal digits: the hash of the ids of rows, each in
// Go's quotes with a line feed.
func (g *Gallery) HashRows(rows []int) string {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = g.items.IDs[row]
	}
	return "sha256:" + hashIDs(ids)
}

// QuerySets returns the names of the sets of queries, sorted.
func (g *Gallery) QuerySets() []string {
	if g.manifest == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(g.manifest.Queries))
}

// QuerySet returns the set of queries with the name. It is found anew each time: a file may
// have changed, and flags do. Ids of no item, and of items that are no queries, are an error
// that names them; so is a set without queries. An id may stand in a list more than once.
func (g *Gallery) QuerySet(name string) (*QuerySet, error) {
	known := g.QuerySets()
	if !slices.Contains(known, name) {
		return nil, &scheme.NameError{Kind: "set of queries", Name: name, In: g.Name, Known: scheme.Nearest(name, known)}
	}
	rows, err := g.queryRows(g.manifest.Queries[name])
	if err == nil && len(rows) == 0 {
		err = errors.New("no item is such a query")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: queries: %s: %w", filepath.Join(g.Path, manifest.FileName), name, err)
	}
	return &QuerySet{Name: name, Rows: rows, Hash: g.HashRows(rows)}, nil
}

// queryRows returns the rows of a record, ascending.
func (g *Gallery) queryRows(r *manifest.QueryRecord) (rows []int, err error) {
	ids := r.IDs
	switch {
	case r.Where != nil:
		in, err := g.Rows(r.Conditions())
		for row, is := range in {
			if is && g.IsQuery(row) {
				rows = append(rows, row)
			}
		}
		return rows, err
	case r.File != "":
		if ids, err = g.idsIn(r.File); err != nil {
			return nil, err
		}
	}
	var unknown, answers []string
	for _, id := range ids {
		switch row, err := g.Row(id); {
		case err != nil:
			unknown = append(unknown, id)
		case !g.IsQuery(row):
			answers = append(answers, id)
		default:
			rows = append(rows, row)
		}
	}
	switch {
	case len(unknown) > 0:
		return nil, fmt.Errorf("%d of %d ids are of no item: %s", len(unknown), len(ids), quoted(unknown))
	case len(answers) > 0:
		return nil, fmt.Errorf("%d of %d ids are of no query, since their split is gallery: %s", len(answers), len(ids), quoted(answers))
	}
	slices.Sort(rows)
	return slices.Compact(rows), nil
}

// idsIn returns the ids in a file of the gallery's folder.
func (g *Gallery) idsIn(file string) ([]string, error) {
	f, err := layer.OpenFile(g.folder, file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	defer f.Close()
	ids, err := table.ReadIDs(strings.ToLower(file), f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return ids, nil
}

// quoted names the first texts, each in quotes.
func quoted(texts []string) string {
	var b strings.Builder
	for i, t := range texts[:min(len(texts), maxNamed)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(t))
	}
	if more := len(texts) - maxNamed; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}
