package relief

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"strata/engine/inert"
	"strata/experiments/landscape"
	"strata/experiments/live"
	"strata/tui/cells"
)

// The marks of the page: the point, the best, the row's weights.
const (
	pointMark = "◉"
	bestMark  = "▲"
	rowMark   = "○"
)

// Put writes the page.
func (v *View) Put(c *cells.Canvas, st *Stage) {
	p, s := v.Plan(st), st.Styles
	c.Put(p.head.X, p.head.Y, p.head.W, cells.Flush(v.title(s, p.head.W/2), s.Faint.Render(v.progress()), p.head.W))
	if !v.Known() {
		c.Put(p.side.X, p.side.Y, p.side.W, s.Plain.Render(cells.Cut(v.nothing(), p.side.W)))
		return
	}
	if p.Box.H > 0 {
		v.putPicture(c, st, p)
	}
	c.Put(p.side.X, p.side.Y, p.side.W, v.side(st, p.side.W, p.side.H)...)
}

// nothing says why there is nothing to show.
func (v *View) nothing() string {
	switch {
	case v.Land == nil || v.Land.Over == 0:
		return "the first neighbours are being built"
	case v.Labels() == 0:
		return "there is no label to judge by"
	}
	return "no query is judged under " + inert.Text(v.Label) + ": l takes the next label"
}

// title names the layers.
func (v *View) title(s *cells.Styles, width int) string {
	var names []string
	for _, t := range v.Scheme.Terms {
		names = append(names, inert.Text(t.Factor.String()))
	}
	last := len(names) - 1
	return s.Strong.Render(cells.Cut("Weights of "+strings.Join(names[:last], ", ")+" and "+names[last], width))
}

// progress says under which label, and over how many queries and weights.
func (v *View) progress() string {
	l := v.Land
	if l == nil || l.Over == 0 || v.Label == "" {
		return ""
	}
	text := "P@10 " + inert.Text(v.Label) + " · " + cells.Thousands(l.Over-l.Unknown)
	if l.Over-l.Unknown < l.Queries {
		text = "so far · " + text + " of " + cells.Thousands(l.Queries)
	}
	text += " queries · "
	if l.Counted < l.Len() {
		return text + fmt.Sprintf("%d of %d weights", l.Counted, l.Len())
	}
	return text + fmt.Sprintf("%d weights", l.Len())
}

// putPicture writes the names around the picture, what stands in its place, and what its colours mean.
func (v *View) putPicture(c *cells.Canvas, st *Stage, p Plan) {
	s, box, l := st.Styles, p.Box, v.Land
	name := func(i int) string { return inert.Text(l.Factors[i].String()) }
	if p.top >= 0 {
		text := cells.Cut(name(0), box.W)
		indent := (box.W - ansi.StringWidth(text)) / 2
		c.Put(box.X, p.top, box.W, strings.Repeat(" ", indent)+s.Bold.Render(text))
	}
	switch {
	case st.characters():
		c.Put(box.X, box.Y, box.W, v.characters(box.W, box.H, st)...)
	case v.placeable(p) && v.Picture.Lines != nil:
		c.Put(box.X, box.Y, box.W, v.Picture.Lines...)
	default:
		c.Put(box.X, box.Y, box.W, make([]string, box.H)...)
	}
	left, right := 1, 2
	if len(l.Factors) == 2 {
		left, right = 0, 1
	}
	half := box.W/2 - 1
	c.Put(box.X, p.bottom, box.W, cells.Flush(s.Bold.Render(cells.Cut(name(left), half)), s.Bold.Render(cells.Cut(name(right), half)), box.W))
	c.Put(box.X, p.scale, box.W, v.scale(st, box.W))
}

