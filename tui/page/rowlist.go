package page

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/experiments/report"
	"strata/tui/cells"
)

// column is a column of a list. Its width is that of the screen's, not that of its cells, so that nothing moves when the
// the list is scrolled.
type column struct {
	head  string
	width int // 0: what the others leave
	least int // width of the screen from which it is shown
	right bool
	gives bool // it is narrower where the columns have no room
	cell  func(s *cells.Styles, i, width int) string
	value func(i int) float64 // what a drawing shows; nil: the cells are text
}

// RowList is the rows of a page of the findings. It is made beside the loop and not changed.
type RowList struct {
	note    string // what the rows are, in a sentence
	Rows    int
	columns []column
	isHead  func(i int) bool // a row that is no finding; nil: all are
	heading func(s *cells.Styles, i, width int) string
	Look    func(i int) Look
	empty   string // what is said without rows

	arrangement
}

// blank is between two columns.
const blank = 2

// isHeading reports whether the row has nothing to look at.
func (l *RowList) isHeading(i int) bool { return l.isHead != nil && l.isHead(i) }

// widths returns the columns' widths; one that is not shown is -1.
func (l *RowList) widths(width int) []int {
	out := make([]int, len(l.columns))
	rest := width - blank
	for i, c := range l.columns {
		out[i] = c.width
		if width < c.least {
			out[i] = -1
		} else if c.width > 0 {
			rest -= c.width + blank
		}
	}
	l.narrow(out, -rest)
	for i, c := range l.columns {
		if c.width == 0 && out[i] == 0 && rest >= leastBar {
			out[i] = min(rest, mostBar)
		}
	}
	return out
}

// narrow takes so many cells from the columns that give some, from the widest first.
func (l *RowList) narrow(widths []int, cells int) {
	for ; cells > 0; cells-- {
		widest := -1
		for i, c := range l.columns {
			if c.gives && widths[i] > leastText && (widest < 0 || widths[i] >= widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
}

const (
	leastText = 8 // the least width of a column that gives cells
	leastBar  = 4 // the least width of bars
)

// mostBar is the width from which bars do not grow with the screen.
const mostBar = 80

// headLine names the columns.
func (l *RowList) headLine(s *cells.Styles, width int) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", blank))
	for i, w := range l.widths(width) {
		if w <= 0 {
			continue
		}
		text := cells.Cut(l.columns[i].head, w)
		if l.columns[i].right {
			text = cells.Right(text, w)
		}
		if i == l.by-1 {
			b.WriteString(s.Accent.Render(text+l.arrow()) + strings.Repeat(" ", max(w+blank-ansi.StringWidth(text)-1, 0)))
			continue
		}
		b.WriteString(s.Faint.Render(cells.Padded(text, w) + strings.Repeat(" ", blank)))
	}
	return cells.Padded(b.String(), width)
}

// line formats a row.
func (l *RowList) line(s *cells.Styles, i, width int, chosen bool) string {
	cursor := strings.Repeat(" ", blank)
	if l.isHeading(i) {
		return cells.Padded(cursor+l.heading(s, i, width-blank), width)
	}
	if chosen {
		cursor = s.Accent.Render("▸ ")
	}
	var b strings.Builder
	b.WriteString(cursor)
	first := true
	for j, w := range l.widths(width) {
		if w <= 0 {
			continue
		}
		look := s
		if chosen && first {
			strong := *s // s is shared
			strong.Plain = s.Strong
			look = &strong
		}
		first = false
		text := l.columns[j].cell(look, i, w)
		if l.columns[j].right {
			text = cells.Right(text, w)
		}
		b.WriteString(cells.Padded(text, w) + strings.Repeat(" ", blank))
	}
	return cells.Padded(b.String(), width)
}

// text returns a column of plain text.
func text(head string, width int, of func(i int) string) column {
	return column{head: head, width: width, cell: func(s *cells.Styles, i, w int) string { return s.Plain.Render(cells.Cut(of(i), w)) }}
}

// numbers returns a column of short texts that end in one line.
func numbers(head string, width int, of func(i int) string) column {
	return column{head: head, width: width, right: true, cell: func(s *cells.Styles, i, w int) string { return s.Plain.Render(cells.Cut(of(i), w)) }}
}

// giving makes the column narrower where there is no room.
func (c column) giving() column {
	c.gives = true
	return c
}

// from hides the column on a screen that is not so wide.
func (c column) from(width int) column {
	c.least = width
	return c
}

// bars returns the column that takes what is left, with a bar a row on a strip from low to high. What lies below 0 looks
// like a miss, what lies above like a hit.
func bars(head string, low, high float64, of func(i int) float64) column {
	return column{head: head, value: of, cell: func(s *cells.Styles, i, w int) string {
		x := of(i)
		look := s.Hit
		if x < 0 {
			look = s.Miss
		}
		bar := report.Strip{Low: low, High: high, Cells: w}.Bar(x)
		rest := strings.TrimLeft(bar, " ")
		return bar[:len(bar)-len(rest)] + look.Render(rest)
	}}
}
