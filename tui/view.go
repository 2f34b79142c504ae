package tui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"

	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/prompt"
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
func (p *panes) scene() *pane.Scene {
	return &pane.Scene{
		Board: &p.Board, Gallery: p.gallery, Styles: p.styles, Layout: &p.layout, Table: p.table,
		Graphics: p.c.Terminal.Graphics, Ready: p.ready,
	}
}

// compose returns the lines of the screen and its pictures.
func (m *Model) compose() ([]string, []picture.Placement) {
	size := m.layout.Size
	if size.Cols < pane.LeastCols || size.Rows < pane.LeastRows {
		return cells.PadLines([]string{wish(size)}, size), nil
	}
	c, sc := cells.NewCanvas(size), m.scene()
	c.Put(0, m.layout.Title, size.Cols, m.status.Title(sc))
	switch {
	case m.relief.Open:
		m.relief.Put(c, m.stage())
	case m.findings.Open:
		m.findings.Put(c, sc, m.evaluation.Mining())
	default:
		sc.Put(c)
	}
	m.putFoot(c)
	lines := c.Finished()
	placements := m.placements()
	if m.popup.Kind != prompt.PopupNone {
		box := m.popup.View(m.styles, size)
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
	return cells.Cut(fmt.Sprintf("strata: %d×%d or more", pane.PictureCols, pane.PictureRows), size.Cols)
}

// putFoot writes the status and the help, or the prompt in their place.
func (m *Model) putFoot(c *cells.Canvas) {
	l, s := &m.layout, m.styles
	if m.prompt.Kind != prompt.None {
		c.Put(0, l.Status, c.Width, m.prompt.View(s, c.Width)...)
		return
	}
	status := m.status
	status.Unlogged = m.session.Unlogged()
	status.Idle, status.Under = status.Memory(m.Shown.Means), m.underCursor()
	c.Put(0, l.Status, c.Width, status.View(s, m.busy(), m.evaluation, m.c.Now(), m.hidden(), m.unsaved(), c.Width))
	h := *m.help
	always := s.Accent.Render("?") + s.Faint.Render(" help ")
	if m.popup.Kind != prompt.PopupNone {
		always = ""
	}
	h.Width = c.Width - 2 - ansi.StringWidth(always)
	c.Put(0, l.Help, c.Width, cells.Flush(" "+h.ShortHelpView(m.footKeys()), always, c.Width))
}

// underCursor names the hit under the cursor whole, where nothing else does.
func (p *panes) underCursor() string {
	h, ok := p.CursorHit()
	if !ok || p.Panel || p.findings.Open || p.relief.Open {
		return ""
	}
	return fmt.Sprintf("hit %d of %d  %s", p.Rows.Cursor+1, p.Rows.Focus+1, p.gallery.ID(h.Row))
}

// footKeys returns the keys for the foot of the screen.
func (m *Model) footKeys() []key.Binding {
	if m.popup.Kind != prompt.PopupNone {
		return m.popup.Bindings(m.popKeys)
	}
	var short []key.Binding
	last := ""
	actions := m.enabled()
	if m.Panel { // what can be done with a hit comes first
		rest := slices.DeleteFunc(slices.Clone(actions), func(a action) bool { return a.group == groupLook })
		actions = append(slices.DeleteFunc(actions, func(a action) bool { return a.group != groupLook }), rest...)
	}
	if m.Visiting.On && !m.Panel { // the way back does, too
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
func (p *panes) placements() []picture.Placement {
	if p.relief.Open {
		return p.relief.Placements(p.stage())
	}
	var all []picture.Placement
	p.eachPicture(func(_ pane.Place, at picture.Placement) { all = append(all, at) })
	return all
}

// eachPicture gives each picture that goes by itself, and is ready.
func (p *panes) eachPicture(give func(pane.Place, picture.Placement)) {
	if p.relief.Open || !p.layout.Pictures || !p.c.Terminal.Graphics.Apart() {
		return
	}
	add := func(at pane.Place, x, y int) {
		if made := p.ready[at]; made.Bytes != nil {
			give(at, made.Placement(x, y))
		}
	}
	switch {
	case !p.findings.Open:
		p.scene().Place(add)
	case p.findings.Sheet != nil:
		p.findings.Sheet.Place(&p.layout, add)
	case p.layout.Aside:
		p.findings.Preview.Place(p.scene(), add)
	}
}

// hidden is the number of schemes that do not fit on the screen.
func (p *panes) hidden() int {
	if p.Panel || p.findings.Open || p.relief.Open {
		return 0
	}
	return len(p.Shown.Schemes) - len(p.Rows.Visible(&p.layout, len(p.Shown.Schemes), false))
}

// busy says what the latest search is at, and since when, while it does what takes its time.
func (p *panes) busy() string {
	if !p.awaited {
		return ""
	}
	text := p.session.Activity()
	if took := p.c.Now().Sub(p.asked); text != "" && took >= time.Second {
		text += fmt.Sprintf(" · %d s", int(took.Seconds()))
	}
	return text
}
