package tui

import (
	"strings"

	"strata/tui/cells"
	"strata/tui/picture"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/viewport"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
)

// popupKind is what lies over the screen.
type popupKind int

const (
	popupNone popupKind = iota
	popupHelp
	popupErrors
	popupLayers
	popupLabels
	popupSchemeA
	popupSchemeB
)

// popup lies over the middle of the screen: a text to read, or a list to choose from.
type popup struct {
	kind  popupKind
	title string
	text  viewport.Model // of a text
	items []choice       // of a list
	at    int            // the chosen line of the list
}

// choice is a line of a list.
type choice struct {
	name, note string
	mark       string // "" is not chosen
}

// popupKeys are the keys of popups.
type popupKeys struct {
	Close, Up, Down, PageUp, PageDown, Toggle, Take key.Binding
}

func newPopupKeys() popupKeys {
	return popupKeys{
		Close:    key.NewBinding(key.WithKeys("esc", "enter", "q", "?", "!"), key.WithHelp("esc", "close")),
		Up:       key.NewBinding(key.WithKeys("up", "k"), key.WithHelp("↑", "up")),
		Down:     key.NewBinding(key.WithKeys("down", "j"), key.WithHelp("↓", "down")),
		PageUp:   key.NewBinding(key.WithKeys("pgup", "b"), key.WithHelp("pgup", "page up")),
		PageDown: key.NewBinding(key.WithKeys("pgdown", "f"), key.WithHelp("pgdn", "page down")),
		Toggle:   key.NewBinding(key.WithKeys(" ", "x"), key.WithHelp("space", "choose")),
		Take:     key.NewBinding(key.WithKeys("enter", " "), key.WithHelp("enter", "choose")),
	}
}

// isList reports whether the popup is a list to choose from.
func (p popup) isList() bool { return p.kind >= popupLayers }

// takesOne reports whether the popup closes when a line is chosen.
func (p popup) takesOne() bool { return p.kind == popupSchemeA || p.kind == popupSchemeB }

// bindings returns the keys that do something now.
func (p popup) bindings(k popupKeys) []key.Binding {
	if p.takesOne() {
		return []key.Binding{k.Take, k.Up, k.Down, k.Close}
	}
	if p.isList() {
		return []key.Binding{k.Toggle, k.Up, k.Down, k.Close}
	}
	if p.text.TotalLineCount() > p.text.Height {
		return []key.Binding{k.Up, k.Down, k.PageUp, k.PageDown, k.Close}
	}
	return []key.Binding{k.Close}
}

// newReader returns a popup with a text, as large as it needs and the screen allows.
func newReader(kind popupKind, title, text string, screen picture.Box) popup {
	width := 0
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		width = max(width, ansi.StringWidth(line))
	}
	p := popup{kind: kind, title: title}
	p.text = viewport.New(max(1, min(width, screen.Cols-6)), max(1, min(len(lines), screen.Rows-6)))
	p.text.SetContent(text)
	return p
}

// update moves in the popup; closed tells that it is done, toggled that the line at was chosen.
func (p popup) update(k popupKeys, msg tea.KeyMsg) (_ popup, closed, toggled bool) {
	switch {
	case p.takesOne() && key.Matches(msg, k.Take):
		return p, false, len(p.items) > 0
	case key.Matches(msg, k.Close):
		return p, true, false
	case p.isList() && !p.takesOne() && key.Matches(msg, k.Toggle):
		return p, false, len(p.items) > 0
	case key.Matches(msg, k.Up):
		p.at = max(p.at-1, 0)
		p.text.ScrollUp(1)
	case key.Matches(msg, k.Down):
		p.at = min(p.at+1, max(len(p.items)-1, 0))
		p.text.ScrollDown(1)
	case key.Matches(msg, k.PageUp):
		p.text.PageUp()
	case key.Matches(msg, k.PageDown):
		p.text.PageDown()
	}
	return p, false, false
}

// view returns the popup's lines.
func (p popup) view(s cells.Styles, screen picture.Box) []string {
	var body string
	if p.isList() {
		body = p.viewList(s, screen)
	} else {
		body = p.text.View()
	}
	box := s.Box.Render(lipgloss.JoinVertical(lipgloss.Left, s.Bold.Render(p.title), "", body))
	return strings.Split(box, "\n")
}

func (p popup) viewList(s cells.Styles, screen picture.Box) string {
	height := max(1, screen.Rows-6)
	first := max(0, min(p.at-height/2, len(p.items)-height))
	name, note := 8, 0
	for _, c := range p.items {
		name = min(max(name, ansi.StringWidth(c.name)), 40)
		note = max(note, ansi.StringWidth(c.note))
	}
	var lines []string
	for i := first; i < min(len(p.items), first+height); i++ {
		c := p.items[i]
		look, cursor := s.Plain, "  "
		if i == p.at {
			look, cursor = s.Strong, "▸ "
		}
		mark := c.mark
		if mark == "" {
			mark = "·"
		}
		lines = append(lines, s.Accent.Render(cursor)+mark+" "+look.Render(cells.Padded(cells.Cut(c.name, name), name))+"  "+
			s.Faint.Render(cells.Right(c.note, note)))
	}
	return strings.Join(lines, "\n")
}
