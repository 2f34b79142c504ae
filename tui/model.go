package tui

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/charmbracelet/bubbles/help"
	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/bubbles/progress"
	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments"
	"strata/tui/cells"
	"strata/tui/page"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/prompt"
	"strata/tui/relief"
)

// Config is what the screen is given. Session has a gallery open; the screen opens and closes nothing.
type Config struct {
	Session  *experiments.Session
	Terminal picture.Terminal // as probed
	Input    *os.File
	Output   *os.File
	Colors   int // of small pictures, 2 to 255; 0 is 255
	Mouse    bool
	Light    bool      // the background is light, even if the terminal does not say so
	Trace    io.Writer // a line for every finished frame; nil is none
	Settings Settings  // of the user
	LogPath  string    // for messages
	Now      func() time.Time
	Moments  []experiments.State // that undo goes back to from the session's state, which is the last; nil: none
}

// Model is the screen. Update never waits: what takes time is a command, and its answer a message. The panes own their
// state; the model routes messages to them and gives them what they show. It adds the keys and what undo goes back to.
type Model struct {
	panes
	actions []action
	finding []action // of the findings
	landing []action // of the landscape
	rng     *rand.Rand
	first   tea.Cmd // the first search

	conditions []scheme.Condition // of the filter, as shown
	moments    moments
	sent       sent
	past       prompt.Past // steps that were typed
	deciding   deciding
	flagging   flagging
}

// panes are the parts of the screen, with what they show and the commands that fetch it.
type panes struct {
	c Config
	jobs
	pane.Board
	styles  *cells.Styles
	layout  pane.Layout
	popKeys prompt.PopupKeys
	help    *help.Model

	table      pane.Table
	status     pane.Status
	prompt     prompt.Prompt
	popup      prompt.Popup
	evaluation pane.Evaluation
	findings   page.Findings
	relief     relief.View
}

// jobs are the commands under way.
type jobs struct {
	worker
	searching   job
	resting     job
	loading     job
	fetching    job
	looking     job
	restricting job
	dissecting  job
	listing     job
	sharpening  job
	surveying   job
	sketching   job
	previewing  job
	held        []tea.KeyMsg     // pressed while the rows of the findings were made
	begun       int              // steps and searches so far
	pending     int              // steps on their way to the log
	leaving     bool             // q waits for them
	awaited     bool             // the answer of the latest search
	asked       time.Time        // when
	loadingOf   []picture.Wanted // what the loading job makes
	fetched     bool             // the neighbours of what is shown were fetched, or are being
}

// NewModel returns the screen of a session. Its commands end when ctx does.
func NewModel(ctx context.Context, c Config) (Model, error) {
	g := c.Session.Gallery()
	if g == nil {
		return Model{}, experiments.ErrNoGallery
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	profile := c.Terminal.Profile
	if !hasPictures(g) {
		c.Terminal.Graphics, c.Terminal.Why = picture.GraphicsNone, "no pictures: "+g.ItemsFile()+" names none"
	}
	keys := help.New()
	m := Model{
		panes: panes{
			c: c, jobs: jobs{worker: worker{ctx: ctx, crew: &crew{}, gallery: g, session: c.Session, output: c.Output, tmux: c.Terminal.Tmux, later: tick}},
			Board:  pane.Board{Rows: pane.Rows{Cursor: -1}},
			styles: cells.NewStyles(profile, !c.Light, false), help: &keys, popKeys: prompt.NewPopupKeys(),
		},
		rng:     rand.New(rand.NewPCG(uint64(c.Now().UnixNano()), 0)),
		actions: newActions(), finding: newFindingActions(), landing: newLandActions(),
	}
	m.layout.CellW, m.layout.CellH = c.Terminal.Cell()
	m.thumbs = picture.NewThumbs(itemPictures(g), g.Len(), c.Terminal, picture.Options{Colors: c.Colors, Light: c.Light})
	if !c.Terminal.Graphics.Apart() {
		m.status = m.status.Tell("%s", c.Terminal.Why)
	}
	m.evaluation.Bar = progress.New(progress.WithoutPercentage(), progress.WithColorProfile(profile))
	dress(&m)
	if err := settle(&m); err != nil {
		return Model{}, err
	}
	if err := begin(&m); err != nil {
		return Model{}, err
	}
	if err := m.goOn(c.Moments); err != nil {
		return Model{}, err
	}
	m, m.first = m.search(true)
	return m, nil
}

// hasPictures reports whether any item has a picture.
func hasPictures(g *engine.Gallery) bool {
	for row := range g.Len() {
		if g.Picture(row) != "" {
			return true
		}
	}
	return false
}

// begin sets the desk to the session's state, or to the first query and schemes.
func begin(m *Model) error {
	state := m.session.State()
	m.Desk.Schemes = state.Schemes
	if len(m.Desk.Schemes) == 0 {
		var err error
		if m.Desk.Schemes, err = firstSchemes(m); err != nil {
			return err
		}
	}
	m.conditions, m.Filter = state.Filter, pane.Conditions(state.Filter)
	m.table.Filter = m.Filter
	m.Desk.Hits = state.K
	if p := state.Picture; p != nil {
		m.Desk = withImage(m.Desk, p.Path, m.thumbs, m.session)
	}
	if state.Query != "" {
		row, err := m.gallery.Row(state.Query)
		if err != nil {
			return err
		}
		m.Desk.Query = row
	} else if !m.gallery.IsQuery(0) {
		row, ok := m.Walk.Step(m.gallery, 0, 1)
		if !ok {
			return fmt.Errorf("%s: no item may be a query: every split is gallery", m.gallery.Name)
		}
		m.Desk.Query = row
	}
	m.Shown = pane.Frame{Desk: m.Desk}
	return nil
}

// dress gives the borrowed widgets the screen's styles.
func dress(m *Model) {
	s := m.styles
	m.help.ShortSeparator = "  "
	m.help.Styles = help.Styles{
		Ellipsis: s.Faint, ShortKey: s.Accent, ShortDesc: s.Faint, ShortSeparator: s.Faint,
		FullKey: s.Accent, FullDesc: s.Plain, FullSeparator: s.Faint,
	}
	m.evaluation.Bar.Full, m.evaluation.Bar.Empty = '━', '─'
	m.evaluation.Bar.FullColor, m.evaluation.Bar.EmptyColor = "", ""
}

// tick sends a message after a time.
func tick(d time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(d, func(time.Time) tea.Msg { return msg })
}

// Init starts the first search and the shared palette.
func (m Model) Init() tea.Cmd { return tea.Batch(m.first, m.prepare()) }

// Update routes a message: sizes and answers to who asked, keys to what lies on top. Then it has made what the screen
// lacks.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m, cmd := m.route(msg)
	m, cmd = m.leave(cmd)
	m, ahead := m.foresee()
	more := m.load()
	m = m.remember()
	return m, tea.Batch(cmd, ahead, more)
}

