package tui

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine/inert"
	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/prompt"
)

// forgive.go gives a text back whose step fails, and asks before a file is written over.

// sent is a text whose step is under way. If that fails, and nothing was pressed meanwhile, the text is there again.
type sent struct {
	prompt *prompt.Prompt // as it was, or nil
	rows   pane.Rows      // as they were when it was taken
	number int            // of its step
}

// send closes the prompt whose text is taken. The step that begins next is that of the text.
func (m Model) send() Model {
	was := m.prompt
	m.sent = sent{&was, m.Rows, m.begun + 1}
	m.prompt = prompt.Prompt{}
	return m
}

// numbered counts a step that begins, and returns its number.
func (j *jobs) numbered() int {
	j.begun++
	return j.begun
}

// arrived takes the end of a step: the prompt opens again whose step has failed.
func (m Model) arrived(number int, err error) Model {
	was := m.sent
	if was.number != number {
		return m
	}
	m.sent = sent{}
	if err == nil || was.prompt == nil || was.prompt.Kind == prompt.None || m.prompt.Kind != prompt.None || m.popup.Kind != prompt.PopupNone || m.ctx.Err() != nil {
		return m
	}
	m.prompt, m.Rows = was.prompt.Judge(err), was.rows
	m.Opened = m.Desk
	return m
}

// export writes what the last steps gave, if there is no such file, or if it is asked for a second time. The prompt that
// names the file is open.
func export(m Model, file string) (Model, tea.Cmd) {
	text := m.prompt.Input.Value()
	if m.prompt.Sure == text {
		return m.write(file, true)
	}
	session := m.session
	return m, m.crew.run(func() tea.Msg { return standing{text, file, session.Overwrites(file)} })
}

// standing says whether there is a file already that a text wants written.
type standing struct {
	text, file string
	there      bool
}

// stands exports, or asks whether the file may be written over.
func (m Model) stands(s standing) (Model, tea.Cmd) {
	if m.prompt.Kind == prompt.None || m.prompt.Input.Value() != s.text {
		return m, nil // it was given up
	}
	if !s.there {
		return m.write(s.file, false)
	}
	m.prompt = m.prompt.Judge(fmt.Errorf("%s is there: enter once more writes over it", inert.Text(s.file)))
	m.prompt.Sure = s.text
	return m, nil
}

// errNoneLike is why a restriction is not taken.
var errNoneLike = errors.New("no query is like this; esc goes back to all queries")

// takeRestrict walks the queries that the text leaves, once they are known. A text that leaves none stays.
func takeRestrict(m Model) (Model, tea.Cmd) {
	text := m.prompt.Input.Value()
	switch {
	case strings.TrimSpace(text) == "":
	case m.Walk.Text != text:
		m.prompt.Sure = text // it is taken when they are known
		return m, nil
	case len(m.Walk.Rows) == 0:
		m.prompt = m.prompt.Judge(cmp.Or(m.Walk.Err, errNoneLike))
		return m, nil
	}
	if _, in := slices.BinarySearch(m.Walk.Rows, int32(m.Desk.Query)); m.Walk.Text != "" && !in {
		return m.send().ask(int(m.Walk.Rows[0]))
	}
	m.prompt = prompt.Prompt{}
	return m, nil
}

// restricted takes the queries that a text leaves.
func (m Model) restricted(r restricted) (Model, tea.Cmd) {
	if r.seq != m.restricting.seq {
		return m, nil
	}
	m.Walk = r.walk
	m.fetched = false
	if m.prompt.Kind == prompt.Restrict {
		m.prompt.Offered = r.offered
	}
	switch err := r.walk.Err; {
	case m.prompt.Kind == prompt.Restrict && err != nil:
		m.prompt = m.prompt.Judge(err)
		return m, nil
	case m.prompt.Kind == prompt.Restrict:
	case err != nil || len(r.walk.Rows) == 0:
		m.status = m.status.Fail(m.c.Now(), cmp.Or(err, errNoneLike))
		return m, nil
	default:
		return m, nil
	}
	m.prompt = m.prompt.Tell(cells.Thousands(len(r.walk.Rows)) + " of " + cells.Thousands(m.gallery.Len()) + " queries" + r.offered.ValueText())
	if m.prompt.Sure == r.walk.Text {
		return takeRestrict(m)
	}
	return m, nil
}

// complain shows what went wrong, if anything did and the screen does not end.
func (p *panes) complain(err error) {
	if err != nil && p.ctx.Err() == nil {
		p.status = p.status.Fail(p.c.Now(), err)
	}
}

// unanswered goes back to what was shown before a search that has failed.
func (m Model) unanswered(a answered) (Model, tea.Cmd) {
	var look tea.Cmd
	if m.ctx.Err() == nil {
		m, look, a.err = m.fails(a.err)
		m.status = m.status.Fail(m.c.Now(), a.err)
		if m.Shown.Rankings == nil && m.Good.Rankings != nil { // it had to give way already
			m.Shown = m.Good
		}
		m.Desk = m.Shown.Desk
		m = m.arrived(a.number, a.err)
	}
	m, later := sharpenLater(m.arrange())
	return m, tea.Batch(look, later)
}
