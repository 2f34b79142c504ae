package report

import (
	"context"
	"fmt"
	"html"
	"html/template"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"strata/engine/items"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/landscape"
	"strata/experiments/live"
	"strata/experiments/metric"
	"strata/experiments/table"
	"strata/experiments/tune"
)

// landscapeOf surveys all weights of two or three layers on the queries to tune on, under the
// objective's label. It returns nil for other numbers of layers, for alternatives, for an objective
// that is no P@10, and where duplicates are left out; also, with a note, where neighbourhoods are
// missing that take long to build.
func landscapeOf(ctx context.Context, t *tune.Tuned, ask tune.Tuning, progress func(done, of int)) (*landscape.Landscape, error) {
	objective := metric.Metric{Kind: metric.Precision, K: live.K}
	if n := len(t.Layers); n < 2 || n > 3 || len(t.PlacesText()) != n || t.Targets[0].Metric != objective || ask.Near > 0 {
		return nil, nil
	}
	label, err := ask.Gallery.Label(t.Targets[0].Label)
	if err != nil {
		return nil, err
	}
	near, err := neighboursOf(ctx, t, ask)
	if near == nil || err != nil {
		return nil, err
	}
	sample, err := live.NewSample(ask.Gallery, near, len(near.Queries()), ask.Filter, []*items.Label{label})
	if err != nil {
		return nil, err
	}
	var chosen scheme.Scheme
	widths := make([]int, len(t.Layers))
	for i, name := range t.Layers {
		chosen.Terms = append(chosen.Terms, scheme.Term{Weight: float64(t.Trials[t.Best].Weights[i]), Factor: scheme.FactorNamed(name)})
	}
	l, err := landscape.New(sample.Judging(t.Tune), chosen, widths)
	if err != nil {
		return nil, err
	}
	if ask.Phase != nil {
		ask.Phase("landscape", "weights")
	}
	for !l.Final() {
		next, err := l.Sharper(ctx, nil)
		if err != nil {
			return nil, err
		}
		if next == l {
			break
		}
		if l = next; progress != nil && l.Counted < l.Len() {
			progress(l.Counted, l.Len())
		}
	}
	if l.Step == 0 || l.Reliefs[0].Best < 0 {
		return nil, nil
	}
	return l, nil
}

// mostBuilt is the number of queries times rows up to which neighbourhoods are built for the sake of
// a landscape.
const mostBuilt = 1 << 23

// neighboursOf returns the neighbourhoods of the tuning's queries: its own, or else they are built,
// unless that takes long; then it returns nil, and notes it.
func neighboursOf(ctx context.Context, t *tune.Tuned, ask tune.Tuning) (*neighbour.Neighbours, error) {
	if t.Neighbours != nil {
		return t.Neighbours, nil
	}
	if (len(t.Tune)+len(t.Report))*ask.Gallery.Len() > mostBuilt {
		t.Notes = append(t.Notes, "no landscape: the tuning has used no neighbourhoods, and it would take long without")
		return nil, nil
	}
	near, err := neighbour.NewNeighbours(ask.Gallery, neighbour.Plan{
		Layers: t.Layers, Queries: slices.Sorted(slices.Values(slices.Concat(t.Tune, t.Report))),
	})
	if err != nil {
		return nil, err
	}
	return near, near.Build(ctx, nil)
}

// landscapeSection returns the section with the landscape; it is empty without one.
func (t tunePage) landscapeSection() pageSection {
	s := pageSection{Title: "All weights"}
	l := t.land
	if l == nil {
		return s
	}
	r := &l.Reliefs[0]
	best := r.Means[r.Best]
	s.Lead = fmt.Sprintf("P@10 %s of all weights of %s in steps of 1/%d, on the %s on which weights were chosen. "+
		"%d of %d weights are not shown to differ from the best of them, %s with %s (paired difference, normal approximation, ~p ≥ .05): "+
		"between them other reasons may decide. The best and the line were chosen on these queries.",
		r.Label, strings.Join(t.Layers, ", "), l.Parts, plural(best.N, "query"), r.Level, l.Len(), l.Scheme(r.Best), threeDigits(best.Value))
	note := "Triangle: the best of these weights. Ring: the scheme that was chosen. Within the white line the best is not shown to be ahead."
	if len(l.Factors) == 2 {
		note = "Triangle: the best of these weights. Ring: the scheme that was chosen. On the shaded ground the best is not shown to be ahead. The band is a 95 % interval."
	}
	s.Parts = []pagePart{{Panels: []template.HTML{template.HTML(plotStyle.Replace(landscapeSVG(l, false)))}, PlotNote: note}} //nolint:gosec // names are escaped
	return s
}

