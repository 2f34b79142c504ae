package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/engine/table"
)

// maxNamed is the number of ids that an error names.
const maxNamed = 5

// QuerySet is a set of queries that has a name: in gallery.yaml, or Unfitted.
type QuerySet struct {
	Name string
	Rows []int  // ascending
	Hash string // HashRows of the rows
}

// String says what the set is, for logs and manifests: its name, the number of its ids, and their
// hash.
func (s *QuerySet) String() string { return fmt.Sprintf("%s: %d ids  %s", s.Name, len(s.Rows), s.Hash) }

// Queries are the sets of queries that have names in gallery.yaml.
type Queries struct {
	g       *Gallery
	records map[string]*manifest.QueryRecord
}

// Queries returns the sets of queries.
func (g *Gallery) Queries() Queries {
	if g.manifest == nil {
		return Queries{g: g}
	}
	return Queries{g, g.manifest.Queries}
}

// Names returns the names of the sets, sorted.
func (q Queries) Names() []string { return slices.Sorted(maps.Keys(q.records)) }

// OnFlags reports whether a set depends on flags.
func (q Queries) OnFlags(name string) bool {
	r := q.records[name]
	return r != nil && q.g.flags.On(r.Conditions())
}

// Check returns an error if there is no set with the name. It reads no file.
func (q Queries) Check(name string) error {
	known := q.Names()
	if name != Unfitted && !slices.Contains(known, name) {
		return &scheme.NameError{Kind: "set of queries", Name: name, In: q.g.Name, Known: scheme.Nearest(name, known)}
	}
	return nil
}

// Set returns the set of queries with the name. It is found anew each time: a file may
// have changed, and flags do. Ids of no item, and of items that are no queries, are an error
// that names them; so is a set without queries. An id may stand in a list more than once.
func (q Queries) Set(name string) (*QuerySet, error) {
	if name == Unfitted && !slices.Contains(q.Names(), name) {
		return q.unfitted()
	}
	if err := q.Check(name); err != nil {
		return nil, err
	}
	rows, err := q.rows(q.records[name])
	if err == nil && len(rows) == 0 {
		err = errors.New("no item is such a query")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: queries: %s: %w", filepath.Join(q.g.Path, manifest.FileName), name, err)
	}
	return &QuerySet{Name: name, Rows: rows, Hash: q.g.HashRows(rows)}, nil
}

// Unfitted is the name of the set of queries that no transform with a label is fitted on.
const Unfitted = "unfitted"

func (q Queries) unfitted() (*QuerySet, error) {
	var rows []int
	for row := range q.g.Len() {
		if q.g.IsQuery(row) && !q.g.Beside().Fitted(row) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: queries: %s: no item is such a query", q.g.Name, Unfitted)
	}
	return &QuerySet{Name: Unfitted, Rows: rows, Hash: q.g.HashRows(rows)}, nil
}

// rows returns the rows of a record, ascending.
func (q Queries) rows(r *manifest.QueryRecord) (rows []int, err error) {
	ids := r.IDs
	switch {
	case r.Where != nil:
		in, err := q.g.Rows(r.Conditions())
		for row, is := range in {
			if is && q.g.IsQuery(row) {
				rows = append(rows, row)
			}
		}
		return rows, err
	case r.File != "":
		if ids, err = idsIn(q.g.folder, r.File); err != nil {
			return nil, err
		}
	}
	var unknown, answers []string
	for _, id := range ids {
		switch row, err := q.g.Row(id); {
		case err != nil:
			unknown = append(unknown, id)
		case !q.g.IsQuery(row):
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

// idsIn returns the ids in a file of a folder.
func idsIn(folder fs.FS, file string) ([]string, error) {
	f, err := layer.OpenFile(folder, file)
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
