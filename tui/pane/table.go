package pane

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/inert"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/report"
	"strata/tui/cells"
)

// Table shows the means of all evaluated schemes under the marked labels, with their intervals on an axis that all
// schemes of a label share, so that overlap is seen.
type Table struct {
	Filter  string // of the evaluations that count: that of the screen
	Results []*eval.Evaluation
}

// K is the k of the precision shown.
const K = 10

// With returns the table with one more evaluation.
func (t Table) With(e *eval.Evaluation) Table {
	t.Results = append(slices.Clone(t.Results), e)
	return t
}

// Summary returns the latest mean of a scheme under a label among the candidates of the screen.
func (t Table) Summary(scheme scheme.Scheme, label string) (eval.Summary, bool) {
	return t.SummaryAt(scheme, label, K)
}

// SummaryAt is summary of the precision at another k.
func (t Table) SummaryAt(scheme scheme.Scheme, label string, k int) (eval.Summary, bool) {
	if e := t.Evaluation(scheme, label); e != nil {
		return e.Summary(scheme, label, k)
	}
	return eval.Summary{}, false
}

// Evaluation returns the latest evaluation with a mean of a scheme under a label among the candidates of the screen, or nil.
func (t Table) Evaluation(scheme scheme.Scheme, label string) *eval.Evaluation {
	for _, e := range slices.Backward(t.Results) {
		if Conditions(e.Filter) != t.Filter {
			continue
		}
		if s, ok := e.Summary(scheme, label, K); ok && s.N > 0 {
			return e
		}
	}
	return nil
}

// Labels returns the labels that were evaluated, the marked ones first.
func (t Table) Labels(marked []string) []string {
	var names []string
	for _, e := range t.Results {
		for _, l := range e.Labels {
			if !slices.Contains(names, l) {
				names = append(names, l)
			}
		}
	}
	return Ordered(names, marked)
}

// Conditions writes a filter as steps do.
func Conditions(filter []scheme.Condition) string {
	parts := make([]string, len(filter))
	for i, c := range filter {
		parts[i] = c.String()
	}
	return strings.Join(parts, " ")
}

// Schemes returns all evaluated schemes, best first under a label.
func (t Table) Schemes(label string) []scheme.Scheme {
	var all []scheme.Scheme
	seen := map[string]bool{}
	for _, e := range t.Results {
		for _, s := range e.Schemes {
			if _, ok := t.Summary(s, label); ok && !seen[s.String()] {
				seen[s.String()] = true
				all = append(all, s)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b scheme.Scheme) int {
		x, _ := t.Summary(a, label)
		y, _ := t.Summary(b, label)
		return cmp.Compare(y.Value, x.Value)
	})
	return all
}

// Axis is the range of the intervals of one label.
type Axis struct{ Low, High float64 }

// AxisOf returns the axis on which the schemes' intervals lie under a label.
func (t Table) AxisOf(schemes []scheme.Scheme, label string) Axis {
	a := Axis{math.Inf(1), math.Inf(-1)}
	for _, scheme := range schemes {
		if s, ok := t.Summary(scheme, label); ok {
			a.Low, a.High = min(a.Low, s.Low), max(a.High, s.High)
		}
	}
	return a
}

// The columns of the table.
const (
	TableMean = 11 // "1.000 ±.008"
	leastBar  = 8
)

// view returns the table's lines: a head, then a line a scheme.
func (t Table) view(s *cells.Styles, labels []string, focused string, width, height int) []string {
	if len(labels) == 0 || height < 2 {
		return nil
	}
	schemes := t.Schemes(labels[0])
	if len(schemes) == 0 {
		return nil
	}
	name := 9
	for _, scheme := range schemes {
		name = max(name, ansi.StringWidth(inert.Text(scheme.String())))
	}
	name = min(name, max(width/3, 12)) + 4
	column := (width - name) / len(labels)
	for column < TableMean+2 && len(labels) > 1 {
		labels = labels[:len(labels)-1]
		column = (width - name) / len(labels)
	}
	bar := column - TableMean - 4
	if bar < leastBar {
		bar = 0
	}
	column = min(column, TableMean+4+60)
	bar = min(bar, 60)

	axes := make([]Axis, len(labels))
	head := s.Faint.Render(cells.Padded("  P@10", name))
	for i, label := range labels {
		axes[i] = t.AxisOf(schemes, label)
		head += s.Faint.Render(cells.Padded(t.headText(label, axes[i], bar), column))
	}
	lines := []string{cells.Padded(head, width)}
	for _, scheme := range schemes {
		look, cursor := s.Plain, "  "
		if scheme.String() == focused {
			look, cursor = s.Strong, s.Accent.Render("▸ ")
		}
		line := cells.Padded(cursor+look.Render(cells.Cut(scheme.String(), name-4)), name)
		for i, label := range labels {
			line += cells.Padded(t.cell(s, scheme, label, axes[i], bar), column)
		}
		lines = append(lines, cells.Padded(line, width))
	}
	return cells.FirstLines(s, lines, height)
}

// headText names a label over its means and gives its axis over the bars.
func (t Table) headText(label string, a Axis, bar int) string {
	text := cells.Padded(cells.Cut(label, TableMean), TableMean)
	if bar == 0 {
		return text
	}
	low, high := cells.Number(a.Low, 3), cells.Number(a.High, 3)
	return text + "  " + low + strings.Repeat(" ", max(1, bar-len(low)-len(high))) + high
}

// cell is a mean with its interval, as numbers and as a bar.
func (t Table) cell(s *cells.Styles, scheme scheme.Scheme, label string, a Axis, bar int) string {
	sum, ok := t.Summary(scheme, label)
	if !ok {
		return ""
	}
	text := cells.Right(cells.Number(sum.Value, 3), 5) + " " + s.Faint.Render("±"+cells.Number((sum.High-sum.Low)/2, 3))
	text = cells.Padded(text, TableMean)
	if bar == 0 {
		return text
	}
	return text + "  " + Interval(s, report.Strip{Low: a.Low, High: a.High, Cells: bar}, sum)
}

// Ordered returns names with those that are among first before the others.
func Ordered(names, first []string) []string {
	var out []string
	for _, name := range first {
		if slices.Contains(names, name) {
			out = append(out, name)
		}
	}
	for _, name := range names {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// Interval draws a mean with its interval.
func Interval(s *cells.Styles, strip report.Strip, sum eval.Summary) string {
	before, dot, after := strip.Interval(sum.Low, sum.Value, sum.High)
	stroke := strings.TrimLeft(before, " ")
	return before[:len(before)-len(stroke)] + s.Faint.Render(stroke) + s.Accent.Render(dot) + s.Faint.Render(after)
}
