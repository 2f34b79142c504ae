package tui

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"strata/experiments/landscape"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/relief"
)

// landscape.go has the page of a weight landscape: it is surveyed in the background, and its picture is drawn there.

// surveyWait is between two stretches of a survey.
const surveyWait = 10 * time.Millisecond

type (
	// surveyed has a landscape of which more is known.
	surveyed struct {
		seq  int
		land *landscape.Landscape
		err  error
	}
	// unsurveyed comes when a survey is to go on.
	unsurveyed struct{ seq int }
	// sketched has the picture of a landscape.
	sketched struct {
		seq     int
		of      relief.Drawing
		picture picture.Picture
		err     error
	}
)

// canSurvey reports whether the focused row has a landscape.
func canSurvey(m *Model) bool {
	return !m.Panel && !m.Visiting.On && m.Shown.Means != nil && len(m.gallery.Labels()) > 0 && relief.Fits(m.Focused())
}

// openLandscape shows the landscape of the focused row's weights.
func openLandscape(m Model) (Model, tea.Cmd) {
	m.relief = m.relief.Opened(m.Rows.Focus, m.Focused(), m.Rows.Marked)
	m.fetching.stop()
	return survey(m)
}

// survey goes on with the landscape.
func survey(m Model) (Model, tea.Cmd) {
	ctx, seq := m.surveying.begin(m.ctx)
	session, of, had := m.session, m.relief.Scheme, m.relief.Latest()
	return m, m.crew.run(func() tea.Msg {
		land, err := session.Landscape(ctx, of, had)
		return surveyed{seq, land, err}
	})
}

// surveys takes what is about the landscape, unless it is late.
func surveys(m Model, msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case unsurveyed:
		if msg.seq == m.surveying.seq && m.relief.Open {
			return survey(m)
		}
	case surveyed:
		return surveyedLand(m, msg)
	case sketched:
		return sketchedLand(m, msg), nil
	}
	return m, nil
}

// surveyedLand shows what is known by now, and goes on.
func surveyedLand(m Model, s surveyed) (Model, tea.Cmd) {
	if s.seq != m.surveying.seq || !m.relief.Open {
		return m, nil
	}
	if s.err != nil || s.land == nil {
		m, back := closeLandscape(m)
		m.complain(s.err)
		return m, back
	}
	wait := surveyWait
	if s.land == m.relief.Land {
		wait = sharpenWait
	}
	m.relief = m.relief.With(s.land)
	if s.land.Final() {
		return m, nil
	}
	return m, m.later(wait, unsurveyed{s.seq})
}

// sketchedLand shows a picture of the landscape.
func sketchedLand(m Model, s sketched) Model {
	if s.seq != m.sketching.seq || !m.relief.Open {
		return m
	}
	m.relief.Busy = false
	if s.err != nil {
		m.complain(s.err)
		return m
	}
	m.relief = m.relief.Drawn(s.of, s.picture)
	return m
}

// sketch has the picture of the landscape drawn, if it is another one.
func (p *panes) sketch() tea.Cmd {
	sight, ok := p.relief.Wants(p.stage())
	if !ok {
		return nil
	}
	ctx, seq := p.sketching.begin(p.ctx)
	p.relief.Asked, p.relief.Busy = sight, true
	view, thumbs := p.relief, p.thumbs
	return p.crew.run(func() tea.Msg {
		d := view.Draw(sight)
		drawn, err := thumbs.Draw(ctx, d.Image, sight.Box)
		return sketched{seq, d, drawn, err}
	})
}

// stage returns the screen that the landscape is put on.
func (p *panes) stage() *relief.Stage {
	return &relief.Stage{
		Size: p.layout.Size, Foot: p.layout.Status, CellW: p.layout.CellW, CellH: p.layout.CellH, Styles: p.styles,
		Plain: p.c.Terminal.Profile == termenv.Ascii, Apart: p.c.Terminal.Graphics.Apart(), Light: p.c.Light,
	}
}

