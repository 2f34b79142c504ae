package picture

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// tmuxPictures is the number of pictures at which tmux 3.4 and 3.5 drop the oldest.
const tmuxPictures = 10

// tmuxModel keeps pictures as tmux does, which draws them over its text: each whole, or not at all.
type tmuxModel struct {
	images []Placement // the oldest first
	saved  bool        // is the cursor, to be restored
}

// store keeps one more picture, at the cursor, and returns those that are dropped for it.
func (m *tmuxModel) store(p Placement, col, row int) (lost []Placement) {
	p.Col, p.Row = col, row
	m.images = append(m.images, p)
	if len(m.images) == tmuxPictures {
		lost, m.images = m.images[:1], slices.Clone(m.images[1:])
	}
	return lost
}

// touched returns the pictures that are dropped when a character or a control sequence comes with the cursor at a cell.
func (m *tmuxModel) touched(seq []byte, width, col, row int) (lost []Placement) {
	switch string(seq) {
	case ansi.SaveCursor:
		m.saved = true
	case ansi.RestoreCursor:
		m.saved = false
	}
	from, to, left, right := row, row+1, 0, testCols
	switch final := seq[len(seq)-1]; {
	case width > 0:
		left, right = col, col+width
	case len(seq) < 3 || seq[0] != '\x1b' || seq[1] != '[':
		return nil
	case final == 'X' || final == 'K' || final == 'P' || final == '@':
	case final == 'J' && string(seq) == ansi.EraseEntireScreen:
		from, to = 0, testRows
	case final == 'J' || final == 'L' || final == 'M':
		to = testRows
	case final == 'h' || final == 'l':
		if string(seq) != ansi.SetModeAltScreenSaveCursor && string(seq) != ansi.ResetModeAltScreenSaveCursor {
			return nil
		}
		from, to = 0, testRows
	default:
		return nil
	}
	hit := func(p Placement) bool {
		return p.Row < to && from < p.Row+p.Box.Rows && p.Col < right && left < p.Col+p.Box.Cols
	}
	for _, p := range m.images {
		if hit(p) {
			lost = append(lost, p)
		}
	}
	m.images = slices.DeleteFunc(m.images, hit)
	return lost
}

// loses blanks the cells of pictures that tmux has dropped, where no other is left.
func (m *modelTerminal) loses(lost []Placement) {
	cursor := m.text.Cursor()
	before, after := ansi.SaveCursor, ansi.RestoreCursor
	if m.tmux.saved { // what is restored then has the colours, too
		before, after = "", ansi.CursorPosition(cursor.X+1, cursor.Y+1)
	}
	for _, p := range lost {
		for row := range p.Box.Rows {
			for col := range p.Box.Cols {
				if !m.tmux.covers(p.Col+col, p.Row+row) {
					at := before + ansi.ResetStyle + ansi.CursorPosition(p.Col+col+1, p.Row+row+1) + " " + after
					_, _ = m.text.Write([]byte(at)) // never fails
				}
			}
		}
	}
}

// covers reports whether a picture is in a cell.
func (m *tmuxModel) covers(col, row int) bool {
	return slices.ContainsFunc(m.images, func(p Placement) bool {
		return p.Col <= col && col < p.Col+p.Box.Cols && p.Row <= row && row < p.Row+p.Box.Rows
	})
}

// TestTmuxKeepsPictures changes all that is beside pictures, each time with pictures that must stay.
func TestTmuxKeepsPictures(t *testing.T) {
	s := newProtocolStage(t, GraphicsSixel, true, [2]string{"\x1bPq", stringTerminator})
	left := s.terminal.know("left", 0, 1, Box{10, 5})
	middle := s.terminal.know("middle", 40, 1, Box{8, 4})
	view := func(text string) []string {
		view := blankView()
		for row := range 6 {
			view[row] = strings.Repeat(" ", 12) + text + strings.Repeat(" ", 50-len(text)) + text
		}
		return view
	}
	s.show(t, view("a long text"), left, middle)
	if _, _, drawn := s.show(t, view("short"), left, middle); drawn != 0 {
		t.Errorf("%d pictures are drawn again for a shorter text", drawn)
	}
	s.show(t, view("short"), left)
	for i := range 3 * tmuxPictures {
		s.show(t, view("short"), left, s.terminal.know(fmt.Sprint("changing ", i), 40, 1, Box{8, 4}))
	}
}
