package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	plottext "gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	plotdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"strata/experiments/table"
)

const (
	panelWidth  = 400 // points
	panelHeight = 320
)

// paperStyle replaces plotStyle in a file of its own: it has a page's colours on paper.
var paperStyle = strings.NewReplacer(
	"#010101", "#1d1f23", "#020202", "#d9d9d3", "#030303", "#4a6a9c", "#040404", "#0b6e58", "#060606", "#1d1f23", "#070707", "#4a6a9c", "#080808", "#a8741a", "#090909", "#0b6e58", "#0A0A0A", "#c2c2ba",
	"font-family:Liberation Sans", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif",
)

// frontPanel is a plot of two targets on one side of the division of queries.
type frontPanel struct {
	*plot.Plot
	alt string
}

// frontPanels returns two plots for each of some pairs of the front's targets: the queries to tune
// on, and those to report on. For up to three targets it takes all pairs, else the first target
// with every other.
func (t tunePage) frontPanels() ([][2]frontPanel, error) {
	var panels [][2]frontPanel
	for i, x := range t.FrontOf {
		for _, y := range t.FrontOf[i+1:] {
			if i > 0 && len(t.FrontOf) > 3 {
				continue
			}
			var row [2]frontPanel
			for side := range row {
				panel, err := t.frontPanel(x, y, side == 1)
				if err != nil {
					return nil, err
				}
				row[side] = panel
			}
			for side := range row { // both sides have the same axes
				row[side].X.Min, row[side].X.Max = t.span(x)
				row[side].Y.Min, row[side].Y.Max = t.span(y)
			}
			panels = append(panels, row)
		}
	}
	return panels, nil
}

// span returns the ends of a target's axis.
func (t tunePage) span(target int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, trial := range t.Trials {
		for _, values := range [][]float64{trial.Tune, trial.Report} {
			if values != nil && !math.IsNaN(values[target]) {
				low, high = min(low, values[target]), max(high, values[target])
			}
		}
	}
	margin := max((high-low)/12, 0.002)
	return low - margin, high + margin
}

// frontPanel draws the trials by two targets, on the queries to report on or on those to tune on.
// It draws all measured trials faintly, the trials of the front, a line along the front of these
// two targets on the queries to tune on, and the named trials.
func (t tunePage) frontPanel(x, y int, reported bool) (frontPanel, error) {
	at := func(i int) (plotter.XY, bool) {
		values := t.Trials[i].Tune
		if reported {
			values = t.Trials[i].Report
		}
		if values == nil || math.IsNaN(values[x]) || math.IsNaN(values[y]) {
			return plotter.XY{}, false
		}
		return plotter.XY{X: values[x], Y: values[y]}, true
	}
	all := func(places []int) plotter.XYs {
		var points plotter.XYs
		for _, i := range places {
			if p, ok := at(i); ok {
				points = append(points, p)
			}
		}
		return points
	}
	p := newPanel(t.Targets[x].String(), t.Targets[y].String())
	p.Title.Text = fmt.Sprintf("where weights were chosen: %d queries", len(t.Tune))
	if reported {
		p.Title.Text = fmt.Sprintf("on the others: %d queries", len(t.Report))
	}
	everything := make([]int, len(t.Trials))
	for i := range everything {
		everything[i] = i
	}
	if err := addDots(p, all(everything), dimColor, 2.2); err != nil {
		return frontPanel{}, err
	}
	if points := all(t.alongFront(x, y)); len(points) > 1 && !reported {
		line, err := plotter.NewLine(points)
		if err != nil {
			return frontPanel{}, err
		}
		line.Color, line.Width = markColor, 1.2
		p.Add(line)
	}
	if err := addDots(p, all(t.Front), markColor, 3); err != nil {
		return frontPanel{}, err
	}
	alt, err := t.addNamed(p, at, all(t.Front))
	if err != nil {
		return frontPanel{}, err
	}
	alt = fmt.Sprintf("%s against %s, %s:%s along the front", t.Targets[y], t.Targets[x], p.Title.Text, alt)
	for _, i := range t.alongFront(x, y) {
		if point, ok := at(i); ok {
			alt += fmt.Sprintf(" %s %s and %s;", t.Trials[i].Scheme, threeDigits(point.X), threeDigits(point.Y))
		}
	}
	return frontPanel{p, strings.TrimSuffix(alt, ";")}, nil
}

