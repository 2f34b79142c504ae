package prompt

import (
	"errors"
	"strings"

	"github.com/charmbracelet/bubbles/cursor"
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"strata/engine/inert"
	"strata/engine/scheme"
	"strata/experiments/script"
	"strata/tui/cells"
)

// Kind is what a line of text is asked for.
type Kind int

// The prompts.
const (
	None Kind = iota
	Scheme
	Add
	Jump
	Restrict
	Command
	Image
	Note
	Export
	Flag
	Seek
)

// label stands before the text.
func (k Kind) label() string {
	return [...]string{"", "scheme", "new scheme", "go to item", "queries like", "step", "picture", "note", "export to", "flag", "rows like"}[k]
}

// Prompt asks for a line of text at the foot of the screen. Under the text stands what is wrong with it, at its column,
// or what it means.
type Prompt struct {
	Kind   Kind
	Input  textinput.Model
	column int    // of the fault, in characters from 1; 0 is none
	reason string // what is wrong
	info   string // what the text means

	Matches Found     // of Jump
	Offered Completed // of Image and Restrict
	Sure    string    // a text that enter was pressed on already
	Past    Past      // of Command

	recalled int    // which of Past is shown, from 1 for the last; 0: none
	draft    string // what was typed before one was shown
}

// New opens a prompt with a first text.
func New(kind Kind, text string) Prompt {
	in := textinput.New()
	in.Prompt = ""
	in.CharLimit = 4096
	in.Cursor.SetMode(cursor.CursorStatic)
	in.SetValue(text)
	in.CursorEnd()
	in.Focus()
	return Prompt{Kind: kind, Input: in}
}

// Update edits the text.
func (p Prompt) Update(msg tea.Msg) Prompt {
	if k, ok := msg.(tea.KeyMsg); ok && key.Matches(k, p.Input.KeyMap.DeleteWordForward) && p.Input.Position() == len([]rune(p.Input.Value()))-1 {
		msg = tea.KeyMsg{Type: tea.KeyDelete} // of a last character, bubbles v1.0.0 looks for the next
	}
	p.Input, _ = p.Input.Update(msg) // the command is that of a blinking cursor
	return p
}

// Judge sets what is wrong with the text: err's place and reason, or nothing.
func (p Prompt) Judge(err error) Prompt {
	p.column, p.reason, p.info = 0, "", ""
	var scheme *scheme.SyntaxError
	var step *script.Error
	switch {
	case err == nil:
	case errors.As(err, &scheme):
		p.column, p.reason = scheme.Column, scheme.Reason
	case errors.As(err, &step):
		p.column, p.reason = step.Column, step.Reason
	default:
		p.reason = err.Error()
	}
	return p
}

// Tell sets what the text means.
func (p Prompt) Tell(info string) Prompt {
	p.info = info
	return p
}

// View returns the prompt's two lines.
func (p Prompt) View(s *cells.Styles, width int) []string {
	label := " " + p.Kind.label() + "  "
	room := width - ansi.StringWidth(label) - 1
	text := []rune(p.Input.Value())
	at := min(p.Input.Position(), len(text))
	first := 0 // the first character shown
	for ansi.StringWidth(string(text[first:at])) >= room && first < at {
		first++
	}
	before, under, after := string(text[first:at]), " ", ""
	if at < len(text) {
		under, after = string(text[at]), string(text[at+1:])
	}
	line := s.Accent.Render(label) + inert.Text(before) + s.Plain.Reverse(true).Render(inert.Text(under)) + inert.Text(after)
	column := 0
	if p.column > 0 {
		upTo := text[min(first, len(text)):max(min(p.column-1, len(text)), min(first, len(text)))]
		column = ansi.StringWidth(label) + ansi.StringWidth(string(upTo))
	}
	return []string{cells.Padded(line, width), cells.Padded(p.message(s, width, column), width)}
}

// message is the line under the text: an arrow under the fault with its reason on the side that has the room.
func (p Prompt) message(s *cells.Styles, width, column int) string {
	indent := strings.Repeat(" ", ansi.StringWidth(p.Kind.label())+3)
	switch {
	case p.reason == "":
		return indent + s.Faint.Render(cells.Cut(p.info, width-len(indent)))
	case p.column == 0:
		return indent + s.Wrong.Render(cells.Cut(p.reason, width-len(indent)))
	}
	column = min(column, width-1)
	reason := cells.Cut(p.reason, width-4)
	switch w := ansi.StringWidth(reason); {
	case column+2+w <= width:
		return strings.Repeat(" ", column) + s.Wrong.Render("^ "+reason)
	case w+1 <= column:
		return strings.Repeat(" ", column-w-1) + s.Wrong.Render(reason+" ^")
	default:
		room := max(width-column-2, column-1)
		if room == column-1 {
			reason = cells.Cut(reason, room)
			return strings.Repeat(" ", column-ansi.StringWidth(reason)-1) + s.Wrong.Render(reason+" ^")
		}
		return strings.Repeat(" ", column) + s.Wrong.Render("^ "+cells.Cut(reason, room))
	}
}
