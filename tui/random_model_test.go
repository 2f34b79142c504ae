//go:build unix

package tui_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/hinshun/vt10x"
)

// The cell of the model, in pixels, and the first of the characters that stand for a picture's cells.
const (
	modelCellW, modelCellH = 8, 17
	modelMark              = 0xF0000
	modelWide              = 0xE000 // the right half of a wide character
)

// model is a terminal that finds faults in what it is sent: a sequence that it does not know, one that is seen because it
// was broken, a picture that is not where the program's trace says, or is there when it should not.
type model struct {
	mu       sync.Mutex
	text     vt10x.Terminal
	size     [2]int
	pending  []byte // the start of what has not come whole
	marks    []cellMark
	known    map[cellMark]rune
	resizing bool // until the screen is erased
	rested   bool // all pictures of the newest frame were there
	left     bool
	heard    time.Time
	fault    string
}

// cellMark is a picture's cell: of the picture, how far from its top left cell, and its pixels.
type cellMark struct {
	picture        uint32
	col, row, w, h int
}

func newModel(size [2]int) *model {
	return &model{text: vt10x.New(vt10x.WithSize(size[0], size[1])), size: size, known: map[cellMark]rune{}, heard: time.Now()}
}

// resize takes a new size, and reports whether it is the old one.
func (m *model) resize(size [2]int) (same bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	same = m.size == size
	m.size, m.resizing, m.rested = size, !same, m.rested && same
	m.text.Resize(size[0], size[1])
	return same
}

// read takes what is written, until there is no more.
func (m *model) read(from io.Reader) {
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		m.mu.Lock()
		m.heard = time.Now()
		m.pending = append(m.pending, buf[:n]...)
		for m.fault == "" {
			length := whole(m.pending)
			if length == 0 {
				break
			}
			m.take(m.pending[:length])
			m.pending = m.pending[length:]
		}
		m.mu.Unlock()
		if err != nil {
			return
		}
	}
}

var (
	wholeControl = regexp.MustCompile(`^\x1b\[[0-?]*[ -/]*[@-~]`)
	knownControl = regexp.MustCompile(`^\x1b\[([0-9;]*m|[0-9;]*[HABCDGXKJ]|\?(25|1002|1003|1006|1049|2004|80|1070)[hl]|\?2026[hl])$`)
	sixelSize    = regexp.MustCompile(`^\x1bP[0-9;]*q"1;1;(\d+);(\d+)`)
	copying      = regexp.MustCompile(`^\x1b\]52;c;[A-Za-z0-9+/=]*(\a|\x1b\\)$`)
	// leaked is what is seen of a sequence that was broken.
	leaked = regexp.MustCompile(`\[[0-9;?<]+[a-zA-Z]|[\x00-\x1f\x7f]|\x{fffd}`)
	hits   = regexp.MustCompile(`\d/10`)
)

// whole returns the length of the sequence or character that b begins with, 0 if its end has not come.
func whole(b []byte) int {
	switch {
	case len(b) == 0:
		return 0
	case b[0] != '\x1b':
		if !utf8.FullRune(b) {
			return 0
		}
		_, n := utf8.DecodeRune(b)
		return n
	case len(b) == 1:
		return 0
	case b[1] == '[':
		return len(wholeControl.Find(b))
	case bytes.IndexByte([]byte("P_]^X"), b[1]) >= 0:
		end := bytes.Index(b, []byte("\x1b\\"))
		if bell := bytes.IndexByte(b, '\a') + 1; b[1] == ']' && bell > 0 && (end < 0 || bell < end) {
			return bell
		}
		if end < 0 {
			return 0
		}
		return end + len("\x1b\\")
	}
	return 2
}

// take takes a sequence or a character.
func (m *model) take(b []byte) {
	switch {
	case bytes.HasPrefix(b, []byte(traceMark)):
		m.trace(strings.TrimSuffix(string(b[len(traceMark):]), "\x1b\\"))
	case sixelSize.Match(b):
		m.picture(b)
	case copying.Match(b):
	case b[0] == '\x1b' && !knownControl.Match(b) && string(b) != ansi.SaveCursor && string(b) != ansi.RestoreCursor:
		m.wrong("an unknown sequence: %.80q", b)
	default:
		if string(b) == ansi.EraseEntireScreen {
			m.resizing = false
		}
		m.rested = false
		_, _ = m.text.Write(b) // never fails
		if b[0] >= utf8.RuneSelf {
			for range ansi.StringWidth(string(b)) - 1 {
				_, _ = m.text.Write([]byte(string(rune(modelWide))))
			}
		}
	}
}

func (m *model) wrong(format string, args ...any) {
	if m.fault == "" {
		m.fault = fmt.Sprintf(format, args...)
	}
}

