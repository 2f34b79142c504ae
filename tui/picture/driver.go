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
	GraphicsAuto        Graphics = iota // what the terminal offers, otherwise text
	GraphicsKitty                       // kitty's protocol with placeholders
	GraphicsKittyDirect                 // kitty's protocol, pictures laid over cells
	GraphicsITerm2                      // iTerm2's inline pictures
	GraphicsSixel                       // sixels: pixels in place of cells
	GraphicsSextant                     // text: six pixels of two colours a cell
	GraphicsQuadrant                    // text: four pixels of two colours a cell
	GraphicsHalfBlock                   // text: two coloured pixels a cell
	GraphicsNone                        // text only
)

// driver is a way to show pictures: which terminal offers it, and how it draws. Another protocol is another row and a
// file with its draw and its hand.
type driver struct {
	name    string
	offers  func(b brand, r replies) string                                                                   // says why a terminal offers it, "" if it does not; nil: it is not asked
	palette bool                                                                                              // small pictures share a palette
	area    func(t Terminal, box Box, cellW, cellH int) (w, h int)                                            // the pixels that a picture may use
	draw    func(t *Thumbs, ctx context.Context, p *Picture, m image.Image, e *encoder, key pictureKey) error // nil: nothing is drawn
	hand    func(t Terminal) hand                                                                             // writes pictures apart from the text, which is blank in their cells; nil: they are text
}

// drivers has the ways to show pictures.
var drivers = [...]driver{
	GraphicsAuto:        {name: "auto"},
	GraphicsKitty:       {name: "kitty", offers: offersKitty, palette: true, area: cellArea, draw: (*Thumbs).drawKitty, hand: newKittyHand},
	GraphicsKittyDirect: {name: "kitty-direct", offers: offersKittyDirect, palette: true, area: cellArea, draw: (*Thumbs).drawKittyDirect, hand: newKittyDirectHand},
	GraphicsITerm2:      {name: "iterm2", offers: offersITerm2, area: cellArea, draw: (*Thumbs).drawITerm2, hand: newITerm2Hand},
	GraphicsSixel:       {name: "sixel", offers: offersSixel, palette: true, area: sixelArea, draw: (*Thumbs).drawSixel, hand: newSixelHand},
	GraphicsSextant:     {name: "sextant", area: cellArea, draw: (*Thumbs).drawSextants},
	GraphicsQuadrant:    {name: "quadrant", area: cellArea, draw: (*Thumbs).drawQuadrants},
	GraphicsHalfBlock:   {name: "halfblock", area: cellArea, draw: (*Thumbs).drawHalfBlocks},
	GraphicsNone:        {name: "none"},
}

// ways joins terminals and drivers: the drivers of a terminal in the order in which they are asked for, and how it shows
// pictures as text. A terminal without a row has that of the unknown one.
var ways = [brandCount]struct {
	pictures []Graphics
	text     Graphics
}{
	brandUnknown:   {[]Graphics{GraphicsKittyDirect, GraphicsSixel}, GraphicsHalfBlock},
	brandKitty:     {[]Graphics{GraphicsKitty, GraphicsKittyDirect}, GraphicsSextant},
	brandGhostty:   {[]Graphics{GraphicsKitty}, GraphicsSextant},
	brandITerm2:    {[]Graphics{GraphicsITerm2, GraphicsSixel, GraphicsKittyDirect}, GraphicsSextant},
	brandWezTerm:   {[]Graphics{GraphicsKittyDirect, GraphicsITerm2, GraphicsSixel}, GraphicsSextant},
	brandKonsole:   {[]Graphics{GraphicsKittyDirect, GraphicsSixel}, GraphicsQuadrant},
	brandFoot:      {[]Graphics{GraphicsSixel}, GraphicsSextant},
	brandXterm:     {[]Graphics{GraphicsSixel}, GraphicsQuadrant},
	brandVSCode:    {[]Graphics{GraphicsITerm2, GraphicsSixel}, GraphicsQuadrant},
	brandWarp:      {[]Graphics{GraphicsITerm2, GraphicsKittyDirect}, GraphicsHalfBlock},
	brandRio:       {[]Graphics{GraphicsITerm2, GraphicsKittyDirect, GraphicsSixel}, GraphicsSextant},
	brandContour:   {[]Graphics{GraphicsSixel}, GraphicsSextant},
	brandVTE:       {[]Graphics{GraphicsSixel}, GraphicsSextant},
	brandWindows:   {[]Graphics{GraphicsSixel}, GraphicsSextant},
	brandAlacritty: {nil, GraphicsQuadrant},
	brandApple:     {nil, GraphicsQuadrant},
}

// textOf returns how a terminal shows pictures as text.
func textOf(b brand) Graphics {
	if g := ways[b].text; g != GraphicsAuto {
		return g
	}
	return ways[brandUnknown].text
}

// offered returns the ways to show pictures that a terminal offers, the best first.
func offered(b brand, r replies) []Offer {
	order := ways[b].pictures
	if ways[b].text == GraphicsAuto {
		order = ways[brandUnknown].pictures
	}
	var all []Offer
	for _, g := range order {
		if why := drivers[g].offers(b, r); why != "" {
			all = append(all, Offer{g, why})
		}
	}
	return all
}

// Apart reports whether pictures are written apart from the text, by a Screen.
func (g Graphics) Apart() bool { return drivers[g].hand != nil }

// String returns the name that ParseGraphics reads.
func (g Graphics) String() string {
	if g < 0 || int(g) >= len(drivers) {
		return fmt.Sprintf("Graphics(%d)", int(g))
	}
	return drivers[g].name
}

// GraphicsNames returns the names that ParseGraphics reads, as a sentence lists them.
func GraphicsNames() string {
	names := make([]string, len(drivers))
	for i, d := range drivers {
		names[i] = d.name
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// ParseGraphics returns the way to show pictures called name.
func ParseGraphics(name string) (Graphics, error) {
	for i, d := range drivers {
		if d.name == name {
			return Graphics(i), nil
		}
	}
	return GraphicsAuto, fmt.Errorf("graphics %q: want %s", inert.Text(name), GraphicsNames())
}

// cellArea returns the pixels of all cells of a box.
func cellArea(_ Terminal, box Box, cellW, cellH int) (w, h int) {
	return box.Cols * cellW, box.Rows * cellH
}
