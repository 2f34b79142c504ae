package picture

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/kitty"
	"github.com/hinshun/vt10x"
)

// The terminal of the tests, in cells, and its cell in pixels.
const (
	testCols, testRows   = 120, 40
	testCellW, testCellH = 8, 17
)

// restLimit is how long a screen may take until all pictures of a frame are written, on a busy machine.
const restLimit = 10 * time.Second

// sixelTerminal is a terminal with sixel, of the tests' size.
func sixelTerminal() Terminal {
	return Terminal{
		Graphics: GraphicsSixel, CellW: testCellW, CellH: testCellH, CellFrom: "test", Cols: testCols, Rows: testRows,
		ColorRegisters: 1024,
	}
}

// Characters that stand in the model's cells for what vt10x has none for, from the planes of private use.
const (
	wideRest  = 0xE000  // the right half of a wide character
	firstMark = 0xF0000 // a piece of a picture: marks[r-firstMark]
)

// modelTerminal is a terminal in the process: vt10x with wide characters and pictures. A picture is a mark in each cell
// that it has pixels in, so that whatever takes text out of a cell, or elsewhere, does so with a picture: other text,
// erasures, scrolling, the alternate screen. As on a terminal with sixel, a smaller picture leaves what it does not
// cover of a larger one, pixels beyond the right margin are lost, and the screen scrolls when a picture reaches the last
// row.
type modelTerminal struct {
	mu     sync.Mutex
	text   vt10x.Terminal
	known  map[string]Placement // by key; their Bytes are recognized
	marks  []pictureMark
	runes  map[pictureMark]rune
	ops    []string // pictures and ECH, with their places
	writes int
	wrote  chan struct{} // gets a value after a Write, unless it has one
	fail   error         // what Write returns
	kitty  kittyModel
	form   [2]string // around a picture's key: its bytes
	tmux   *tmuxModel
}

// pictureMark is what a cell has of a picture: the picture's cell at (col, row), and how many pixels from the left and
// the top are not background.
type pictureMark struct {
	key      string
	col, row int
	w, h     int
}

// modelCell is a cell's picture or, if it has none, text.
type modelCell struct {
	mark pictureMark
	text vt10x.Glyph
}

func (c modelCell) String() string {
	if c.mark == (pictureMark{}) {
		return fmt.Sprintf("%q in mode %d, colours %d on %d", c.text.Char, c.text.Mode, c.text.FG, c.text.BG)
	}
	return fmt.Sprintf("picture %+v", c.mark)
}

func newModelTerminal() *modelTerminal {
	return &modelTerminal{
		text:  vt10x.New(vt10x.WithSize(testCols, testRows)),
		known: make(map[string]Placement), runes: make(map[pictureMark]rune), wrote: make(chan struct{}, 1),
		form:  [2]string{"\x1bPq", "\x1b\\"},
		kitty: kittyModel{images: make(map[int]Placement), virtual: make(map[int]Box)},
	}
}

// know makes up a picture that fills a box. A screen does not look into a picture, so this one says only its key.
func (m *modelTerminal) know(key string, col, row int, box Box) Placement {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[key] = Placement{
		Col: col, Row: row, Box: box, PixelW: box.Cols * testCellW, PixelH: box.Rows * testCellH,
		Key: key, Bytes: []byte(m.form[0] + key + m.form[1]),
	}
	return m.known[key]
}

// Write does what the bytes say.
func (m *modelTerminal) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	if m.fail != nil {
		return 0, m.fail
	}
	m.take(p)
	select {
	case m.wrote <- struct{}{}:
	default:
	}
	return len(p), nil
}

