package manifest

import (
	"fmt"
	"strconv"
	"strings"
)

// Columns is a range of columns, from ≤ column < to. It may be open at either end.
type Columns struct {
	Set, Open bool
	From, To  int64
}

// ParseColumns parses FROM:TO, counted from 0, without TO. Either may be missing.
func ParseColumns(text string) (Columns, error) {
	if text == "" {
		return Columns{}, nil
	}
	bad := fmt.Errorf("columns %q are not FROM:TO, two numbers from 0 on, the first less than the second", text)
	from, to, ok := strings.Cut(text, ":")
	s := Columns{Set: true, Open: to == ""}
	for _, end := range []struct {
		text string
		n    *int64
	}{{from, &s.From}, {to, &s.To}} {
		if end.text == "" {
			continue
		}
		n, err := strconv.ParseUint(end.text, 10, 31)
		if err != nil {
			return s, bad
		}
		*end.n = int64(n)
	}
	if !ok || !s.Open && s.From >= s.To {
		return s, bad
	}
	return s, nil
}

// Within returns the range in a matrix of so many columns.
func (s Columns) Within(dim int64) (Columns, error) {
	if s.Open {
		s.To, s.Open = dim, false
	}
	if s.Set && (s.To > dim || s.From >= s.To) {
		return s, fmt.Errorf("it has %d columns, not those from %d to %d that %s names", dim, s.From, s.To, FileName)
	}
	return s, nil
}

// Of returns the number of columns of a matrix of dim columns that are in the range.
func (s Columns) Of(dim int64) int64 {
	if s.Set {
		return s.To - s.From
	}
	return dim
}
