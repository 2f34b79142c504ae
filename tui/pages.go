package tui

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine"
	"strata/engine/inert"
	"strata/experiments"
	"strata/tui/cells"
)

// page is a page of the findings.
type page int

const (
	pageSchemes page = iota
	pageQueries
	pageClasses
	pageLosses
	pageMistakes
	pageHubs
	pageDuplicates
	pageDisagreements
	pages // their number
)

// String names the page as its tab does.
func (p page) String() string {
	return [...]string{"Schemes", "Queries", "Classes", "Losses", "Mistakes", "Hubs", "Duplicates", "Disagree"}[p]
}

// mined reports whether the page is of a mine step.
func (p page) mined() bool { return p >= pageClasses }

// file is the name of the page's table for an export.
func (p page) file() string {
	return [...]string{
		"metrics.csv", "per_query.csv", "classes.csv", "losses.csv", "mistakes.csv", "hubs.csv", "duplicates.csv",
		"disagreements.csv",
	}[p]
}

// look is what Enter shows: the queries that can be gone through from the one at, under schemes; or a sheet of
// pictures; or the queries behind a mean.
type look struct {
	schemes []engine.Scheme
	queries []int
	at      int
	along   bool  // queries are the page's rows
	focus   []int // by query: the scheme to look at; nil: the first
	what    string
	sheet   *sheet
	scheme  *engine.Scheme // whose queries are to be listed
	label   string
}

// listing is what a list is made from.
type listing struct {
	gallery  *engine.Gallery
	table    table
	marked   []string
	scheme   engine.Scheme // of pageQueries
	mined    *experiments.Mined
	page     page
	label    string
	reversed bool
	small    bool // classes of few queries, too
}

// fewQueries is the number of queries under which a class's difference is mostly chance.
const fewQueries = 10

// list makes the page's rows. It may take its time.
func (k listing) list() rowList {
	switch {
	case !k.page.mined() && len(k.table.results) == 0:
		return rowList{empty: "nothing is evaluated yet: esc, then E evaluates the rows"}
	case k.page.mined() && k.mined == nil:
		return rowList{empty: "nothing is mined yet"}
	}
	switch k.page {
	case pageSchemes:
		return k.schemes()
	case pageQueries:
		return k.queries()
	case pageClasses:
		return k.classes()
	case pageLosses:
		return k.losses()
	case pageMistakes:
		return k.mistakes()
	case pageHubs:
		return k.hubs()
	case pageDuplicates:
		return k.duplicates()
	}
	return k.disagreements()
}

// place returns the place of row i in a table of n rows, from its other end when the page is reversed.
func (k listing) place(i, n int) int {
	if k.reversed {
		return n - 1 - i
	}
	return i
}

// item returns a column with ids.
func (k listing) item(head string, of func(i int) int) column {
	return column{head: head, width: 18, cell: func(s cells.Styles, i, w int) string {
		return s.Plain.Render(cells.CutID(k.gallery.ID(of(i)), w))
	}}
}

// value returns a column with what an item has for the label.
func (k listing) value(of func(i int) int) column {
	return column{head: cells.Cut(k.label, 16), width: 16, cell: func(s cells.Styles, i, w int) string {
		return labelValue(s, k.gallery, k.label, of(i), w)
	}}
}

// labelValue is what a row has for a label.
func labelValue(s cells.Styles, g *engine.Gallery, label string, row, width int) string {
	l, err := g.Label(label)
	if err != nil || !l.Known(row) {
		return s.Faint.Render(cells.Cut("unknown", width))
	}
	return s.Plain.Render(cells.Cut(l.Cell(row), width))
}

// meanRow is a row of pageSchemes: a mean, or the heading of a label.
type meanRow struct {
	label  string
	scheme engine.Scheme
	sum    experiments.Summary
	head   bool
	best   bool
	strip  experiments.Strip // of the label; Cells is not set
}

// means returns the evaluated schemes by label, best first, under headings.
func means(t table, marked []string) []meanRow {
	var rows []meanRow
	for _, label := range t.labels(marked) {
		schemes := t.schemes(label)
		a := t.axisOf(schemes, label)
		strip := experiments.Strip{Low: a.low, High: a.high}
		for i, scheme := range schemes {
			sum, _ := t.summary(scheme, label)
			if i == 0 {
				rows = append(rows, meanRow{label: label, sum: sum, head: true, strip: strip})
			}
			rows = append(rows, meanRow{label: label, scheme: scheme, sum: sum, strip: strip, best: i == 0})
		}
	}
	return rows
}

