package mine

import (
	"slices"
	"strconv"
	"strings"

	"strata/experiments/eval"
	"strata/experiments/table"
)

// Tables returns the tables of the findings, with the names of their files.
func (m *Mined) Tables() []table.Named {
	return []table.Named{
		{Name: "classes", Of: m.classesTable()},
		{Name: "losses", Of: m.lossesTable()},
		{Name: "mistakes", Of: m.mistakesTable()},
		{Name: "hubs", Of: m.hubsTable()},
		{Name: "disagreements", Of: m.disagreementsTable()},
		{Name: "duplicates", Of: m.duplicatesTable()},
	}
}

// classesTable has a row for each class, by descending loss of B.
func (m *Mined) classesTable() table.Table {
	metric := "P@" + strconv.Itoa(m.K)
	columns := slices.Concat(
		table.Columns(table.Text, "label", "class", "metric", "scheme_a", "scheme_b"), table.Columns(table.Whole, "queries"),
		table.Columns(table.Real, "value_a", "value_b", "diff", "p"), table.Columns(table.Whole, "win", "tie", "loss"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		a, b := m.Evaluation.Schemes[0].String(), m.Evaluation.Schemes[1].String()
		for _, c := range m.Classes {
			if !yield([]string{
				c.Label, c.Class, metric, a, b, strconv.Itoa(c.Queries), table.Number(c.A), table.Number(c.B), table.Number(c.Diff), table.Cell(c.P),
				strconv.Itoa(c.Win), strconv.Itoa(c.Tie), strconv.Itoa(c.Loss),
			}) {
				return
			}
		}
	}}
}

// lossesTable has a row for each query and label, by descending loss.
func (m *Mined) lossesTable() table.Table {
	k := "hits@" + strconv.Itoa(m.K)
	columns := slices.Concat(
		table.Columns(table.Text, "label", "query", "value"), table.Columns(table.Whole, "relevant"),
		table.Columns(table.Text, "scheme_a", "scheme_b"), table.Columns(table.Whole, k+"_a", k+"_b", "loss"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		a, b := m.Evaluation.Schemes[0].String(), m.Evaluation.Schemes[1].String()
		for _, l := range m.Losses {
			if !yield([]string{
				l.Label, m.Evaluation.Gallery.ID(l.Query), m.Value(l.Label, l.Query), strconv.Itoa(l.Relevant), a, b,
				strconv.Itoa(l.HitsA), strconv.Itoa(l.HitsB), strconv.Itoa(l.Loss),
			}) {
				return
			}
		}
	}}
}

// Value returns a row's cell under a label.
func (m *Mined) Value(label string, row int) string {
	for l, name := range m.Evaluation.Labels {
		if name == label {
			return m.Evaluation.Judge.Labels[l].Label.Cell(row)
		}
	}
	panic("experiments: a label was not judged by")
}

// mistakesTable has a row for each mistake, the most confident ones of a scheme and label first.
// margin is empty if no relevant hit was seen.
func (m *Mined) mistakesTable() table.Table {
	columns := append(table.Columns(table.Text, "scheme", "label", "query", "value", "hit", "hit_value"), table.Columns(table.Real, "score", "z", "margin")...)
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		for _, x := range m.Mistakes {
			if !yield([]string{
				m.Evaluation.Schemes[x.Scheme].String(), x.Label, m.Evaluation.Gallery.ID(x.Query), m.Value(x.Label, x.Query),
				m.Evaluation.Gallery.ID(x.Hit), m.Value(x.Label, x.Hit), table.Number(x.Score), table.Number(x.Z), table.Cell(x.Margin),
			}) {
				return
			}
		}
	}}
}

