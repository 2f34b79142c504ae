package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"

	"strata/experiments"
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

// compose returns the lines of the screen and its pictures.
func (m *Model) compose() ([]string, []picture.Placement) {
	size := m.layout.Size
	if size.Cols < leastCols || size.Rows < leastRows {
		return cells.PadLines([]string{m.wish()}, size), nil
	}
	c := cells.NewCanvas(size)
	c.Put(0, m.layout.Title, size.Cols, m.viewTitle())
	if m.findings.open {
		m.putFindings(c)
	} else {
		m.putDesk(c)
	}
	m.putFoot(c)
	lines := c.Finished()
	placements := m.placements()
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

// putDesk writes the query, its sliders, and the schemes with the table or the hit that is looked at.
func (m *Model) putDesk(c *cells.Canvas) {
	q := m.layout.Query
	if !m.panel || m.layout.Wide {
		if !m.layout.Wide && m.layout.Pictures {
			c.Put(1, q.Y, m.layout.QueryBox.Cols, m.pictureCells(m.shown.desk.picture(), m.layout.QueryBox)...)
		}
		c.Put(q.X, q.Y, q.W, m.viewQuery()...)
		s := m.layout.Sliders
		c.Put(s.X, s.Y, s.W, m.sliders.view(m.styles, m.focused(), m.rows.focus, s.W, s.H)...)
	}
	m.putRows(c)
	if m.panel {
		m.putPanel(c)
	} else if t := m.layout.Table; t.H > 0 {
		c.Put(t.X, t.Y, t.W, m.table.view(m.styles, m.rows.marked, m.focused().String(), t.W, t.H)...)
	}
}

// wish says what size the screen would like.
func (m *Model) wish() string {
	return cells.Cut(fmt.Sprintf("strata: %d×%d or more", pictureCols, pictureRows), m.layout.Size.Cols)
}

// putRows writes the visible schemes.
func (m *Model) putRows(c *cells.Canvas) {
	l := &m.layout
	visible := m.rows.visible(l, len(m.shown.schemes), m.panel)
	all := make([][]figure, len(m.shown.schemes))
	for i, scheme := range m.shown.schemes {
		all[i] = m.figures(m.ranking(i), scheme)
	}
	headings := m.headings(all, l.Rows.W-min(24, l.Rows.W/3))
	for at, i := range visible {
		v := rowView{
			place: i, ranking: m.ranking(i), scheme: m.shown.schemes[i], moves: m.movesOf(i),
			focused: i == m.rows.focus, pinned: m.rows.pinned && i == 0, headings: headings[i],
		}
		r := l.row(at)
		c.Put(r.X, r.Y, r.W, m.rows.view(m, v)...)
	}
}

// ranking returns the ranking of scheme i, or nil while it is awaited.
func (m *Model) ranking(i int) *experiments.Ranking {
	if i >= len(m.shown.rankings) {
		return nil
	}
	return &m.shown.rankings[i]
}

// movesOf returns how the hits of row i moved against the pinned row, or the row above.
func (m *Model) movesOf(i int) []int {
	reference := i - 1
	if m.rows.pinned {
		reference = 0
	}
	if i == 0 || m.ranking(i) == nil {
		return nil
	}
	return moves(m.ranking(i).Hits, m.ranking(reference).Hits)
}

// putFoot writes the status and the help, or the prompt in their place.
func (m *Model) putFoot(c *cells.Canvas) {
	l, s := &m.layout, m.styles
	if m.prompt.kind != promptNone {
		c.Put(0, l.Status, c.Width, m.prompt.view(s, c.Width)...)
		return
	}
	status := m.status
	status.unlogged = m.c.Session.Unlogged()
	c.Put(0, l.Status, c.Width, status.view(s, m.busy(), m.evaluation, m.c.Now(), m.hidden(), m.unsaved(), c.Width))
	h := m.help
	always := s.Accent.Render("?") + s.Faint.Render(" help ")
	if m.popup.kind != popupNone {
		always = ""
	}
	h.Width = c.Width - 2 - ansi.StringWidth(always)
	c.Put(0, l.Help, c.Width, cells.Flush(" "+h.ShortHelpView(m.footKeys()), always, c.Width))
}

// hidden is the number of schemes that do not fit on the screen.
func (m *Model) hidden() int {
	if m.panel || m.findings.open {
		return 0
	}
	return len(m.shown.schemes) - len(m.rows.visible(&m.layout, len(m.shown.schemes), false))
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

// pictureCells returns the lines that stand where a picture is: its own, blanks under one that goes by itself, or a
// frame in its place.
func (m *Model) pictureCells(row int, box picture.Box) []string {
	p, ready := m.ready[place{row, box}]
	switch {
	case !ready:
		return cells.EmptyFrame(box, m.styles)
	case p.Err != nil:
		name := m.pictureName(row)
		if name == "" {
			return cells.BrokenFrame(box, m.styles, "no picture", "")
		}
		_, why, _ := strings.Cut(p.Err.Error(), name+": ")
		return cells.BrokenFrame(box, m.styles, name, why)
	case p.Lines != nil:
		return p.Lines
	}
	return make([]string, box.Rows)
}

// placements returns the pictures that go by themselves.
func (m *Model) placements() []picture.Placement {
	l := &m.layout
	if !l.Pictures || m.c.Terminal.Graphics != picture.GraphicsSixel {
		return nil
	}
	var all []picture.Placement
	add := func(row int, box picture.Box, x, y int) {
		if p := m.ready[place{row, box}]; p.Sixel != nil {
			all = append(all, p.Placement(x, y))
		}
	}
	if m.findings.open {
		if m.findings.sheet != nil {
			m.placeSheetPictures(add)
		}
		return all
	}
	switch {
	case l.Wide:
		add(m.shown.desk.picture(), l.QueryBox, l.Query.X, l.Query.Y+1)
	case !m.panel:
		add(m.shown.desk.picture(), l.QueryBox, 1, l.Query.Y)
	}
	for at, i := range m.rows.visible(l, len(m.shown.rankings), m.panel) {
		hits := m.shown.rankings[i].Hits
		for j, h := range hits[:min(len(hits), shownHits)] {
			r := l.thumb(at, j)
			add(h.Row, l.Thumb, r.X, r.Y)
		}
	}
	if h, ok := m.cursorHit(); ok && m.panel {
		add(m.shown.desk.picture(), l.PanelBox, l.Panel.X, l.Panel.Y+1)
		add(h.Row, l.PanelBox, l.Panel.X+l.PanelBox.Cols+2, l.Panel.Y+1)
	}
	return all
}