// landscapeFiles returns landscape.svg, if there is a landscape.
func (t tunePage) landscapeFiles(path string) []table.File {
	if t.land == nil {
		return nil
	}
	return []table.File{{Path: path, Write: func(w io.Writer) error {
		_, err := io.WriteString(w, paperStyle.Replace(landscapeSVG(t.land, true)))
		return err
	}}}
}

// The measures of a landscape's picture, in pixels.
const (
	landWidth  = 520
	landSide   = 400 // of the triangle
	landLeft   = 40
	landTop    = 34
	lineHeight = 230
)

// landscapeSVG draws a landscape under its first label: bands of colour in a triangle with the contour, or
// a curve with its interval. alone is for a file of its own.
func landscapeSVG(l *landscape.Landscape, alone bool) string {
	d := landDrawing{l: l, bands: l.Bands(0)}
	d.height = landTop + landSide*math.Sqrt(3)/2 + 40
	if len(l.Factors) == 2 {
		d.height = landTop + lineHeight + 40
	}
	head := fmt.Sprintf(`<svg role="img" aria-label="%s" `, html.EscapeString(d.alt()))
	if alone {
		head += `xmlns="http://www.w3.org/2000/svg" `
	}
	fmt.Fprintf(&d.b, `%swidth="%d" height="%.0f" viewBox="0 0 %d %.0f" style="font-family:Liberation Sans;font-size:12px">`+"\n", head, landWidth, d.height, landWidth, d.height)
	if alone {
		d.b.WriteString(`<rect width="100%" height="100%" fill="#ffffff"/>` + "\n")
	}
	if len(l.Factors) == 2 {
		d.line()
	} else {
		d.triangle()
	}
	d.b.WriteString("</svg>\n")
	return d.b.String()
}

// landDrawing is a picture of a landscape while it is drawn.
type landDrawing struct {
	l      *landscape.Landscape
	label  int
	bands  landscape.Bands
	height float64
	b      strings.Builder
}

// alt describes the picture for readers who do not see it.
func (d *landDrawing) alt() string {
	l, r := d.l, &d.l.Reliefs[d.label]
	low, high, _ := l.Span(d.label)
	return fmt.Sprintf("P@10 %s over all weights: from %s to %s, the best is %s; %d of %d weights are not shown to differ from it",
		r.Label, threeDigits(low), threeDigits(high), l.Scheme(r.Best), r.Level, l.Len())
}

// hex writes a colour.
func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// spot is a point of the picture.
type spot struct{ x, y, v float64 }

// at returns where weights of three layers are.
func (d *landDrawing) at(w landscape.Weights) spot {
	parts := float64(d.l.Parts)
	return spot{landLeft + (w[2]+w[0]/2)/parts*landSide, landTop + (1-w[0]/parts)*landSide*math.Sqrt(3)/2, 0}
}

// path writes points as those of a polygon or a line.
func path(points []spot) string {
	var b strings.Builder
	for i, p := range points {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%.1f,%.1f", p.x, p.y)
	}
	return b.String()
}

// over returns the part of a convex polygon whose values are v or more.
func over(polygon []spot, v float64) []spot {
	var out []spot
	for i, a := range polygon {
		b := polygon[(i+1)%len(polygon)]
		if a.v >= v {
			out = append(out, a)
		}
		if (a.v >= v) != (b.v >= v) {
			t := (v - a.v) / (b.v - a.v)
			out = append(out, spot{a.x + t*(b.x-a.x), a.y + t*(b.y-a.y), v})
		}
	}
	return out
}

// triangle draws three layers. A band lies over all lower ones.
func (d *landDrawing) triangle() {
	l, r := d.l, &d.l.Reliefs[d.label]
	var cells [][]spot
	l.Cells(func(nodes []int) {
		var cell []spot
		for _, node := range nodes {
			p := d.at(l.Weights(node))
			p.v = r.Means[node].Value
			if math.IsNaN(p.v) {
				return
			}
			cell = append(cell, p)
		}
		cells = append(cells, cell)
	})
	for band := range d.bands.N {
		fill := hex(d.bands.Shade(band))
		fmt.Fprintf(&d.b, `<g fill="%s" stroke="%s" stroke-width=".5">`, fill, fill)
		for _, cell := range cells {
			part := cell
			if band > 0 {
				part = over(cell, d.bands.Low+float64(band)*d.bands.Step)
			}
			if len(part) > 2 {
				fmt.Fprintf(&d.b, `<polygon points="%s"/>`, path(part))
			}
		}
		d.b.WriteString("</g>\n")
	}
	var lines strings.Builder
	for _, line := range l.Contour(d.label) {
		a, b := d.at(line[0]), d.at(line[1])
		fmt.Fprintf(&lines, "M%.1f,%.1fL%.1f,%.1f", a.x, a.y, b.x, b.y)
	}
	for _, stroke := range []string{`stroke="#000000" stroke-opacity=".55" stroke-width="4"`, `stroke="#ffffff" stroke-width="1.8"`} {
		fmt.Fprintf(&d.b, `<path d="%s" fill="none" stroke-linecap="round" %s/>`+"\n", lines.String(), stroke)
	}
	d.wedge(d.at(l.Weights(r.Best)))
	d.ring(d.at(l.HereAt))
	bottom := landTop + landSide*math.Sqrt(3)/2 + 20
	d.text(landLeft+landSide/2, landTop-12, "middle", d.name(0))
	d.text(landLeft, bottom, "middle", d.name(1))
	d.text(landLeft+landSide, bottom, "middle", d.name(2))
	d.scale()
}

