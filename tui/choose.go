package tui

import (
	"fmt"
	"slices"
	"strings"

	"strata/engine"
	"strata/engine/scheme"
	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/prompt"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
)

// keyPopup gives a key to the popup.
func (m Model) keyPopup(msg tea.KeyMsg) (Model, tea.Cmd) {
	p, closed, chosen := m.popup.Update(m.popKeys, msg)
	m.popup = p
	if closed {
		m.popup = prompt.Popup{}
		return m, nil
	}
	switch {
	case chosen && p.Kind == prompt.PopupLayers:
		return toggleLayer(m)
	case chosen && p.Kind == prompt.PopupLabels:
		m = toggleLabel(m)
	case chosen && p.Kind == prompt.PopupCopy:
		return copyCell(m)
	case chosen && p.TakesOne():
		return takeScheme(m, int(p.Kind-prompt.PopupSchemeA))
	}
	return m, nil
}

// chooseLayers lists the layers, those of the focused scheme marked.
func chooseLayers(m Model) (Model, tea.Cmd) {
	title, items := fmt.Sprintf("Layers of row %d", m.Rows.Focus+1), layerChoices(m.gallery, m.Focused())
	m.popup = prompt.Popup{Kind: prompt.PopupLayers, Title: title, Items: items}
	return m, nil
}

func layerChoices(g *engine.Gallery, scheme scheme.Scheme) []prompt.Choice {
	var items []prompt.Choice
	for _, l := range g.AllLayers() {
		c := prompt.Choice{Name: l.Name, Note: fmt.Sprintf("%d × %v", l.Dim, l.Type)}
		if pane.Holds(scheme, l.Name) {
			c.Mark = "✓"
		}
		items = append(items, c)
	}
	return items
}

// toggleLayer adds the layer under the cursor to the focused scheme, or takes it out.
func toggleLayer(m Model) (Model, tea.Cmd) {
	s, ok := pane.Toggled(m.Focused(), m.popup.Items[m.popup.At].Name)
	if !ok {
		m.status = m.status.Fail(m.c.Now(), fmt.Errorf("a scheme needs a layer with a weight above 0"))
		return m, nil
	}
	m, cmd := m.try(m.Desk.With(m.Rows.Focus, s))
	m.popup.Items = layerChoices(m.gallery, m.Focused())
	return m, cmd
}

// chooseLabels lists the labels with the marks of those that are marked.
func chooseLabels(m Model) (Model, tea.Cmd) {
	m.popup = prompt.Popup{Kind: prompt.PopupLabels, Title: "Labels to mark", Items: labelChoices(m.gallery, m.Rows.Marked)}
	return m, nil
}

func labelChoices(g *engine.Gallery, marked []string) []prompt.Choice {
	var items []prompt.Choice
	for _, l := range g.Labels() {
		c := prompt.Choice{Name: l.Name, Note: fmt.Sprintf("%s values", cells.Thousands(len(l.Values())))}
		if l.Judged() {
			c.Note = "judgements"
		}
		if i := slices.Index(marked, l.Name); i >= 0 {
			c.Mark = pane.Marks[i]
		}
		items = append(items, c)
	}
	return items
}

// toggleLabel marks the label under the cursor, or no longer does.
func toggleLabel(m Model) Model {
	name := m.gallery.Labels()[m.popup.At].Name
	i := slices.Index(m.Rows.Marked, name)
	switch {
	case i >= 0:
		m.Rows.Marked = slices.Delete(slices.Clone(m.Rows.Marked), i, i+1)
	case len(m.Rows.Marked) == len(pane.Marks):
		m.status = m.status.Fail(m.c.Now(), fmt.Errorf("%d labels can be marked at a time", len(pane.Marks)))
	default:
		m.Rows.Marked = append(slices.Clone(m.Rows.Marked), name)
	}
	m.popup.Items = labelChoices(m.gallery, m.Rows.Marked)
	return m.arrange()
}

// openErrors shows the last errors in full, the latest first.
func openErrors(m Model) (Model, tea.Cmd) {
	lines := slices.Clone(m.status.Problems)
	slices.Reverse(lines)
	width := min(m.layout.Size.Cols-8, 100)
	text := lipgloss.NewStyle().Width(max(width, 10)).Render(strings.Join(lines, "\n\n"))
	m.popup = prompt.NewReader(prompt.PopupErrors, "Last errors", text, m.layout.Size)
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
	m.popup = prompt.NewReader(prompt.PopupHelp, "Keys", text, m.layout.Size)
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
