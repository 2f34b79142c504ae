package relief

import (
	"math"

	"strata/experiments/landscape"
)

// shades draw means where there is no colour, from the lowest to the highest.
const shades = ".:-=+*%#"

// level is where the best is not shown to be ahead, within the line that a picture has.
const (
	level     = '@'
	levelText = "  @: p ≥ .05"
)

// characters draws the landscape where a terminal has no colours: shades, and a sign where the best is not shown to be
// ahead.
func (v *View) characters(width, height int, st *Stage) []string {
	if v.Land.Step == 0 {
		return make([]string, height)
	}
	label, _ := v.label()
	sheet := make([][]rune, height)
	for y := range sheet {
		sheet[y] = make([]rune, width)
		for x := range sheet[y] {
			sheet[y][x] = ' '
		}
	}
	f := frame{v.Land, .5, float64(width) - .5, .5, float64(height) - .5}
	if len(v.Land.Factors) == 2 {
		v.curve(sheet, f, label)
	} else {
		v.shade(sheet, f, label)
	}
	lines := make([]string, height)
	for y, line := range sheet {
		lines[y] = st.Styles.Plain.Render(string(line))
	}
	return lines
}

// shade fills a triangle.
func (v *View) shade(sheet [][]rune, f frame, label int) {
	l := v.Land
	b, r := l.Bands(label), &l.Reliefs[label]
	for y := range sheet {
		for x := range sheet[y] {
			w, ok := weightsAt(l, (float64(x)+.5-f.left)/(f.right-f.left), (f.bottom-float64(y)-.5)/(f.bottom-f.top))
			value := l.Value(label, w)
			switch {
			case !ok || math.IsNaN(value):
			case l.Between(w, r.Ahead) <= 1:
				sheet[y][x] = level
			default:
				sheet[y][x] = rune(shades[b.Of(value)*(len(shades)-1)/max(b.N-1, 1)])
			}
		}
	}
	v.mark(sheet, f.at, r.Best)
}

// curve draws the means of two layers.
func (v *View) curve(sheet [][]rune, f frame, label int) {
	l := v.Land
	r := &l.Reliefs[label]
	low, high := height(l, label)
	at := func(w landscape.Weights) (x, y float64) {
		x, _ = f.at(w)
		return x, f.bottom - (l.Value(label, w)-low)/(high-low)*(f.bottom-f.top)
	}
	for x := range sheet[0] {
		w := f.weights(float64(x)+.5, 0)
		if _, y := at(w); !math.IsNaN(y) {
			sign := '*'
			if l.Between(w, r.Ahead) <= 1 {
				sign = level
			}
			sheet[min(max(int(y), 0), len(sheet)-1)][x] = sign
		}
	}
	v.mark(sheet, at, r.Best)
}

// mark draws the best, the row's weights and the point.
func (v *View) mark(sheet [][]rune, at func(landscape.Weights) (x, y float64), best int) {
	put := func(w landscape.Weights, mark string) {
		x, y := at(w)
		if math.IsNaN(x) || math.IsNaN(y) {
			return
		}
		sheet[min(max(int(y), 0), len(sheet)-1)][min(max(int(x), 0), len(sheet[0])-1)] = []rune(mark)[0]
	}
	put(v.Land.Weights(best), bestMark)
	put(v.Land.HereAt, rowMark)
	put(v.Land.Weights(v.At), pointMark)
}
