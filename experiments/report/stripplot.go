package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"strata/experiments/eval"
	"strata/experiments/mine"
	"strata/experiments/table"
)

// textWidth is the width of plots in text. It does not depend on the terminal, so the same results
// give the same text everywhere.
const textWidth = 80

// WriteMeansPlot draws the means of P at the largest k with their intervals: a paragraph for each
// label, with one axis, best first.
func WriteMeansPlot(w io.Writer, e *eval.Evaluation) error {
	name := 0
	for _, s := range e.Schemes {
		name = max(name, utf8.RuneCountInString(s.String()))
	}
	name = min(name, textWidth/3)
	var b strings.Builder
	for l, label := range e.Labels {
		var sums []eval.Summary
		strip := Strip{Low: math.Inf(1), High: math.Inf(-1), Cells: textWidth - name - 12}
		for s := range e.Schemes {
			if sum := e.Precisions(s, l)[len(e.Ks)-1]; sum.N > 0 {
				sums = append(sums, sum)
				strip.Low, strip.High = min(strip.Low, sum.Low), max(strip.High, sum.High)
			}
		}
		if len(sums) == 0 {
			continue
		}
		slices.SortStableFunc(sums, func(a, b eval.Summary) int { return cmp.Compare(b.Value, a.Value) })
		low, high := table.Rounded(strip.Low), table.Rounded(strip.High)
		head := padText(fmt.Sprintf("%s %s", sums[0].Metric, table.Quote(label)), name+12)
		fmt.Fprintf(&b, "\n%s%s%s\n", head, padText(low, strip.Cells-len(high)), high)
		for _, sum := range sums {
			before, dot, after := strip.Interval(sum.Low, sum.Value, sum.High)
			fmt.Fprintf(&b, "  %s  %s  %s\n", padText(sum.Scheme.String(), name), table.Rounded(sum.Value), before+dot+after)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteClassesPlot draws the differences of the classes: a paragraph for each label, with one axis.
// It draws classes of few queries only if a label has no others.
func WriteClassesPlot(w io.Writer, m *mine.Mined) error {
	var b strings.Builder
	for _, label := range m.Evaluation.Labels {
		of := m.ClassesOf(label)
		if len(of) == 0 {
			continue // judgements have no classes
		}
		if some := slices.DeleteFunc(slices.Clone(of), func(c eval.ClassDifference) bool { return c.Queries < mine.ShownQueries }); len(some) > 0 {
			of = some
		}
		name, strip := 0, Strip{}
		for _, c := range of {
			name = max(name, utf8.RuneCountInString(c.Class))
			strip.Low, strip.High = min(strip.Low, c.Diff), max(strip.High, c.Diff)
		}
		name = min(name, textWidth/3)
		strip.Cells = textWidth - name - 13
		fmt.Fprintf(&b, "\nP@%d %s: %s less %s\n", m.K, table.Quote(label), m.Evaluation.Schemes[0], m.Evaluation.Schemes[1])
		for _, c := range of {
			fmt.Fprintf(&b, "  %s  %+.4f  %s\n", padText(c.Class, name), c.Diff, strings.TrimRight(strip.Bar(c.Diff), " "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// padText pads a text with blanks to a width, or cuts it.
func padText(s string, width int) string {
	if n := utf8.RuneCountInString(s); n > width {
		return string([]rune(s)[:max(width-1, 0)]) + "…"
	}
	return s + strings.Repeat(" ", width-utf8.RuneCountInString(s))
}
