package tui

import (
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine/inert"
	"strata/engine/scheme"
	"strata/experiments/script"
	"strata/tui/cells"
	"strata/tui/pane"
)

// ask makes a row the query.
func (m Model) ask(row int) (Model, tea.Cmd) {
	m.Desk.Query, m.Desk.Image = row, ""
	m.Rows.Cursor = min(m.Rows.Cursor, 0)
	return m.search(true)
}

// stepQuery goes to the next query, or back to the one before.
func stepQuery(m Model, by int) (Model, tea.Cmd) {
	if m.Visiting.On {
		return stepVisit(m, by)
	}
	row, ok := m.Walk.Step(m.gallery, m.Desk.Query, by)
	if !ok {
		m.status = m.status.Tell("there is no other query")
		return m, nil
	}
	return m.ask(row)
}

func randomQuery(m Model) (Model, tea.Cmd) {
	n := m.gallery.Len()
	if m.Walk.Text != "" {
		n = len(m.Walk.Rows)
	}
	for range 1000 { // a gallery may hold few queries; then this is no worse than the next one
		if n == 0 {
			break
		}
		row := m.rng.IntN(n)
		if m.Walk.Text != "" {
			row = int(m.Walk.Rows[row])
		}
		if row != m.Desk.Query && m.gallery.IsQuery(row) {
			return m.ask(row)
		}
	}
	return stepQuery(m, 1)
}

func focusRow(m Model, by int) (Model, tea.Cmd) {
	m.Rows.Focus += by
	if !m.Panel {
		m.Rows.Cursor = -1
	}
	m.Rows.Cursor = min(m.Rows.Cursor, len(m.FocusedHits())-1)
	return m.arrange().dissect()
}

// put changes the schemes and searches: the step is logged.
func (m Model) put(d pane.Desk) (Model, tea.Cmd) {
	m.Desk = d
	m.Sliders = m.Sliders.Clamped(m.Focused())
	return m.search(true)
}

// try changes the schemes and looks at the result; the step is logged when the change rests.
func (m Model) try(d pane.Desk) (Model, tea.Cmd) {
	m.Desk = d
	m.Sliders = m.Sliders.Clamped(m.Focused())
	m, preview := m.search(false)
	rest := m.rest()
	return m, tea.Batch(preview, rest)
}

func removeRow(m Model) (Model, tea.Cmd) {
	i := m.Rows.Focus
	if m.Rows.Pinned && i == 0 {
		m.Rows.Pinned = false
	}
	m.Rows.Focus = min(i, len(m.Desk.Schemes)-2)
	m.Rows.Cursor = -1
	m.Panel = false
	m.status = m.status.Tell("removed %s; u brings it back", cells.Cut(m.Desk.Schemes[i].String(), 40))
	return m.put(m.Desk.Remove(i))
}

func moveRow(m Model, by int) (Model, tea.Cmd) {
	i := m.Rows.Focus
	m.Rows.Focus += by
	return m.put(m.Desk.Move(i, i+by))
}

// pin puts the focused row on top, as the reference of the others' moves, or frees it.
func pin(m Model) (Model, tea.Cmd) {
	if m.Rows.Pinned && m.Rows.Focus == 0 {
		m.Rows.Pinned = false
		return m.arrange(), nil
	}
	i := m.Rows.Focus
	m.Rows.Pinned, m.Rows.Focus, m.Rows.Top = true, 0, 0
	if i == 0 {
		return m.arrange(), nil
	}
	return m.put(m.Desk.Move(i, 0))
}

// slideBy returns the action that moves the chosen weight by a step.
func slideBy(by float64) func(Model) (Model, tea.Cmd) {
	return func(m Model) (Model, tea.Cmd) { return m.slid(m.Sliders.Slide(m.Focused(), by)) }
}

// slideTo returns the action that sets the chosen weight.
func slideTo(weight float64) func(Model) (Model, tea.Cmd) {
	return func(m Model) (Model, tea.Cmd) { return m.slid(pane.WithWeight(m.Focused(), m.Sliders.At, weight)) }
}

func (m Model) slid(s scheme.Scheme) (Model, tea.Cmd) {
	if pane.SameScheme(s, m.Focused()) {
		return m, nil
	}
	if m.Shown.Means != nil {
		m.Chosen = m.Chosen.With(s)
	}
	return m.try(m.Desk.With(m.Rows.Focus, s))
}

func nextSlider(m Model, by int) (Model, tea.Cmd) {
	n := len(m.FocusedKnobs())
	m.Sliders.At = (m.Sliders.At + by + n) % n
	return m, nil
}

// enter looks at the hits of the focused row; again, it makes the hit under the cursor the query.
func enter(m Model) (Model, tea.Cmd) {
	if !m.Panel {
		if len(m.FocusedHits()) == 0 {
			return m, nil
		}
		m.Panel = true
		m.Rows.Cursor = max(m.Rows.Cursor, 0)
		return m.arrange().dissect()
	}
	h, _ := m.CursorHit()
	return m.ask(h.Row)
}

func moveCursor(m Model, by int) (Model, tea.Cmd) {
	m.Rows.Cursor += by
	return m.dissect()
}

// back leaves what lies deepest: the panel, a visit from the findings, the cursor, the restriction of queries, the
// evaluation.
func back(m Model) (Model, tea.Cmd) {
	switch {
	case m.Panel:
		m.Panel = false
		m.Rows.Cursor = -1
		return m.arrange(), nil
	case m.Visiting.On:
		return endVisit(m)
	case m.Rows.Cursor >= 0:
		m.Rows.Cursor = -1
	case m.Walk.Text != "":
		look := m.restrict("")
		return m, look
	default:
		return cancelEvaluation(m)
	}
	return m, nil
}

