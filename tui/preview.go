package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"strata/tui/page"
	"strata/tui/pane"
)

// preview.go shows the pictures behind the row under the cursor beside a list, where the screen is wide enough.

// previewed has the pictures behind a row of a list.
type previewed struct {
	seq     int
	preview page.Preview
	err     error
}

// overdue comes when a preview has taken so long that the old one must go.
type overdue struct{ seq int }

// beside reports whether a list stands aside from the pictures of its row.
func (p *panes) beside() bool {
	return p.findings.Open && p.findings.Sheet == nil && pane.HasAside(p.layout.Size)
}

// middle returns the board that is in the middle.
func (p *panes) middle() *pane.Board {
	if p.beside() {
		return &p.findings.Preview.Board
	}
	return &p.Board
}

// foresee asks for the pictures behind the row under the cursor, unless they are there or on their way.
func (m Model) foresee() (Model, tea.Cmd) {
	f := &m.findings
	if !m.beside() {
		if f.Preview.Asked != f.Preview.Of {
			m.previewing.stop()
			f.Preview.Asked = f.Preview.Of
		}
		return m, nil
	}
	sight := page.Sight{List: m.listing.seq, At: f.At[f.Page]}
	if sight == f.Preview.Asked || !f.Listed || f.Stale() {
		return m, nil
	}
	ctx, seq := m.previewing.begin(m.ctx)
	f.Preview.Asked = sight
	if !f.Behind(m.gallery) { // the screen's rows stay
		f.Preview = page.Preview{Of: sight, Asked: sight, Board: m.Board}
		return m.arrange(), nil
	}
	base, rows := m.Desk, m.Rows
	if f.Was != nil {
		base, rows = f.Was.Desk, f.Was.Rows
	}
	rows = pane.Rows{Cursor: -1, Caption: rows.Caption, Difference: rows.Difference, Marked: rows.Marked}
	list, of := f.List, *f
	return m, tea.Batch(m.crew.run(func() tea.Msg {
		look := list.Look(sight.At)
		rows.Marked = markFirst(rows.Marked, look.Label, m.gallery)
		p, err := m.rank(ctx, of.Previewed(look, base, rows, m.gallery))
		p.Of, p.Asked = sight, sight
		return previewed{seq, p, err}
	}), m.later(answerWait, overdue{seq}))
}

// rank has the rows of a preview ranked, which is not logged.
func (m worker) rank(ctx context.Context, p page.Preview) (page.Preview, error) {
	if p.Blank() || p.Sheet != nil {
		return p, nil
	}
	results, err := m.session.Preview(ctx, p.Board.Desk.Steps(m.gallery)...)
	if err == nil {
		found := lastSearch(results)
		p.Board.Shown.Rankings, p.Board.Shown.Picture = found.Rankings, found.Picture
	}
	return p, err
}

// previews takes what is about the preview, unless it is late.
func previews(m Model, msg tea.Msg) Model {
	f := &m.findings
	switch msg := msg.(type) {
	case previewed:
		if msg.seq != m.previewing.seq {
			return m
		}
		f.Preview = msg.preview
		f.Preview.Board.Filter = m.Filter
		m.complain(msg.err)
	case overdue:
		if msg.seq != m.previewing.seq || f.Preview.Of == f.Preview.Asked {
			return m
		}
		f.Preview = page.Preview{Asked: f.Preview.Asked}
	}
	return m.arrange()
}
