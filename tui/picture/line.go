package picture

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// screenLine is a row of the terminal that is being written around its pictures.
type screenLine struct {
	out   *strings.Builder
	cols  int
	spans []cellSpan // the pictures' cells, from left to right
	skip  int        // cells to step over before anything else is written

	overwrites bool // as the hand
}

// cellSpan is the columns from start to before end.
type cellSpan struct{ start, end int }

// enter starts a row with the pictures drawn on it.
func (l *screenLine) enter(drawn []Placement, row int) {
	l.spans, l.skip = l.spans[:0], 0
	for _, p := range drawn {
		if p.Row <= row && row < p.Row+p.Box.Rows {
			l.spans = append(l.spans, cellSpan{p.Col, p.Col + p.Box.Cols})
		}
	}
	slices.SortFunc(l.spans, func(a, b cellSpan) int { return a.start - b.start })
}

// cells writes a character of the given width at col. Cells of a picture are stepped over, whatever should stand there;
// a wide character that reaches into one becomes blanks.
func (l *screenLine) cells(seq []byte, col, width int) {
	covered := 0
	for c := col; c < col+width; c++ {
		if l.covered(c) {
			covered++
		}
	}
	switch covered {
	case 0:
		l.step()
		l.out.Write(seq)
	case width:
		l.skip += width
	default:
		for c := col; c < col+width; c++ {
			if l.covered(c) {
				l.skip++
			} else {
				l.step()
				l.out.WriteByte(' ')
			}
		}
	}
}

func (l *screenLine) covered(col int) bool {
	return slices.ContainsFunc(l.spans, func(s cellSpan) bool { return s.start <= col && col < s.end })
}

// step moves the cursor over the cells that were skipped.
func (l *screenLine) step() {
	if l.skip > 0 {
		l.out.WriteString(ansi.CursorForward(l.skip))
		l.skip = 0
	}
}

// eraseRight erases from col to the end of the row, except pictures, and leaves the cursor where it is.
func (l *screenLine) eraseRight(col int) {
	at, moved := col, false
	for _, s := range l.spans {
		if s.end <= at {
			continue
		}
		if s.start > at {
			l.blank(s.start - at)
			at = s.start
		}
		l.skip += s.end - at
		at, moved = s.end, true
	}
	switch {
	case l.overwrites && l.cols > 0 && len(l.spans) > 0:
		l.blank(l.cols - at)
		moved = true
	case l.cols == 0 || at < l.cols: // at the margin the cursor would stand on the picture's last cell
		l.step()
		l.out.WriteString(ansi.EraseLineRight)
	}
	if moved {
		l.skip = 0
		l.out.WriteString(ansi.CursorHorizontalAbsolute(col + 1))
	}
}

// blank makes cells blank, from the cursor on, and no picture's.
func (l *screenLine) blank(cells int) {
	if cells <= 0 {
		return
	}
	l.step()
	if l.overwrites {
		l.out.WriteString(strings.Repeat(" ", cells))
		return
	}
	l.out.WriteString(ansi.EraseCharacter(cells))
	l.skip += cells
}
