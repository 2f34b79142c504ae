package eval

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"strata/engine/rank"
	"strata/experiments/stats"
	"strata/experiments/table"
)

// Standing says how a scheme ranks among all schemes of an evaluation by one metric
// under one label, over resamples of the queries that all of them judge.
type Standing struct {
	stats.Standing     // NaN where nothing is resampled: no query is judged by all, or a macro mean is of one class
	N              int // queries that all schemes judge
}

// blankStandings returns standings that say nothing.
func blankStandings(n int) []Standing {
	nan := math.NaN()
	return slices.Repeat([]Standing{{Standing: stats.Standing{First: nan, Low: nan, High: nan}}}, n)
}

// stand sets the standings of all schemes from sums by scheme, metric and resample,
// over n queries.
func (e *Evaluation) stand(label int, mean Mean, n int, sums [][]int64) {
	columns := make([][]int64, len(e.Schemes))
	for m := range e.Metrics {
		for s := range columns {
			columns[s] = sums[s*len(e.Metrics)+m]
		}
		for s, standing := range stats.Standings(columns) {
			e.Standings[e.SummaryAt(s, label, mean, m)] = Standing{standing, n}
		}
	}
}

// standApart sets the standings under a label for which schemes judge different
// queries: over those that all of them judge.
func (e *Evaluation) standApart(ctx context.Context, label int, judged [][]int) error {
	both := judged[0]
	for _, of := range judged[1:] {
		both = Common(both, of)
	}
	if len(both) == 0 {
		return nil
	}
	sums, err := e.drawQueries(ctx, label, e.all, both)
	if err != nil {
		return err
	}
	e.stand(label, Micro, len(both), sums)
	classes := e.classes(label, both)
	if !e.Macro || classes.len() < 2 {
		return nil
	}
	if sums, err = e.drawClasses(ctx, label, e.all, classes); err != nil {
		return err
	}
	e.stand(label, Macro, len(both), sums)
	return nil
}

// StandingsTable has a row a summary: the share of resamples in which the scheme is
// first, the interval of its rank, and for how many queries equal scores stand at the
// metric's cut-off. Without a query that all schemes judge, the first three are empty;
// the last is for metrics without a cut-off.
func (e *Evaluation) StandingsTable() table.Table {
	columns := slices.Concat(
		table.Columns(table.Text, "scheme", "label", "metric", "mean"), table.Columns(table.Whole, "queries"),
		table.Columns(table.Real, "p_best", "rank_low", "rank_high"), table.Columns(table.Whole, "tied_at_cut"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		for i, s := range e.Summaries {
			of, tied := e.Standings[i], ""
			if k := slices.Index(e.Ks, s.K); k >= 0 {
				tied = strconv.Itoa(e.Tied(i/(len(e.Summaries)/len(e.Schemes)), k))
			}
			if !yield([]string{
				s.Scheme.String(), s.Label, s.Metric.String(), s.Mean.String(), strconv.Itoa(of.N),
				table.Cell(of.First), table.Cell(of.Low), table.Cell(of.High), tied,
			}) {
				return
			}
		}
	}}
}

// RankText returns the interval of the rank for people: 1, or 1 to 2.5.
func (s Standing) RankText() string {
	if s.Low == s.High {
		return table.Number(s.Low)
	}
	return table.Number(s.Low) + " to " + table.Number(s.High)
}

// WriteStandingTable writes for people, of P at the largest k, a row a scheme and a
// column a label: the share of resamples in which the scheme is first, and the interval
// of its rank.
func (e *Evaluation) WriteStandingTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	last := len(e.Ks) - 1
	_, _ = fmt.Fprintf(t, "%s best, rank", e.Metrics[last]) // Flush returns the first error
	for _, label := range e.Labels {
		_, _ = fmt.Fprintf(t, "\t%s", table.Quote(label))
	}
	_, _ = fmt.Fprintln(t)
	for s, scheme := range e.Schemes {
		_, _ = fmt.Fprint(t, scheme)
		for l := range e.Labels {
			cell := "-"
			if of := e.Standings[e.SummaryAt(s, l, Micro, last)]; of.N > 0 {
				cell = fmt.Sprintf("%.4f, %s", of.First, of.RankText())
			}
			_, _ = fmt.Fprintf(t, "\t%s", cell)
		}
		_, _ = fmt.Fprintln(t)
	}
	return t.Flush()
}

// Tied returns for how many queries a scheme gives the hit at the k-th place of Ks and
// the next candidate the same score, so that only the order of rows parts them.
func (c *Counts) Tied(scheme, k int) int {
	return int(c.tied[scheme*len(c.Ks)+k].Load())
}

// countTies adds the ties at the cuts of a ranking that goes beyond the last one.
func (c *Counts) countTies(scheme int, hits []rank.Hit) {
	for n, k := range c.Ks {
		if k < len(hits) && hits[k].Scored() && hits[k-1].Score == hits[k].Score {
			c.tied[scheme*len(c.Ks)+n].Add(1)
		}
	}
}

// maxTied is the number of schemes that TieLine names.
const maxTied = 8

// TieLine says for how many queries schemes give equal scores to the candidates on both
// sides of the largest k; "" when none does.
func (e *Evaluation) TieLine() string {
	var tied []string
	last := len(e.Ks) - 1
	for s, scheme := range e.Schemes {
		if n := e.Tied(s, last); n > 0 {
			tied = append(tied, fmt.Sprintf("%s %d", scheme, n))
		}
	}
	if tied == nil {
		return ""
	}
	if more := len(tied) - maxTied; more > 0 {
		tied = append(tied[:maxTied], fmt.Sprintf("%d more schemes", more))
	}
	return fmt.Sprintf("tied at rank %d, in the order of rows: %s of %d queries", e.Ks[last], strings.Join(tied, ", "), len(e.Queries))
}
