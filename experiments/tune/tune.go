package tune

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"strata/engine"
	"strata/engine/neighbour"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/metric"
	"strata/experiments/table"
)

// refinements is the number of times that the grid's step is halved around the best scheme.
const refinements = 2

// Tuning searches the weights of a sum of layers on some queries, and reports the result on others.
type Tuning struct {
	Gallery     *engine.Gallery
	Layers      []string // two or more, derived ones among them; A/B is a place in which either stands, for poolings or transforms of one layer
	Objective   metric.Target
	Constraints []metric.Constraint
	Front       []metric.Target    // of the Pareto front; nil means the objective's metric under every label
	Parts       int                // the grid's step is 1/Parts
	Share       float64            // share of queries to tune on, above 0 and under 1
	Filter      []scheme.Condition // what a candidate meets
	Where       []scheme.Condition // what a query meets
	Set         string             // a set of the gallery that holds the queries; "" means all
	Over        int                // number of queries to draw of those in Set that meet Where; 0 means all
	Seed        uint64             // of the draws, the division and the resampling; 0 means 1
	Near        float64            // if above 0, duplicates of a query are not its candidates; they are found as by FindDuplicates, under all layers

	Neighbours *neighbour.Neighbours   // of Plan; nil: they are built if that pays
	Full       bool                    // no neighbourhoods are built: every ranking is searched for
	Phase      func(name, unit string) // called when a part of the work begins, with the unit that progress counts in; may be nil
}

// Trial is a scheme that was tried on the queries to tune on.
type Trial struct {
	Scheme   scheme.Scheme
	Weights  []int     // by layer, in lowest terms: a layer's weight is its number divided by their sum
	Refined  bool      // it is from a finer grid around the best
	Feasible bool      // it meets all constraints
	Tune     []float64 // by target: means over the queries to tune on
	Report   []float64 // by target: means over the queries to report on; nil if not measured
}

// Tuned is the outcome of a Tuning.
type Tuned struct {
	eval.Division
	Layers      []string // of all places
	Places      []int    // by layer, ascending: layers of one place are alternatives, and a scheme has one of them
	Parts       int
	Targets     []metric.Target // the objective first, then those of constraints, then those of the front
	Constraints []metric.Constraint
	Trials      []Trial          // the grid and equal weights, then the trials around its best
	Best        int              // index in Trials
	Equal       int              // index in Trials of the scheme with equal weights of each place's first layer
	Single      []int            // by layer: the index in Trials of the layer alone
	Front       []int            // indexes in Trials: the trials that no other dominates in the targets of the front
	FrontOf     []int            // indexes in Targets
	Duplicates  *eval.Duplicates // that were left out; nil: they were not looked for

	Reported    *eval.Evaluation  // of the best scheme, the equal weights and the single layers, on the queries to report on
	Comparisons []eval.Comparison // each other one of those with the best one

	Neighbours *neighbour.Neighbours // that were used; nil: none

	Notes []string // on neighbourhoods: what is not as it should be, which changes no number
}

// tuner is the state of a search.
type tuner struct {
	*Tuned
	ask      Tuning
	measurer eval.Measurer
	progress func(done, of int)
	seen     map[string]bool // by spelling: it is among the trials
}

// Do divides the queries, searches and reports. It writes all files or, on failure, none. progress
// may be nil. It gets the number of queries done in the present pass over the gallery, or the unit
// that Phase names. There is one pass for the grid, one for each move from there, and two for the
// report.
func (t Tuning) Do(ctx context.Context, progress func(done, of int)) (*Tuned, error) {
	t.Seed = max(t.Seed, 1)
	u := &tuner{ask: t, progress: progress, Tuned: &Tuned{Parts: t.Parts, Constraints: t.Constraints}, seen: map[string]bool{}}
	if err := u.prepare(ctx); err != nil {
		return nil, err
	}
	if err := u.leaveOut(ctx, progress); err != nil {
		return nil, err
	}
	if err := u.neighbours(ctx); err != nil {
		return nil, err
	}
	if err := u.search(ctx); err != nil {
		return nil, err
	}
	return u.Tuned, u.report(ctx, progress)
}

