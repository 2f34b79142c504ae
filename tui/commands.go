package tui

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/engine/rank"
	"strata/experiments"
	"strata/experiments/script"
	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/prompt"
)

// The times of the screen.
const (
	answerWait  = 100 * time.Millisecond // then the old answer gives way to empty frames
	restWait    = 200 * time.Millisecond // a slider that has not moved for so long rests
	pictureWait = 30 * time.Millisecond  // pictures that are ready by then are shown together
	progressing = 250 * time.Millisecond // between two looks at an evaluation
	soonWait    = 100 * time.Millisecond // between two looks for the first queries that are known
	sharpenWait = 500 * time.Millisecond // between two looks at the queries that are known
)

// job numbers the commands of one purpose: a new one cancels the last, whose answer is then known by its number.
type job struct {
	seq    int
	cancel context.CancelFunc
}

// begin cancels what runs and returns the context and the number of the next command.
func (j *job) begin(ctx context.Context) (context.Context, int) {
	j.stop()
	ctx, j.cancel = context.WithCancel(ctx)
	return ctx, j.seq
}

// stop cancels what runs and makes its answer a late one.
func (j *job) stop() {
	if j.cancel != nil {
		j.cancel()
	}
	*j = job{seq: j.seq + 1}
}

// worker is what commands work with. All of it may be used concurrently.
type worker struct {
	ctx     context.Context // ends the commands
	crew    *crew
	session *experiments.Session
	gallery *engine.Gallery
	thumbs  *picture.Thumbs
	screen  *picture.Screen                // nil where no picture is written by itself
	ready   map[pane.Place]picture.Picture // the visible pictures that are ready
	output  *os.File                       // nil: none
	later   func(time.Duration, tea.Msg) tea.Cmd
	tmux    bool // it is within tmux
}

// crew counts the commands at work, because Bubble Tea does not wait for them.
type crew struct{ mu sync.RWMutex }

// run makes a command of do; a command that comes after close does nothing.
func (c *crew) run(do func() tea.Msg) tea.Cmd {
	return func() tea.Msg {
		if !c.mu.TryRLock() {
			return nil
		}
		defer c.mu.RUnlock()
		return do()
	}
}

// close waits for the commands at work and lets no other begin.
func (c *crew) close() { c.mu.Lock() }

// search asks the session for the desk's rankings. With save the steps are executed and logged, otherwise only looked
// at. before are steps to execute first.
func (m Model) search(save bool, before ...script.Step) (Model, tea.Cmd) {
	if save {
		return m.searchBy(m.session.Do, save, before...)
	}
	return m.searchBy(m.session.Preview, save, before...)
}

// executor is a way to execute steps.
type executor func(ctx context.Context, steps ...script.Step) ([]experiments.Result, error)

// searchBy is search with a way to execute the steps, which logs them if save says so.
func (m Model) searchBy(do executor, save bool, before ...script.Step) (Model, tea.Cmd) {
	ctx, seq := m.searching.begin(m.ctx)
	m.resting.stop()
	m.fetching.stop()
	m.sharpening.stop()
	m.awaited, m.asked = true, m.c.Now()
	if save {
		m.pending++
	}
	d, number := m.Desk, m.numbered()
	steps := append(slices.Clone(before), d.Steps(m.gallery)...)
	session, gallery := m.session, m.gallery
	search := m.crew.run(func() tea.Msg {
		results, err := do(ctx, steps...)
		a := answered{seq: seq, number: number, desk: d, results: results, saved: save, err: err}
		a.state, a.usage, a.codes = session.State(), session.Usage(), codesNote(session, results)
		if err == nil {
			for _, l := range gallery.AllLayers() {
				a.faults = append(a.faults, gallery.Faults(l)...)
			}
			a.means, a.meansErr = session.Means(ctx, d.Schemes)
		}
		return a
	})
	return m, tea.Batch(search, m.later(answerWait, waited{seq}))
}

// codesNote says how far the codes of a large gallery are built or, once a search has used them, of how many rows they
// left the score to compute.
func codesNote(session *experiments.Session, results []experiments.Result) string {
	if p, ok := session.Codes(); ok && p.Of > 0 {
		return fmt.Sprintf("codes of %s %d %%", p.Layer, 100*p.Rows/p.Of)
	}
	rows, coded := 0, false
	for _, r := range lastSearch(results).Rankings {
		rows += r.Rescored
		coded = coded || r.Coded
	}
	if !coded {
		return ""
	}
	return cells.Thousands(rows) + " " + cells.Plural("row", rows) + " rescored"
}

