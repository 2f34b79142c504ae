package table

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// csvTable reads a .csv file.
type csvTable struct {
	text   *text
	in     *csv.Reader
	header []string
	line   int // of the row read last
}

func openCSV(t *text) (*csvTable, error) {
	c := &csvTable{text: t, in: csv.NewReader(t.Reader), line: 1}
	c.in.ReuseRecord = true
	header, err := c.next()
	if errors.Is(err, io.EOF) {
		return nil, errNoHeader
	}
	if err != nil {
		return nil, fmt.Errorf("line 1: the names of the columns: %w", err)
	}
	c.header = slices.Clone(header)
	return c, checkSeparator(c.header, ",", map[string]string{
		";":  "semicolons; write commas",
		"\t": "tabs; write commas, or name the file .tsv",
	})
}

// errNoHeader says that a file is empty.
var errNoHeader = errors.New("the file is empty; its first line must name the columns")

// checkSeparator refuses a header whose separator is another one.
func checkSeparator(header []string, by string, others map[string]string) error {
	if len(header) != 1 || strings.Contains(header[0], by) {
		return nil
	}
	for other, what := range others {
		if strings.Contains(header[0], other) {
			return fmt.Errorf("line 1: the columns are parted by %s", what)
		}
	}
	return nil
}

// next returns the next record.
func (c *csvTable) next() ([]string, error) {
	c.text.allowed = c.in.InputOffset() + maxLine + 2*textBuffer // it reads ahead
	record, err := c.in.Read()
	if err != nil {
		return nil, c.refused(record, err)
	}
	c.line, _ = c.in.FieldPos(0)
	return record, nil
}

// refused replaces the error of a record by a clearer one, and notes its line.
func (c *csvTable) refused(record []string, err error) error {
	if pe := (*csv.ParseError)(nil); errors.As(err, &pe) {
		c.line = pe.StartLine
		switch {
		case errors.Is(err, csv.ErrFieldCount):
			return fmt.Errorf("it has %d cells, the header has %d columns", len(record), len(c.header))
		case pe.Line != pe.StartLine:
			return fmt.Errorf("%w in line %d", pe.Err, pe.Line)
		}
		return fmt.Errorf("%w, at byte %d of the line", pe.Err, pe.Column)
	}
	if errors.Is(err, errLong) {
		c.line++
		return fmt.Errorf("%w: is a quote left open?", err)
	}
	return err
}

func (c *csvTable) read() ([]string, error) {
	record, err := c.next()
	if err == nil && record[0] == c.header[0] && slices.Equal(record, c.header) {
		return nil, errHeader
	}
	return record, err
}

// errHeader says that a row repeats the header.
var errHeader = errors.New("the names of the columns stand here again: tables were joined with their headers")

func (c *csvTable) place() string   { return fmt.Sprintf("line %d", c.line) }
func (c *csvTable) names() []string { return c.header }
func (c *csvTable) lists(int) bool  { return false }
func (c *csvTable) notes() []string { return nil }
func (c *csvTable) left() []Left    { return nil }
