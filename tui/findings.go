package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"strata/experiments"
	"strata/tui/cells"
)

// hasFindings reports whether there is something for the findings to show.
func hasFindings(m *Model) bool {
	return len(m.table.results) > 0 || m.findings.mined != nil || m.evaluation.mining()
}

// canMine reports whether the rows have a pair of different schemes.
func canMine(m *Model) bool {
	pair := m.rowPair()
	return pair != nil && !sameScheme(pair[0], pair[1]) && !m.visiting.on && !m.evaluation.running()
}

// mineRows mines the focused row against the one that its moves are counted from, unless that was done.
func mineRows(m Model) (Model, tea.Cmd) {
	m.findings.pair = m.rowPair()
	return minePair(m)
}

// minePair shows what was mined of the chosen pair, and mines it first if it was not.
func minePair(m Model) (Model, tea.Cmd) {
	if !m.findings.page.mined() {
		m.findings.page = pageClasses
	}
	var mine, turn tea.Cmd
	if m.findings.current(m.filter) == nil && !m.evaluation.running() {
		m, mine = m.behind(mining, experiments.Mine{Schemes: m.findings.pair})
	}
	m, turn = openFindings(m)
	return m, tea.Batch(mine, turn)
}

// mineStep executes a mine step that was typed.
func mineStep(m Model, step experiments.Mine) (Model, tea.Cmd) {
	if len(step.Schemes) == 0 {
		step.Schemes = slices.Clone(m.desk.schemes)
	}
	m.findings.pair, m.findings.mined = step.Schemes, nil
	if !m.findings.page.mined() {
		m.findings.page = pageClasses
	}
	m, mine := m.behind(mining, step)
	m, turn := openFindings(m)
	return m, tea.Batch(mine, turn)
}

// openFindings opens the view where it was left.
func openFindings(m Model) (Model, tea.Cmd) {
	f := &m.findings
	f.open, m.visiting.on, m.panel = true, false, false
	if f.label == "" || !slices.Contains(m.findings.labels(m.scene()), f.label) {
		f.label = ""
		if labels := m.findings.labels(m.scene()); len(labels) > 0 {
			f.label = labels[0]
		}
	}
	if f.pair == nil {
		f.pair = m.rowPair()
	}
	if f.page.mined() && f.mined == nil && !m.evaluation.mining() {
		f.page = pageSchemes
	}
	if !f.page.mined() && len(m.table.results) == 0 {
		f.page = pageClasses
	}
	return m.turn()
}

// turn has the rows of the page made.
func (m Model) turn() (Model, tea.Cmd) {
	f := &m.findings
	m.listing = m.listing.stop()
	seq := m.listing.seq
	k := listing{
		gallery: m.gallery, table: m.table, marked: m.rows.marked, scheme: f.scheme, mined: f.current(m.filter),
		page: f.page, label: f.label, reversed: f.reversed[f.page], small: f.small,
	}
	f.list, f.listed = rowList{}, false
	return m, m.crew.run(func() tea.Msg { return listed{seq, k.list()} })
}

// listedRows takes the rows of the page.
func (m Model) listedRows(msg listed) Model {
	if msg.seq != m.listing.seq {
		return m
	}
	m.findings.list, m.findings.listed = msg.list, true
	m.findings = m.findings.moved(m.findings.at[m.findings.page], m.layout.listRows())
	return m
}

// minedPair takes the end of a mine step.
func (m Model) minedPair(found *experiments.Mined) (Model, tea.Cmd) {
	f := &m.findings
	f.mined, f.pair = found, found.Schemes
	f.sheet = nil
	for p := pageClasses; p < pages; p++ {
		f.at[p], f.top[p] = 0, 0
	}
	m.status = m.status.tell("mined %s against %s over %s %s%s", found.Schemes[0], found.Schemes[1], cells.Thousands(len(found.Queries)),
		cells.Plural("query", len(found.Queries)), map[bool]string{false: ": t shows it"}[f.open])
	if f.open {
		return openFindings(m)
	}
	return m, nil
}

// turnPage shows another page.
func turnPage(m Model, by int) (Model, tea.Cmd) {
	m.findings.page = (m.findings.page + page(by) + pages) % pages
	if labels := m.findings.labels(m.scene()); !slices.Contains(labels, m.findings.label) && len(labels) > 0 {
		m.findings.label = labels[0]
	}
	return m.turn()
}

