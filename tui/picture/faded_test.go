package picture

import (
	"bytes"
	"encoding/base64"
	"image"
	"slices"
	"strings"
	"testing"

	"github.com/mattn/go-sixel"
	"github.com/muesli/termenv"
)

// TestFaded draws pictures in every way, as they are and faded: they are kept apart, lie in the same cells, and the
// faded ones are half way to the background.
func TestFaded(t *testing.T) {
	s := newShelf(t, 12)
	box := Box{8, 4}
	for g := GraphicsKitty; g < GraphicsNone; g++ {
		for _, light := range []bool{false, true} {
			terminal := sixelTerminal()
			terminal.Graphics, terminal.Profile = g, termenv.TrueColor
			thumbs := newTestThumbs(t, s, terminal, Options{Light: light})
			faded, err := thumbs.Picture(t.Context(), 3, box, QualityFaded)
			if err != nil || faded.Err != nil {
				t.Fatal(g, err, faded.Err)
			}
			if _, ok := thumbs.Cached(3, box); ok {
				t.Errorf("%s: a faded picture is taken for a bright one", g)
			}
			bright, _ := thumbs.Picture(t.Context(), 3, box, QualityShared)
			if kept, ok := thumbs.Ready(Wanted{3, box, QualityFaded}); !ok || kept.Key != faded.Key || !slices.Equal(kept.Lines, faded.Lines) {
				t.Errorf("%s: the faded picture is not kept", g)
			}
			if g.Apart() && faded.Key == bright.Key || faded.Covers != bright.Covers || slices.Equal(bright.Lines, faded.Lines) && !g.Apart() {
				t.Errorf("%s: the faded picture is like the bright one, or in other cells", g)
			}
			m, ok := decodeDrawn(t, g, bright)
			f, _ := decodeDrawn(t, g, faded)
			if !ok {
				continue
			}
			want := fadedImage(m, bright.PixelW, bright.PixelH, light)
			if db := psnr(want, f); db < 30 {
				t.Errorf("%s, light %t: %.1f dB with the bright picture faded", g, light, db)
			}
		}
	}
}

// decodeDrawn returns the pixels that a picture draws, where they can be read back.
func decodeDrawn(t *testing.T, g Graphics, p Picture) (m image.Image, ok bool) {
	t.Helper()
	var err error
	switch g {
	case GraphicsSixel:
		err = sixel.NewDecoder(bytes.NewReader(p.Bytes)).Decode(&m)
	case GraphicsKittyDirect:
		m, _, err = image.Decode(bytes.NewReader(p.Bytes))
	case GraphicsITerm2:
		_, data, _ := strings.Cut(string(p.Bytes), ":")
		var b []byte
		if b, err = base64.StdEncoding.DecodeString(strings.TrimRight(data, "\a")); err == nil {
			m, _, err = image.Decode(bytes.NewReader(b))
		}
	default:
		return nil, false
	}
	if err != nil {
		t.Fatal(g, err)
	}
	return m, true
}

// TestFadedInk fades to blank paper where there are no colours.
func TestFadedInk(t *testing.T) {
	s := newShelf(t, 3)
	terminal := sixelTerminal()
	terminal.Graphics, terminal.Profile = GraphicsHalfBlock, termenv.Ascii
	thumbs := newTestThumbs(t, s, terminal, Options{})
	ink := func(q Quality) (n int) {
		p, err := thumbs.Picture(t.Context(), 1, Box{16, 8}, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range p.Lines {
			for _, r := range line {
				n += strings.IndexRune(inkRamp, r)
			}
		}
		return n
	}
	if bright, faded := ink(QualityShared), ink(QualityFaded); faded == 0 || faded > bright*2/3 {
		t.Errorf("%d of ink, faded %d", bright, faded)
	}
}

// TestFadedStrip joins bright and faded pictures in one palette, as tmux needs it.
func TestFadedStrip(t *testing.T) {
	s := newShelf(t, 12)
	terminal := sixelTerminal()
	terminal.Tmux = true
	thumbs := newTestThumbs(t, s, terminal, Options{})
	var frame []Placement
	for row := range 10 {
		p, err := thumbs.Picture(t.Context(), row, Box{8, 4}, []Quality{QualityShared, QualityFaded}[row%2])
		if err != nil || p.Err != nil {
			t.Fatal(err, p.Err)
		}
		frame = append(frame, p.Placement(1+9*row, 2))
	}
	joined := newStripHand().arrange(frame)
	if len(joined) != 1 {
		t.Fatalf("%d pictures", len(joined))
	}
	if n := len(joined[0].joined().Palette); n > MaxColors+1 {
		t.Errorf("%d colours", n)
	}
}
