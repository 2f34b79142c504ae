package mine

import (
	"fmt"

	"strata/experiments/eval"
	"strata/experiments/table"
)

// Lines returns the lines of a log: the first and last rows of the tables.
func (m *Mined) Lines() []string {
	lines := []string{fmt.Sprint(len(m.Evaluation.Queries), " queries")}
	for _, label := range m.Evaluation.Labels {
		var of []eval.ClassDifference
		for _, c := range m.Classes {
			if c.Label == label {
				of = append(of, c)
			}
		}
		for i, c := range of {
			if i < shown || i >= len(of)-shown {
				lines = append(lines, fmt.Sprintf("%s  class %s  P@%d %s - %s  %s over %d", table.Quote(label), table.Quote(c.Class), m.K, table.Number(c.A), table.Number(c.B), table.Number(c.Diff), c.Queries))
			}
		}
		n := 0
		for _, l := range m.Losses {
			if l.Label == label && l.Loss > 0 && n < shown {
				n++
				lines = append(lines, fmt.Sprintf("%s  query %s  hits %d - %d", table.Quote(label), table.Quote(m.Evaluation.Gallery.ID(l.Query)), l.HitsA, l.HitsB))
			}
		}
	}
	for s, h := range m.Hubs {
		lines = append(lines, fmt.Sprintf("%s  %d hubs, %d of no query", m.Evaluation.Schemes[s], len(h.Hubs), h.Never))
	}
	for _, d := range m.Disagreements[:min(shown, len(m.Disagreements))] {
		overlap := "-"
		if text := table.Cell(d.Overlap); text != "" {
			overlap = text
		}
		lines = append(lines, fmt.Sprintf("overlap %s  %s, %d of %d", table.Quote(m.Evaluation.Gallery.ID(d.Query)), overlap, d.Common, m.K))
	}
	var kinds [3]int
	for _, d := range m.Duplicates.Pairs {
		kinds[d.Kind]++
	}
	return append(lines, fmt.Sprintf("duplicates  %d picture, %d rows, %d near", kinds[eval.SamePicture], kinds[eval.SameRows], kinds[eval.NearRows]))
}
