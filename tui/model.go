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

// clipboard returns where the sequence that sets the clipboard is written.
func (c *Config) clipboard() io.Writer {
	if c.Output == nil {
		return io.Discard
	}
	return c.Output
}

// Model is the screen. Update never waits: what takes time is a command, and its answer a message.
type Model struct {
	c       Config
	ctx     context.Context
	crew    *crew
	gallery *engine.Gallery
	thumbs  *picture.Thumbs
	screen  *picture.Screen // nil where no picture is written by itself
	styles  cells.Styles
	rng     *rand.Rand
	actions []action
	finding []action // of the findings
	popKeys popupKeys
	help    help.Model
	first   tea.Cmd // the first search
	later   func(time.Duration, tea.Msg) tea.Cmd

	layout layout
	cellW  int
	cellH  int

	desk   desk   // as the keys have set it
	saved  desk   // as the log has it
	shown  frame  // as the screen shows it
	filter string // of the candidates, as shown

	rows       rowsPane
	sliders    sliders
	table      table
	status     status
	prompt     prompt
	popup      popup
	walk       walk
	evaluation evaluation
	findings   findings
	visiting   visit
	panel      bool // a hit is looked at
	parts      dissected
	click      click
	matches    found
	paths      completed
	faults     []string // already reported

	searching  job
	resting    job
	loading    job
	loadingOf  []picture.Wanted          // what the loading job makes
	ready      map[place]picture.Picture // the visible pictures that are ready
	fetching   job
	fetched    bool // the neighbours of what is shown were fetched, or are being
	looking    job
	dissecting job
	listing    job
	pending    int  // steps on their way to the log
	awaited    bool // the answer of the latest search
	asked      time.Time
	good       frame // the last one with an answer
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
		c: c, ctx: ctx, crew: &crew{}, gallery: g,
		styles: cells.NewStyles(profile, !c.Light, false), popKeys: newPopupKeys(), help: help.New(),
		rng:     rand.New(rand.NewPCG(uint64(c.Now().UnixNano()), 0)),
		actions: newActions(), finding: newFindingActions(),
		rows: rowsPane{cursor: -1}, later: tick,
	}
	m.cellW, m.cellH = c.Terminal.Cell()
	m.thumbs = picture.NewThumbs(itemPictures(g), g.Len(), c.Terminal, picture.Options{Colors: c.Colors})
	if c.Terminal.Graphics != picture.GraphicsSixel {
		m.status = m.status.tell("%s", c.Terminal.Why)
	}
	m.evaluation.bar = progress.New(progress.WithoutPercentage(), progress.WithColorProfile(profile))
	m.dress()
	for _, l := range g.Labels()[:min(2, len(g.Labels()))] {
		m.rows.marked = append(m.rows.marked, l.Name)
	}
	if err := m.begin(); err != nil {
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
func (m *Model) begin() error {
	state := m.c.Session.State()
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
		m.desk = m.desk.withImage(p.Path, m.thumbs, m.c.Session)
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
func (m *Model) dress() {
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
			m.matches = msg
			m.prompt = m.prompt.tell(m.matchText())
		}
	case completed:
		if msg.seq == m.looking.seq && m.prompt.kind == promptImage {
			m.paths = msg
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
		return m.redraw()
	}
	return m, nil
}

// resize places everything anew.
func (m Model) resize(msg tea.WindowSizeMsg) (Model, tea.Cmd) {
	size := picture.Box{Cols: msg.Width, Rows: msg.Height}
	again := m.layout.Size != picture.Box{} && m.layout.Size != size
	m.layout.Size = size
	m = m.arrange()
	measure := m.measureCell()
	if again {
		return m, tea.Batch(tea.ClearScreen, measure)
	}
	return m, measure
}

// measure takes the size of a cell.
func (m Model) measure(msg measured) Model {
	if msg.w == m.cellW && msg.h == m.cellH {
		return m
	}
	m.cellW, m.cellH = msg.w, msg.h
	m.thumbs.SetCell(msg.w, msg.h)
	return m.arrange()
}

// arrange computes the layout.
func (m Model) arrange() Model {
	m.layout = newLayout(screenKind{
		Size: m.layout.Size, CellW: m.cellW, CellH: m.cellH, Graphics: m.c.Terminal.Graphics,
		Schemes: len(m.shown.schemes), Labels: m.queryLines(),
		Marked: len(m.rows.marked), Layers: len(m.gallery.AllLayers()), Panel: m.panel,
	})
	m.rows = m.rows.follow(&m.layout, len(m.shown.schemes))
	m.sliders = m.sliders.clamped(m.focused())
	m.fetched = false
	if f := m.findings; f.open {
		m.findings = f.moved(f.at[f.page], m.findingRows())
		if f.sheet != nil {
			m.findings.sheet = f.sheet.moved(m.placeSheet(), f.sheet.at)
		}
	}
	return m
}

// queryLines returns the number of lines that are said about the query.
func (m *Model) queryLines() int {
	if n := len(m.gallery.Labels()); m.shown.image == "" || n > leastImageLines {
		return n
	}
	return leastImageLines
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
		m, _ = m.dropPrompt()
		return m.quit()
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
		if !slices.Contains(m.faults, f) {
			m.faults = append(slices.Clone(m.faults), f)
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
