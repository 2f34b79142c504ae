package picture

import (
	"bytes"
	"fmt"
	"image"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/charmbracelet/x/ansi"
)

// Placement puts a picture on the screen. In the view the cells under it are blanks.
type Placement struct {
	Col, Row       int // the top left cell, from 0
	Box            Box // the cells it covers
	PixelW, PixelH int // its pixels; they lie within Box
	Key            string
	Bytes          []byte // what draws it, in the driver's form; not changed after Stage

	slot   slot            // where it was placed
	cell   Box             // the size of a cell, in pixels
	pixels *image.Paletted // where pictures are joined
	parts  []Placement     // that were joined, from left to right
}

// slot is a rectangle that a picture is centred in.
type slot struct {
	col, row int
	box      Box
}

// sameCells reports whether p and o cover the same cells.
func (p Placement) sameCells(o Placement) bool {
	return p.Col == o.Col && p.Row == o.Row && p.Box == o.Box
}

// same reports whether p and o put the same picture into the same cells.
func (p Placement) same(o Placement) bool { return p.sameCells(o) && p.Key == o.Key }

// overlaps reports whether a cell lies under both.
func (p Placement) overlaps(o Placement) bool {
	return p.Col < o.Col+o.Box.Cols && o.Col < p.Col+p.Box.Cols && p.Row < o.Row+o.Box.Rows && o.Row < p.Row+p.Box.Rows
}

// pictureChunk is how many bytes of a picture are written at a time.
const pictureChunk = 8 << 10

// stringTerminator ends a picture, a device control string, also before all of it is there.
const stringTerminator = "\x1b\\"

// maxQueue is how many bytes of text may wait for the terminal before Write does.
const maxQueue = 4 << 10

// The marker that ends a view and names its placements: an application program command, which has no width.
const (
	markerStart = "\x1b_strata;"
	markerEnd   = "\x1b\\"
)

// Screen is the output of a Bubble Tea program (tea.WithOutput) that shows pictures between the text.
//
// The view stages its placements and ends with the marker that Stage returns. Bubble Tea writes a frame in one Write:
// the lines that changed, whole. Screen takes the frame apart: it erases the rectangles that lost their picture, then
// lets the text through, but steps over the cells of pictures that stay, so that text beside a picture changes without
// the picture being sent again. One goroutine does all writing to the terminal. It writes text as soon as it can and,
// when no text waits, one picture of the newest frame at a time; pictures of older frames are not written, and one that
// the newest frame does without is broken off. A slow terminal so delays pictures, not keys: in the alternate screen Write returns before the terminal has the bytes. Writes
// that leave the alternate screen, or come outside of it, are finished when Write returns.
//
// A picture over another in the same cells replaces it in place. Pictures that would reach the last row of the
// terminal are left out, because sixel scrolls there, and so are those that overlap an earlier one of the same view.
//
// Screen is no *os.File and embeds none: its methods would write past it. A child program must be given the terminal
// itself as its output.
type Screen struct {
	file       *os.File
	out        io.Writer
	hand       hand   // nil: no pictures are written
	modes      []Mode // of the terminal, while pictures are shown
	sync       bool   // mode 2026
	cols, rows int    // when the kernel does not know them
	trace      io.Writer
	done       chan struct{} // closed when the pump has ended

	mu      sync.Mutex
	changed *sync.Cond // of anything below

	staged     map[uint64][]Placement // by generation, from the one shown on
	latest     uint64                 // the generation staged last
	restage    bool                   // the next Stage must make a new generation
	generation uint64                 // the one wanted is of
	wanted     []Placement            // pictures of the newest frame
	drawn      []Placement            // pictures on the terminal once queue is written
	pen        screenPen

	backlog
	pictures, bytes int // written since the last rest
	resting         bool
	closed          bool
	err             error // the first error of the terminal
}

// backlog is text for the terminal, before any further picture.
type backlog struct {
	queue           []byte
	queueLines      []string // trace lines for when it is written
	queued, written int64    // bytes of text ever
}

// add puts text at the end.
func (b *backlog) add(text string) {
	b.queue = append(b.queue, text...)
	b.queued += int64(len(text))
}

