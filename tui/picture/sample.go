package picture

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"

	"github.com/charmbracelet/x/ansi"
)

// sampleBox is the size of a test picture.
var sampleBox = Box{Cols: 20, Rows: 6}

// Samples writes the test picture in each way that the terminal offers, and as text, each under its name and with the
// reason. The pictures stand at the bottom of the screen, where lines have scrolled up for them.
func Samples(ctx context.Context, w io.Writer, t Terminal) error {
	if t.Rows < sampleBox.Rows+3 || t.Cols < sampleBox.Cols+2 || t.Graphics == GraphicsNone {
		return nil
	}
	all := t.Offers
	known := func(g Graphics) bool {
		for _, o := range all {
			if o.Graphics == g {
				return true
			}
		}
		return false
	}
	if !known(t.Graphics) {
		all = append([]Offer{{t.Graphics, "chosen"}}, all...)
	}
	if g := textOf(t.brand); !known(g) {
		all = append(all, Offer{g, "text"})
	}
	for _, o := range all {
		t.Graphics = o.Graphics
		if err := sample(ctx, w, t, o.Why); err != nil {
			return err
		}
	}
	return nil
}

// sample writes the test picture in one way.
func sample(ctx context.Context, w io.Writer, t Terminal, why string) error {
	read := func(int) (image.Image, error) { return sampleImage(), nil }
	thumbs := NewThumbs(read, 1, t, Options{Workers: 1})
	if err := thumbs.Prepare(ctx, nil); err != nil {
		return err
	}
	p, err := thumbs.Picture(ctx, 0, sampleBox, QualityShared)
	if err != nil {
		return err
	}
	if p.Err != nil {
		return p.Err
	}
	text := fmt.Sprintf("\n%s: %s\n", t.Graphics, why)
	for _, l := range p.Lines {
		text += "  " + l + "\n"
	}
	if d := drivers[t.Graphics]; d.hand != nil {
		text = ansi.CursorDown(t.Rows) + text
		for range sampleBox.Rows + 1 {
			text += "\n"
		}
		for _, m := range t.Modes {
			text += m.enter()
		}
		at := p.Placement(2, t.Rows-2-sampleBox.Rows)
		for _, piece := range d.hand(t).put(at, nil) {
			text += string(piece)
		}
		for _, m := range t.Modes {
			text += m.leave()
		}
	}
	_, err = io.WriteString(w, text)
	return err
}

// sampleImage is a picture on which it is seen what is wrong: all hues, from white to black, and a circle.
func sampleImage() image.Image {
	const w, h = 200, 120
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{A: 255}
			light := 2 * float64(h-y) / h // 2 is white, 0 black
			for i, channel := range []*uint8{&c.R, &c.G, &c.B} {
				hue := 0.5 + 0.5*math.Cos(2*math.Pi*(float64(x)/w-float64(i)/3))
				*channel = uint8(255 * (min(light, 1)*hue + max(light-1, 0)*(1-hue)))
			}
			if r := math.Hypot(float64(x)-w/2, float64(y)-h/2); math.Abs(r-h/3) < 3 {
				c = color.RGBA{255, 255, 255, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}
