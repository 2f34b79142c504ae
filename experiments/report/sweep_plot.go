package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	plotdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"strata/engine/onnx"
	"strata/experiments/eval"
	"strata/experiments/sweep"
	"strata/experiments/table"
)

const (
	sweepWidth  = 660 // points
	sweepHeight = 300
	letterWidth = 6 // of a name below the axis, roughly
)

// sweepInks and sweepGlyphs tell the poolings of a plot from one another.
var (
	sweepInks   = []color.RGBA{oneColor, twoColor, bestColor, inkColor, dimColor}
	sweepGlyphs = []plotdraw.GlyphDrawer{
		plotdraw.CircleGlyph{}, plotdraw.SquareGlyph{}, plotdraw.TriangleGlyph{}, plotdraw.RingGlyph{}, plotdraw.CrossGlyph{}, plotdraw.BoxGlyph{},
	}
)

// depthCurve are the values of one pooling by depth, with their intervals.
type depthCurve struct {
	plotter.XYs
	plotter.YErrors
}

// sweepPanel draws P@10 by depth under a label, a line for each pooling, and returns the text
// for readers who do not see it. It is nil if no query is judged.
func sweepPanel(s *sweep.Swept, label int) (*plot.Plot, string, error) {
	best := s.Best(label)
	if best < 0 {
		return nil, "", nil
	}
	sum := s.Summary(best, label)
	p := newPanel("", sum.Metric.String()+" "+s.Evaluation.Labels[label])
	p.Legend.Top, p.Legend.Left, p.Legend.ThumbnailWidth = true, true, 16
	p.Legend.TextStyle.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: textSize}
	p.Legend.TextStyle.Color = inkColor
	alt := fmt.Sprintf("%s under label %s by depth, with 95 %% intervals:", sum.Metric, s.Evaluation.Labels[label])
	low, high := math.Inf(1), math.Inf(-1)
	for n, pooling := range s.Poolings {
		c := curve(s, label, n)
		if len(c.XYs) == 0 {
			continue
		}
		if err := c.draw(p, n, pooling); err != nil {
			return nil, "", err
		}
		alt += " " + pooling.String()
		for i, at := range c.XYs {
			low, high = min(low, at.Y-c.YErrors[i].Low), max(high, at.Y+c.YErrors[i].High)
			alt += " " + threeDigits(at.Y)
		}
		alt += ";"
	}
	margin := max((high-low)/20, 0.002)
	p.Y.Min, p.Y.Max = low-margin, high+6*margin // room for the legend
	p.X.Min, p.X.Max = 0.5, float64(s.Depths())+0.5
	p.X.Tick.Marker = depthTicks(s)
	if sum.Baseline > p.Y.Min && sum.Baseline < p.Y.Max {
		line, err := plotter.NewLine(plotter.XYs{{X: p.X.Min, Y: sum.Baseline}, {X: p.X.Max, Y: sum.Baseline}})
		if err != nil {
			return nil, "", err
		}
		line.Color, line.Dashes = inkColor, []vg.Length{2, 3}
		p.Add(line)
	}
	return p, strings.TrimSuffix(alt, ";"), nil
}

// curve returns the values of a pooling, by its place. Those of several poolings stand beside
// one another.
func curve(s *sweep.Swept, label, n int) depthCurve {
	var c depthCurve
	beside := (float64(n) - float64(len(s.Poolings)-1)/2) * min(0.12, 0.5/float64(len(s.Poolings)))
	for d := range s.Depths() {
		i := s.At(d+1, s.Poolings[n])
		if i < 0 || s.Summary(i, label).N == 0 {
			continue
		}
		sum := s.Summary(i, label)
		c.XYs = append(c.XYs, plotter.XY{X: float64(d+1) + beside, Y: sum.Value})
		c.YErrors = append(c.YErrors, struct{ Low, High float64 }{sum.Value - sum.Low, sum.High - sum.Value})
	}
	return c
}