// closeLandscape goes back to the rows.
func closeLandscape(m Model) (Model, tea.Cmd) {
	m.relief = m.relief.Closed()
	m.surveying.stop()
	m.sketching.stop()
	return m.arrange(), nil
}

// takeWeights goes back to the rows, and gives the row the weights of the point.
func takeWeights(m Model) (Model, tea.Cmd) {
	row, s := m.relief.Row, m.relief.Chosen()
	m, back := closeLandscape(m)
	if pane.SameScheme(s, m.Desk.Schemes[row]) {
		return m, back
	}
	m.Rows.Focus = row
	m.Chosen = m.Chosen.With(s)
	return m.put(m.Desk.With(row, s))
}

// mouseLandscape moves the point to where the picture is clicked.
func mouseLandscape(m Model, msg tea.MouseMsg) Model {
	if msg.Button == tea.MouseButtonLeft && msg.Action != tea.MouseActionRelease {
		m.relief = m.relief.Press(m.stage(), msg.X, msg.Y)
	}
	return m
}

// newLandActions returns the keys of the landscape.
func newLandActions() []action {
	view := func(do func(relief.View) relief.View) func(Model) (Model, tea.Cmd) {
		return func(m Model) (Model, tea.Cmd) {
			m.relief = do(m.relief)
			return m, nil
		}
	}
	known := func(when func(v *relief.View) bool) func(*Model) bool {
		return func(m *Model) bool { return m.relief.Known() && when(&m.relief) }
	}
	arrow := func(keys []string, shown, help string, d relief.Direction) action {
		return bind(groupWeight, keys, shown, help, view(func(v relief.View) relief.View { return v.Moved(d) })).
			only(known(func(v *relief.View) bool { return v.Moves(d) }))
	}
	always := func(*relief.View) bool { return true }
	along := func(by int) func(*Model) bool {
		return known(func(v *relief.View) bool { return v.Along(by).At != v.At })
	}
	several := func(v *relief.View) bool { return v.Labels() > 1 }
	actions := []action{
		arrow([]string{"left", "h"}, "←", "point to the left", relief.Left).at("←→↑↓ point"),
		arrow([]string{"right"}, "→", "point to the right", relief.Right).at("←→↑↓ point"),
		arrow([]string{"up", "k"}, "↑", "point up", relief.Up).at("←→↑↓ point"),
		arrow([]string{"down", "j"}, "↓", "point down", relief.Down).at("←→↑↓ point"),
		arrow([]string{"shift+left"}, "shift+←", "a little to the left", relief.FineLeft),
		arrow([]string{"shift+right"}, "shift+→", "a little to the right", relief.FineRight),
		bind(groupWeight, []string{"enter"}, "enter", "give the row these weights", takeWeights).at("enter take").only(known(always)),
		bind(groupWeight, []string{"b"}, "b", "point to the best", view(relief.View.ToBest)).at("b best").
			only(known(func(v *relief.View) bool { return !v.AtBest() })),
		bind(groupWeight, []string{"w"}, "w", "point to the row's weights", view(relief.View.ToRow)).at("w row").
			only(known(func(v *relief.View) bool { return v.ToRow().At != v.At })),
		bind(groupWeight, []string{"n"}, "n", "next of the front", view(func(v relief.View) relief.View { return v.Along(1) })).at("n/p front").only(along(1)),
		bind(groupWeight, []string{"p"}, "p", "previous of the front", view(func(v relief.View) relief.View { return v.Along(-1) })).at("n/p front").only(along(-1)),
		bind(groupLook, []string{"l"}, "l", "next label", view(relief.View.NextLabel)).at("l label").
			only(func(m *Model) bool { return several(&m.relief) }),
		bind(groupLook, []string{"tab"}, "tab", "other label of the front", view(relief.View.NextOther)).at("tab other").
			only(func(m *Model) bool { return m.relief.Labels() > 2 }),
		bind(groupLook, []string{"esc"}, "esc", "back", closeLandscape).at("esc back"),
	}
	return append(actions, everywhere("?", "!", "ctrl+l", "N", "X", "y", "ctrl+z", "q")...)
}