// screenPen is where Bubble Tea has the cursor.
type screenPen struct {
	row, col  int
	alternate bool // screen
}

// NewScreen returns a writer to the terminal out, most often an *os.File, and starts its goroutine, which Close ends. A
// trace, if not nil,
// gets a line "frame N …" when a frame's text is on the terminal and "rest N …", with the pictures' places, when those
// are, too; N numbers the placements.
func NewScreen(out io.Writer, t Terminal, trace io.Writer) *Screen {
	file, _ := out.(*os.File)
	s := &Screen{
		file: file, out: out, modes: t.Modes, sync: t.Synchronized, cols: t.Cols, rows: t.Rows,
		trace: trace, done: make(chan struct{}), staged: make(map[uint64][]Placement), resting: true,
	}
	if t.Graphics.Apart() {
		s.hand = drivers[t.Graphics].hand(t)
	}
	s.changed = sync.NewCond(&s.mu)
	go s.pump()
	return s
}

// Fd returns the terminal's descriptor: with Read and Write it makes a Screen the terminal that Bubble Tea looks for.
func (s *Screen) Fd() uintptr { return s.file.Fd() }

// Read reads from the terminal.
func (s *Screen) Read(p []byte) (int, error) { return s.file.Read(p) }

// Stage names the pictures of the view that is being made and returns the marker to append to its last line. The same
// placements give the same marker, so that an unchanged view stays unchanged. It does no I/O.
func (s *Screen) Stage(placements []Placement) string {
	if s.hand == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.restage || !slices.EqualFunc(placements, s.staged[s.latest], Placement.same) {
		s.latest++
		s.staged[s.latest] = slices.Clone(placements)
		s.restage = false
	}
	return markerStart + strconv.FormatUint(s.latest, 10) + markerEnd
}

// Invalidate forgets what is on the terminal, after a change of its size. The whole view must be written next, as
// Bubble Tea does after a tea.WindowSizeMsg; until then the trace says nothing.
func (s *Screen) Invalidate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted, s.drawn, s.restage, s.resting = nil, nil, true, true
}

// Redraw writes all pictures again: tmux may have lost them while another window was shown.
func (s *Screen) Redraw() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hand == nil || s.closed || len(s.drawn) == 0 {
		return
	}
	s.add(s.hand.leave())
	s.drawn, s.resting = nil, false
	s.changed.Broadcast()
}

// Write takes one write of Bubble Tea's renderer, most often a frame. An error is the terminal's, maybe of an earlier
// write.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return s.out.Write(p)
	}
	frame := len(p) > len(ansi.CursorHomePosition) && bytes.HasPrefix(p, []byte(ansi.CursorHomePosition))
	text, erased := s.translate(p)
	if frame && s.sync {
		text = ansi.SetModeSynchronizedOutput + text + ansi.ResetModeSynchronizedOutput
	}
	s.add(text)
	if frame {
		s.resting = false
		s.queueLines = append(s.queueLines, fmt.Sprintf("frame %d text=%d erased=%d pictures=%d\n",
			s.generation, len(text), erased, len(s.wanted)))
	}
	s.changed.Broadcast()
	limit := int64(maxQueue)
	if !s.pen.alternate {
		limit = 0
	}
	for s.queued-s.written > limit && s.err == nil {
		s.changed.Wait()
	}
	if s.err != nil {
		return 0, s.err
	}
	return len(p), nil
}

// Close writes the text that waits, drops the pictures that do, ends the goroutine and returns the terminal's error.
// What is on the terminal stays there, and out stays open.
func (s *Screen) Close() error {
	s.mu.Lock()
	s.closed = true
	s.changed.Broadcast()
	s.mu.Unlock()
	<-s.done
	return s.err
}

