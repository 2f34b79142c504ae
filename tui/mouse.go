package tui

import (
	"time"

	"strata/tui/cells"

	tea "github.com/charmbracelet/bubbletea"
)

// doubleClick is the longest time between the two clicks of a double click.
const doubleClick = 400 * time.Millisecond

// mouse acts on the pointer: a click on a picture puts the cursor there, a second one makes it the query; a slider
// follows; the wheel goes through the rows.
func (m Model) mouse(msg tea.MouseMsg) (Model, tea.Cmd) {
	if m.prompt.kind != promptNone {
		return m, nil
	}
	if m.popup.kind != popupNone {
		return mousePopup(m, msg), nil
	}
	if m.findings.open {
		return mouseFindings(m, msg)
	}
	switch {
	case msg.Button == tea.MouseButtonWheelUp && m.rows.focus > 0:
		return focusRow(m, -1)
	case msg.Button == tea.MouseButtonWheelDown && m.rows.focus < len(m.desk.schemes)-1:
		return focusRow(m, 1)
	case msg.Action == tea.MouseActionRelease:
		m.click.dragging = false
	case msg.Button != tea.MouseButtonLeft:
	case msg.Action == tea.MouseActionPress:
		return press(m, msg.X, msg.Y)
	case msg.Action == tea.MouseActionMotion && m.click.dragging:
		return drag(m, msg.X)
	}
	return m, nil
}

// mousePopup scrolls a popup; a click beside it closes it.
func mousePopup(m Model, msg tea.MouseMsg) Model {
	r := cells.Centred(m.popup.view(m.styles, m.layout.Size), m.layout.Size)
	switch {
	case msg.Button == tea.MouseButtonWheelUp:
		m.popup, _, _ = m.popup.update(m.popKeys, tea.KeyMsg{Type: tea.KeyUp})
	case msg.Button == tea.MouseButtonWheelDown:
		m.popup, _, _ = m.popup.update(m.popKeys, tea.KeyMsg{Type: tea.KeyDown})
	case msg.Action == tea.MouseActionPress && !r.Has(msg.X, msg.Y):
		m.popup = popup{}
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
	if f.sheet != nil {
		p := f.sheet.plan(&m.layout)
		first, end := p.visible(f.sheet)
		for i := first; i < end; i++ {
			switch {
			case !p.item(f.sheet, i).Has(msg.X, msg.Y):
			case i == f.sheet.at && m.findings.behind(m.gallery):
				return lookAt(m)
			default:
				f.sheet = f.sheet.moved(&m.layout, i)
			}
		}
		return m, nil
	}
	row := msg.Y - 1 - m.layout.listHead() + f.top[f.page]
	switch {
	case msg.Y < 1+m.layout.listHead() || row >= f.list.rows || msg.Y >= m.layout.Status || f.nothing(m.filter, m.evaluation.mining()) != "":
	case row == f.at[f.page] && m.findings.behind(m.gallery):
		return lookAt(m)
	default:
		return moveFinding(m, row-f.at[f.page])
	}
	return m, nil
}

// press acts on what lies under the pointer.
func press(m Model, x, y int) (Model, tea.Cmd) {
	if at, weight, ok := m.sliders.hitTest(m.focused(), m.layout.Sliders, x, y); ok && !m.panel {
		m.sliders.at = at
		m.click = click{dragging: true}
		return m.slid(withWeight(m.focused(), at, weight))
	}
	for at, i := range m.rows.visible(&m.layout, len(m.shown.schemes), m.panel) {
		if !m.layout.row(at).Has(x, y) {
			continue
		}
		if y == m.layout.row(at).Y { // the scheme's text
			return pressRow(m, i, -1)
		}
		return pressRow(m, i, (x-m.layout.Rows.X)/m.layout.Slot)
	}
	return m, nil
}

// pressRow puts the cursor on a picture of a row, or makes it the query.
func pressRow(m Model, row, cursor int) (Model, tea.Cmd) {
	now := m.c.Now()
	last := m.click
	m.click = click{at: now, row: row, cursor: cursor}
	m.rows.focus = row
	m.sliders = m.sliders.clamped(m.focused())
	if cursor < 0 || cursor >= len(m.focusedHits()) {
		return m, nil
	}
	m.rows.cursor = cursor
	if last.row == row && last.cursor == cursor && now.Sub(last.at) <= doubleClick && m.canAsk(m.gallery) {
		m.click = click{}
		h, _ := m.cursorHit()
		return m.ask(h.Row)
	}
	return m.dissect()
}

// drag moves the slider that was pressed.
func drag(m Model, x int) (Model, tea.Cmd) {
	left, w := m.sliders.track(m.focusedKnobs(), m.layout.Sliders.W)
	return m.slid(withWeight(m.focused(), m.sliders.at, m.sliders.weightAt(x-m.layout.Sliders.X-left, w)))
}