// draw adds the curve to a plot and its legend.
func (c depthCurve) draw(p *plot.Plot, n int, pooling onnx.Pooling) error {
	line, points, err := plotter.NewLinePoints(c.XYs)
	if err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(c)
	if err != nil {
		return err
	}
	ink := sweepInks[n%len(sweepInks)]
	line.Color, line.Width = ink, 1.2
	if n >= len(sweepInks) {
		line.Dashes = []vg.Length{4, 2}
	}
	points.GlyphStyle = plotdraw.GlyphStyle{Color: ink, Radius: 3, Shape: sweepGlyphs[n%len(sweepGlyphs)]}
	bars.Color, bars.Width, bars.CapWidth = ink, 1, 4
	p.Add(bars, line, points)
	p.Legend.Add(pooling.String(), line, points)
	return nil
}

// depthTicks are the names of a sweep's tensors where they fit, else their depths.
func depthTicks(s *sweep.Swept) plot.ConstantTicks {
	names, longest := depthNames(s), 0
	for _, n := range names {
		longest = max(longest, utf8.RuneCountInString(n))
	}
	var ticks plot.ConstantTicks
	for d, name := range names {
		label := table.PlotText(name)
		if (longest+1)*letterWidth*len(names) > sweepWidth-60 {
			label = strconv.Itoa(d + 1)
		}
		ticks = append(ticks, plot.Tick{Value: float64(d + 1), Label: label})
	}
	return ticks
}

// writeSweepSVG writes the plots of all labels as one picture.
func writeSweepSVG(w io.Writer, s *sweep.Swept) error {
	var panels []*plot.Plot
	for l := range s.Evaluation.Labels {
		p, _, err := sweepPanel(s, l)
		if err != nil {
			return err
		}
		if p != nil {
			panels = append(panels, p)
		}
	}
	const gap = 14
	rows := vg.Length(max(len(panels), 1))
	c := vgsvg.NewWith(vgsvg.UseWH(sweepWidth+2*gap, rows*sweepHeight+(rows+1)*gap))
	canvas := plotdraw.New(c)
	canvas.FillPolygon(color.White, []vg.Point{canvas.Min, {X: canvas.Max.X, Y: canvas.Min.Y}, canvas.Max, {X: canvas.Min.X, Y: canvas.Max.Y}})
	tiles := plotdraw.Tiles{Cols: 1, Rows: int(rows), PadY: gap, PadTop: gap, PadBottom: gap, PadLeft: gap, PadRight: gap}
	for y, p := range panels {
		p.Draw(tiles.At(canvas, 0, y))
	}
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	_, err := io.WriteString(w, paperStyle.Replace(b.String()))
	return err
}

// sweepTable is the table of a label, a row for each point, by depth.
func sweepTable(s *sweep.Swept, label int) *pageTable {
	t := &pageTable{
		Caption: "Every layer by depth, with 95 % intervals. Best in: the share of the resamples in which it is the highest of all. Rank: its 95 % interval.",
		Columns: []pageColumn{
			{"Layer", "scheme"},
			{"Depth", ""},
			{"Tensor", "left"},
			{"Pooling", "left"},
			{"Features", ""},
			{s.Summary(0, label).Metric.String(), ""},
			{"95 % interval", ""},
			{"Best in", ""},
			{"Rank", ""},
			{"Kept", "left"},
		},
	}
	best := s.Best(label)
	for i, p := range s.Points {
		sum, kept := s.Summary(i, label), ""
		if slices.Contains(s.Kept, p) {
			kept = "kept"
		}
		cells := []string{p.Layer, strconv.Itoa(p.Depth), table.PlotText(p.Tensor), p.Pooling.String(), strconv.Itoa(s.Features[i]), "–", "–", "–", "–", kept}
		if sum.N > 0 {
			at := s.Evaluation.Standings[s.Evaluation.SummaryAt(i, label, eval.Micro, 0)]
			copy(cells[5:], []string{threeDigits(sum.Value), interval3(sum.Low, sum.High), threeDigits(at.First), fmt.Sprintf("%g–%g", at.Low, at.High)})
		}
		t.Rows = append(t.Rows, pageTableRow{Best: i == best, Cells: cells})
	}
	return t
}
