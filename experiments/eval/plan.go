package eval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"strata/engine"
	"strata/engine/items"
	"strata/engine/neighbour"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/metric"
	"strata/experiments/script"
)

// Plan says what an evaluation measures.
type Plan struct {
	Schemes []scheme.Scheme
	Labels  []string           // nil: all of the gallery
	Ks      []int              // nil: metric.DefaultKs
	Metrics []metric.Metric    // beside P at every k; a cut-off here is one of Ks, too
	Macro   bool               // also means over classes
	Filter  []scheme.Condition // what a candidate meets
	Where   []scheme.Condition // what a query meets
	Without map[int][]int32    // by query: further rows that are no candidates of it
	Set     string             // a set of the gallery that holds the queries; "": all
	Over    int                // queries to draw of those in Set that meet Where; 0: all
	Queries []int              // rows, ascending: these queries, whatever Set, Where and Over say; nil: those
	Seed    uint64             // of the draws and of the resampling; 0: 1
	Keep    int                // queries to draw whose rankings are kept, for WriteRun; -1: all

	// Neighbours, of the same gallery, prove rankings that are not searched for then;
	// nil: all are. Results are the same.
	Neighbours *neighbour.Neighbours

	// Known is an earlier evaluation, whose counts of the same schemes, queries and
	// candidates are taken over instead of ranking again; nil: none. Results are the same.
	Known *Evaluation
}

// Evaluate ranks the gallery for every query of the plan under every scheme, and
// counts hits. Memory is two bytes for each query, scheme, label and k, and
// eight for every metric beside P. A metric without a cut-off makes rankings
// deeper: Rprec and MAP@R go down to the largest R, the others to the last
// candidate, and ranking then takes as long as sorting the gallery for every
// query and scheme. progress, which may be nil, is told now and then how many queries are done, by
// one goroutine at a time.
func (p Plan) Evaluate(ctx context.Context, g *engine.Gallery, progress func(done, of int)) (*Evaluation, error) {
	e, err := p.rank(ctx, g, progress)
	if err != nil {
		return nil, err
	}
	return e, e.Summarise(ctx)
}

// rank is Evaluate without Summaries.
func (p Plan) rank(ctx context.Context, g *engine.Gallery, progress func(done, of int)) (*Evaluation, error) {
	among, err := g.Candidates(p.Filter)
	if err != nil {
		return nil, err
	}
	if p.Without != nil {
		among = among.Without(p.Without)
	}
	e, err := p.Prepare(g, among)
	if err != nil {
		return nil, err
	}
	report := Reporter(len(e.Queries), progress)
	fresh := e.takeOver(p.Known)
	if len(fresh) == 0 {
		for range e.Queries {
			report()
		}
		return e, ctx.Err()
	}
	schemes := make([]scheme.Scheme, len(fresh))
	for n, s := range fresh {
		schemes[n] = e.Schemes[s]
	}
	rankAll := g.RankAll
	if p.Neighbours != nil {
		rankAll = p.Neighbours.RankAll
	}
	// One candidate more shows whether the last hit is tied with it.
	err = rankAll(ctx, e.Queries, schemes, e.Depth+1, among, func(i int, rankings []rank.Ranking) {
		e.count(i, fresh, rankings)
		report()
	})
	return e, err
}