// nextLabel judges by the next label; on the page of schemes the cursor goes there.
func nextLabel(m Model) (Model, tea.Cmd) {
	f := &m.findings
	labels := m.findings.labels(m.scene())
	i := slices.Index(labels, f.label)
	f.label = labels[(i+1)%len(labels)]
	if f.page == pageSchemes {
		for row := range f.list.rows {
			if look := f.list.look(row); look.label == f.label {
				m.findings = f.moved(row, m.layout.listRows())
				break
			}
		}
		return m, nil
	}
	f.at[f.page], f.top[f.page] = 0, 0
	return m.turn()
}

// reverse shows the page from its other end.
func reverse(m Model) (Model, tea.Cmd) {
	f := &m.findings
	f.reversed[f.page] = !f.reversed[f.page]
	f.at[f.page], f.top[f.page] = 0, 0
	return m.turn()
}

// toggleSmall shows or hides classes of few queries.
func toggleSmall(m Model) (Model, tea.Cmd) {
	f := &m.findings
	f.small = !f.small
	f.at[f.page], f.top[f.page] = 0, 0
	return m.turn()
}

// moveFinding moves the cursor by rows.
func moveFinding(m Model, by int) (Model, tea.Cmd) {
	m.findings = m.findings.step(&m.layout, by)
	return m, nil
}

// lineOfSheet moves the cursor of a sheet by lines.
func lineOfSheet(m Model, by int) (Model, tea.Cmd) {
	return moveFinding(m, by*m.findings.sheet.plan(&m.layout).across)
}

// pageFindings moves the cursor by screens.
func pageFindings(m Model, by int) (Model, tea.Cmd) {
	return moveFinding(m, by*max(m.layout.listRows()-1, 1))
}

// endFindings moves the cursor to the first row or the last.
func endFindings(m Model, by int) (Model, tea.Cmd) { return moveFinding(m, by*m.findings.list.rows) }

// lookAt shows what is behind the row under the cursor, or behind the item of a sheet.
func lookAt(m Model) (Model, tea.Cmd) {
	f := &m.findings
	if s := f.sheet; s != nil {
		var queries []int
		for _, row := range s.items {
			if m.gallery.IsQuery(row) {
				queries = append(queries, row)
			}
		}
		return m.visit(look{
			schemes: f.mined.Schemes, queries: queries, at: slices.Index(queries, s.items[s.at]), label: s.label, what: "of the sheet",
		}, true)
	}
	look := f.list.look(f.at[f.page])
	switch {
	case look.scheme != nil:
		f.scheme, f.label, f.page = *look.scheme, look.label, pageQueries
		f.at[pageQueries], f.top[pageQueries] = 0, 0
		return m.turn()
	case look.sheet != nil:
		f.sheet = look.sheet
		return m, nil
	}
	return m.visit(look, false)
}

// leaveFindings closes the sheet or the view.
func leaveFindings(m Model) (Model, tea.Cmd) {
	if m.findings.sheet != nil {
		m.findings.sheet = nil
		return m, nil
	}
	return closeFindings(m)
}

// chooseScheme lists the schemes that can be A, or B.
func chooseScheme(m Model, which int) (Model, tea.Cmd) {
	m.popup = popup{kind: popupSchemeA + popupKind(which), title: "Scheme " + string(rune('A'+which))}
	m.popup.items = m.findings.choices(m.scene(), which)
	m.popup.at = max(slices.IndexFunc(m.popup.items, func(c choice) bool { return c.mark != "" }), 0)
	return m, nil
}

// takeScheme makes the scheme under the popup's cursor A, or B; the other one takes its place if it was that.
func takeScheme(m Model, which int) (Model, tea.Cmd) {
	chosen := m.findings.knownSchemes(m.scene())[m.popup.at]
	m.popup = popup{}
	pair := slices.Clone(m.findings.pair)
	if sameScheme(chosen, pair[which]) {
		return m, nil
	}
	if sameScheme(chosen, pair[1-which]) {
		pair[1-which] = pair[which]
	}
	pair[which] = chosen
	m.findings.pair = pair
	return minePair(m)
}
