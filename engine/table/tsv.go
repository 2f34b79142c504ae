package table

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// tsvTable reads a .tsv file.
type tsvTable struct {
	lines
	header, cells []string
	quoted        int // cells between quotes
	quotedAt      int // line of the first
}

func openTSV(t *text) (*tsvTable, error) {
	s := &tsvTable{lines: lines{text: t}}
	line, err := s.next()
	if errors.Is(err, io.EOF) {
		return nil, errNoHeader
	}
	if err != nil {
		return nil, fmt.Errorf("line 1: the names of the columns: %w", err)
	}
	s.header = strings.Split(string(line), "\t")
	return s, checkSeparator(s.header, "\t", map[string]string{
		";": "semicolons; write tabs",
		",": "commas; write tabs, or name the file .csv",
	})
}

func (s *tsvTable) read() ([]string, error) {
	line, err := s.next()
	if err != nil {
		return nil, err
	}
	s.cells = s.cells[:0]
	for cell := range strings.SplitSeq(string(line), "\t") {
		if len(cell) > 1 && cell[0] == '"' && cell[len(cell)-1] == '"' {
			if s.quoted++; s.quoted == 1 {
				s.quotedAt = s.n
			}
		}
		if s.cells = append(s.cells, cell); len(s.cells) > maxColumns {
			break
		}
	}
	switch {
	case len(s.cells) != len(s.header):
		return nil, fmt.Errorf("it has %d cells, the header has %d columns", len(s.cells), len(s.header))
	case slices.Equal(s.cells, s.header):
		return nil, errHeader
	}
	return s.cells, nil
}

func (s *tsvTable) names() []string { return s.header }
func (s *tsvTable) lists(int) bool  { return false }
func (s *tsvTable) left() []Left    { return nil }

func (s *tsvTable) notes() []string {
	if s.quoted == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d cells stand between double quotes, the first in line %d; in .tsv the quotes are part of the cell", s.quoted, s.quotedAt)}
}