// nextCaption changes what stands under the pictures; moves do where there are none, because over a picture they always
// stand.
func nextCaption(m Model) (Model, tea.Cmd) {
	m.Rows.Caption = (m.Rows.Caption + 1) % pane.Captions
	if m.Rows.Caption == pane.CaptionMove && m.layout.Pictures {
		m.Rows.Caption++
	}
	m.status = m.status.Tell("captions show %s", m.Rows.Caption)
	return m, nil
}

// toggleDifference shows the rows by what they have that their references have not, or as they are.
func toggleDifference(m Model) (Model, tea.Cmd) {
	m.Rows.Difference = !m.Rows.Difference
	return m.arrange(), nil
}

func redraw(m Model) (Model, tea.Cmd) {
	if m.screen != nil {
		m.screen.Invalidate()
	}
	return m, tea.ClearScreen
}

// quit leaves; a change that has not rested is logged first.
func quit(m Model) (Model, tea.Cmd) {
	if m.evaluation.Running() && !m.evaluation.Warned {
		m.evaluation.Warned = true
		m.status.Question = m.evaluation.Task.Noun() + " runs: q once more ends it, and nothing of it is logged"
		return m, nil
	}
	if m.pending > 0 && !m.leaving {
		m.leaving = true
		m.status.Question = "the last step is being written: q once more leaves before it is"
		return m, nil
	}
	if m.Desk.Equal(m.Saved) || m.Shown.Rankings == nil {
		return m, tea.Quit
	}
	m, save := m.search(true)
	return m, tea.Sequence(save, tea.Quit)
}

// leave goes on to quit when nothing is on its way to the log any more, if q waits for that. cmd is what is to be done
// anyway.
func (m Model) leave(cmd tea.Cmd) (Model, tea.Cmd) {
	if !m.leaving || m.pending > 0 {
		return m, cmd
	}
	m, end := quit(m)
	return m, tea.Batch(cmd, end)
}

// startEvaluation evaluates the schemes of the screen over all queries, or over those that the keys walk through, if they
// are a named set or meet conditions.
func startEvaluation(m Model) (Model, tea.Cmd) {
	step := script.Evaluate{Schemes: slices.Clone(m.Desk.Schemes)}
	if of := m.Walk.Of; of.Scope() {
		step.Set, step.Where = of.Set, of.Where
	}
	return m.behind(pane.Evaluating, step)
}

func cancelEvaluation(m Model) (Model, tea.Cmd) {
	m.evaluation.Cancel()
	m.evaluation.Cancel, m.deciding.steps = nil, nil
	m.evaluation.Seq++
	m.status = m.status.Tell("%s is cancelled", m.evaluation.Task.Noun())
	return m, nil
}

// evaluated takes the end of what ran in the background.
func (m Model) evaluated(e evaluated) (Model, tea.Cmd) {
	if e.seq != m.evaluation.Seq {
		return m, nil
	}
	m.evaluation.Cancel = nil
	m.status.Computing = ""
	steps := m.deciding.steps
	m.deciding.steps = nil
	m = m.arrived(e.number, e.err)
	m.complain(e.err)
	if e.err != nil {
		return m, nil
	}
	m.status.Saved = m.c.Now()
	if r := e.result.Mined; r != nil {
		return m.minedPair(r)
	}
	if t := e.result.Tuned; t != nil {
		return tunedWeights(m, t)
	}
	if r := e.result.Evaluation; r != nil {
		m.table = m.table.With(r)
		m.status = m.status.Tell("evaluated %d %s over %s %s", len(r.Schemes), cells.Plural("scheme", len(r.Schemes)),
			cells.Thousands(len(r.Queries)), cells.Plural("query", len(r.Queries)))
		if e.result.Comparisons != nil {
			m = comparedSchemes(m, r, e.result.Comparisons)
		}
	}
	var write tea.Cmd
	if steps != nil {
		m, write = m.execute(steps...)
	}
	if m.findings.Open {
		m, turn := m.turn()
		return m, tea.Batch(turn, write)
	}
	return m, write
}

// executed takes the end of a step that was no search.
func (m Model) executed(e executed) (Model, tea.Cmd) {
	m.pending--
	m = m.arrived(e.number, e.err)
	m.complain(e.err)
	if e.err != nil {
		return m, nil
	}
	m.status.Saved = m.c.Now()
	var wrote []string
	var again tea.Cmd
	for _, r := range e.results {
		switch step := r.Step.(type) {
		case script.Note:
			m.status = m.status.Tell("noted in %s", cells.Cut(m.c.LogPath, 60))
		case script.Export:
			wrote = append(wrote, step.File)
			m.status = m.status.Tell("wrote %s", wroteText(wrote))
		case script.Flag:
			m.status = m.status.Tell("%s", flagText(step))
			m, again = m.flagged()
		default:
			m.status = m.status.Tell("done: %s", inert.Text(step.String()))
		}
	}
	return m, again
}

// copiedText takes the end of the copying of a text.
func copiedText(m Model, c copied) Model {
	if c.err != nil {
		m.status = m.status.Fail(m.c.Now(), fmt.Errorf("copying: %w", c.err))
		return m
	}
	m.status = m.status.Tell("copied %s, if the terminal allows it (OSC 52)", c.what)
	return m
}
