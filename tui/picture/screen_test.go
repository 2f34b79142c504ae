package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"strata/fixtures/product"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/hinshun/vt10x"
	"github.com/mattn/go-sixel"
)

// blankView is a view of the terminal's height with a line of text on top and a footer.
func blankView() []string {
	view := make([]string, testRows)
	view[0], view[testRows-1] = "title", "footer"
	return view
}

// withText puts text into a line of a view at a column.
func withText(view []string, row, col int, text string) []string {
	view = slices.Clone(view)
	line := []rune(view[row] + strings.Repeat(" ", max(0, col+len([]rune(text))-len([]rune(view[row])))))
	copy(line[col:], []rune(text))
	view[row] = string(line)
	return view
}

func TestScreenSteps(t *testing.T) {
	s := newStage(t)
	box := Box{8, 4}
	a, b := s.terminal.know("a", 28, 5, box), s.terminal.know("b", 40, 5, box)
	c := s.terminal.know("c", 28, 5, box)
	small := s.terminal.know("small", 28, 5, box)
	small.PixelW = 40
	s.terminal.known["small"] = small
	moved := s.terminal.know("moved", 30, 6, box)
	edge := s.terminal.know("edge", testCols-8, 20, box)

	view := blankView()
	changed := withText(withText(view, 6, 0, "left"), 6, 38, "|")
	beyond := withText(changed, 6, 60, "right of both")
	popup := withText(view, 6, 30, "popup")
	steps := []struct {
		name       string
		view       []string
		placements []Placement
		want       []string // ops
	}{
		{"text only", view, nil, nil},
		{"two pictures", view, []Placement{a, b}, []string{"draw a at 28,5", "draw b at 40,5"}},
		{"the title changes", withText(view, 0, 0, "other"), []Placement{a, b}, nil},
		{"text left of and between pictures", changed, []Placement{a, b}, []string{"erase 1 cells at 39,6"}},
		{"text right of pictures", beyond, []Placement{a, b}, nil},
		{"text goes", view, []Placement{a, b}, []string{"erase 28 cells at 0,6", "erase 4 cells at 36,6"}},
		{"one changes in place", view, []Placement{c, b}, []string{"draw c at 28,5"}},
		{"a narrower one needs the rest erased", view, []Placement{small, b}, []string{
			"erase 8 cells at 28,5", "erase 8 cells at 28,6", "erase 8 cells at 28,7", "erase 8 cells at 28,8", "draw small at 28,5",
		}},
		{"a wider one does not", view, []Placement{a, b}, []string{"draw a at 28,5"}},
		{"a popup over one", popup, []Placement{b}, []string{
			"erase 8 cells at 28,5", "erase 8 cells at 28,6", "erase 8 cells at 28,7", "erase 8 cells at 28,8",
			"erase 5 cells at 35,6",
		}},
		{"the popup closes", view, []Placement{a, b}, []string{"erase 40 cells at 0,6", "draw a at 28,5"}},
		{"one moves by less than its size", view, []Placement{moved, b}, []string{
			"erase 8 cells at 28,5", "erase 8 cells at 28,6", "erase 8 cells at 28,7", "erase 8 cells at 28,8", "draw moved at 30,6",
		}},
		{"at the right margin", view, []Placement{moved, b, edge}, []string{"draw edge at 112,20"}},
		{"text beside it", withText(view, 21, 3, "x"), []Placement{moved, b, edge}, []string{"erase 108 cells at 4,21"}},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			s.terminal.takeOps()
			s.show(t, step.view, step.placements...)
			if got := s.terminal.takeOps(); !slices.Equal(got, step.want) {
				t.Errorf("ops %q, want %q", got, step.want)
			}
		})
	}
}