// prepare checks the Tuning and divides the queries.
func (u *tuner) prepare(ctx context.Context) error {
	if err := u.checkLayers(); err != nil {
		return err
	}
	if !(u.ask.Share > 0 && u.ask.Share < 1) {
		return fmt.Errorf("a share of %s to tune on leaves no query to report on, or none to tune on: it is above 0 and under 1", table.Number(u.ask.Share))
	}
	u.collectTargets()
	plan := eval.Plan{Where: u.ask.Where, Set: u.ask.Set, Over: u.ask.Over, Seed: u.ask.Seed, Labels: []string{}}
	for _, t := range u.Targets {
		plan.Labels = append(plan.Labels, t.Label)
	}
	if _, err := plan.FindLabels(u.ask.Gallery); err != nil {
		return err
	}
	queries, err := plan.DrawQueries(u.ask.Gallery)
	if err != nil {
		return err
	}
	scored, err := u.ask.Gallery.Scored(ctx, u.Layers)
	if err != nil {
		return err
	}
	var left []int
	queries = slices.DeleteFunc(queries, func(q int) bool {
		if !scored[q] {
			left = append(left, q)
		}
		return !scored[q]
	})
	if u.Division, err = eval.NewDivision(u.ask.Gallery, queries, u.ask.Share, u.ask.Seed); err != nil {
		return err
	}
	u.Left = left
	return nil
}

// checkLayers sets the layers. Each must be one term of a scheme.
func (u *tuner) checkLayers() error {
	for place, alternatives := range u.ask.Layers {
		for name := range strings.SplitSeq(alternatives, "/") {
			s, err := u.ask.Gallery.ParseScheme(name)
			if err != nil {
				return err
			}
			if s.Kind != scheme.Sum || len(s.Terms) != 1 || s.String() != s.Terms[0].Factor.String() {
				return &scheme.SyntaxError{Text: name, Column: 1, Reason: "this is no layer: weights are searched for layers, with transforms or without"}
			}
			if slices.Contains(u.Layers, s.String()) {
				return &scheme.SyntaxError{Text: name, Column: 1, Reason: "the layer is named twice"}
			}
			u.Layers, u.Places = append(u.Layers, s.String()), append(u.Places, place)
		}
	}
	return checkGrid(u.Places, u.Parts)
}

// leaveOut finds the duplicates of the queries, if Near is set, and excludes them from the
// measurements.
func (u *tuner) leaveOut(ctx context.Context, progress func(done, of int)) (err error) {
	t := u.ask
	u.measurer = eval.Measurer{Gallery: t.Gallery, Filter: t.Filter, Targets: u.Targets, Progress: progress, Memory: eval.TargetMemory, Neighbours: t.Neighbours}
	if t.Near == 0 {
		return nil
	}
	queries := slices.Sorted(slices.Values(slices.Concat(u.Tune, u.Report)))
	u.begin("duplicates", "queries")
	if u.Duplicates, err = eval.FindDuplicates(ctx, t.Gallery, queries, t.Filter, u.Layers, t.Near, progress); err != nil {
		return err
	}
	u.measurer.Without = u.Duplicates.Without()
	return nil
}

// collectTargets sets the targets, without repetition.
func (u *tuner) collectTargets() {
	u.addTarget(u.ask.Objective)
	for _, c := range u.Constraints {
		u.addTarget(c.Target)
	}
	front := u.ask.Front
	if front == nil {
		for _, l := range u.ask.Gallery.Labels() {
			if l.NumValues() < 2 && !l.Judged() {
				continue // all schemes are the same under it
			}
			front = append(front, metric.Target{Metric: u.ask.Objective.Metric, Label: l.Name})
		}
	}
	for _, t := range front {
		if at := u.addTarget(t); !slices.Contains(u.FrontOf, at) {
			u.FrontOf = append(u.FrontOf, at)
		}
	}
}

// addTarget adds a target if it is new, and returns its index.
func (u *tuner) addTarget(t metric.Target) int {
	if at := slices.Index(u.Targets, t); at >= 0 {
		return at
	}
	u.Targets = append(u.Targets, t)
	return len(u.Targets) - 1
}

// search tries the grid, then moves from its best by ever smaller steps, as long as the value
// grows.
func (u *tuner) search(ctx context.Context) error {
	u.begin("trying weights", u.measurer.Counts())
	along := axes(u.Places)
	if err := u.try(ctx, append(grid(along, u.Parts), along.equal()), false); err != nil {
		return err
	}
	if err := u.setBest(); err != nil {
		return err
	}
	for parts, n := u.Parts, 0; n < refinements; n++ {
		parts *= 2
		for {
			before := u.Best
			if err := u.try(ctx, along.neighbours(u.Trials[u.Best].Weights, parts), true); err != nil {
				return err
			}
			if err := u.setBest(); err != nil {
				return err
			}
			if u.Best == before {
				break
			}
		}
	}
	u.setPlaces()
	u.setFront()
	return nil
}

// leastJudged limits the default front: at least one query in leastJudged must be judged
// by a label.
const leastJudged = 10

