package experiments

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"strata/engine"
	"strata/engine/code"
	"strata/engine/items"
	"strata/engine/neighbour"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/check"
	"strata/experiments/eval"
	"strata/experiments/history"
	"strata/experiments/mine"
	"strata/experiments/report"
	"strata/experiments/run"
	"strata/experiments/script"
	"strata/experiments/tune"
)

// Options says how a session works. Open is required.
type Options struct {
	Open func(ctx context.Context, name string) (*engine.Gallery, error)
	// Extractor opens what computes the features of new pictures for a gallery;
	// nil: no picture can be a query. The session closes it.
	Extractor func(ctx context.Context, g *engine.Gallery) (check.Extractor, error)
	// Recipe returns the Recipe of a gallery's Extractor without opening it, so that
	// kept features need no model; nil: the Extractor is asked.
	Recipe func(g *engine.Gallery) (string, error)

	Budget      int64            // bytes of score columns to keep
	Log         io.Writer        // nil: no log; every commit is one Write
	LogLater    bool             // steps go on while the log cannot be written, and are written when it can: see Unlogged
	Now         func() time.Time // nil: nothing is timed, and logs hold no times
	Dir         string           // where relative names of exports and pictures begin
	CSVSafe     bool             // of Run, in exports
	DryRun      bool             // exports are computed and hashed, but not written
	SkipContent bool             // the hash of the whole gallery is not computed behind
	ContentWait time.Duration    // how long it and the building of codes are put off, for the first screen's sake
	Codes       CodesPolicy      // of large galleries
	AllCodes    bool             // codes are those of all layers that can have them, however small
	Neighbours  int64            // bytes that the neighbourhoods of a gallery's queries may take, which are built behind; 0: none are
	Nearest     int              // nearest rows of a layer in these; 0: neighbour.DefaultNeighbours
	Version     string           // of the program, for the log

	// place, if set, returns the path to which an export is written; the log
	// then names the file as the step does. A replay sets it.
	place func(file string) (string, error)
	// locate, if set, returns the path of a picture or of a run. A replay sets it.
	locate func(path string) string
}

// Session executes steps, one door for keys, scripts and commands. It owns the
// galleries it opens until Close. All methods may be called concurrently.
type Session struct {
	o    Options
	door chan struct{} // holds a token while a Do runs

	mu      sync.Mutex
	state   state
	open    map[string]*handle                // by name
	codes   map[*engine.Gallery]code.Progress // of those that are built
	closed  bool
	cancels map[int]context.CancelFunc // of the work in flight
	number  int
	work    sync.WaitGroup

	activity atomic.Pointer[string] // what Activity returns
	running  atomic.Int64           // steps that run: what is built behind waits for them

	logMu    sync.Mutex
	backlog  []byte // what is not in the log
	logErr   error  // of writing the log, until that succeeds
	unlogged atomic.Pointer[error]
}

// handle is an open gallery.
type handle struct {
	g        *engine.Gallery
	searcher *rank.Searcher
	imager   *imager
	faulty   map[string]bool // layers that were noted, with their faults; guarded by the door

	completing atomic.Bool                          // a search's columns, behind
	gathered   atomic.Pointer[gathering]            // nil: no neighbourhoods are built
	lent       atomic.Pointer[neighbour.Neighbours] // of the last tune step that built some, or kept ones
	looked     atomic.Bool                          // for kept ones
}

// close closes the gallery and what computes features for it.
func (h *handle) close() error { return errors.Join(h.imager.close(), h.g.Close()) }

// state is what steps change. What it points to is never changed.
type state struct {
	gallery *handle
	among   *items.Candidates
	judge   *eval.Judge

	query   string   // "" when the query is a picture
	row     int      // of query
	picture *Picture // nil when the query is an item
	schemes []scheme.Scheme
	filter  []scheme.Condition
	k       int
	moments history.History[moment] // of query, picture, schemes and filter

	searched   string // the query's id, or file, of the last search
	rankings   []eval.Ranking
	evaluation *eval.Evaluation

	comparisons []eval.Comparison // of the last compare or tune step
	compared    *eval.Evaluation  // what comparisons are of, after a compare step
	mined       *mine.Mined
	tuned       *tune.Tuned
	decision    *report.Decision
	notes       []string // of the gallery
}

// State is what the next search starts from.
type State struct {
	Query   string   // "" before the first query step, and when Picture is the query
	Picture *Picture // from outside the gallery; nil when the query is an item
	Schemes []scheme.Scheme
	Filter  []scheme.Condition
	K       int // of the last search; 0 before
}

