package experiments

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"strata/engine"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/run"
	"strata/experiments/script"
	"strata/experiments/table"
)

// execution runs steps on a copy of a session's state.
type execution struct {
	s        *Session
	state    state
	dry      bool // exports are not written
	lax      bool // a filter on flags that are not there is set, without candidates
	progress func(done, of int)
	phase    func(name, unit string) // told of a part of a step that begins; never nil

	results []Result
	notes   []string // for the next result
	outputs []*run.Output
	opened  map[string]*handle // by name: galleries that the session does not have yet
	flagged []flagging         // by flag steps, and not written yet
}

func (s *Session) execution() *execution {
	return &execution{s: s, state: s.snapshot(), opened: map[string]*handle{}, phase: func(string, string) {}}
}

// report makes progress be told with its phase.
func (x *execution) report(progress func(Progress)) {
	if progress == nil {
		return
	}
	var now Progress
	x.phase = func(name, unit string) {
		now = Progress{Phase: name, Unit: unit}
		progress(now)
	}
	x.progress = func(done, of int) {
		now.Done, now.Of = done, of
		progress(now)
	}
}

// phases returns what is told how many queries are done in passes over them. names has
// for each pass its phase, and the one that follows it, in which nothing is counted.
func (x *execution) phases(names ...string) func(done, of int) {
	x.phase(names[0], "queries")
	counting := true
	return func(done, of int) {
		if x.progress == nil || len(names) < 2 {
			return
		}
		if !counting {
			x.phase(names[0], "queries")
		}
		x.progress(done, of)
		if counting = done < of; !counting {
			x.phase(names[1], "")
			names = names[2:]
		}
	}
}

// abandon undoes what was not committed.
func (x *execution) abandon() {
	for _, o := range x.outputs {
		o.Abandon()
	}
	x.unflag()
	for _, h := range x.opened {
		_ = h.close() // what was read stays right
	}
}

// run executes steps and collects the results of those that changed something.
func (x *execution) run(ctx context.Context, steps []script.Step) error {
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		began := x.now()
		r, err := x.step(ctx, step)
		if err != nil {
			return err
		}
		if r != nil {
			x.damagedCodes()
			r.Took, r.gallery, r.Notes = x.now().Sub(began), x.state.gallery, x.notes
			x.notes = nil
			x.results = append(x.results, *r)
		}
	}
	return x.fingerprints(ctx)
}

// now returns the time, or always the same one without a clock.
func (x *execution) now() time.Time {
	if x.s.o.Now == nil {
		return time.Time{}
	}
	return x.s.o.Now()
}

// executor is how a session executes the steps of one kind.
type executor struct {
	bare bool // it needs no open gallery
	do   func(ctx context.Context, x *execution, step script.Step) (*Result, error)
	keep func(to, from *state) // takes over what a step changed that ran beside others; nil: nothing
}

// executors are those of all kinds, by keyword.
var executors = map[string]executor{
	"gallery": {bare: true, do: does((*execution).openGallery)},
	"query":   {do: does((*execution).query)},
	"image":   {do: does((*execution).image)},
	"schemes": {do: does((*execution).schemes)},
	"filter":  {do: does((*execution).filter)},
	"undo":    {do: does((*execution).undo)},
	"redo":    {do: does((*execution).redo)},
	"search":  {do: does((*execution).search)},
	"evaluate": {do: does((*execution).evaluate), keep: func(to, from *state) {
		to.evaluation = from.evaluation
	}},
	"compare": {do: does((*execution).compare), keep: func(to, from *state) {
		to.evaluation, to.comparisons, to.compared = from.evaluation, from.comparisons, from.compared
	}},
	"mine": {do: does((*execution).mine), keep: func(to, from *state) {
		to.mined = from.mined
	}},
	"tune": {do: does((*execution).tune), keep: func(to, from *state) {
		to.tuned, to.comparisons, to.compared = from.tuned, from.comparisons, from.compared
	}},
	"require": {do: does((*execution).require)},
	"decide":  {do: does((*execution).decide)},
	"flag":    {do: does((*execution).flag)},
	"note":    {bare: true, do: does((*execution).remark)},
	"export":  {bare: true, do: does((*execution).export)},
}

// does returns the execution of steps of one type as that of any.
func does[S script.Step](do func(*execution, context.Context, S) (*Result, error)) func(context.Context, *execution, script.Step) (*Result, error) {
	return func(ctx context.Context, x *execution, step script.Step) (*Result, error) {
		of, ok := step.(S)
		if !ok {
			return nil, fmt.Errorf("a step of type %T is not known", step)
		}
		return do(x, ctx, of)
	}
}

// step executes one step. It returns nil when the step changes nothing.
func (x *execution) step(ctx context.Context, step script.Step) (*Result, error) {
	e, ok := executors[step.Keyword()]
	switch {
	case !ok:
		return nil, fmt.Errorf("a step of type %T is not known", step)
	case !e.bare && x.state.gallery == nil:
		return nil, ErrNoGallery
	}
	return e.do(ctx, x, step)
}

