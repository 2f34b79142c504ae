package tui

import (
	tea "github.com/charmbracelet/bubbletea"
)

// means.go sharpens the means on the screen while more queries become known.

// sharper takes what is about the means on the screen, unless it is late.
func sharper(m Model, msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case unsharp:
		if msg.seq == m.sharpening.seq {
			return sharpen(m)
		}
	case sharpened:
		return sharpenedMeans(m, msg)
	}
	return m, nil
}

// sharpenLater looks again at the means on the screen, unless they are final.
func sharpenLater(m Model) (Model, tea.Cmd) {
	if m.Shown.Means == nil || m.Shown.Means.Final() {
		return m, nil
	}
	m.sharpening.begin(m.ctx)
	wait := sharpenWait
	if m.Shown.Means.Empty() {
		wait = soonWait
	}
	return m, m.later(wait, unsharp{m.sharpening.seq})
}

// sharpen takes the means of the queries that are known by now.
func sharpen(m Model) (Model, tea.Cmd) {
	if m.awaited || m.Shown.Means == nil {
		return m, nil // the answer begins anew
	}
	ctx, seq := m.sharpening.begin(m.ctx)
	session, schemes := m.session, m.Shown.Schemes
	return m, m.crew.run(func() tea.Msg {
		means, err := session.SharpenMeans(ctx, schemes)
		return sharpened{seq, means, err}
	})
}

// sharpenedMeans shows the means, which are of the frame that is shown: a search drops those that are on their way.
func sharpenedMeans(m Model, s sharpened) (Model, tea.Cmd) {
	if s.seq != m.sharpening.seq || m.awaited {
		return m, nil
	}
	if s.err != nil {
		m.complain(s.err)
		return m, nil
	}
	m.Shown.Means = s.means
	m.Good.Means = s.means
	return sharpenLater(m)
}