func TestScreenLeavesOut(t *testing.T) {
	s := newStage(t)
	box := Box{8, 4}
	a := s.terminal.know("a", 10, 10, box)
	overlapping := s.terminal.know("overlapping", 17, 13, box)
	last := s.terminal.know("last", 30, testRows-4, box)
	wide := s.terminal.know("wide", testCols-7, 5, box)
	negative := s.terminal.know("negative", 3, -1, box)
	empty := s.terminal.know("empty", 50, 5, box)
	empty.Bytes = nil
	above := s.terminal.know("above", 30, testRows-5, box)
	view := blankView()
	view[testRows-1] += s.Stage([]Placement{a, overlapping, last, wide, negative, empty, above})
	s.renderer.flush(t, view)
	s.trace.rest(t)
	s.terminal.check(t, blankView(), []Placement{a, above})
}

func TestScreenStage(t *testing.T) {
	s := newStage(t)
	a, b := s.terminal.know("a", 1, 1, Box{2, 2}), s.terminal.know("b", 1, 1, Box{2, 2})
	first := s.Stage([]Placement{a})
	if again := s.Stage([]Placement{a}); again != first {
		t.Errorf("the same placements staged again: %q, then %q", first, again)
	}
	if other := s.Stage([]Placement{b}); other == first {
		t.Errorf("other placements have the marker %q, too", other)
	}
	if w := ansi.StringWidth("x" + first); w != 1 {
		t.Errorf("the marker is %d cells wide", w-1)
	}
	before := s.Stage([]Placement{b})
	s.Invalidate()
	if after := s.Stage([]Placement{b}); after == before {
		t.Errorf("after Invalidate the marker is the same %q", after)
	}

	text := NewScreen(s.terminal, Terminal{Graphics: GraphicsHalfBlock}, nil)
	if marker := text.Stage([]Placement{a}); marker != "" {
		t.Errorf("without sixel the marker is %q", marker)
	}
	if err := text.Close(); err != nil {
		t.Error(err)
	}
}

func TestScreenClearAndResize(t *testing.T) {
	s := newStage(t)
	a, b := s.terminal.know("a", 28, 5, Box{8, 4}), s.terminal.know("b", 40, 5, Box{8, 4})
	s.show(t, blankView(), a, b)

	s.renderer.clear(t)
	if _, _, drawn := s.show(t, blankView(), a, b); drawn != 2 {
		t.Errorf("%d pictures drawn after a clear, want 2", drawn)
	}

	s.Invalidate()
	s.renderer.last = nil
	if _, _, drawn := s.show(t, blankView(), a, b); drawn != 2 {
		t.Errorf("%d pictures drawn after Invalidate, want 2", drawn)
	}

	// A shorter view is followed by an erasure below it, which may take pictures away.
	short := append(slices.Clone(blankView()[:20]), "short")
	marked := slices.Clone(short)
	marked[len(marked)-1] += s.Stage([]Placement{a, b})
	s.renderer.flush(t, marked)
	s.trace.rest(t)
	if _, err := s.Write([]byte(ansi.EraseScreenBelow)); err != nil {
		t.Fatal(err)
	}
	s.show(t, blankView(), a, b)

	// Leaving the alternate screen takes the pictures along and writes all before it returns.
	if _, err := s.Write([]byte(ansi.ResetModeAltScreenSaveCursor)); err != nil {
		t.Fatal(err)
	}
	writes := func() int {
		s.terminal.mu.Lock()
		defer s.terminal.mu.Unlock()
		return s.terminal.writes
	}
	before := writes()
	if _, err := s.Write([]byte("bye\r\n")); err != nil {
		t.Fatal(err)
	}
	if writes() != before+1 {
		t.Error("a write outside the alternate screen was not finished when it returned")
	}
}

