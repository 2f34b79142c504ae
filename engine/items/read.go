package items

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"strata/engine/table"
)

// likelyRows is the number of rows up to which memory is taken before they are read.
const likelyRows = 1 << 20

// Source is where a table is read from: files whose rows follow one another.
type Source struct {
	Files   []string
	Open    func(file string) (fs.File, error)
	Order   *RowOrder // nil: that of the files
	Likely  int64     // rows that there are, perhaps
	Roles   Roles
	Unknown []string // values that stand for none
}

// FileError is an error in one of a table's files.
type FileError struct {
	File string
	Err  error
}

// Error names the file as the source has it.
func (e *FileError) Error() string { return e.File + ": " + e.Err.Error() }

// Unwrap returns the error.
func (e *FileError) Unwrap() error { return e.Err }

// Read reads the table. An error in a file is a *FileError.
func (s Source) Read(ctx context.Context) (*Table, error) {
	b := &itemsBuilder{order: s.Order, rows: int(min(s.Likely, likelyRows)), roles: s.Roles.named(), unknown: map[string]bool{}}
	for _, v := range s.Unknown {
		b.unknown[v] = true
	}
	if s.Order != nil {
		b.rows = len(s.Order.ids)
	} else {
		b.IDs, b.ByID = make([]string, 0, b.rows), NewIDIndex(b.rows)
	}
	for _, file := range s.Files {
		if err := b.file(ctx, file, s.Open); err != nil {
			return nil, &FileError{file, err}
		}
	}
	t, err := b.done()
	if missing := (*MissingError)(nil); err != nil && !errors.As(err, &missing) {
		err = &FileError{s.Files[len(s.Files)-1], err}
	}
	return t, err
}

// itemsBuilder collects the table row by row.
type itemsBuilder struct {
	Table
	in               *table.Reader
	roles            Roles
	unknown          map[string]bool
	order            *RowOrder
	rows             int  // likely, or those of the order
	read, left       int  // rows of the table; those that the order has not
	columns          int  // of the file, so far
	id, image, split int  // columns of the file, or -1
	numbered         bool // the file has no ids: rows are numbered
	labels           []*labelBuilder
	at               []int // by labels: its column in the file, or -1
	splits           splits
	arena            table.Arena
}

// file reads a file of the table.
func (b *itemsBuilder) file(ctx context.Context, name string, open func(string) (fs.File, error)) error {
	f, err := open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if b.in, err = table.Open(name, f); err != nil {
		return err
	}
	defer b.in.Close()
	b.columns, b.id, b.image, b.split, b.numbered = 0, -1, -1, -1, table.NamesColumns(name)
	for i := range b.at {
		b.at[i] = -1
	}
	if err := b.header(); err != nil {
		if place := b.in.Place(); place != "" {
			err = fmt.Errorf("%s: %w", place, err)
		}
		return err
	}
	first := b.read
	for ; ; b.read++ {
		if b.read%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		cells, err := b.in.Read()
		if errors.Is(err, io.EOF) {
			b.Files, b.Rows = append(b.Files, name), append(b.Rows, b.read-first)
			return b.end()
		}
		if err != nil {
			return err
		}
		if err := b.add(cells); err != nil {
			return table.Place(b.in.Place(), b.read-first, err)
		}
	}
}

// header takes over the columns that are new.
func (b *itemsBuilder) header() error {
	for i, name := range b.in.Columns()[b.columns:] {
		at := b.columns + i
		switch name {
		case b.roles.ID:
			b.id = at
			continue
		case b.roles.Image:
			b.image = at
			if b.Images == nil {
				b.Images = b.texts()
			}
			continue
		case b.roles.Split:
			b.split = at
		}
		k := slices.IndexFunc(b.labels, func(l *labelBuilder) bool { return l.Label.Name == name })
		if k < 0 {
			k = len(b.labels)
			l := NewLabelBuilder(name, b.rows)
			l.Label.Codes = append(l.Label.Codes, make([]uint32, b.length())...)
			b.labels, b.at = append(b.labels, l), append(b.at, 0)
		}
		b.at[k] = at
	}
	b.columns = len(b.in.Columns())
	if b.id >= 0 || b.columns == 0 && !b.numbered {
		return nil
	}
	for _, l := range b.in.Left() {
		if l.Name == b.roles.ID {
			return fmt.Errorf("column %q holds %s; it has one text a row", l.Name, l.Holds)
		}
	}
	if b.numbered && b.roles.ID == "id" {
		return nil
	}
	if b.roles.ID != "id" {
		return fmt.Errorf("no column is named %s, which gallery.yaml says has the ids (columns: %s)", b.roles.ID, strings.Join(b.in.Columns(), ", "))
	}
	return fmt.Errorf("no column is named id (columns: %s); gallery.yaml can say which has the ids: items: {id: COLUMN}", strings.Join(b.in.Columns(), ", "))
}

// length returns the number of rows that columns have so far.
func (b *itemsBuilder) length() int {
	if b.order != nil {
		return len(b.order.ids)
	}
	return len(b.IDs)
}

// texts returns a column of empty texts.
func (b *itemsBuilder) texts() []string {
	return append(make([]string, 0, b.rows), make([]string, b.length())...)
}

