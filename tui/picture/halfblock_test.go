package picture

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"testing"

	"strata/fixtures/product"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"
)

func TestHalfBlocksFillTheBox(t *testing.T) {
	profiles := []termenv.Profile{termenv.TrueColor, termenv.ANSI256, termenv.ANSI, termenv.Ascii}
	for _, size := range []image.Point{{224, 224}, {30, 400}, {400, 30}, {1, 1}} {
		m := product.Picture(1, max(size.X, 8), max(size.Y, 8))
		for _, box := range []Box{{8, 4}, {1, 1}, {24, 12}, {3, 9}} {
			for _, profile := range profiles {
				lines := halfBlocks(m, box, 8, 17, profile)
				if len(lines) != box.Rows {
					t.Fatalf("%v in %v: %d lines", size, box, len(lines))
				}
				for i, l := range lines {
					if w := ansi.StringWidth(l); w != box.Cols {
						t.Errorf("%v in %v, profile %v: line %d is %d cells wide: %q", size, box, profile, i, w, l)
					}
				}
			}
		}
	}
}

func TestHalfBlocksColors(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 2, 2))
	draw.Draw(m, image.Rect(0, 0, 2, 1), image.NewUniform(color.RGBA{255, 0, 0, 255}), image.Point{}, draw.Src)
	draw.Draw(m, image.Rect(0, 1, 2, 2), image.NewUniform(color.RGBA{0, 0, 255, 255}), image.Point{}, draw.Src)
	tests := []struct {
		profile termenv.Profile
		want    string
	}{
		{termenv.TrueColor, "\x1b[38;2;255;0;0;48;2;0;0;255m▀▀\x1b[0m"},
		{termenv.ANSI256, "\x1b[38;5;196;48;5;21m▀▀\x1b[0m"},
		{termenv.ANSI, "\x1b[91;104m▀▀\x1b[0m"},
		{termenv.Ascii, "##"},
	}
	for _, test := range tests {
		if got := halfBlocks(m, Box{2, 1}, 10, 20, test.profile); got[0] != test.want {
			t.Errorf("profile %v: %q, want %q", test.profile, got[0], test.want)
		}
	}
}

func TestHalfBlocksKeepProportions(t *testing.T) {
	for _, test := range []struct {
		w, h  int
		box   Box
		lines []string // b: a cell of the picture
	}{
		{100, 100, Box{8, 4}, []string{"bbbbbbbb", "bbbbbbbb", "bbbbbbbb", "bbbbbbbb"}},
		{50, 100, Box{8, 4}, []string{"  bbbb  ", "  bbbb  ", "  bbbb  ", "  bbbb  "}},
		{100, 50, Box{8, 4}, []string{"        ", "bbbbbbbb", "bbbbbbbb", "        "}},
		{100, 38, Box{8, 4}, []string{"        ", "bbbbbbbb", "bbbbbbbb", "        "}}, // three half-lines
	} {
		m := evenPicture(color.Black, test.w, test.h)
		var got []string
		for _, l := range halfBlocks(m, test.box, 10, 20, termenv.TrueColor) {
			got = append(got, strings.ReplaceAll(ansi.Strip(l), "▀", "b"))
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", test.lines) {
			t.Errorf("%d×%d: %q, want %q", test.w, test.h, got, test.lines)
		}
	}
}

// TestHalfBlocksAverage draws a chequered picture, which is grey from afar.
func TestHalfBlocksAverage(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		v := uint8((i%64 + i/64) % 2 * 255)
		m.SetRGBA(i%64, i/64, color.RGBA{v, v, v, 255})
	}
	got := halfBlocks(m, Box{2, 1}, 10, 20, termenv.TrueColor)
	if want := "\x1b[38;2;128;128;128;48;2;128;128;128m▀▀\x1b[0m"; got[0] != want {
		t.Errorf("%q, want %q", got[0], want)
	}
}