// name returns the name of a layer.
func (d *landDrawing) name(layer int) string { return table.PlotText(d.l.Factors[layer].String()) }

func (d *landDrawing) text(x, y float64, anchor, text string) {
	fmt.Fprintf(&d.b, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="#010101">%s</text>`+"\n", x, y, anchor, html.EscapeString(text))
}

// wedge marks the best.
func (d *landDrawing) wedge(p spot) {
	fmt.Fprintf(&d.b, `<polygon points="%s" fill="#ffffff" stroke="#000000" stroke-width="1.5"/>`+"\n",
		path([]spot{{p.x, p.y - 7, 0}, {p.x - 6.5, p.y + 5, 0}, {p.x + 6.5, p.y + 5, 0}}))
}

// ring marks the scheme that was chosen.
func (d *landDrawing) ring(p spot) {
	for _, stroke := range []string{`stroke="#000000" stroke-width="4.5"`, `stroke="#ffffff" stroke-width="2"`} {
		fmt.Fprintf(&d.b, `<circle cx="%.1f" cy="%.1f" r="9" fill="none" %s/>`+"\n", p.x, p.y, stroke)
	}
}

// scale says what the colours mean.
func (d *landDrawing) scale() {
	const width, most = 16, 150.0
	x, high := float64(landLeft+landSide+20), most/float64(d.bands.N)
	for band := range d.bands.N {
		fmt.Fprintf(&d.b, `<rect x="%.0f" y="%.1f" width="%d" height="%.1f" fill="%s"/>`, x, landTop+most-float64(band+1)*high, width, high+.3, hex(d.bands.Shade(band)))
	}
	d.b.WriteString("\n")
	d.text(x+width+5, landTop+most, "start", threeDigits(d.bands.Low))
	d.text(x+width+5, landTop+9, "start", threeDigits(d.bands.Low+float64(d.bands.N)*d.bands.Step))
}

// line draws two layers.
func (d *landDrawing) line() {
	l, r := d.l, &d.l.Reliefs[d.label]
	low, high := math.Inf(1), math.Inf(-1)
	half := func(node int) float64 {
		if h := r.Means[node].Half; !math.IsNaN(h) {
			return h
		}
		return 0
	}
	for node := range l.Len() {
		if r.Means[node].N > 0 {
			low, high = min(low, r.Means[node].Value-half(node)), max(high, r.Means[node].Value+half(node))
		}
	}
	room := max((high-low)/20, .001)
	low, high = low-room, high+room
	at := func(node int, v float64) spot {
		return spot{landLeft + l.Weights(node)[1]/float64(l.Parts)*(landWidth-2*landLeft), landTop + (high-v)/(high-low)*lineHeight, 0}
	}
	var curve, upper, lower []spot
	wide := float64(landWidth-2*landLeft) / float64(l.Parts)
	for node := range l.Len() {
		m := r.Means[node]
		if m.N == 0 {
			continue
		}
		p := at(node, m.Value)
		if !r.Behind(node) {
			fmt.Fprintf(&d.b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#020202" fill-opacity=".45"/>`, p.x-wide/2, landTop, wide, lineHeight)
		}
		curve, upper = append(curve, p), append(upper, at(node, m.Value+half(node)))
		lower = append(lower, at(node, m.Value-half(node)))
	}
	slices.Reverse(lower)
	fmt.Fprintf(&d.b, "\n"+`<polygon points="%s" fill="#030303" fill-opacity=".25"/>`+"\n", path(append(upper, lower...)))
	fmt.Fprintf(&d.b, `<polyline points="%s" fill="none" stroke="#030303" stroke-width="2"/>`+"\n", path(curve))
	d.wedge(at(r.Best, r.Means[r.Best].Value))
	here := at(0, l.Value(d.label, l.HereAt))
	here.x = landLeft + l.HereAt[1]/float64(l.Parts)*(landWidth-2*landLeft)
	d.ring(here)
	d.text(landLeft, landTop+lineHeight+22, "middle", d.name(0))
	d.text(landWidth-landLeft, landTop+lineHeight+22, "middle", d.name(1))
	d.text(landLeft-6, landTop+9, "end", threeDigits(high))
	d.text(landLeft-6, landTop+lineHeight, "end", threeDigits(low))
}
