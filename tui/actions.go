package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/engine/inert"
	"strata/experiments"
	"strata/tui/cells"
)

// ask makes a row the query.
func (m Model) ask(row int) (Model, tea.Cmd) {
	m.desk.query, m.desk.image = row, ""
	m.rows.cursor = min(m.rows.cursor, 0)
	return m.search(true)
}

// stepQuery goes to the next query, or back to the one before.
func stepQuery(m Model, by int) (Model, tea.Cmd) {
	if m.visiting.on {
		return stepVisit(m, by)
	}
	row, ok := m.walk.step(m.gallery, m.desk.query, by)
	if !ok {
		m.status = m.status.tell("there is no other query")
		return m, nil
	}
	return m.ask(row)
}

func randomQuery(m Model) (Model, tea.Cmd) {
	n := m.gallery.Len()
	if m.walk.text != "" {
		n = len(m.walk.rows)
	}
	for range 1000 { // a gallery may hold few queries; then this is no worse than the next one
		if n == 0 {
			break
		}
		row := m.rng.IntN(n)
		if m.walk.text != "" {
			row = int(m.walk.rows[row])
		}
		if row != m.desk.query && m.gallery.IsQuery(row) {
			return m.ask(row)
		}
	}
	return stepQuery(m, 1)
}

func focusRow(m Model, by int) (Model, tea.Cmd) {
	m.rows.focus += by
	if !m.panel {
		m.rows.cursor = -1
	}
	m.rows.cursor = min(m.rows.cursor, len(m.focusedHits())-1)
	return m.arrange().dissect()
}

// put changes the schemes and searches: the step is logged.
func (m Model) put(d desk) (Model, tea.Cmd) {
	m.desk = d
	m.sliders = m.sliders.clamped(m.focused())
	return m.search(true)
}

// try changes the schemes and looks at the result; the step is logged when the change rests.
func (m Model) try(d desk) (Model, tea.Cmd) {
	m.desk = d
	m.sliders = m.sliders.clamped(m.focused())
	m, preview := m.search(false)
	m, rest := m.rest()
	return m, tea.Batch(preview, rest)
}

func removeRow(m Model) (Model, tea.Cmd) {
	i := m.rows.focus
	if m.rows.pinned && i == 0 {
		m.rows.pinned = false
	}
	m.rows.focus = min(i, len(m.desk.schemes)-2)
	m.rows.cursor = -1
	m.panel = false
	return m.put(m.desk.remove(i))
}

func moveRow(m Model, by int) (Model, tea.Cmd) {
	i := m.rows.focus
	m.rows.focus += by
	return m.put(m.desk.move(i, i+by))
}

// pin puts the focused row on top, as the reference of the others' moves, or frees it.
func pin(m Model) (Model, tea.Cmd) {
	if m.rows.pinned && m.rows.focus == 0 {
		m.rows.pinned = false
		return m.arrange(), nil
	}
	i := m.rows.focus
	m.rows.pinned, m.rows.focus, m.rows.top = true, 0, 0
	if i == 0 {
		return m.arrange(), nil
	}
	return m.put(m.desk.move(i, 0))
}

// slideBy returns the action that moves the chosen weight by a step.
func slideBy(by float64) func(Model) (Model, tea.Cmd) {
	return func(m Model) (Model, tea.Cmd) { return m.slid(m.sliders.slide(m.focused(), by)) }
}

// slideTo returns the action that sets the chosen weight.
func slideTo(weight float64) func(Model) (Model, tea.Cmd) {
	return func(m Model) (Model, tea.Cmd) { return m.slid(withWeight(m.focused(), m.sliders.at, weight)) }
}

func (m Model) slid(s engine.Scheme) (Model, tea.Cmd) {
	if sameScheme(s, m.focused()) {
		return m, nil
	}
	return m.try(m.desk.with(m.rows.focus, s))
}

func nextSlider(m Model, by int) (Model, tea.Cmd) {
	n := len(m.focusedKnobs())
	m.sliders.at = (m.sliders.at + by + n) % n
	return m, nil
}

