package experiments

import (
	"slices"
	"strconv"
)

// tables returns the tables of the outcome, by the names of their files.
func (t *Tuned) tables() []namedTable {
	return []namedTable{
		{"queries", t.table(t.Reported.g)},
		{"schemes", t.trialsTable()},
		{"report", t.reportTable()},
		{"comparisons", comparisonsTable(t.Comparisons)},
		{"pareto", t.paretoTable()},
	}
}

// weightColumns returns a column a layer, of its weight as a part of all.
func (t *Tuned) weightColumns() []tableColumn {
	var columns []tableColumn
	for _, l := range t.Layers {
		columns = append(columns, tableColumn{"weight " + l, realCell})
	}
	return columns
}

// weightCells appends the weight of every layer, as a part of all.
func (t *Trial) weightCells(row []string) []string {
	sum := weights(t.Weights).sum()
	for _, w := range t.Weights {
		row = append(row, number(float64(w)/float64(sum)))
	}
	return row
}

// trialsTable has a row a scheme that was tried, in the order of trials: the
// weights add to 1, and the values are those on the queries to tune on, as the
// names of their columns say.
func (t *Tuned) trialsTable() resultTable {
	columns := append(columnsOf(textCell, "scheme", "from", "feasible"), t.weightColumns()...)
	for _, target := range t.Targets {
		columns = append(columns, tableColumn{"tune " + target.String(), realCell})
	}
	return resultTable{columns, func(yield func([]string) bool) {
		var row []string
		for _, trial := range t.Trials {
			from := "grid"
			if trial.Refined {
				from = "refined"
			}
			row = trial.weightCells(append(row[:0], trial.Scheme.String(), from, strconv.FormatBool(trial.Feasible)))
			for _, v := range trial.Tune {
				row = append(row, cell(v))
			}
			if !yield(row) {
				return
			}
		}
	}}
}

// paretoTable has a row a scheme of the front, the first target's largest value
// on the queries to tune on first.
func (t *Tuned) paretoTable() resultTable {
	columns := append(columnsOf(textCell, "scheme"), t.weightColumns()...)
	for _, n := range t.FrontOf {
		columns = append(columns, columnsOf(realCell, "tune "+t.Targets[n].String(), "report "+t.Targets[n].String())...)
	}
	return resultTable{columns, func(yield func([]string) bool) {
		var row []string
		for _, i := range t.Front {
			trial := &t.Trials[i]
			row = trial.weightCells(append(row[:0], trial.Scheme.String()))
			for _, n := range t.FrontOf {
				row = append(row, cell(trial.Tune[n]), cell(trial.Report[n]))
			}
			if !yield(row) {
				return
			}
		}
	}}
}

// reportTable has a row for each of the best scheme, the equal weights and the
// single layers, and each target: the value on the queries to tune on, that on
// those to report on with its interval, and how far the best is ahead there.
func (t *Tuned) reportTable() resultTable {
	columns := slices.Concat(
		columnsOf(textCell, "scheme", "role", "label", "metric"), columnsOf(realCell, "tune", "report", "ci_low", "ci_high", "gap"),
		columnsOf(wholeCell, "queries"), columnsOf(realCell, "best_ahead", "ahead_low", "ahead_high", "p"))
	return resultTable{columns, func(yield func([]string) bool) {
		for _, i := range t.baselines() {
			for n, target := range t.Targets {
				s := t.summary(i, n)
				trial := t.Trials[i]
				row := []string{
					trial.Scheme.String(), t.role(i), target.Label, target.Metric.String(),
					cell(trial.Tune[n]), cell(s.Value), cell(s.Low), cell(s.High), cell(trial.Tune[n] - s.Value), strconv.Itoa(s.N),
				}
				if c := t.comparison(i, n); c != nil {
					row = append(row, cell(0-c.Diff), cell(0-c.High), cell(0-c.Low), cell(c.P))
				} else {
					row = append(row, "", "", "", "")
				}
				if !yield(row) {
					return
				}
			}
		}
	}}
}
