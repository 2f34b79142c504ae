package eval

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"strata/experiments/table"
)

// WriteTable writes an evaluation for people: for P at the largest k, and so for
// every further measure, a row a scheme and a column a label, with half the width
// of the interval; then what was skipped, and the ties at the largest k. Ceiling and random are those of the
// first scheme that judges a query. Numbers are rounded.
func (e *Evaluation) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for m, metric := range e.Metrics {
		if m+1 < len(e.Metrics) && e.Metrics[m+1].Kind == metric.Kind && e.Metrics[m+1].K > 0 {
			continue
		}
		if _, err := io.WriteString(t, strings.Join(e.tableRows(m), "\n")+"\n"); err != nil {
			return err
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return e.writeSkips(w)
}

// tableRows returns the rows of one metric's table.
func (e *Evaluation) tableRows(metric int) []string {
	rows := []string{e.Metrics[metric].String()}
	for _, label := range e.Labels {
		rows[0] += "\t" + table.Quote(label)
	}
	row := func(name string, of func(label int) Summary, cell func(Summary) string) {
		for l := range e.Labels {
			if sum := of(l); sum.N > 0 {
				name += "\t" + cell(sum)
			} else {
				name += "\t-"
			}
		}
		rows = append(rows, name)
	}
	at := func(scheme, label int) Summary { return e.Summaries[e.SummaryAt(scheme, label, Micro, metric)] }
	for s, scheme := range e.Schemes {
		row(scheme.String(), func(l int) Summary { return at(s, l) },
			func(s Summary) string { return fmt.Sprintf("%.4f ±%.4f", s.Value, (s.High-s.Low)/2) })
	}
	judging := func(label int) Summary {
		for s := range e.Schemes {
			if sum := at(s, label); sum.N > 0 {
				return sum
			}
		}
		return Summary{}
	}
	row("ceiling", judging, func(s Summary) string { return table.Rounded(s.Ceiling) })
	row("random", judging, func(s Summary) string { return table.Rounded(s.Baseline) })
	return rows
}

// writeSkips writes a line a label, and one more for every scheme that judges
// other queries than the first.
func (e *Evaluation) writeSkips(w io.Writer) error {
	var b strings.Builder
	for l, label := range e.Labels {
		first := e.Precisions(0, l)[0]
		fmt.Fprintf(&b, "%s: %s\n", table.Quote(label), Skips(first))
		for s, scheme := range e.Schemes {
			if sum := e.Precisions(s, l)[0]; sum.Unscored != first.Unscored {
				fmt.Fprintf(&b, "%s, %s: %s\n", table.Quote(label), scheme, Skips(sum))
			}
		}
	}
	if line := e.TieLine(); line != "" {
		b.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Skips returns how many queries were judged, and how many were skipped for each
// reason. A count of 0 is left out.
func Skips(s Summary) string {
	text, sep := fmt.Sprintf("%d queries", s.N), "; skipped "
	for _, c := range []struct {
		count int
		why   Skip
	}{{s.Unknown, Unknown}, {s.Lone, Lone}, {s.Unscored, Unscored}} {
		if c.count > 0 {
			text += fmt.Sprintf("%s%d %s", sep, c.count, c.why)
			sep = ", "
		}
	}
	return text
}