// execute runs steps that are no searches.
func (m Model) execute(steps ...script.Step) (Model, tea.Cmd) {
	ctx, session, number := m.ctx, m.session, m.numbered()
	m.pending++
	return m, m.crew.run(func() tea.Msg {
		results, err := session.Do(ctx, steps...)
		return executed{number, results, session.Usage(), err}
	})
}

// measureCell asks the terminal's driver for the size of a cell.
func (m worker) measureCell(w, h int) tea.Cmd {
	out := m.output
	if out == nil {
		return nil
	}
	return m.crew.run(func() tea.Msg {
		if nw, nh, ok := picture.CellSize(out); ok {
			w, h = nw, nh
		}
		return measured{w, h}
	})
}

// rest waits for the slider to rest.
func (j *jobs) rest() tea.Cmd {
	j.resting.begin(j.ctx)
	return j.later(restWait, settled{j.resting.seq})
}

// prepare makes the shared palette.
func (m worker) prepare() tea.Cmd {
	ctx, thumbs := m.ctx, m.thumbs
	return m.crew.run(func() tea.Msg { return prepared{thumbs.Prepare(ctx, nil)} })
}

// visiblePictures returns the pictures of the screen, the small ones first.
func (p *panes) visiblePictures() []picture.Wanted {
	var all []picture.Wanted
	switch {
	case !p.layout.Pictures:
	case !p.findings.Open:
		all = p.Pictures(&p.layout)
	case p.findings.Sheet != nil:
		all = p.findings.Sheet.Pictures(&p.layout)
	case p.layout.Aside:
		all = p.findings.Preview.Pictures(&p.layout)
	}
	return slices.DeleteFunc(all, picture.Wanted.Empty)
}

// load takes the thumbnails that are ready, so a frame is consistent, and requests the missing ones. When no thumbnail
// is missing, it requests those of the neighbours.
func (p *panes) load() tea.Cmd {
	if p.relief.Open {
		return p.sketch()
	}
	all := p.visiblePictures()
	p.ready = make(map[pane.Place]picture.Picture, len(all))
	var missing []picture.Wanted
	for _, w := range all {
		if made, ok := p.thumbs.Ready(w); ok {
			p.ready[pane.PlaceOf(w)] = made
		} else if !slices.Contains(missing, w) {
			missing = append(missing, w)
		}
	}
	if slices.Equal(missing, p.loadingOf) && p.loadingOf != nil {
		return nil
	}
	if len(missing) == 0 {
		p.loadingOf = nil
		return p.fetchAhead()
	}
	ctx, seq := p.loading.begin(p.ctx)
	p.loadingOf = missing
	thumbs := p.thumbs
	return p.crew.run(func() tea.Msg {
		thumbs.Make(ctx, missing, pictureWait)
		return pictured{seq}
	})
}

// fetchAhead ranks the next and the previous query and makes their pictures, once for every frame and only when
// nothing else is under way.
func (p *panes) fetchAhead() tea.Cmd {
	if p.awaited || p.fetched || p.Shown.Rankings == nil || p.findings.Open {
		return nil
	}
	p.fetched = true
	ctx, seq := p.fetching.begin(p.ctx)
	session, gallery, thumbs := p.session, p.gallery, p.thumbs
	board, l := p.Board, p.layout
	board.Panel = false
	var neighbours []int
	for _, by := range []int{1, -1} {
		if q, ok := p.Neighbour(p.gallery, by); ok {
			neighbours = append(neighbours, q)
		}
	}
	return p.crew.run(func() tea.Msg {
		for _, q := range neighbours {
			d := pane.Desk{Query: q, Schemes: board.Shown.Schemes, Hits: board.Shown.Hits}
			results, err := session.Preview(ctx, d.Steps(gallery)...)
			if err != nil {
				break
			}
			if !l.Pictures {
				continue
			}
			at := board
			at.Shown = pane.Frame{Desk: d, Rankings: lastSearch(results).Rankings}
			for _, w := range at.Pictures(&l) { // one after the other: the screen's own come first
				if w.Empty() {
					continue
				}
				if _, err := thumbs.Picture(ctx, w.Row, w.Box, w.Quality); err != nil {
					break
				}
			}
		}
		return fetched{seq}
	})
}

