package tui

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/mine"
	"strata/experiments/script"
	"strata/experiments/tune"
	"strata/tui/cells"
	"strata/tui/page"
	"strata/tui/pane"
	"strata/tui/prompt"
)

// hasFindings reports whether there is something for the findings to show.
func hasFindings(m *Model) bool {
	return len(m.table.Results) > 0 || m.findings.Mined != nil || m.findings.Tuned != nil || m.evaluation.Mining()
}

// canMine reports whether the rows have a pair of different schemes.
func canMine(m *Model) bool {
	pair := m.RowPair()
	return pair != nil && !pane.SameScheme(pair[0], pair[1]) && !m.Visiting.On && !m.evaluation.Running()
}

// mineRows mines the focused row against the one that its moves are counted from, unless that was done.
func mineRows(m Model) (Model, tea.Cmd) {
	m.findings.Pair = m.RowPair()
	return minePair(m)
}

// minePair shows what was mined of the chosen pair, and mines it first if it was not.
func minePair(m Model) (Model, tea.Cmd) {
	if !m.findings.Page.Mined() {
		m.findings.Page = page.Classes
	}
	var mine, turn tea.Cmd
	if m.findings.Current(m.Filter) == nil && !m.evaluation.Running() {
		m, mine = m.behind(pane.Mining, script.Mine{Schemes: m.findings.Pair})
	}
	m, turn = openFindings(m)
	return m, tea.Batch(mine, turn)
}

// mineStep executes a mine step that was typed.
func mineStep(m Model, step script.Mine) (Model, tea.Cmd) {
	if len(step.Schemes) == 0 {
		step.Schemes = slices.Clone(m.Desk.Schemes)
	}
	m.findings.Pair, m.findings.Mined = step.Schemes, nil
	if !m.findings.Page.Mined() {
		m.findings.Page = page.Classes
	}
	m, mine := m.behind(pane.Mining, step)
	m, turn := openFindings(m)
	return m, tea.Batch(mine, turn)
}

// openFindings opens the view where it was left.
func openFindings(m Model) (Model, tea.Cmd) {
	f := &m.findings
	f.Open, m.Visiting.On, m.Panel = true, false, false
	if f.Label == "" || !slices.Contains(m.findings.Labels(m.scene()), f.Label) {
		f.Label = ""
		if labels := m.findings.Labels(m.scene()); len(labels) > 0 {
			f.Label = labels[0]
		}
	}
	if f.Pair == nil {
		f.Pair = m.RowPair()
	}
	if f.Page.Mined() && f.Mined == nil && !m.evaluation.Mining() {
		f.Page = page.Schemes
	}
	if !f.Page.Mined() && f.Page != page.Tune && len(m.table.Results) == 0 {
		f.Page = page.Classes
	}
	return m.arrange().turn()
}

// turn has the rows of the page made.
func (m Model) turn() (Model, tea.Cmd) {
	m.findings.List, m.findings.Listed = page.RowList{}, false
	return m.relist()
}

// relist has the rows of the page made, while those that there are stay.
func (m Model) relist() (Model, tea.Cmd) {
	f := &m.findings
	m.listing.stop()
	seq := m.listing.seq
	k := page.Listing{
		Gallery: m.gallery, Table: m.table, Marked: m.Rows.Marked, Scheme: f.Scheme, Mined: f.Current(m.Filter),
		Compared: f.Compared, Tuned: f.Tuned, Page: f.Page, Label: f.Label, Reversed: f.Reversed[f.Page],
		Arranged: f.Arranged[f.Page], Small: f.Small,
	}
	return m, m.crew.run(func() tea.Msg { return listed{seq, k.List()} })
}

// listedRows takes the rows of the page, and then the keys that were pressed meanwhile.
func (m Model) listedRows(msg listed) (Model, tea.Cmd) {
	if msg.seq != m.listing.seq {
		return m, nil
	}
	m.findings = m.findings.Made(msg.list, m.layout.ListRows())
	if m.prompt.Kind == prompt.Seek {
		m.prompt = m.prompt.Judge(msg.list.Fault).Tell(msg.list.FoundText())
	}
	held := m.held
	m.held = nil
	var cmds []tea.Cmd
	for _, key := range held {
		var cmd tea.Cmd
		m, cmd = m.key(key)
		cmds = append(cmds, cmd)
	}
	return m, tea.Batch(cmds...)
}

