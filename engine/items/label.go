package items

import (
	"slices"
	"strings"

	"strata/engine/table"
)

// Label is a column of the items table: for every row a cell, which holds no
// value (it is unknown), one value, or several, parted by |.
type Label struct {
	Name        string
	Codes       []uint32   // by row; an index into cells
	cells       []string   // distinct cells; cells[0] is "", unknown
	Sets        [][]uint32 // by cell: its distinct values in ascending order of code
	Names       []string   // by value code
	Plain       bool       // no cell holds more than one value
	LevelLabels []*Label   // of a label with all levels of a column, from the first

	judged *judgements // of a label without values, whose Codes are the rows' numbers from 1
}

// labelBuilder collects a column, a cell a row.
type labelBuilder struct {
	Label  Label
	byCell map[string]uint32
	arena  table.Arena
	Parted bool // a cell may hold several values
}

// NewLabelBuilder returns a builder of a column that is likely to have so many rows.
func NewLabelBuilder(name string, rows int) *labelBuilder {
	return &labelBuilder{
		Label:  Label{Name: name, Codes: make([]uint32, 0, rows), cells: []string{""}},
		byCell: map[string]uint32{"": 0},
	}
}

// Code returns the code of a cell.
func (b *labelBuilder) Code(cell string) uint32 {
	code, ok := b.byCell[cell]
	if !ok {
		code = uint32(len(b.Label.cells))
		cell = b.arena.Keep(cell) // the line it is cut from is not kept
		b.Parted = b.Parted || strings.IndexByte(cell, '|') >= 0
		b.byCell[cell] = code
		b.Label.cells = append(b.Label.cells, cell)
	}
	return code
}

// renumber gives the cells the codes that they would have in the order of the
// rows.
func (b *labelBuilder) renumber() {
	old := b.Label
	b.Label.cells, b.byCell = []string{""}, nil
	codes := make([]uint32, len(old.cells)) // by old code
	for row, code := range old.Codes {
		if code != 0 && codes[code] == 0 {
			codes[code] = uint32(len(b.Label.cells))
			b.Label.cells = append(b.Label.cells, old.cells[code])
		}
		b.Label.Codes[row] = codes[code]
	}
}

// Done returns the finished label: its distinct cells and values in the order of
// their first rows. The builder must not be used after it.
func (b *labelBuilder) Done() *Label {
	l := b.Label
	if !b.Parted { // every cell is its one value
		l.Names, l.Plain = l.cells[1:], true
		codes := make([]uint32, len(l.Names))
		l.Sets = make([][]uint32, len(l.cells))
		for v := range codes {
			codes[v] = uint32(v)
			l.Sets[v+1] = codes[v : v+1 : v+1]
		}
		return &l
	}
	byValue := map[string]uint32{}
	l.Sets = make([][]uint32, len(l.cells))
	for i, cell := range l.cells {
		for part := range strings.SplitSeq(cell, "|") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			v, ok := byValue[part]
			if !ok {
				v = uint32(len(l.Names))
				byValue[part] = v
				l.Names = append(l.Names, part)
			}
			l.Sets[i] = append(l.Sets[i], v)
		}
		slices.Sort(l.Sets[i])
		l.Sets[i] = slices.Compact(l.Sets[i])
	}
	l.Plain = l.onePerCell()
	return &l
}

// onePerCell reports whether cells and values correspond one to one.
func (l *Label) onePerCell() bool {
	seen := map[uint32]bool{}
	for _, vs := range l.Sets[1:] {
		if len(vs) != 1 || seen[vs[0]] {
			return false
		}
		seen[vs[0]] = true
	}
	return true
}

// Cell returns the row's cell as it stands in the items table; "" is unknown. Judgements
// have no cells.
func (l *Label) Cell(row int) string {
	if l.judged != nil {
		return ""
	}
	return l.cells[l.Codes[row]]
}

// Known reports whether the row's cell holds a value, or whether judgements have items of
// the query in that row.
func (l *Label) Known(row int) bool {
	if l.judged != nil {
		lo, hi := l.judged.pairs(row)
		return hi > lo
	}
	return len(l.Sets[l.Codes[row]]) > 0
}

// Relevant reports whether the rows q and x share a value. An unknown value is
// shared with nobody.
func (l *Label) Relevant(q, x int) bool { return l.Share(l.Codes[q], l.Codes[x]) }

// Share reports whether two cells, given by code, have a value in common. With
// judgements it reports whether the second row is relevant to the first.
func (l *Label) Share(a, b uint32) bool {
	if l.Plain {
		return a == b && a != 0
	}
	if l.judged != nil {
		grade, _ := l.judged.grade(int(a)-1, int(b)-1)
		return grade > 0
	}
	va, vb := l.Sets[a], l.Sets[b]
	for len(va) > 0 && len(vb) > 0 {
		switch {
		case va[0] == vb[0]:
			return true
		case va[0] < vb[0]:
			va = va[1:]
		default:
			vb = vb[1:]
		}
	}
	return false
}

// Values returns the label's distinct values, sorted.
func (l *Label) Values() []string { return slices.Sorted(slices.Values(l.Names)) }

// counts returns the number of rows, of those that in holds (all, if nil), by cell code.
func (l *Label) counts(in []bool) []int {
	if l.judged != nil {
		return nil
	}
	n := make([]int, len(l.cells))
	for row, code := range l.Codes {
		if in == nil || in[row] {
			n[code]++
		}
	}
	return n
}

// sharing returns by cell code the rows, of those that n counts by cell code,
// that share a value with the cell. It takes as long as there are pairs of cells
// with several values that share one.
func (l *Label) sharing(n []int) []int {
	rows := make([]int, len(l.Names))       // by value
	cells := make([][]uint32, len(l.Names)) // by value: the cells counted that hold it
	for c, values := range l.Sets {
		for _, v := range values {
			if n[c] > 0 {
				rows[v] += n[c]
				cells[v] = append(cells[v], uint32(c))
			}
		}
	}
	sharing := make([]int, len(l.cells))
	seen := make([]int, len(l.cells)) // by cell: the last one, plus 1, that it was counted for
	for a, values := range l.Sets {
		if len(values) == 1 {
			sharing[a] = rows[values[0]]
			continue
		}
		for _, v := range values {
			for _, b := range cells[v] {
				if seen[b] != a+1 {
					seen[b] = a + 1
					sharing[a] += n[b]
				}
			}
		}
	}
	return sharing
}

// With returns a set of cell codes that hold one of the values, and the first
// value that no cell holds, if there is one.
func (l *Label) With(values []string) (cells map[uint32]bool, missing string) {
	codes := map[uint32]bool{}
	for _, v := range values {
		i := slices.Index(l.Names, v)
		if i < 0 {
			return nil, v
		}
		codes[uint32(i)] = true
	}
	cells = map[uint32]bool{}
	for c, vs := range l.Sets {
		for _, v := range vs {
			if codes[v] {
				cells[uint32(c)] = true
			}
		}
	}
	return cells, ""
}