func TestScreenBudgets(t *testing.T) {
	s := newStage(t)
	view := blankView()
	var placements []Placement
	var want []image.Image
	var sample []*image.RGBA
	for i := range 30 {
		sample = append(sample, resample(product.Picture(uint64(i), 224, 224), 32, 32))
	}
	colors := newPalette(sample, MaxColors)
	thumbnail := func(i, w, h int) (Placement, image.Image) {
		m := resample(product.Picture(uint64(i), 224, 224), w, h)
		var b bytes.Buffer
		if err := sixel.NewEncoder(&b).Encode(colors.paint(m)); err != nil {
			t.Fatal(err)
		}
		box := coveredCells(w, h, testCellW, testCellH)
		p := s.terminal.know(fmt.Sprint("thumbnail ", i, " ", w), 1+i%10*12, 2+i/10*8, box)
		p.Bytes, p.PixelW, p.PixelH = b.Bytes(), w, h
		s.terminal.known[p.Key] = p
		return p, m
	}
	for i := range 30 {
		w, h := 64, 66
		if i%2 == 1 {
			w, h = 88, 96
		}
		p, m := thumbnail(i, w, h)
		placements, want = append(placements, p), append(want, m)
	}
	if text, pictures, drawn := s.show(t, view, placements...); drawn != 30 || text+pictures > 750_000 {
		t.Errorf("a whole screen: %d pictures, %d bytes", drawn, text+pictures)
	}
	if text, pictures, drawn := s.show(t, withText(view, testRows-1, 0, "saved 14:02:11"), placements...); drawn != 0 || text+pictures > 1000 {
		t.Errorf("a change of the status line: %d pictures, %d bytes", drawn, text+pictures)
	}
	view = withText(view, 4, 0, "x")
	if text, pictures, drawn := s.show(t, view, placements...); drawn != 0 || text+pictures > 1000 {
		t.Errorf("a change beside ten pictures: %d pictures, %d bytes", drawn, text+pictures)
	}
	changed, m := thumbnail(100, 64, 66)
	changed.Col, changed.Row = placements[4].Col, placements[4].Row
	placements[4], want[4] = changed, m
	if text, pictures, drawn := s.show(t, view, placements...); drawn != 1 || text+pictures > len(changed.Bytes)+1000 {
		t.Errorf("one changed thumbnail of %d bytes: %d pictures, %d bytes", len(changed.Bytes), drawn, text+pictures)
	}
	for i, p := range placements {
		var got image.Image
		if err := sixel.NewDecoder(bytes.NewReader(p.Bytes)).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if db := psnr(want[i], got); db < 22 {
			t.Errorf("thumbnail %d is %.1f dB like its source", i, db)
		}
	}
}

func TestScreenSynchronized(t *testing.T) {
	terminal := sixelTerminal()
	terminal.Synchronized = true
	var b bytes.Buffer
	s := NewScreen(&b, terminal, nil)
	r := &renderer{out: s}
	r.start(t)
	r.flush(t, []string{"one", "two"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	frame := "\x1b[?2026h\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[2;H\x1b[?2026l"
	if got := b.String(); !strings.HasSuffix(got, frame) {
		t.Errorf("wrote %q, want %q at its end", got, frame)
	}
}

func TestScreenReportsTheTerminalsError(t *testing.T) {
	terminal := newModelTerminal()
	terminal.fail = io.ErrClosedPipe
	s := NewScreen(terminal, sixelTerminal(), nil)
	if _, err := s.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Write: %v", err)
	}
	if err := s.Close(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Close: %v", err)
	}
}

// stuckTerminal takes no byte until it is let go.
type stuckTerminal struct {
	*modelTerminal
	once    sync.Once
	reached chan struct{} // closed when the first picture is being written
	release chan struct{}
}

func (s *stuckTerminal) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("\x1bP")) {
		s.once.Do(func() { close(s.reached) })
		<-s.release
	}
	return s.modelTerminal.Write(p)
}

