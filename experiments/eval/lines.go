package eval

import (
	"fmt"
	"strconv"
	"strings"

	"strata/experiments/table"
)

// ComparisonLines returns the number of queries and a line a comparison, by the
// largest k.
func ComparisonLines(e *Evaluation, comparisons []Comparison) []string {
	lines := []string{fmt.Sprint(len(e.Queries), " queries")}
	for _, c := range comparisons {
		if c.Metric.K != e.Ks[len(e.Ks)-1] {
			continue
		}
		line := fmt.Sprintf("%s  %s vs %s  %s ", table.Quote(c.Label), c.A, c.B, c.Metric)
		if c.N == 0 {
			lines = append(lines, line+"-")
			continue
		}
		lines = append(lines, line+fmt.Sprintf("%s [%s, %s]  p %s, Holm %s, %s  won %d, tied %d, lost %d",
			table.Number(c.Diff), table.Number(c.Low), table.Number(c.High), table.Number(c.P), table.Number(c.Holm), c.Method, c.Win, c.Tie, c.Loss))
	}
	return lines
}

// EvaluationLines returns the lines of an evaluation: the number of queries,
// then for each scheme its spelling and a line a label.
func EvaluationLines(e *Evaluation) []string {
	lines := []string{strconv.Itoa(len(e.Queries)) + " queries"}
	for i := range e.Schemes {
		lines = append(lines, e.Schemes[i].String())
		for j := range e.Labels {
			lines = append(lines, e.labelLine(i, j))
		}
	}
	return lines
}

// labelLine returns LABEL  P@1 VALUE [LOW, HIGH]  …  over N queries, and what was skipped.
func (e *Evaluation) labelLine(scheme, label int) string {
	var b strings.Builder
	b.WriteString(table.Quote(e.Labels[label]))
	of := e.Precisions(scheme, label)
	for _, s := range of {
		b.WriteString("  P@" + strconv.Itoa(s.K) + " ")
		if s.N == 0 {
			b.WriteByte('-')
			continue
		}
		b.WriteString(table.Number(s.Value) + " [" + table.Number(s.Low) + ", " + table.Number(s.High) + "]")
	}
	b.WriteString("  over " + strconv.Itoa(of[0].N))
	for _, skipped := range []struct {
		n    int
		skip Skip
	}{{of[0].Unknown, Unknown}, {of[0].Lone, Lone}, {of[0].Unscored, Unscored}} {
		if skipped.n > 0 {
			b.WriteString(", " + strconv.Itoa(skipped.n) + " " + skipped.skip.String())
		}
	}
	return b.String()
}
