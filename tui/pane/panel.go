package pane

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/inert"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/tui/cells"
)

// putPanel writes the hit under the cursor beside the query: their pictures, the labels of both and the parts of the
// score.
func (sc *Scene) putPanel(c *cells.Canvas) {
	l, s := sc.Layout, sc.Styles
	r := l.Panel
	h, ok := sc.CursorHit()
	if !ok || r.H < 2 {
		return
	}
	x := r.X
	if box := l.PanelBox; box.Cols > 0 {
		head := s.Faint.Render("query ") + s.Bold.Render(cells.CutID(sc.queryName(), max(box.Cols-6, 1)))
		c.Put(x, r.Y, box.Cols, head)
		c.Put(x, r.Y+1, box.Cols, sc.PictureCells(sc.Shown.Desk.Picture(), box)...)
		x += box.Cols + 2
		head = s.Faint.Render("hit ") + s.Bold.Render(cells.CutID(sc.Gallery.ID(h.Row), max(box.Cols-4, 1)))
		c.Put(x, r.Y, box.Cols, head)
		c.Put(x, r.Y+1, box.Cols, sc.PictureCells(h.Row, box)...)
		if l.PanelBelow {
			y, height := r.Y+box.Rows+2, r.H-box.Rows-2
			c.Put(r.X, y, box.Cols, cells.FirstLines(s, sc.hitLines(h, box.Cols), height)...)
			c.Put(x, y, box.Cols, cells.FirstLines(s, sc.partLines(h, box.Cols), height)...)
			return
		}
		x += box.Cols + 2
	}
	w := min(r.X+r.W-x, 60)
	about, parts := sc.hitLines(h, w), sc.partLines(h, w)
	if spare := r.H - 1 - len(about) - len(parts); spare < 0 { // both give way, the labels first
		about = cells.FirstLines(s, about, max(len(about)+spare, r.H/2-1))
	}
	c.Put(x, r.Y, w, about...)
	c.Put(x, r.Y+len(about)+1, w, cells.FirstLines(s, parts, r.H-1-len(about))...)
}

// hitLines says where the hit stands and how its labels compare.
func (sc *Scene) hitLines(h rank.Hit, width int) []string {
	s := sc.Styles
	head := s.Faint.Render("hit ") + s.Bold.Render(fmt.Sprint(sc.Rows.Cursor+1))
	if moves := sc.movesOf(sc.Rows.Focus); moves != nil && sc.Rows.Cursor < len(moves) {
		head += "  " + sc.Rows.moveStyle(sc, moves[sc.Rows.Cursor], moveText(moves[sc.Rows.Cursor]))
	}
	id := inert.Text(sc.Gallery.ID(h.Row))
	whole := sc.Layout.PanelBox.Cols-4 >= ansi.StringWidth(id) // over its picture
	if !whole && sc.Layout.PanelBox.Cols == 0 && ansi.StringWidth(head)+ansi.StringWidth(id)+14 < width {
		head, whole = head+"  "+id, true
	}
	if flag := sc.flagText(h.Row, width/3); flag != "" {
		head += "  " + flag
	}
	lines := []string{cells.Flush(head, s.Faint.Render("score ")+s.Bold.Render(cells.Number(h.Score, 4)), width)}
	if !whole {
		for line := range strings.SplitSeq(ansi.Hardwrap(id, max(width, 1), false), "\n") {
			lines = append(lines, s.Bold.Render(line))
		}
	}
	lines = append(lines, s.Plain.Render(cells.Cut(sc.shareText(h), width)))
	query := sc.Shown.Query
	if sc.Shown.Image != "" {
		query = -1
	}
	return append(lines, sc.CompareLabels(query, h.Row, width)...)
}

// shares returns the weights of a sum's layers, by name, and their sum, which the cosines' parts of a score are divided by;
// the weights of another scheme, too.
func shares(of scheme.Scheme) (weights map[string]float64, total float64) {
	weights = map[string]float64{}
	for _, t := range of.Terms {
		weights[t.Factor.String()] = t.Weight
		total += t.Weight
	}
	return weights, total
}

