package page

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/scheme"
	"strata/experiments/tune"
	"strata/tui/cells"
	"strata/tui/pane"
)

// tunedRow is a row of Tune: a trial, or the heading of several.
type tunedRow struct {
	trial   int
	role    string
	heading string
}

// tunedRows are the trials that are reported, then those of the front.
func tunedRows(t *tune.Tuned) []tunedRow {
	rows := []tunedRow{{heading: "the best, and what it is compared with"}}
	for _, i := range t.Baselines() {
		rows = append(rows, tunedRow{trial: i, role: t.Role(i)})
	}
	if len(t.FrontOf) < 2 {
		return rows
	}
	rows = append(rows, tunedRow{heading: "the front: no other scheme exceeds these in one target without falling behind in another"})
	for _, i := range t.Front {
		rows = append(rows, tunedRow{trial: i, role: "front"})
	}
	return rows
}

// tuned lists the best scheme, what it is compared with, and the front.
func (k Listing) tuned() RowList {
	t := k.Tuned
	if t == nil {
		return RowList{empty: "nothing is tuned yet: esc, then : tune"}
	}
	rows := tunedRows(t)
	l := RowList{
		note: tunedNote(t), Rows: len(rows), columns: tunedColumns(t, rows),
		isHead: func(i int) bool { return rows[i].heading != "" },
		Look: func(i int) Look {
			if rows[i].heading != "" {
				return Look{}
			}
			return Look{Rows: []scheme.Scheme{t.Trials[rows[i].trial].Scheme}}
		},
	}
	l.heading = func(s *cells.Styles, i, width int) string { return s.Bold.Render(cells.Cut(rows[i].heading, width)) }
	return l
}

// tunedColumns are the columns of Tune: the scheme, the objective, the comparison with the best scheme, and, where
// there is room, the other targets.
func tunedColumns(t *tune.Tuned, rows []tunedRow) []column {
	baseline := func(i int) bool { return rows[i].role != "front" }
	of := func(i, target int) string {
		if baseline(i) {
			return cells.Number(t.Summary(rows[i].trial, target).Value, 3)
		}
		return cells.Number(t.Trials[rows[i].trial].Report[target], 3)
	}
	columns := []column{
		text("", 12, func(i int) string { return rows[i].role }),
		text("scheme", schemeWidth(len(t.Trials), 28, func(i int) scheme.Scheme { return t.Trials[i].Scheme }), func(i int) string {
			return t.Trials[rows[i].trial].Scheme.String()
		}).giving(),
		numbers("tuned on", 8, func(i int) string { return cells.Number(t.Trials[rows[i].trial].Tune[0], 3) }),
		numbers("report", 6, func(i int) string { return of(i, 0) }),
		numbers("±", 5, func(i int) string {
			if !baseline(i) {
				return ""
			}
			s := t.Summary(rows[i].trial, 0)
			return cells.Number((s.High-s.Low)/2, 3)
		}),
		numbers("best ahead", 10, func(i int) string {
			c := t.Comparison(rows[i].trial, 0)
			if c == nil || !baseline(i) {
				return ""
			}
			return cells.Signed(0 - c.Diff)
		}),
		numbers("p (Holm)", 8, func(i int) string {
			c := t.Comparison(rows[i].trial, 0)
			if c == nil || !baseline(i) {
				return ""
			}
			return cells.Chance(c.Holm, 4)
		}),
	}
	var others []int
	for _, n := range t.FrontOf {
		if n > 0 {
			others = append(others, n)
		}
	}
	for n := range t.Targets {
		if n > 0 && !slices.Contains(others, n) {
			others = append(others, n)
		}
	}
	for at, n := range others {
		head := cells.Cut(t.Targets[n].Label, 10)
		columns = append(columns, numbers(head, max(ansi.StringWidth(head), 5), func(i int) string { return of(i, n) }).from(pane.WideCols+12*at))
	}
	return columns
}

// tunedNote says on what the best was chosen, and whether a simpler scheme does as well.
func tunedNote(t *tune.Tuned) string {
	note := fmt.Sprintf("%s schemes, tuned on %s queries, reported on %s others", cells.Thousands(len(t.Trials)), cells.Thousands(len(t.Tune)), cells.Thousands(len(t.Report)))
	for _, c := range t.Constraints {
		note += ", with " + c.String()
	}
	if i, ok := t.Simpler(); ok {
		return "take " + t.Trials[i].Scheme.String() + ": simpler, not shown to differ. " + note
	}
	return note
}