// add adds a row of the table.
func (b *itemsBuilder) add(cells []string) error {
	if len(cells) > b.columns || b.id < 0 {
		if err := b.header(); err != nil {
			return err
		}
	}
	row, err := b.place(cells)
	if err != nil || row < 0 {
		return err
	}
	if b.Images != nil {
		b.Images = put(b.Images, row, b.arena.Keep(b.known(at(cells, b.image))))
	}
	for i, l := range b.labels {
		l.Label.Codes = put(l.Label.Codes, row, l.Code(b.known(strings.TrimSpace(at(cells, b.at[i])))))
	}
	if b.split >= 0 || b.splits.codes != nil {
		return b.splits.add(b.length(), row, b.known(strings.TrimSpace(at(cells, b.split))))
	}
	return nil
}

// at returns a cell of a row, which may have fewer: "" is unknown.
func at(cells []string, column int) string {
	if column < 0 || column >= len(cells) {
		return ""
	}
	return cells[column]
}

// known returns a cell without the values that stand for none.
func (b *itemsBuilder) known(cell string) string {
	if len(b.unknown) == 0 || cell == "" {
		return cell
	}
	if b.unknown[cell] {
		return ""
	}
	if strings.IndexByte(cell, '|') < 0 {
		return cell
	}
	parts := slices.DeleteFunc(strings.Split(cell, "|"), func(p string) bool { return b.unknown[strings.TrimSpace(p)] })
	return strings.Join(parts, "|")
}

// put sets element at of a column, or appends it.
func put[T any](column []T, at int, v T) []T {
	if at < len(column) {
		column[at] = v
		return column
	}
	return append(column, v)
}

// place takes over the id of a row of the table, and returns the item's row, or -1
// if it has none.
func (b *itemsBuilder) place(cells []string) (int, error) {
	id := at(cells, b.id)
	if b.id < 0 && b.numbered {
		id = strconv.Itoa(b.read)
	}
	if id == "" {
		for _, l := range b.in.Left() {
			if l.Name == b.roles.ID {
				return 0, fmt.Errorf("column %q holds %s; it has one text a row", l.Name, l.Holds)
			}
		}
		return 0, errors.New("its id is empty")
	}
	if b.order == nil {
		if first := b.ByID.Add(b.IDs, id); first >= 0 {
			return 0, fmt.Errorf("id %q is that of row %d too", id, first)
		}
		b.IDs = append(b.IDs, b.arena.Keep(id))
		return len(b.IDs) - 1, nil
	}
	row, _, _ := b.order.byID.Find(b.order.ids, id)
	switch {
	case row < 0:
		b.left++
	case b.order.row[row] >= 0:
		return 0, fmt.Errorf("id %q is that of row %d too", id, b.order.row[row])
	default:
		b.order.row[row] = int32(b.read)
	}
	return row, nil
}

// end takes over what is known of a file that was read.
func (b *itemsBuilder) end() error {
	roles := b.roles.all()
	for i, name := range b.in.Columns() {
		if slices.Contains(roles, name) && b.in.Lists(i) {
			return fmt.Errorf("column %q holds lists; it has one text a row", name)
		}
		if !slices.Contains(b.Columns, name) {
			b.Columns = append(b.Columns, name)
		}
	}
	for _, l := range b.in.Left() {
		if l.Cells > 0 && slices.Contains(roles, l.Name) {
			return fmt.Errorf("column %q holds %s, the first in %s; it has one text a row", l.Name, l.Holds, l.Place)
		}
		k := slices.IndexFunc(b.Left, func(o table.Left) bool { return o.Name == l.Name && o.Holds == l.Holds })
		if k < 0 {
			b.Left = append(b.Left, l)
			continue
		}
		b.Left[k].Cells += l.Cells
	}
	for _, n := range b.in.Notes() {
		if !slices.Contains(b.Remarks, n) {
			b.Remarks = append(b.Remarks, n)
		}
	}
	if b.id < 0 && b.numbered && b.read > 0 {
		if n := "no column is named id: the rows' numbers, from 0, are the ids; gallery.yaml can name a column: items: {id: COLUMN}"; !slices.Contains(b.Notes, n) {
			b.Notes = append(b.Notes, n)
		}
	}
	return nil
}

func (b *itemsBuilder) done() (*Table, error) {
	if b.read == 0 {
		return nil, errors.New("it has no rows")
	}
	if o := b.order; o != nil {
		if row := slices.Index(o.row, -1); row >= 0 {
			return nil, &MissingError{row, o.ids[row]}
		}
		b.IDs, b.ByID, b.Table.order = o.ids, o.byID, o.row
	}
	split, note := b.splits.done(b.roles.Split)
	if b.Split = split; note != "" {
		b.Remarks = append(b.Remarks, note)
	}
	for _, l := range b.labels {
		if b.order != nil {
			l.renumber()
		}
		whole := func(o table.Left) bool { return o.Name == l.Label.Name && o.Cells == 0 }
		switch name := l.Label.Name; {
		case name == b.roles.Split && b.Split != nil || slices.ContainsFunc(b.Left, whole):
		case name == b.roles.Group:
			b.Group = l.Done()
		default:
			b.Labels = append(b.Labels, l.Done())
		}
	}
	if b.left > 0 {
		b.Notes = append(b.Notes, fmt.Sprintf("%d of its %d items are left out: no row has their id", b.left, b.read))
	}
	return &b.Table, nil
}