// pump writes to the terminal: text first, then one picture at a time.
func (s *Screen) pump() {
	defer close(s.done)
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.err == nil {
		next, ok := s.next()
		switch {
		case len(s.queue) > 0:
			text, lines := s.queue, s.queueLines
			s.queue, s.queueLines = nil, nil
			s.output(text, lines)
			s.written += int64(len(text))
			s.changed.Broadcast()
		case s.closed:
			return
		case ok:
			s.put(next)
		case !s.resting:
			line := fmt.Sprintf("rest %d drawn=%d bytes=%d at=%s\n", s.generation, s.pictures, s.bytes, places(s.drawn))
			s.resting, s.pictures, s.bytes = true, 0, 0
			s.output(nil, []string{line})
		default:
			s.changed.Wait()
		}
	}
}

// places lists where pictures are: column, row, and the size in pixels.
func places(drawn []Placement) string {
	var at []string
	for _, whole := range drawn {
		parts := whole.parts
		if parts == nil {
			parts = []Placement{whole}
		}
		for _, p := range parts {
			at = append(at, fmt.Sprintf("%d,%d,%dx%d", p.Col, p.Row, p.PixelW, p.PixelH))
		}
	}
	return strings.Join(at, ";")
}

// output writes to the terminal and then to the trace, without the lock.
func (s *Screen) output(b []byte, lines []string) {
	s.mu.Unlock()
	var err error
	if len(b) > 0 {
		_, err = s.out.Write(b)
	}
	if s.trace != nil && err == nil {
		for _, l := range lines {
			_, _ = io.WriteString(s.trace, l)
		}
	}
	s.mu.Lock()
	if err != nil {
		s.err = fmt.Errorf("terminal: %w", err)
		s.changed.Broadcast()
	}
}

// next returns a picture that is wanted and not there.
func (s *Screen) next() (Placement, bool) {
	for _, p := range s.wanted {
		if !slices.ContainsFunc(s.drawn, p.same) {
			return p, true
		}
	}
	return Placement{}, false
}

// put writes a picture, in pieces: when the next frame comes and does not want it, the rest is left out.
func (s *Screen) put(p Placement) {
	var over *Placement
	if i := slices.IndexFunc(s.drawn, p.sameCells); i >= 0 {
		old := s.drawn[i]
		over, s.drawn = &old, slices.Delete(s.drawn, i, i+1)
	}
	all := s.hand.put(p, over)
	s.drawn = append(s.drawn, p)
	s.pictures++
	for i, b := range all {
		if i > 0 && !slices.ContainsFunc(s.wanted, p.same) {
			if i := slices.IndexFunc(s.drawn, p.same); i >= 0 {
				s.drawn[i].Key = "" // a part of it is there
			}
			all = nil
			b = s.hand.broken(p)
		}
		s.bytes += len(b)
		s.output(b, nil)
		if all == nil || s.err != nil {
			return
		}
	}
}

// adopt makes the placements of a generation the wanted ones and returns the drawn pictures that have to go.
func (s *Screen) adopt(generation uint64) (stale []Placement) {
	placements, ok := s.staged[generation]
	if !ok {
		return nil
	}
	for g := range s.staged {
		if g < generation {
			delete(s.staged, g)
		}
	}
	cols, rows := s.size()
	var fitting []Placement
	for _, p := range placements {
		fits := p.Col >= 0 && p.Row >= 0 && p.Col+p.Box.Cols <= cols && p.Row+p.Box.Rows < rows
		if fits && len(p.Bytes) > 0 && !slices.ContainsFunc(fitting, p.overlaps) {
			fitting = append(fitting, p)
		}
	}
	s.generation, s.wanted = generation, s.hand.arrange(fitting)
	var kept []Placement
	for _, p := range s.drawn {
		if slices.ContainsFunc(s.wanted, p.sameCells) {
			kept = append(kept, p)
		} else {
			stale = append(stale, p)
		}
	}
	s.drawn = kept
	return stale
}

// size returns the terminal's size in cells.
func (s *Screen) size() (cols, rows int) {
	if s.file != nil {
		if cols, rows, _, _ := windowSize(s.file); cols > 0 && rows > 0 {
			return cols, rows
		}
	}
	return s.cols, s.rows
}

