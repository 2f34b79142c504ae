package table

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Reader reads a table.
type Reader struct {
	source  source
	columns []string
	from    []int // by column: that of the source, which has others where some have no name
	named   int   // columns of the source that were looked at
	unnamed int   // of these, those without a name
	first   int   // the first of them, from 1
	rows    int
	cells   []string // of a row, where columns are left out
	close   func()
}

// source reads the rows of one kind of file.
type source interface {
	// read returns the cells of the next row by column, or io.EOF. It may add columns. The next
	// call may reuse the slice.
	read() ([]string, error)
	// place returns the place of the row that was read or refused last: "line 3". Before the first
	// row it is the place of the header. It is "" if the kind has no such places.
	place() string
	// names returns the columns so far.
	names() []string
	// lists reports whether a cell of the column was a list.
	lists(column int) bool
	// left says which columns hold, so far, what is no cell.
	left() []Left
	// notes says what may not be what was meant.
	notes() []string
}

// Left is a column of which cells, or all, are left out, because they hold what is no
// text.
type Left struct {
	Name  string
	Holds string // what they hold: "lists of numbers"
	Cells int    // that are left out and unknown; 0: the column is none
	Place string // of the first of them: "line 7"
	Bytes bool   // of what is not said, pictures or features say
	Dim   int    // of lists of numbers of one length: the length
}

// kinds are the endings of the names of tables, those that may be packed first.
var (
	kinds   = []string{".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"}
	packing = []string{"", ".gz", ".zst"}
)

// Names returns the names that a table called stem may have.
func Names(stem string) []string {
	var names []string
	for _, kind := range kinds {
		for _, pack := range packing {
			if kind != ".parquet" || pack == "" {
				names = append(names, stem+kind+pack)
			}
		}
	}
	return names
}

// kindOf returns the kind of a table and its compression.
func kindOf(name string) (kind, pack string) {
	if end := path.Ext(name); slices.Contains(packing, end) {
		name, pack = strings.TrimSuffix(name, end), end
	}
	kind = path.Ext(name)
	if !slices.Contains(kinds, kind) || kind == ".parquet" && pack != "" {
		return "", ""
	}
	return kind, pack
}

// Known reports whether a file name is the name of a table.
func Known(name string) bool {
	kind, _ := kindOf(name)
	return kind != ""
}

// NamesColumns reports whether the columns of a table of that name have names wherever
// its rows come from: the first line of a text may be a row.
func NamesColumns(name string) bool {
	kind, _ := kindOf(name)
	return kind == ".parquet"
}

// OpenRaw is Open for a reader to which lists of JSON Lines are texts, as they are spelled.
func OpenRaw(name string, f fs.File) (*Reader, error) {
	r, err := Open(name, f)
	if err == nil {
		if j, ok := r.source.(*jsonTable); ok {
			j.raw = true
		}
	}
	return r, err
}

// Open returns a reader of the table in a file of that name. It reads the header.
// Errors do not name the file.
func Open(name string, f fs.File) (*Reader, error) {
	kind, pack := kindOf(name)
	r := &Reader{close: func() {}}
	var err error
	switch kind {
	case "":
		return nil, fmt.Errorf("a table's name ends with %s; all but the last may go on with .gz or .zst", strings.Join(kinds, ", "))
	case ".parquet":
		var p *parquetTable
		if p, err = openParquet(f); err == nil {
			r.source, r.close = p, p.close
		}
	default:
		var t *text
		if t, err = openText(f, pack); err != nil {
			return nil, err
		}
		r.close = t.close
		switch kind {
		case ".csv":
			r.source, err = openCSV(t)
		case ".tsv":
			r.source, err = openTSV(t)
		default:
			r.source = openJSON(t)
		}
	}
	if err != nil {
		r.close()
		return nil, err
	}
	if err := r.name(); err != nil {
		r.close()
		if place := r.Place(); place != "" {
			err = fmt.Errorf("%s: %w", place, err)
		}
		return nil, err
	}
	return r, nil
}

// Columns returns the names of the columns so far, without blanks around them.
func (r *Reader) Columns() []string { return r.columns }

// Place returns the place of the row that was read last: "line 3". Before the first row it is the
// place of the header. It is "" if the kind has no such places.
func (r *Reader) Place() string { return r.source.place() }

