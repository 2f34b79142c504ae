package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/script"
	"strata/tui/pane"
	"strata/tui/prompt"
)

// openPrompt asks for a text.
func openPrompt(m Model, kind prompt.Kind) (Model, tea.Cmd) {
	text := ""
	switch kind {
	case prompt.Restrict:
		text = m.Walk.Text
	case prompt.Seek:
		text = m.findings.Arranged[m.findings.Page].Find
	case prompt.Export:
		text = "rankings.csv"
		if len(m.table.Results) > 0 {
			text = "metrics.csv"
		}
		if m.findings.Open {
			text = m.findings.Page.File()
		}
	}
	return promptFor(m, kind, text)
}

// promptFor asks for a text, and offers one.
func promptFor(m Model, kind prompt.Kind, text string) (Model, tea.Cmd) {
	m.prompt = prompt.New(kind, text)
	if kind == prompt.Command {
		m.prompt.Past = m.past
	}
	return typed(m)
}

// editScheme asks for the focused scheme's text.
func editScheme(m Model) (Model, tea.Cmd) {
	m.prompt = prompt.New(prompt.Scheme, m.Focused().String())
	m.Opened = m.Desk
	return m, nil
}

// keyPrompt gives a key to the prompt.
func (m Model) keyPrompt(msg tea.KeyMsg) (Model, tea.Cmd) {
	switch msg.Type {
	case tea.KeyEsc:
		return dropPrompt(m)
	case tea.KeyEnter:
		m, cmd := takePrompt(m)
		if m.sent.number > m.begun { // its text began nothing
			m.sent = sent{}
		}
		return m, cmd
	}
	before := m.prompt.Input.Value()
	tab := msg.Type == tea.KeyTab
	switch {
	case tab && m.prompt.Offered.Text == before && len(m.prompt.Offered.Names) > 0:
		m.prompt.Input.SetValue(m.prompt.Offered.Common)
		m.prompt.Input.CursorEnd()
	case m.prompt.Kind == prompt.Command && (msg.Type == tea.KeyUp || msg.Type == tea.KeyDown):
		m.prompt = m.prompt.Recalled(map[tea.KeyType]int{tea.KeyUp: 1, tea.KeyDown: -1}[msg.Type])
	case tab && m.prompt.Kind == prompt.Command:
		m.prompt.Input.SetValue(script.Continue(before))
		m.prompt.Input.CursorEnd()
	case tab && m.prompt.Kind == prompt.Flag:
		m.prompt.Input.SetValue(m.flagging.next(m.gallery, before))
		m.prompt.Input.CursorEnd()
	default:
		m.prompt = m.prompt.Update(msg)
	}
	if m.prompt.Input.Value() == before {
		return m, nil
	}
	m.prompt.Sure = ""
	return typed(m)
}

// typed judges the text so far, and acts on it where that can be taken back.
func typed(m Model) (Model, tea.Cmd) {
	text := m.prompt.Input.Value()
	switch m.prompt.Kind {
	case prompt.Scheme, prompt.Add:
		s, err := m.gallery.ParseScheme(text)
		if strings.TrimSpace(text) == "" {
			m.prompt = m.prompt.Judge(nil).Tell("layers: " + layerNames(m.gallery))
			return m, nil
		}
		m.prompt = m.prompt.Judge(err)
		if missing := m.gallery.Missing(s); len(missing) > 0 { // half a name may name another layer: it takes enter
			m.prompt = m.prompt.Tell("enter computes " + strings.Join(missing, ", ") + ", if it is not kept")
			return m, nil
		}
		if err == nil && m.prompt.Kind == prompt.Scheme && !pane.SameScheme(s, m.Focused()) {
			m.Desk = m.Desk.With(m.Rows.Focus, s)
			m.Sliders = m.Sliders.Clamped(s)
			return m.search(false)
		}
	case prompt.Jump:
		m.prompt = m.prompt.Judge(nil)
		look := m.find(text)
		return m, look
	case prompt.Restrict:
		m.prompt = m.prompt.Judge(nil)
		look := m.restrict(text)
		return m, look
	case prompt.Flag:
		return tellFlag(m, strings.TrimSpace(text))
	case prompt.Image:
		m.prompt = m.prompt.Judge(nil)
		look := m.complete(text)
		return m, look
	case prompt.Seek:
		m.findings = m.findings.Sought(text)
		return m.relist()
	case prompt.Note, prompt.Export:
		m.prompt = m.prompt.Judge(nil)
	case prompt.Command:
		m.prompt = m.checker().judge(m.prompt, text)
	}
	return m, nil
}