// translate returns what the terminal is to be sent for one write of Bubble Tea and how many pictures it erases.
func (s *Screen) translate(p []byte) (text string, erased int) {
	var b strings.Builder
	b.Grow(len(p) + 64)
	if at := bytes.LastIndex(p, []byte(markerStart)); at >= 0 {
		number, _, _ := bytes.Cut(p[at+len(markerStart):], []byte(markerEnd))
		generation, err := strconv.ParseUint(string(number), 10, 64)
		if stale := s.adopt(generation); err == nil && len(stale) > 0 {
			var e []byte
			for _, old := range stale {
				e = s.hand.erase(e, old)
			}
			b.WriteString(ansi.SaveCursor + string(e) + ansi.RestoreCursor)
			erased = len(stale)
		}
	}
	cols, _ := s.size()
	l := screenLine{out: &b, cols: cols, overwrites: s.hand != nil && s.hand.overwrites()}
	l.enter(s.drawn, s.pen.row)
	for state := byte(0); len(p) > 0; {
		seq, width, n, next := ansi.DecodeSequence(p, state, nil)
		state, p = next, p[n:]
		switch {
		case width > 0:
			l.cells(seq, s.pen.col, width)
			s.pen.col += width
		case seq[0] == '\n':
			s.pen.row++
			l.enter(s.drawn, s.pen.row)
			b.WriteByte('\n')
		case seq[0] == '\r':
			s.pen.col, l.skip = 0, 0
			b.WriteByte('\r')
		case bytes.HasPrefix(seq, []byte(markerStart)):
		case bytes.HasPrefix(seq, []byte("\x1b[")):
			s.control(&l, seq)
		default:
			b.Write(seq)
		}
	}
	return b.String(), erased
}

// control passes on one control sequence and notes what it does to the cursor and the pictures.
func (s *Screen) control(l *screenLine, seq []byte) {
	final := seq[len(seq)-1]
	params := string(seq[2 : len(seq)-1])
	switch {
	case final == 'K' && (params == "" || params == "0"):
		l.eraseRight(s.pen.col)
		return
	case final == 'K': // the whole line, or its left part
		s.drawn = slices.DeleteFunc(s.drawn, func(p Placement) bool {
			return p.Row <= s.pen.row && s.pen.row < p.Row+p.Box.Rows
		})
		l.enter(s.drawn, s.pen.row)
	case final == 'H' || final == 'f':
		row, col, _ := strings.Cut(params, ";")
		s.pen.row, s.pen.col = max(1, csiNumber(row))-1, max(1, csiNumber(col))-1
		l.enter(s.drawn, s.pen.row)
	case final == 'J' && (params == "2" || params == "3"):
		s.forget(l)
		s.wanted = nil
		l.out.Write(seq)
		l.out.WriteString(s.swept())
		return
	case final == 'J' || strings.IndexByte("LMSTr", final) >= 0: // wiped in part, or moved
		s.forget(l)
	case params == "?1049" || params == "?47" || params == "?1047":
		s.forget(l)
		s.wanted = nil
		s.alternate(l, seq, final == 'h')
		return
	}
	l.out.Write(seq)
}

// forget takes it that no picture is on the terminal any more.
func (s *Screen) forget(l *screenLine) {
	s.drawn = nil
	l.enter(nil, 0)
}

// swept returns what is written after the text has erased the screen.
func (s *Screen) swept() string {
	if s.hand == nil {
		return ""
	}
	return s.hand.swept()
}

// alternate passes on what enters or leaves the alternate screen. The modes that pictures need are set within it. It is
// erased before it is left, because some terminals keep its pictures on what comes back.
func (s *Screen) alternate(l *screenLine, seq []byte, enters bool) {
	left := s.pen.alternate && !enters
	s.pen.alternate = enters
	if left {
		l.out.WriteString(ansi.ResetStyle + ansi.EraseEntireScreen)
		if s.hand != nil {
			l.out.WriteString(s.hand.leave())
		}
		for _, m := range s.modes {
			l.out.WriteString(m.leave())
		}
	}
	l.out.Write(seq)
	if enters {
		for _, m := range s.modes {
			l.out.WriteString(m.enter())
		}
	}
}

// csiNumber reads a parameter, 0 when it is left out.
func csiNumber(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
