package items

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxJoint is the largest number of values that a cell of a joint label may
// hold: the product of the numbers of values in the cells it is joined from.
const maxJoint = 1 << 12

// LevelMark parts the levels of a value: Women/Knit/Sweater has three.
const LevelMark = "/"

// AllLevels stands after the mark for all levels of a column.
const AllLevels = "*"

// path returns the levels of a value, without empty ones.
func path(value string) []string {
	var levels []string
	for level := range strings.SplitSeq(value, LevelMark) {
		if level = strings.TrimSpace(level); level != "" {
			levels = append(levels, level)
		}
	}
	return levels
}

// Depth returns the number of levels of the label's deepest value.
func (l *Label) Depth() int {
	deepest := 0
	for _, v := range l.Names {
		deepest = max(deepest, len(path(v)))
	}
	return deepest
}

// Level returns the label whose values are the first levels of the values of l.
func (l *Label) Level(name string, depth int) *Label {
	prefixes := make([]string, len(l.Names)) // by value; "": it is not that deep
	for v, value := range l.Names {
		if levels := path(value); len(levels) >= depth {
			prefixes[v] = strings.Join(levels[:depth], LevelMark)
		}
	}
	b := NewLabelBuilder(name, len(l.Codes))
	codes := make([]uint32, len(l.cells))
	var cell []string
	for c, values := range l.Sets {
		cell = cell[:0]
		for _, v := range values {
			if prefixes[v] != "" && !slices.Contains(cell, prefixes[v]) {
				cell = append(cell, prefixes[v])
			}
		}
		codes[c] = b.Code(strings.Join(cell, "|"))
	}
	for _, c := range l.Codes {
		b.Label.Codes = append(b.Label.Codes, codes[c])
	}
	return b.Done()
}

// JoinLabels returns the label whose values are the pairs of the values of a and
// b: two rows share a pair just when they share a value of a and one of b.
func JoinLabels(name string, a, b *Label) (*Label, error) {
	l := &Label{Name: name, Codes: make([]uint32, len(a.Codes)), cells: []string{""}, Sets: [][]uint32{nil}}
	cells, values := map[[2]uint32]uint32{}, map[[2]uint32]uint32{}
	for row := range a.Codes {
		pair := [2]uint32{a.Codes[row], b.Codes[row]}
		code, ok := cells[pair]
		if !ok {
			va, vb := a.Sets[pair[0]], b.Sets[pair[1]]
			if int64(len(va))*int64(len(vb)) > maxJoint {
				return nil, fmt.Errorf("label %s: row %d: %d × %d values make more than %d pairs", name, row, len(va), len(vb), maxJoint)
			}
			if len(va) > 0 && len(vb) > 0 {
				code = uint32(len(l.cells))
				l.cells = append(l.cells, a.cells[pair[0]]+"&"+b.cells[pair[1]])
				l.Sets = append(l.Sets, l.pairs(a, b, pair, values))
			}
			cells[pair] = code // 0, unknown, when either is
		}
		l.Codes[row] = code
	}
	l.Plain = l.onePerCell()
	return l, nil
}

// pairs returns the values of a joint cell, adding those that are new.
func (l *Label) pairs(a, b *Label, cell [2]uint32, known map[[2]uint32]uint32) []uint32 {
	var out []uint32
	for _, v := range a.Sets[cell[0]] {
		for _, w := range b.Sets[cell[1]] {
			code, ok := known[[2]uint32{v, w}]
			if !ok {
				code = uint32(len(l.Names))
				known[[2]uint32{v, w}] = code
				l.Names = append(l.Names, a.Names[v]+"&"+b.Names[w])
			}
			out = append(out, code)
		}
	}
	slices.Sort(out)
	return out
}

// Levels returns the labels of the levels, from the first, of a label with all
// levels of a column; nil for other labels.
func (l *Label) Levels() []*Label { return l.LevelLabels }

// Gain returns how relevant row x is to row q: the number of levels that they
// share where the label has all levels of a column, the grade of judgements, else 1 or 0.
func (l *Label) Gain(q, x int) int {
	if l.judged != nil {
		grade, _ := l.judged.grade(q, x)
		return grade
	}
	if !l.Relevant(q, x) {
		return 0
	}
	gain := 1
	for gain < len(l.LevelLabels) && l.LevelLabels[gain].Relevant(q, x) {
		gain++
	}
	return gain
}

// CellCode returns a number for the row's cell: equal cells have equal ones,
// from 0, which is unknown, to NumCells-1.
func (l *Label) CellCode(row int) int {
	if l.judged != nil {
		return 0
	}
	return int(l.Codes[row])
}

// NumCells returns the number of different cells, with the unknown one.
func (l *Label) NumCells() int { return max(len(l.cells), 1) }

// ValueCodes returns the numbers of the row's values, ascending, from 0 to
// NumValues-1. The slice is the label's own.
func (l *Label) ValueCodes(row int) []uint32 {
	if l.judged != nil {
		return nil
	}
	return l.Sets[l.Codes[row]]
}

// NumValues returns the number of different values.
func (l *Label) NumValues() int { return len(l.Names) }

// ValueName returns the value with a code, from 0 to NumValues()-1.
func (l *Label) ValueName(code int) string { return l.Names[code] }

// AllLevels returns the label of all levels from the first to the deepest. A level is
// named by stem and its number.
func (l *Label) AllLevels(name, stem string, deepest int) *Label {
	all := *l.Level(name, 1)
	for d := range deepest {
		all.LevelLabels = append(all.LevelLabels, l.Level(stem+strconv.Itoa(d+1), d+1))
	}
	return &all
}
