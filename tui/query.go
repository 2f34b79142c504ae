package tui

import (
	"slices"

	"github.com/charmbracelet/x/ansi"

	"strata/experiments"
)

// viewQuery returns the lines of the query: where it stands among the queries and its labels. In the left column its
// picture lies between the two, otherwise beside them.
func (m *Model) viewQuery() []string {
	l, s := &m.layout, m.styles
	r := l.Query
	at, of := m.walk.position(m.gallery, m.shown.query)
	place := thousands(of)
	if at > 0 {
		place = thousands(at) + " of " + place
	}
	id := m.gallery.ID(m.shown.query)
	if n := ansi.StringWidth(clean(id)); n+len("query ")+1+len(place) > r.W && l.Wide {
		id = s.bold.Render(cutID(id, max(r.W-len(place)-1, 8)))
	} else {
		id = s.faint.Render("query ") + s.bold.Render(cutID(id, max(4, r.W-6)))
	}
	var lines []string
	if l.Wide || r.H > 2 {
		lines = append(lines, flush(id, s.faint.Render(place), r.W))
	} else {
		lines = append(lines, padded(id, r.W))
	}
	if l.Wide && l.Pictures {
		for _, line := range m.pictureCells(m.shown.query, l.QueryBox) {
			lines = append(lines, padded(line, r.W))
		}
	}
	lines = append(lines, m.labelLines(m.shown.query, r.W, r.H-len(lines))...)
	return lines
}

// labelLines lists the row's labels, the marked ones first, with the number of relevant candidates.
func (m *Model) labelLines(row, width, height int) []string {
	s := m.styles
	names := slices.Clone(m.rows.marked)
	widest := 0
	for _, l := range m.gallery.Labels() {
		widest = max(widest, len([]rune(clean(l.Name))))
		if !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
	}
	widest = min(widest, 12)
	var first *experiments.Ranking
	if row == m.shown.query && len(m.shown.rankings) > 0 {
		first = &m.shown.rankings[0]
	}
	var lines []string
	for i, name := range names {
		if len(lines) == height {
			break
		}
		label, err := m.gallery.Label(name)
		if err != nil {
			continue
		}
		mark := " "
		if i < len(m.rows.marked) {
			mark = marks[i][0]
		}
		value := s.plain.Render(cut(label.Cell(row), width-widest-4))
		if !label.Known(row) {
			value = s.faint.Render("unknown")
		}
		text := s.faint.Render(mark+" "+padded(cut(name, widest), widest)) + "  " + value
		count := ""
		if h, ok := labelHits(first, name); ok && h.Skip != experiments.Unknown {
			count = s.faint.Render(thousands(h.R))
		}
		if width < 30 {
			count = ""
		}
		lines = append(lines, flush(text, count, width))
	}
	return lines
}