// minedPair takes the end of a mine step.
func (m Model) minedPair(found *mine.Mined) (Model, tea.Cmd) {
	f := &m.findings
	f.Mined, f.Pair = found, found.Evaluation.Schemes
	f.Sheet = nil
	for p := page.Classes; p < page.Count; p++ {
		f.At[p], f.Top[p] = 0, 0
	}
	m.status = m.status.Tell("mined %s against %s over %s %s%s", found.Evaluation.Schemes[0], found.Evaluation.Schemes[1], cells.Thousands(len(found.Evaluation.Queries)),
		cells.Plural("query", len(found.Evaluation.Queries)), map[bool]string{false: ": t shows it"}[f.Open])
	if f.Open {
		return openFindings(m)
	}
	return m, nil
}

// turnPage shows another page.
func turnPage(m Model, by int) (Model, tea.Cmd) {
	m.findings.Page = m.findings.Turned(by)
	if labels := m.findings.Labels(m.scene()); !slices.Contains(labels, m.findings.Label) && len(labels) > 0 {
		m.findings.Label = labels[0]
	}
	return m.turn()
}

// nextLabel judges by the next label; on the page of schemes the cursor goes there.
func nextLabel(m Model) (Model, tea.Cmd) {
	f := &m.findings
	labels := m.findings.Labels(m.scene())
	i := slices.Index(labels, f.Label)
	f.Label = labels[(i+1)%len(labels)]
	if f.Page == page.Schemes {
		for row := range f.List.Rows {
			if look := f.List.Look(row); look.Label == f.Label {
				m.findings = f.Moved(row, m.layout.ListRows())
				break
			}
		}
		return m, nil
	}
	f.At[f.Page], f.Top[f.Page] = 0, 0
	return m.turn()
}

// reverse shows the page from its other end.
func reverse(m Model) (Model, tea.Cmd) {
	f := &m.findings
	f.Reversed[f.Page] = !f.Reversed[f.Page]
	f.At[f.Page], f.Top[f.Page] = 0, 0
	return m.turn()
}

// toggleSmall shows or hides classes of few queries.
func toggleSmall(m Model) (Model, tea.Cmd) {
	f := &m.findings
	f.Small = !f.Small
	f.At[f.Page], f.Top[f.Page] = 0, 0
	return m.turn()
}

// moveFinding moves the cursor by rows.
func moveFinding(m Model, by int) (Model, tea.Cmd) {
	m.findings = m.findings.Step(&m.layout, by)
	return m, nil
}

// lineOfSheet moves the cursor of a sheet by lines.
func lineOfSheet(m Model, by int) (Model, tea.Cmd) {
	return moveFinding(m, by*m.findings.Sheet.Plan(&m.layout).Across)
}

// pageFindings moves the cursor by screens.
func pageFindings(m Model, by int) (Model, tea.Cmd) {
	return moveFinding(m, by*max(m.layout.ListRows()-1, 1))
}

// endFindings moves the cursor to the first row or the last.
func endFindings(m Model, by int) (Model, tea.Cmd) { return moveFinding(m, by*m.findings.List.Rows) }

// lookAt shows what is behind the row under the cursor, or behind the item of a sheet.
func lookAt(m Model) (Model, tea.Cmd) {
	f := &m.findings
	if s := f.Sheet; s != nil {
		var queries []int
		for _, row := range s.Items {
			if m.gallery.IsQuery(row) {
				queries = append(queries, row)
			}
		}
		return m.visit(page.Look{
			Schemes: f.Mined.Evaluation.Schemes, Queries: queries, At: slices.Index(queries, s.Items[s.At]), Label: s.Label, What: "of the sheet",
		}, true)
	}
	look := f.List.Look(f.At[f.Page])
	switch {
	case look.Scheme != nil:
		f.Scheme, f.Label, f.Page = *look.Scheme, look.Label, page.Queries
		f.At[page.Queries], f.Top[page.Queries] = 0, 0
		return m.turn()
	case look.Sheet != nil:
		f.Sheet = look.Sheet
		return m.arrange(), nil
	case look.Rows != nil:
		return takeRows(m, look.Rows, f.Page == page.Tune)
	}
	return m.visit(look, false)
}

// takeRows closes the findings and makes schemes rows of the screen, under the focused one; the last of them is focused.
// Those that were chosen by their means are marked so.
func takeRows(m Model, schemes []scheme.Scheme, chosen bool) (Model, tea.Cmd) {
	m, back := closeFindings(m)
	d := m.Desk
	for _, s := range schemes {
		if chosen {
			m.Chosen = m.Chosen.With(s)
		}
		at := slices.IndexFunc(d.Schemes, func(o scheme.Scheme) bool { return pane.SameScheme(o, s) })
		if at < 0 {
			at = min(m.Rows.Focus+1, len(d.Schemes))
			d = d.Insert(at, s)
		}
		m.Rows.Focus = at
	}
	m.Rows.Cursor, m.Panel = -1, false
	m.Sliders = m.Sliders.Clamped(d.Schemes[m.Rows.Focus])
	if d.Equal(m.Desk) {
		return m.arrange(), back
	}
	return m.put(d)
}