func layerNames(g *engine.Gallery) string {
	var names []string
	for _, l := range g.AllLayers() {
		names = append(names, l.Name)
	}
	return strings.Join(names, ", ")
}

// dropPrompt closes the prompt and takes back what it did.
func dropPrompt(m Model) (Model, tea.Cmd) {
	p := m.prompt
	m.prompt = prompt.Prompt{}
	switch {
	case p.Kind == prompt.Restrict:
		look := m.restrict("")
		return m, look
	case p.Kind == prompt.Seek:
		m.findings = m.findings.Sought("")
		return m.turn()
	case p.Kind == prompt.Scheme && !m.Desk.Equal(m.Opened):
		m.Desk = m.Opened
		m.Sliders = m.Sliders.Clamped(m.Focused())
		return m.search(!m.Desk.Equal(m.Saved)) // what was on its way to the log when the prompt was opened goes again
	}
	return m, nil
}

// takePrompt does what the text asks for; a text with a fault stays.
func takePrompt(m Model) (Model, tea.Cmd) {
	text := strings.TrimSpace(m.prompt.Input.Value())
	kind := m.prompt.Kind
	switch kind {
	case prompt.Scheme, prompt.Add:
		s, err := m.gallery.ParseScheme(m.prompt.Input.Value())
		if err != nil {
			m.prompt = m.prompt.Judge(err)
			return m, nil
		}
		return putScheme(m.send(), kind, s)
	case prompt.Jump:
		return jump(m, text)
	case prompt.Restrict:
		return takeRestrict(m)
	case prompt.Image:
		m = m.send()
		if text != "" {
			return askImage(m, text)
		}
	case prompt.Command:
		return takeCommand(m, text)
	case prompt.Flag:
		return takeFlag(m, text)
	case prompt.Seek:
		return takeSeek(m)
	case prompt.Note, prompt.Export:
		switch {
		case text == "":
			m.prompt = prompt.Prompt{}
		case kind == prompt.Note:
			return m.send().execute(script.Note{Text: text})
		default:
			return export(m, text)
		}
	}
	return m, nil
}

// putScheme sets the focused row's scheme, or adds one under it.
func putScheme(m Model, kind prompt.Kind, s scheme.Scheme) (Model, tea.Cmd) {
	if kind == prompt.Scheme {
		d := m.Desk.With(m.Rows.Focus, s)
		if d.Equal(m.Saved) {
			m.Desk = d
			return m, nil
		}
		return m.put(d)
	}
	m.Rows.Focus = min(m.Rows.Focus+1, len(m.Desk.Schemes))
	m.Rows.Cursor = -1
	m.Panel = false
	return m.put(m.Desk.Insert(m.Rows.Focus, s))
}

// jump goes to the item with the id, or to the first whose id begins so.
func jump(m Model, id string) (Model, tea.Cmd) {
	row, err := m.gallery.Row(id)
	if err != nil && id != "" && m.prompt.Matches.Text == id && len(m.prompt.Matches.Rows) > 0 {
		row, err = int(m.prompt.Matches.Rows[0]), nil
	}
	if err != nil {
		m.prompt = m.prompt.Judge(err)
		return m, nil
	}
	return m.send().ask(row)
}

// takeCommand executes a step typed as text.
func takeCommand(m Model, text string) (Model, tea.Cmd) {
	if text == "" {
		m.prompt = prompt.Prompt{}
		return m, nil
	}
	step, err := m.checker().parse(text)
	if err != nil {
		m.prompt = m.prompt.Judge(err)
		return m, nil
	}
	m.past = m.past.With(text)
	if s, ok := step.(script.Export); ok {
		return export(m, s.File)
	}
	m = m.send()
	switch s := step.(type) {
	case script.Query:
		row, _ := m.gallery.Row(s.ID)
		return m.ask(row)
	case script.Image:
		return askImage(m, s.Path)
	case script.Schemes:
		m.Rows.Pinned, m.Rows.Focus, m.Rows.Cursor, m.Panel = false, 0, -1, false
		d := m.Desk
		d.Schemes = s.Schemes
		return m.put(d)
	case script.Filter:
		return m.search(true, s)
	case script.Search:
		return m.rankFirst(s.K)
	case script.Undo:
		return m.travel(-s.Steps)
	case script.Redo:
		return m.travel(s.Steps)
	case script.Evaluate:
		return m.behind(pane.Evaluating, s)
	case script.Compare:
		return m.behind(pane.Comparing, s)
	case script.Mine:
		return mineStep(m, s)
	case script.Tune:
		return m.behind(pane.Tuning, s)
	}
	return m.execute(step)
}
