package tui

import (
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/engine/flags"
	"strata/engine/inert"
	"strata/experiments/script"
	"strata/tui/prompt"
)

// flag.go flags items: the hit under the cursor, the item of a sheet, or else the query.

// flagTarget returns the row of the item that F flags; false where there is none, a picture from outside say.
func (p *panes) flagTarget() (int, bool) {
	if p.findings.Open {
		if s := p.findings.Sheet; s != nil && s.At < len(s.Items) {
			return s.Items[s.At], true
		}
		return 0, false
	}
	if h, ok := p.CursorHit(); ok {
		return h.Row, true
	}
	return p.Shown.Query, p.Shown.Image == ""
}

// canFlag reports whether F does something.
func canFlag(m *Model) bool {
	_, ok := m.flagTarget()
	return ok && !m.relief.Open
}

// flagging is the item that the prompt is for, and what was given last.
type flagging struct{ id, last string }

// words returns those that are offered: the last one that was given first, then those that are usual or in use.
func (f *flagging) words(g *engine.Gallery) []string {
	var words []string
	for _, w := range slices.Concat([]string{f.last}, flags.Suggested(), g.Flags().Words()) {
		if w != "" && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}

// openFlag asks for a flag.
func openFlag(m Model) (Model, tea.Cmd) {
	row, _ := m.flagTarget()
	m.flagging.id = m.gallery.ID(row)
	return openPrompt(m, prompt.Flag)
}

// tellFlag says what enter does with the text.
func tellFlag(m Model, text string) (Model, tea.Cmd) {
	id, was := inert.Text(m.flagging.id), m.gallery.Flags().Of(m.flagging.id)
	m.prompt = m.prompt.Judge(nil)
	switch {
	case text != "":
		err := flags.CheckWord(text)
		m.prompt = m.prompt.Judge(err)
		if err == nil {
			m.prompt = m.prompt.Tell(fmt.Sprintf("enter flags %s as %s", id, text))
		}
	case was != "":
		m.prompt = m.prompt.Tell(fmt.Sprintf("enter takes the flag %s of %s back · tab other words", was, id))
	default:
		m.prompt = m.prompt.Tell(fmt.Sprintf("enter flags %s as %s · tab other words", id, m.flagging.words(m.gallery)[0]))
	}
	return m, nil
}

// next returns the word that tab puts after a text.
func (f *flagging) next(g *engine.Gallery, text string) string {
	words := f.words(g)
	return words[(slices.Index(words, text)+1)%len(words)]
}

// takeFlag flags the item with a text; without one, with the first of the words, or it takes a flag back.
func takeFlag(m Model, text string) (Model, tea.Cmd) {
	was := m.gallery.Flags().Of(m.flagging.id)
	if text == "" && was == "" {
		text = m.flagging.words(m.gallery)[0]
	}
	if text != "" {
		if err := flags.CheckWord(text); err != nil {
			m.prompt = m.prompt.Judge(err)
			return m, nil
		}
		m.flagging.last = text
	}
	if text == was {
		m.prompt = prompt.Prompt{}
		m.status = m.status.Tell("%s has the flag %s", inert.Text(m.flagging.id), text)
		return m, nil
	}
	return m.send().execute(script.Flag{ID: m.flagging.id, Word: text})
}

// flagged shows what depends on flags, once one was given or taken back.
func (m Model) flagged() (Model, tea.Cmd) {
	look := m.walkAgain()
	if !m.gallery.Flagging().On(m.conditions) {
		return m, look
	}
	half := m.prompt.Kind == prompt.Scheme && !m.Desk.Equal(m.Opened) // a text that is not taken yet
	m, search := m.search(!half)
	return m, tea.Batch(look, search)
}

// walkAgain looks again for the queries that the keys walk through, if those depend on flags.
func (p *panes) walkAgain() tea.Cmd {
	if p.prompt.Kind == prompt.Restrict {
		return p.restrict(p.prompt.Input.Value())
	}
	if !p.Walk.OnFlags(p.gallery) {
		return nil
	}
	return p.restrict(p.Walk.Text)
}

// flagText says what a flag step has done.
func flagText(step script.Flag) string {
	if step.Word == "" {
		return "took the flag of " + inert.Text(step.ID) + " back"
	}
	return "flagged " + inert.Text(step.ID) + " as " + inert.Text(step.Word)
}
