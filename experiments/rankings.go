package experiments

import (
	"strconv"

	"strata/experiments/table"
)

// rankingsTable has a row a hit of a search: 1 under a label says that the hit is
// relevant. The score of a hit without one is empty, and so are the labels when the
// query is a picture, which has none.
func (s *state) rankingsTable() table.Table {
	columns := append(table.Columns(table.Text, "scheme", "query"), table.Column{Name: "rank", Kind: table.Whole}, table.Column{Name: "id", Kind: table.Text}, table.Column{Name: "score", Kind: table.Real})
	for _, l := range s.gallery.g.Labels() {
		columns = append(columns, table.Column{Name: l.Name, Kind: table.Whole})
	}
	query, rankings, g := s.searched, s.rankings, s.gallery.g
	return table.Table{Columns: table.Distinct(columns), Rows: func(yield func([]string) bool) {
		var row []string
		for _, r := range rankings {
			for i, h := range r.Hits {
				row = append(row[:0], r.Scheme.String(), query, strconv.Itoa(i+1), g.ID(h.Row), table.Cell(h.Score))
				for _, l := range r.Labels {
					relevant := "0"
					if l.Relevant[i] {
						relevant = "1"
					}
					row = append(row, relevant)
				}
				for len(row) < len(columns) {
					row = append(row, "")
				}
				if !yield(row) {
					return
				}
			}
		}
	}}
}