func (m Model) route(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return m.resize(msg)
	case measured:
		return m.measure(msg), nil
	case tea.KeyMsg:
		return m.keys(msg)
	case tea.MouseMsg:
		return m.mouse(msg)
	case answered:
		return m.answer(msg)
	case waited:
		if msg.seq == m.searching.seq && m.awaited {
			if !m.Shown.Equal(m.Desk) {
				m.Shown = pane.Frame{Desk: m.Desk}
			}
			m.status.Computing = pane.Computing(m.gallery.Deriving())
			m = m.arrange()
			if m.Desk.Image != "" || len(m.gallery.Missing(m.Desk.Schemes...)) > 0 {
				return m, m.later(progressing, msg)
			}
			return m, nil
		}
	case settled:
		if msg.seq == m.resting.seq && !m.Desk.Equal(m.Saved) {
			return m.search(true)
		}
	case pictured:
		if msg.seq == m.loading.seq {
			m.loadingOf = nil
		}
	case prepared:
		m.complain(msg.err)
	default:
		return m.note(msg)
	}
	return m, nil
}

// note takes the answers that are not about rankings and pictures.
func (m Model) note(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case executed:
		return m.executed(msg)
	case listed:
		return m.listedRows(msg)
	case restricted:
		return m.restricted(msg)
	case standing:
		return m.stands(msg)
	case prompt.Found, prompt.Completed:
		m.prompt = m.prompt.Matched(msg, m.looking.seq, m.gallery)
	case pane.Dissected:
		return m.dissected(msg), nil
	case progressed:
		if msg.seq == m.evaluation.Seq && m.evaluation.Running() {
			m.status.Computing = pane.Computing(m.gallery.Deriving())
			return m, m.later(progressing, progressed{msg.seq})
		}
	case evaluated:
		return m.evaluated(msg)
	case unsharp, sharpened:
		return sharper(m, msg)
	case unsurveyed, surveyed, sketched:
		return surveys(m, msg)
	case decisionFound:
		return foundDecision(m, msg)
	case previewed, overdue:
		return previews(m, msg), nil
	case screenSaved:
		return savedScreen(m, msg), nil
	case copied:
		return copiedText(m, msg), nil
	case tea.ResumeMsg:
		return redraw(m)
	case tea.FocusMsg:
		if m.screen != nil {
			m.screen.Redraw()
		}
	}
	return m, nil
}

// dissected takes what the layers have of a hit's score.
func (m Model) dissected(d pane.Dissected) Model {
	if d.Seq != m.dissecting.seq {
		return m
	}
	m.Parts = d
	m.complain(d.Err)
	return m
}

// resize places everything anew.
func (m Model) resize(msg tea.WindowSizeMsg) (Model, tea.Cmd) {
	size := picture.Box{Cols: msg.Width, Rows: msg.Height}
	again := m.layout.Size != picture.Box{} && m.layout.Size != size
	m.layout.Size = size
	m = m.arrange()
	measure := m.measureCell(m.layout.CellW, m.layout.CellH)
	if again {
		return m, tea.Batch(tea.ClearScreen, measure)
	}
	return m, measure
}

// measure takes the size of a cell.
func (m Model) measure(msg measured) Model {
	if msg.w == m.layout.CellW && msg.h == m.layout.CellH {
		return m
	}
	m.layout.CellW, m.layout.CellH = msg.w, msg.h
	m.thumbs.SetCell(msg.w, msg.h)
	return m.arrange()
}