// hubsTable has a row for each hub. wrong counts, by label, the queries for which the hub is not
// relevant.
func (m *Mined) hubsTable() table.Table {
	columns := append(table.Columns(table.Text, "scheme", "item"), table.Column{Name: "occurrences@" + strconv.Itoa(m.K), Kind: table.Whole}, table.Column{Name: "z", Kind: table.Real})
	for _, l := range m.Evaluation.Labels {
		columns = append(columns, table.Column{Name: "wrong " + l, Kind: table.Whole})
	}
	columns = table.Distinct(append(columns, table.Columns(table.Text, m.Evaluation.Labels...)...))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		for s, of := range m.Hubs {
			for _, h := range of.Hubs {
				row := []string{m.Evaluation.Schemes[s].String(), m.Evaluation.Gallery.ID(h.Item), strconv.Itoa(h.Occurrences), table.Number(h.Z)}
				for _, n := range h.Wrong {
					row = append(row, strconv.Itoa(n))
				}
				for _, l := range m.Evaluation.Labels {
					row = append(row, m.Value(l, h.Item))
				}
				if !yield(row) {
					return
				}
			}
		}
	}}
}

// disagreementsTable has a row for each query, by ascending overlap. The overlap is empty if the
// query has no score in a scheme. The hits are empty if the query is not judged.
func (m *Mined) disagreementsTable() table.Table {
	k := "@" + strconv.Itoa(m.K)
	columns := append(table.Columns(table.Text, "query", "scheme_a", "scheme_b"), table.Column{Name: "rbo", Kind: table.Real}, table.Column{Name: "common" + k, Kind: table.Whole})
	for _, l := range m.Evaluation.Labels {
		columns = append(columns, table.Columns(table.Whole, "hits"+k+"_a "+l, "hits"+k+"_b "+l)...)
	}
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		place := map[int]int{}
		for i, q := range m.Evaluation.Queries {
			place[q] = i
		}
		a, b := m.Evaluation.Schemes[0].String(), m.Evaluation.Schemes[1].String()
		for _, d := range m.Disagreements {
			row := []string{m.Evaluation.Gallery.ID(d.Query), a, b, table.Cell(d.Overlap), strconv.Itoa(d.Common)}
			i := place[d.Query]
			for l := range m.Evaluation.Labels {
				for s := range m.Evaluation.Schemes {
					hits := ""
					if m.Evaluation.Skip(i, s, l) == eval.Judged {
						hits = strconv.Itoa(int(m.Evaluation.HitsOf(i, s, l)[0]))
					}
					row = append(row, hits)
				}
			}
			if !yield(row) {
				return
			}
		}
	}}
}

// duplicatesTable has a row for each pair. differ names the labels under which both values are
// known and they share none.
func (m *Mined) duplicatesTable() table.Table {
	columns := append(table.Columns(table.Text, "kind", "item_a", "item_b"), table.Column{Name: "cosine", Kind: table.Real}, table.Column{Name: "differ", Kind: table.Text})
	for _, l := range m.Evaluation.Labels {
		columns = append(columns, table.Columns(table.Text, l+"_a", l+"_b")...)
	}
	return table.Table{Columns: table.Distinct(columns), Rows: func(yield func([]string) bool) {
		for _, d := range m.Duplicates.Pairs {
			row := []string{d.Kind.String(), m.Evaluation.Gallery.ID(d.A), m.Evaluation.Gallery.ID(d.B), table.Cell(d.Cosine), strings.Join(m.Differing(d), "|")}
			for _, l := range m.Evaluation.Labels {
				row = append(row, m.Value(l, d.A), m.Value(l, d.B))
			}
			if !yield(row) {
				return
			}
		}
	}}
}

// Differing returns the labels under which a pair differs.
func (m *Mined) Differing(d eval.Duplicate) []string {
	var names []string
	for l, name := range m.Evaluation.Labels {
		if m.Differ(d, l) {
			names = append(names, name)
		}
	}
	return names
}

// Differ reports whether the values of a pair are known and they share none, or one item of it is
// judged not relevant to the other.
func (m *Mined) Differ(d eval.Duplicate, label int) bool {
	l := m.Evaluation.Judge.Labels[label].Label
	return l.Differ(d.A, d.B)
}
