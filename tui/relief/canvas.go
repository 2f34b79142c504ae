package relief

import (
	"image"
	"image/color"
	"math"
)

// canvas draws with smooth edges.
type canvas struct{ m *image.RGBA }

func (c *canvas) fill(of color.RGBA) {
	for i := 0; i < len(c.m.Pix); i += 4 {
		c.m.Pix[i], c.m.Pix[i+1], c.m.Pix[i+2], c.m.Pix[i+3] = of.R, of.G, of.B, of.A
	}
}

// blend lays a colour over a pixel, as much as cover says, from 0 to 1.
func (c *canvas) blend(x, y int, of color.RGBA, cover float64) {
	if x < 0 || y < 0 || x >= c.m.Rect.Dx() || y >= c.m.Rect.Dy() || !(cover > 0) {
		return
	}
	cover = min(cover, 1)
	p := c.m.Pix[c.m.PixOffset(x, y):]
	for i, v := range [3]uint8{of.R, of.G, of.B} {
		p[i] = uint8(math.Round(float64(p[i]) + cover*(float64(v)-float64(p[i]))))
	}
}

// mean returns the colour between two.
func mean(a, b color.RGBA) color.RGBA {
	half := func(a, b uint8) uint8 { return uint8((int(a) + int(b) + 1) / 2) }
	return color.RGBA{half(a.R, b.R), half(a.G, b.G), half(a.B, b.B), 255}
}

// column fills a part of a column of pixels.
func (c *canvas) column(x int, top, bottom float64, of color.RGBA) {
	for y := int(math.Floor(top)); y <= int(bottom); y++ {
		c.blend(x, y, of, min(float64(y)+1-top, bottom-float64(y)))
	}
}

// cover lays a colour over pixels of a rectangle by their distance from what is drawn: 0 at its edge, below 0 inside.
func (c *canvas) cover(x0, y0, x1, y1 float64, of color.RGBA, distance func(x, y float64) float64) {
	for y := int(y0) - 1; y <= int(y1)+1; y++ {
		for x := int(x0) - 1; x <= int(x1)+1; x++ {
			c.blend(x, y, of, .5-distance(float64(x)+.5, float64(y)+.5))
		}
	}
}

func (c *canvas) disc(x, y, r float64, of color.RGBA) {
	c.cover(x-r, y-r, x+r, y+r, of, func(px, py float64) float64 { return math.Hypot(px-x, py-y) - r })
}

// wedge draws a triangle that points up.
func (c *canvas) wedge(x, y, r float64, of color.RGBA) {
	c.cover(x-r, y-r, x+r, y+r, of, func(px, py float64) float64 {
		side := math.Abs(px-x)*.894 + (py-y)*-.447 - r*.447 // two units high for one wide
		return max(side, py-y-r*.75)
	})
}

// strokes draws lines of a radius in one layer, so that ends that meet are no darker.
func (c *canvas) strokes(r float64, of color.RGBA, deep float64, lines func(add func(x0, y0, x1, y1 float64))) {
	near := map[image.Point]float64{}
	lines(func(x0, y0, x1, y1 float64) {
		for y := int(min(y0, y1)-r) - 1; y <= int(max(y0, y1)+r)+1; y++ {
			for x := int(min(x0, x1)-r) - 1; x <= int(max(x0, x1)+r)+1; x++ {
				d := r + .5 - segment(float64(x)+.5, float64(y)+.5, x0, y0, x1, y1)
				if at := image.Pt(x, y); d > near[at] {
					near[at] = d
				}
			}
		}
	})
	for at, d := range near {
		c.blend(at.X, at.Y, of, min(d, 1)*deep)
	}
}

// segment returns the distance of a point from a line between two others.
func segment(x, y, x0, y0, x1, y1 float64) float64 {
	dx, dy := x1-x0, y1-y0
	t := 0.0
	if square := dx*dx + dy*dy; square > 0 {
		t = min(max(((x-x0)*dx+(y-y0)*dy)/square, 0), 1)
	}
	return math.Hypot(x-x0-t*dx, y-y0-t*dy)
}
