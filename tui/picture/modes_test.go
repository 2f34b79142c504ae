package picture

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestSixelModes(t *testing.T) {
	for _, test := range []struct {
		name           string
		replies        replies
		enters, leaves string
	}{
		{"as they should be", replies{sixelDisplay: modeReset, privateColors: modeSet}, "", ""},
		{"both wrong", replies{sixelDisplay: modeSet, privateColors: modeReset}, "\x1b[?80l\x1b[?1070h", "\x1b[?80h\x1b[?1070l"},
		{"not told", replies{}, "", ""},
		{"for good", replies{sixelDisplay: 3, privateColors: 4}, "", ""},
		{"an old xterm", replies{version: "XTerm(368)", sixelDisplay: modeReset, privateColors: modeSet}, "\x1b[?80h", "\x1b[?80l"},
		{"an old xterm as it should be", replies{version: "XTerm(368)", sixelDisplay: modeSet, privateColors: modeSet}, "", ""},
		{"the first right xterm", replies{version: "XTerm(369)", sixelDisplay: modeSet}, "\x1b[?80l", "\x1b[?80h"},
	} {
		var enters, leaves string
		for _, m := range test.replies.sixelModes() {
			enters += m.enter()
			leaves += m.leave()
		}
		if enters != test.enters || leaves != test.leaves {
			t.Errorf("%s: enters with %q, leaves with %q", test.name, enters, leaves)
		}
	}
}

// TestScreenSetsModes checks that modes are changed within the alternate screen only, each time, and that it is erased
// before it is left.
func TestScreenSetsModes(t *testing.T) {
	terminal := sixelTerminal()
	terminal.Modes = replies{sixelDisplay: modeSet, privateColors: modeReset}.sixelModes()
	var b bytes.Buffer
	s := NewScreen(&b, terminal, nil)
	r := &renderer{out: s}
	visit := func() string {
		b.Reset()
		r.start(t)
		view := []string{"one", ""}
		view[1] = s.Stage([]Placement{{Col: 1, Row: 0, Box: Box{4, 1}, PixelW: 30, PixelH: 12, Key: "a", Bytes: []byte("\x1bPq\x1b\\")}})
		r.flush(t, view)
		r.write(t, ansi.ResetModeAltScreenSaveCursor)
		return b.String()
	}
	first, second := visit(), visit()
	for i, got := range []string{first, second} {
		if want := ansi.SetModeAltScreenSaveCursor + "\x1b[?80l\x1b[?1070h"; !strings.HasPrefix(got, want) {
			t.Errorf("visit %d begins with %.40q, want %q", i, got, want)
		}
		if want := "\x1b[2J\x1b[?80h\x1b[?1070l" + ansi.ResetModeAltScreenSaveCursor; !strings.HasSuffix(got, want) {
			t.Errorf("visit %d ends with %q, want %q", i, got[max(0, len(got)-40):], want)
		}
		if strings.Count(got, "\x1b[?80") != 2 {
			t.Errorf("visit %d changes mode 80 %d times", i, strings.Count(got, "\x1b[?80"))
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.TrimPrefix(b.String(), second), "\x1b") {
		t.Errorf("after it was left the terminal gets %q", b.String())
	}
}

// TestSixelLimits has a terminal with few registers and a small largest picture.
func TestSixelLimits(t *testing.T) {
	shelf := newShelf(t, 4)
	terminal := sixelTerminal()
	terminal.ColorRegisters, terminal.PictureW, terminal.PictureH = 16, 100, 90
	thumbs := NewThumbs(shelf.read, 4, terminal, Options{})
	if err := thumbs.Prepare(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, quality := range []Quality{QualityShared, QualityLarge} {
		p, err := thumbs.Picture(t.Context(), 1, Box{40, 20}, quality)
		if err != nil || p.Err != nil {
			t.Fatal(err, p.Err)
		}
		if p.PixelW > 100 || p.PixelH > 90 || p.PixelW < 90 && p.PixelH < 90 {
			t.Errorf("%d×%d pixels where 100×90 are allowed", p.PixelW, p.PixelH)
		}
		if n := bytes.Count(p.Bytes, []byte(";2;")); n > 15 {
			t.Errorf("%d colours for 16 registers", n)
		}
		at := p.Placement(0, 0)
		if at.Col != (40-p.Covers.Cols)/2 || at.Row != (20-p.Covers.Rows)/2 {
			t.Errorf("the picture stands at %d,%d", at.Col, at.Row)
		}
	}
}
