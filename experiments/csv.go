package experiments

import (
	"io"
	"slices"
	"strconv"
)

// WriteMetrics writes a row a summary. Without a judged query, the cells of
// value, interval, ceiling and baseline are empty; so are the interval of a macro
// mean of one class, and a ceiling or baseline without a closed form.
func (e *Evaluation) WriteMetrics(w io.Writer) error { return e.metricsTable().write(w, CSV) }

// tables returns the tables of the evaluation, by the names of their files.
func (e *Evaluation) tables() []namedTable {
	return []namedTable{{"metrics", e.metricsTable()}, {"per_query", e.perQueryTable()}}
}

func (e *Evaluation) metricsTable() resultTable {
	columns := slices.Concat(
		columnsOf(textCell, "scheme", "label", "metric", "mean"), columnsOf(realCell, "value", "ci_low", "ci_high"),
		columnsOf(wholeCell, "queries", "skipped_unknown", "skipped_lone", "skipped_unscored"), columnsOf(realCell, "ceiling", "baseline"))
	return resultTable{columns, func(yield func([]string) bool) {
		for _, s := range e.Summaries {
			if !yield([]string{
				s.Scheme.String(), s.Label, s.Metric.String(), s.Mean.String(),
				cell(s.Value), cell(s.Low), cell(s.High), strconv.Itoa(s.N),
				strconv.Itoa(s.Unknown), strconv.Itoa(s.Lone), strconv.Itoa(s.Unscored),
				cell(s.Ceiling), cell(s.Baseline),
			}) {
				return
			}
		}
	}}
}

// WritePerQuery writes a row for each query, scheme and label, in that order.
// relevant is empty when the query's value is unknown; hits and metrics are empty
// when the query is not judged, and skipped says why.
func (e *Evaluation) WritePerQuery(w io.Writer) error { return e.perQueryTable().write(w, CSV) }

func (e *Evaluation) perQueryTable() resultTable {
	schemes := make([]string, len(e.Schemes))
	for s, scheme := range e.Schemes {
		schemes[s] = scheme.String()
	}
	columns := append(columnsOf(textCell, "query", "scheme", "label"), tableColumn{"relevant", wholeCell})
	for _, k := range e.Ks {
		columns = append(columns, tableColumn{"hits@" + strconv.Itoa(k), wholeCell})
	}
	columns = append(columns, tableColumn{"skipped", textCell})
	for _, m := range e.Metrics[len(e.Ks):] {
		columns = append(columns, tableColumn{m.String(), realCell})
	}
	return resultTable{columns, func(yield func([]string) bool) {
		var row []string
		for i, q := range e.Queries {
			for s, scheme := range schemes {
				for l, label := range e.Labels {
					row = append(row[:0], e.g.ID(q), scheme, label)
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
func (e *Evaluation) appendCounts(row []string, i, scheme, label int) []string {
	skip := e.skip(i, scheme, label)
	relevant := ""
	if skip != Unknown {
		relevant = strconv.Itoa(int(e.relevant[i*len(e.Labels)+label]))
	}
	row = append(row, relevant)
	for _, hits := range e.hitsOf(i, scheme, label) {
		count := ""
		if skip == Judged {
			count = strconv.Itoa(int(hits))
		}
		row = append(row, count)
	}
	row = append(row, skip.String())
	for m, value := range e.valuesOf(i, scheme, label) {
		text := ""
		if skip == Judged {
			text = number(value / float64(max(e.Metrics[len(e.Ks)+m].unit(), 1)))
		}
		row = append(row, text)
	}
	return row
}