// schemes lists the evaluated schemes with their intervals, on one axis a label.
func (k listing) schemes() rowList {
	rows := means(k.table, k.marked)
	name := 16
	for _, r := range rows {
		name = min(max(name, ansi.StringWidth(inert.Text(r.scheme.String()))), 40)
	}
	at := func(i, n int) string {
		sum, ok := k.table.summaryAt(rows[i].scheme, rows[i].label, n)
		if !ok {
			return "-"
		}
		return cells.Number(sum.Value, 3)
	}
	l := rowList{
		note: "P@10 with its 95 % interval over resampled queries, one axis a label", rows: len(rows),
		empty: "nothing is evaluated under this filter: esc, then E evaluates the rows",
		columns: []column{
			text("scheme", name, func(i int) string { return rows[i].scheme.String() }),
			{head: "P@10", width: tableMean, cell: func(s cells.Styles, i, _ int) string { return rows[i].mean(s) }},
			numbers("P@1", 5, func(i int) string { return at(i, 1) }).from(wideCols),
			numbers("P@5", 5, func(i int) string { return at(i, 5) }).from(wideCols),
			numbers("queries", 9, func(i int) string { return cells.Thousands(rows[i].sum.N) }).from(wideCols),
			{cell: func(s cells.Styles, i, w int) string {
				strip := rows[i].strip
				strip.Cells = w
				return interval(s, strip, rows[i].sum)
			}},
		},
		isHead: func(i int) bool { return rows[i].head },
		look: func(i int) look {
			if rows[i].head {
				return look{}
			}
			return look{scheme: &rows[i].scheme, label: rows[i].label}
		},
	}
	l.heading = func(s cells.Styles, i, width int) string {
		widths := l.widths(width + blank)
		return rows[i].heading(s, startOf(widths, len(widths)-1)-blank, widths[len(widths)-1])
	}
	return l
}

// mean writes the mean with half its interval.
func (r meanRow) mean(s cells.Styles) string {
	look := s.Plain
	if r.best {
		look = s.Bold
	}
	return look.Render(cells.Right(cells.Number(r.sum.Value, 3), 5)) + s.Faint.Render(" ±"+cells.Number((r.sum.High-r.sum.Low)/2, 3))
}

// heading names the label, and the ends of its axis over bars that begin before so many cells.
func (r meanRow) heading(s cells.Styles, before, bar int) string {
	name := s.Bold.Render(cells.Cut(r.label, before-1))
	for _, more := range []string{"  random " + cells.Number(r.sum.Baseline, 3), "  ceiling " + cells.Number(r.sum.Ceiling, 3)} {
		if ansi.StringWidth(name+more) < before {
			name += s.Faint.Render(more)
		}
	}
	low, high := cells.Number(r.strip.Low, 3), cells.Number(r.strip.High, 3)
	if bar < len(low)+len(high)+1 {
		return name
	}
	return cells.Padded(name, before) + s.Faint.Render(low+strings.Repeat(" ", bar-len(low)-len(high))+high)
}

// startOf returns the cell in which a column begins.
func startOf(widths []int, column int) int {
	x := blank
	for _, w := range widths[:column] {
		if w > 0 {
			x += w + blank
		}
	}
	return x
}

// queries lists the queries behind a mean, those with the fewest hits first.
func (k listing) queries() rowList {
	e := k.table.evaluation(k.scheme, k.label)
	if e == nil {
		return rowList{empty: "enter on a scheme lists its queries"}
	}
	of := e.QueryHits(k.scheme, k.label, tableK)
	at := func(i int) experiments.QueryHits { return of[k.place(i, len(of))] }
	return rowList{
		note: fmt.Sprintf("queries by their hits among the first %d, fewest first; alike: the candidates that share the value", tableK),
		rows: len(of), empty: "no query is judged",
		columns: []column{
			k.item("query", func(i int) int { return at(i).Query }),
			k.value(func(i int) int { return at(i).Query }),
			numbers("alike", 7, func(i int) string { return cells.Thousands(at(i).Relevant) }),
			numbers("hits", 5, func(i int) string { return strconv.Itoa(at(i).Hits) }),
			bars("of 10", 0, tableK, func(i int) float64 { return float64(at(i).Hits) }),
		},
		look: func(i int) look {
			return look{
				schemes: []engine.Scheme{k.scheme}, at: i, along: true, label: k.label, what: "by hits",
				queries: rowsOf(len(of), func(i int) int { return at(i).Query }),
			}
		},
	}
}

func rowsOf(n int, of func(i int) int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = of(i)
	}
	return out
}
