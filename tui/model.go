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
	"strata/experiments"
	"strata/tui/cells"
	"strata/tui/picture"
)

// Config is what the screen is given. Session has a gallery open; the screen opens and closes nothing.
type Config struct {
	Session   *experiments.Session
	Terminal  picture.Terminal // as probed
	Input     *os.File
	Output    *os.File
	Colors    int // of small pictures, 2 to 255; 0 is 255
	Mouse     bool
	Light     bool      // the background is light, even if the terminal does not say so
	Trace     io.Writer // a line for every finished frame; nil is none
	LogPath   string    // for messages
	ExportDir string    // where an export goes unless its name says otherwise; "" is the working folder
	Now       func() time.Time
}

// Model is the screen. Update never waits: what takes time is a command, and its answer a message. The panes own their
// state; the model routes messages to them and gives them what they show.
type Model struct {
	c Config
	worker
	jobs
	board
	styles  cells.Styles
	layout  layout
	actions []action
	finding []action // of the findings
	popKeys popupKeys
	help    help.Model
	rng     *rand.Rand
	first   tea.Cmd // the first search
	later   func(time.Duration, tea.Msg) tea.Cmd

	table      table
	status     status
	prompt     prompt
	popup      popup
	evaluation evaluation
	findings   findings
}

// jobs are the commands under way.
type jobs struct {
	searching  job
	resting    job
	loading    job
	fetching   job
	looking    job
	dissecting job
	listing    job
	pending    int              // steps on their way to the log
	awaited    bool             // the answer of the latest search
	asked      time.Time        // when
	loadingOf  []picture.Wanted // what the loading job makes
	fetched    bool             // the neighbours of what is shown were fetched, or are being
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
	m := Model{
		c: c, worker: worker{ctx: ctx, crew: &crew{}, gallery: g, session: c.Session, output: c.Output},
		board:  board{rows: rowsPane{cursor: -1}},
		styles: cells.NewStyles(profile, !c.Light, false), help: help.New(),
		rng:     rand.New(rand.NewPCG(uint64(c.Now().UnixNano()), 0)),
		actions: newActions(), finding: newFindingActions(), popKeys: newPopupKeys(), later: tick,
	}
	m.layout.CellW, m.layout.CellH = c.Terminal.Cell()
	m.thumbs = picture.NewThumbs(itemPictures(g), g.Len(), c.Terminal, picture.Options{Colors: c.Colors})
	if c.Terminal.Graphics != picture.GraphicsSixel {
		m.status = m.status.tell("%s", c.Terminal.Why)
	}
	m.evaluation.bar = progress.New(progress.WithoutPercentage(), progress.WithColorProfile(profile))
	dress(&m)
	for _, l := range g.Labels()[:min(2, len(g.Labels()))] {
		m.rows.marked = append(m.rows.marked, l.Name)
	}
	if err := begin(&m); err != nil {
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
	m.desk.schemes = state.Schemes
	if len(m.desk.schemes) == 0 {
		var err error
		if m.desk.schemes, err = m.gallery.FirstSchemes(); err != nil {
			return err
		}
	}
	if len(m.desk.schemes) == 0 {
		m.desk.schemes = firstSchemes(m.gallery.Layers)
	}
	m.filter = conditions(state.Filter)
	m.table.filter = m.filter
	if p := state.Picture; p != nil {
		m.desk = withImage(m.desk, p.Path, m.thumbs, m.session)
	}
	if state.Query != "" {
		row, err := m.gallery.Row(state.Query)
		if err != nil {
			return err
		}
		m.desk.query = row
	} else if !m.gallery.IsQuery(0) {
		row, ok := m.walk.step(m.gallery, 0, 1)
		if !ok {
			return fmt.Errorf("%s: no item may be a query: every split is gallery", m.gallery.Name)
		}
		m.desk.query = row
	}
	m.shown = frame{desk: m.desk}
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
	m.evaluation.bar.Full, m.evaluation.bar.Empty = '━', '─'
	m.evaluation.bar.FullColor, m.evaluation.bar.EmptyColor = "", ""
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
	var cmd, more tea.Cmd
	m, cmd = m.route(msg)
	m, more = m.load()
	return m, tea.Batch(cmd, more)
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
			if !m.shown.equal(m.desk) {
				m.shown = frame{desk: m.desk}
			}
			m.status.computing = computing(m.gallery.Deriving())
			m = m.arrange()
			if m.desk.image != "" || len(m.gallery.Missing(m.desk.schemes...)) > 0 {
				return m, m.later(progressing, msg)
			}
			return m, nil
		}
	case settled:
		if msg.seq == m.resting.seq && !m.desk.equal(m.saved) {
			return m.search(true)
		}
	case pictured:
		if msg.seq == m.loading.seq {
			m.loadingOf = nil
		}
	case prepared:
		if msg.err != nil && m.ctx.Err() == nil {
			m.status = m.status.fail(m.c.Now(), msg.err)
		}
	default:
		return m.note(msg)
	}
	return m, nil
}

