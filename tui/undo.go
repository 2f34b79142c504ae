package tui

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine/scheme"
	"strata/experiments"
	"strata/experiments/history"
	"strata/experiments/script"
	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/prompt"
)

// undo.go keeps what the keys have set, whenever it has come to rest, and goes back to it.

// moment is what undo takes back. Where the cursor stood comes back with it, but a cursor that moves makes no moment.
type moment struct {
	desk   pane.Desk
	filter []scheme.Condition
	walk   pane.Walk
	rows   pane.Rows
	chosen pane.Chosen
	slider int
	visit  int // place of the query among those of a visit
}

// moments are those of the rows, and while a page is visited those of the visit.
type moments struct {
	history.History[moment]
	outer history.History[moment] // those of the rows, during a visit
}

// moment returns what undo would take back to.
func (m *Model) moment() moment {
	rows := m.Rows
	rows.Cursor = -1
	return moment{
		desk: m.Desk, filter: m.conditions, walk: m.Walk, rows: rows, chosen: m.Chosen, slider: m.Sliders.At, visit: m.Visiting.At,
	}
}

// changes names what is otherwise in another moment.
func (a moment) changes(b moment) []string {
	var names []string
	add := func(same bool, name string) {
		if !same {
			names = append(names, name)
		}
	}
	query := a.desk
	query.Schemes, query.Hits = b.desk.Schemes, b.desk.Hits
	add(slices.EqualFunc(a.desk.Schemes, b.desk.Schemes, pane.SameScheme), "rows")
	add(query.Equal(b.desk), "query")
	add(a.desk.K() == b.desk.K(), "k")
	add(pane.Conditions(a.filter) == pane.Conditions(b.filter), "filter")
	add(a.walk.Text == b.walk.Text, "queries like")
	add(slices.Equal(a.rows.Marked, b.rows.Marked), "marked labels")
	add(a.rows.Pinned == b.rows.Pinned, "reference")
	add(a.rows.Caption == b.rows.Caption, "captions")
	return names
}

// restless reports whether something is under way that a moment would catch half done.
func (m *Model) restless() bool {
	return m.prompt.Kind != prompt.None || m.popup.Kind != prompt.PopupNone || m.findings.Open || m.relief.Open || m.awaited || m.unsaved()
}

// changed reports whether something was set since the last moment.
func (m *Model) changed() bool {
	return !m.moments.Empty() && len(m.moment().changes(m.moments.Now())) > 0
}

// remember keeps what the keys have set, if that has come to rest and is not as it was.
func (m Model) remember() Model {
	if !m.restless() && (m.moments.Empty() || m.changed()) {
		m.moments.History = m.moments.With(m.moment())
	}
	return m
}

// goOn makes the states of an earlier session moments. The last is that of the desk.
func (m *Model) goOn(states []experiments.State) error {
	d := m.Desk
	for _, s := range states {
		d.Schemes = s.Schemes
		switch p := s.Picture; {
		case p == nil:
			row, err := m.gallery.Row(s.Query)
			if err != nil {
				return err
			}
			d.Query, d.Image, d.Photo = row, "", 0
		case p.Path != d.Image:
			d = withImage(d, p.Path, m.thumbs, m.session)
		}
		now := m.moment()
		now.desk, now.filter, now.rows.Focus = d, s.Filter, 0
		m.moments.History = m.moments.With(now)
	}
	if len(states) > 0 {
		m.Desk = d
		m.Shown = pane.Frame{Desk: d}
	}
	return nil
}

// canUndo reports whether there is something to take back.
func canUndo(m *Model) bool { return m.moments.Past() > 0 || m.changed() }

// canRedo reports whether something was taken back, and nothing changed since.
func canRedo(m *Model) bool { return m.moments.Ahead() > 0 && !m.changed() }

// travel goes so many moments ahead, negative: back.
func (m Model) travel(by int) (Model, tea.Cmd) {
	if m.changed() {
		m.moments.History = m.moments.With(m.moment())
	}
	moments, ok := m.moments.Moved(by)
	if !ok {
		m.status = m.status.Tell("%s", untravelled(by, m.moments.Past(), m.moments.Ahead()))
		return m, nil
	}
	was, to := m.moments.Now(), moments.Now()
	m.moments.History = moments
	told := "took back: %s; ctrl+r does it again"
	if by > 0 {
		told = "did again: %s; u takes it back"
	}
	m.status = m.status.Tell(told, strings.Join(to.changes(was), ", "))
	m.looking.stop()
	m.resting.stop()
	m.Desk, m.Walk, m.Rows, m.Chosen, m.Sliders.At = to.desk, to.walk, to.rows, to.chosen, to.slider
	m.Panel, m.fetched = false, false
	if m.Visiting.On {
		m.Visiting.At = to.visit
	}
	return m.revisit(by, to)
}

// revisit shows the moment. What is in the log is taken back there, too.
func (m Model) revisit(by int, to moment) (Model, tea.Cmd) {
	logged := m.pending == 0 && m.Desk.Equal(m.Saved) && pane.Conditions(to.filter) == pane.Conditions(m.conditions)
	switch {
	case logged && !m.awaited && m.Shown.Equal(m.Desk) && m.Shown.Rankings != nil:
		return m.arrange(), nil
	case logged:
		return m.search(false)
	case by < 0:
		return m.searchBy(m.session.Back, true, script.Filter{Conditions: to.filter})
	}
	return m.searchBy(m.session.Forth, true, script.Filter{Conditions: to.filter})
}

// untravelled says why nothing is taken back, or done again.
func untravelled(by, past, ahead int) string {
	word, kept := "undo", past
	if by > 0 {
		word, kept = "redo", ahead
	}
	if kept == 0 {
		return "there is nothing to " + word
	}
	return fmt.Sprintf("there are %d %s to %s", kept, cells.Plural("change", kept), word)
}
