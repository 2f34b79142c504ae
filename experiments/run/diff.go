package run

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"strata/engine/fence"
	"strata/experiments/table"
)

// Diff says how the results of two runs differ.
type Diff struct {
	A, B     string     // the folders
	Manifest []string   // what differs in how they were made: never a difference by itself
	Tables   []FileDiff // of those that both have, in a fixed order
	Only     []string   // files that only one has: a difference

	Measured [2]*Measured // of every query, of A and B
}

// FileDiff says how one table, or one scheme's rankings, differ.
type FileDiff struct {
	Name         string
	Rows         int // of the first run
	Moved        []Move
	OnlyA, OnlyB int      // rows
	Columns      []string // that only one has; the others are compared
}

// Move is a row that is not the same.
type Move struct {
	Key   []string // the cells that name the row
	Cells []string // what moved, as NAME OLD → NEW
}

// Same reports whether the results agree.
func (d *Diff) Same() bool {
	return len(d.Only) == 0 && !slices.ContainsFunc(d.Tables, func(f FileDiff) bool { return !f.same() })
}

func (f FileDiff) same() bool {
	return len(f.Moved) == 0 && f.OnlyA == 0 && f.OnlyB == 0 && len(f.Columns) == 0
}

// runTables are the tables of a run, with the number of columns that name a row.
var runTables = []struct {
	name  string
	keys  int
	later bool // there are runs that do not have it
}{{"metrics.csv", 4, false}, {perQuery, perQueryKeys, false}, {"standings.csv", 4, true}, {"comparisons.csv", 4, false}}

// DiffRuns compares the tables, and the rankings in trec, of two folders that eval
// --out wrote. Rows are matched by what names them, not by their place.
func DiffRuns(a, b string) (*Diff, error) {
	d := &Diff{A: a, B: b}
	for i, dir := range []string{a, b} {
		var err error
		if d.Measured[i], err = ReadMeasured(dir); err != nil {
			return nil, err
		}
	}
	d.Manifest = diffManifests(d.Measured[0].Manifest, d.Measured[1].Manifest)
	for _, t := range runTables {
		x, errX := d.table(0, t.name, t.keys)
		y, errY := d.table(1, t.name, t.keys)
		if t.later && (errors.Is(errX, fs.ErrNotExist) || errors.Is(errY, fs.ErrNotExist)) {
			continue
		}
		if err := cmp.Or(errX, errY); err != nil {
			return nil, err
		}
		d.Tables = append(d.Tables, x.diff(y, t.name))
	}
	return d, d.addRankings()
}

// table returns a table of one of the two runs.
func (d *Diff) table(run int, name string, keys int) (*runTable, error) {
	m := d.Measured[run]
	if name == perQuery {
		return m.table, nil
	}
	return readTable(filepath.Join(m.Dir, name), keys)
}

// Moved reports whether what was measured of a query is not the same.
func (d *Diff) Moved() bool {
	return slices.ContainsFunc(d.Tables, func(f FileDiff) bool { return f.Name == perQuery && !f.same() })
}

// runTable is a table in memory.
type runTable struct {
	path   string
	header []string
	keys   int
	order  []string // of the rows' names
	rows   map[string][]string
}

// keyMark parts the cells that name a row.
const keyMark = "\x00"

// maxRunFile bounds a table or ranking of a run that is compared, in bytes: it is held in
// memory.
const maxRunFile = 1 << 30

