package relief

import (
	"image"
	"image/color"
	"math"

	"strata/experiments/landscape"
)

// frame says where weights are on a picture, in pixels.
type frame struct {
	l                        *landscape.Landscape
	left, right, top, bottom float64
}

// newFrame returns the frame of a picture that leaves room for marks of a radius.
func newFrame(l *landscape.Landscape, w, h int, radius float64) frame {
	room := radius + 3
	return frame{l, room, float64(w) - room, room, float64(h) - room}
}

// weights returns the weights of a pixel, which may lie outside.
func (f frame) weights(x, y float64) landscape.Weights {
	w, _ := weightsAt(f.l, (x-f.left)/(f.right-f.left), (f.bottom-y)/(f.bottom-f.top))
	return w
}

// at returns the pixel of weights of three layers.
func (f frame) at(w landscape.Weights) (x, y float64) {
	sx, sy := spot(f.l, w)
	return f.left + sx*(f.right-f.left), f.bottom - sy*(f.bottom-f.top)
}

// Drawing is a picture of a sight.
type Drawing struct {
	Of     Sight
	Image  *image.RGBA
	ground *ground
}

// Draw returns the picture of a sight. It takes the ground of the latest one where that is the same. It may take some
// ten ms.
func (v View) Draw(s Sight) Drawing {
	g := v.ground
	if g == nil || g.of != s.still() {
		g = &ground{s.still(), s.ground()}
	}
	c := &canvas{image.NewRGBA(g.m.Rect)}
	copy(c.m.Pix, g.m.Pix)
	s.marks(c)
	return Drawing{s, c.m, g}
}

// still is the sight without what moves.
func (s Sight) still() Sight {
	s.At = 0
	return s
}

// unit is the size of strokes: a pixel, or what is seen of a cell's text.
func (s Sight) unit() float64 {
	if s.Text {
		return float64(s.CellW) / 2
	}
	return max(float64(s.CellW)/8, 1)
}

// radius is that of the point.
func (s Sight) radius() float64 {
	if s.Text {
		return float64(s.CellW) * 1.1
	}
	return 6 * s.unit()
}

func (s Sight) frame() frame {
	return newFrame(s.Land, s.Box.Cols*s.CellW, s.Box.Rows*s.CellH, s.radius())
}

// paper is what lies around the landscape.
func (s Sight) paper() color.RGBA {
	if s.Dark {
		return color.RGBA{17, 19, 24, 255}
	}
	return color.RGBA{255, 255, 255, 255}
}

var (
	white = color.RGBA{255, 255, 255, 255}
	black = color.RGBA{12, 12, 16, 255}
)

// ground draws the landscape without marks.
func (s Sight) ground() *image.RGBA {
	c := &canvas{image.NewRGBA(image.Rect(0, 0, s.Box.Cols*s.CellW, s.Box.Rows*s.CellH))}
	c.fill(s.paper())
	if len(s.Land.Factors) == 2 {
		s.line(c)
	} else {
		s.triangle(c)
	}
	return c.m
}

// triangle draws the means as bands of colour, and the contour.
func (s Sight) triangle(c *canvas) {
	f, b := s.frame(), s.Land.Bands(s.Label)
	l, scale := s.Land, (f.right-f.left)/float64(s.Land.Parts)
	value := func(x, y float64) color.RGBA {
		v := l.Value(s.Label, f.weights(x, y))
		if math.IsNaN(v) {
			return s.paper()
		}
		return b.Color(v)
	}
	for y := range c.m.Rect.Dy() {
		for x := range c.m.Rect.Dx() {
			w := f.weights(float64(x)+.5, float64(y)+.5)
			cover := min(w[0], w[1], w[2])*scale*.87 + .5 // the share of the pixel that lies inside, nearly
			if cover <= 0 {
				continue
			}
			p, q := value(float64(x)+.25, float64(y)+.5), value(float64(x)+.75, float64(y)+.5)
			c.blend(x, y, mean(p, q), cover)
		}
	}
	u := s.unit()
	lines := l.Contour(s.Label)
	for _, pass := range []struct {
		r    float64
		of   color.RGBA
		deep float64
	}{{1.9 * u, black, .55}, {.85 * u, white, 1}} {
		c.strokes(pass.r, pass.of, pass.deep, func(add func(x0, y0, x1, y1 float64)) {
			for _, line := range lines {
				x0, y0 := f.at(line[0])
				x1, y1 := f.at(line[1])
				add(x0, y0, x1, y1)
			}
		})
	}
}