// picture draws a picture at the cursor, as a mark in each of its cells.
func (m *model) picture(b []byte) {
	var w, h int
	if _, err := fmt.Sscanf(string(b[bytes.IndexByte(b, '"'):]), "\"1;1;%d;%d", &w, &h); err != nil {
		m.wrong("a picture's size: %v", err)
		return
	}
	m.rested = false
	at, sum := m.text.Cursor(), crc32.ChecksumIEEE(b)
	if at.X*modelCellW+w > m.size[0]*modelCellW || at.Y*modelCellH+h > (m.size[1]-1)*modelCellH {
		if !m.resizing {
			m.wrong("a picture of %d×%d pixels at %d,%d leaves the screen of %v", w, h, at.X, at.Y, m.size)
		}
		return
	}
	for row := range (h + modelCellH - 1) / modelCellH {
		line := fmt.Sprintf("\x1b[%d;%dH", at.Y+row+1, at.X+1)
		for col := range (w + modelCellW - 1) / modelCellW {
			line += string(m.rune(cellMark{sum, col, row, w, h}))
		}
		_, _ = m.text.Write([]byte(line))
	}
}

// rune returns the character that stands for a mark.
func (m *model) rune(mark cellMark) rune {
	r, ok := m.known[mark]
	if !ok {
		r = rune(modelMark + len(m.marks))
		m.known[mark], m.marks = r, append(m.marks, mark)
	}
	return r
}

// trace takes a line of the program's trace, and looks at the screen.
func (m *model) trace(line string) {
	switch {
	case line == "end":
		m.left = true
		if shown, marks := m.cells(); marks > 0 || m.text.Mode()&vt10x.ModeAltScreen != 0 {
			m.wrong("left, the screen has %d cells of pictures:\n%s", marks, strings.Join(shown, "\n"))
		}
		return
	case strings.HasPrefix(line, "frame "):
		m.look()
		return
	}
	_, places, ok := strings.Cut(line, " at=")
	if !ok {
		m.wrong("the trace has %q", line)
	}
	m.rested = true
	if m.resizing {
		return
	}
	want := 0
	for place := range strings.SplitSeq(places, ";") {
		if place != "" {
			want += m.place(place)
		}
	}
	if _, marks := m.cells(); marks != want {
		m.wrong("%d cells have pictures, and should be %d: %s", marks, want, places)
	}
	m.look()
}

// place looks at the cells that should have a picture, and returns their number.
func (m *model) place(place string) (cells int) {
	var x, y, w, h int
	if _, err := fmt.Sscanf(place, "%d,%d,%dx%d", &x, &y, &w, &h); err != nil {
		m.wrong("trace: %q: %v", place, err)
		return 0
	}
	var picture uint32
	for row := range (h + modelCellH - 1) / modelCellH {
		for col := range (w + modelCellW - 1) / modelCellW {
			cells++
			char := m.text.Cell(x+col, y+row).Char
			if char < modelMark {
				m.wrong("cell %d,%d of the picture at %s has %q", x+col, y+row, place, char)
				return cells
			}
			mark := m.marks[char-modelMark]
			if cells == 1 {
				picture = mark.picture
			}
			if mark != (cellMark{picture, col, row, w, h}) {
				m.wrong("cell %d,%d of the picture at %s has %+v", x+col, y+row, place, mark)
			}
		}
	}
	return cells
}

// look finds what must not be seen, and what must.
func (m *model) look() {
	if m.resizing {
		return
	}
	lines, _ := m.cells()
	for y, line := range lines {
		if part := leaked.FindString(line); part != "" {
			m.wrong("line %d shows %q: %q", y, part, line)
		}
	}
	if len(lines) >= 12 && strings.Join(lines, "") != "" && !strings.HasPrefix(lines[0], " strata") {
		m.wrong("the first line is %q", lines[0])
	}
}

// cells returns the screen's lines, with hatched cells for pictures, and their number.
func (m *model) cells() (lines []string, marks int) {
	for y := range m.size[1] {
		var b strings.Builder
		for x := range m.size[0] {
			switch r := m.text.Cell(x, y).Char; {
			case r >= modelMark:
				b.WriteRune('▒')
				marks++
			case r != modelWide:
				b.WriteRune(r)
			}
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines, marks
}

// frame returns what the screen shows but its status, which says what was done last, and each picture.
func (m *model) frame() string {
	lines, _ := m.cells()
	if len(lines) > 2 {
		lines[len(lines)-2] = ""
	}
	for y := range m.size[1] {
		for x := range m.size[0] {
			if r := m.text.Cell(x, y).Char; r >= modelMark && m.marks[r-modelMark].col == 0 && m.marks[r-modelMark].row == 0 {
				lines = append(lines, fmt.Sprintf("%d,%d: %08x", x, y, m.marks[r-modelMark].picture))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// complete reports whether hits are shown, and no picture is waited for.
func (m *model) complete() bool {
	lines, _ := m.cells()
	all := strings.Join(lines, "\n")
	return len(lines) < 4 || m.size[0] < 20 || hits.MatchString(all) && !strings.ContainsAny(all, "╭╰")
}

func (m *model) shown() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	lines, _ := m.cells()
	return strings.Join(lines, "\n")
}
