package items

import "fmt"

// The values of the split column.
const (
	splitBoth uint8 = iota
	splitQuery
	SplitGallery
)

// splits collects the split column. One that has none of its values, but others, train
// say, is a label.
type splits struct {
	codes []uint8 // by row; nil before the first
	some  bool    // a cell is query, gallery or both
	odd   string  // the first cell that is none of them; "" if there is none
}

// add sets the cell of a row, of so many that there are.
func (s *splits) add(rows, row int, cell string) error {
	code, ok := splitBoth, true
	switch cell {
	case "", "both":
	case "query":
		code = splitQuery
	case "gallery":
		code = SplitGallery
	default:
		ok = false
	}
	if n := rows - len(s.codes); n > 0 {
		s.codes = append(s.codes, make([]uint8, n)...)
	}
	s.codes[row] = code
	switch {
	case !ok && s.odd == "":
		s.odd = cell
	case ok && cell != "":
		s.some = true
	}
	if !s.some || s.odd == "" {
		return nil
	}
	if ok {
		return fmt.Errorf("split is %q, and %q before: all are query, gallery or both, or none is", cell, s.odd)
	}
	return fmt.Errorf("split is %q, not query, gallery or both", cell)
}

// done returns the splits by row, nil if the column, which has a name, is a label: a note
// says so then.
func (s *splits) done(name string) (codes []uint8, note string) {
	if s.odd != "" {
		return nil, fmt.Sprintf("column %q is a label: it holds %q; query, gallery and both would say who asks and who answers", name, s.odd)
	}
	return s.codes, ""
}
