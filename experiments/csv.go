package experiments

import (
	"encoding/csv"
	"io"
	"iter"
	"math"
	"strconv"

	"strata/engine"
)

// writeTable writes rows as CSV. A row may be reused for the next.
func writeTable(w io.Writer, rows iter.Seq[[]string]) error {
	out := csv.NewWriter(w)
	for row := range rows {
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// WriteMetrics writes a row a summary. Without a judged query, the cells of
// value, interval, ceiling and baseline are empty; so are the interval of a macro
// mean of one class, and a ceiling or baseline without a closed form.
func (e *Evaluation) WriteMetrics(w io.Writer) error {
	return writeTable(w, func(yield func([]string) bool) {
		if !yield([]string{
			"scheme", "label", "metric", "mean", "value", "ci_low", "ci_high", "queries",
			"skipped_unknown", "skipped_lone", "skipped_unscored", "ceiling", "baseline",
		}) {
			return
		}
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
	})
}

// WritePerQuery writes a row for each query, scheme and label, in that order.
// relevant is empty when the query's value is unknown; hits and metrics are empty
// when the query is not judged, and skipped says why.
func (e *Evaluation) WritePerQuery(w io.Writer) error {
	schemes := make([]string, len(e.Schemes))
	for s, scheme := range e.Schemes {
		schemes[s] = scheme.String()
	}
	return writeTable(w, func(yield func([]string) bool) {
		row := []string{"query", "scheme", "label", "relevant"}
		for _, k := range e.Ks {
			row = append(row, "hits@"+strconv.Itoa(k))
		}
		row = append(row, "skipped")
		for _, m := range e.Metrics[len(e.Ks):] {
			row = append(row, m.String())
		}
		if !yield(row) {
			return
		}
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
	})
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

// writeRankings writes a row a hit of a search: 1 under a label says that the
// hit is relevant. The score of a hit without one is empty, and so are the labels
// when the query is a picture, which has none.
func writeRankings(w io.Writer, g *engine.Gallery, query string, rankings []Ranking) error {
	return writeTable(w, func(yield func([]string) bool) {
		row := []string{"scheme", "query", "rank", "id", "score"}
		for _, l := range g.Labels() {
			row = append(row, l.Name)
		}
		columns := len(row)
		if !yield(row) {
			return
		}
		for _, r := range rankings {
			for i, h := range r.Hits {
				row = append(row[:0], r.Scheme.String(), query, strconv.Itoa(i+1), g.ID(h.Row), cell(h.Score))
				for _, l := range r.Labels {
					relevant := "0"
					if l.Relevant[i] {
						relevant = "1"
					}
					row = append(row, relevant)
				}
				for len(row) < columns {
					row = append(row, "")
				}
				if !yield(row) {
					return
				}
			}
		}
	})
}

// cell returns a number for a table; NaN is empty.
func cell(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return number(x)
}