// note takes the answers that are not about rankings and pictures.
func (m Model) note(msg tea.Msg) (Model, tea.Cmd) {
	switch msg := msg.(type) {
	case executed:
		return m.executed(msg), nil
	case listed:
		return m.listedRows(msg), nil
	case restricted:
		return m.restricted(msg), nil
	case found:
		if msg.seq == m.looking.seq {
			m.prompt.matches = msg
			m.prompt = m.prompt.tell(msg.matchText(m.gallery))
		}
	case completed:
		if msg.seq == m.looking.seq && m.prompt.kind == promptImage {
			m.prompt.paths = msg
			m.prompt = m.prompt.tell(msg.pathText())
		}
	case dissected:
		if msg.seq == m.dissecting.seq {
			m.parts = msg
			if msg.err != nil && m.ctx.Err() == nil {
				m.status = m.status.fail(m.c.Now(), msg.err)
			}
		}
	case progressed:
		if msg.seq == m.evaluation.seq && m.evaluation.running() {
			m.status.computing = computing(m.gallery.Deriving())
			return m, m.later(progressing, progressed{msg.seq})
		}
	case evaluated:
		return m.evaluated(msg)
	case copied:
		if msg.err != nil {
			m.status = m.status.fail(m.c.Now(), fmt.Errorf("copying: %w", msg.err))
		} else {
			m.status = m.status.tell("copied a script of %d lines, if the terminal allows it (OSC 52)", msg.lines)
		}
	case tea.ResumeMsg:
		return redraw(m)
	}
	return m, nil
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
	m.layout = newLayout(screenKind{
		Size: m.layout.Size, CellW: m.layout.CellW, CellH: m.layout.CellH, Graphics: m.c.Terminal.Graphics,
		Schemes: len(m.shown.schemes), Labels: m.queryLines(m.gallery),
		Marked: len(m.rows.marked), Layers: len(m.gallery.AllLayers()), Panel: m.panel,
	})
	m.rows = m.rows.follow(&m.layout, len(m.shown.schemes))
	m.sliders = m.sliders.clamped(m.focused())
	m.fetched = false
	if f := m.findings; f.open {
		m.findings = f.moved(f.at[f.page], m.layout.listRows())
		if f.sheet != nil {
			m.findings.sheet = f.sheet.moved(&m.layout, f.sheet.at)
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

// key gives a key to what lies on top: a popup, a prompt, or the screen.
func (m Model) key(msg tea.KeyMsg) (Model, tea.Cmd) {
	m.status.problem = ""
	if msg.Type == tea.KeyCtrlC {
		m, _ = dropPrompt(m)
		return quit(m)
	}
	if msg.Paste && m.prompt.kind == promptNone {
		return m, nil
	}
	switch {
	case m.popup.kind != popupNone:
		return m.keyPopup(msg)
	case m.prompt.kind != promptNone:
		return m.keyPrompt(msg)
	}
	for _, a := range m.bound() {
		if key.Matches(msg, a.Binding) && (a.when == nil || a.when(&m)) {
			return a.do(m)
		}
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
	m.status.computing = ""
	if a.err != nil {
		if m.ctx.Err() == nil {
			m.status = m.status.fail(m.c.Now(), a.err)
			if m.shown.rankings == nil && m.good.rankings != nil { // it had to give way already
				m.shown = m.good
			}
			m.desk = m.shown.desk
		}
		return m.arrange(), nil
	}
	found := lastSearch(a.results)
	m.shown = frame{a.desk, found.Rankings, found.Picture}
	m.good = m.shown
	if a.saved {
		m.saved = a.desk
		m.status.saved = m.c.Now()
	}
	m.filter = conditions(a.state.Filter)
	m.table.filter = m.filter
	m.status.usage, m.status.codes = a.usage, a.codes
	for _, f := range a.faults {
		if !slices.Contains(m.status.faults, f) {
			m.status.faults = append(slices.Clone(m.status.faults), f)
			m.status = m.status.fail(m.c.Now(), fmt.Errorf("%s", f))
		}
	}
	m = m.arrange()
	if n := len(m.focusedHits()); m.rows.cursor >= n {
		m.rows.cursor = n - 1
		m.panel = m.panel && n > 0
		m = m.arrange()
	}
	return m.dissect()
}

// unsaved reports whether something that was done is not in the log yet.
func (m *Model) unsaved() bool { return m.pending > 0 || !m.desk.equal(m.saved) }
