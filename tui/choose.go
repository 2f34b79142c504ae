package tui

import (
	"fmt"
	"slices"
	"strings"

	"strata/engine"
	"strata/tui/cells"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
)

// keyPopup gives a key to the popup.
func (m Model) keyPopup(msg tea.KeyMsg) (Model, tea.Cmd) {
	p, closed, chosen := m.popup.update(m.popKeys, msg)
	m.popup = p
	if closed {
		m.popup = popup{}
		return m, nil
	}
	switch {
	case chosen && p.kind == popupLayers:
		return toggleLayer(m)
	case chosen && p.kind == popupLabels:
		m = toggleLabel(m)
	case chosen && p.takesOne():
		return takeScheme(m, int(p.kind-popupSchemeA))
	}
	return m, nil
}

// chooseLayers lists the layers, those of the focused scheme marked.
func chooseLayers(m Model) (Model, tea.Cmd) {
	m.popup = popup{kind: popupLayers, title: fmt.Sprintf("Layers of row %d", m.rows.focus+1)}
	m.popup.items = layerChoices(m.gallery, m.focused())
	return m, nil
}

func layerChoices(g *engine.Gallery, scheme engine.Scheme) []choice {
	var items []choice
	for _, l := range g.AllLayers() {
		c := choice{name: l.Name, note: fmt.Sprintf("%d × %v", l.Dim, l.Type)}
		if holds(scheme, l.Name) {
			c.mark = "✓"
		}
		items = append(items, c)
	}
	return items
}

// toggleLayer adds the layer under the cursor to the focused scheme, or takes it out.
func toggleLayer(m Model) (Model, tea.Cmd) {
	s, ok := toggled(m.focused(), m.popup.items[m.popup.at].name)
	if !ok {
		m.status = m.status.fail(m.c.Now(), fmt.Errorf("a scheme needs a layer with a weight above 0"))
		return m, nil
	}
	m, cmd := m.try(m.desk.with(m.rows.focus, s))
	m.popup.items = layerChoices(m.gallery, m.focused())
	return m, cmd
}

// chooseLabels lists the labels with the marks of those that are marked.
func chooseLabels(m Model) (Model, tea.Cmd) {
	m.popup = popup{kind: popupLabels, title: "Labels to mark"}
	m.popup.items = labelChoices(m.gallery, m.rows.marked)
	return m, nil
}

func labelChoices(g *engine.Gallery, marked []string) []choice {
	var items []choice
	for _, l := range g.Labels() {
		c := choice{name: l.Name, note: fmt.Sprintf("%s values", cells.Thousands(len(l.Values())))}
		if i := slices.Index(marked, l.Name); i >= 0 {
			c.mark = marks[i][0]
		}
		items = append(items, c)
	}
	return items
}

// toggleLabel marks the label under the cursor, or no longer does.
func toggleLabel(m Model) Model {
	name := m.gallery.Labels()[m.popup.at].Name
	i := slices.Index(m.rows.marked, name)
	switch {
	case i >= 0:
		m.rows.marked = slices.Delete(slices.Clone(m.rows.marked), i, i+1)
	case len(m.rows.marked) == len(marks):
		m.status = m.status.fail(m.c.Now(), fmt.Errorf("%d labels can be marked at a time", len(marks)))
	default:
		m.rows.marked = append(slices.Clone(m.rows.marked), name)
	}
	m.popup.items = labelChoices(m.gallery, m.rows.marked)
	return m.arrange()
}

// openErrors shows the last errors in full, the latest first.
func openErrors(m Model) (Model, tea.Cmd) {
	lines := slices.Clone(m.status.problems)
	slices.Reverse(lines)
	width := min(m.layout.Size.Cols-8, 100)
	text := lipgloss.NewStyle().Width(max(width, 10)).Render(strings.Join(lines, "\n\n"))
	m.popup = newReader(popupErrors, "Last errors", text, m.layout.Size)
	return m, nil
}

// openHelp lists the keys that do something now, in as many columns as fit.
func openHelp(m Model) (Model, tea.Cmd) {
	blocks := helpBlocks(&m)
	text := ""
	for columns := len(blocks); columns > 0; columns-- {
		text = inColumns(blocks, columns)
		if lipgloss.Width(text) <= m.layout.Size.Cols-6 {
			break
		}
	}
	m.popup = newReader(popupHelp, "Keys", text, m.layout.Size)
	return m, nil
}

// helpBlocks returns a block of lines a group of keys.
func helpBlocks(m *Model) []string {
	byGroup := make([][]key.Binding, groups)
	for _, a := range m.enabled() {
		byGroup[a.group] = append(byGroup[a.group], a.Binding)
	}
	var blocks []string
	for g, bindings := range byGroup {
		if len(bindings) > 0 {
			blocks = append(blocks, m.styles.Bold.Render(group(g).String())+"\n"+m.help.FullHelpView([][]key.Binding{bindings}))
		}
	}
	return blocks
}

// inColumns sets blocks side by side, in order, into columns of about the same height.
func inColumns(blocks []string, columns int) string {
	total := 0
	for _, b := range blocks {
		total += lipgloss.Height(b) + 1
	}
	stacks := make([][]string, columns)
	at, height := 0, 0
	for _, b := range blocks {
		if height > 0 && height+lipgloss.Height(b)/2 > (total+columns-1)/columns && at < columns-1 {
			at, height = at+1, 0
		}
		if len(stacks[at]) > 0 {
			stacks[at] = append(stacks[at], "")
		}
		stacks[at] = append(stacks[at], b)
		height += lipgloss.Height(b) + 1
	}
	var parts []string
	for i, s := range stacks {
		if len(s) == 0 {
			continue
		}
		if i > 0 {
			parts = append(parts, "   ")
		}
		parts = append(parts, lipgloss.JoinVertical(lipgloss.Left, s...))
	}
	return lipgloss.JoinHorizontal(lipgloss.Top, parts...)
}