// scale says what the colours mean, or where a line's picture begins and ends.
func (v *View) scale(st *Stage, width int) string {
	s, l := st.Styles, v.Land
	label, _ := v.label()
	low, high, _ := l.Span(label)
	if len(l.Factors) == 2 {
		low, high = height(l, label)
		end := ", with 95 % intervals"
		if st.characters() {
			end = levelText
		}
		return s.Faint.Render(cells.Cut("from "+cells.Number(low, 3)+" to "+cells.Number(high, 3)+end, width))
	}
	b := l.Bands(label)
	var bar strings.Builder
	for i := range scaleCells {
		band := i * b.N / scaleCells
		switch {
		case st.characters():
			bar.WriteByte(shades[band*(len(shades)-1)/max(b.N-1, 1)])
		default:
			q := b.Shade(band)
			bar.WriteString(s.Plain.Foreground(lipgloss.Color(fmt.Sprintf("#%02x%02x%02x", q.R, q.G, q.B))).Render("█"))
		}
	}
	end := "  a band is " + strings.TrimLeft(fmt.Sprintf("%g", b.Step), "0")
	if st.characters() {
		end = levelText
	}
	text := s.Faint.Render(cells.Number(low, 3)+" ") + bar.String() + s.Faint.Render(" "+cells.Number(high, 3))
	if !st.characters() && ansi.StringWidth(text+end) > width {
		end = "  bands " + strings.TrimLeft(fmt.Sprintf("%g", b.Step), "0")
	}
	return cells.Padded(text+s.Faint.Render(end), width)
}

// side says what is known of the point, of the best and of the row, and lists the front: at most height lines.
func (v *View) side(st *Stage, width, height int) []string {
	s := st.Styles
	label, other := v.label()
	roomy := height >= 24
	blank := func(lines []string) []string {
		if roomy {
			return append(lines, "")
		}
		return lines
	}
	lines := blank(append(v.weightLines(s, width), v.pointLines(s, width, label, other, roomy)...))
	lines = append(lines, v.bestLines(s, width, label)...)
	lines = blank(lines)
	lines = append(lines, v.levelLines(s, width, label)...)
	lines = blank(lines)
	if room := height - len(lines); room >= 3 {
		lines = append(lines, v.frontLines(s, width, room, label, other)...)
	}
	return lines[:min(len(lines), height)]
}

// weightLines show the weights of the point as bars.
func (v *View) weightLines(s *cells.Styles, width int) []string {
	l, w := v.Land, v.Land.Weights(v.At)
	name := 0
	for _, f := range l.Factors {
		name = min(max(name, ansi.StringWidth(f.String())), 12, width/3)
	}
	track := max(min(width-name-10, 30), 4)
	lines := []string{s.Strong.Render(pointMark+" the point") + s.Faint.Render(v.place())}
	for i, f := range l.Factors {
		share := w[i] / float64(l.Parts)
		at := int(math.Round(share * float64(track)))
		lines = append(lines, "  "+cells.Padded(s.Plain.Render(cells.Cut(f.String(), name)), name+1)+
			s.Accent.Render(strings.Repeat("━", at))+s.Faint.Render(strings.Repeat("─", track-at))+s.Bold.Render(cells.Right(cells.Number(share, 2), 5)))
	}
	return lines
}

// place says what else the point is.
func (v *View) place() string {
	switch {
	case v.At == v.Land.HereNode:
		return fmt.Sprintf(", the weights of row %d", v.Row+1)
	case v.AtBest():
		return ", the best"
	}
	return ""
}

// pointLines say what the point has under the label and the other one, or under all, and how far the best is ahead of it.
func (v *View) pointLines(s *cells.Styles, width, label, other int, all bool) []string {
	l := v.Land
	r := &l.Reliefs[label]
	lines := []string{"  " + meanText(s, s.Bold, r.Label, r.Means[v.At], v.differs(r, v.At))}
	if d := r.Lead[v.At]; d.N > 0 && v.At != r.Best {
		what, by := "  against the best ", "~"+cells.Signed(0-d.Diff)
		more := " ±" + cells.Number((d.High-d.Low)/2, 3) + " p " + cells.Chance(d.P, 3)
		if ansi.StringWidth(what+by+more) > width {
			what = "  against best "
		}
		lines = append(lines, s.Faint.Render(what)+s.Plain.Render(by)+s.Faint.Render(more),
			s.Faint.Render(cells.Cut("  "+wonText(d.Turned()), width)))
	}
	for _, name := range v.labels() {
		if at := slices.Index(l.Labels, name); at == other || all && at != label {
			o := &l.Reliefs[at]
			lines = append(lines, "  "+meanText(s, s.Plain, o.Label, o.Means[v.At], v.differs(o, v.At)))
		}
	}
	return lines
}

// differs reports whether the mean of a point is of other queries than that of the best.
func (v *View) differs(r *landscape.Relief, point int) bool {
	return r.Best >= 0 && r.Means[point].N != r.Means[r.Best].N
}

