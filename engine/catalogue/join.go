package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	slash "path"
	"slices"
	"strings"

	"strata/engine/fence"
	"strata/engine/table"
)

// fileColumns are the columns of a joined table that may name files, the first first.
var fileColumns = []string{"image", "file", "filename", "file_name", "path", "image_path", "id"}

// joining is the reading of a table whose rows are of pictures.
type joining struct {
	t       *Table
	in      *table.Reader
	on      string
	names   *nameIndex
	key, id int // columns, or -1
	seen    int // columns that were looked at
	to      []int
	columns []column
	ids     []string // by picture
	rowOf   []int    // by picture: its row from 1, or 0
	rows    int

	strange, several, loose Left
}

// join adds the columns of a table, and leaves out the pictures that none of its rows is of.
func (t *Table) join(ctx context.Context, file, on string) error {
	f, err := fence.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	n := len(t.pictures.Names)
	j := &joining{t: t, on: on, names: newNameIndex(t.pictures.Names), key: -1, id: -1, ids: make([]string, n), rowOf: make([]int, n)}
	j.strange.What, j.several.What = "rows of "+file+" name no picture", "rows of "+file+" name several pictures"
	j.loose.What = "rows of " + file + " are of pictures in other folders, by the name of the file alone"
	if j.in, err = table.Open(file, f); err != nil {
		return err
	}
	defer j.in.Close()
	if err := j.read(ctx); err != nil {
		return err
	}
	return j.end(file)
}

// read reads all rows.
func (j *joining) read(ctx context.Context) error {
	for ; ; j.rows++ {
		if j.rows%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		cells, err := j.in.Read()
		if errors.Is(err, io.EOF) {
			return j.header()
		}
		if err != nil {
			return err
		}
		if len(cells) > j.seen || j.key < 0 {
			if err := j.header(); err != nil {
				return table.Place(j.in.Place(), j.rows, err)
			}
		}
		if err := j.add(cells); err != nil {
			return table.Place(j.in.Place(), j.rows, err)
		}
	}
}

// header takes over the columns that are new.
func (j *joining) header() error {
	all := j.in.Columns()
	if j.key < 0 {
		j.key = j.keyOf(all)
	}
	if j.key < 0 {
		if j.on != "" {
			return fmt.Errorf("no column is named %s (columns: %s)", j.on, strings.Join(all, ", "))
		}
		return fmt.Errorf("no column is named %s (columns: %s); --on names the one with the names of files", strings.Join(fileColumns, ", "), strings.Join(all, ", "))
	}
	for at := j.seen; at < len(all); at++ {
		to := -1
		switch name := all[at]; {
		case name == "id":
			j.id = at
		case at == j.key:
		case name == "image" || j.t.column(name) >= 0:
			j.t.Left = append(j.t.Left, fmt.Sprintf("column %s of the joined table: there is one already", name))
		default:
			to = len(j.columns)
			j.columns = append(j.columns, column{name, make([]string, len(j.rowOf))})
		}
		j.to = append(j.to, to)
	}
	j.seen = len(all)
	return nil
}

// keyOf returns the column with the names of files, or -1.
func (j *joining) keyOf(all []string) int {
	if j.on != "" {
		return slices.Index(all, j.on)
	}
	for _, name := range fileColumns {
		if at := slices.Index(all, name); at >= 0 {
			return at
		}
	}
	return -1
}

// add adds a row.
func (j *joining) add(cells []string) error {
	name := ""
	if j.key < len(cells) {
		name = cells[j.key]
	}
	p, loose := j.names.find(name)
	if loose && p >= 0 {
		j.loose.count(name)
	}
	switch {
	case p == missing:
		j.strange.count(name)
		return nil
	case p == ambiguous:
		j.several.count(name)
		return nil
	case j.rowOf[p] > 0:
		return fmt.Errorf("picture %q is that of row %d, too", j.t.pictures.Names[p], j.rowOf[p]-1)
	}
	j.rowOf[p] = j.rows + 1
	for at, cell := range cells {
		if at == j.id {
			j.ids[p] = strings.Clone(cell)
		} else if to := j.to[at]; to >= 0 {
			j.columns[to].cells[p] = strings.ReplaceAll(cell, "\r\n", "\n")
		}
	}
	return nil
}

