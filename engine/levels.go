package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxJoint is the largest number of values that a cell of a joint label may
// hold: the product of the numbers of values in the cells it is joined from.
const maxJoint = 1 << 12

// levelMark parts the levels of a value: Women/Knit/Sweater has three.
const levelMark = "/"

// allLevels stands after the mark for all levels of a column.
const allLevels = "*"

// path returns the levels of a value, without empty ones.
func path(value string) []string {
	var levels []string
	for level := range strings.SplitSeq(value, levelMark) {
		if level = strings.TrimSpace(level); level != "" {
			levels = append(levels, level)
		}
	}
	return levels
}

// depth returns the number of levels of the label's deepest value.
func (l *Label) depth() int {
	deepest := 0
	for _, v := range l.names {
		deepest = max(deepest, len(path(v)))
	}
	return deepest
}

// level returns the label whose values are the first levels of the values of l.
func (l *Label) level(name string, depth int) *Label {
	prefixes := make([]string, len(l.names)) // by value; "": it is not that deep
	for v, value := range l.names {
		if levels := path(value); len(levels) >= depth {
			prefixes[v] = strings.Join(levels[:depth], levelMark)
		}
	}
	b := newLabelBuilder(name, len(l.codes))
	codes := make([]uint32, len(l.cells))
	var cell []string
	for c, values := range l.values {
		cell = cell[:0]
		for _, v := range values {
			if prefixes[v] != "" && !slices.Contains(cell, prefixes[v]) {
				cell = append(cell, prefixes[v])
			}
		}
		codes[c] = b.code(strings.Join(cell, "|"))
	}
	for _, c := range l.codes {
		b.label.codes = append(b.label.codes, codes[c])
	}
	return b.done()
}

// joinLabels returns the label whose values are the pairs of the values of a and
// b: two rows share a pair just when they share a value of a and one of b.
func joinLabels(name string, a, b *Label) (*Label, error) {
	l := &Label{Name: name, codes: make([]uint32, len(a.codes)), cells: []string{""}, values: [][]uint32{nil}}
	cells, values := map[[2]uint32]uint32{}, map[[2]uint32]uint32{}
	for row := range a.codes {
		pair := [2]uint32{a.codes[row], b.codes[row]}
		code, ok := cells[pair]
		if !ok {
			va, vb := a.values[pair[0]], b.values[pair[1]]
			if int64(len(va))*int64(len(vb)) > maxJoint {
				return nil, fmt.Errorf("label %s: row %d: %d × %d values make more than %d pairs", name, row, len(va), len(vb), maxJoint)
			}
			if len(va) > 0 && len(vb) > 0 {
				code = uint32(len(l.cells))
				l.cells = append(l.cells, a.cells[pair[0]]+"&"+b.cells[pair[1]])
				l.values = append(l.values, l.pairs(a, b, pair, values))
			}
			cells[pair] = code // 0, unknown, when either is
		}
		l.codes[row] = code
	}
	l.plain = l.onePerCell()
	return l, nil
}

// pairs returns the values of a joint cell, adding those that are new.
func (l *Label) pairs(a, b *Label, cell [2]uint32, known map[[2]uint32]uint32) []uint32 {
	var out []uint32
	for _, v := range a.values[cell[0]] {
		for _, w := range b.values[cell[1]] {
			code, ok := known[[2]uint32{v, w}]
			if !ok {
				code = uint32(len(l.names))
				known[[2]uint32{v, w}] = code
				l.names = append(l.names, a.names[v]+"&"+b.names[w])
			}
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}

// Levels returns the labels of the levels, from the first, of a label with all
// levels of a column; nil for other labels.
func (l *Label) Levels() []*Label { return l.levels }

// Gain returns how relevant row x is to row q: the number of levels that they
// share where the label has all levels of a column, else 1 or 0.
func (l *Label) Gain(q, x int) int {
	if !l.Relevant(q, x) {
		return 0
	}
	gain := 1
	for gain < len(l.levels) && l.levels[gain].Relevant(q, x) {
		gain++
	}
	return gain
}

// CellCode returns a number for the row's cell: equal cells have equal ones,
// from 0, which is unknown, to NumCells-1.
func (l *Label) CellCode(row int) int { return int(l.codes[row]) }

// NumCells returns the number of different cells, with the unknown one.
func (l *Label) NumCells() int { return len(l.cells) }

// ValueCodes returns the numbers of the row's values, ascending, from 0 to
// NumValues-1. The slice is the label's own.
func (l *Label) ValueCodes(row int) []uint32 { return l.values[l.codes[row]] }

// NumValues returns the number of different values.
func (l *Label) NumValues() int { return len(l.names) }

// ValueName returns the value with a code, from 0 to NumValues()-1.
func (l *Label) ValueName(code int) string { return l.names[code] }

// allLevels returns the label of all levels from the first to the deepest. A level is
// named by stem and its number.
func (l *Label) allLevels(name, stem string, deepest int) *Label {
	all := *l.level(name, 1)
	for d := range deepest {
		all.levels = append(all.levels, l.level(stem+strconv.Itoa(d+1), d+1))
	}
	return &all
}
