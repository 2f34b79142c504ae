package page

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/inert"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/report"
	"strata/tui/cells"
	"strata/tui/pane"
)

// Compared is what a compare step gave.
type Compared struct {
	Evaluation  *eval.Evaluation
	Comparisons []eval.Comparison
}

// of returns the comparisons of P at the largest k under a label.
func (c *Compared) of(label string) []eval.Comparison {
	last := c.Evaluation.Metrics[len(c.Evaluation.Ks)-1]
	var out []eval.Comparison
	for _, x := range c.Comparisons {
		if x.Label == label && x.Metric == last {
			out = append(out, x)
		}
	}
	return out
}

// shownMark is before a difference that is shown.
func shownMark(s *cells.Styles, shown bool) string {
	if shown {
		return s.Hit.Render("≠")
	}
	return s.Faint.Render("·")
}

// interval returns a column with an interval around a value on an axis of all rows, on which 0 lies.
func interval(head string, n int, of func(i int) (low, value, high float64)) column {
	strip := report.Strip{}
	for i := range n {
		low, _, high := of(i)
		strip.Low, strip.High = min(strip.Low, low), max(strip.High, high)
	}
	value := func(i int) float64 {
		_, value, _ := of(i)
		return value
	}
	return column{head: head, value: value, cell: func(s *cells.Styles, i, w int) string {
		strip := strip
		strip.Cells = w
		low, value, high := of(i)
		return pane.Interval(s, strip, eval.Summary{Low: low, Value: value, High: high})
	}}
}

// schemeWidth is the width of a column of schemes.
func schemeWidth(n, most int, of func(i int) scheme.Scheme) int {
	width := 8
	for i := range n {
		width = min(max(width, ansi.StringWidth(inert.Text(of(i).String()))), most)
	}
	return width
}

// compared lists the pairs of schemes with their paired differences.
func (k Listing) compared() RowList {
	if k.Compared == nil {
		return RowList{empty: "nothing is compared yet: esc, then : compare"}
	}
	of := k.Compared.of(k.Label)
	at := func(i int) eval.Comparison { return of[i] }
	shown, queries := 0, 0
	for _, c := range of {
		queries = max(queries, c.N)
		if c.Shown() {
			shown++
		}
	}
	return RowList{
		note: fmt.Sprintf("the first less the second over the same %s queries; ≠: %d of %d differences are shown (p after Holm under .05)", cells.Thousands(queries), shown, len(of)),
		Rows: len(of), empty: "no pair is compared under this label",
		columns: []column{
			{width: 1, cell: func(s *cells.Styles, i, _ int) string { return shownMark(s, at(i).Shown()) }},
			text("first", schemeWidth(len(of), 24, func(i int) scheme.Scheme { return of[i].A }), func(i int) string { return at(i).A.String() }).giving(),
			text("second", schemeWidth(len(of), 24, func(i int) scheme.Scheme { return of[i].B }), func(i int) string { return at(i).B.String() }).giving(),
			numbers("diff", 5, func(i int) string { return cells.Signed(at(i).Diff) }),
			text("95 % interval", 14, func(i int) string { return cells.Signed(at(i).Low) + " to " + cells.Signed(at(i).High) }),
			numbers("p (Holm)", 8, func(i int) string { return cells.Chance(at(i).Holm, 4) }),
			numbers("won tied lost", 17, func(i int) string {
				c := at(i)
				return cells.Thousands(c.Win) + " " + cells.Thousands(c.Tie) + " " + cells.Thousands(c.Loss)
			}).from(100),
			text("by class", 14, func(i int) string {
				if at(i).Classes < 2 {
					return "-"
				}
				return cells.Signed(at(i).ClassLow) + " to " + cells.Signed(at(i).ClassHigh)
			}).from(pane.WideCols),
			interval("◂ second · first ▸", len(of), func(i int) (low, value, high float64) {
				c := at(i)
				return c.Low, c.Diff, c.High
			}).from(pane.WideCols),
		},
		Look: func(i int) Look {
			c := at(i)
			return Look{Rows: []scheme.Scheme{c.A, c.B}, Label: k.Label}
		},
	}
}
