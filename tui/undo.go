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
	trip  trip
}

// trip is the way to another moment, until the search for it has its answer.
type trip struct {
	seq  int // of the search; 0: there is no trip
	by   int
	back pane.Board              // as it was before
	from history.History[moment] // the same
}

// moment returns what undo would take back to. While a search is awaited, conditions are those before an undo.
func (m *Model) moment() moment {
	rows, filter := m.Rows, m.conditions
	rows.Cursor = -1
	if m.awaited && !m.moments.Empty() {
		filter = m.moments.Now().filter
	}
	return moment{
		desk: m.Desk, filter: filter, walk: m.Walk, rows: rows, chosen: m.Chosen, slider: m.Sliders.At, visit: m.Visiting.At,
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

// same reports whether nothing is otherwise in another moment.
func (a moment) same(b moment) bool { return len(a.changes(b)) == 0 }

// restless reports whether something is under way that a moment would catch half done.
func (p *panes) restless() bool {
	return p.prompt.Kind != prompt.None || p.popup.Kind != prompt.PopupNone || p.findings.Open || p.relief.Open || p.awaited || p.unsaved()
}

// changed reports whether something was set since the last moment.
func (m *Model) changed() bool {
	return !m.moments.Empty() && !m.moment().same(m.moments.Now())
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
	m.moments.History = m.moments.Distinct(moment.same)
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
	to, names := moments.Now(), along(m.moments.History, by)
	t := m.moments.trip
	if !m.awaited || t.seq != m.searching.seq { // else it goes on, from where it began
		t = trip{back: m.Board, from: m.moments.History}
	}
	t.by += by
	m.moments.History = moments
	told := "took back: %s; ctrl+r does it again"
	if by > 0 {
		told = "did again: %s; u takes it back"
	}
	m.status = m.status.Tell(told, names)
	m.restricting.stop()
	m.resting.stop()
	m = m.place(to.rows)
	m.Desk, m.Walk, m.Chosen, m.Sliders.At = to.desk, to.walk, to.chosen, to.slider
	m.Panel = false
	if m.Visiting.On {
		m.Visiting.At = to.visit
	}
	m = m.arrange()
	look := m.walkAgain()
	m, search := m.revisit(by, to)
	t.seq = m.searching.seq
	m.moments.trip = t
	return m, tea.Batch(look, search)
}

// along names what changes on the way so many moments ahead, negative: back.
func along(h history.History[moment], by int) string {
	var names []string
	for range max(by, -by) {
		next, _ := h.Moved(by / max(by, -by))
		for _, name := range next.Now().changes(h.Now()) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		h = next
	}
	return strings.Join(names, ", ")
}

// place takes rows over, shown by the difference or as they are, as now.
func (m Model) place(rows pane.Rows) Model {
	rows.Difference = m.Rows.Difference
	m.Rows, m.fetched = rows, false
	return m
}

// fails takes a trip back whose search has failed, and forgets the moment that it led to. It returns what is to be said.
func (m Model) fails(err error) (Model, tea.Cmd, error) {
	t := m.moments.trip
	m.moments.trip = trip{}
	if t.seq != m.searching.seq || t.by == 0 {
		return m, nil, err
	}
	told := "cannot take this back, and forgets it"
	if t.by > 0 {
		told = "cannot do this again, and forgets it"
	}
	err = fmt.Errorf("%s: %s: %w", told, along(t.from, t.by), err)
	m.moments.History = t.from.Without(t.by).Distinct(moment.same)
	m = m.place(t.back.Rows)
	m.Walk, m.Chosen, m.Sliders, m.Panel = t.back.Walk, t.back.Chosen, t.back.Sliders, t.back.Panel
	m.Visiting.At = t.back.Visiting.At
	m.restricting.stop()
	look := m.walkAgain()
	return m, look, err
}

// revisit shows the moment. What is in the log is taken back there, too.
func (m Model) revisit(by int, to moment) (Model, tea.Cmd) {
	logged := m.pending == 0 && m.Desk.Equal(m.Saved) && pane.Conditions(to.filter) == pane.Conditions(m.conditions)
	switch {
	case logged && !m.awaited && m.Shown.Equal(m.Desk) && m.Shown.Rankings != nil:
		return m, nil
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
