package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/mattn/go-sixel"
)

// lastTerminal keeps what it was sent. The screen writes from a goroutine of its own.
type lastTerminal struct {
	mu   sync.Mutex
	sent []byte
}

func (l *lastTerminal) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, p...)
	return len(p), nil
}

// taken returns what it was sent, and forgets it.
func (l *lastTerminal) taken() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	sent := l.sent
	l.sent = nil
	return sent
}

// sixels returns the pictures that it was sent, as "column,row WxH".
func (l *lastTerminal) sixels() []string {
	var all []string
	at := ""
	p := l.taken()
	for state := byte(0); len(p) > 0; {
		seq, _, n, next := ansi.DecodeSequence(p, state, nil)
		state, p = next, p[n:]
		switch s := string(seq); {
		case strings.HasPrefix(s, "\x1b[") && strings.HasSuffix(s, "H"):
			row, col, _ := strings.Cut(s[2:len(s)-1], ";")
			at = fmt.Sprintf("%d,%d", csiNumber(col)-1, csiNumber(row)-1)
		case strings.HasPrefix(s, "\x1bP"):
			var w, h int
			_, raster, _ := strings.Cut(s, "\"1;1;")
			_, _ = fmt.Sscanf(raster, "%d;%d", &w, &h)
			all = append(all, fmt.Sprintf("%s %d×%d", at, w, h))
		}
	}
	return all
}

// TestStrips shows rows of pictures in tmux: one sixel a row, none over the gap of a picture that is not there, and no
// more than ten on a screen.
func TestStrips(t *testing.T) {
	shelf := newShelf(t, 21)
	tmux := sixelTerminal()
	tmux.Tmux = true
	thumbs := newTestThumbs(t, shelf, tmux, Options{})
	var placements []Placement
	add := func(row int, box Box, quality Quality, x, y int) {
		p, err := thumbs.Picture(t.Context(), row, box, quality)
		if err != nil || p.Err != nil {
			t.Fatal(err, p.Err)
		}
		placements = append(placements, p.Placement(x, y))
	}
	add(0, Box{16, 8}, QualityLarge, 1, 2)
	for i := range 20 {
		add(1+i, Box{8, 4}, QualityShared, 28+i%10*9, 2+i/10*8)
	}
	terminal := &lastTerminal{}
	trace := make(traceLines, 1000)
	s := NewScreen(terminal, tmux, trace)
	r := &renderer{out: s}
	r.start(t)
	show := func(placements []Placement) []string {
		view := blankView()
		view[testRows-1] = fmt.Sprint(len(placements)) + s.Stage(placements)
		terminal.taken()
		r.flush(t, view)
		if _, _, _, at := trace.restAt(t); len(at) != len(placements) {
			t.Errorf("the trace has %d pictures of %d", len(at), len(placements))
		}
		return terminal.sixels()
	}
	if got := show(placements); len(got) != 3 {
		t.Errorf("sixels %q, want one, and one a row", got)
	}
	if got := show(slices.Delete(slices.Clone(placements), 5, 6)); len(got) != 2 {
		t.Errorf("without a picture of the first row: sixels %q, want its two parts", got)
	}
	if got := show(placements); len(got) != 1 {
		t.Errorf("with it again: sixels %q, want the row", got)
	}
	var half []Placement
	for i, p := range placements {
		if i%2 == 0 {
			half = append(half, p)
		}
	}
	terminal.taken()
	arranged := newStripHand().arrange(half)
	if len(half) != 11 || len(arranged) != KeptInTmux || !slices.ContainsFunc(arranged, placements[0].same) {
		t.Errorf("while every second picture is missing, %d of %d are drawn, or not the query's", len(arranged), len(half))
	}
	s.Redraw()
	trace.rest(t)
	if got := terminal.sixels(); len(got) != 3 {
		t.Errorf("drawn again: %q", got)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	checkStrip(t, placements[1:11])
}

// checkStrip decodes a strip and compares its parts with the pictures.
func checkStrip(t *testing.T, parts []Placement) {
	t.Helper()
	hand := newStripHand()
	all := hand.arrange(parts)
	if len(all) != 1 {
		t.Fatalf("%d strips", len(all))
	}
	data := string(slices.Concat(hand.put(all[0], nil)...))
	_, data, _ = strings.Cut(data, "\x1bP")
	data, _, _ = strings.Cut(data, stringTerminator)
	var whole image.Image
	if err := sixel.NewDecoder(strings.NewReader("\x1bP" + data + stringTerminator)).Decode(&whole); err != nil {
		t.Fatal(err)
	}
	for i, p := range parts {
		var own image.Image
		if err := sixel.NewDecoder(bytes.NewReader(p.Bytes)).Decode(&own); err != nil {
			t.Fatal(err)
		}
		at := all[0].inside(p)
		for y := range p.PixelH {
			for x := range p.PixelW {
				if whole.At(at.Min.X+x, at.Min.Y+y) != own.At(x, y) {
					t.Fatalf("part %d: pixel %d,%d is %v, not %v", i, x, y, whole.At(at.Min.X+x, at.Min.Y+y), own.At(x, y))
				}
			}
		}
	}
}

// TestBands draws pictures of all proportions in tmux, and joins them: none reaches, in whole bands, below the cells that
// it is said to cover, nor a strip below its row.
func TestBands(t *testing.T) {
	for cellH := 10; cellH < 30; cellH++ {
		tmux := sixelTerminal()
		tmux.Tmux, tmux.CellH = true, cellH
		thumbs := newTestThumbs(t, newShelf(t, 1), tmux, Options{})
		for rows := 1; rows < 6; rows++ {
			var parts []Placement
			for i, size := range []image.Point{{64, 64}, {64, 96}, {64, 48}, {96, 40}, {64, 20}} {
				p, err := thumbs.Draw(t.Context(), image.NewGray(image.Rectangle{Max: size}), Box{8, rows})
				if err != nil {
					t.Fatal(err)
				}
				p.pixels = image.NewPaletted(image.Rect(0, 0, p.PixelW, p.PixelH), color.Palette{color.White})
				at := p.Placement(9*i, 3)
				if bands(at.PixelH) > at.Box.Rows*cellH || at.Row < 3 || at.Row+at.Box.Rows > 3+rows {
					t.Errorf("cells of %d pixels, %d rows: a picture of %d pixels covers %d rows from %d", cellH, rows, at.PixelH, at.Box.Rows, at.Row)
				}
				parts = append(parts, at)
			}
			for _, s := range newStripHand().arrange(parts) {
				if len(s.parts) != len(parts) || bands(s.PixelH) > s.Box.Rows*cellH || s.Row != 3 || s.Row+s.Box.Rows > 3+rows {
					t.Errorf("cells of %d pixels, %d rows: a strip of %d pixels covers %d rows from %d", cellH, rows, s.PixelH, s.Box.Rows, s.Row)
				}
			}
		}
	}
}