// end takes over what was read.
func (j *joining) end(file string) error {
	t := j.t
	rows := len(t.take)
	t.take = slices.DeleteFunc(t.take, func(p int) bool { return j.rowOf[p] == 0 })
	if len(t.take) == 0 {
		return fmt.Errorf("none of its %d rows is of one of %d pictures in %s; column %s has the names of files, %q is one and %q is a picture (--on names another)",
			j.rows, rows, t.pictures.Folder, j.in.Columns()[j.key], j.strange.First, t.pictures.Names[0])
	}
	if n := rows - len(t.take); n > 0 {
		t.Left = append(t.Left, fmt.Sprintf("%d of %d pictures, which are in no row of %s", n, rows, file))
	}
	for _, l := range []Left{j.strange, j.several} {
		if l.Count > 0 {
			t.Left = append(t.Left, l.String())
		}
	}
	t.note(j.loose)
	t.Notes = append(t.Notes, j.in.Notes()...)
	for _, l := range j.in.Left() {
		t.Left = append(t.Left, fmt.Sprintf("column %s of %s, or cells of it, which hold %s", l.Name, file, l.Holds))
	}
	t.add(j.columns...)
	if j.id >= 0 {
		if why := unfit(j.ids, t.take); why != "" {
			t.Left = append(t.Left, fmt.Sprintf("column id of %s: %s", file, why))
		} else {
			t.ids = j.ids
		}
	}
	return nil
}

// unfit says why texts cannot be the ids of pictures; "" is that they can.
func unfit(ids []string, take []int) string {
	seen := make(map[string]bool, len(take))
	for _, p := range take {
		switch id := ids[p]; {
		case id == "":
			return "it is empty for a picture"
		case strings.Contains(id, "\r\n"):
			return fmt.Sprintf("%q has a line end in it", id)
		case seen[id]:
			return fmt.Sprintf("%q is that of two pictures", id)
		default:
			seen[id] = true
		}
	}
	return ""
}

// What find returns for a name that is of no picture, or of several.
const (
	missing   = -1
	ambiguous = -2
)

// nameIndex finds pictures by names, with or without the extension and with more or fewer
// folders in front than the picture's path.
type nameIndex struct {
	names []string
	depth int                    // parts of the longest path
	ends  map[int]map[string]int // by number of parts: pictures by the last parts of their paths
	whole map[string]int
}

func newNameIndex(names []string) *nameIndex {
	x := &nameIndex{names: names, ends: map[int]map[string]int{}, whole: byName(names)}
	for _, name := range names {
		x.depth = max(x.depth, strings.Count(name, "/")+1)
	}
	return x
}

// byName returns pictures by names and, where that is no name of another, by names without
// extension. Pictures without a name, "", are not in it.
func byName(names []string) map[string]int {
	full, stems := map[string]int{}, map[string]int{}
	put := func(to map[string]int, key string, p int) {
		if _, taken := to[key]; taken {
			p = ambiguous
		}
		to[key] = p
	}
	for p, name := range names {
		if name != "" {
			put(full, name, p)
			put(stems, strings.TrimSuffix(name, slash.Ext(name)), p)
		}
	}
	for key, p := range stems {
		if _, taken := full[key]; !taken {
			full[key] = p
		}
	}
	return full
}

// find returns the picture whose path agrees with most parts of a name at its end: with all
// parts of either or, which is loose, with the last alone.
func (x *nameIndex) find(name string) (p int, loose bool) {
	name = last(strings.TrimPrefix(slash.Clean(strings.ReplaceAll(name, `\`, "/")), "/"), x.depth)
	if p, ok := x.whole[name]; ok {
		return p, false
	}
	parts := strings.Count(name, "/") + 1
	if p, ok := x.endsOf(parts)[name]; ok {
		return p, false
	}
	for {
		_, rest, more := strings.Cut(name, "/")
		if !more {
			break
		}
		if p, ok := x.whole[rest]; ok {
			return p, false
		}
		name = rest
	}
	if p, ok := x.endsOf(1)[name]; ok {
		return p, true
	}
	return missing, false
}

// endsOf returns pictures by the last parts of their paths.
func (x *nameIndex) endsOf(parts int) map[string]int {
	if x.ends[parts] == nil {
		ends := make([]string, len(x.names))
		for p, name := range x.names {
			ends[p] = last(name, parts)
		}
		x.ends[parts] = byName(ends)
	}
	return x.ends[parts]
}

// last returns the last parts of a path.
func last(path string, parts int) string {
	at := len(path)
	for range parts {
		if at = strings.LastIndexByte(path[:at], '/'); at < 0 {
			return path
		}
	}
	return path[at+1:]
}
