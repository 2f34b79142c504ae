package picture

import (
	"context"
	"image"
	"testing"

	"github.com/muesli/termenv"
)

// TestDraw draws an image in every way that there is: it stays in its box, and equal images have equal keys.
func TestDraw(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 80, 85))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * i / 7)
	}
	box := Box{Cols: 10, Rows: 5}
	for g := GraphicsKitty; g <= GraphicsNone; g++ {
		thumbs := NewThumbs(nil, 0, Terminal{Graphics: g, CellW: 8, CellH: 17, Profile: termenv.TrueColor}, Options{Workers: 1})
		p, err := thumbs.Draw(t.Context(), m, box)
		if err != nil {
			t.Fatalf("%v: %v", g, err)
		}
		again, err := thumbs.Draw(t.Context(), m, box)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case g.Apart() && (len(p.Bytes) == 0 || p.Key != again.Key || p.PixelW > 80 || p.PixelH > 85 || p.Covers.Cols > 10 || p.Covers.Rows > 5):
			t.Errorf("%v: %d bytes, %d×%d pixels in %v, key %q, again %q", g, len(p.Bytes), p.PixelW, p.PixelH, p.Covers, p.Key, again.Key)
		case !g.Apart() && len(p.Lines) != box.Rows:
			t.Errorf("%v: %d lines", g, len(p.Lines))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := thumbs.Draw(ctx, m, box); err == nil {
			t.Errorf("%v draws after the end", g)
		}
	}
}