// addNamed draws the best trial and those it is compared with, with their names beside them, clear of the taken
// points. It returns the text for readers who do not see them.
func (t tunePage) addNamed(p *plot.Plot, at func(trial int) (plotter.XY, bool), taken plotter.XYs) (alt string, err error) {
	labels := &pointLabels{style: p.X.Tick.Label, taken: taken}
	for _, i := range t.Baselines() {
		point, ok := at(i)
		if !ok {
			continue
		}
		ink, size := color.Color(inkColor), vg.Length(3.6)
		if i == t.Best {
			ink, size = bestColor, 5.5
		}
		if err := addDots(p, plotter.XYs{point}, ink, size); err != nil {
			return "", err
		}
		name := t.Trials[i].Scheme.String()
		labels.add(point, table.PlotText(name), i == t.Best)
		alt += fmt.Sprintf(" %s (%s) %s and %s;", name, t.Role(i), threeDigits(point.X), threeDigits(point.Y))
	}
	p.Add(labels)
	return alt, nil
}

// alongFront returns the trials that no other trial dominates in two targets, on the queries to
// tune on. They are ordered from the largest value of the second target to the largest of the
// first.
func (t tunePage) alongFront(x, y int) []int {
	var along []int
	for _, i := range t.Front {
		a := t.Trials[i].Tune
		if !slices.ContainsFunc(t.Front, func(j int) bool {
			b := t.Trials[j].Tune
			return b[x] >= a[x] && b[y] >= a[y] && (b[x] > a[x] || b[y] > a[y])
		}) {
			along = append(along, i)
		}
	}
	slices.SortStableFunc(along, func(i, j int) int {
		switch a, b := t.Trials[i].Tune[x], t.Trials[j].Tune[x]; {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	return along
}

// newPanel returns an empty plot with two numeric axes.
func newPanel(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text, p.Y.Label.Text = table.PlotText(x), table.PlotText(y)
	p.Title.Padding = 6
	styles := []*plottext.Style{&p.Title.TextStyle}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Tick.Color = lineColor, lineColor
		styles = append(styles, &a.Label.TextStyle, &a.Tick.Label)
	}
	for _, style := range styles {
		style.Color = inkColor
		style.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize}
	}
	grid := plotter.NewGrid()
	grid.Horizontal = plotdraw.LineStyle{Color: lineColor, Width: 0.4}
	grid.Vertical = grid.Horizontal
	p.Add(grid)
	return p
}

// addDots adds points of one colour.
func addDots(p *plot.Plot, points plotter.XYs, c color.Color, radius vg.Length) error {
	if len(points) == 0 {
		return nil
	}
	dots, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	dots.GlyphStyle = plotdraw.GlyphStyle{Color: c, Radius: radius, Shape: plotdraw.CircleGlyph{}}
	p.Add(dots)
	return nil
}

// pointLabels draws names beside points, where they cover no other name.
type pointLabels struct {
	style  plottext.Style
	points plotter.XYs
	names  []string
	bold   []bool
	taken  plotter.XYs // further points that no name should cover
}

func (l *pointLabels) add(at plotter.XY, name string, bold bool) {
	l.points, l.names, l.bold = append(l.points, at), append(l.names, name), append(l.bold, bold)
}

// Plot draws the names.
func (l *pointLabels) Plot(c plotdraw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var taken []vg.Rectangle
	for _, points := range []plotter.XYs{l.points, l.taken} {
		for _, at := range points {
			x, y := toX(at.X), toY(at.Y)
			taken = append(taken, vg.Rectangle{Min: vg.Point{X: x - 3, Y: y - 3}, Max: vg.Point{X: x + 3, Y: y + 3}})
		}
	}
	for i, name := range l.names {
		style := l.style
		style.XAlign, style.YAlign = plottext.XLeft, plottext.YBottom
		if l.bold[i] {
			style.Color = bestColor
		}
		width, height := style.Width(name), style.Font.Size
		x, y := toX(l.points[i].X), toY(l.points[i].Y)
		const gap = 8
		var best vg.Rectangle
		var start vg.Point
		least := math.Inf(1)
		for _, from := range []vg.Point{
			{X: x + gap, Y: y - height/2},
			{X: x - gap - width, Y: y - height/2},
			{X: x + gap/2, Y: y + gap/2},
			{X: x + gap/2, Y: y - gap/2 - height},
			{X: x - gap/2 - width, Y: y + gap/2},
			{X: x - gap/2 - width, Y: y - gap/2 - height},
			{X: x, Y: y + 2*gap},
			{X: x, Y: y - 2*gap - height},
			{X: x - 1 - width, Y: y + 2*gap},
			{X: x - 1 - width, Y: y - 2*gap - height},
		} {
			box := vg.Rectangle{Min: from, Max: vg.Point{X: from.X + width, Y: from.Y + height}}
			if from.X < x { // room for wider fonts, on the free side
				box.Min.X -= width / 8
			} else {
				box.Max.X += width / 8
			}
			cost := outside(box, c.Rectangle)
			for _, other := range taken {
				cost += overlapArea(box, other)
			}
			if cost < least {
				best, least, start = box, cost, from
			}
		}
		taken = append(taken, best)
		if start.X < x {
			style.Color = color.Color(nameColor)
			if l.bold[i] {
				style.Color = bestName
			}
		}
		c.FillText(style, start, name)
	}
}

// overlapArea returns the area that two rectangles share.
func overlapArea(a, b vg.Rectangle) float64 {
	w, h := min(a.Max.X, b.Max.X)-max(a.Min.X, b.Min.X), min(a.Max.Y, b.Max.Y)-max(a.Min.Y, b.Min.Y)
	return float64(max(w, 0) * max(h, 0))
}

// outside returns the area of a rectangle outside another, with a weight: a name should rather
// cover another name than leave the plot.
func outside(a, within vg.Rectangle) float64 {
	area := float64((a.Max.X - a.Min.X) * (a.Max.Y - a.Min.Y))
	return 100 * (area - overlapArea(a, within))
}

// frontElements returns the panels as elements of a page.
func frontElements(panels [][2]frontPanel) ([]template.HTML, error) {
	var all []template.HTML
	for _, row := range panels {
		for _, panel := range row {
			element, err := svgSized(panel.Plot, panelWidth, panelHeight, panel.alt)
			if err != nil {
				return nil, err
			}
			all = append(all, element)
		}
	}
	return all, nil
}

// writeFrontSVG writes the panels as one picture, with a row for each pair of targets.
func writeFrontSVG(w io.Writer, panels [][2]frontPanel) error {
	const gap = 14
	rows := vg.Length(len(panels))
	c := vgsvg.NewWith(vgsvg.UseWH(2*panelWidth+3*gap, rows*panelHeight+(rows+1)*gap))
	tiles := plotdraw.Tiles{Cols: 2, Rows: len(panels), PadX: gap, PadY: gap, PadTop: gap, PadBottom: gap, PadLeft: gap, PadRight: gap}
	canvas := plotdraw.New(c)
	canvas.FillPolygon(color.White, []vg.Point{canvas.Min, {X: canvas.Max.X, Y: canvas.Min.Y}, canvas.Max, {X: canvas.Min.X, Y: canvas.Max.Y}})
	for y, row := range panels {
		for x, panel := range row {
			panel.Draw(tiles.At(canvas, x, y))
		}
	}
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	text := alignNames(b.String(), panels[0][0].Y.Tick.Label.Font)
	_, err := io.WriteString(w, paperStyle.Replace(text))
	return err
}