// height returns the scale of a line's means: the lowest and the highest end of their intervals.
func height(l *landscape.Landscape, label int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for node := range l.Len() {
		m := l.Reliefs[label].Means[node]
		if m.N == 0 {
			continue
		}
		half := m.Half
		if math.IsNaN(half) {
			half = 0
		}
		low, high = min(low, m.Value-half), max(high, m.Value+half)
	}
	if low > high {
		return 0, 1
	}
	room := max((high-low)/20, .001)
	return low - room, high + room
}

// line draws the means of two layers as a curve with its interval, over the weights that are not shown to differ from
// the best.
func (s Sight) line(c *canvas) {
	f, b, l, u := s.frame(), s.Land.Bands(s.Label), s.Land, s.unit()
	r := &l.Reliefs[s.Label]
	low, high := height(l, s.Label)
	at := func(v float64) float64 { return f.bottom - (v-low)/(high-low)*(f.bottom-f.top) }
	level, interval := color.RGBA{38, 44, 56, 255}, color.RGBA{70, 82, 104, 255}
	if !s.Dark {
		level, interval = color.RGBA{236, 240, 246, 255}, color.RGBA{190, 202, 222, 255}
	}
	half := func(node int) float64 {
		if h := r.Means[node].Half; !math.IsNaN(h) {
			return h
		}
		return 0
	}
	last := [2]float64{math.NaN(), 0}
	var curve [][5]float64
	for x := int(f.left); x <= int(f.right); x++ {
		w := f.weights(float64(x)+.5, 0)
		v := l.Value(s.Label, w)
		if math.IsNaN(v) {
			last[0] = math.NaN()
			continue
		}
		if ahead := l.Between(w, r.Ahead); ahead <= 1 {
			c.column(x, f.top, f.bottom, level)
		}
		h := l.Between(w, half)
		c.column(x, at(v+h), at(v-h), interval)
		if !math.IsNaN(last[0]) {
			curve = append(curve, [5]float64{last[0], last[1], float64(x) + .5, at(v), v})
		}
		last = [2]float64{float64(x) + .5, at(v)}
	}
	for _, piece := range curve {
		c.strokes(1.3*u, b.Color(piece[4]), 1, func(add func(x0, y0, x1, y1 float64)) { add(piece[0], piece[1], piece[2], piece[3]) })
	}
}

// marks draws the best, the row's weights and the point.
func (s Sight) marks(c *canvas) {
	f, l, u, r := s.frame(), s.Land, s.unit(), s.radius()
	at := f.at
	if len(l.Factors) == 2 {
		low, high := height(l, s.Label)
		at = func(w landscape.Weights) (x, y float64) {
			x, _ = f.at(w)
			return x, f.bottom - (l.Value(s.Label, w)-low)/(high-low)*(f.bottom-f.top)
		}
	}
	if best := l.Reliefs[s.Label].Best; best >= 0 {
		x, y := at(l.Weights(best))
		c.wedge(x, y, r+1.6*u, black)
		c.wedge(x, y, r, white)
	}
	x, y := at(l.HereAt)
	c.disc(x, y, r*.75+1.2*u, black)
	c.disc(x, y, r*.75, white)
	c.disc(x, y, r*.75-1.6*u, black)
	x, y = at(l.Weights(s.At))
	c.disc(x, y, r+1.5*u, black)
	c.disc(x, y, r, white)
	c.disc(x, y, r-2*u, color.RGBA{222, 40, 60, 255})
}