// take gives p to vt10x, piece by piece around what it does not know.
func (m *modelTerminal) take(p []byte) {
	var text []byte
	flush := func() vt10x.Cursor {
		_, _ = m.text.Write(text) // never fails
		text = text[:0]
		return m.text.Cursor()
	}
	for state := byte(0); len(p) > 0; {
		seq, width, n, next := ansi.DecodeSequence(p, state, nil)
		if through := passthrough(p); through > 0 {
			seq, width, n, next = p[:through], 0, through, 0
		}
		state, p = next, p[n:]
		m.kitty.inked(string(seq))
		if m.tmux != nil && !bytes.HasPrefix(seq, []byte("\x1bP")) {
			at := flush()
			m.loses(m.tmux.touched(seq, width, at.X, at.Y))
		}
		command, isKitty := m.kitty.isKitty(seq)
		file, isInline := m.inline(seq)
		switch {
		case isKitty:
			at := flush()
			m.command(command, at.X, at.Y)
		case isInline:
			at := flush()
			m.ops = append(m.ops, fmt.Sprintf("draw %s at %d,%d", file.Key, at.X, at.Y))
			m.draw(file)
		case bytes.HasPrefix(seq, []byte(string(kitty.Placeholder))):
			at := flush()
			text = utf8.AppendRune(text, m.rune(m.placeholder(seq, at.X, at.Y)))
		case string(seq) == ansi.EraseEntireScreen:
			m.kitty.swept()
			text = append(text, seq...)
		case bytes.HasPrefix(seq, []byte("\x1bP")):
			at, picture := flush(), m.recognize(seq)
			m.ops = append(m.ops, fmt.Sprintf("draw %s at %d,%d", picture.Key, at.X, at.Y))
			m.draw(picture)
			if m.tmux != nil {
				m.loses(m.tmux.store(picture, at.X, at.Y))
			}
		case bytes.HasPrefix(seq, []byte(markerStart)):
			m.ops = append(m.ops, "marker")
		case width > 1:
			r, _ := utf8.DecodeRune(seq)
			text = utf8.AppendRune(text, r)
			for range width - 1 {
				text = utf8.AppendRune(text, wideRest)
			}
		case bytes.HasPrefix(seq, []byte("\x1b[")) && seq[len(seq)-1] == 'X':
			at := flush()
			m.ops = append(m.ops, fmt.Sprintf("erase %d cells at %d,%d", max(1, csiNumber(string(seq[2:len(seq)-1]))), at.X, at.Y))
			fallthrough
		default:
			text = append(text, seq...)
		}
	}
	flush()
}

// recognize returns the known picture with these bytes.
func (m *modelTerminal) recognize(picture []byte) Placement {
	for _, p := range m.known {
		if bytes.Equal(p.Bytes, picture) {
			return p
		}
	}
	return Placement{Key: fmt.Sprintf("unknown %.20q", picture), PixelW: 1, PixelH: 1}
}

// draw puts p's pixels to the right of and below the cursor, and the cursor below the picture.
func (m *modelTerminal) draw(p Placement) {
	left := m.text.Cursor().X
	for row := 0; row*testCellH < p.PixelH; row++ {
		var line []rune
		for col := 0; col*testCellW < p.PixelW && left+col < testCols; col++ {
			mark := pictureMark{p.Key, col, row, min(testCellW, p.PixelW-col*testCellW), min(testCellH, p.PixelH-row*testCellH)}
			under := m.cell(left+col, m.text.Cursor().Y).mark
			mark.w, mark.h = max(mark.w, under.w), max(mark.h, under.h)
			line = append(line, m.rune(mark))
		}
		fmt.Fprintf(m.text, "\x1b[%dG%s\n", left+1, string(line))
	}
}

// rune returns the character that stands for a mark.
func (m *modelTerminal) rune(mark pictureMark) rune {
	r, ok := m.runes[mark]
	if !ok {
		r = rune(firstMark + len(m.marks))
		m.runes[mark], m.marks = r, append(m.marks, mark)
	}
	return r
}

func (m *modelTerminal) cell(col, row int) modelCell {
	if mark, ok := m.over(col, row); ok {
		return modelCell{mark: mark}
	}
	g := m.text.Cell(col, row)
	if g.Char >= firstMark {
		return modelCell{mark: m.marks[g.Char-firstMark]}
	}
	return modelCell{text: g}
}