// TestScreenSlowTerminal writes 30 frames of new pictures while the terminal is stuck in the first picture.
func TestScreenSlowTerminal(t *testing.T) {
	terminal := &stuckTerminal{newModelTerminal(), sync.Once{}, make(chan struct{}), make(chan struct{})}
	trace := make(traceLines, 1000)
	s := NewScreen(terminal, sixelTerminal(), trace)
	r := &renderer{out: s}
	r.start(t)
	var last []Placement
	show := func(frame int) []string {
		last = nil
		for i := range 10 {
			last = append(last, terminal.know(fmt.Sprintf("frame %d picture %d", frame, i), 1+i*10, 4, Box{8, 4}))
		}
		view := withText(blankView(), 0, 0, fmt.Sprint("frame ", frame))
		marked := slices.Clone(view)
		marked[len(marked)-1] += s.Stage(last)
		r.flush(t, marked)
		return view
	}
	show(0)
	<-terminal.reached
	var view []string
	for frame := 1; frame <= 30; frame++ {
		view = show(frame) // returns though the terminal takes nothing
	}
	close(terminal.release)
	trace.rest(t)
	terminal.check(t, view, last)
	want := []string{"draw frame 0 picture 0 at 1,4"}
	for i, p := range last {
		want = append(want, fmt.Sprintf("draw %s at %d,4", p.Key, 1+i*10))
	}
	if got := terminal.takeOps(); !slices.Equal(got, want) {
		t.Errorf("ops %q, want %q", got, want)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestScreenInvalidated forgets the pictures while one is written: that none is there is said when they are erased.
func TestScreenInvalidated(t *testing.T) {
	terminal := &stuckTerminal{newModelTerminal(), sync.Once{}, make(chan struct{}), make(chan struct{})}
	trace := make(traceLines, 1000)
	s := NewScreen(terminal, sixelTerminal(), trace)
	r := &renderer{out: s}
	r.start(t)
	view := blankView()
	view[testRows-1] = "a view" + s.Stage([]Placement{terminal.know("picture", 1, 4, Box{8, 4})})
	r.flush(t, view)
	<-terminal.reached
	s.Invalidate()
	close(terminal.release)
	r.write(t, ansi.HideCursor)
	for late := time.Now().Add(100 * time.Millisecond); time.Now().Before(late); <-time.After(time.Millisecond) {
		select {
		case line := <-trace:
			if strings.HasPrefix(line, "rest ") {
				t.Fatalf("the trace has %q while the picture is there", line)
			}
		default:
		}
	}
	r.clear(t)
	view[testRows-1] = "another" + s.Stage(nil)
	r.flush(t, view)
	if _, _, _, at := trace.restAt(t); len(at) > 0 {
		t.Errorf("pictures at %q", at)
	}
	terminal.check(t, slices.Concat(view[:testRows-1], []string{"another"}), nil)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// heldTerminal keeps what it was sent, and holds up the first piece of a picture.
type heldTerminal struct {
	bytes.Buffer
	once             sync.Once
	reached, release chan struct{}
}

func (h *heldTerminal) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("\x1bP")) {
		h.once.Do(func() {
			close(h.reached)
			<-h.release
		})
	}
	return h.Buffer.Write(p)
}

// TestScreenBreaksOff has a frame come without the large picture that is being written.
func TestScreenBreaksOff(t *testing.T) {
	terminal := &heldTerminal{reached: make(chan struct{}), release: make(chan struct{})}
	trace := make(traceLines, 1000)
	s := NewScreen(terminal, sixelTerminal(), trace)
	r := &renderer{out: s}
	r.start(t)
	picture := func(key string, n int) []Placement {
		data := "\x1bPq" + strings.Repeat(key, n) + stringTerminator
		return []Placement{{Col: 1, Row: 4, Box: Box{8, 4}, PixelW: 60, PixelH: 60, Key: key, Bytes: []byte(data)}}
	}
	show := func(title string, placements []Placement) {
		view := withText(blankView(), 0, 0, title)
		view[len(view)-1] += s.Stage(placements)
		r.flush(t, view)
	}
	large := picture("~", 10*pictureChunk)
	show("first", large)
	<-terminal.reached
	show("second", picture("?", 10))
	close(terminal.release)
	trace.rest(t)
	got := terminal.String()
	if n := strings.Count(got, "~"); n > pictureChunk {
		t.Errorf("%d bytes of the picture were written, want no more than a piece of %d", n, pictureChunk)
	}
	_, rest, broken := strings.Cut(got, "~"+stringTerminator+ansi.RestoreCursor)
	if text, after := strings.Index(rest, "second"), strings.Index(rest, "??????????"); !broken || text < 0 || after < text {
		t.Errorf("after the picture broke off, the text is at %d and the next picture at %d", text, after)
	}
	terminal.Reset()
	show("third", large)
	trace.rest(t)
	if n := strings.Count(terminal.String(), "~"); n != 10*pictureChunk {
		t.Errorf("%d bytes of the picture were written, want all %d", n, 10*pictureChunk)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestScreenCloseDropsPicturesKeepsText(t *testing.T) {
	terminal := &stuckTerminal{newModelTerminal(), sync.Once{}, make(chan struct{}), make(chan struct{})}
	s := NewScreen(terminal, sixelTerminal(), nil)
	r := &renderer{out: s}
	r.start(t)
	box := Box{8, 4}
	view := blankView()
	view[testRows-1] += s.Stage([]Placement{terminal.know("a", 1, 4, box), terminal.know("b", 11, 4, box)})
	r.flush(t, view)
	<-terminal.reached
	view[0] = "the last words"
	r.flush(t, view)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for done := false; !done; { // the picture must not end before Close has begun
		s.mu.Lock()
		done = s.closed
		s.mu.Unlock()
		runtime.Gosched()
	}
	close(terminal.release)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	if got := terminal.takeOps(); !slices.Equal(got, []string{"draw a at 1,4"}) {
		t.Errorf("ops %q", got)
	}
	if got := terminal.line(0); got != "the last words" {
		t.Errorf("the title is %q", got)
	}
}

// protocols are the terminals of the drivers that write pictures apart from the text, and what a picture's bytes look
// like.
var protocols = []struct {
	name     string
	graphics Graphics
	tmux     bool
	form     [2]string
}{
	{"sixel", GraphicsSixel, false, [2]string{"\x1bPq", stringTerminator}},
	{"sixel in tmux", GraphicsSixel, true, [2]string{"\x1bPq", stringTerminator}},
	{"iterm2", GraphicsITerm2, false, [2]string{"\x1b]1337;File=inline=1:", "\a"}},
	{"kitty", GraphicsKitty, false, [2]string{"PNG ", strings.Repeat(" long", 2000)}},
	{"kitty in tmux", GraphicsKitty, true, [2]string{"PNG ", ""}},
	{"kitty-direct", GraphicsKittyDirect, false, [2]string{"PNG ", strings.Repeat(" long", 2000)}},
}

// newProtocolStage is newStageFor a protocol's terminal.
func newProtocolStage(t *testing.T, graphics Graphics, tmux bool, form [2]string) *stage {
	t.Helper()
	terminal := sixelTerminal()
	terminal.Graphics, terminal.Tmux = graphics, tmux
	s := newStageFor(t, terminal)
	s.terminal.form = form
	return s
}

// TestScreenRandomViews compares the terminal with random views and pictures, text in every place around them, in every
// protocol.
func TestScreenRandomViews(t *testing.T) {
	words := []string{"x", "shirt", "袖", "●◆", "\x1b[1mbold\x1b[0m", "\x1b[38;2;1;2;3mred\x1b[m", "👩"}
	for _, protocol := range protocols {
		t.Run(protocol.name, func(t *testing.T) {
			s := newProtocolStage(t, protocol.graphics, protocol.tmux, protocol.form)
			random := rand.New(rand.NewPCG(3, 9))
			for step := range 100 {
				view, placements := randomView(s.terminal, random, words)
				view[testRows-1] = fmt.Sprint("step ", step)
				switch random.IntN(20) {
				case 0:
					s.renderer.clear(t)
				case 1:
					s.Invalidate()
					s.renderer.clear(t)
				case 2:
					s.renderer.write(t, ansi.ResetModeAltScreenSaveCursor)
					if left := s.terminal.kitty.leftOver(); len(left) > 0 {
						t.Error(summary(left))
					}
					s.renderer.start(t)
				}
				s.show(t, view, placements...)
				if t.Failed() {
					t.Fatalf("step %d: %q", step, s.terminal.kitty.faults)
				}
			}
		})
	}
}

// randomView lays out pictures on a grid, so that many keep their place from one view to the next, and words beside
// them.
func randomView(terminal *modelTerminal, random *rand.Rand, words []string) ([]string, []Placement) {
	var placements []Placement
	var taken [testRows][testCols + 8]bool
	for range random.IntN(8) {
		box := Box{3 + random.IntN(2)*5, 2 + random.IntN(2)*2}
		col, row := random.IntN(14)*9, 1+random.IntN(8)*4
		if random.IntN(8) == 0 {
			col = testCols - box.Cols
		}
		p := terminal.know(fmt.Sprintf("%dx%d picture %d", box.Cols, box.Rows, random.IntN(3)), col, row, box)
		if col+box.Cols > testCols || slices.ContainsFunc(placements, p.overlaps) {
			continue
		}
		placements = append(placements, p)
		for r := range box.Rows {
			for c := range box.Cols {
				taken[row+r][col+c] = true
			}
		}
	}
	view := blankView()
	for row := 1; row < testRows-1; row++ {
		if random.IntN(3) == 0 {
			continue
		}
		var b strings.Builder
		for col := 0; col < testCols; {
			word := words[random.IntN(len(words))]
			width := ansi.StringWidth(word)
			if random.IntN(4) > 0 || col+width > testCols || slices.Contains(taken[row][col:col+width], true) {
				word, width = " ", 1
			}
			b.WriteString(word)
			col += width
		}
		view[row] = strings.TrimRight(b.String(), " ")
	}
	return view, placements
}

// bubbleModel is a program whose view is what it was sent last.
type bubbleModel struct {
	screen     *Screen
	view       []string
	placements []Placement
}

type bubbleView struct {
	view       []string
	placements []Placement
}

func (m bubbleModel) Init() tea.Cmd { return nil }

func (m bubbleModel) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if v, ok := msg.(bubbleView); ok {
		m.view, m.placements = v.view, v.placements
	}
	return m, nil
}

func (m bubbleModel) View() string {
	if m.view == nil {
		return "starting"
	}
	return strings.Join(m.view, "\n") + m.screen.Stage(m.placements)
}

// TestScreenUnderBubbleTea runs the real renderer over the model terminal.
func TestScreenUnderBubbleTea(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	terminal, trace := newModelTerminal(), make(traceLines, 1000)
	s := NewScreen(terminal, sixelTerminal(), trace)
	s.file = null
	program := tea.NewProgram(bubbleModel{screen: s}, tea.WithOutput(s), tea.WithInput(nil), tea.WithAltScreen(),
		tea.WithoutSignalHandler(), tea.WithContext(t.Context()))
	ended := make(chan error)
	go func() {
		_, err := program.Run()
		ended <- err
	}()
	program.Send(tea.WindowSizeMsg{Width: testCols, Height: testRows})
	random := rand.New(rand.NewPCG(5, 9))
	for step := range 25 {
		view, placements := randomView(terminal, random, []string{"x", "shirt", "袖", "\x1b[1mbold\x1b[0m"})
		view[testRows-1] = fmt.Sprint("step ", step)
		program.Send(bubbleView{view, placements})
		for terminal.line(testRows-1) != view[testRows-1] {
			trace.rest(t)
		}
		terminal.check(t, view, placements)
		if step%10 == 9 {
			program.Send(tea.ClearScreen())
		}
		if t.Failed() {
			t.Fatalf("step %d", step)
		}
	}
	program.Quit()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if terminal.text.Mode()&vt10x.ModeAltScreen != 0 {
		t.Error("the alternate screen is still on")
	}
}
