package eval

import (
	"fmt"
	"math"
	"slices"

	"strata/engine"
	"strata/engine/items"
	"strata/experiments/stats"
	"strata/experiments/table"
)

// Division parts queries into those that something is chosen on and those that
// what was chosen is reported on. The queries of a group are on one side.
type Division struct {
	Tune, Report []int // rows, ascending
	Left         []int // of neither: without a score in a layer
	Seed         uint64
}

// NewDivision divides queries, rows in ascending order: of all groups, and
// queries without one, it draws the share that Tune is made of. Both sides get one
// at least.
func NewDivision(g *engine.Gallery, queries []int, share float64, seed uint64) (Division, error) {
	d := Division{Seed: seed}
	var units [][]int
	byGroup := map[string]int{}
	for _, q := range queries {
		group := g.Group(q)
		at, ok := byGroup[group]
		if !ok || group == "" {
			at = len(units)
			units = append(units, nil)
			byGroup[group] = at
		}
		units[at] = append(units[at], q)
	}
	if len(units) < 2 {
		return d, fmt.Errorf("%d queries, of %d groups, cannot be divided into those to tune on and those to report on", len(queries), len(units))
	}
	n := min(max(1, int(math.Round(float64(share*float64(len(units)))))), len(units)-1)
	// Another stream than that of the draw of queries, which has the same seed.
	drawn := items.Sample(len(units), n, stats.SplitMix(seed))
	for at, rows := range units {
		if _, in := slices.BinarySearch(drawn, at); in {
			d.Tune = append(d.Tune, rows...)
		} else {
			d.Report = append(d.Report, rows...)
		}
	}
	slices.Sort(d.Tune)
	slices.Sort(d.Report)
	return d, nil
}

// Table has a row a query: its part is tune, report or, without a score in a
// layer, none.
func (d Division) Table(g *engine.Gallery) table.Table {
	part := map[int]string{}
	var all []int
	for _, of := range []struct {
		rows []int
		name string
	}{{d.Tune, "tune"}, {d.Report, "report"}, {d.Left, "none"}} {
		for _, q := range of.rows {
			part[q] = of.name
		}
		all = append(all, of.rows...)
	}
	slices.Sort(all)
	return table.Table{Columns: table.Columns(table.Text, "query", "group", "part"), Rows: func(yield func([]string) bool) {
		for _, q := range all {
			if !yield([]string{g.ID(q), g.Group(q), part[q]}) {
				return
			}
		}
	}}
}
