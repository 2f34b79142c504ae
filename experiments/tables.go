package experiments

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

	"github.com/parquet-go/parquet-go"

	"strata/engine"
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

var formatNames = [...]string{"csv", "jsonl", "parquet"}

// String returns the name of the format, which ends the names of its files.
func (f Format) String() string { return formatNames[f] }

// ParseFormats returns the formats of names, each once. An unknown one is an
// *engine.NameError.
func ParseFormats(names []string) ([]Format, error) {
	var formats []Format
	for _, name := range names {
		i := slices.Index(formatNames[:], strings.TrimSpace(name))
		if i < 0 {
			return nil, &engine.NameError{Kind: "format", Name: name, In: "Strata", Known: formatNames[:]}
		}
		if f := Format(i); !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	return formats, nil
}

// cellKind says what the cells of a column hold.
type cellKind uint8

const (
	textCell  cellKind = iota
	wholeCell          // an integer, or nothing
	realCell           // a number, or nothing
)

// tableColumn is a column of a table.
type tableColumn struct {
	name string
	kind cellKind
}

// columnsOf returns columns of one kind.
func columnsOf(kind cellKind, names ...string) []tableColumn {
	var out []tableColumn
	for _, name := range names {
		out = append(out, tableColumn{name, kind})
	}
	return out
}

// resultTable is rows of cells as they stand in CSV. A row may be reused for the next.
type resultTable struct {
	columns []tableColumn
	rows    iter.Seq[[]string]
}

// namedTable is a table and the name of its file, without the format.
type namedTable struct {
	name string
	of   resultTable
}

// tableFiles returns the files of tables in a folder, each in every format; nil: CSV.
func tableFiles(dir string, formats []Format, tables ...namedTable) []outputFile {
	if len(formats) == 0 {
		formats = []Format{CSV}
	}
	var files []outputFile
	for _, t := range tables {
		for _, f := range formats {
			files = append(files, outputFile{
				filepath.Join(dir, t.name+"."+f.String()),
				func(w io.Writer) error { return t.of.write(w, f) },
			})
		}
	}
	return files
}

// distinct returns columns whose names differ, as a format with named members
// needs them: a gallery's label may be called as another column is. A name that
// is taken gets a number.
func distinct(columns []tableColumn) []tableColumn {
	taken := map[string]bool{}
	for i := range columns {
		name := columns[i].name
		for n := 2; taken[columns[i].name]; n++ {
			columns[i].name = fmt.Sprintf("%s (%d)", name, n)
		}
		taken[columns[i].name] = true
	}
	return columns
}

// write writes the table.
func (t resultTable) write(w io.Writer, f Format) error {
	switch f {
	case JSONLines:
		return t.writeJSON(w)
	case Parquet:
		return t.writeParquet(w)
	}
	header := make([]string, len(t.columns))
	for i, c := range t.columns {
		header[i] = c.name
	}
	return writeTable(w, func(yield func([]string) bool) {
		if yield(header) {
			t.rows(yield)
		}
	})
}

// writeTable writes rows as CSV. A row may be reused for the next.
func writeTable(w io.Writer, rows iter.Seq[[]string]) error {
	out := csv.NewWriter(w)
	for row := range rows {
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeJSON writes an object a row.
func (t resultTable) writeJSON(w io.Writer) error {
	names := make([][]byte, len(t.columns))
	for i, c := range t.columns {
		name, err := json.Marshal(c.name)
		if err != nil {
			return err
		}
		names[i] = append(name, ':')
	}
	out := bufio.NewWriter(w)
	var line []byte
	for row := range t.rows {
		line = append(line[:0], '{')
		for i, cell := range row {
			if i > 0 {
				line = append(line, ',')
			}
			line = append(line, names[i]...)
			switch {
			case t.columns[i].kind == textCell:
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
func (t resultTable) writeParquet(w io.Writer) error {
	out := parquet.NewGenericWriter[any](w, t.schema(),
		parquet.CreatedBy("strata", "", ""), parquet.Compression(&parquet.Uncompressed), parquet.MaxRowsPerRowGroup(1<<20))
	var batch []parquet.Row
	flush := func() error {
		_, err := out.WriteRows(batch)
		batch = batch[:0]
		return err
	}
	n := 0
	for cells := range t.rows {
		n++
		row := make(parquet.Row, len(cells))
		for i, cell := range cells {
			value, err := t.columns[i].value(cell)
			if err != nil {
				return fmt.Errorf("row %d: column %s: %w", n, t.columns[i].name, err)
			}
			row[i] = value.Level(0, t.columns[i].defined(cell), i)
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
func (c tableColumn) value(cell string) (parquet.Value, error) {
	switch {
	case c.kind == textCell:
		return parquet.ByteArrayValue([]byte(cell)), nil
	case cell == "":
		return parquet.NullValue(), nil
	case c.kind == wholeCell:
		n, err := strconv.ParseInt(cell, 10, 64)
		return parquet.Int64Value(n), err
	}
	x, err := strconv.ParseFloat(cell, 64)
	return parquet.DoubleValue(x), err
}

// defined returns the cell's definition level: 1 where a value could be missing
// and is there.
func (c tableColumn) defined(cell string) int {
	if c.kind != textCell && cell != "" {
		return 1
	}
	return 0
}

// schema returns the Parquet schema.
func (t resultTable) schema() *parquet.Schema {
	nodes := parquet.Group{}
	for _, c := range t.columns {
		switch c.kind {
		case textCell:
			nodes[c.name] = parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
		case wholeCell:
			nodes[c.name] = parquet.Optional(parquet.Encoded(parquet.Int(64), &parquet.RLEDictionary))
		case realCell:
			nodes[c.name] = parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.Plain))
		}
	}
	group := orderedGroup{Group: nodes}
	for _, c := range t.columns {
		for _, f := range nodes.Fields() {
			if f.Name() == c.name {
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

// tableWriter writes a table.
type tableWriter = func(io.Writer) error

// outputFile names what one file holds.
type outputFile struct {
	path  string
	write func(io.Writer) error
}