// NewSession returns a session without a gallery.
func NewSession(o Options) *Session {
	return &Session{
		o: o, door: make(chan struct{}, 1),
		open: map[string]*handle{}, cancels: map[int]context.CancelFunc{},
		codes: map[*engine.Gallery]code.Progress{},
	}
}

// Do executes steps one after another. When all succeed and ctx is not
// cancelled, the new state, the log and the exports appear together, and the
// results are returned; otherwise nothing has happened. A query, schemes or
// filter step that changes nothing is neither logged nor returned. A session
// whose log cannot be written does nothing more, unless it may log later.
func (s *Session) Do(ctx context.Context, steps ...script.Step) ([]Result, error) {
	return s.do(ctx, func(*execution) ([]script.Step, error) { return steps, nil })
}

// do is Do of the steps that plan returns.
func (s *Session) do(ctx context.Context, plan func(x *execution) ([]script.Step, error)) ([]Result, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	defer s.runs()()
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	x := s.execution()
	x.dry = s.o.DryRun
	defer x.abandon()
	steps, err := plan(x)
	if err != nil {
		return nil, err
	}
	if err := x.run(ctx, steps); err != nil {
		return nil, err
	}
	if err := s.commit(ctx, x); err != nil {
		return nil, err
	}
	s.completeBehind(ctx, x)
	return x.results, nil
}

// Preview executes steps like Do, but changes, logs and writes nothing: it is
// for a slider while it moves.
func (s *Session) Preview(ctx context.Context, steps ...script.Step) ([]Result, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	defer s.runs()()
	x := s.execution()
	x.dry = true
	defer x.abandon()
	if err := x.run(ctx, steps); err != nil {
		return nil, err
	}
	s.completeBehind(ctx, x)
	return x.results, nil
}

// Progress says how far a step is that runs in the background.
type Progress struct {
	Phase    string // what it does now
	Unit     string // of Done and Of
	Done, Of int    // in this phase; Of is 0 where nothing is counted
}

// Behind executes an evaluate, a compare, a mine or a tune step beside other work and
// commits it whole when it ends. The log then holds it under the filter with
// which it began. progress, which may be nil, is told how far it is, by one goroutine at
// a time.
func (s *Session) Behind(ctx context.Context, step script.Step, progress func(Progress)) (Result, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return Result{}, err
	}
	defer end()
	defer s.runs()()
	x := s.execution()
	x.report(progress)
	began, onFlags := x.state, x.onFlags(step)
	flagsThen := began.flags()
	if err := x.run(ctx, []script.Step{step}); err != nil {
		return Result{}, err
	}
	result := x.results[0]

	leave, err := s.enter(ctx)
	if err != nil {
		return Result{}, err
	}
	defer leave()
	now := s.snapshot()
	if now.gallery != began.gallery {
		return Result{}, errors.New("another gallery was opened while the step ran")
	}
	if onFlags && began.flags() != flagsThen {
		return Result{}, errFlagsChanged
	}
	found := x.state
	x.state = now
	if keep := executors[step.Keyword()].keep; keep != nil {
		keep(&x.state, &found)
	}
	at := 0
	if old, current := (script.Filter{Conditions: began.filter}), (script.Filter{Conditions: now.filter}); old.String() != current.String() {
		x.results = []Result{{Step: old}, result, {Step: current}}
		x.state.revisit(began.filter)
		at = 1
	}
	if err := s.commit(ctx, x); err != nil {
		return Result{}, err
	}
	return x.results[at], nil
}

// Warm computes what a search for the item under the schemes will need. It
// reports no errors: the search will.
func (s *Session) Warm(ctx context.Context, id string, schemes []scheme.Scheme) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return
	}
	defer end()
	h := s.snapshot().gallery
	if h == nil {
		return
	}
	if row, err := h.g.Row(id); err == nil {
		_ = h.searcher.Warm(ctx, row, schemes)
	}
}

// Cosines returns the cosine of two rows in every layer of the gallery, and in the
// derived layers that are open.
func (s *Session) Cosines(ctx context.Context, q, row int) ([]rank.Cosine, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	h := s.snapshot().gallery
	if h == nil {
		return nil, ErrNoGallery
	}
	return rank.Cosines(ctx, h.g, h.g.AllLayers(), q, row)
}