// try measures the weights that were not tried yet.
func (u *tuner) try(ctx context.Context, all []weights, refined bool) error {
	var schemes []scheme.Scheme
	var fresh []weights
	for _, w := range all {
		s := w.scheme(u.Layers)
		if !u.seen[s.String()] {
			u.seen[s.String()] = true
			schemes, fresh = append(schemes, s), append(fresh, w)
		}
	}
	if len(schemes) == 0 {
		return nil
	}
	means, judged, err := u.measurer.Measure(ctx, schemes, u.Tune)
	if err != nil {
		return err
	}
	for n, t := range u.Targets {
		if judged[0][n] > 0 && (n < u.named() || leastJudged*judged[0][n] >= len(u.Tune)) {
			continue
		}
		if n < u.named() {
			return fmt.Errorf("%s: none of the %d queries to tune on is judged: their values are unknown or nothing else has them", t, len(u.Tune))
		}
		// A label of the default front without a value for these queries is dropped, as is a
		// column of bookkeeping: an address, or a time.
		u.FrontOf = slices.DeleteFunc(u.FrontOf, func(at int) bool { return at == n })
	}
	for s, scheme := range schemes {
		trial := Trial{Scheme: scheme, Weights: fresh[s], Refined: refined, Tune: means[s], Feasible: true}
		for _, c := range u.Constraints {
			trial.Feasible = trial.Feasible && means[s][slices.Index(u.Targets, c.Target)] >= c.Least
		}
		u.Trials = append(u.Trials, trial)
	}
	return nil
}

// named returns the number of targets that the user named. They precede the targets of the default
// front.
func (u *tuner) named() int {
	if u.ask.Front != nil {
		return len(u.Targets)
	}
	n := 1
	for _, c := range u.Constraints {
		n = max(n, slices.Index(u.Targets, c.Target)+1)
	}
	return n
}

// setPlaces finds the baselines among the trials.
func (u *tuner) setPlaces() {
	u.Single = make([]int, len(u.Layers))
	equal := axes(u.Places).equal()
	for i, t := range u.Trials {
		if weights(t.Weights).used() == 1 {
			u.Single[slices.Index(t.Weights, 1)] = i
		}
		if slices.Equal(t.Weights, equal) {
			u.Equal = i
		}
	}
}

// report measures the best scheme, the baselines and the front on the queries to report on.
func (u *tuner) report(ctx context.Context, progress func(done, of int)) error {
	u.begin("reporting", "queries")
	plan := u.measurer.Plan()
	plan.Queries, plan.Seed = u.Report, u.ask.Seed
	at := map[int]bool{}
	for _, i := range u.Baselines() {
		plan.Schemes = append(plan.Schemes, u.Trials[i].Scheme)
		at[i] = true
	}
	var err error
	if u.Reported, err = plan.Evaluate(ctx, u.ask.Gallery, progress); err != nil {
		return err
	}
	for n, t := range u.Targets[:u.named()] {
		if u.Summary(u.Best, n).N == 0 {
			return fmt.Errorf("%s: none of the %d queries to report on is judged: their values are unknown or nothing else has them", t, len(u.Report))
		}
	}
	best := u.Trials[u.Best].Scheme
	if u.Comparisons, err = u.Reported.Compare(ctx, &best); err != nil {
		return err
	}
	for _, i := range u.Front {
		at[i] = true
	}
	var places []int
	var schemes []scheme.Scheme
	for i := range u.Trials {
		if at[i] {
			places, schemes = append(places, i), append(schemes, u.Trials[i].Scheme)
		}
	}
	u.begin("reporting the front", u.measurer.Counts())
	means, _, err := u.measurer.Measure(ctx, schemes, u.Report)
	if err != nil {
		return err
	}
	for n, i := range places {
		u.Trials[i].Report = means[n]
	}
	return nil
}

// Baselines returns the indexes of the best scheme, the equal weights and the single layers,
// without repetition.
func (t *Tuned) Baselines() []int {
	var all []int
	for _, i := range append([]int{t.Best, t.Equal}, t.Single...) {
		if !slices.Contains(all, i) {
			all = append(all, i)
		}
	}
	return all
}

// Summary returns the summary of a baseline for a target on the queries to report on.
func (t *Tuned) Summary(trial, target int) eval.Summary {
	name := t.Trials[trial].Scheme.String()
	for _, s := range t.Reported.Summaries {
		if s.Mean == eval.Micro && s.Scheme.String() == name && s.Label == t.Targets[target].Label && s.Metric == t.Targets[target].Metric {
			return s
		}
	}
	panic("experiments: a scheme was not reported on")
}
