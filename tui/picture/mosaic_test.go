package picture

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

func TestGridChars(t *testing.T) {
	for mask, want := range map[int]rune{
		0: ' ', 1: '🬀', 2: '🬁', 3: '🬂', 4: '🬃', 20: '🬓', 21: '▌', 22: '🬔', 41: '🬧', 42: '▐', 43: '🬨', 62: '🬻', 63: '█',
	} {
		if got := sextants.char(mask); got != want {
			t.Errorf("sextant %06b is %q, want %q", mask, got, want)
		}
	}
	for mask, want := range map[int]rune{0: ' ', 1: '▘', 2: '▝', 3: '▀', 5: '▌', 6: '▞', 9: '▚', 12: '▄', 15: '█'} {
		if got := quadrants.char(mask); got != want {
			t.Errorf("quadrant %04b is %q, want %q", mask, got, want)
		}
	}
}

// TestMosaic draws a picture of two colours, whose border goes through cells: every pixel is right.
func TestMosaic(t *testing.T) {
	for _, g := range []grid{quadrants, sextants} {
		m := image.NewRGBA(image.Rect(0, 0, 4*g.w, 2*g.h))
		red, blue := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 0, 255, 255}
		for y := range 2 * g.h {
			for x := range 4 * g.w {
				m.SetRGBA(x, y, blue)
				if x > y {
					m.SetRGBA(x, y, red)
				}
			}
		}
		lines := mosaic(m, Box{6, 4}, 4*g.h, 4*g.w, termenv.TrueColor, g) // square pixels
		if len(lines) != 4 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, l := range lines {
			if w := ansi.StringWidth(l); w != 6 {
				t.Errorf("%v: a line of %d cells: %q", g, w, l)
			}
		}
		text := strings.Join(lines, "")
		if n := strings.Count(text, "255;0;0") + strings.Count(text, "0;0;255"); n == 0 || strings.Contains(text, "127") {
			t.Errorf("%v: colours are mixed: %q", g, text)
		}
	}
	gray := image.NewUniform(color.Gray{100})
	cell := image.NewRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		cell.Set(i%8, i/8, gray)
	}
	if got := mosaic(cell, Box{1, 1}, 8, 8, termenv.ANSI256, sextants)[0]; ansi.Strip(got) != " " || !strings.Contains(got, "48;5;") {
		t.Errorf("one colour is %q", got)
	}
	if got := mosaic(cell, Box{1, 1}, 8, 8, termenv.Ascii, sextants)[0]; strings.Contains(got, "\x1b") {
		t.Errorf("without colour: %q", got)
	}
}
