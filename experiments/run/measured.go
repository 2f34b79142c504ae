package run

import (
	"path/filepath"
	"slices"
	"strings"
)

// Measured is what a run measured of every query, as eval --out wrote it.
type Measured struct {
	Dir      string
	Manifest Manifest
	Queries  []string // ids, in the order of the table
	Schemes  []string // spellings
	Labels   []string
	table    *runTable
	columns  map[string]int
}

// perQuery is the table of Measured, with the number of columns that name a row.
const (
	perQuery     = "per_query.csv"
	perQueryKeys = 3
)

// ReadMeasured reads manifest.json and per_query.csv of a folder that eval --out wrote.
func ReadMeasured(dir string) (*Measured, error) {
	manifest, err := readManifest(dir)
	if err != nil {
		return nil, err
	}
	t, err := readTable(filepath.Join(dir, perQuery), perQueryKeys)
	if err != nil {
		return nil, err
	}
	m := &Measured{Dir: dir, Manifest: manifest, table: t, columns: map[string]int{}}
	for i, name := range t.header {
		m.columns[name] = i
	}
	lists := [perQueryKeys]*[]string{&m.Queries, &m.Schemes, &m.Labels}
	var seen [perQueryKeys]map[string]bool
	for i := range seen {
		seen[i] = map[string]bool{}
	}
	for _, name := range t.order {
		for i, key := range strings.Split(name, keyMark) {
			if i < perQueryKeys && !seen[i][key] {
				seen[i][key] = true
				*lists[i] = append(*lists[i], key)
			}
		}
	}
	return m, nil
}

// Has reports whether there is a column.
func (m *Measured) Has(column string) bool { return slices.Contains(m.table.header, column) }

// Cells returns the cells of columns in the row of a query, a scheme and a label, or nil
// when there is no such row or column.
func (m *Measured) Cells(query, scheme, label string, columns ...string) []string {
	row := m.table.rows[strings.Join([]string{query, scheme, label}, keyMark)]
	if row == nil {
		return nil
	}
	cells := make([]string, len(columns))
	for i, column := range columns {
		at, ok := m.columns[column]
		if !ok {
			return nil
		}
		cells[i] = row[at]
	}
	return cells
}
