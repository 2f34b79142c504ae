package report

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"image/color"
	"math"
	"regexp"
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

// Placeholder colours of plots. Each is replaced by a variable of the page's style sheet, which has
// the colours for light, dark and paper.
var (
	inkColor  = color.RGBA{1, 1, 1, 255}
	lineColor = color.RGBA{2, 2, 2, 255}
	markColor = color.RGBA{3, 3, 3, 255}
	bestColor = color.RGBA{4, 4, 4, 255}
	nameColor = color.RGBA{6, 6, 6, 255}
	oneColor  = color.RGBA{7, 7, 7, 255} // of the first of two schemes
	twoColor  = color.RGBA{8, 8, 8, 255} // of the second; neither is the better one
	bestName  = color.RGBA{9, 9, 9, 255} // as nameColor, of the best
	dimColor  = color.RGBA{10, 10, 10, 255}
)

var plotStyle = strings.NewReplacer(
	"#010101", "var(--ink)", "#020202", "var(--line)", "#030303", "var(--mark)", "#040404", "var(--best)", "#060606", "var(--ink)", "#070707", "var(--one)", "#080808", "var(--two)", "#090909", "var(--best)", "#0A0A0A", "var(--dim)",
	"font-family:Liberation Sans", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif",
)

const (
	plotWidth = 460 // points
	plotRow   = 18  // points a row

	// A letter of a name gets nameRoom, so that fonts wider than the measured one fit, too.
	textSize, nameRoom = 10.5, 13
)

// intervalRow is one scheme of an interval plot.
type intervalRow struct {
	name             string
	value, low, high float64
	best             bool
	other            float64 // another value of the scheme, drawn as a ring; NaN: none
}

// intervalPlot draws means with their intervals, a row each from the top, on one axis that spans
// the intervals. It draws baseline and ceiling if they are within that span.
func intervalPlot(rows []intervalRow, axis string, baseline, ceiling float64, alt string) (template.HTML, error) {
	names := make([]string, len(rows))
	var some, best intervals
	var others plotter.XYs
	low, high := math.Inf(1), math.Inf(-1)
	for i, r := range rows {
		at := len(rows) - 1 - i
		names[at] = table.PlotText(r.name)
		to := &some
		if r.best {
			to = &best
		}
		to.add(r, float64(at))
		low, high = min(low, r.low), max(high, r.high)
		if !math.IsNaN(r.other) {
			others = append(others, plotter.XY{X: r.other, Y: float64(at)})
			low, high = min(low, r.other), max(high, r.other)
		}
	}
	p := newPlot(axis, names)
	margin := max((high-low)/20, 0.002)
	p.X.Min, p.X.Max = low-margin, high+margin
	for _, at := range []float64{baseline, ceiling} {
		if at < p.X.Min || at > p.X.Max || math.IsNaN(at) {
			continue
		}
		line, err := plotter.NewLine(plotter.XYs{{X: at, Y: -0.5}, {X: at, Y: float64(len(rows)) - 0.5}})
		if err != nil {
			return "", err
		}
		line.Color, line.Dashes = inkColor, []vg.Length{2, 3}
		p.Add(line)
	}
	for _, part := range []struct {
		of    intervals
		color color.Color
	}{{some, markColor}, {best, bestColor}} {
		if err := part.of.draw(p, part.color); err != nil {
			return "", err
		}
	}
	if len(others) > 0 {
		rings, err := plotter.NewScatter(others)
		if err != nil {
			return "", err
		}
		rings.GlyphStyle = plotdraw.GlyphStyle{Color: inkColor, Radius: 4.2, Shape: plotdraw.RingGlyph{}}
		p.Add(rings)
	}
	return svg(p, len(rows), alt)
}

// intervals are points with horizontal bars, of one colour.
type intervals struct {
	plotter.XYs
	plotter.XErrors
}

func (s *intervals) add(r intervalRow, y float64) {
	s.XYs = append(s.XYs, plotter.XY{X: r.value, Y: y})
	s.XErrors = append(s.XErrors, struct{ Low, High float64 }{r.low - r.value, r.high - r.value})
}

func (s *intervals) draw(p *plot.Plot, c color.Color) error {
	if len(s.XYs) == 0 {
		return nil
	}
	bars, err := plotter.NewXErrorBars(s)
	if err != nil {
		return err
	}
	bars.Color, bars.Width, bars.CapWidth = c, 1.6, 7
	points, err := plotter.NewScatter(s.XYs)
	if err != nil {
		return err
	}
	points.GlyphStyle = plotdraw.GlyphStyle{Color: c, Radius: 3.4, Shape: plotdraw.CircleGlyph{}}
	p.Add(bars, points)
	return nil
}

