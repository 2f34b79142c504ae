package catalogue

import (
	"errors"
	"fmt"
	slash "path"
	"strings"
	"unicode"
)

// skipped is the name of a level or field that becomes no column.
const skipped = "_"

// pattern cuts fields out of the name of a file, without extension: {brand}_{colour}_{_}.
type pattern struct {
	text   string
	fields []string // skipped is not kept
	marks  []string // what stands before, between and behind them: one more
}

// parsePattern reads a pattern. "" has no fields.
func parsePattern(text string) (*pattern, error) {
	p := &pattern{text: text}
	rest := text
	for {
		mark, field, more := strings.Cut(rest, "{")
		if strings.ContainsAny(mark, "{}/") {
			return nil, fmt.Errorf("pattern %q: a } stands without a {, or a /, which no name of a file holds", text)
		}
		if len(p.fields) > 0 && mark == "" && more {
			return nil, fmt.Errorf("pattern %q: nothing parts {%s} from the next field", text, p.fields[len(p.fields)-1])
		}
		p.marks = append(p.marks, mark)
		if !more {
			break
		}
		name, behind, closed := strings.Cut(field, "}")
		if !closed {
			return nil, fmt.Errorf("pattern %q: a { has no }", text)
		}
		if err := checkColumn(name); err != nil {
			return nil, fmt.Errorf("pattern %q: field %q: %w", text, name, err)
		}
		p.fields, rest = append(p.fields, name), behind
	}
	if text != "" && len(p.fields) == 0 {
		return nil, fmt.Errorf("pattern %q has no field, as in {brand}_{_}", text)
	}
	return p, nil
}

// match returns the fields of a file's name. Each takes as little as it can, at least a
// byte, and the last all that is left.
func (p *pattern) match(path string) ([]string, bool) {
	base := slash.Base(path)
	rest, ok := strings.CutPrefix(strings.TrimSuffix(base, slash.Ext(base)), p.marks[0])
	if !ok {
		return nil, false
	}
	cells := make([]string, len(p.fields))
	for i := range p.fields {
		mark := p.marks[i+1]
		at := -1
		if i == len(p.fields)-1 && strings.HasSuffix(rest, mark) {
			at = len(rest) - len(mark)
		} else if i < len(p.fields)-1 && rest != "" {
			if at = strings.Index(rest[1:], mark); at >= 0 {
				at++
			}
		}
		if at < 1 {
			return nil, false
		}
		cells[i], rest = rest[:at], rest[at+len(mark):]
	}
	return cells, true
}

// parseLevels reads names of folders, category/brand; "" has none.
func parseLevels(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	levels := strings.Split(text, "/")
	for _, name := range levels {
		if err := checkColumn(name); err != nil {
			return nil, fmt.Errorf("folders %q: level %q: %w", text, name, err)
		}
	}
	return levels, nil
}

// checkColumn checks the name of a column that is made.
func checkColumn(name string) error {
	if name == "" {
		return errors.New("it has no name; " + skipped + " is one that becomes no column")
	}
	for _, c := range name {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("_-", c) {
			return errors.New("a name has letters, digits, _ and -")
		}
	}
	if name == "id" || name == "image" {
		return errors.New("this column says what the item is")
	}
	return nil
}
