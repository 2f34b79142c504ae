package experiments

import (
	"slices"
	"strconv"
	"strings"
)

// tables returns the tables of what was found, by the names of their files.
func (m *Mined) tables() []namedTable {
	return []namedTable{
		{"classes", m.classesTable()},
		{"losses", m.lossesTable()},
		{"mistakes", m.mistakesTable()},
		{"hubs", m.hubsTable()},
		{"disagreements", m.disagreementsTable()},
		{"duplicates", m.duplicatesTable()},
	}
}

// classesTable has a row a class, those where B loses most first.
func (m *Mined) classesTable() resultTable {
	metric := "P@" + strconv.Itoa(m.K)
	columns := slices.Concat(
		columnsOf(textCell, "label", "class", "metric", "scheme_a", "scheme_b"), columnsOf(wholeCell, "queries"),
		columnsOf(realCell, "value_a", "value_b", "diff", "p"), columnsOf(wholeCell, "win", "tie", "loss"))
	return resultTable{columns, func(yield func([]string) bool) {
		a, b := m.Evaluation.Schemes[0].String(), m.Evaluation.Schemes[1].String()
		for _, c := range m.Classes {
			if !yield([]string{
				c.Label, c.Class, metric, a, b, strconv.Itoa(c.Queries), number(c.A), number(c.B), number(c.Diff), cell(c.P),
				strconv.Itoa(c.Win), strconv.Itoa(c.Tie), strconv.Itoa(c.Loss),
			}) {
				return
			}
		}
	}}
}

// lossesTable has a row a query and label, those that lose most first.
func (m *Mined) lossesTable() resultTable {
	k := "hits@" + strconv.Itoa(m.K)
	columns := slices.Concat(
		columnsOf(textCell, "label", "query", "value"), columnsOf(wholeCell, "relevant"),
		columnsOf(textCell, "scheme_a", "scheme_b"), columnsOf(wholeCell, k+"_a", k+"_b", "loss"))
	return resultTable{columns, func(yield func([]string) bool) {
		a, b := m.Evaluation.Schemes[0].String(), m.Evaluation.Schemes[1].String()
		for _, l := range m.Losses {
			if !yield([]string{
				l.Label, m.Evaluation.g.ID(l.Query), m.value(l.Label, l.Query), strconv.Itoa(l.Relevant), a, b,
				strconv.Itoa(l.HitsA), strconv.Itoa(l.HitsB), strconv.Itoa(l.Loss),
			}) {
				return
			}
		}
	}}
}

// value returns a row's cell under a label.
func (m *Mined) value(label string, row int) string {
	for l, name := range m.Evaluation.Labels {
		if name == label {
			return m.Evaluation.judges.labels[l].Label.Cell(row)
		}
	}
	panic("experiments: a label was not judged by")
}

// mistakesTable has a row a mistake, the most confident ones of a scheme and
// label first. margin is empty where no relevant hit was seen.
func (m *Mined) mistakesTable() resultTable {
	columns := append(columnsOf(textCell, "scheme", "label", "query", "value", "hit", "hit_value"), columnsOf(realCell, "score", "z", "margin")...)
	return resultTable{columns, func(yield func([]string) bool) {
		for _, x := range m.Mistakes {
			if !yield([]string{
				m.Evaluation.Schemes[x.Scheme].String(), x.Label, m.Evaluation.g.ID(x.Query), m.value(x.Label, x.Query),
				m.Evaluation.g.ID(x.Hit), m.value(x.Label, x.Hit), number(x.Score), number(x.Z), cell(x.Margin),
			}) {
				return
			}
		}
	}}
}

// hubsTable has a row a hub; wrong counts the queries, by label, that it is not
// relevant to.
func (m *Mined) hubsTable() resultTable {
	columns := append(columnsOf(textCell, "scheme", "item"), tableColumn{"occurrences@" + strconv.Itoa(m.K), wholeCell}, tableColumn{"z", realCell})
	for _, l := range m.Evaluation.Labels {
		columns = append(columns, tableColumn{"wrong " + l, wholeCell})
	}
	columns = distinct(append(columns, columnsOf(textCell, m.Evaluation.Labels...)...))
	return resultTable{columns, func(yield func([]string) bool) {
		for s, of := range m.Hubs {
			for _, h := range of.Hubs {
				row := []string{m.Evaluation.Schemes[s].String(), m.Evaluation.g.ID(h.Item), strconv.Itoa(h.Occurrences), number(h.Z)}
				for _, n := range h.Wrong {
					row = append(row, strconv.Itoa(n))
				}
				for _, l := range m.Evaluation.Labels {
					row = append(row, m.value(l, h.Item))
				}
				if !yield(row) {
					return
				}
			}
		}
	}}
}

// disagreementsTable has a row a query, the least overlap first. It is empty
// where a query has no score in a scheme; hits are where it is judged.
func (m *Mined) disagreementsTable() resultTable {
	k := "@" + strconv.Itoa(m.K)
	columns := append(columnsOf(textCell, "query", "scheme_a", "scheme_b"), tableColumn{"rbo", realCell}, tableColumn{"common" + k, wholeCell})
	for _, l := range m.Evaluation.Labels {
		columns = append(columns, columnsOf(wholeCell, "hits"+k+"_a "+l, "hits"+k+"_b "+l)...)
	}
	return resultTable{columns, func(yield func([]string) bool) {
		place := map[int]int{}
		for i, q := range m.Evaluation.Queries {
			place[q] = i
		}
		a, b := m.Evaluation.Schemes[0].String(), m.Evaluation.Schemes[1].String()
		for _, d := range m.Disagreements {
			row := []string{m.Evaluation.g.ID(d.Query), a, b, cell(d.Overlap), strconv.Itoa(d.Common)}
			i := place[d.Query]
			for l := range m.Evaluation.Labels {
				for s := range m.Evaluation.Schemes {
					hits := ""
					if m.Evaluation.skip(i, s, l) == Judged {
						hits = strconv.Itoa(int(m.Evaluation.hitsOf(i, s, l)[0]))
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

// duplicatesTable has a row a pair. differ names the labels under which both
// values are known and none is shared.
func (m *Mined) duplicatesTable() resultTable {
	columns := append(columnsOf(textCell, "kind", "item_a", "item_b"), tableColumn{"cosine", realCell}, tableColumn{"differ", textCell})
	for _, l := range m.Evaluation.Labels {
		columns = append(columns, columnsOf(textCell, l+"_a", l+"_b")...)
	}
	return resultTable{distinct(columns), func(yield func([]string) bool) {
		for _, d := range m.Duplicates.Pairs {
			row := []string{d.Kind.String(), m.Evaluation.g.ID(d.A), m.Evaluation.g.ID(d.B), cell(d.Cosine), strings.Join(m.differing(d), "|")}
			for _, l := range m.Evaluation.Labels {
				row = append(row, m.value(l, d.A), m.value(l, d.B))
			}
			if !yield(row) {
				return
			}
		}
	}}
}

// differing names the labels under which a pair differs.
func (m *Mined) differing(d Duplicate) []string {
	var names []string
	for l, name := range m.Evaluation.Labels {
		if m.differ(d, l) {
			names = append(names, name)
		}
	}
	return names
}

// differ reports whether the values of a pair are known and none is shared.
func (m *Mined) differ(d Duplicate, label int) bool {
	l := m.Evaluation.judges.labels[label].Label
	return l.Known(d.A) && l.Known(d.B) && !l.Relevant(d.A, d.B)
}
