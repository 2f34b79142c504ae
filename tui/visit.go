package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/experiments/history"
	"strata/tui/page"
	"strata/tui/pane"
)

// visit goes to the pictures of a look.
func (m Model) visit(l page.Look, sheet bool) (Model, tea.Cmd) {
	if len(l.Queries) == 0 {
		m.status = m.status.Tell("no query to look at")
		return m, nil
	}
	if m.findings.Was == nil {
		m.findings.Was = &pane.Kept{Desk: m.Desk, Shown: m.Shown, Rows: m.Rows, Walk: m.Walk}
		m.moments.outer = m.moments.History
	}
	m.moments.History = history.History[moment]{}
	schemes := l.Schemes
	if !m.findings.Page.Mined() { // what is evaluated is looked at beside the other rows
		schemes = page.Beside(schemes, m.findings.Was.Desk.Schemes)
	}
	m.Visiting = pane.Visit{
		On: true, Schemes: schemes, Queries: l.Queries, At: l.At, Along: l.Along, Sheet: sheet, Focus: l.Focus, What: l.What,
	}
	m.findings.Open = false
	m.Walk = pane.Walk{}
	m.Panel = false
	m.Rows = pane.Rows{Cursor: -1, Caption: m.Rows.Caption, Difference: m.Rows.Difference, Marked: markFirst(m.findings.Was.Rows.Marked, l.Label, m.gallery)}
	m.Desk = pane.Desk{Schemes: schemes, Query: l.Queries[l.At], Hits: m.Desk.Hits}
	m.Shown = pane.Frame{Desk: m.Desk} // what was there before is not shown again
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
	v := &m.Visiting
	n := len(v.Queries)
	v.At = ((v.At+by)%n + n) % n
	if v.Focus != nil {
		m.Rows.Focus = min(v.Focus[v.At], len(m.Desk.Schemes)-1)
		m.Rows.Cursor = 0
		m.Sliders = m.Sliders.Clamped(m.Focused())
	}
	m.Desk.Query, m.Desk.Image = v.Queries[v.At], ""
	return m.search(true)
}

// endVisit goes back to the findings, to the query that was looked at last.
func endVisit(m Model) (Model, tea.Cmd) {
	v := m.Visiting
	m.Visiting.On = false
	m.Panel, m.Rows.Cursor = false, -1
	m.findings.Open = true
	switch {
	case v.Sheet && m.findings.Sheet != nil:
		m.findings.Sheet = m.findings.Sheet.Moved(&m.layout, slices.Index(m.findings.Sheet.Items, v.Queries[v.At]))
	case v.Along:
		m.findings = m.findings.Moved(v.At, m.layout.ListRows())
	}
	return m.arrange(), nil
}

// closeFindings goes back to what was on the screen before, unless a visit has changed the schemes: then those stay.
func closeFindings(m Model) (Model, tea.Cmd) {
	was := m.findings.Was
	m.findings.Open, m.findings.Was = false, nil
	if was == nil {
		return m.arrange(), nil
	}
	m.moments.History = m.moments.outer
	marked := was.Rows.Marked
	if slices.EqualFunc(m.Desk.Schemes, m.Visiting.Schemes, pane.SameScheme) {
		m.Desk, m.Shown, m.Walk = was.Desk, was.Shown, was.Walk
		caption := m.Rows.Caption
		m = m.place(was.Rows)
		m.Rows.Caption = caption
	}
	m.Rows.Marked = marked
	m.Sliders = m.Sliders.Clamped(m.Focused())
	look := m.walkAgain() // what was on the screen may be of other flags
	if m.Desk.Equal(m.Saved) && !m.gallery.Flagging().On(m.conditions) {
		return m.arrange(), look
	}
	m, search := m.search(true)
	return m, tea.Batch(look, search)
}
