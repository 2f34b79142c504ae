package tui

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/inert"
	"strata/experiments"
	"strata/tui/cells"
)

// viewQuery returns the lines of the query: where it stands among the queries and its labels. In the left column its
// picture lies between the two, otherwise beside them.
func (m *Model) viewQuery() []string {
	l, s := &m.layout, m.styles
	r := l.Query
	place := m.queryPlace()
	if !l.Wide && r.H <= 2 {
		place = ""
	}
	id, label, room := m.queryName(), "query ", r.W-len(place)-1
	if ansi.StringWidth(inert.Text(id))+len(label) > room {
		label = ""
	}
	id = s.Faint.Render(label) + s.Bold.Render(cells.CutID(id, max(room-len(label), 4)))
	lines := []string{cells.Flush(id, s.Faint.Render(place), r.W)}
	if l.Wide && l.Pictures {
		for _, line := range m.pictureCells(m.shown.desk.picture(), l.QueryBox) {
			lines = append(lines, cells.Padded(line, r.W))
		}
	}
	if m.shown.image != "" {
		return append(lines, m.imageLines(r.W, r.H-len(lines))...)
	}
	lines = append(lines, m.labelLines(m.shown.query, r.W, r.H-len(lines))...)
	return lines
}

// queryPlace says where the query stands among the queries; a picture from outside stands nowhere.
func (m *Model) queryPlace() string {
	if m.shown.image != "" {
		return "new"
	}
	if v := m.visiting; v.on && m.shown.query == v.queries[v.at] {
		return fmt.Sprintf("%s of %s %s", cells.Thousands(v.at+1), cells.Thousands(len(v.queries)), inert.Text(v.what))
	}
	at, of := m.walk.position(m.gallery, m.shown.query)
	if at == 0 {
		return cells.Thousands(of)
	}
	return cells.Thousands(at) + " of " + cells.Thousands(of)
}

// countsFrom is the width from which the labels have their numbers of relevant candidates.
const countsFrom = 34

// labelLines lists the row's labels, the marked ones first, with the number of relevant candidates where it fits.
func (m *Model) labelLines(row, width, height int) []string {
	s := m.styles
	names := slices.Clone(m.rows.marked)
	widest := 0
	for _, l := range m.gallery.Labels() {
		widest = max(widest, ansi.StringWidth(inert.Text(l.Name)))
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
		value := s.Plain.Render(cells.Cut(label.Cell(row), width-widest-4))
		if !label.Known(row) {
			value = s.Faint.Render("unknown")
		}
		text := s.Faint.Render(mark+" "+cells.Padded(cells.Cut(name, widest), widest)) + "  " + value
		count := ""
		if h, ok := labelHits(first, name); ok && h.Skip != experiments.Unknown {
			count = s.Faint.Render(cells.Thousands(h.R) + " alike")
		}
		if width < countsFrom || ansi.StringWidth(text)+2+ansi.StringWidth(count) > width {
			count = ""
		}
		lines = append(lines, cells.Flush(text, count, width))
	}
	return lines
}
