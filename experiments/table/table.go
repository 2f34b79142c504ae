package table

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/parquet-go/parquet-go"

	"strata/engine/scheme"
)

// Format is a kind of file for tables.
type Format uint8

// The formats. A number without a value is an empty cell of CSV, else null. In
// CSV and JSON Lines numbers are in the shortest form that reads back to the same
// float64; in Parquet they are int64 and double.
const (
	CSV       Format = iota
	JSONLines        // an object a row, its members in the order of the columns
	Parquet          // uncompressed, so that bytes depend on no compressor's version
)

// FormatNames are the names of the formats, which end the names of their files.
var FormatNames = [...]string{"csv", "jsonl", "parquet"}

// String returns the name of the format, which ends the names of its files.
func (f Format) String() string { return FormatNames[f] }

// ParseFormats returns the formats of names, each once. An unknown one is an
// *scheme.NameError.
func ParseFormats(names []string) ([]Format, error) {
	var formats []Format
	for _, name := range names {
		i := slices.Index(FormatNames[:], strings.TrimSpace(name))
		if i < 0 {
			return nil, &scheme.NameError{Kind: "format", Name: name, In: "Strata", Known: FormatNames[:]}
		}
		if f := Format(i); !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	return formats, nil
}

// CellKind says what the cells of a column hold.
type CellKind uint8

// The kinds of cells.
const (
	Text  CellKind = iota
	Whole          // an integer, or nothing
	Real           // a number, or nothing
)

// Column is a column of a table.
type Column struct {
	Name string
	Kind CellKind
}

// Columns returns columns of one kind.
func Columns(kind CellKind, names ...string) []Column {
	var out []Column
	for _, name := range names {
		out = append(out, Column{name, kind})
	}
	return out
}

// Table is rows of cells as they stand in CSV. A row may be reused for the next.
type Table struct {
	Columns []Column
	Rows    iter.Seq[[]string]
}

// Named is a table and the name of its file, without the format.
type Named struct {
	Name string
	Of   Table
}

// Files returns the files of tables in a folder, each in every format; nil: CSV.
func Files(dir string, formats []Format, tables ...Named) []File {
	if len(formats) == 0 {
		formats = []Format{CSV}
	}
	var files []File
	for _, t := range tables {
		for _, f := range formats {
			files = append(files, File{
				filepath.Join(dir, t.Name+"."+f.String()),
				func(w io.Writer) error { return t.Of.Write(w, f) },
			})
		}
	}
	return files
}

// Distinct returns columns whose names differ, as a format with named members
// needs them: a gallery's label may be called as another column is. A name that
// is taken gets a number.
func Distinct(columns []Column) []Column {
	taken := map[string]bool{}
	for i := range columns {
		name := columns[i].Name
		for n := 2; taken[columns[i].Name]; n++ {
			columns[i].Name = fmt.Sprintf("%s (%d)", name, n)
		}
		taken[columns[i].Name] = true
	}
	return columns
}

// Write writes the table.
func (t Table) Write(w io.Writer, f Format) error {
	switch f {
	case JSONLines:
		return t.writeJSON(w)
	case Parquet:
		return t.writeParquet(w)
	}
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = c.Name
	}
	return WriteTable(w, func(yield func([]string) bool) {
		if yield(header) {
			t.Rows(yield)
		}
	})
}

// quotedCell returns a cell as it stands in CSV: one that holds control characters
// other than tabs and ends of lines, which a terminal may obey, stands as a Go string, in
// quotes and with escapes. So does one that would be taken for such, so that
// PlainCell undoes it. All others stay as they are.
func quotedCell(cell string) string {
	if hasControls(cell) || PlainCell(cell) != cell {
		return strconv.Quote(cell)
	}
	return cell
}

// PlainCell returns the text of a cell that quotedCell made.
func PlainCell(cell string) string {
	if len(cell) < 2 || cell[0] != '"' {
		return cell
	}
	text, err := strconv.Unquote(cell)
	if err != nil || strconv.Quote(text) != cell || !hasControls(text) && PlainCell(text) == text {
		return cell
	}
	return text
}

// hasControls reports whether a text holds control characters other than tabs and ends of
// lines.
func hasControls(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' })
}

