package tui

import (
	"fmt"
	"math"

	"strata/engine"
)

// putPanel writes the hit under the cursor beside the query: their pictures, the labels of both and the parts of the
// score.
func (m *Model) putPanel(c *canvas) {
	l, s := &m.layout, m.styles
	r := l.Panel
	h, ok := m.cursorHit()
	if !ok || r.H < 2 {
		return
	}
	x := r.X
	if box := l.PanelBox; box.Cols > 0 {
		head := s.faint.Render("query ") + s.bold.Render(cut(m.gallery.ID(m.shown.query), max(box.Cols-6, 1)))
		c.put(x, r.Y, box.Cols, head)
		c.put(x, r.Y+1, box.Cols, m.pictureCells(m.shown.query, box)...)
		x += box.Cols + 2
		head = s.faint.Render("hit ") + s.bold.Render(cut(m.gallery.ID(h.Row), max(box.Cols-4, 1)))
		c.put(x, r.Y, box.Cols, head)
		c.put(x, r.Y+1, box.Cols, m.pictureCells(h.Row, box)...)
		x += box.Cols + 2
	}
	w := min(r.X+r.W-x, 60)
	c.put(x, r.Y, w, m.panelText(h, w, r.H)...)
}

// panelText says where the hit stands, how its labels compare and what its score is made of.
func (m *Model) panelText(h engine.Hit, width, height int) []string {
	s := m.styles
	head := s.faint.Render("hit ") + s.bold.Render(fmt.Sprint(m.rows.cursor+1))
	if moves := m.movesOf(m.rows.focus); moves != nil && m.rows.cursor < len(moves) {
		head += "  " + m.rows.moveStyle(m, moves[m.rows.cursor], moveText(moves[m.rows.cursor]))
	}
	if m.layout.PanelBox.Cols == 0 {
		head += s.faint.Render("  ") + cut(m.gallery.ID(h.Row), width/2)
	}
	lines := []string{flush(head, s.faint.Render("score ")+s.bold.Render(number(h.Score, 4)), width), ""}
	lines = append(lines, m.compareLabels(h.Row, width)...)
	lines = append(lines, "")
	lines = append(lines, m.partLines(h, width)...)
	return lines[:min(len(lines), height)]
}

// compareLabels lists the hit's labels; what it shares with the query is said by mark and colour, the query's value
// stands beside what differs.
func (m *Model) compareLabels(row, width int) []string {
	s := m.styles
	widest := 0
	for _, l := range m.gallery.Labels() {
		widest = min(max(widest, len([]rune(l.Name))), 12)
	}
	var lines []string
	for _, l := range m.gallery.Labels() {
		mark, look := "=", s.hit
		if !l.Relevant(m.shown.query, row) {
			mark, look = "≠", s.miss
		}
		value := cut(l.Cell(row), width-widest-4)
		if !l.Known(row) {
			value = s.faint.Render("unknown")
		}
		lines = append(lines, padded(s.faint.Render(padded(cut(l.Name, widest), widest))+" "+look.Render(mark)+" "+value, width))
	}
	return lines
}

// partLines lists the layers with the cosine of query and hit and, for a sum, its share of the score.
func (m *Model) partLines(h engine.Hit, width int) []string {
	s := m.styles
	if m.parts.hit != h.Row || m.parts.query != m.shown.query || m.parts.cosines == nil {
		return []string{s.faint.Render("…")}
	}
	scheme := m.shown.schemes[m.rows.focus]
	weights, total := map[string]float64{}, 0.0
	for _, t := range scheme.Terms {
		weights[t.Layer] = t.Weight
		total += t.Weight
	}
	name := 5
	for _, l := range m.gallery.Layers {
		name = min(max(name, len(l.Name)), max(width-19, 5))
	}
	sum := scheme.Kind == engine.Sum
	head := padded("layer", name) + right("weight", 7) + right("cosine", 7)
	if sum {
		head += right("part", 6)
	}
	lines := []string{s.faint.Render(cut(head, width))}
	for i, l := range m.gallery.Layers {
		w, used := weights[l.Name]
		look := s.faint
		if used = used && w > 0; used {
			look = s.plain
		}
		line := padded(cut(l.Name, name), name)
		if used {
			line += right(weightText(w), 7)
		} else {
			line += right("", 7)
		}
		line += right(number(m.parts.cosines[i], 4), 7)
		if sum && used && !math.IsNaN(m.parts.cosines[i]) {
			line += right(number(w*m.parts.cosines[i]/total, 4), 6)
		}
		lines = append(lines, look.Render(cut(line, width)))
	}
	return lines
}
