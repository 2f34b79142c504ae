package catalogue

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	slash "path"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"strata/engine/aside"
	"strata/engine/fence"
	"strata/engine/items"
)

// Table is an items table that is not written yet.
type Table struct {
	Path  string   // of its file
	Left  []string // what was left out
	Notes []string // what may not be what was meant

	pictures *Pictures
	ids      []string // by picture
	columns  []column
	take     []int // pictures, in the order of the rows
}

// column is a label.
type column struct {
	name  string
	cells []string // by picture
}

// newTable returns the table of all pictures, without labels.
func newTable(path string, found *Pictures) *Table {
	t := &Table{Path: path, pictures: found, ids: found.IDs(), take: make([]int, len(found.Names))}
	for i := range t.take {
		t.take[i] = i
	}
	if note := found.unread(); note != "" {
		t.Left = append(t.Left, note)
	}
	for _, l := range found.Left {
		t.Left = append(t.Left, l.String())
	}
	return t
}

// Lost says which pictures of the folder were left out, and would have been taken had they
// been of another kind or name.
func (t *Table) Lost() []string {
	var lost []string
	if note := t.pictures.unread(); note != "" {
		lost = append(lost, t.pictures.Folder+": "+note)
	}
	for _, l := range t.pictures.Left {
		if slices.Contains([]string{leftNames, leftOut, leftBroken, leftSpecial}, l.What) {
			lost = append(lost, t.pictures.Folder+": left out: "+l.String())
		}
	}
	return lost
}

// note notes how many names there are of a kind, if any.
func (t *Table) note(l Left) {
	if l.Count > 0 {
		t.Notes = append(t.Notes, l.String())
	}
}

// count counts a name of the kind.
func (l *Left) count(name string) {
	if l.Count++; l.Count == 1 {
		l.First = name
	}
}

// value returns a part of a picture's path as one value of a cell.
func value(part string) string { return strings.ReplaceAll(part, "|", "¦") }

// noteParted says how many pictures have a | in what becomes values: folders and, with a
// pattern, names of files.
func (t *Table) noteParted(p *pattern) {
	parted := Left{What: "pictures have | in their names, which parts values: a label has ¦ there"}
	for _, name := range t.pictures.Names {
		folders := strings.Contains(slash.Dir(name), "|")
		if folders || len(p.fields) > 0 && strings.Contains(name, "|") {
			parted.count(name)
		}
	}
	t.note(parted)
}

// addFolders adds the folders on the way to each picture: a column for each level, and path.
func (t *Table) addFolders(levels []string) {
	n := len(t.pictures.Names)
	columns := make([]column, len(levels))
	for i, name := range levels {
		columns[i] = column{name, make([]string, n)}
	}
	path, first := column{"path", make([]string, n)}, max(0, slices.IndexFunc(levels, named))
	shallow := Left{What: "pictures lie in fewer folders than " + strings.Join(levels, "/") + ": labels of the others are unknown"}
	deep := Left{What: "pictures lie in more folders than " + strings.Join(levels, "/") + ": the others are in path only"}
	foldered := false
	for p, name := range t.pictures.Names {
		folders := strings.Split(name, "/")
		folders = folders[:len(folders)-1]
		for i, f := range folders[:min(len(folders), len(levels))] {
			columns[i].cells[p] = value(f)
		}
		switch {
		case len(levels) == 0 || len(folders) == len(levels):
		case len(folders) < len(levels):
			shallow.count(name)
		default:
			deep.count(name)
		}
		path.cells[p] = value(strings.Join(folders[min(first, len(folders)):], items.LevelMark))
		foldered = foldered || path.cells[p] != ""
	}
	t.note(shallow)
	t.note(deep)
	t.add(columns...)
	if foldered {
		t.add(path)
	}
}

// named reports whether a level or field becomes a column.
func named(name string) bool { return name != skipped }

// add adds the columns that have a name.
func (t *Table) add(columns ...column) {
	for _, c := range columns {
		if named(c.name) {
			t.columns = append(t.columns, c)
		}
	}
}

