package eval

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"

	"strata/experiments/table"
)

// ComparisonsTable has a row a comparison. Without queries the cells of numbers
// are empty; with fewer than two classes, those of the classes are.
func ComparisonsTable(comparisons []Comparison) table.Table {
	columns := slices.Concat(
		table.Columns(table.Text, "scheme_a", "scheme_b", "label", "metric"), table.Columns(table.Real, "diff", "ci_low", "ci_high", "p", "p_holm"),
		table.Columns(table.Text, "method"), table.Columns(table.Whole, "queries", "win", "tie", "loss", "classes"),
		table.Columns(table.Real, "class_ci_low", "class_ci_high", "class_p"), table.Columns(table.Text, "class_method"))
	return table.Table{Columns: columns, Rows: func(yield func([]string) bool) {
		for _, c := range comparisons {
			if !yield([]string{
				c.A.String(), c.B.String(), c.Label, c.Metric.String(),
				table.Cell(c.Diff), table.Cell(c.Low), table.Cell(c.High), table.Cell(c.P), table.Cell(c.Holm), c.Method.String(),
				strconv.Itoa(c.N), strconv.Itoa(c.Win), strconv.Itoa(c.Tie), strconv.Itoa(c.Loss),
				strconv.Itoa(c.Classes), table.Cell(c.ClassLow), table.Cell(c.ClassHigh), table.Cell(c.ClassP), c.ClassMethod.String(),
			}) {
				return
			}
		}
	}}
}

// WriteComparisonTable writes comparisons for people: a row each, of P at the
// largest k and so of every further measure. Numbers are rounded; p is Holm's.
func WriteComparisonTable(w io.Writer, comparisons []Comparison) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := ""
	for _, c := range lastCuts(comparisons) {
		if of := c.Metric.String() + " " + table.Quote(c.Label); of != head {
			head = of
			_, _ = fmt.Fprintf(t, "%s\tdifference\t95 %% interval\tby class\tp (Holm)\tqueries won, tied, lost\n", of)
		}
		if c.N == 0 {
			_, _ = fmt.Fprintf(t, "%s vs %s\t-\n", c.A, c.B)
			continue
		}
		class := "-"
		if c.Classes > 1 {
			class = fmt.Sprintf("%+.4f to %+.4f", c.ClassLow, c.ClassHigh)
		}
		_, _ = fmt.Fprintf(t, "%s vs %s\t%+.4f\t%+.4f to %+.4f\t%s\t%s\t%d, %d, %d\n",
			c.A, c.B, c.Diff, c.Low, c.High, class, RoundedP(c.Holm), c.Win, c.Tie, c.Loss)
	}
	return t.Flush() // with the first error
}

// RoundedP returns a p for people.
func RoundedP(p float64) string {
	if p < 0.0001 {
		return "<0.0001"
	}
	return fmt.Sprintf("%.4f", p)
}

// Cells returns the cells of a difference; they are empty without one.
func (c Comparison) Cells() []string {
	if c.Label == "" {
		return make([]string, 9)
	}
	return []string{
		table.Cell(c.Diff), table.Cell(c.Low), table.Cell(c.High), table.Cell(c.P), table.Cell(c.Holm), c.Method.String(),
		strconv.Itoa(c.Win), strconv.Itoa(c.Tie), strconv.Itoa(c.Loss),
	}
}