// PictureCosines is Cosines for a picture of a State: NaN in layers without
// features of it, too.
func (s *Session) PictureCosines(ctx context.Context, p *Picture, row int) ([]rank.Cosine, error) {
	ctx, end, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	h := s.snapshot().gallery
	if h == nil {
		return nil, ErrNoGallery
	}
	return rank.VectorCosines(ctx, h.g, h.g.AllLayers(), p.vectors, row)
}

// Gallery returns the open gallery, or nil. It is closed by Close.
func (s *Session) Gallery() *engine.Gallery {
	if h := s.snapshot().gallery; h != nil {
		return h.g
	}
	return nil
}

// Usage says what score columns are kept.
func (s *Session) Usage() rank.Usage {
	if h := s.snapshot().gallery; h != nil {
		return h.searcher.Usage()
	}
	return rank.Usage{Budget: s.o.Budget}
}

// State returns what the next search starts from.
func (s *Session) State() State {
	t := s.snapshot()
	return State{Query: t.query, Picture: t.picture, Schemes: t.schemes, Filter: t.filter, K: t.k}
}

// Script returns the shortest script that brings back the state.
func (s *Session) Script() string {
	t := s.snapshot()
	var steps []script.Step
	if t.gallery != nil {
		steps = append(steps, script.Gallery{Name: t.gallery.g.Path})
	}
	if t.query != "" {
		steps = append(steps, script.Query{ID: t.query})
	}
	if t.picture != nil {
		steps = append(steps, script.Image{Path: t.picture.Path})
	}
	if len(t.schemes) > 0 {
		steps = append(steps, script.Schemes{Schemes: t.schemes})
	}
	if len(t.filter) > 0 {
		steps = append(steps, script.Filter{Conditions: t.filter})
	}
	if t.k > 0 {
		steps = append(steps, script.Search{K: t.k})
	}
	var b strings.Builder
	for _, step := range steps {
		b.WriteString(step.String() + "\n")
	}
	return b.String()
}

// Close cancels the work in flight, waits for it, and closes the galleries. It
// returns what went wrong in writing the log, too.
func (s *Session) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, cancel := range s.cancels {
		cancel()
	}
	s.mu.Unlock()
	s.work.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logMu.Lock()
	_ = s.writeBacklog() // once more; logErr has it
	errs := []error{s.logErr}
	s.logMu.Unlock()
	for _, h := range s.open {
		errs = append(errs, h.close())
	}
	clear(s.open)
	return errors.Join(errs...)
}

// begin registers work, which Close cancels and waits for, and returns its
// context and the function that ends it.
func (s *Session) begin(ctx context.Context) (context.Context, func(), error) {
	ctx, cancel := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		cancel()
		return nil, nil, scheme.ErrClosed
	}
	s.number++
	n := s.number
	s.cancels[n] = cancel
	s.work.Add(1)
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.cancels, n)
		s.work.Done()
	}, nil
}

// enter waits until no other step is at the door, and returns the function that
// leaves it.
func (s *Session) enter(ctx context.Context) (func(), error) {
	select {
	case s.door <- struct{}{}:
		return func() { <-s.door }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Session) snapshot() state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// commit makes an execution's state the session's. It runs at the door.
func (s *Session) commit(ctx context.Context, x *execution) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := run.Publish(x.outputs); err != nil {
		return err
	}
	if err := x.writeFlags(); err != nil {
		return err
	}
	for i := range x.results {
		x.note(&x.results[i]) // faults are noted once, so only now that nothing can be cancelled
	}
	if err := s.log(x.results); err != nil {
		return err
	}
	s.mu.Lock()
	s.state = x.state
	opened := x.opened
	x.opened = nil
	for name, h := range opened {
		s.open[name] = h
	}
	s.mu.Unlock()
	for _, h := range opened {
		s.codesBehind(ctx, h.g)
		s.gatherBehind(ctx, h)
		if s.o.Log != nil && !s.o.SkipContent {
			s.hashBehind(ctx, h.g)
		}
	}
	return nil
}

// hashBehind computes the hash of all of a gallery and notes it in the log.
func (s *Session) hashBehind(ctx context.Context, g *engine.Gallery) {
	ctx, end, err := s.begin(context.WithoutCancel(ctx))
	if err != nil {
		return
	}
	go func() {
		defer end()
		select {
		case <-time.After(s.o.ContentWait):
		case <-ctx.Done():
			return
		}
		line := ""
		if hash, err := g.ContentHash(ctx); err == nil {
			line = "# content " + hash + "\n"
		} else if ctx.Err() == nil {
			line = fmt.Sprintf("# content: %v\n", err)
		}
		_ = s.append(line) // Close returns the error
	}()
}
