package table

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
)

// formulaMarks begin what a spreadsheet computes instead of showing it, half of
// them in their full width, as an East Asian keyboard has them. A tab or the end
// of a line may hide one.
//
// https://owasp.org/www-community/attacks/CSV_Injection
const formulaMarks = "=+-@\t\r\n＝＋－＠"

// SpreadsheetCell returns a cell that no spreadsheet takes for a formula: with a '
// before it, which spreadsheets take for the mark of a text. Numbers stay as they
// are.
func SpreadsheetCell(cell string) string {
	if cell == "" || strings.IndexAny(cell, formulaMarks) != 0 {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}

// ForSpreadsheets returns what writes a table with its cells made safe. A table
// so written does not read back to the same cells.
func ForSpreadsheets(write Writer) Writer {
	return func(w io.Writer) error {
		from, to := io.Pipe()
		copied := make(chan error, 1)
		go func() {
			err := copySafe(w, from)
			from.CloseWithError(err) // so that the writer does not wait
			copied <- err
		}()
		err := write(to)
		to.CloseWithError(err)
		return errors.Join(err, otherThan(err, <-copied))
	}
}

// otherThan returns an error, unless it is or follows from another.
func otherThan(known, err error) error {
	if known != nil && (errors.Is(err, known) || errors.Is(known, err)) {
		return nil
	}
	return err
}

// copySafe copies a CSV table with its cells made safe.
func copySafe(w io.Writer, r io.Reader) error {
	in, out := csv.NewReader(r), csv.NewWriter(w)
	in.ReuseRecord, in.FieldsPerRecord = true, -1
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			out.Flush()
			return out.Error()
		}
		if err != nil {
			return err
		}
		for i, cell := range row {
			row[i] = SpreadsheetCell(cell)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
}

// CSVSafe makes the .csv files among the files safe for spreadsheets, if that is
// asked for.
func CSVSafe(asked bool, files []File) []File {
	for i, f := range files {
		if asked && strings.HasSuffix(f.Path, "."+CSV.String()) {
			files[i].Write = ForSpreadsheets(f.Write)
		}
	}
	return files
}