// shareText says what each layer of a sum has of the hit's score: .61 B + .22 pattern.
func (sc *Scene) shareText(h rank.Hit) string {
	of := sc.Shown.Schemes[sc.Rows.Focus]
	if sc.Parts.Hit != h.Row || sc.Parts.Query != sc.Shown.Desk.Picture() || of.Kind != scheme.Sum || len(of.Terms) < 2 {
		return ""
	}
	weights, total := shares(of)
	var parts []string
	for _, c := range sc.Parts.Cosines {
		if w := weights[c.Layer]; w > 0 && !math.IsNaN(c.Value) {
			parts = append(parts, cells.Number(w*c.Value/total, 2)+" "+c.Layer)
		}
	}
	return strings.ReplaceAll(strings.Join(parts, " + "), "+ -", "− ")
}

// CompareLabels lists a row's labels, the marked ones first; mark and colour say which it shares with the other row, of
// which nothing is known if it is -1.
func (sc *Scene) CompareLabels(other, row, width int) []string {
	s := sc.Styles
	labels, widest := sc.labels()
	var lines []string
	for _, l := range labels {
		mark, look := "=", s.Hit
		switch {
		case other < 0:
			mark, look = " ", s.Plain
		case !l.Relevant(other, row):
			mark, look = "≠", s.Miss
		}
		value := cells.Cut(l.Cell(row), width-widest-4)
		switch {
		case l.Judged() && (other < 0 || !l.Judges(other, row)):
			mark, value = " ", s.Faint.Render("not judged")
		case l.Judged():
			value = fmt.Sprintf("grade %d", l.Gain(other, row))
		case !l.Known(row):
			value = s.Faint.Render("unknown")
		}
		lines = append(lines, cells.Padded(s.Faint.Render(cells.Padded(cells.Cut(l.Name, widest), widest))+" "+look.Render(mark)+" "+value, width))
	}
	return lines
}

// partLines lists the layers, those of the scheme first, with the cosine of query and hit and, for a sum, its share of
// the score.
func (sc *Scene) partLines(h rank.Hit, width int) []string {
	s := sc.Styles
	if sc.Parts.Hit != h.Row || sc.Parts.Query != sc.Shown.Desk.Picture() || sc.Parts.Cosines == nil {
		return []string{s.Faint.Render("…")}
	}
	thisScheme := sc.Shown.Schemes[sc.Rows.Focus]
	weights, total := shares(thisScheme)
	name := 5
	for _, c := range sc.Parts.Cosines {
		name = min(max(name, len(c.Layer)), max(width-21, 5))
	}
	sum := thisScheme.Kind == scheme.Sum && thisScheme.Products()
	head := cells.Padded("layer", name) + cells.Right("weight", 7) + cells.Right("cosine", 7)
	if sum {
		head += cells.Right("part", 7)
	}
	var used, others []string
	for _, c := range sc.Parts.Cosines {
		w, cosine := weights[c.Layer], cells.Right(cells.Number(c.Value, 4), 7)
		line := cells.Padded(cells.Cut(c.Layer, name), name)
		if w == 0 {
			others = append(others, s.Faint.Render(cells.Cut(line+cells.Right("", 7)+cosine, width)))
			continue
		}
		line += cells.Right(cells.WeightText(w), 7) + cosine
		if sum && !math.IsNaN(c.Value) {
			line += cells.Right(cells.Number(w*c.Value/total, 4), 7)
		}
		used = append(used, cells.Cut(line, width))
	}
	return slices.Concat([]string{s.Faint.Render(cells.Cut(head, width))}, used, others)
}

// Dissected has the cosines of query and hit, a layer each, derived ones too.
type Dissected struct {
	Seq        int
	Query, Hit int // their pictures' numbers
	Cosines    []rank.Cosine
	Err        error
}
