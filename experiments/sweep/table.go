package sweep

import (
	"slices"
	"strconv"

	"strata/experiments/eval"
	"strata/experiments/table"
)

// Tables returns the table of the outcome, with the name of its file.
func (s *Swept) Tables() []table.Named { return []table.Named{{Name: "sweep", Of: s.table()}} }

// table has a row for each point and label, by depth, pooling and label.
func (s *Swept) table() table.Table {
	columns := slices.Concat(
		[]table.Column{{Name: "depth", Kind: table.Whole}}, table.Columns(table.Text, "tensor", "pooling", "layer"),
		[]table.Column{{Name: "features", Kind: table.Whole}}, table.Columns(table.Text, "label"),
		table.Columns(table.Real, "P@"+strconv.Itoa(K), "ci_low", "ci_high", "p_best", "rank_low", "rank_high"),
		table.Columns(table.Whole, "queries", "skipped_unknown", "skipped_lone", "skipped_unscored"),
		table.Columns(table.Real, "ceiling", "baseline"), table.Columns(table.Text, "kept"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		for i, p := range s.Points {
			for l, label := range s.Evaluation.Labels {
				sum, stand := s.Summary(i, l), s.Evaluation.Standings[s.Evaluation.SummaryAt(i, l, eval.Micro, 0)]
				if !yield([]string{
					strconv.Itoa(p.Depth), p.Tensor, p.Pooling.String(), p.Layer, strconv.Itoa(s.Features[i]), label,
					table.Cell(sum.Value), table.Cell(sum.Low), table.Cell(sum.High),
					table.Cell(stand.First), table.Cell(stand.Low), table.Cell(stand.High), strconv.Itoa(sum.N),
					strconv.Itoa(sum.Unknown), strconv.Itoa(sum.Lone), strconv.Itoa(sum.Unscored),
					table.Cell(sum.Ceiling), table.Cell(sum.Baseline), strconv.FormatBool(slices.Contains(s.Kept, p)),
				}) {
					return
				}
			}
		}
	}}
}
