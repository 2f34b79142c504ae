package tui

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"
)

// hits.go changes k, the number of hits that are ranked and measured.

// ks are the numbers of hits that the keys go through.
var ks = []int{5, 10, 20, 50}

// nextK returns the next larger one of ks, or smaller with by = -1; k itself where there is none.
func nextK(k, by int) int {
	further := slices.DeleteFunc(slices.Clone(ks), func(o int) bool { return (o-k)*by <= 0 })
	if by < 0 {
		slices.Reverse(further)
	}
	return append(further, k)[0]
}

// hasOtherK reports whether there is a larger k, or a smaller one.
func hasOtherK(by int) func(*Model) bool {
	return func(m *Model) bool { return nextK(m.Desk.K(), by) != m.Desk.K() }
}

// otherK ranks more hits, or fewer.
func otherK(m Model, by int) (Model, tea.Cmd) { return m.rankFirst(nextK(m.Desk.K(), by)) }

// rankFirst ranks so many hits.
func (m Model) rankFirst(k int) (Model, tea.Cmd) {
	m.Desk.Hits = k
	m.Rows.Cursor = min(m.Rows.Cursor, k-1)
	m.status = m.status.Tell("the first %d of each row", k)
	return m.search(true)
}
