package experiments

import (
	"fmt"
)

// lines returns what a log holds: the ends of the tables.
func (m *Mined) lines() []string {
	lines := []string{fmt.Sprint(len(m.Evaluation.Queries), " queries")}
	for _, label := range m.Evaluation.Labels {
		var of []ClassDifference
		for _, c := range m.Classes {
			if c.Label == label {
				of = append(of, c)
			}
		}
		for i, c := range of {
			if i < shown || i >= len(of)-shown {
				lines = append(lines, fmt.Sprintf("%s  class %s  P@%d %s - %s  %s over %d", quote(label), quote(c.Class), m.K, number(c.A), number(c.B), number(c.Diff), c.Queries))
			}
		}
		n := 0
		for _, l := range m.Losses {
			if l.Label == label && l.Loss > 0 && n < shown {
				n++
				lines = append(lines, fmt.Sprintf("%s  query %s  hits %d - %d", quote(label), quote(m.Evaluation.g.ID(l.Query)), l.HitsA, l.HitsB))
			}
		}
	}
	for s, h := range m.Hubs {
		lines = append(lines, fmt.Sprintf("%s  %d hubs, %d of no query", m.Evaluation.Schemes[s], len(h.Hubs), h.Never))
	}
	for _, d := range m.Disagreements[:min(shown, len(m.Disagreements))] {
		overlap := "-"
		if text := cell(d.Overlap); text != "" {
			overlap = text
		}
		lines = append(lines, fmt.Sprintf("overlap %s  %s, %d of %d", quote(m.Evaluation.g.ID(d.Query)), overlap, d.Common, m.K))
	}
	var kinds [3]int
	for _, d := range m.Duplicates.Pairs {
		kinds[d.Kind]++
	}
	return append(lines, fmt.Sprintf("duplicates  %d picture, %d rows, %d near", kinds[SamePicture], kinds[SameRows], kinds[NearRows]))
}
