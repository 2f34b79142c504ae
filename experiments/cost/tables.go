package cost

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"strata/experiments/eval"
	"strata/experiments/metric"
	"strata/experiments/table"
)

// tables returns the tables of the study, with the names of their files.
func (c *Costs) tables() []table.Named {
	tables := []table.Named{{Name: "cost", Of: c.table()}}
	if c.Timed > 0 {
		tables = append(tables, table.Named{Name: "timings", Of: c.timeTable()})
	}
	return tables
}

// table has a row for each scheme, way and label.
func (c *Costs) table() table.Table {
	columns := slices.Concat(
		table.Columns(table.Text, "scheme", "way", "family"), table.Columns(table.Whole, "rescored"),
		table.Columns(table.Whole, "bytes", "bytes_beside"), table.Columns(table.Real, "bytes_item", "bytes_item_beside"),
		table.Columns(table.Real, "recall", "recall_low", "recall_high", "changed"), table.Columns(table.Whole, "recall_queries", "short"),
		table.Columns(table.Text, "label", "metric"), table.Columns(table.Real, "value", "ci_low", "ci_high"), table.Columns(table.Whole, "queries"),
		table.Columns(table.Real, "diff", "diff_low", "diff_high", "p", "p_holm"), table.Columns(table.Text, "method"), table.Columns(table.Whole, "win", "tie", "loss"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		for _, s := range c.Schemes {
			for _, w := range s.Ways {
				for l, label := range c.Labels {
					row := []string{
						s.Scheme.String(), w.Name, w.Family, strconv.Itoa(w.Depth),
						strconv.FormatInt(w.Bytes, 10), strconv.FormatInt(w.Beside, 10), table.Number(c.perItem(w.Bytes)), table.Number(c.perItem(w.Beside)),
						table.Cell(w.Recall.Value), table.Cell(w.Recall.Low), table.Cell(w.Recall.High), table.Cell(w.Changed), strconv.Itoa(w.Recall.N), strconv.Itoa(w.Short),
						label, metric.Metric{Kind: metric.Precision, K: c.K}.String(),
					}
					of := w.Labels[l]
					row = append(row, table.Cell(of.Precision.Value), table.Cell(of.Precision.Low), table.Cell(of.Precision.High), strconv.Itoa(of.Precision.N))
					if !yield(append(row, of.Loss.Cells()...)) {
						return
					}
				}
			}
		}
	}}
}

// perItem returns bytes divided by the number of the gallery's items.
func (c *Costs) perItem(bytes int64) float64 { return float64(bytes) / float64(c.Items) }

// timeTable has a row for each scheme, way and number of processors. It has the shortest, the
// median and the 95th percentile of a query's time, and the time to build the index, all in
// seconds. Times differ from run to run.
func (c *Costs) timeTable() table.Table {
	columns := slices.Concat(
		table.Columns(table.Text, "scheme", "way", "family"), table.Columns(table.Whole, "rescored", "processors", "queries"),
		table.Columns(table.Real, "best_s", "p50_s", "p95_s", "build_s"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		for _, s := range c.Schemes {
			for _, w := range s.Ways {
				for i, times := range [][]time.Duration{w.Time.One, w.Time.All} {
					build := ""
					if w.Time.Build > 0 {
						build = table.Number(w.Time.Build.Seconds())
					}
					processors := 1
					if i > 0 {
						processors = c.Limits.Processors
					}
					if !yield([]string{
						s.Scheme.String(), w.Name, w.Family, strconv.Itoa(w.Depth), strconv.Itoa(processors), strconv.Itoa(len(times)),
						table.Number(times[0].Seconds()), table.Number(table.Quantile(times, .5).Seconds()), table.Number(table.Quantile(times, .95).Seconds()), build,
					}) {
						return
					}
				}
			}
		}
	}}
}

// WriteTable writes the results for people, with rounded numbers: for every scheme, the bytes,
// recall and losses of the ways, and then their times.
func (c *Costs) WriteTable(w io.Writer) error {
	var b strings.Builder
	for _, s := range c.Schemes {
		fmt.Fprintf(&b, "%s: the first %d of %d items, over %d queries\n", s.Scheme, c.K, c.Items, c.Queries)
		c.costRows(&b, s)
		if c.Timed > 0 {
			b.WriteString("\n")
			c.timeRows(&b, s)
		}
		b.WriteString("\n")
	}
	if c.Graph != "" {
		fmt.Fprintf(&b, "graph: %s\n", c.Graph)
	}
	for _, n := range c.Notes {
		fmt.Fprintf(&b, "%s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// costRows writes the results that do not depend on times.
func (c *Costs) costRows(b *strings.Builder, s SchemeCost) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	row := fmt.Sprintf("way\trescored\tbytes/item\trecall@%d\t95 %%\tchanged", c.K)
	for _, label := range c.Labels {
		row += fmt.Sprintf("\tP@%d %s\tless exact\t95 %%\tp", c.K, table.Quote(label))
	}
	_, _ = fmt.Fprintln(t, row)
	short := false
	for _, w := range s.Ways {
		row := fmt.Sprintf("%s\t%s\t%.1f\t%s\t%s\t%s", w.Name, depthText(w.Depth), c.perItem(w.Bytes), table.Rounded(w.Recall.Value), w.Recall.interval(), table.Rounded(w.Changed))
		for _, l := range w.Labels {
			row += "\t" + table.Rounded(l.Precision.Value)
			if l.Loss.Label == "" || l.Loss.N == 0 {
				row += "\t\t\t"
				continue
			}
			row += fmt.Sprintf("\t%+.4f\t%+.4f to %+.4f\t%s", l.Loss.Diff, l.Loss.Low, l.Loss.High, eval.RoundedP(l.Loss.Holm))
		}
		_, _ = fmt.Fprintln(t, row)
		short = short || w.Short > 0
	}
	_ = t.Flush() // a builder accepts every write
	if !short {
		return
	}
	for _, w := range s.Ways {
		if w.Short > 0 {
			fmt.Fprintf(b, "%s: came short of %d candidates for %d queries\n", w, c.K, w.Short)
		}
	}
}

func depthText(depth int) string {
	if depth == 0 {
		return "-"
	}
	return strconv.Itoa(depth)
}

func (e Estimate) interval() string {
	if e.N == 0 {
		return ""
	}
	return fmt.Sprintf("%.4f to %.4f", e.Low, e.High)
}

// timeRows writes the times.
func (c *Costs) timeRows(b *strings.Builder, s SchemeCost) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(t, "ms a query\trescored\tp50, 1 processor\tp95\tp50, %d processors\tp95\tbuilt in s\n", c.Limits.Processors)
	for _, w := range s.Ways {
		build := "-"
		if w.Time.Build > 0 {
			build = fmt.Sprintf("%.1f", w.Time.Build.Seconds())
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", w.Name, depthText(w.Depth),
			table.Millis(table.Quantile(w.Time.One, .5)), table.Millis(table.Quantile(w.Time.One, .95)),
			table.Millis(table.Quantile(w.Time.All, .5)), table.Millis(table.Quantile(w.Time.All, .95)), build)
	}
	_ = t.Flush()
}