// meanText writes a mean under a label, with half its interval and its queries.
func meanText(s *cells.Styles, look lipgloss.Style, label string, m live.Mean, differs bool) string {
	mark := " · "
	switch {
	case m.N == 0:
		return look.Render(cells.Cut(label, 14)) + s.Faint.Render(" is not known yet")
	case differs:
		mark = " ≠ "
	}
	return look.Render(cells.Cut(label, 14)+" "+cells.Number(m.Value, 3)) + s.Faint.Render(" ±"+cells.Number(m.Half, 3)+mark+cells.Thousands(m.N))
}

// wonText says for how many queries the first has more hits, as many, fewer.
func wonText(d live.Difference) string {
	return cells.Thousands(d.Win) + " won · " + cells.Thousands(d.Tie) + " tied · " + cells.Thousands(d.Loss) + " lost"
}

// bestLines name the best and the row.
func (v *View) bestLines(s *cells.Styles, width, label int) []string {
	l := v.Land
	r := &l.Reliefs[label]
	line := func(mark, name string, point int) string {
		value := s.Bold.Render(cells.Number(r.Means[point].Value, 3))
		text := s.Plain.Render(mark) + s.Faint.Render(" "+name+" ") + s.Plain.Render(cells.Cut(l.Scheme(point).String(), width-ansi.StringWidth(name)-9))
		return cells.Flush(text, value, width)
	}
	return []string{line(bestMark, "best", r.Best), line(rowMark, fmt.Sprintf("row %d", v.Row+1), l.HereNode)}
}

// levelLines say what the contour means.
func (v *View) levelLines(s *cells.Styles, width, label int) []string {
	l := v.Land
	r := &l.Reliefs[label]
	text := fmt.Sprintf("%d of %d weights are not shown to differ from the best: within the line, ~p ≥ .05. Chosen on these queries: on others the best may do worse.",
		r.Level, l.Counted)
	if len(l.Factors) == 2 {
		text = strings.Replace(text, "within the line", "on the lighter ground", 1)
	}
	var lines []string
	for line := range strings.SplitSeq(ansi.Wordwrap(text, width, ""), "\n") {
		lines = append(lines, s.Faint.Render(line))
	}
	return lines
}

// frontLines list the front, with the point in it within the lines that there are.
func (v *View) frontLines(s *cells.Styles, width, room, label, other int) []string {
	l, front := v.Land, v.Front()
	against := ", numbers"
	if other >= 0 {
		against = ", " + inert.Text(v.Other) + against
	}
	lines := []string{s.Bold.Render(fmt.Sprintf("front of %d", len(front))) + s.Faint.Render(cells.Cut(": "+inert.Text(v.Label)+against, width-12))}
	const weight, value, numbers = 5, 9, 8
	head := ""
	for _, f := range l.Factors {
		head += cells.Right(cells.Cut(f.String(), weight-1), weight)
	}
	head += cells.Right(cells.Cut(v.Label, value-1), value)
	if other >= 0 {
		head += cells.Right(cells.Cut(v.Other, value-1), value)
	}
	wide := ansi.StringWidth(head)+numbers+1 <= width
	if wide {
		head += cells.Right("numbers", numbers)
	}
	lines = append(lines, s.Faint.Render(cells.Cut(" "+head, width)))
	first := 0
	for i, node := range front {
		if node == v.At {
			first = min(max(i-(room-2)/2, 0), max(len(front)-(room-2), 0))
		}
	}
	for _, node := range front[first:min(first+room-2, len(front))] {
		cursor, look := " ", s.Plain
		if node == v.At {
			cursor, look = s.Accent.Render("▸"), s.Strong
		}
		text := ""
		for i := range l.Factors {
			text += cells.Right(cells.WeightText(l.Weights(node)[i]/float64(l.Parts)), weight)
		}
		text += cells.Right(cells.Number(l.Reliefs[label].Means[node].Value, 3), value)
		if other >= 0 {
			text += cells.Right(cells.Number(l.Reliefs[other].Means[node].Value, 3), value)
		}
		if wide {
			text += cells.Right(cells.Thousands(l.Width(node)), numbers)
		}
		lines = append(lines, cursor+look.Render(text))
	}
	return lines
}
