package cost

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"math"
	"slices"
	"strconv"
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

// Sizes in the drawing of a study, in points.
const (
	costPanel  = 330 // width of a panel
	costHeight = 270 // of a row of panels
	costHead   = 44  // of a row's title and legend
	costText   = 10
	costRadius = 3.2
	costRoom   = 1.15 // fonts wider than the one that is measured have it, too
)

// familyColors distinguishes the families in print and for people with colour blindness, too
// (colours of Okabe and Ito).
var familyColors = map[string]color.Color{
	exactFamily:  color.RGBA{0, 0, 0, 255},
	storedFamily: color.RGBA{204, 121, 167, 255},
	codesFamily:  color.RGBA{0, 114, 178, 255},
	pcaFamily:    color.RGBA{213, 94, 0, 255},
	graphFamily:  color.RGBA{0, 128, 96, 255},
}

// costPoint is a way in a panel. In the panel of missed items, y is a logarithm.
type costPoint struct {
	x, y, low, high float64
	family, name    string
	rescored        bool
	labelled        bool
}

// plot draws a row of panels for each scheme, as SVG on white. The panels show the share of the
// exact ranking that a way misses, and the precision that it loses for every label, over bytes an
// item. Less is better everywhere. A ring is a way in its own order, a disc the way with the fewest
// candidates rescored.
func (c *Costs) plot() ([]byte, error) {
	columns := 1 + len(c.Labels)
	width, height := vg.Length(costPanel*columns), vg.Length(len(c.Schemes)*(costHeight+costHead))
	canvas := vgsvg.NewWith(vgsvg.UseWH(width, height))
	all := plotdraw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Path())
	for i, s := range c.Schemes {
		top := height - vg.Length(i*(costHeight+costHead))
		head := plotdraw.Canvas{Canvas: all.Canvas, Rectangle: vg.Rectangle{Min: vg.Point{Y: top - costHead}, Max: vg.Point{X: width, Y: top}}}
		c.drawHead(head, s)
		for column := range columns {
			p, err := c.panel(s, column-1)
			if err != nil {
				return nil, err
			}
			left := vg.Length(column * costPanel)
			p.Draw(plotdraw.Canvas{Canvas: all.Canvas, Rectangle: vg.Rectangle{
				Min: vg.Point{X: left + 6, Y: top - costHead - costHeight + 6}, Max: vg.Point{X: left + costPanel - 8, Y: top - costHead},
			}})
		}
	}
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return nil, err
	}
	text := strings.ReplaceAll(b.String(), "font-family:Liberation Sans", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif")
	head, body, ok := strings.Cut(text, "<svg ")
	if !ok {
		return nil, fmt.Errorf("a drawing of %d schemes gave no picture", len(c.Schemes))
	}
	alt := fmt.Sprintf("What is missed of the exact first %d, and precision lost, over bytes an item, of %s", c.K, c.schemeNames())
	return []byte(head + fmt.Sprintf(`<svg role="img" aria-label="%s" `, html.EscapeString(alt)) + body), nil
}

func (c *Costs) schemeNames() string {
	var names []string
	for _, s := range c.Schemes {
		names = append(names, s.Scheme.String())
	}
	return strings.Join(names, ", ")
}

// least returns the smallest number of candidates that any way rescores, or 0.
func (s SchemeCost) least() int {
	least := 0
	for _, w := range s.Ways {
		if w.Depth > 0 && (least == 0 || w.Depth < least) {
			least = w.Depth
		}
	}
	return least
}

func costStyle(size vg.Length, c color.Color) plottext.Style {
	return plottext.Style{
		Color: c, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, YAlign: plottext.YCenter,
		Handler: plot.DefaultTextHandler,
	}
}

// drawHead draws the title and the legend of a row.
func (c *Costs) drawHead(to plotdraw.Canvas, s SchemeCost) {
	title := costStyle(costText+3, color.Black)
	y := to.Max.Y - 14
	text := fmt.Sprintf("%s: %s items, %s queries, 95 %% intervals", table.PlotText(s.Scheme.String()), grouped(int64(c.Items)), grouped(int64(c.Queries)))
	to.FillText(title, vg.Point{X: 10, Y: y}, text)
	y -= 17
	x := vg.Length(14)
	style := costStyle(costText, color.Black)
	entry := func(glyph plotdraw.GlyphStyle, text string) {
		to.DrawGlyph(glyph, vg.Point{X: x, Y: y})
		to.FillText(style, vg.Point{X: x + 8, Y: y}, text)
		x += 8 + style.Width(text)*costRoom + 16
	}
	for _, family := range []string{exactFamily, storedFamily, codesFamily, pcaFamily, graphFamily} {
		if slices.ContainsFunc(s.Ways, func(w WayCost) bool { return w.Family == family }) {
			entry(costGlyph(family, true), map[string]string{exactFamily: "exact", storedFamily: "other types", codesFamily: "codes", pcaFamily: "principal components", graphFamily: "graph"}[family])
		}
	}
	entry(costGlyph(exactFamily, false), "own order")
	if depth := s.least(); depth > 0 {
		entry(costGlyph(exactFamily, true), fmt.Sprintf("best %d rescored", depth))
	}
}