// openRunFile opens a file of a run.
func openRunFile(path string) (*os.File, error) {
	f, err := fence.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() > maxRunFile {
		err = fmt.Errorf("%s: it has %d bytes, more than the %d that are compared", path, info.Size(), maxRunFile)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// readTable reads a table whose first columns, keys of them, name a row.
func readTable(path string, keys int) (*runTable, error) {
	f, err := openRunFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := csv.NewReader(bufio.NewReaderSize(f, 1<<16))
	t := &runTable{path: path, keys: keys, rows: map[string][]string{}}
	if t.header, err = in.Read(); err != nil {
		return nil, fmt.Errorf("%s: no header: %w", path, err)
	}
	if len(t.header) <= keys {
		return nil, fmt.Errorf("%s: %d columns, of which %d would name a row: not a table of eval", path, len(t.header), keys)
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		name := strings.Join(row[:keys], keyMark)
		if t.rows[name] != nil {
			line, _ := in.FieldPos(0)
			return nil, fmt.Errorf("%s:%d: a second row of %s", path, line, strings.Join(row[:keys], " "))
		}
		t.order = append(t.order, name)
		t.rows[name] = row
	}
}

// diff compares with the table of another run.
func (t *runTable) diff(other *runTable, name string) FileDiff {
	out := FileDiff{Name: name, Rows: len(t.order)}
	for _, h := range t.header {
		if !slices.Contains(other.header, h) {
			out.Columns = append(out.Columns, h+" in "+t.path)
		}
	}
	at := make([]int, len(t.header)) // where the other has it, or -1
	for i, h := range t.header {
		at[i] = slices.Index(other.header, h)
	}
	for _, h := range other.header {
		if !slices.Contains(t.header, h) {
			out.Columns = append(out.Columns, h+" in "+other.path)
		}
	}
	both := 0
	for _, name := range t.order {
		row, there := t.rows[name], other.rows[name]
		if there == nil {
			out.OnlyA++
			continue
		}
		both++
		var cells []string
		for i := t.keys; i < len(row); i++ {
			if at[i] >= 0 && row[i] != there[at[i]] {
				cells = append(cells, moved(t.header[i], row[i], there[at[i]]))
			}
		}
		if len(cells) > 0 {
			out.Moved = append(out.Moved, Move{row[:t.keys], cells})
		}
	}
	out.OnlyB = len(other.order) - both
	return out
}

// moved says how a cell moved, and by how much if it is a number.
func moved(name, from, to string) string {
	text := fmt.Sprintf("%s %s → %s", table.Legible(name), orNothing(from), orNothing(to))
	x, errX := strconv.ParseFloat(from, 64)
	y, errY := strconv.ParseFloat(to, 64)
	if errX == nil && errY == nil && !math.IsInf(y-x, 0) {
		text += fmt.Sprintf(" (%+.4g)", y-x)
	}
	return text
}

func orNothing(cell string) string {
	if cell == "" {
		return "nothing"
	}
	return table.Legible(cell)
}

// addRankings compares the rankings in trec where both runs have the scheme.
func (d *Diff) addRankings() error {
	a, err := readRankings(d.A)
	if err != nil {
		return err
	}
	b, err := readRankings(d.B)
	if err != nil {
		return err
	}
	if len(a.order) == 0 || len(b.order) == 0 { // they are written on request
		return nil
	}
	for _, scheme := range a.order {
		if b.of[scheme] == nil {
			d.Only = append(d.Only, fmt.Sprintf("rankings of %s in %s", scheme, d.A))
			continue
		}
		d.Tables = append(d.Tables, diffRankings("rankings of "+scheme, a.of[scheme], b.of[scheme]))
	}
	for _, scheme := range b.order {
		if a.of[scheme] == nil {
			d.Only = append(d.Only, fmt.Sprintf("rankings of %s in %s", scheme, d.B))
		}
	}
	return nil
}

// ranking has the hits of every query under one scheme.
type ranking struct {
	queries []string
	ids     map[string][]string
}

// rankings are those of the schemes of one run.
type rankings struct {
	order []string            // schemes
	of    map[string]*ranking // by scheme
}

// readRankings reads trec/NN.run of a folder; without them there are none.
func readRankings(dir string) (*rankings, error) {
	out := &rankings{of: map[string]*ranking{}}
	paths, err := filepath.Glob(filepath.Join(globless(dir), "trec", "*.run"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if err := out.read(path); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// globless escapes what filepath.Glob takes for patterns.
func globless(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// read adds the rankings of one file.
func (r *rankings) read(path string) error {
	f, err := openRunFile(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		field := strings.Fields(lines.Text())
		if len(field) != 6 {
			return fmt.Errorf("%s:%d: %d fields instead of 6", path, n, len(field))
		}
		query, id, scheme := field[0], field[2], field[5]
		one := r.of[scheme]
		if one == nil {
			one = &ranking{ids: map[string][]string{}}
			r.of[scheme] = one
			r.order = append(r.order, scheme)
		}
		if one.ids[query] == nil {
			one.queries = append(one.queries, query)
		}
		one.ids[query] = append(one.ids[query], id)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func diffRankings(name string, a, b *ranking) FileDiff {
	out := FileDiff{Name: name, Rows: len(a.queries)}
	both := 0
	for _, q := range a.queries {
		x, y := a.ids[q], b.ids[q]
		if y == nil {
			out.OnlyA++
			continue
		}
		both++
		if slices.Equal(x, y) {
			continue
		}
		first := 0
		for first < min(len(x), len(y)) && x[first] == y[first] {
			first++
		}
		stay := 0
		for _, id := range x {
			if slices.Contains(y, id) {
				stay++
			}
		}
		out.Moved = append(out.Moved, Move{[]string{q}, []string{
			fmt.Sprintf("from rank %d; %d of %d hits stay", first+1, stay, len(x)),
		}})
	}
	out.OnlyB = len(b.queries) - both
	return out
}

// diffManifests names what differs in how two runs were made.
func diffManifests(x, y Manifest) []string {
	var out []string
	for _, part := range []struct {
		name string
		of   func(Manifest) any
	}{
		{"fingerprint", func(m Manifest) any { return m.Gallery.Fingerprint }},
		{"items", func(m Manifest) any { return m.Gallery.Items }},
		{"layers", func(m Manifest) any { return m.Gallery.Layers }},
		{"derived", func(m Manifest) any { return m.Gallery.Derived }},
		{"version", func(m Manifest) any { return m.Version }},
		{"go", func(m Manifest) any { return m.Machine.Go }},
		{"arch", func(m Manifest) any { return m.Machine.Arch }},
		{"seed", func(m Manifest) any { return m.Seed }},
		{"resamples", func(m Manifest) any { return m.Resamples }},
		{"schemes", func(m Manifest) any { return m.Schemes }},
		{"labels", func(m Manifest) any { return m.Labels }},
		{"metrics", func(m Manifest) any { return m.Metrics }},
		{"where", func(m Manifest) any { return m.Where }},
		{"filter", func(m Manifest) any { return m.Filter }},
		{"set", func(m Manifest) any { return m.Set }},
		{"queries", func(m Manifest) any { return m.Queries }},
		{"baseline", func(m Manifest) any { return m.Baseline }},
	} {
		if u, v := fmt.Sprint(part.of(x)), fmt.Sprint(part.of(y)); u != v {
			out = append(out, fmt.Sprintf("%s %s → %s", part.name, orNothing(u), orNothing(v)))
		}
	}
	return out
}

func readManifest(dir string) (m Manifest, err error) {
	path := filepath.Join(dir, ManifestName)
	text, err := fence.ReadFile(path, fence.Metadata)
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s: no manifest.json: eval --out has not written this folder, or not to the end", dir)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Write writes the differences for people: of each table at most show rows.
func (d *Diff) Write(w io.Writer, show int) error {
	var b strings.Builder
	for _, text := range d.Manifest {
		fmt.Fprintf(&b, "manifest.json: %s\n", text)
	}
	for _, text := range d.Only {
		fmt.Fprintf(&b, "only %s\n", text)
	}
	for _, f := range d.Tables {
		if f.same() {
			fmt.Fprintf(&b, "%s: %d rows agree\n", f.Name, f.Rows)
			continue
		}
		fmt.Fprintf(&b, "%s: %d of %d rows moved", f.Name, len(f.Moved), f.Rows)
		if f.OnlyA+f.OnlyB > 0 {
			fmt.Fprintf(&b, "; %d are only in %s, %d only in %s", f.OnlyA, d.A, f.OnlyB, d.B)
		}
		b.WriteString("\n")
		for _, c := range f.Columns {
			fmt.Fprintf(&b, "  column %s only\n", c)
		}
		for i, m := range f.Moved {
			if i == show {
				fmt.Fprintf(&b, "  … %d more\n", len(f.Moved)-show)
				break
			}
			fmt.Fprintf(&b, "  %s: %s\n", table.Legible(strings.Join(m.Key, " ")), strings.Join(m.Cells, ", "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
