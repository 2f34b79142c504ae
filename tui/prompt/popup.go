package prompt

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

// PopupKind is what lies over the screen.
type PopupKind int

// The popups. Those from PopupLayers on are lists.
const (
	PopupNone PopupKind = iota
	PopupHelp
	PopupErrors
	PopupLayers
	PopupLabels
	PopupSchemeA
	popupSchemeB
	PopupCopy
)

// Popup lies over the middle of the screen: a text to read, or a list to choose from.
type Popup struct {
	Kind  PopupKind
	Title string
	text  viewport.Model // of a text
	Items []Choice       // of a list
	At    int            // the chosen line of the list
}

// Choice is a line of a list.
type Choice struct {
	Name, Note string
	Mark       string // "" is not chosen
}

// PopupKeys are the keys of popups.
type PopupKeys struct {
	Close, Up, Down, PageUp, PageDown, Toggle, Take key.Binding
}

// NewPopupKeys returns the keys.
func NewPopupKeys() PopupKeys {
	return PopupKeys{
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
func (p Popup) isList() bool { return p.Kind >= PopupLayers }

// TakesOne reports whether the popup closes when a line is chosen.
func (p Popup) TakesOne() bool { return p.Kind >= PopupSchemeA }

// Bindings returns the keys that do something now.
func (p Popup) Bindings(k PopupKeys) []key.Binding {
	if p.TakesOne() {
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

// NewReader returns a popup with a text, as large as it needs and the screen allows.
func NewReader(kind PopupKind, title, text string, screen picture.Box) Popup {
	width := 0
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		width = max(width, ansi.StringWidth(line))
	}
	p := Popup{Kind: kind, Title: title}
	p.text = viewport.New(max(1, min(width, screen.Cols-6)), max(1, min(len(lines), screen.Rows-7)))
	p.text.SetContent(text)
	return p
}

// Update moves in the popup; closed tells that it is done, toggled that the line at was chosen.
func (p Popup) Update(k PopupKeys, msg tea.KeyMsg) (_ Popup, closed, toggled bool) {
	switch {
	case p.TakesOne() && key.Matches(msg, k.Take):
		return p, false, len(p.Items) > 0
	case key.Matches(msg, k.Close):
		return p, true, false
	case p.isList() && !p.TakesOne() && key.Matches(msg, k.Toggle):
		return p, false, len(p.Items) > 0
	case key.Matches(msg, k.Up):
		p.At = max(p.At-1, 0)
		p.text.ScrollUp(1)
	case key.Matches(msg, k.Down):
		p.At = min(p.At+1, max(len(p.Items)-1, 0))
		p.text.ScrollDown(1)
	case key.Matches(msg, k.PageUp):
		p.text.PageUp()
	case key.Matches(msg, k.PageDown):
		p.text.PageDown()
	}
	return p, false, false
}

// View returns the popup's lines.
func (p Popup) View(s *cells.Styles, screen picture.Box) []string {
	var body string
	if p.isList() {
		body = p.viewList(s, screen)
	} else {
		body = p.text.View()
	}
	box := s.Box.Render(lipgloss.JoinVertical(lipgloss.Left, s.Bold.Render(p.Title), "", body))
	return strings.Split(box, "\n")
}

func (p Popup) viewList(s *cells.Styles, screen picture.Box) string {
	height := max(1, screen.Rows-7)
	first := max(0, min(p.At-height/2, len(p.Items)-height))
	name, note := 8, 0
	for _, c := range p.Items {
		name = min(max(name, ansi.StringWidth(c.Name)), 40)
		note = max(note, ansi.StringWidth(c.Note))
	}
	var lines []string
	for i := first; i < min(len(p.Items), first+height); i++ {
		c := p.Items[i]
		look, cursor := s.Plain, "  "
		if i == p.At {
			look, cursor = s.Strong, "▸ "
		}
		mark := c.Mark
		if mark == "" {
			mark = "·"
		}
		lines = append(lines, s.Accent.Render(cursor)+mark+" "+look.Render(cells.Padded(cells.Cut(c.Name, name), name))+"  "+
			s.Faint.Render(cells.Right(c.Note, note)))
	}
	return strings.Join(lines, "\n")
}
