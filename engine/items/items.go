package items

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"strata/engine/table"
)

// Table is the items table by columns; row r of every slice is item r.
type Table struct {
	File    string   // the table; of several files, which may be a pattern
	Files   []string // the files, in the order of the rows
	IDsFile string   // that gives the order of the rows, or ""
	Rows    []int    // rows of each file
	IDs     []string
	ByID    idIndex
	Images  []string // nil without an image column
	Labels  []*Label
	Group   *Label  // nil without a group column
	Split   []uint8 // nil without a split column

	Columns []string     // that were read
	Left    []table.Left // columns that are left out, or cells of them
	Notes   []string     // what may not be what was meant
	Remarks []string     // what was left out, and need not be looked at

	order []int32 // by row, that of the table; nil: the same
}

// TableRow returns the row of the table in which a row's item stands.
func (it *Table) TableRow(row int) int {
	if it.order == nil {
		return row
	}
	return int(it.order[row])
}

// InOrder reports whether all rows of the table are rows, in the order of the table.
func (it *Table) InOrder() bool {
	for row, from := range it.order {
		if int(from) != row {
			return false
		}
	}
	rows := 0
	for _, n := range it.Rows {
		rows += n
	}
	return it.order == nil || rows == len(it.order)
}

// NamesArchives reports whether an item's picture lies in a folder or a file that has the
// name of an archive.
func (it *Table) NamesArchives() bool {
	for _, name := range it.Images {
		if i := strings.IndexByte(name, '/'); i > 4 && (strings.Contains(name, ".tar/") || strings.Contains(name, ".zip/")) {
			return true
		}
	}
	return false
}

// NoItemsError says that a folder has no items table.
type NoItemsError struct {
	Place  string
	Others []string // tables that are there, by other names
	Arrow  string   // how an Arrow table that is there becomes one; "" if there is none
}

// Error names the folder and the files that were looked for.
func (e *NoItemsError) Error() string {
	text := e.Place + ": a gallery needs an items table, and there is no items.csv, nor .tsv, .jsonl or .parquet"
	if e.Arrow != "" {
		text += "; " + e.Arrow
	}
	if len(e.Others) > 0 {
		text = fmt.Sprintf("%s; there is %s: gallery.yaml can name it, items: {file: %s}", text, strings.Join(e.Others[:min(len(e.Others), 5)], ", "), e.Others[0])
	}
	return text + "; strata items makes one from pictures in folders"
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

// RowsFile returns the name of the file that says which item a row is.
func (it *Table) RowsFile() string {
	if it.IDsFile != "" {
		return it.IDsFile
	}
	return it.File
}
