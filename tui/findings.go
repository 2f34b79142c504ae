package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/experiments"
	"strata/tui/cells"
)

// findings is the view of what evaluations and a mine step found: pages of rows, of each of which Enter shows the
// pictures.
type findings struct {
	open     bool
	page     page
	label    string
	pair     []engine.Scheme    // A and B, as chosen; nil before the first mine step
	mined    *experiments.Mined // the latest; maybe of another pair
	scheme   engine.Scheme      // whose queries pageQueries lists
	reversed [pages]bool
	small    bool // classes of few queries, too

	list   rowList // of the page
	listed bool    // list is made
	at     [pages]int
	top    [pages]int
	sheet  *sheet // over the list; nil: none

	was *kept // what is given back at the end; nil while nothing was visited
}

// current returns what was mined of the chosen pair under the filter of the screen, or nil.
func (f findings) current(filter string) *experiments.Mined {
	if f.mined == nil || !slices.EqualFunc(f.mined.Schemes, f.pair, sameScheme) || conditions(f.mined.Filter) != filter {
		return nil
	}
	return f.mined
}

// moved returns the findings with the cursor at row i, or as near as there is one, and within the height of the screen.
// A heading is stepped over in the direction of the move.
func (f findings) moved(i, height int) findings {
	was := f.at[f.page]
	last := max(f.list.rows-1, 0)
	i = min(max(i, 0), last)
	by := 1
	if i < was {
		by = -1
	}
	for range 2 {
		for i >= 0 && i <= last && f.list.rows > 0 && f.list.isHeading(i) {
			i += by
		}
		if i >= 0 && i <= last {
			break
		}
		i, by = min(max(i, 0), last), -by
	}
	top := f.top[f.page]
	if i > 0 && f.list.rows > 0 && f.list.isHeading(i-1) { // with its heading
		top = min(top, i-1)
	}
	top = max(min(top, i), i-max(height, 1)+1)
	f.at[f.page], f.top[f.page] = i, max(min(top, f.list.rows-height), 0)
	return f
}

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

// labels returns the labels that the page can be of, the marked ones first.
func (f *findings) labels(sc *scene) []string {
	switch mined := f.current(sc.filter); {
	case !f.page.mined():
		return sc.table.labels(sc.rows.marked)
	case mined != nil:
		return ordered(mined.Labels, sc.rows.marked)
	}
	var names []string
	for _, l := range sc.gallery.Labels() {
		names = append(names, l.Name)
	}
	return ordered(names, sc.rows.marked)
}

// ordered returns names with those that are among first before the others.
func ordered(names, first []string) []string {
	var out []string
	for _, name := range first {
		if slices.Contains(names, name) {
			out = append(out, name)
		}
	}
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
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

// step moves the cursor by rows, or by the items of a sheet.
func (f findings) step(l *layout, by int) findings {
	if s := f.sheet; s != nil {
		f.sheet = s.moved(l, s.at+by)
		return f
	}
	f = f.moved(f.at[f.page]+by, l.listRows())
	if f.page == pageSchemes {
		if look := f.list.look(f.at[f.page]); look.label != "" {
			f.label = look.label
		}
	}
	return f
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

// behind reports whether the row or the item under the cursor has something behind it.
func (f *findings) behind(g *engine.Gallery) bool {
	if s := f.sheet; s != nil {
		return s.at < len(s.items) && g.IsQuery(s.items[s.at])
	}
	return f.listed && f.at[f.page] < f.list.rows && !f.list.isHeading(f.at[f.page])
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

// knownSchemes returns the schemes of the screen and those that were evaluated.
func (f *findings) knownSchemes(sc *scene) []engine.Scheme {
	var all []engine.Scheme
	add := func(schemes []engine.Scheme) {
		for _, s := range schemes {
			if !slices.ContainsFunc(all, func(o engine.Scheme) bool { return sameScheme(o, s) }) {
				all = append(all, s)
			}
		}
	}
	if f.was != nil {
		add(f.was.desk.schemes)
	}
	add(sc.desk.schemes)
	add(f.pair)
	for _, e := range sc.table.results {
		add(e.Schemes)
	}
	return all
}

// choices returns the known schemes as a list to choose A from, or B.
func (f *findings) choices(sc *scene, which int) []choice {
	var items []choice
	for _, s := range f.knownSchemes(sc) {
		c := choice{name: s.String()}
		if i := slices.IndexFunc(f.pair, func(o engine.Scheme) bool { return sameScheme(o, s) }); i >= 0 {
			c.note = "is " + string(rune('A'+i))
			if i == which {
				c.mark = "✓"
			}
		}
		items = append(items, c)
	}
	return items
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
