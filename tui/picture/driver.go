package picture

import (
	"context"
	"fmt"
	"image"
	"strings"

	"strata/engine/inert"
)

// Graphics is a way to show pictures: a row of drivers.
type Graphics int

// The ways to show pictures.
const (
	GraphicsAuto      Graphics = iota // what the terminal offers, otherwise half-blocks
	GraphicsSixel                     // real pixels
	GraphicsHalfBlock                 // two coloured pixels a cell
	GraphicsNone                      // text only
)

// driver is a way to show pictures: which terminal offers it, and how it draws. Another protocol is another row and a
// file with its draw.
type driver struct {
	name    string
	offers  func(r replies) string                                                                            // says by which reply a terminal offers it, "" if it does not; nil: it is not asked
	apart   bool                                                                                              // pictures are written apart from the text, which is blank in their cells
	palette bool                                                                                              // small pictures share a palette
	draw    func(t *Thumbs, ctx context.Context, p *Picture, m image.Image, e *encoder, key pictureKey) error // nil: nothing is drawn
}

// drivers has the ways to show pictures. Of those that a terminal offers the first is taken.
var drivers = [...]driver{
	GraphicsAuto:      {name: "auto"},
	GraphicsSixel:     {name: "sixel", offers: replies.offersSixel, apart: true, palette: true, draw: (*Thumbs).drawSixel},
	GraphicsHalfBlock: {name: "halfblock", draw: (*Thumbs).drawHalfBlocks},
	GraphicsNone:      {name: "none"},
}

// offered returns the first way that the terminal offers, and by which reply; "" if it offers none.
func offered(r replies) (Graphics, string) {
	for g, d := range drivers {
		if d.offers != nil {
			if why := d.offers(r); why != "" {
				return Graphics(g), why
			}
		}
	}
	return GraphicsAuto, ""
}

// Apart reports whether pictures are written apart from the text, by a Screen.
func (g Graphics) Apart() bool { return drivers[g].apart }

// String returns the name that ParseGraphics reads.
func (g Graphics) String() string {
	if g < 0 || int(g) >= len(drivers) {
		return fmt.Sprintf("Graphics(%d)", int(g))
	}
	return drivers[g].name
}

// ParseGraphics returns the way to show pictures called name.
func ParseGraphics(name string) (Graphics, error) {
	names := make([]string, len(drivers))
	for i, d := range drivers {
		if d.name == name {
			return Graphics(i), nil
		}
		names[i] = d.name
	}
	return GraphicsAuto, fmt.Errorf("graphics %q: want one of %s", inert.Text(name), strings.Join(names, ", "))
}
