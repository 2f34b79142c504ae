package tui

import (
	"time"

	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/prompt"

	tea "github.com/charmbracelet/bubbletea"
)

// doubleClick is the longest time between the two clicks of a double click.
const doubleClick = 400 * time.Millisecond

// mouse acts on the pointer: a click on a picture puts the cursor there, a second one makes it the query; a slider
// follows; the wheel goes through the rows.
func (m Model) mouse(msg tea.MouseMsg) (Model, tea.Cmd) {
	if msg.Action == tea.MouseActionPress {
		m = m.unasked("")
	}
	if m.prompt.Kind != prompt.None {
		return m, nil
	}
	if m.popup.Kind != prompt.PopupNone {
		return mousePopup(m, msg), nil
	}
	if m.relief.Open {
		return mouseLandscape(m, msg), nil
	}
	if m.findings.Open {
		return mouseFindings(m, msg)
	}
	switch {
	case msg.Button == tea.MouseButtonWheelUp && m.Rows.Focus > 0:
		return focusRow(m, -1)
	case msg.Button == tea.MouseButtonWheelDown && m.Rows.Focus < len(m.Desk.Schemes)-1:
		return focusRow(m, 1)
	case msg.Action == tea.MouseActionRelease:
		m.Click.Dragging = false
	case msg.Button != tea.MouseButtonLeft:
	case msg.Action == tea.MouseActionPress:
		return press(m, msg.X, msg.Y)
	case msg.Action == tea.MouseActionMotion && m.Click.Dragging:
		return drag(m, msg.X)
	}
	return m, nil
}

// mousePopup scrolls a popup; a click beside it closes it.
func mousePopup(m Model, msg tea.MouseMsg) Model {
	r := cells.Centred(m.popup.View(m.styles, m.layout.Size), m.layout.Size)
	switch {
	case msg.Button == tea.MouseButtonWheelUp:
		m.popup, _, _ = m.popup.Update(m.popKeys, tea.KeyMsg{Type: tea.KeyUp})
	case msg.Button == tea.MouseButtonWheelDown:
		m.popup, _, _ = m.popup.Update(m.popKeys, tea.KeyMsg{Type: tea.KeyDown})
	case msg.Action == tea.MouseActionPress && !r.Has(msg.X, msg.Y):
		m.popup = prompt.Popup{}
	}
	return m
}

// mouseFindings moves the cursor of the findings; a click on the row under it shows what is behind.
func mouseFindings(m Model, msg tea.MouseMsg) (Model, tea.Cmd) {
	f := &m.findings
	switch {
	case msg.Button == tea.MouseButtonWheelUp:
		return moveFinding(m, -1)
	case msg.Button == tea.MouseButtonWheelDown:
		return moveFinding(m, 1)
	case msg.Button != tea.MouseButtonLeft || msg.Action != tea.MouseActionPress:
		return m, nil
	}
	if f.Sheet != nil {
		return pressSheet(m, msg.X, msg.Y)
	}
	line := msg.Y - m.layout.List.Y - m.layout.ListHead()
	if line == -1 && m.layout.ListHead() > 1 && f.Listed && f.List.Rows > 0 {
		if column := f.ColumnAt(msg.X-m.layout.List.X, m.layout.List.W); column > 0 {
			return sortBy(m, column)
		}
	}
	row := line + f.Top[f.Page]
	switch {
	case msg.X < m.layout.List.X || line < 0 || line >= m.layout.ListRows() || row >= f.List.Rows || f.Nothing(m.Filter, m.evaluation.Mining()) != "":
	case row == f.At[f.Page] && m.findings.Behind(m.gallery):
		return lookAt(m)
	default:
		return moveFinding(m, row-f.At[f.Page])
	}
	return m, nil
}

// pressSheet moves the cursor of a sheet to an item; a press on that under it shows what is behind.
func pressSheet(m Model, x, y int) (Model, tea.Cmd) {
	f := &m.findings
	p := f.Sheet.Plan(&m.layout)
	first, end := p.Visible(f.Sheet)
	for i := first; i < end; i++ {
		switch {
		case !p.Item(f.Sheet, i).Has(x, y):
		case i == f.Sheet.At && m.findings.Behind(m.gallery):
			return lookAt(m)
		default:
			f.Sheet = f.Sheet.Moved(&m.layout, i)
		}
	}
	return m, nil
}

// press acts on what lies under the pointer.
func press(m Model, x, y int) (Model, tea.Cmd) {
	if at, weight, ok := m.Sliders.HitTest(m.Focused(), m.layout.Sliders, x, y); ok && !m.Panel {
		m.Sliders.At = at
		m.Click = pane.Click{Dragging: true}
		return m.slid(pane.WithWeight(m.Focused(), at, weight))
	}
	for at, i := range m.Rows.Visible(&m.layout, len(m.Shown.Schemes), m.Panel) {
		if !m.layout.RowAt(at).Has(x, y) {
			continue
		}
		return pressRow(m, i, m.layout.HitAt(at, x, y))
	}
	return m, nil
}

// pressRow puts the cursor on a picture of a row, or makes it the query.
func pressRow(m Model, row, cursor int) (Model, tea.Cmd) {
	now := m.c.Now()
	last := m.Click
	m.Click = pane.Click{At: now, Row: row, Cursor: cursor}
	m.Rows.Focus = row
	m.Sliders = m.Sliders.Clamped(m.Focused())
	if cursor < 0 || cursor >= len(m.FocusedHits()) {
		return m, nil
	}
	m.Rows.Cursor = cursor
	if last.Row == row && last.Cursor == cursor && now.Sub(last.At) <= doubleClick && m.CanAsk(m.gallery) {
		m.Click = pane.Click{}
		h, _ := m.CursorHit()
		return m.ask(h.Row)
	}
	return m.dissect()
}

// drag moves the slider that was pressed.
func drag(m Model, x int) (Model, tea.Cmd) {
	left, w := m.Sliders.Track(m.FocusedKnobs(), m.layout.Sliders.W)
	return m.slid(pane.WithWeight(m.Focused(), m.Sliders.At, m.Sliders.WeightAt(x-m.layout.Sliders.X-left, w)))
}
