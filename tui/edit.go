package tui

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/experiments"
	"strata/tui/cells"
)

// openPrompt asks for a text.
func (m Model) openPrompt(kind promptKind) (Model, tea.Cmd) {
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
	m.matches, m.paths = found{}, completed{}
	return m.typed()
}

// editScheme asks for the focused scheme's text.
func (m Model) editScheme() (Model, tea.Cmd) {
	m.prompt = newPrompt(promptScheme, m.focused().String())
	m.prompt.was = m.desk
	return m, nil
}

// keyPrompt gives a key to the prompt.
func (m Model) keyPrompt(msg tea.KeyMsg) (Model, tea.Cmd) {
	switch msg.Type {
	case tea.KeyEsc:
		return m.dropPrompt()
	case tea.KeyEnter:
		return m.takePrompt()
	}
	before := m.prompt.input.Value()
	if msg.Type == tea.KeyTab && m.prompt.kind == promptImage && m.paths.text == before && len(m.paths.names) > 0 {
		m.prompt.input.SetValue(m.paths.common)
		m.prompt.input.CursorEnd()
	} else {
		m.prompt = m.prompt.update(msg)
	}
	if m.prompt.input.Value() == before {
		return m, nil
	}
	return m.typed()
}

// typed judges the text so far, and acts on it where that can be taken back.
func (m Model) typed() (Model, tea.Cmd) {
	text := m.prompt.input.Value()
	switch m.prompt.kind {
	case promptScheme, promptAdd:
		s, err := m.gallery.ParseScheme(text)
		if strings.TrimSpace(text) == "" {
			m.prompt = m.prompt.judge(nil).tell("layers: " + m.layerNames())
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
			_, err = m.parseStep(text)
		}
		m.prompt = m.prompt.judge(err).tell("query ID · image PATH · schemes S, … · filter LABEL=VALUE … or none · evaluate … · compare … · mine A, B · note TEXT · export FILE")
	}
	return m, nil
}

func (m *Model) layerNames() string {
	var names []string
	for _, l := range m.gallery.AllLayers() {
		names = append(names, l.Name)
	}
	return strings.Join(names, ", ")
}

// dropPrompt closes the prompt and takes back what it did.
func (m Model) dropPrompt() (Model, tea.Cmd) {
	p := m.prompt
	m.prompt = prompt{}
	switch {
	case p.kind == promptRestrict:
		return m.restrict("")
	case p.kind == promptScheme && !m.desk.equal(p.was):
		m.desk = p.was
		m.sliders = m.sliders.clamped(m.focused())
		return m.search(!m.desk.equal(m.saved)) // what was on its way to the log when the prompt was opened goes again
	}
	return m, nil
}

// takePrompt does what the text asks for; a text with a fault stays.
func (m Model) takePrompt() (Model, tea.Cmd) {
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
		return m.putScheme(kind, s)
	case promptJump:
		return m.jump(text)
	case promptRestrict:
		m.prompt = prompt{}
		if _, in := slices.BinarySearch(m.walk.rows, int32(m.desk.query)); m.walk.text != "" && !in && len(m.walk.rows) > 0 {
			return m.ask(int(m.walk.rows[0]))
		}
	case promptImage:
		m.prompt = prompt{}
		if text != "" {
			return m.askImage(text)
		}
	case promptCommand:
		return m.takeCommand(text)
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
func (m Model) putScheme(kind promptKind, s engine.Scheme) (Model, tea.Cmd) {
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
func (m Model) jump(id string) (Model, tea.Cmd) {
	row, err := m.gallery.Row(id)
	if err != nil && id != "" && m.matches.text == id && len(m.matches.rows) > 0 {
		row, err = int(m.matches.rows[0]), nil
	}
	if err != nil {
		m.prompt = m.prompt.judge(err)
		return m, nil
	}
	m.prompt = prompt{}
	return m.ask(row)
}

// matchText says which items a jump would go to.
func (m *Model) matchText() string {
	f := m.matches
	if f.count == 0 {
		return "no id begins so"
	}
	ids := make([]string, len(f.rows))
	for i, row := range f.rows {
		ids[i] = m.gallery.ID(int(row))
	}
	text := strings.Join(ids, "  ")
	if f.count > len(ids) {
		text += fmt.Sprintf("  … %s in all", cells.Thousands(f.count))
	}
	return text
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

// errOtherGallery is why a gallery step is refused: the screen opens nothing.
var errOtherGallery = errors.New("another gallery needs another session: quit and open it with strata GALLERY")

// parseStep parses a step and checks what can be checked without executing it.
func (m *Model) parseStep(text string) (experiments.Step, error) {
	step, err := experiments.ParseStep(text)
	if err != nil {
		return nil, err
	}
	switch s := step.(type) {
	case experiments.Gallery:
		return nil, errOtherGallery
	case experiments.Query:
		_, err = m.gallery.Row(s.ID)
	case experiments.Schemes:
		err = m.checkSchemes(s.Schemes)
	case experiments.Filter:
		err = m.checkConditions(s.Conditions)
	case experiments.Evaluate:
		err = cmp.Or(m.checkIdle(), m.checkEvaluate(s))
	case experiments.Compare:
		err = cmp.Or(m.checkIdle(), m.checkEvaluate(experiments.Evaluate(s)))
	case experiments.Mine:
		err = cmp.Or(m.checkIdle(), m.checkEvaluate(experiments.Evaluate(s)))
		if s := s.Schemes; err == nil && len(s) == 2 && sameScheme(s[0], s[1]) {
			err = fmt.Errorf("the schemes are the same: there is no difference to look for")
		}
		if n := len(m.desk.schemes); err == nil && len(s.Schemes) == 0 && n != 2 {
			err = fmt.Errorf("mine takes two schemes, and the screen has %d: name them", n)
		}
	}
	return step, err
}

// checkIdle returns an error while something runs in the background.
func (m *Model) checkIdle() error {
	if t := m.evaluation.task; m.evaluation.running() {
		return fmt.Errorf("%s runs; %s cancels it", t.noun(), t.key())
	}
	return nil
}

// checkEvaluate returns what is wrong with the names of an evaluate step, or of
// one that takes the same arguments.
func (m *Model) checkEvaluate(s experiments.Evaluate) error {
	for _, name := range s.Labels {
		if _, err := m.gallery.Label(name); err != nil {
			return err
		}
	}
	return cmp.Or(m.checkSchemes(s.Schemes), m.checkConditions(s.Where))
}

// checkSchemes returns what is wrong with the layers of schemes.
func (m *Model) checkSchemes(schemes []engine.Scheme) error {
	for _, scheme := range schemes {
		var fault *engine.SchemeError
		if _, err := m.gallery.ParseScheme(scheme.String()); errors.As(err, &fault) {
			return errors.New(fault.Reason) // its column is that of one scheme's text
		}
	}
	return nil
}

// checkConditions returns what is wrong with the labels and values of conditions.
func (m *Model) checkConditions(where []engine.Condition) error {
	for _, c := range where {
		l, err := m.gallery.Label(c.Label)
		if err != nil {
			return err
		}
		if slices.Contains(l.Values(), c.Value) {
			continue
		}
		if _, err := m.gallery.Rows([]engine.Condition{c}); err != nil {
			return err
		}
	}
	return nil
}

// takeCommand executes a step typed as text.
func (m Model) takeCommand(text string) (Model, tea.Cmd) {
	if text == "" {
		m.prompt = prompt{}
		return m, nil
	}
	step, err := m.parseStep(text)
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
		return m.askImage(s.Path)
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
		return m.mineStep(s)
	}
	return m.execute(step)
}
