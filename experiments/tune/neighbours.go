package tune

import (
	"context"
	"fmt"
	"slices"

	"strata/engine/neighbour"
	"strata/experiments/eval"
)

// neighbours.go builds the neighbourhoods of the queries in the search's layers, which prove most
// rankings. A neighbourhood costs about as much as ranking the query under each layer alone, and
// serves every scheme of the grid.

const (
	// fewestSchemes is the least size of a grid for which neighbourhoods pay.
	fewestSchemes = 32
	// fewestPairs is the least number of queries times rows for which neighbourhoods pay. For
	// fewer, ranking is quicker than hashing the layers, which keeping neighbourhoods requires.
	fewestPairs = 1 << 23
	// neighbourFile is the name under which neighbourhoods are kept.
	neighbourFile = "tune"
	// probed is how many queries and how many schemes of the grid are tried, about, and fewestProven
	// the share of their rankings that must be proven: the others are searched for one by one.
	probed, fewestProven = 48, 0.97
	// fewestTimes is the least number of rows in a list under a filter, as a multiple of k. Shorter
	// lists prove little.
	fewestTimes = 3
)

// neighbours builds or loads the neighbourhoods of all queries, if they pay. Errors other than
// ctx's are noted, and the search ranks in full.
func (u *tuner) neighbours(ctx context.Context) error {
	if u.ask.Neighbours != nil || u.ask.Full || gridSize(u.Places, u.Parts) < fewestSchemes {
		return nil
	}
	m, err := u.nearest()
	if err != nil || m == 0 {
		return err
	}
	name := ""
	if (len(u.Tune)+len(u.Report))*u.ask.Gallery.Len() >= fewestPairs {
		name = neighbourFile
	}
	n, err := u.build(ctx, neighbour.Plan{
		Name: name, Layers: u.Layers, M: m, Queries: slices.Sorted(slices.Values(slices.Concat(u.Tune, u.Report))),
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		u.note("%v: every ranking is searched for", err)
	case n != nil:
		u.measurer.Neighbours, u.Neighbours = n, n
	}
	return nil
}

// proves reports whether neighbourhoods as planned prove nearly all rankings, by those of some
// queries under some schemes of the grid.
func (u *tuner) proves(ctx context.Context, plan neighbour.Plan) (bool, error) {
	plan.Name, plan.Queries = "", spread(plan.Queries)
	n, err := neighbour.NewNeighbours(u.ask.Gallery, plan)
	if err != nil {
		return false, err
	}
	if err := n.Build(ctx, nil); err != nil {
		return false, err
	}
	among, err := u.ask.Gallery.Candidates(u.ask.Filter)
	if err != nil {
		return false, err
	}
	if u.measurer.Without != nil {
		among = among.Without(u.measurer.Without)
	}
	counts := neighbour.HitCounts{}
	for _, t := range u.Targets {
		counts.Ks = []int{max(t.Metric.K, slices.Max(append(counts.Ks, 1)))}
	}
	asked, proven := 0, 0
	for _, w := range spread(grid(axes(u.Places), u.Parts)) {
		if err := n.CountHits(ctx, w.scheme(u.Layers), among, &counts); err != nil {
			return false, err
		}
		for _, s := range counts.States {
			asked++
			if s != neighbour.Unproven {
				proven++
			}
		}
	}
	return float64(proven) >= fewestProven*float64(asked), nil
}

// spread returns about probed of all, at equal distances.
func spread[T any](all []T) []T {
	var some []T
	for i := 0; i < len(all); i += max(1, len(all)/probed) {
		some = append(some, all[i])
	}
	return some
}

// note adds to the notes on neighbourhoods.
func (u *tuner) note(format string, values ...any) {
	u.Notes = append(u.Notes, fmt.Sprintf(format, values...))
}

// nearest returns the number of rows of a layer's list that the targets need. It returns 0 if lists
// would prove little: a target needs whole rankings, or the filter leaves too few rows.
func (u *tuner) nearest() (int, error) {
	k := 0
	for _, t := range u.Targets {
		if t.Metric.Deep() {
			return 0, nil
		}
		k = max(k, t.Metric.K)
	}
	m := max(neighbour.DefaultNeighbours, fewestTimes*k)
	in, err := u.ask.Gallery.Rows(u.ask.Filter)
	if err != nil || in == nil {
		return m, err
	}
	left := 0
	for _, is := range in {
		if is {
			left++
		}
	}
	if left*m < fewestTimes*k*len(in) {
		return 0, nil
	}
	return m, nil
}

// build loads neighbourhoods, builds the missing ones, and saves them if they have a name. It
// returns nil if none are there and they would prove too little.
func (u *tuner) build(ctx context.Context, plan neighbour.Plan) (*neighbour.Neighbours, error) {
	n, err := neighbour.NewNeighbours(u.ask.Gallery, plan)
	if err != nil {
		return nil, err
	}
	if _, err := n.Load(ctx); err != nil {
		return nil, err
	}
	if note := n.Note(); note != "" {
		u.note("%s: they are built again", note)
	}
	had := n.Usage()
	if had.Done == 0 {
		if pays, err := u.proves(ctx, plan); err != nil || !pays {
			return nil, err
		}
	}
	if had.Done < had.Queries {
		u.begin("neighbours", fmt.Sprintf("queries, of at most %d MB", had.Budget>>20))
		report := eval.Reporter(had.Queries-had.Done, u.progress)
		if err := n.Build(ctx, func(neighbour.Usage) { report() }); err != nil {
			return nil, err
		}
		if err := n.Save(ctx); err != nil {
			u.note("neighbours are not kept: %v", err)
		}
	}
	if usage := n.Usage(); usage.Cut {
		u.note("%s: the others are searched for", usage)
	}
	return n, nil
}

// begin reports the beginning of a phase.
func (u *tuner) begin(name, unit string) {
	if u.ask.Phase != nil {
		u.ask.Phase(name, unit)
	}
}