func costGlyph(family string, filled bool) plotdraw.GlyphStyle {
	g := plotdraw.GlyphStyle{Color: familyColors[family], Radius: costRadius, Shape: plotdraw.RingGlyph{}}
	if filled {
		g.Shape = plotdraw.CircleGlyph{}
	}
	return g
}

// points returns the points of a panel: missed items for label -1, else the loss of a label.
func (c *Costs) points(s SchemeCost, label int) []costPoint {
	var points []costPoint
	least := s.least()
	for i, w := range s.Ways {
		if w.Depth != 0 && w.Depth != least {
			continue
		}
		p := costPoint{x: c.perItem(w.Bytes), family: w.Family, name: w.Name, rescored: w.Depth > 0}
		switch {
		case label < 0:
			least := c.leastMissed(w.Recall.N)
			missed := func(found float64) float64 { return math.Log10(max(1-found, least)) }
			p.y, p.low, p.high = missed(w.Recall.Value), missed(w.Recall.High), missed(w.Recall.Low)
			p.labelled = !p.rescored && s.named(i)
		case i > 0:
			loss := w.Labels[label].Loss
			p.y, p.low, p.high = 0-loss.Diff, 0-loss.High, 0-loss.Low
			p.labelled = !p.rescored && (p.low > 0 || p.high < 0) && s.named(i) // a way without a proven loss needs no name
		}
		if math.IsNaN(p.y) || p.x <= 0 {
			continue
		}
		p.name = shortName(p.name)
		points = append(points, p)
	}
	return points
}

// leastMissed returns the position of a missed share of 0, since a logarithmic scale has no 0:
// below one missed item of one query.
func (c *Costs) leastMissed(queries int) float64 {
	return 0.4 / float64(c.K*max(1, queries))
}

