package tui

import (
	"fmt"
	"math"
	"slices"

	"github.com/charmbracelet/x/ansi"

	"strata/engine"
	"strata/engine/inert"
	"strata/tui/cells"
)

// putPanel writes the hit under the cursor beside the query: their pictures, the labels of both and the parts of the
// score.
func (m *Model) putPanel(c *cells.Canvas) {
	l, s := &m.layout, m.styles
	r := l.Panel
	h, ok := m.cursorHit()
	if !ok || r.H < 2 {
		return
	}
	x := r.X
	if box := l.PanelBox; box.Cols > 0 {
		head := s.Faint.Render("query ") + s.Bold.Render(cells.CutID(m.queryName(), max(box.Cols-6, 1)))
		c.Put(x, r.Y, box.Cols, head)
		c.Put(x, r.Y+1, box.Cols, m.pictureCells(m.shown.desk.picture(), box)...)
		x += box.Cols + 2
		head = s.Faint.Render("hit ") + s.Bold.Render(cells.CutID(m.gallery.ID(h.Row), max(box.Cols-4, 1)))
		c.Put(x, r.Y, box.Cols, head)
		c.Put(x, r.Y+1, box.Cols, m.pictureCells(h.Row, box)...)
		if l.PanelBelow {
			y, height := r.Y+box.Rows+2, r.H-box.Rows-2
			c.Put(r.X, y, box.Cols, cells.FirstLines(s, m.hitLines(h, box.Cols), height)...)
			c.Put(x, y, box.Cols, cells.FirstLines(s, m.partLines(h, box.Cols), height)...)
			return
		}
		x += box.Cols + 2
	}
	w := min(r.X+r.W-x, 60)
	about, parts := m.hitLines(h, w), m.partLines(h, w)
	if spare := r.H - 1 - len(about) - len(parts); spare < 0 { // both give way, the labels first
		about = cells.FirstLines(s, about, max(len(about)+spare, r.H/2-1))
	}
	c.Put(x, r.Y, w, about...)
	c.Put(x, r.Y+len(about)+1, w, cells.FirstLines(s, parts, r.H-1-len(about))...)
}

// hitLines says where the hit stands and how its labels compare.
func (m *Model) hitLines(h engine.Hit, width int) []string {
	s := m.styles
	head := s.Faint.Render("hit ") + s.Bold.Render(fmt.Sprint(m.rows.cursor+1))
	if moves := m.movesOf(m.rows.focus); moves != nil && m.rows.cursor < len(moves) {
		head += "  " + m.rows.moveStyle(m, moves[m.rows.cursor], moveText(moves[m.rows.cursor]))
	}
	if m.layout.PanelBox.Cols == 0 {
		head += "  " + cells.CutID(m.gallery.ID(h.Row), width/2)
	}
	lines := []string{cells.Flush(head, s.Faint.Render("score ")+s.Bold.Render(cells.Number(h.Score, 4)), width), ""}
	query := m.shown.query
	if m.shown.image != "" {
		query = -1
	}
	return append(lines, m.compareLabels(query, h.Row, width)...)
}

// compareLabels lists a row's labels, the marked ones first; mark and colour say which it shares with the other row, of
// which nothing is known if it is -1.
func (m *Model) compareLabels(other, row, width int) []string {
	s := m.styles
	widest := 0
	for _, l := range m.gallery.Labels() {
		widest = min(max(widest, ansi.StringWidth(inert.Text(l.Name))), 12)
	}
	labels := slices.Clone(m.gallery.Labels())
	slices.SortStableFunc(labels, func(a, b *engine.Label) int {
		place := func(l *engine.Label) int {
			if i := slices.Index(m.rows.marked, l.Name); i >= 0 {
				return i
			}
			return len(m.rows.marked)
		}
		return place(a) - place(b)
	})
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
		if !l.Known(row) {
			value = s.Faint.Render("unknown")
		}
		lines = append(lines, cells.Padded(s.Faint.Render(cells.Padded(cells.Cut(l.Name, widest), widest))+" "+look.Render(mark)+" "+value, width))
	}
	return lines
}

// partLines lists the layers, those of the scheme first, with the cosine of query and hit and, for a sum, its share of
// the score.
func (m *Model) partLines(h engine.Hit, width int) []string {
	s := m.styles
	if m.parts.hit != h.Row || m.parts.query != m.shown.desk.picture() || m.parts.cosines == nil {
		return []string{s.Faint.Render("…")}
	}
	scheme := m.shown.schemes[m.rows.focus]
	weights, total := map[string]float64{}, 0.0
	for _, t := range scheme.Terms {
		weights[t.Layer] = t.Weight
		total += t.Weight
	}
	name := 5
	for _, c := range m.parts.cosines {
		name = min(max(name, len(c.Layer)), max(width-21, 5))
	}
	sum := scheme.Kind == engine.Sum
	head := cells.Padded("layer", name) + cells.Right("weight", 7) + cells.Right("cosine", 7)
	if sum {
		head += cells.Right("part", 7)
	}
	var used, others []string
	for _, c := range m.parts.cosines {
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