func (x *execution) remark(_ context.Context, step script.Note) (*Result, error) {
	x.state.notes = append(slices.Clip(x.state.notes), step.Text)
	return &Result{Step: step}, nil
}

func (x *execution) openGallery(ctx context.Context, step script.Gallery) (*Result, error) {
	h := x.opened[step.Name]
	if h == nil {
		x.s.mu.Lock()
		h = x.s.open[step.Name]
		x.s.mu.Unlock()
	}
	if h == nil {
		g, err := x.s.o.Open(ctx, step.Name)
		if err != nil {
			return nil, err
		}
		h = &handle{g: g, searcher: rank.NewSearcher(g, x.s.o.Budget), imager: newImager(), faulty: map[string]bool{}}
		x.opened[step.Name] = h
		if err := x.useCodes(ctx, g); err != nil {
			return nil, err
		}
	}
	x.state = state{gallery: h}
	if err := x.setFilter(nil); err != nil {
		return nil, err
	}
	x.state.remember()
	return &Result{Step: script.Gallery{Name: h.g.Path}, Lines: facts(h.g)}, nil
}

// facts describes a gallery, but for its fingerprint.
func facts(g *engine.Gallery) []string {
	lines := []string{strconv.Itoa(g.Len()) + " items"}
	for _, l := range g.Layers {
		lines = append(lines, fmt.Sprintf("layer %s %s %dx%d", l.Name, l.Type, l.Rows, l.Dim))
	}
	var labels []string
	for _, l := range g.Labels() {
		labels = append(labels, table.Quote(l.Name))
	}
	if len(labels) > 0 {
		lines = append(lines, "labels "+strings.Join(labels, ", "))
	}
	return lines
}

// fingerprints adds the fingerprint to the facts of opened galleries. It is
// taken while other steps run, and waited for here.
func (x *execution) fingerprints(ctx context.Context) error {
	for i := range x.results {
		r := &x.results[i]
		if _, ok := r.Step.(script.Gallery); !ok {
			continue
		}
		print, err := r.gallery.g.Fingerprint(ctx)
		if err != nil {
			return err
		}
		r.Lines = append(r.Lines, print)
	}
	return nil
}

func (x *execution) query(_ context.Context, step script.Query) (*Result, error) {
	if step.ID == x.state.query && step.ID != "" && x.state.picture == nil {
		return nil, nil
	}
	g := x.state.gallery.g
	row, err := g.Row(step.ID)
	if err != nil {
		return nil, err
	}
	if !g.IsQuery(row) {
		return nil, fmt.Errorf("item %q is no query: its split is gallery", step.ID)
	}
	x.state.query, x.state.row, x.state.picture = step.ID, row, nil
	x.state.remember()
	return &Result{Step: step}, nil
}

func (x *execution) schemes(_ context.Context, step script.Schemes) (*Result, error) {
	if step.String() == (script.Schemes{Schemes: x.state.schemes}).String() {
		return nil, nil
	}
	if err := x.checkSchemes(step.Schemes); err != nil {
		return nil, err
	}
	x.state.schemes = step.Schemes
	x.state.remember()
	return &Result{Step: step}, nil
}

// checkSchemes returns an error for a scheme that names a layer the gallery
// does not have.
func (x *execution) checkSchemes(schemes []scheme.Scheme) error {
	if len(schemes) == 0 {
		return eval.ErrNoSchemes
	}
	for _, scheme := range schemes {
		if err := x.state.gallery.g.CheckScheme(scheme); err != nil {
			return err
		}
	}
	return nil
}

func (x *execution) filter(_ context.Context, step script.Filter) (*Result, error) {
	if step.String() == (script.Filter{Conditions: x.state.filter}).String() {
		return nil, nil
	}
	if err := x.setFilter(step.Conditions); err != nil {
		return nil, err
	}
	x.state.remember()
	lines, err := x.setLines("", step.Conditions)
	return &Result{Step: step, Lines: lines}, err
}

// setFilter finds the candidates and prepares judging among them.
func (x *execution) setFilter(conditions []scheme.Condition) error {
	g := x.state.gallery.g
	among, err := g.Candidates(conditions)
	if err != nil && x.lax && g.Flagging().On(conditions) {
		x.state.filter = conditions
		return nil
	}
	if err != nil {
		return err
	}
	x.state.filter, x.state.among, x.state.judge = conditions, among, eval.NewJudge(among, g.Labels())
	return nil
}

func (x *execution) search(ctx context.Context, step script.Search) (*Result, error) {
	t := &x.state
	switch {
	case t.query == "" && t.picture == nil:
		return nil, ErrNoQuery
	case len(t.schemes) == 0:
		return nil, eval.ErrNoSchemes
	case step.K < 1:
		return nil, fmt.Errorf("a search is for at least 1 hit, not %d", step.K)
	}
	rankings, err := t.rank(ctx, step.K)
	if err != nil {
		return nil, err
	}
	t.k, t.searched, t.rankings = step.K, t.query, rankings
	if t.picture != nil {
		t.searched = filepath.Base(t.picture.Path)
	}
	return &Result{
		Step: step, Lines: searchLines(t.gallery.g, step.K, t.rankings), Rankings: t.rankings,
		Picture: t.picture, query: t.query,
	}, nil
}