// lastSearch returns the last search among results, or nothing.
func lastSearch(results []experiments.Result) experiments.Result {
	for _, r := range slices.Backward(results) {
		if _, ok := r.Step.(script.Search); ok {
			return r
		}
	}
	return experiments.Result{}
}

// restrict looks for the queries that meet a text.
func (p *panes) restrict(text string) tea.Cmd {
	if strings.TrimSpace(text) == "" {
		p.restricting.stop()
		p.Walk = pane.Walk{}
		p.fetched = false
		return nil
	}
	ctx, seq := p.restricting.begin(p.ctx)
	gallery := p.gallery
	return p.crew.run(func() tea.Msg {
		of, err := pane.ParseRestriction(gallery, text)
		walk := pane.Walk{Text: text, Of: of}
		if err == nil {
			walk.Rows, err = of.Rows(ctx, gallery)
		}
		walk.Err = err
		offered := prompt.Completed{Text: text}
		offered.Common, offered.Names = pane.ContinueRestriction(gallery, text)
		if ctx.Err() != nil {
			return nil
		}
		return restricted{seq, walk, offered}
	})
}

// find looks for the items whose id begins with a text.
func (j *jobs) find(text string) tea.Cmd {
	ctx, seq := j.looking.begin(j.ctx)
	gallery := j.gallery
	return j.crew.run(func() tea.Msg {
		rows, count, err := pane.MatchIDs(ctx, gallery, text)
		if err != nil {
			return nil
		}
		return prompt.Found{Seq: seq, Text: text, Rows: rows, Count: count}
	})
}

// dissect computes the cosines of the query and the hit under the cursor in every layer.
func (m Model) dissect() (Model, tea.Cmd) {
	h, ok := m.CursorHit()
	if !ok || !m.Panel || m.Parts.Query == m.Shown.Desk.Picture() && m.Parts.Hit == h.Row &&
		len(m.Parts.Cosines) == len(m.gallery.AllLayers()) {
		return m, nil
	}
	ctx, seq := m.dissecting.begin(m.ctx)
	session, query := m.session, m.Shown.Desk.Picture()
	photo := m.Shown.Picture
	m.Parts = pane.Dissected{Query: query, Hit: h.Row}
	return m, m.crew.run(func() tea.Msg {
		var cosines []rank.Cosine
		var err error
		if photo != nil {
			cosines, err = session.PictureCosines(ctx, photo, h.Row)
		} else {
			cosines, err = session.Cosines(ctx, query, h.Row)
		}
		return pane.Dissected{Seq: seq, Query: query, Hit: h.Row, Cosines: cosines, Err: err}
	})
}

// behind executes an evaluate, compare, mine or tune step in the background.
func (m Model) behind(t pane.Task, step script.Step) (Model, tea.Cmd) {
	ctx, cancel := context.WithCancel(m.ctx)
	count := &pane.Counted{}
	m.evaluation = pane.Evaluation{Seq: m.evaluation.Seq + 1, Task: t, Cancel: cancel, Progress: count, Bar: m.evaluation.Bar}
	m.status = m.status.Tell("")
	seq, number, session, now := m.evaluation.Seq, m.numbered(), m.session, m.c.Now
	run := m.crew.run(func() tea.Msg {
		defer cancel()
		result, err := session.Behind(ctx, step, func(p experiments.Progress) { count.Set(p, now()) })
		return evaluated{seq, number, result, err}
	})
	return m, tea.Batch(run, m.later(progressing, progressed{seq}))
}

// copyScript puts the script of the session's state on the clipboard, by way of the terminal.
func copyScript(m Model) (Model, tea.Cmd) {
	session := m.session
	return m, m.copyText(func() (text, what string) {
		text = session.Script()
		return text, fmt.Sprintf("a script of %d lines", strings.Count(text, "\n"))
	})
}

// copyText puts a text on the clipboard, by way of the terminal. It goes through the screen's writer, which writes no
// text into the middle of a picture.
func (m worker) copyText(of func() (text, what string)) tea.Cmd {
	out := io.Discard
	switch {
	case m.screen != nil:
		out = m.screen
	case m.output != nil:
		out = m.output
	}
	return m.crew.run(func() tea.Msg {
		text, what := of()
		ask, err := cells.Clipboard(text, m.tmux)
		if err == nil {
			_, err = io.WriteString(out, ask)
		}
		return copied{what, err}
	})
}