// enter looks at the hits of the focused row; again, it makes the hit under the cursor the query.
func enter(m Model) (Model, tea.Cmd) {
	if !m.panel {
		if len(m.focusedHits()) == 0 {
			return m, nil
		}
		m.panel = true
		m.rows.cursor = max(m.rows.cursor, 0)
		return m.arrange().dissect()
	}
	h, _ := m.cursorHit()
	return m.ask(h.Row)
}

func moveCursor(m Model, by int) (Model, tea.Cmd) {
	m.rows.cursor += by
	return m.dissect()
}

// back leaves what lies deepest: the panel, a visit from the findings, the cursor, the restriction of queries, the
// evaluation.
func back(m Model) (Model, tea.Cmd) {
	switch {
	case m.panel:
		m.panel = false
		m.rows.cursor = -1
		return m.arrange(), nil
	case m.visiting.on:
		return endVisit(m)
	case m.rows.cursor >= 0:
		m.rows.cursor = -1
	case m.walk.text != "":
		return m.restrict("")
	default:
		return cancelEvaluation(m)
	}
	return m, nil
}

// nextCaption changes what stands under the pictures; moves do where there are none, because over a picture they always
// stand.
func nextCaption(m Model) (Model, tea.Cmd) {
	m.rows.caption = (m.rows.caption + 1) % captions
	if m.rows.caption == captionMove && m.layout.Pictures {
		m.rows.caption++
	}
	m.status = m.status.tell("captions show %s", m.rows.caption)
	return m, nil
}

func redraw(m Model) (Model, tea.Cmd) {
	if m.screen != nil {
		m.screen.Invalidate()
	}
	return m, tea.ClearScreen
}

// quit leaves; a change that has not rested is logged first.
func quit(m Model) (Model, tea.Cmd) {
	if m.desk.equal(m.saved) || m.shown.rankings == nil {
		return m, tea.Quit
	}
	m, save := m.search(true)
	return m, tea.Sequence(save, tea.Quit)
}

// startEvaluation evaluates the schemes of the screen over all queries.
func startEvaluation(m Model) (Model, tea.Cmd) {
	return m.behind(evaluating, experiments.Evaluate{Schemes: slices.Clone(m.desk.schemes)})
}

func cancelEvaluation(m Model) (Model, tea.Cmd) {
	m.evaluation.cancel()
	m.evaluation.cancel = nil
	m.evaluation.seq++
	m.status = m.status.tell("%s is cancelled", m.evaluation.task.noun())
	return m, nil
}

// evaluated takes the end of what ran in the background.
func (m Model) evaluated(e evaluated) (Model, tea.Cmd) {
	if e.seq != m.evaluation.seq {
		return m, nil
	}
	m.evaluation.cancel = nil
	m.status.computing = ""
	if e.err != nil {
		if m.ctx.Err() == nil {
			m.status = m.status.fail(m.c.Now(), e.err)
		}
		return m, nil
	}
	m.status.saved = m.c.Now()
	if r := e.result.Mined; r != nil {
		return m.minedPair(r)
	}
	if r := e.result.Evaluation; r != nil {
		m.table = m.table.with(r)
		did := "evaluated"
		if m.evaluation.task == comparing {
			did = "compared"
		}
		m.status = m.status.tell("%s %d %s over %s %s", did, len(r.Schemes), cells.Plural("scheme", len(r.Schemes)),
			cells.Thousands(len(r.Queries)), cells.Plural("query", len(r.Queries)))
	}
	if m.findings.open {
		return m.turn()
	}
	return m, nil
}

// executed takes the end of a step that was no search.
func (m Model) executed(e executed) Model {
	m.pending--
	if e.err != nil {
		if m.ctx.Err() == nil {
			m.status = m.status.fail(m.c.Now(), e.err)
		}
		return m
	}
	m.status.saved = m.c.Now()
	for _, r := range e.results {
		switch step := r.Step.(type) {
		case experiments.Note:
			m.status = m.status.tell("noted in %s", cells.Cut(m.c.LogPath, 60))
		case experiments.Export:
			m.status = m.status.tell("wrote %s", inert.Text(step.File))
		case experiments.Search:
			m.status = m.status.tell("search %d is done and in the log; the rows keep showing %d", step.K, shownHits)
		default:
			m.status = m.status.tell("done: %s", inert.Text(step.String()))
		}
	}
	return m
}