// rank ranks for the query and judges the rankings; those of a picture, of which
// no label is known, are not judged.
func (s *state) rank(ctx context.Context, k int) ([]eval.Ranking, error) {
	var found []rank.Ranking
	var err error
	if s.picture != nil {
		found, err = s.gallery.searcher.SearchVectors(ctx, s.picture.vectors, s.schemes, k, s.among)
	} else {
		found, err = s.gallery.searcher.Search(ctx, s.row, s.schemes, k, s.among)
	}
	if err != nil {
		return nil, err
	}
	rankings := make([]eval.Ranking, len(found))
	for i, r := range found {
		if s.picture != nil {
			rankings[i] = eval.Ranking{Ranking: r}
		} else {
			rankings[i] = s.judge.Ranking(s.row, r)
		}
	}
	return rankings, nil
}

func (x *execution) evaluate(ctx context.Context, step script.Evaluate) (*Result, error) {
	t := &x.state
	plan, err := x.plan(ctx, step)
	if err != nil {
		return nil, err
	}
	lines, err := x.setLines(plan.Set, plan.Where)
	if err != nil {
		return nil, err
	}
	if err := x.checkSchemes(plan.Schemes); err != nil {
		return nil, err
	}
	e, err := plan.Evaluate(ctx, t.gallery.g, x.phases("ranking", "resampling"))
	if err != nil {
		return nil, err
	}
	t.evaluation = e
	step.Schemes, step.Labels, step.Seed = e.Schemes, e.Labels, e.Seed
	return &Result{Step: step, Lines: append(lines, eval.EvaluationLines(e)...), Evaluation: e}, nil
}

func (x *execution) export(ctx context.Context, step script.Export) (*Result, error) {
	write, err := x.state.table(ctx, step.File)
	if err != nil {
		return nil, err
	}
	var path string
	if x.s.o.place != nil {
		path, err = x.s.o.place(step.File)
	} else {
		path, err = x.s.ExportPath(step.File)
		step.File = path
	}
	if err != nil {
		return nil, err
	}
	if x.s.o.CSVSafe && strings.HasSuffix(path, "."+table.CSV.String()) {
		write = table.ForSpreadsheets(write)
	}
	o, err := run.Prepare(path, x.dry, write)
	if err != nil {
		return nil, err
	}
	x.outputs = append(x.outputs, o)
	return &Result{Step: step, Lines: append(x.state.flagLines(path), o.Line())}, nil
}

// Overwrites reports whether an export into a file would replace one.
func (s *Session) Overwrites(file string) bool {
	path, err := s.ExportPath(file)
	if err != nil {
		return false
	}
	_, err = os.Lstat(path)
	return err == nil
}

// note adds what depends on machine and moment: the program, the time a step
// took, and what is wrong with a layer when it is first used.
func (x *execution) note(r *Result) {
	if _, ok := r.Step.(script.Gallery); ok && x.s.o.Now != nil {
		r.Notes = append(r.Notes, fmt.Sprintf("strata %s  %s/%s  %d processors  %s",
			x.s.o.Version, runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), x.now().Format(time.RFC3339)))
	}
	if _, ok := r.Step.(script.Gallery); ok {
		r.Notes = append(r.Notes, r.gallery.g.Notes...)
	}
	if _, ok := r.Step.(script.Image); ok {
		r.Notes = append(r.Notes, r.gallery.pictureNotes(r.Picture)...)
		if r.Took > 0 {
			r.Notes = append(r.Notes, r.Took.Round(10*time.Microsecond).String())
		}
	}
	var schemes []scheme.Scheme
	for _, ranking := range r.Rankings {
		schemes = append(schemes, ranking.Scheme)
	}
	if r.Evaluation != nil {
		schemes = r.Evaluation.Schemes
		if line := r.Evaluation.TieLine(); line != "" {
			r.Notes = append(r.Notes, line)
		}
	}
	if r.Mined != nil {
		schemes = r.Mined.Evaluation.Schemes
	}
	if r.Tuned != nil {
		schemes = r.Tuned.Reported.Schemes
	}
	if len(schemes) == 0 {
		return
	}
	if r.Took > 0 {
		r.Notes = append(r.Notes, r.Took.Round(10*time.Microsecond).String())
	}
	if line := rescored(r.Rankings); line != "" {
		r.Notes = append(r.Notes, line)
	}
	derived, faults := r.gallery.first(schemes)
	r.Derived, r.Notes = derived, append(r.Notes, faults...)
}

// first names the derived layers of the schemes, and says what is wrong with
// their layers, of those that were not asked for before.
func (h *handle) first(schemes []scheme.Scheme) (derived, faults []string) {
	for _, scheme := range schemes {
		for _, name := range scheme.Layers() {
			if h.faulty[name] {
				continue
			}
			h.faulty[name] = true
			l, err := h.g.Layer(name)
			if err != nil {
				continue
			}
			if r := h.g.Recipe(name); r != nil {
				derived = append(derived, run.DerivedLine(l, r))
			}
			faults = append(faults, h.g.Faults(l)...)
		}
	}
	return derived, faults
}