// WriteTable writes rows as CSV. A row may be reused for the next.
func WriteTable(w io.Writer, rows iter.Seq[[]string]) error {
	out := csv.NewWriter(w)
	var cells []string
	for row := range rows {
		cells = cells[:0]
		for _, cell := range row {
			cells = append(cells, quotedCell(cell))
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeJSON writes an object a row.
func (t Table) writeJSON(w io.Writer) error {
	names := make([][]byte, len(t.Columns))
	for i, c := range t.Columns {
		name, err := json.Marshal(c.Name)
		if err != nil {
			return err
		}
		names[i] = append(name, ':')
	}
	out := bufio.NewWriter(w)
	var line []byte
	for row := range t.Rows {
		line = append(line[:0], '{')
		for i, cell := range row {
			if i > 0 {
				line = append(line, ',')
			}
			line = append(line, names[i]...)
			switch {
			case t.Columns[i].Kind == Text:
				quoted, err := json.Marshal(cell)
				if err != nil {
					return err
				}
				line = append(line, quoted...)
			case cell == "":
				line = append(line, "null"...)
			default:
				line = append(line, cell...)
			}
		}
		if _, err := out.Write(append(line, "}\n"...)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// parquetBatch is the number of rows handed over at a time.
const parquetBatch = 512

// writeParquet writes the table as one Parquet file.
func (t Table) writeParquet(w io.Writer) error {
	out := parquet.NewGenericWriter[any](w, t.schema(),
		parquet.CreatedBy("strata", "", ""), parquet.Compression(&parquet.Uncompressed), parquet.MaxRowsPerRowGroup(1<<20))
	var batch []parquet.Row
	flush := func() error {
		_, err := out.WriteRows(batch)
		batch = batch[:0]
		return err
	}
	n := 0
	for cells := range t.Rows {
		n++
		row := make(parquet.Row, len(cells))
		for i, cell := range cells {
			value, err := t.Columns[i].value(cell)
			if err != nil {
				return fmt.Errorf("row %d: column %s: %w", n, t.Columns[i].Name, err)
			}
			row[i] = value.Level(0, t.Columns[i].defined(cell), i)
		}
		if batch = append(batch, row); len(batch) == parquetBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return out.Close()
}

// value returns a cell as a value of Parquet.
func (c Column) value(cell string) (parquet.Value, error) {
	switch {
	case c.Kind == Text:
		return parquet.ByteArrayValue([]byte(cell)), nil
	case cell == "":
		return parquet.NullValue(), nil
	case c.Kind == Whole:
		n, err := strconv.ParseInt(cell, 10, 64)
		return parquet.Int64Value(n), err
	}
	x, err := strconv.ParseFloat(cell, 64)
	return parquet.DoubleValue(x), err
}

// defined returns the cell's definition level: 1 where a value could be missing
// and is there.
func (c Column) defined(cell string) int {
	if c.Kind != Text && cell != "" {
		return 1
	}
	return 0
}

// schema returns the Parquet schema.
func (t Table) schema() *parquet.Schema {
	nodes := parquet.Group{}
	for _, c := range t.Columns {
		switch c.Kind {
		case Text:
			nodes[c.Name] = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
		case Whole:
			nodes[c.Name] = parquet.Optional(parquet.Encoded(parquet.Int(64), &parquet.RLEDictionary))
		case Real:
			nodes[c.Name] = parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.Plain))
		}
	}
	group := orderedGroup{Group: nodes}
	for _, c := range t.Columns {
		for _, f := range nodes.Fields() {
			if f.Name() == c.Name {
				group.fields = append(group.fields, f)
			}
		}
	}
	return parquet.NewSchema("table", group)
}

// orderedGroup is a group whose fields keep their order; those of parquet.Group
// are sorted by name.
type orderedGroup struct {
	parquet.Group
	fields []parquet.Field
}

// Fields returns the fields in the order of the table's columns.
func (g orderedGroup) Fields() []parquet.Field { return g.fields }

// Writer writes a table.
type Writer = func(io.Writer) error

// File names what one file holds.
type File struct {
	Path  string
	Write func(io.Writer) error
}