// differencePlot draws differences of two schemes as bars from zero, a row each from the top. Each
// side has its colour, and those that are faded have another; nil: none are.
func differencePlot(names []string, differences []float64, faded []bool, axis, alt string) (template.HTML, error) {
	n := len(names)
	gains, losses, dim, shown := make(plotter.Values, n), make(plotter.Values, n), make(plotter.Values, n), make([]string, n)
	for i, d := range differences {
		at := n - 1 - i
		if shown[at] = table.PlotText(names[i]); faded != nil && faded[i] {
			dim[at] = d
			continue
		}
		gains[at], losses[at] = max(d, 0), min(d, 0)
	}
	p := newPlot(axis, shown)
	for _, part := range []struct {
		values plotter.Values
		color  color.Color
	}{{gains, oneColor}, {losses, twoColor}, {dim, dimColor}} {
		if faded == nil && part.color == dimColor {
			continue
		}
		bars, err := plotter.NewBarChart(part.values, plotRow*0.6)
		if err != nil {
			return "", err
		}
		bars.Horizontal, bars.Color, bars.LineStyle.Width = true, part.color, 0
		p.Add(bars)
	}
	zero, err := plotter.NewLine(plotter.XYs{{X: 0, Y: -0.5}, {X: 0, Y: float64(n) - 0.5}})
	if err != nil {
		return "", err
	}
	zero.Color, zero.Width = inkColor, 0.8
	p.Add(zero)
	return svg(p, n, alt)
}

// newPlot returns a plot without data. Its rows are named from the bottom.
func newPlot(axis string, names []string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text = axis
	p.NominalY(names...)
	p.Y.Min, p.Y.Max = -0.6, float64(len(names))-0.4
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Tick.Color = lineColor, lineColor
		for _, style := range []*plottext.Style{&a.Label.TextStyle, &a.Tick.Label} {
			style.Color = inkColor
			style.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize}
		}
	}
	p.Y.Tick.Label.Color, p.Y.Tick.Label.Font.Size = nameColor, nameRoom
	grid := plotter.NewGrid()
	grid.Horizontal.Color = nil
	grid.Vertical = plotdraw.LineStyle{Color: lineColor, Width: 0.6}
	p.Add(grid)
	return p
}

// svg returns a plot with the given number of rows as an element of a page.
func svg(p *plot.Plot, rows int, alt string) (template.HTML, error) {
	return svgSized(p, plotWidth, vg.Length(rows)*plotRow+46, alt)
}

// svgSized returns a plot as an element of a page. width and height are in points.
func svgSized(p *plot.Plot, width, height vg.Length, alt string) (template.HTML, error) {
	c := vgsvg.NewWith(vgsvg.UseWH(width, height))
	p.Draw(plotdraw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return "", err
	}
	_, body, ok := strings.Cut(b.String(), "<svg ")
	if !ok {
		return "", fmt.Errorf("a plot of %v by %v points gave no picture", width, height)
	}
	body = alignNames(body, p.Y.Tick.Label.Font)
	head := fmt.Sprintf(`<svg role="img" aria-label="%s" `, template.HTMLEscapeString(alt))
	return template.HTML(head + plotStyle.Replace(body)), nil //nolint:gosec // svgo escapes the names
}

// placedName matches a name that ends at its row's axis or its point, and the x at which it begins.
var placedName = regexp.MustCompile(`<text x="([^"]+)"([^>]*fill:#0(?:60606|90909)[^>]*)>([^<]*)</text>`)

// alignNames anchors names at their ends, so that they are right in any font. Their beginnings were
// computed with the metrics of one font.
func alignNames(body string, f font.Font) string {
	room, size := fmt.Sprintf("font-size:%gpx", float64(nameRoom)), fmt.Sprintf("font-size:%gpx", float64(textSize))
	face := font.DefaultCache.Lookup(f, f.Size)
	return placedName.ReplaceAllStringFunc(body, func(element string) string {
		part := placedName.FindStringSubmatch(element)
		x, err := strconv.ParseFloat(part[1], 64)
		if err != nil {
			return element
		}
		end := x + face.Width(html.UnescapeString(part[3])).Points()
		return fmt.Sprintf(`<text text-anchor="end" x="%.5g"%s>%s</text>`, end, strings.Replace(part[2], room, size, 1), part[3])
	})
}