// Lists reports whether a cell of the column was a list so far.
func (r *Reader) Lists(column int) bool { return r.source.lists(r.from[column]) }

// Notes says what may not be what was meant, and which columns without a name are left out.
func (r *Reader) Notes() []string {
	notes := r.source.notes()
	switch r.unnamed {
	case 0:
	case 1:
		notes = append(notes, fmt.Sprintf("column %d has no name: it is left out", r.first))
	default:
		notes = append(notes, fmt.Sprintf("%d columns have no name, column %d and others: they are left out", r.unnamed, r.first))
	}
	return notes
}

// Left says which columns are left out, or cells of them, so far.
func (r *Reader) Left() []Left { return r.source.left() }

// Close releases the reader's memory. The file stays open.
func (r *Reader) Close() { r.close() }

// Read returns the cells of the next row by column, or io.EOF.
func (r *Reader) Read() ([]string, error) {
	cells, err := r.source.read()
	if err != nil {
		return nil, r.refused(err)
	}
	if len(cells) > r.named {
		if err := r.name(); err != nil {
			return nil, r.at(err)
		}
	}
	if r.unnamed > 0 {
		cells = r.kept(cells)
	}
	for i, cell := range cells {
		if err := checkCell(cell); err != nil {
			return nil, r.at(fmt.Errorf("column %q: %w", r.columns[i], err))
		}
	}
	r.rows++
	if r.rows > maxRows || r.rows*len(r.columns) > maxCells {
		return nil, r.at(fmt.Errorf("%d rows of %d columns are more than the %d cells allowed", r.rows, len(r.columns), maxCells))
	}
	return cells, nil
}

// kept returns the cells of columns that have a name.
func (r *Reader) kept(cells []string) []string {
	r.cells = r.cells[:0]
	for _, c := range r.from {
		if c < len(cells) {
			r.cells = append(r.cells, cells[c])
		}
	}
	return r.cells
}

// refused returns the error of a row that could not be read, with its place.
func (r *Reader) refused(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if ahead := (*aheadError)(nil); errors.As(err, &ahead) {
		return Place(r.Place(), r.rows+ahead.rows, ahead.error)
	}
	return r.at(err)
}

// at adds the place of the row to an error.
func (r *Reader) at(err error) error { return Place(r.Place(), r.rows, err) }

// Place adds the place of a row to an error. The place may be "".
func Place(place string, row int, err error) error {
	if place != "" {
		place += ": "
	}
	return fmt.Errorf("%srow %d: %w", place, row, err)
}

// name adds the names of new columns.
func (r *Reader) name() error {
	for _, name := range r.source.names()[r.named:] {
		name = strings.TrimSpace(name)
		if err := checkCell(name); err != nil {
			return fmt.Errorf("the name of column %d: %w", r.named+1, err)
		}
		r.named++
		switch {
		case r.named > maxColumns:
			return fmt.Errorf("there are more than the %d columns allowed", maxColumns)
		case name == "":
			if r.unnamed++; r.unnamed == 1 {
				r.first = r.named
			}
			continue
		case strings.Contains(name, "\r"):
			return fmt.Errorf("column %d is named %.80q: lines must end with LF or CR LF", r.named, name)
		case slices.Contains(r.columns, name):
			return fmt.Errorf("column %q stands twice", name)
		}
		r.columns, r.from = append(r.columns, strings.Clone(name)), append(r.from, r.named-1)
	}
	return nil
}

// checkCell returns an error if a text cannot be a cell.
func checkCell(s string) error {
	if len(s) > maxCell {
		return errCell(len(s))
	}
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return nil
	}
	for i, c := range s {
		switch {
		case c == 0:
			return fmt.Errorf("byte %d of the cell is NUL: this is no text", i+1)
		case c == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			return fmt.Errorf("byte %d of the cell, 0x%02x, is not UTF-8: write the table as UTF-8", i+1, s[i])
		}
	}
	return nil
}

// errCell says that a cell has too many bytes.
func errCell(n int) error {
	return fmt.Errorf("a cell of %d bytes is longer than the %d allowed", n, maxCell)
}

// errMark says that a value of a list contains the separator.
func errMark(value []byte) error {
	return fmt.Errorf("value %.80q of a list holds |, which parts values", value)
}
