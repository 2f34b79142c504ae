package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
)

// visit goes to the pictures of a look.
func (m Model) visit(l look, sheet bool) (Model, tea.Cmd) {
	if len(l.queries) == 0 {
		m.status = m.status.tell("no query to look at")
		return m, nil
	}
	if m.findings.was == nil {
		m.findings.was = &kept{m.desk, m.shown, m.rows, m.walk}
	}
	schemes := l.schemes
	if !m.findings.page.mined() { // what is evaluated is looked at beside the other rows
		for _, s := range m.findings.was.desk.schemes {
			if !slices.ContainsFunc(schemes, func(o engine.Scheme) bool { return sameScheme(s, o) }) {
				schemes = append(slices.Clone(schemes), s)
			}
		}
	}
	m.visiting = visit{
		on: true, schemes: schemes, queries: l.queries, at: l.at, along: l.along, sheet: sheet, focus: l.focus, what: l.what,
	}
	m.findings.open = false
	m.walk = walk{}
	m.panel = false
	m.rows = rowsPane{cursor: -1, caption: m.rows.caption, marked: markFirst(m.findings.was.rows.marked, l.label, m.gallery)}
	m.desk = desk{schemes: schemes, query: l.queries[l.at]}
	m.shown = frame{desk: m.desk} // what was there before is not shown again
	return stepVisit(m.arrange(), 0)
}

// markFirst returns the marked labels with one of the gallery's before them.
func markFirst(marked []string, label string, g *engine.Gallery) []string {
	if _, err := g.Label(label); err != nil {
		return marked
	}
	out := []string{label}
	for _, l := range marked {
		if l != label && len(out) < max(len(marked), 1) {
			out = append(out, l)
		}
	}
	return out
}

// stepVisit goes on to another query of the visit.
func stepVisit(m Model, by int) (Model, tea.Cmd) {
	v := &m.visiting
	n := len(v.queries)
	v.at = ((v.at+by)%n + n) % n
	if v.focus != nil {
		m.rows.focus = min(v.focus[v.at], len(m.desk.schemes)-1)
		m.rows.cursor = 0
		m.sliders = m.sliders.clamped(m.focused())
	}
	m.desk.query, m.desk.image = v.queries[v.at], ""
	return m.search(true)
}

// endVisit goes back to the findings, to the query that was looked at last.
func endVisit(m Model) (Model, tea.Cmd) {
	v := m.visiting
	m.visiting.on = false
	m.panel, m.rows.cursor = false, -1
	m.findings.open = true
	switch {
	case v.sheet && m.findings.sheet != nil:
		m.findings.sheet = m.findings.sheet.moved(&m.layout, slices.Index(m.findings.sheet.items, v.queries[v.at]))
	case v.along:
		m.findings = m.findings.moved(v.at, m.layout.listRows())
	}
	return m.arrange(), nil
}

// closeFindings goes back to what was on the screen before, unless a visit has changed the schemes: then those stay.
func closeFindings(m Model) (Model, tea.Cmd) {
	was := m.findings.was
	m.findings.open, m.findings.was = false, nil
	if was == nil {
		return m.arrange(), nil
	}
	marked := was.rows.marked
	if slices.EqualFunc(m.desk.schemes, m.visiting.schemes, sameScheme) {
		m.desk, m.shown, m.walk = was.desk, was.shown, was.walk
		caption := m.rows.caption
		m.rows = was.rows
		m.rows.caption = caption
	}
	m.rows.marked = marked
	m.sliders = m.sliders.clamped(m.focused())
	if m.desk.equal(m.saved) {
		return m.arrange(), nil
	}
	return m.search(true)
}