// named reports whether the drawing names a way. All ways of a graph take the same bytes, so it
// names only those with the fewest and the most visited candidates.
func (s SchemeCost) named(way int) bool {
	if s.Ways[way].Family != graphFamily {
		return true
	}
	first, last := -1, -1
	for i, w := range s.Ways {
		if w.Family == graphFamily && w.Depth == 0 {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return way == first || way == last
}

// shortName returns a way's name without its family. The colour shows the family.
func shortName(name string) string {
	if bits, ok := strings.CutPrefix(name, "codes"); ok {
		return bits + " bit"
	}
	if ef, ok := strings.CutPrefix(name, "graph-ef"); ok {
		return "ef " + ef
	}
	return name
}

// panel draws missed items for label -1, else the loss of a label.
func (c *Costs) panel(s SchemeCost, label int) (*plot.Plot, error) {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text = "bytes an item"
	p.Y.Label.Text = fmt.Sprintf("missed of the exact first %d", c.K)
	if label >= 0 {
		p.Y.Label.Text = table.PlotText(fmt.Sprintf("P@%d %s lost", c.K, c.Labels[label]))
	}
	gray := color.Gray{0x60}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Tick.Color = gray, gray
		a.Label.TextStyle.Font = costStyle(costText, nil).Font
		a.Tick.Label.Font = a.Label.TextStyle.Font
	}
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, byteTicks{}
	points := c.points(s, label)
	if len(points) == 0 { // no query is judged
		p.X.Min, p.X.Max = 1, 10
		return p, nil
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{0xe0}, color.Gray{0xe0}
	p.Add(grid)
	if err := addCostPoints(p, points); err != nil {
		return nil, err
	}
	p.X.Min, p.X.Max = points[0].x, points[0].x
	for _, at := range points {
		p.X.Min, p.X.Max = min(p.X.Min, at.x), max(p.X.Max, at.x)
	}
	p.X.Min, p.X.Max = p.X.Min/1.6, p.X.Max*1.6
	if label < 0 {
		none := math.Log10(c.leastMissed(s.Ways[0].Recall.N))
		p.Y.Tick.Marker = missedTicks{none}
		p.Y.Min, p.Y.Max = none-0.2, max(p.Y.Max+0.2, none+2)
		return p, nil
	}
	margin := max((p.Y.Max-p.Y.Min)*0.06, 0.0005)
	p.Y.Min, p.Y.Max = p.Y.Min-margin, p.Y.Max+margin
	return p, nil
}

// addCostPoints adds points with their intervals, lines within a family, and names.
func addCostPoints(p *plot.Plot, points []costPoint) error {
	for _, family := range []string{graphFamily, pcaFamily, codesFamily, storedFamily, exactFamily} {
		for _, rescored := range []bool{true, false} {
			var these costSeries
			for _, at := range points {
				if at.family == family && at.rescored == rescored {
					these.XYs = append(these.XYs, plotter.XY{X: at.x, Y: at.y})
					these.YErrors = append(these.YErrors, struct{ Low, High float64 }{at.low - at.y, at.high - at.y})
				}
			}
			if len(these.XYs) == 0 {
				continue
			}
			line, err := plotter.NewLine(these.XYs)
			if err != nil {
				return err
			}
			line.Color, line.Width = familyColors[family], 0.8
			if !rescored {
				line.Dashes = []vg.Length{3, 2}
			}
			bars, err := plotter.NewYErrorBars(these)
			if err != nil {
				return err
			}
			bars.Color, bars.Width, bars.CapWidth = familyColors[family], 0.8, 4
			dots, err := plotter.NewScatter(these.XYs)
			if err != nil {
				return err
			}
			dots.GlyphStyle = costGlyph(family, rescored)
			if family != exactFamily {
				p.Add(line)
			}
			p.Add(bars, dots)
		}
	}
	p.Add(costNames(points))
	return nil
}

// costSeries are points with vertical bars.
type costSeries struct {
	plotter.XYs
	plotter.YErrors
}

// byteTicks are the powers of two. If there are many, every second one has its number.
type byteTicks struct{}

func (byteTicks) Ticks(low, high float64) []plot.Tick {
	first, last := math.Ceil(math.Log2(low)), math.Floor(math.Log2(high))
	var ticks []plot.Tick
	for e := first; e <= last; e++ {
		t := plot.Tick{Value: math.Exp2(e)}
		if last-first < 6 || math.Mod(e, 2) == 0 {
			t.Label = strconv.FormatFloat(t.Value, 'f', -1, 64)
		}
		ticks = append(ticks, t)
	}
	return ticks
}

// missedTicks are the powers of ten, on a scale of their logarithms, and a tick for 0.
// (plot.LogScale draws the name of a vertical axis beyond its end.)
type missedTicks struct{ none float64 }

func (m missedTicks) Ticks(_, high float64) []plot.Tick {
	ticks := []plot.Tick{{Value: m.none, Label: "none"}}
	for e := math.Ceil(m.none + 0.3); e <= high; e++ {
		ticks = append(ticks, plot.Tick{Value: e, Label: strconv.FormatFloat(math.Pow10(int(e)+2), 'g', -1, 64) + " %"})
	}
	return ticks
}

// costNames draws the names of points beside them, in free places.
type costNames []costPoint

// Plot draws the names. It tries eight places around a point, at growing distances. It takes the
// first place where the name covers neither a name nor a point and stays within the panel. A line
// leads to a distant name. If there is no such place, it takes the first of all.
func (n costNames) Plot(c plotdraw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	var taken []vg.Rectangle
	for _, at := range n {
		x, y := toX(at.x), toY(at.y)
		taken = append(taken,
			around(vg.Point{X: x, Y: y}, 2*costRadius, 2*costRadius),
			vg.Rectangle{Min: vg.Point{X: x - 1, Y: toY(at.low)}, Max: vg.Point{X: x + 1, Y: toY(at.high)}})
	}
	for _, at := range n {
		if !at.labelled {
			continue
		}
		style := costStyle(costText-1, familyColors[at.family])
		point := vg.Point{X: toX(at.x), Y: toY(at.y)}
		box := place(point, style.Width(at.name)*costRoom, costText, c.Rectangle, taken)
		left := vg.Point{X: box.Min.X, Y: (box.Min.Y + box.Max.Y) / 2}
		end := vg.Point{X: min(max(point.X, box.Min.X), box.Max.X), Y: min(max(point.Y, box.Min.Y), box.Max.Y)}
		if math.Hypot(float64(end.X-point.X), float64(end.Y-point.Y)) > costRadius+4 {
			c.StrokeLine2(plotdraw.LineStyle{Color: familyColors[at.family], Width: 0.4}, point.X, point.Y, end.X, end.Y)
		}
		c.FillText(style, left, at.name)
		taken = append(taken, box)
	}
}

// around returns the rectangle of the given size around a point.
func around(at vg.Point, width, height vg.Length) vg.Rectangle {
	return vg.Rectangle{
		Min: vg.Point{X: at.X - width/2, Y: at.Y - height/2},
		Max: vg.Point{X: at.X + width/2, Y: at.Y + height/2},
	}
}

// place returns the rectangle of a text of the given size beside a point.
func place(at vg.Point, width, height vg.Length, within vg.Rectangle, taken []vg.Rectangle) vg.Rectangle {
	sides := []struct{ x, y vg.Length }{{1, 0.3}, {1, 1}, {1, -1}, {-1, -0.3}, {0, 1}, {0, -1}, {-1, 1}, {-1, -1}}
	gap := vg.Length(costRadius + 2)
	first := around(vg.Point{X: at.X + gap + width/2, Y: at.Y}, width, height)
	for ; gap < 90; gap += 7 {
		for _, side := range sides {
			box := around(vg.Point{X: at.X + side.x*(gap+width/2), Y: at.Y + side.y*(gap+height/2)}, width, height)
			inside := box.Min.X >= within.Min.X && box.Max.X <= within.Max.X && box.Min.Y >= within.Min.Y && box.Max.Y <= within.Max.Y
			if inside && !slices.ContainsFunc(taken, func(t vg.Rectangle) bool { return overlap(t, box) }) {
				return box
			}
		}
	}
	return first
}

func overlap(a, b vg.Rectangle) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}
