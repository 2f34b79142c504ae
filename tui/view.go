package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"

	"strata/tui/cells"
	"strata/tui/picture"
)

// View formats the screen. Where pictures go by themselves, their cells are blank and the last line ends with the marker
// that tells the screen's writer where they are.
func (m Model) View() string {
	if m.layout.Size == (picture.Box{}) {
		return ""
	}
	lines, placements := m.compose()
	text := strings.Join(lines, "\n")
	if m.screen != nil {
		text += m.screen.Stage(placements)
	}
	return text
}

// scene returns what the panes are formatted from.
func (m *Model) scene() *scene {
	return &scene{
		board: &m.board, gallery: m.gallery, styles: m.styles, layout: &m.layout, table: m.table,
		graphics: m.c.Terminal.Graphics, ready: m.ready,
	}
}

// compose returns the lines of the screen and its pictures.
func (m *Model) compose() ([]string, []picture.Placement) {
	size := m.layout.Size
	if size.Cols < leastCols || size.Rows < leastRows {
		return cells.PadLines([]string{wish(size)}, size), nil
	}
	c, sc := cells.NewCanvas(size), m.scene()
	c.Put(0, m.layout.Title, size.Cols, m.status.title(sc))
	if m.findings.open {
		m.findings.put(c, sc, m.evaluation.mining())
	} else {
		sc.put(c)
	}
	m.putFoot(c)
	lines := c.Finished()
	placements := m.placements(sc)
	if m.popup.kind != popupNone {
		box := m.popup.view(m.styles, size)
		r := cells.Centred(box, size)
		cells.Overlay(lines, box, r.X, r.Y)
		placements = slices.DeleteFunc(placements, func(p picture.Placement) bool {
			return r.Meets(cells.Rect{X: p.Col, Y: p.Row, W: p.Box.Cols, H: p.Box.Rows})
		})
	}
	return lines, placements
}

// wish says what size the screen would like.
func wish(size picture.Box) string {
	return cells.Cut(fmt.Sprintf("strata: %d×%d or more", pictureCols, pictureRows), size.Cols)
}

// putFoot writes the status and the help, or the prompt in their place.
func (m *Model) putFoot(c *cells.Canvas) {
	l, s := &m.layout, m.styles
	if m.prompt.kind != promptNone {
		c.Put(0, l.Status, c.Width, m.prompt.view(s, c.Width)...)
		return
	}
	status := m.status
	status.unlogged = m.session.Unlogged()
	c.Put(0, l.Status, c.Width, status.view(s, m.busy(), m.evaluation, m.c.Now(), m.hidden(), m.unsaved(), c.Width))
	h := m.help
	always := s.Accent.Render("?") + s.Faint.Render(" help ")
	if m.popup.kind != popupNone {
		always = ""
	}
	h.Width = c.Width - 2 - ansi.StringWidth(always)
	c.Put(0, l.Help, c.Width, cells.Flush(" "+h.ShortHelpView(m.footKeys()), always, c.Width))
}

// footKeys returns the keys for the foot of the screen.
func (m *Model) footKeys() []key.Binding {
	if m.popup.kind != popupNone {
		return m.popup.bindings(m.popKeys)
	}
	var short []key.Binding
	last := ""
	actions := m.enabled()
	if m.panel { // what can be done with a hit comes first
		rest := slices.DeleteFunc(slices.Clone(actions), func(a action) bool { return a.group == groupLook })
		actions = append(slices.DeleteFunc(actions, func(a action) bool { return a.group != groupLook }), rest...)
	}
	if m.visiting.on && !m.panel { // the way back does, too
		i := slices.IndexFunc(actions, func(a action) bool { return a.Keys()[0] == "esc" })
		actions = slices.Insert(slices.Delete(slices.Clone(actions), i, i+1), 0, actions[i])
	}
	for _, a := range actions {
		if a.foot == "" || a.foot == last {
			continue
		}
		last = a.foot
		keys, what, _ := strings.Cut(a.foot, " ")
		short = append(short, key.NewBinding(key.WithKeys(a.Keys()...), key.WithHelp(keys, what)))
	}
	return short
}

// placements returns the pictures that go by themselves.
func (m *Model) placements(sc *scene) []picture.Placement {
	if !m.layout.Pictures || m.c.Terminal.Graphics != picture.GraphicsSixel {
		return nil
	}
	var all []picture.Placement
	add := func(row int, box picture.Box, x, y int) {
		if p := m.ready[place{row, box}]; p.Sixel != nil {
			all = append(all, p.Placement(x, y))
		}
	}
	switch {
	case !m.findings.open:
		sc.place(add)
	case m.findings.sheet != nil:
		m.findings.sheet.place(&m.layout, add)
	}
	return all
}

// hidden is the number of schemes that do not fit on the screen.
func (m *Model) hidden() int {
	if m.panel || m.findings.open {
		return 0
	}
	return len(m.shown.schemes) - len(m.rows.visible(&m.layout, len(m.shown.schemes), false))
}

// busy says what the latest search is at, and since when, while it does what takes its time.
func (m *Model) busy() string {
	if !m.awaited {
		return ""
	}
	text := m.session.Activity()
	if took := m.c.Now().Sub(m.asked); text != "" && took >= time.Second {
		text += fmt.Sprintf(" · %d s", int(took.Seconds()))
	}
	return text
}
