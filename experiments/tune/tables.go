package tune

import (
	"slices"
	"strconv"

	"strata/experiments/eval"
	"strata/experiments/table"
)

// Tables returns the tables of the outcome, with the names of their files.
func (t *Tuned) Tables() []table.Named {
	return []table.Named{
		{Name: "queries", Of: t.Table(t.Reported.Gallery)},
		{Name: "schemes", Of: t.trialsTable()},
		{Name: "report", Of: t.reportTable()},
		{Name: "comparisons", Of: eval.ComparisonsTable(t.Comparisons)},
		{Name: "pareto", Of: t.paretoTable()},
	}
}

// weightColumns returns a column for each layer, with its weight as a share of all weights.
func (t *Tuned) weightColumns() []table.Column {
	var columns []table.Column
	for _, l := range t.Layers {
		columns = append(columns, table.Column{Name: "weight " + l, Kind: table.Real})
	}
	return columns
}

// weightCells appends the weight of every layer, as a share of all weights.
func (t *Trial) weightCells(row []string) []string {
	sum := weights(t.Weights).sum()
	for _, w := range t.Weights {
		row = append(row, table.Number(float64(w)/float64(sum)))
	}
	return row
}

// trialsTable has a row for each trial, in the order of Trials. The weights of a row add to 1. Its
// values are those on the queries to tune on, as the names of the columns say.
func (t *Tuned) trialsTable() table.Table {
	columns := append(table.Columns(table.Text, "scheme", "from", "feasible"), t.weightColumns()...)
	for _, target := range t.Targets {
		columns = append(columns, table.Column{Name: "tune " + target.String(), Kind: table.Real})
	}
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		var row []string
		for _, trial := range t.Trials {
			from := "grid"
			if trial.Refined {
				from = "refined"
			}
			row = trial.weightCells(append(row[:0], trial.Scheme.String(), from, strconv.FormatBool(trial.Feasible)))
			for _, v := range trial.Tune {
				row = append(row, table.Cell(v))
			}
			if !yield(row) {
				return
			}
		}
	}}
}

// paretoTable has a row for each scheme of the front, by descending value of the first target on
// the queries to tune on.
func (t *Tuned) paretoTable() table.Table {
	columns := append(table.Columns(table.Text, "scheme"), t.weightColumns()...)
	for _, n := range t.FrontOf {
		columns = append(columns, table.Columns(table.Real, "tune "+t.Targets[n].String(), "report "+t.Targets[n].String())...)
	}
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		var row []string
		for _, i := range t.Front {
			trial := &t.Trials[i]
			row = trial.weightCells(append(row[:0], trial.Scheme.String()))
			for _, n := range t.FrontOf {
				row = append(row, table.Cell(trial.Tune[n]), table.Cell(trial.Report[n]))
			}
			if !yield(row) {
				return
			}
		}
	}}
}

// reportTable has a row for each target and each of the best scheme, the equal weights and the
// single layers. A row has the value on the queries to tune on, the value on the queries to report
// on with its interval, and the best scheme's lead there.
func (t *Tuned) reportTable() table.Table {
	columns := slices.Concat(
		table.Columns(table.Text, "scheme", "role", "label", "metric"), table.Columns(table.Real, "tune", "report", "ci_low", "ci_high", "gap"),
		table.Columns(table.Whole, "queries"), table.Columns(table.Real, "best_ahead", "ahead_low", "ahead_high", "p"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		for _, i := range t.Baselines() {
			for n, target := range t.Targets {
				s := t.Summary(i, n)
				trial := t.Trials[i]
				row := []string{
					trial.Scheme.String(), t.Role(i), target.Label, target.Metric.String(),
					table.Cell(trial.Tune[n]), table.Cell(s.Value), table.Cell(s.Low), table.Cell(s.High), table.Cell(trial.Tune[n] - s.Value), strconv.Itoa(s.N),
				}
				if c := t.Comparison(i, n); c != nil {
					row = append(row, table.Cell(0-c.Diff), table.Cell(0-c.High), table.Cell(0-c.Low), table.Cell(c.P))
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