// Prepare checks the plan and makes the evaluation, without hits.
func (p Plan) Prepare(g *engine.Gallery, among *items.Candidates) (*Evaluation, error) {
	e := &Evaluation{Gallery: g, Among: among, without: p.Without != nil}
	e.Asked = Asked{Filter: p.Filter, Where: p.Where, Set: p.Set, Over: p.Over, Seed: max(p.Seed, 1), Macro: p.Macro}
	seen := map[string]bool{}
	for _, s := range p.Schemes {
		if text := s.String(); !seen[text] {
			seen[text] = true
			e.Schemes = append(e.Schemes, s)
		}
	}
	if len(e.Schemes) == 0 {
		return nil, ErrNoSchemes
	}
	if s, ok := scheme.AnyListed(e.Schemes); ok && p.Keep != 0 {
		return nil, fmt.Errorf("%s ranks listings, and the runs of trec_eval hold items: leave out one of both", s)
	}
	labels, err := p.FindLabels(g)
	if err != nil {
		return nil, err
	}
	for _, l := range labels {
		e.Labels = append(e.Labels, l.Name)
	}
	e.Ks, e.Metrics = metric.Planned(p.Ks, p.Metrics)
	for _, k := range e.Ks {
		if k < 1 || k > metric.MaxK {
			return nil, fmt.Errorf("k is from 1 to %d, not %d", metric.MaxK, k)
		}
	}
	if err := e.chooseQueries(g, p); err != nil {
		return nil, err
	}
	if err := CheckFitted(g, e.Schemes, e.Queries); err != nil {
		return nil, err
	}
	e.Judge = NewJudge(among, labels)
	e.setDepth()
	e.makeRoom(p.Keep)
	return e, nil
}

// CheckFitted refuses queries whose labels a layer of the schemes is fitted on: their hits would say
// nothing of other queries.
func CheckFitted(g *engine.Gallery, schemes []scheme.Scheme, queries []int) error {
	for _, f := range scheme.FactorsOf(schemes) {
		if !f.Supervised() {
			continue
		}
		known := 0
		for _, q := range queries {
			if g.Beside().Fitted(q) {
				known++
			}
		}
		if known > 0 {
			return fmt.Errorf("%s is fitted on the labels of %d of these %d queries, and would be tested on what it was told: the set of queries %s has the others", f, known, len(queries), engine.Unfitted)
		}
	}
	return nil
}

// FindLabels returns the labels asked for, each once.
func (p Plan) FindLabels(g *engine.Gallery) ([]*items.Label, error) {
	if p.Labels == nil {
		if all := g.Labels(); len(all) > 0 {
			return all, nil
		}
		return nil, fmt.Errorf("%s: the items table has no label column, so nothing can be evaluated", g.Name)
	}
	var labels []*items.Label
	for _, name := range p.Labels {
		l, err := g.Label(name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
	}
	return labels, nil
}

// DrawQueries returns the rows to evaluate, ascending.
func (p Plan) DrawQueries(g *engine.Gallery) ([]int, error) {
	var a Asked
	err := a.chooseQueries(g, p)
	return a.Queries, err
}

// chooseQueries sets the queries, and what they are of: a set and flags may be others later.
func (a *Asked) chooseQueries(g *engine.Gallery, p Plan) error {
	if p.Queries != nil {
		a.Queries, a.From = p.Queries, len(p.Queries)
		return nil
	}
	in, err := g.Rows(p.Where)
	if err != nil {
		return err
	}
	var rows []int
	if p.Set == "" {
		for row := range g.Len() {
			if g.IsQuery(row) && (in == nil || in[row]) {
				rows = append(rows, row)
			}
		}
	} else {
		set, err := g.Queries().Set(p.Set)
		if err != nil {
			return err
		}
		a.SetText = set.String()
		rows = slices.DeleteFunc(set.Rows, func(row int) bool { return in != nil && !in[row] })
	}
	if len(rows) == 0 {
		return errors.New("no item is a query: " + script.Evaluate{Where: p.Where, Set: p.Set}.String())
	}
	a.Queries, a.From = rows, len(rows)
	if p.Over == 0 || p.Over >= len(rows) {
		return nil
	}
	a.Queries = items.Sample(len(rows), p.Over, max(p.Seed, 1))
	for i, place := range a.Queries {
		a.Queries[i] = rows[place]
	}
	return nil
}

// Reporter returns a function that counts queries and passes the count on to
// progress, two hundred times in all.
func Reporter(of int, progress func(done, of int)) func() {
	if progress == nil {
		return func() {}
	}
	var mu sync.Mutex
	done, step := 0, max(1, of/200)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if done++; done%step == 0 || done == of {
			progress(done, of)
		}
	}
}

// ErrNoSchemes is returned by a search or an evaluation without schemes.
var ErrNoSchemes = errors.New("no schemes are chosen: a schemes step must come before")