// line returns the text of a row, with blanks for pictures, up to the last character.
func (m *modelTerminal) line(row int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for col := range testCols {
		switch c := m.cell(col, row); {
		case c.mark != pictureMark{}:
			b.WriteByte(' ')
		case c.text.Char != wideRest:
			b.WriteRune(c.text.Char)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// takeOps returns what was drawn and erased since the last call.
func (m *modelTerminal) takeOps() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	ops := m.ops
	m.ops = nil
	return ops
}

// check waits until the terminal shows the view and the pictures: under Bubble Tea a frame's text does not tell that
// its pictures are there, too.
func (m *modelTerminal) check(t *testing.T, view []string, placements []Placement) {
	t.Helper()
	late := time.After(restLimit)
	for {
		wrong := m.differences(view, placements)
		if len(wrong) == 0 {
			return
		}
		select {
		case <-m.wrote:
		case <-late:
			t.Error(summary(wrong))
			return
		}
	}
}

// differences compares every cell, its colours included, with a new terminal that was sent the view's lines, then the
// pictures. The cursor must be where a frame leaves it: at the start of the view's last line.
func (m *modelTerminal) differences(view []string, placements []Placement) (wrong []string) {
	expected := newModelTerminal()
	expected.take([]byte(ansi.EraseEntireScreen))
	for row, line := range view {
		expected.take([]byte(ansi.CursorPosition(1, row+1) + line))
	}
	for _, p := range placements {
		expected.take([]byte(ansi.CursorPosition(p.Col+1, p.Row+1)))
		expected.draw(p)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if at := m.text.Cursor(); at.X != 0 || at.Y != len(view)-1 {
		wrong = append(wrong, fmt.Sprintf("the cursor is at %d,%d, want 0,%d", at.X, at.Y, len(view)-1))
	}
	for row := range testRows {
		for col := range testCols {
			if got, want := m.cell(col, row), expected.cell(col, row); got != want {
				wrong = append(wrong, fmt.Sprintf("cell %d,%d: %v, want %v", col, row, got, want))
			}
		}
	}
	return wrong
}

// summary is the number of differences and the first of them.
func summary(wrong []string) string {
	return fmt.Sprintf("%d differences:\n%s", len(wrong), strings.Join(wrong[:min(len(wrong), 10)], "\n"))
}

// traceLines is a screen's trace.
type traceLines chan string

func (l traceLines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// rest waits until the pictures are on the terminal. It returns the bytes of text of the frames since the last rest, the
// bytes of pictures and how many were drawn.
func (l traceLines) rest(t *testing.T) (text, pictures, drawn int) {
	t.Helper()
	text, pictures, drawn, _ = l.restAt(t)
	return text, pictures, drawn
}

// restAt is rest, with the places of the pictures that are on the terminal.
func (l traceLines) restAt(t *testing.T) (text, pictures, drawn int, at []string) {
	t.Helper()
	late := time.After(restLimit)
	for {
		select {
		case line := <-l:
			var generation, frame, erased, wanted int
			if strings.HasPrefix(line, "frame ") {
				if _, err := fmt.Sscanf(line, "frame %d text=%d erased=%d pictures=%d\n", &generation, &frame, &erased, &wanted); err != nil {
					t.Fatalf("trace: %q: %v", line, err)
				}
				text += frame
				continue
			}
			counts, places, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " at=")
			if _, err := fmt.Sscanf(counts, "rest %d drawn=%d bytes=%d", &generation, &drawn, &pictures); err != nil || !ok {
				t.Fatalf("trace: %q: %v", line, err)
			}
			if places != "" {
				at = strings.Split(places, ";")
			}
			return text, pictures, drawn, at
		case <-late:
			t.Fatal("the screen does not come to rest")
		}
	}
}

// renderer writes frames as Bubble Tea's renderer does in the alternate screen.
type renderer struct {
	out  io.Writer
	last []string // nil: to be written whole
}

func (r *renderer) write(t *testing.T, s string) {
	t.Helper()
	if n, err := io.WriteString(r.out, s); err != nil || n != len(s) {
		t.Fatalf("wrote %d of %d bytes: %v", n, len(s), err)
	}
}

// start enters the alternate screen.
func (r *renderer) start(t *testing.T) {
	t.Helper()
	r.write(t, ansi.SetModeAltScreenSaveCursor)
	r.clear(t)
	r.write(t, ansi.HideCursor)
}

// clear is what a tea.ClearScreen causes.
func (r *renderer) clear(t *testing.T) {
	t.Helper()
	r.write(t, ansi.EraseEntireScreen)
	r.write(t, ansi.CursorHomePosition)
	r.last = nil
}

// flush writes the lines that changed.
func (r *renderer) flush(t *testing.T, view []string) {
	t.Helper()
	if slices.Equal(view, r.last) {
		return
	}
	var b strings.Builder
	b.WriteString(ansi.CursorHomePosition)
	for i, line := range view {
		changed := i >= len(r.last) || r.last[i] != line
		if changed {
			b.WriteString(line)
			if ansi.StringWidth(line) < testCols {
				b.WriteString(ansi.EraseLineRight)
			}
		}
		switch {
		case i == len(view)-1:
		case changed:
			b.WriteString("\r\n")
		default:
			b.WriteByte('\n')
		}
	}
	if len(r.last) > len(view) {
		b.WriteString(ansi.EraseScreenBelow)
	}
	b.WriteString(ansi.CursorPosition(0, len(view)))
	r.write(t, b.String())
	r.last = slices.Clone(view)
}

// stage is a screen between a renderer and a model terminal.
type stage struct {
	*Screen
	terminal *modelTerminal
	renderer *renderer
	trace    traceLines
}

func newStage(t *testing.T) *stage {
	t.Helper()
	return newStageFor(t, sixelTerminal())
}

// newStageFor is newStage for another terminal. When the test ends, so does the screen, and nothing may be left.
func newStageFor(t *testing.T, terminal Terminal) *stage {
	t.Helper()
	s := &stage{terminal: newModelTerminal(), trace: make(traceLines, 1000)}
	s.terminal.kitty.within = terminal.Tmux
	if terminal.Tmux && terminal.Graphics == GraphicsSixel {
		s.terminal.tmux = &tmuxModel{}
	}
	s.Screen = NewScreen(s.terminal, terminal, s.trace)
	s.renderer = &renderer{out: s.Screen}
	t.Cleanup(func() {
		if _, err := s.Write([]byte(ansi.ResetModeAltScreenSaveCursor)); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left := s.terminal.kitty.leftOver(); len(left) > 0 {
			t.Error(summary(left))
		}
	})
	s.renderer.start(t)
	return s
}

// show writes a view with pictures, waits until they are on the terminal, and checks it and the trace. It returns what
// traceLines.rest does.
func (s *stage) show(t *testing.T, view []string, placements ...Placement) (text, pictures, drawn int) {
	t.Helper()
	marked := slices.Clone(view)
	marked[len(marked)-1] += s.Stage(placements)
	s.renderer.flush(t, marked)
	text, pictures, drawn, at := s.trace.restAt(t)
	if wrong := s.terminal.differences(view, placements); len(wrong) > 0 {
		t.Error(summary(wrong))
	}
	var want []string
	for _, p := range placements {
		want = append(want, fmt.Sprintf("%d,%d,%dx%d", p.Col, p.Row, p.PixelW, p.PixelH))
	}
	slices.Sort(at)
	slices.Sort(want)
	if !slices.Equal(at, want) {
		t.Errorf("the trace has pictures at %q, want %q", at, want)
	}
	return text, pictures, drawn
}