// addFields adds what a pattern cuts out of the names of files.
func (t *Table) addFields(p *pattern) {
	columns := make([]column, len(p.fields))
	for i, name := range p.fields {
		columns[i] = column{name, make([]string, len(t.pictures.Names))}
	}
	unlike := Left{What: fmt.Sprintf("names of files are not %s: their fields are unknown", p.text)}
	for row, name := range t.pictures.Names {
		if len(columns) == 0 {
			break
		}
		cells, ok := p.match(name)
		if !ok {
			unlike.count(name)
		}
		for i, cell := range cells {
			columns[i].cells[row] = value(cell)
		}
	}
	t.note(unlike)
	t.add(columns...)
}

// checkNames checks that no two columns have one name.
func (t *Table) checkNames() error {
	for i, c := range t.columns {
		if t.column(c.name) < i {
			return fmt.Errorf("two columns would be named %s: name one otherwise, or %s", c.name, skipped)
		}
	}
	return nil
}

// column returns the first column of a name, or -1.
func (t *Table) column(name string) int {
	return slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
}

// maxListed bounds a line of a list of pictures, in bytes.
const maxListed = 1 << 20

// takeListed takes the pictures that the lines of a file name, in their order.
func (t *Table) takeListed(file string) error {
	f, err := fence.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	lineOf := make([]int, len(t.pictures.Names))
	t.take = t.take[:0]
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxListed)
	for n := 1; lines.Scan(); n++ {
		if lines.Text() == "" {
			continue
		}
		row, ok := slices.BinarySearch(t.pictures.Names, t.within(lines.Text()))
		switch {
		case !ok:
			return fmt.Errorf("%s: line %d: %q is no picture of %s", file, n, lines.Text(), t.pictures.Folder)
		case lineOf[row] > 0:
			return fmt.Errorf("%s: line %d: %q stands in line %d, too", file, n, lines.Text(), lineOf[row])
		}
		lineOf[row] = n
		t.take = append(t.take, row)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(t.take) == 0 {
		return fmt.Errorf("%s: it lists no picture", file)
	}
	if n := len(lineOf) - len(t.take); n > 0 {
		t.Left = append(t.Left, fmt.Sprintf("%d of %d pictures are not in %s", n, len(lineOf), file))
	}
	return nil
}

// within returns a path as one within the folder.
func (t *Table) within(path string) string {
	if filepath.IsAbs(path) {
		if dir, err := filepath.Abs(t.pictures.Folder); err == nil {
			if rel, err := filepath.Rel(dir, path); err == nil {
				return filepath.ToSlash(rel)
			}
		}
	}
	return slash.Clean(filepath.ToSlash(path))
}

// draw leaves a sample of n rows, unless n is 0.
func (t *Table) draw(n int, seed uint64) {
	if n == 0 || n >= len(t.take) {
		return
	}
	t.Left = append(t.Left, fmt.Sprintf("%d of %d pictures are not drawn (seed %d)", len(t.take)-n, len(t.take), seed))
	drawn := items.Sample(len(t.take), n, seed)
	for i, at := range drawn {
		drawn[i] = t.take[at]
	}
	t.take = drawn
}

// Write writes the table, unless there is a file of its name.
func (t *Table) Write() error {
	return aside.WriteNew(t.Path, func(out io.Writer) error {
		w := csv.NewWriter(out)
		record := []string{"id", "image"}
		for _, c := range t.columns {
			record = append(record, c.name)
		}
		err := w.Write(record)
		for _, p := range t.take {
			record = append(record[:0], t.ids[p], t.pictures.Names[p])
			for _, c := range t.columns {
				record = append(record, c.cells[p])
			}
			err = errors.Join(err, w.Write(record))
		}
		w.Flush()
		return errors.Join(err, w.Error())
	})
}

// WriteSummary says how many items there are, how many values each label has, and what was
// left out.
func (t *Table) WriteSummary(out io.Writer) error {
	if _, err := fmt.Fprintf(out, "%s: %d items\n", t.Path, len(t.take)); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range t.columns {
		values, unknown := map[string]bool{}, 0
		for _, p := range t.take {
			if cell := strings.TrimSpace(c.cells[p]); cell == "" {
				unknown++
			} else {
				values[cell] = true
			}
		}
		_, _ = fmt.Fprintf(w, "%s\t%d values\t%d unknown\n", c.name, len(values), unknown) // Flush has the error
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	for _, text := range t.Left {
		b.WriteString("left out: " + text + "\n")
	}
	for _, text := range t.Notes {
		b.WriteString("note: " + text + "\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}