// arrange computes the layout.
func (m Model) arrange() Model {
	b := m.middle()
	m.layout = pane.NewLayout(pane.Kind{
		Size: m.layout.Size, CellW: m.layout.CellW, CellH: m.layout.CellH, Graphics: m.c.Terminal.Graphics,
		Schemes: len(b.Shown.Schemes), Hits: b.Shown.K(), Labels: b.QueryLines(m.gallery),
		Marked: len(b.Rows.Marked), Layers: len(m.gallery.AllLayers()), Panel: b.Panel, Live: b.Good.Means != nil,
		Difference: b.Rows.Difference, Joined: m.c.Terminal.Tmux && m.c.Terminal.Graphics == picture.GraphicsSixel,
		List: m.findings.Open && m.findings.Sheet == nil,
	})
	b.Rows = b.Rows.Follow(&m.layout, len(b.Shown.Schemes))
	m.Sliders = m.Sliders.Clamped(m.Focused())
	m.fetched = false
	if f := m.findings; f.Open {
		m.findings = f.Moved(f.At[f.Page], m.layout.ListRows())
		if f.Sheet != nil {
			m.findings.Sheet = f.Sheet.Moved(&m.layout, f.Sheet.At)
		}
	}
	return m
}

// keys takes a message of several keys apart: what comes in one read from the terminal is one message.
func (m Model) keys(msg tea.KeyMsg) (Model, tea.Cmd) {
	if msg.Type != tea.KeyRunes || msg.Paste {
		return m.key(msg)
	}
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		var cmd tea.Cmd
		one := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt}
		if r == ' ' {
			one.Type = tea.KeySpace
		}
		m, cmd = m.key(one)
		cmds = append(cmds, cmd)
	}
	return m, tea.Batch(cmds...)
}

// unasked drops what the screen asks for a second press of, unless that is the key; a press of the mouse is "". A text
// whose step is under way stays away.
func (m Model) unasked(key string) Model {
	m.sent = sent{}
	m.status.Question = ""
	m.evaluation.Warned, m.leaving = m.evaluation.Warned && key == "q", m.leaving && key == "q"
	m.deciding.over = m.deciding.over && key == "W"
	return m
}

// key gives a key to what lies on top: a popup, a prompt, or the screen.
func (m Model) key(msg tea.KeyMsg) (Model, tea.Cmd) {
	m.status.Problem = ""
	m = m.unasked(msg.String())
	if msg.Type == tea.KeyCtrlC {
		m, _ = dropPrompt(m)
		m.evaluation.Warned, m.leaving = true, true
		return quit(m)
	}
	if msg.Paste && m.prompt.Kind == prompt.None {
		return m, nil
	}
	switch {
	case m.popup.Kind != prompt.PopupNone:
		return m.keyPopup(msg)
	case m.prompt.Kind != prompt.None:
		return m.keyPrompt(msg)
	}
	lists := m.findings.Open && m.findings.Sheet == nil && !m.findings.Listed
	if !lists || len(m.held) == 0 {
		for _, a := range m.bound() {
			if key.Matches(msg, a.Binding) && (a.when == nil || a.when(&m)) {
				return a.do(m)
			}
		}
	}
	if lists { // it may be for the rows that are being made
		m.held = append(slices.Clip(m.held), msg)
	}
	return m, nil
}

// answer shows the rankings of the latest search.
func (m Model) answer(a answered) (Model, tea.Cmd) {
	if a.saved {
		m.pending--
	}
	if a.seq != m.searching.seq {
		return m, nil
	}
	m.awaited = false
	m.status.Computing = ""
	if a.err != nil {
		return m.unanswered(a)
	}
	m = m.arrived(a.number, nil)
	m.moments.trip = trip{}
	found := lastSearch(a.results)
	m.Shown = pane.Frame{Desk: a.desk, Rankings: found.Rankings, Picture: found.Picture, Means: a.means}
	m.Good = m.Shown
	if a.saved {
		m.Saved = a.desk
		m.status.Saved = m.c.Now()
	}
	m.conditions, m.Filter = a.state.Filter, pane.Conditions(a.state.Filter)
	m.table.Filter = m.Filter
	m.status.Usage, m.status.Codes = a.usage, a.codes
	m.complain(a.meansErr)
	for _, f := range a.faults {
		if !slices.Contains(m.status.Faults, f) {
			m.status.Faults = append(slices.Clone(m.status.Faults), f)
			m.status = m.status.Fail(m.c.Now(), fmt.Errorf("%s", f))
		}
	}
	m = m.arrange()
	if n := len(m.FocusedHits()); m.Rows.Cursor >= n {
		m.Rows.Cursor = n - 1
		m.Panel = m.Panel && n > 0
		m = m.arrange()
	}
	m, look := m.dissect()
	m, later := sharpenLater(m)
	return m, tea.Batch(look, later)
}

// unsaved reports whether something that was done is not in the log yet.
func (p *panes) unsaved() bool { return p.pending > 0 || !p.Desk.Equal(p.Saved) }
