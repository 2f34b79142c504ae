package tui

import (
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/experiments"
	"strata/tui/cells"
)

// openPrompt asks for a text.
func openPrompt(m Model, kind promptKind) (Model, tea.Cmd) {
	text := ""
	switch kind {
	case promptRestrict:
		text = m.walk.text
	case promptExport:
		text = "rankings.csv"
		if len(m.table.results) > 0 {
			text = "metrics.csv"
		}
		if m.findings.open {
			text = m.findings.page.file()
		}
		text = filepath.Join(m.c.ExportDir, text)
	}
	m.prompt = newPrompt(kind, text)
	return typed(m)
}

// editScheme asks for the focused scheme's text.
func editScheme(m Model) (Model, tea.Cmd) {
	m.prompt = newPrompt(promptScheme, m.focused().String())
	m.opened = m.desk
	return m, nil
}

// keyPrompt gives a key to the prompt.
func (m Model) keyPrompt(msg tea.KeyMsg) (Model, tea.Cmd) {
	switch msg.Type {
	case tea.KeyEsc:
		return dropPrompt(m)
	case tea.KeyEnter:
		return takePrompt(m)
	}
	before := m.prompt.input.Value()
	if msg.Type == tea.KeyTab && m.prompt.kind == promptImage && m.prompt.paths.text == before && len(m.prompt.paths.names) > 0 {
		m.prompt.input.SetValue(m.prompt.paths.common)
		m.prompt.input.CursorEnd()
	} else {
		m.prompt = m.prompt.update(msg)
	}
	if m.prompt.input.Value() == before {
		return m, nil
	}
	return typed(m)
}

// typed judges the text so far, and acts on it where that can be taken back.
func typed(m Model) (Model, tea.Cmd) {
	text := m.prompt.input.Value()
	switch m.prompt.kind {
	case promptScheme, promptAdd:
		s, err := m.gallery.ParseScheme(text)
		if strings.TrimSpace(text) == "" {
			m.prompt = m.prompt.judge(nil).tell("layers: " + layerNames(m.gallery))
			return m, nil
		}
		m.prompt = m.prompt.judge(err)
		if missing := m.gallery.Missing(s); len(missing) > 0 { // half a name may name another layer: it takes enter
			m.prompt = m.prompt.tell("enter computes " + strings.Join(missing, ", ") + ", if it is not kept")
			return m, nil
		}
		if err == nil && m.prompt.kind == promptScheme && !sameScheme(s, m.focused()) {
			m.desk = m.desk.with(m.rows.focus, s)
			m.sliders = m.sliders.clamped(s)
			return m.search(false)
		}
	case promptJump:
		m.prompt = m.prompt.judge(nil)
		return m.find(text)
	case promptRestrict:
		m.prompt = m.prompt.judge(nil)
		return m.restrict(text)
	case promptImage:
		m.prompt = m.prompt.judge(nil)
		return m.complete(text)
	case promptCommand:
		var err error
		if strings.TrimSpace(text) != "" {
			_, err = m.checker().parse(text)
		}
		m.prompt = m.prompt.judge(err).tell("query ID · image PATH · schemes S, … · filter LABEL=VALUE … or none · evaluate … · compare … · mine A, B · note TEXT · export FILE")
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
	m.prompt = prompt{}
	switch {
	case p.kind == promptRestrict:
		return m.restrict("")
	case p.kind == promptScheme && !m.desk.equal(m.opened):
		m.desk = m.opened
		m.sliders = m.sliders.clamped(m.focused())
		return m.search(!m.desk.equal(m.saved)) // what was on its way to the log when the prompt was opened goes again
	}
	return m, nil
}

// takePrompt does what the text asks for; a text with a fault stays.
func takePrompt(m Model) (Model, tea.Cmd) {
	text := strings.TrimSpace(m.prompt.input.Value())
	kind := m.prompt.kind
	switch kind {
	case promptScheme, promptAdd:
		s, err := m.gallery.ParseScheme(m.prompt.input.Value())
		if err != nil {
			m.prompt = m.prompt.judge(err)
			return m, nil
		}
		m.prompt = prompt{}
		return putScheme(m, kind, s)
	case promptJump:
		return jump(m, text)
	case promptRestrict:
		m.prompt = prompt{}
		if _, in := slices.BinarySearch(m.walk.rows, int32(m.desk.query)); m.walk.text != "" && !in && len(m.walk.rows) > 0 {
			return m.ask(int(m.walk.rows[0]))
		}
	case promptImage:
		m.prompt = prompt{}
		if text != "" {
			return askImage(m, text)
		}
	case promptCommand:
		return takeCommand(m, text)
	case promptNote, promptExport:
		m.prompt = prompt{}
		switch {
		case text == "":
		case kind == promptNote:
			return m.execute(experiments.Note{Text: text})
		default:
			return m.execute(experiments.Export{File: text})
		}
	}
	return m, nil
}

// putScheme sets the focused row's scheme, or adds one under it.
func putScheme(m Model, kind promptKind, s engine.Scheme) (Model, tea.Cmd) {
	if kind == promptScheme {
		d := m.desk.with(m.rows.focus, s)
		if d.equal(m.saved) {
			m.desk = d
			return m, nil
		}
		return m.put(d)
	}
	m.rows.focus = min(m.rows.focus+1, len(m.desk.schemes))
	m.rows.cursor = -1
	m.panel = false
	return m.put(m.desk.insert(m.rows.focus, s))
}

// jump goes to the item with the id, or to the first whose id begins so.
func jump(m Model, id string) (Model, tea.Cmd) {
	row, err := m.gallery.Row(id)
	if err != nil && id != "" && m.prompt.matches.text == id && len(m.prompt.matches.rows) > 0 {
		row, err = int(m.prompt.matches.rows[0]), nil
	}
	if err != nil {
		m.prompt = m.prompt.judge(err)
		return m, nil
	}
	m.prompt = prompt{}
	return m.ask(row)
}

// restricted takes the queries that a text leaves.
func (m Model) restricted(r restricted) Model {
	if r.seq != m.looking.seq {
		return m
	}
	m.walk = walk{r.text, r.rows}
	m.fetched = false
	if m.prompt.kind == promptRestrict {
		m.prompt = m.prompt.tell(cells.Thousands(len(r.rows)) + " of " + cells.Thousands(m.gallery.Len()) + " queries")
	}
	return m
}

// takeCommand executes a step typed as text.
func takeCommand(m Model, text string) (Model, tea.Cmd) {
	if text == "" {
		m.prompt = prompt{}
		return m, nil
	}
	step, err := m.checker().parse(text)
	if err != nil {
		m.prompt = m.prompt.judge(err)
		return m, nil
	}
	m.prompt = prompt{}
	switch s := step.(type) {
	case experiments.Query:
		row, _ := m.gallery.Row(s.ID)
		return m.ask(row)
	case experiments.Image:
		return askImage(m, s.Path)
	case experiments.Schemes:
		m.rows.pinned, m.rows.focus, m.rows.cursor, m.panel = false, 0, -1, false
		d := m.desk
		d.schemes = s.Schemes
		return m.put(d)
	case experiments.Filter:
		return m.search(true, s)
	case experiments.Evaluate:
		return m.behind(evaluating, s)
	case experiments.Compare:
		return m.behind(comparing, s)
	case experiments.Mine:
		return mineStep(m, s)
	}
	return m.execute(step)
}