// comparedSchemes takes the end of a compare step.
func comparedSchemes(m Model, e *eval.Evaluation, comparisons []eval.Comparison) Model {
	m.findings.Compared = &page.Compared{Evaluation: e, Comparisons: comparisons}
	if !m.findings.Open {
		m.findings.Page = page.Compare
	}
	m.status = m.status.Tell("compared %d schemes over %s queries: t shows it", len(e.Schemes), cells.Thousands(len(e.Queries)))
	return m
}

// tunedWeights takes the end of a tune step.
func tunedWeights(m Model, t *tune.Tuned) (Model, tea.Cmd) {
	m.findings.Tuned = t
	m.status = m.status.Tell("tuned: the best of %s schemes is %s: t shows it", cells.Thousands(len(t.Trials)), t.Trials[t.Best].Scheme)
	if m.findings.Open {
		return m.turn()
	}
	m.findings.Page = page.Tune
	return m, nil
}

// leaveFindings closes the sheet or the view.
func leaveFindings(m Model) (Model, tea.Cmd) {
	if m.findings.Sheet != nil {
		m.findings.Sheet = nil
		return m.arrange(), nil
	}
	if f := &m.findings; f.Arranged[f.Page].Find != "" {
		m.findings = f.Sought("")
		return m.turn()
	}
	return closeFindings(m)
}

// chooseScheme lists the schemes that can be now, or next.
func chooseScheme(m Model, which int) (Model, tea.Cmd) {
	m.popup = prompt.Popup{Kind: prompt.PopupSchemeA + prompt.PopupKind(which), Title: "Scheme for " + page.Side(which)}
	m.popup.Items = m.findings.Choices(m.scene(), which)
	m.popup.At = max(slices.IndexFunc(m.popup.Items, func(c prompt.Choice) bool { return c.Mark != "" }), 0)
	return m, nil
}

// takeScheme makes the scheme under the popup's cursor now, or next; the other one takes its place if it was that.
func takeScheme(m Model, which int) (Model, tea.Cmd) {
	chosen := m.findings.KnownSchemes(m.scene())[m.popup.At]
	m.popup = prompt.Popup{}
	pair := slices.Clone(m.findings.Pair)
	if pane.SameScheme(chosen, pair[which]) {
		return m, nil
	}
	if pane.SameScheme(chosen, pair[1-which]) {
		pair[1-which] = pair[which]
	}
	pair[which] = chosen
	m.findings.Pair = pair
	return minePair(m)
}

// sortRows sorts by the next column, or by the one before.
func sortRows(m Model, by int) (Model, tea.Cmd) {
	f := &m.findings
	column := f.NextColumn(by, m.layout.List.W)
	f.Reversed[f.Page] = false
	if column == f.Arranged[f.Page].By {
		return m, nil
	}
	return sortBy(m, column)
}

// sortBy sorts by a column, or the other way round if the rows are sorted by it.
func sortBy(m Model, column int) (Model, tea.Cmd) {
	m.findings = m.findings.SortedBy(column)
	return m.turn()
}

// takeSeek closes the prompt; a text with a fault stays.
func takeSeek(m Model) (Model, tea.Cmd) {
	f := &m.findings
	if f.Listed && !f.Stale() && f.List.Fault != nil {
		m.prompt = m.prompt.Judge(f.List.Fault)
		return m, nil
	}
	m.prompt = prompt.Prompt{}
	if text := f.Arranged[f.Page].Find; strings.TrimSpace(text) == "" && text != "" {
		m.findings = f.Sought("")
		return m.turn()
	}
	if f.Stale() { // the keys that follow are for the rows that are being made
		f.Listed = false
	}
	return m, nil
}

// chooseCell lists what can be copied of the row under the cursor.
func chooseCell(m Model) (Model, tea.Cmd) {
	if !m.findings.Behind(m.gallery) {
		return m, nil
	}
	m.popup = prompt.Popup{Kind: prompt.PopupCopy, Title: "Copy", Items: m.findings.Cells()}
	return m, nil
}

// copyCell copies what is under the popup's cursor.
func copyCell(m Model) (Model, tea.Cmd) {
	c := m.popup.Items[m.popup.At]
	what := c.Note
	if m.popup.At < len(m.popup.Items)-1 {
		what += " " + cells.CutID(c.Name, 40)
	}
	m.popup = prompt.Popup{}
	return m, m.copyText(func() (string, string) { return c.Name, what })
}

// copyItem copies the id of the item under the cursor of a sheet.
func copyItem(m Model) (Model, tea.Cmd) {
	s := m.findings.Sheet
	id := m.gallery.ID(s.Items[s.At])
	return m, m.copyText(func() (string, string) { return id, cells.CutID(id, 40) })
}
