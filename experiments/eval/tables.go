package eval

import (
	"io"
	"slices"
	"strconv"

	"strata/experiments/table"
)

// WriteMetrics writes a row a summary. Without a judged query, the cells of
// value, interval, ceiling and baseline are empty; so are the interval of a macro
// mean of one class, and a ceiling or baseline without a closed form.
func (e *Evaluation) WriteMetrics(w io.Writer) error { return e.MetricsTable().Write(w, table.CSV) }

// Tables returns the tables of the evaluation, by the names of their files.
func (e *Evaluation) Tables() []table.Named {
	return []table.Named{{Name: "metrics", Of: e.MetricsTable()}, {Name: "per_query", Of: e.PerQueryTable()}, {Name: "standings", Of: e.StandingsTable()}}
}

// MetricsTable has a row a summary: see WriteMetrics.
func (e *Evaluation) MetricsTable() table.Table {
	columns := slices.Concat(
		table.Columns(table.Text, "scheme", "label", "metric", "mean"), table.Columns(table.Real, "value", "ci_low", "ci_high"),
		table.Columns(table.Whole, "queries", "skipped_unknown", "skipped_lone", "skipped_unscored"), table.Columns(table.Real, "ceiling", "baseline"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		for _, s := range e.Summaries {
			if !yield([]string{
				s.Scheme.String(), s.Label, s.Metric.String(), s.Mean.String(),
				table.Cell(s.Value), table.Cell(s.Low), table.Cell(s.High), strconv.Itoa(s.N),
				strconv.Itoa(s.Unknown), strconv.Itoa(s.Lone), strconv.Itoa(s.Unscored),
				table.Cell(s.Ceiling), table.Cell(s.Baseline),
			}) {
				return
			}
		}
	}}
}

// WritePerQuery writes a row for each query, scheme and label, in that order.
// relevant is empty when the query's value is unknown; hits and metrics are empty
// when the query is not judged, and skipped says why.
func (e *Evaluation) WritePerQuery(w io.Writer) error { return e.PerQueryTable().Write(w, table.CSV) }

// PerQueryTable has a row for each query, scheme and label: see WritePerQuery.
func (e *Evaluation) PerQueryTable() table.Table {
	schemes := make([]string, len(e.Schemes))
	for s, scheme := range e.Schemes {
		schemes[s] = scheme.String()
	}
	columns := append(table.Columns(table.Text, "query", "scheme", "label"), table.Column{Name: "relevant", Kind: table.Whole})
	for _, k := range e.Ks {
		columns = append(columns, table.Column{Name: "hits@" + strconv.Itoa(k), Kind: table.Whole})
	}
	columns = append(columns, table.Column{Name: "skipped", Kind: table.Text})
	for _, m := range e.Metrics[len(e.Ks):] {
		columns = append(columns, table.Column{Name: m.String(), Kind: table.Real})
	}
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		var row []string
		for i, q := range e.Queries {
			for s, scheme := range schemes {
				for l, label := range e.Labels {
					row = append(row[:0], e.Gallery.ID(q), scheme, label)
					if row = e.appendCounts(row, i, s, l); !yield(row) {
						return
					}
				}
			}
		}
	}}
}

// appendCounts appends relevant, the hits by k, skipped, and the metrics beside P
// of query i, a place in Queries.
func (c *Counts) appendCounts(row []string, i, scheme, label int) []string {
	skip := c.Skip(i, scheme, label)
	row = append(row, relevantCell(c.R(i, scheme, label)))
	for _, hits := range c.HitsOf(i, scheme, label) {
		count := ""
		if skip == Judged {
			count = strconv.Itoa(int(hits))
		}
		row = append(row, count)
	}
	row = append(row, skip.String())
	for m, value := range c.valuesOf(i, scheme, label) {
		text := ""
		if skip == Judged {
			text = table.Number(value / float64(max(c.Metrics[len(c.Ks)+m].Unit(), 1)))
		}
		row = append(row, text)
	}
	return row
}
