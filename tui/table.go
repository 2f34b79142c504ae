package tui

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine"
	"strata/engine/inert"
	"strata/experiments"
	"strata/tui/cells"
)

// table shows the means of all evaluated schemes under the marked labels, with their intervals on an axis that all
// schemes of a label share, so that overlap is seen.
type table struct {
	filter  string // of the evaluations that count: that of the screen
	results []*experiments.Evaluation
}

// tableK is the k of the precision shown.
const tableK = 10

// with returns the table with one more evaluation.
func (t table) with(e *experiments.Evaluation) table {
	t.results = append(slices.Clone(t.results), e)
	return t
}

// summary returns the latest mean of a scheme under a label among the candidates of the screen.
func (t table) summary(scheme engine.Scheme, label string) (experiments.Summary, bool) {
	return t.summaryAt(scheme, label, tableK)
}

// summaryAt is summary of the precision at another k.
func (t table) summaryAt(scheme engine.Scheme, label string, k int) (experiments.Summary, bool) {
	if e := t.evaluation(scheme, label); e != nil {
		return e.Summary(scheme, label, k)
	}
	return experiments.Summary{}, false
}

// evaluation returns the latest evaluation with a mean of a scheme under a label among the candidates of the screen, or nil.
func (t table) evaluation(scheme engine.Scheme, label string) *experiments.Evaluation {
	for _, e := range slices.Backward(t.results) {
		if conditions(e.Filter) != t.filter {
			continue
		}
		if s, ok := e.Summary(scheme, label, tableK); ok && s.N > 0 {
			return e
		}
	}
	return nil
}

// labels returns the labels that were evaluated, the marked ones first.
func (t table) labels(marked []string) []string {
	var names []string
	for _, e := range t.results {
		for _, l := range e.Labels {
			if !slices.Contains(names, l) {
				names = append(names, l)
			}
		}
	}
	return ordered(names, marked)
}

// conditions writes a filter as steps do.
func conditions(filter []engine.Condition) string {
	parts := make([]string, len(filter))
	for i, c := range filter {
		parts[i] = c.String()
	}
	return strings.Join(parts, " ")
}

// schemes returns all evaluated schemes, best first under a label.
func (t table) schemes(label string) []engine.Scheme {
	var all []engine.Scheme
	seen := map[string]bool{}
	for _, e := range t.results {
		for _, s := range e.Schemes {
			if _, ok := t.summary(s, label); ok && !seen[s.String()] {
				seen[s.String()] = true
				all = append(all, s)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b engine.Scheme) int {
		x, _ := t.summary(a, label)
		y, _ := t.summary(b, label)
		return cmp.Compare(y.Value, x.Value)
	})
	return all
}

// axis is the range of the intervals of one label.
type axis struct{ low, high float64 }

func (t table) axisOf(schemes []engine.Scheme, label string) axis {
	a := axis{math.Inf(1), math.Inf(-1)}
	for _, scheme := range schemes {
		if s, ok := t.summary(scheme, label); ok {
			a.low, a.high = min(a.low, s.Low), max(a.high, s.High)
		}
	}
	return a
}

// The columns of the table.
const (
	tableMean = 11 // "1.000 ±.008"
	leastBar  = 8
)

// view returns the table's lines: a head, then a line a scheme.
func (t table) view(s cells.Styles, labels []string, focused string, width, height int) []string {
	if len(labels) == 0 || height < 2 {
		return nil
	}
	schemes := t.schemes(labels[0])
	if len(schemes) == 0 {
		return nil
	}
	name := 9
	for _, scheme := range schemes {
		name = max(name, ansi.StringWidth(inert.Text(scheme.String())))
	}
	name = min(name, max(width/3, 12)) + 4
	column := (width - name) / len(labels)
	for column < tableMean+2 && len(labels) > 1 {
		labels = labels[:len(labels)-1]
		column = (width - name) / len(labels)
	}
	bar := column - tableMean - 4
	if bar < leastBar {
		bar = 0
	}
	column = min(column, tableMean+4+60)
	bar = min(bar, 60)

	axes := make([]axis, len(labels))
	head := s.Faint.Render(cells.Padded("  P@10", name))
	for i, label := range labels {
		axes[i] = t.axisOf(schemes, label)
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
func (t table) headText(label string, a axis, bar int) string {
	text := cells.Padded(cells.Cut(label, tableMean), tableMean)
	if bar == 0 {
		return text
	}
	low, high := cells.Number(a.low, 3), cells.Number(a.high, 3)
	return text + "  " + low + strings.Repeat(" ", max(1, bar-len(low)-len(high))) + high
}

// cell is a mean with its interval, as numbers and as a bar.
func (t table) cell(s cells.Styles, scheme engine.Scheme, label string, a axis, bar int) string {
	sum, ok := t.summary(scheme, label)
	if !ok {
		return ""
	}
	text := cells.Right(cells.Number(sum.Value, 3), 5) + " " + s.Faint.Render("±"+cells.Number((sum.High-sum.Low)/2, 3))
	text = cells.Padded(text, tableMean)
	if bar == 0 {
		return text
	}
	return text + "  " + interval(s, experiments.Strip{Low: a.low, High: a.high, Cells: bar}, sum)
}

// ordered returns names with those that are among first before the others.
func ordered(names, first []string) []string {
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

// interval draws a mean with its interval.
func interval(s cells.Styles, strip experiments.Strip, sum experiments.Summary) string {
	before, dot, after := strip.Interval(sum.Low, sum.Value, sum.High)
	stroke := strings.TrimLeft(before, " ")
	return before[:len(before)-len(stroke)] + s.Faint.Render(stroke) + s.Accent.Render(dot) + s.Faint.Render(after)
}
