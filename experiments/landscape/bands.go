package landscape

import (
	"image/color"
	"math"
)

// Bands part the means into steps of a round size, each with a colour: from dark and blue to
// light and yellow, in an order that eyes without red or green see, too.
type Bands struct {
	Low  float64 // where the first begins
	Step float64
	N    int
}

// mostBands is the most that are told apart.
const mostBands = 14

// Bands returns those of a label's means.
func (l *Landscape) Bands(label int) Bands {
	low, high, ok := l.Span(label)
	if !ok {
		return Bands{0, 1, 1}
	}
	b := Bands{Step: 1}
	for _, step := range []float64{.0005, .001, .002, .005, .01, .02, .05, .1} {
		if (high-low)/step <= mostBands {
			b.Step = step
			break
		}
	}
	b.Low = math.Floor(low/b.Step) * b.Step
	b.N = int((high-b.Low)/b.Step) + 1
	return b
}

// Of returns the band of a mean.
func (b Bands) Of(v float64) int { return min(max(int((v-b.Low)/b.Step+1e-9), 0), b.N-1) }

// Color returns the colour of a mean's band.
func (b Bands) Color(v float64) color.RGBA { return b.Shade(b.Of(v)) }

// Shade returns the colour of a band. The highest always is the lightest.
func (b Bands) Shade(band int) color.RGBA {
	if b.N < 2 {
		return ramp(1)
	}
	return ramp(float64(band) / float64(b.N-1))
}

// stops are viridis, by Nathaniel Smith and Stéfan van der Walt (CC0), at every eighth.
var stops = [...]color.RGBA{
	{68, 1, 84, 255},
	{71, 45, 123, 255},
	{59, 82, 139, 255},
	{44, 114, 142, 255},
	{33, 145, 140, 255},
	{40, 174, 128, 255},
	{94, 201, 98, 255},
	{173, 220, 48, 255},
	{253, 231, 37, 255},
}

// ramp returns the colour of a share from 0 to 1.
func ramp(t float64) color.RGBA {
	x := min(max(t, 0), 1) * float64(len(stops)-1)
	i := min(int(x), len(stops)-2)
	f := x - float64(i)
	mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + f*(float64(b)-float64(a)))) }
	a, b := stops[i], stops[i+1]
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}
