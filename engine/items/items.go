package items

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"strata/engine/table"
)

// The values of the split column.
const (
	splitBoth uint8 = iota
	splitQuery
	SplitGallery
)

// Table is the items table by columns; row r of every slice is item r.
type Table struct {
	File    string // the table
	IDsFile string // that gives the order of the rows, or ""
	IDs     []string
	ByID    idIndex
	Images  []string // nil without an image column
	Labels  []*Label
	Group   *Label  // nil without a group column
	Split   []uint8 // nil without a split column
	Notes   []string
}

// NoItemsError says that a folder has no items table.
type NoItemsError struct{ Place string }

// Error names the folder and the files that were looked for.
func (e *NoItemsError) Error() string {
	return e.Place + ": a gallery needs an items table, and there is no items.csv, nor .tsv, .jsonl or .parquet"
}

// Is makes errors.Is(err, fs.ErrNotExist) true.
func (e *NoItemsError) Is(target error) bool { return target == fs.ErrNotExist }

// Present returns those of the names that a folder has.
func Present(folder fs.FS, names []string) ([]string, error) {
	var found []string
	for _, name := range names {
		_, err := fs.Lstat(folder, name)
		if err == nil {
			found = append(found, name)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return found, nil
}

// RowOrder is the order of the rows that a list of ids gives.
type RowOrder struct {
	ids  []string
	byID idIndex
	row  []int32 // by row of the order: that of the table; -1 until it was read
}

// NewRowOrder checks the ids.
func NewRowOrder(ids []string) (*RowOrder, error) {
	o := &RowOrder{ids: ids, byID: NewIDIndex(len(ids)), row: make([]int32, len(ids))}
	for row, id := range ids {
		if id == "" {
			return nil, fmt.Errorf("row %d: its id is empty", row)
		}
		if first := o.byID.Add(ids[:row], id); first >= 0 {
			return nil, fmt.Errorf("row %d: id %q is that of row %d too", row, id, first)
		}
		o.row[row] = -1
	}
	return o, nil
}

// MissingError says that the items table lacks an item of a list of ids.
type MissingError struct {
	Row int
	ID  string
}

// Error names the item and its row.
func (e *MissingError) Error() string {
	return fmt.Sprintf("there is no item %q, which row %d is", e.ID, e.Row)
}

// likelyRows is the number of rows up to which memory is taken before they are read.
const likelyRows = 1 << 20

// ReadItems reads a table, in the order given, which may be nil. It is likely to
// have so many rows.
func ReadItems(ctx context.Context, name string, f fs.File, order *RowOrder, rows int64) (*Table, error) {
	in, err := table.Open(name, f)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	b := &itemsBuilder{in: in, id: -1, image: -1, split: -1, order: order, rows: int(min(rows, likelyRows))}
	if order != nil {
		b.rows = len(order.ids)
	} else {
		b.IDs, b.ByID = make([]string, 0, b.rows), NewIDIndex(b.rows)
	}
	if err := b.header(); err != nil {
		if place := in.Place(); place != "" {
			err = fmt.Errorf("%s: %w", place, err)
		}
		return nil, err
	}
	for ; ; b.read++ {
		if b.read%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return b.done()
		}
		if err != nil {
			return nil, err
		}
		if err := b.add(cells); err != nil {
			return nil, table.Place(in.Place(), b.read, err)
		}
	}
}

// itemsBuilder collects the table row by row.
type itemsBuilder struct {
	Table
	in               *table.Reader
	order            *RowOrder
	rows             int // likely, or those of the order
	read, left       int // rows of the table; those that the order has not
	columns          int // so far
	id, image, split int // columns, or -1
	labels           []*labelBuilder
	at               []int // by labels: its column
	arena            table.Arena
}

// header takes over the columns that are new.
func (b *itemsBuilder) header() error {
	for i, name := range b.in.Columns()[b.columns:] {
		at := b.columns + i
		switch name {
		case "id":
			b.id = at
		case "image":
			b.image = at
			b.Images = b.texts()
		case "split":
			b.split = at
			b.Split = append(make([]uint8, 0, b.rows), make([]uint8, b.length())...)
		default:
			l := NewLabelBuilder(name, b.rows)
			l.Label.Codes = append(l.Label.Codes, make([]uint32, b.length())...)
			b.labels = append(b.labels, l)
			b.at = append(b.at, at)
		}
	}
	b.columns = len(b.in.Columns())
	if b.id < 0 && b.columns > 0 {
		return fmt.Errorf("no column is named id (columns: %s)", strings.Join(b.in.Columns(), ", "))
	}
	return nil
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
	if b.image >= 0 {
		b.Images = put(b.Images, row, b.arena.Keep(cells[b.image]))
	}
	for i, l := range b.labels {
		l.Label.Codes = put(l.Label.Codes, row, l.Code(strings.TrimSpace(cells[b.at[i]])))
	}
	if b.split >= 0 {
		split, err := splitOf(cells[b.split])
		if err != nil {
			return err
		}
		b.Split = put(b.Split, row, split)
	}
	return nil
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
	if b.id < 0 || cells[b.id] == "" {
		return 0, errors.New("its id is empty")
	}
	id := cells[b.id]
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

func splitOf(cell string) (uint8, error) {
	switch s := strings.TrimSpace(cell); s {
	case "", "both":
		return splitBoth, nil
	case "query":
		return splitQuery, nil
	case "gallery":
		return SplitGallery, nil
	default:
		return 0, fmt.Errorf("split is %q, not query, gallery or both", s)
	}
}

func (b *itemsBuilder) done() (*Table, error) {
	if b.read == 0 {
		return nil, errors.New("it has no rows")
	}
	for i, name := range b.in.Columns() {
		if slices.Contains([]string{"id", "image", "split", "group"}, name) && b.in.Lists(i) {
			return nil, fmt.Errorf("column %q holds lists; it has one text a row", name)
		}
	}
	if o := b.order; o != nil {
		if row := slices.Index(o.row, -1); row >= 0 {
			return nil, &MissingError{row, o.ids[row]}
		}
		b.IDs, b.ByID = o.ids, o.byID
	}
	for _, l := range b.labels {
		if b.order != nil {
			l.renumber()
		}
		done := l.Done()
		if done.Name == "group" {
			b.Group = done
			continue
		}
		b.Labels = append(b.Labels, done)
	}
	b.Notes = b.in.Notes()
	if b.left > 0 {
		b.Notes = append(b.Notes, fmt.Sprintf("%d of its %d items are left out: no row has their id", b.left, b.read))
	}
	return &b.Table, nil
}

// RowsFile returns the name of the file that says which item a row is.
func (it *Table) RowsFile() string {
	if it.IDsFile != "" {
		return it.IDsFile
	}
	return it.File
}
