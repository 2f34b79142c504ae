package page

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine"
	"strata/engine/inert"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/mine"
	"strata/experiments/report"
	"strata/experiments/tune"
	"strata/tui/cells"
	"strata/tui/pane"
)

// Page is a page of the findings.
type Page int

// The pages, in the order of their tabs.
const (
	Schemes Page = iota
	Queries
	Compare
	Tune
	Classes
	Losses
	Mistakes
	Hubs
	Duplicates
	Disagreements
	Count // their number
)

// String names the page as its tab does.
func (p Page) String() string {
	return [...]string{"Schemes", "Queries", "Compare", "Tune", "Classes", "Losses", "Mistakes", "Hubs", "Duplicates", "Disagree"}[p]
}

// Mined reports whether the page is of a mine step.
func (p Page) Mined() bool { return p >= Classes }

// File is the name of the page's table for an export.
func (p Page) File() string {
	return [...]string{
		"metrics.csv", "per_query.csv", "comparisons.csv", "report.csv", "classes.csv", "losses.csv", "mistakes.csv", "hubs.csv",
		"duplicates.csv", "disagreements.csv",
	}[p]
}

// Look is what Enter shows: the queries that can be gone through from the one at, under schemes; or a sheet of
// pictures; or the queries behind a mean.
type Look struct {
	Schemes []scheme.Scheme
	Queries []int
	At      int
	Along   bool  // queries are the page's rows
	Focus   []int // by query: the scheme to look at; nil: the first
	What    string
	Sheet   *Sheet
	Scheme  *scheme.Scheme  // whose queries are to be listed
	Rows    []scheme.Scheme // to be rows of the screen
	Label   string
}

// Listing is what a list is made from.
type Listing struct {
	Gallery  *engine.Gallery
	Table    pane.Table
	Marked   []string
	Scheme   scheme.Scheme // of Queries
	Mined    *mine.Mined
	Compared *Compared
	Tuned    *tune.Tuned
	Page     Page
	Label    string
	Reversed bool
	Arranged Arrangement
	Small    bool // classes of few queries, too
}

// fewQueries is the number of queries under which a class's difference is mostly chance.
const fewQueries = 10

// List makes the page's rows as they are arranged. It may take its time.
func (k Listing) List() RowList { return k.rows().arranged(k.Arranged, k.Reversed) }

// rows makes the page's rows in its own order.
func (k Listing) rows() RowList {
	switch {
	case !k.Page.Mined() && k.Page != Tune && len(k.Table.Results) == 0:
		return RowList{empty: "nothing is evaluated yet: esc, then E evaluates the rows"}
	case k.Page.Mined() && k.Mined == nil:
		return RowList{empty: "nothing is mined yet"}
	}
	switch k.Page {
	case Schemes:
		return k.schemes()
	case Queries:
		return k.queries()
	case Compare:
		return k.compared()
	case Tune:
		return k.tuned()
	case Classes:
		return k.classes()
	case Losses:
		return k.losses()
	case Mistakes:
		return k.mistakes()
	case Hubs:
		return k.hubs()
	case Duplicates:
		return k.duplicates()
	}
	return k.disagreements()
}

// item returns a column with ids.
func (k Listing) item(head string, of func(i int) int) column {
	return column{head: head, width: 18, gives: true, cell: func(s *cells.Styles, i, w int) string {
		return s.Plain.Render(cells.CutID(k.Gallery.ID(of(i)), w))
	}}
}

// value returns a column with what an item has for the label.
func (k Listing) value(of func(i int) int) column {
	return column{head: cells.Cut(k.Label, 16), width: 16, gives: true, cell: func(s *cells.Styles, i, w int) string {
		return pane.LabelValue(s, k.Gallery, k.Label, of(i), w)
	}}
}

// meanRow is a row of Schemes: a mean, or the heading of a label.
type meanRow struct {
	label  string
	scheme scheme.Scheme
	sum    eval.Summary
	head   bool
	best   bool
	strip  report.Strip // of the label; Cells is not set
}

// means returns the evaluated schemes by label, best first, under headings.
func means(t pane.Table, marked []string) []meanRow {
	var rows []meanRow
	for _, label := range t.Labels(marked) {
		schemes := t.Schemes(label)
		a := t.AxisOf(schemes, label)
		strip := report.Strip{Low: a.Low, High: a.High}
		for i, scheme := range schemes {
			sum, _ := t.Summary(scheme, label)
			if i == 0 {
				rows = append(rows, meanRow{label: label, sum: sum, head: true, strip: strip})
			}
			rows = append(rows, meanRow{label: label, scheme: scheme, sum: sum, strip: strip, best: i == 0})
		}
	}
	return rows
}

// schemes lists the evaluated schemes with their intervals, on one axis a label.
func (k Listing) schemes() RowList {
	rows := means(k.Table, k.Marked)
	name := 16
	for _, r := range rows {
		name = min(max(name, ansi.StringWidth(inert.Text(r.scheme.String()))), 40)
	}
	at := func(i, n int) string {
		sum, ok := k.Table.SummaryAt(rows[i].scheme, rows[i].label, n)
		if !ok {
			return "-"
		}
		return cells.Number(sum.Value, 3)
	}
	l := RowList{
		note: "P@10 with its 95 % interval over resampled queries, one axis a label", Rows: len(rows),
		empty: "nothing is evaluated under this filter: esc, then E evaluates the rows",
		columns: []column{
			text("scheme", name, func(i int) string { return rows[i].scheme.String() }).giving(),
			{head: "P@10", width: pane.TableMean, cell: func(s *cells.Styles, i, _ int) string { return rows[i].mean(s) }},
			numbers("P@1", 5, func(i int) string { return at(i, 1) }).from(pane.WideCols),
			numbers("P@5", 5, func(i int) string { return at(i, 5) }).from(pane.WideCols),
			numbers("queries", 9, func(i int) string { return cells.Thousands(rows[i].sum.N) }).from(pane.WideCols),
			{value: func(i int) float64 { return rows[i].sum.Value }, cell: func(s *cells.Styles, i, w int) string {
				strip := rows[i].strip
				strip.Cells = w
				return pane.Interval(s, strip, rows[i].sum)
			}},
		},
		isHead: func(i int) bool { return rows[i].head },
		Look: func(i int) Look {
			if rows[i].head {
				return Look{}
			}
			return Look{Scheme: &rows[i].scheme, Label: rows[i].label}
		},
	}
	l.heading = func(s *cells.Styles, i, width int) string {
		widths := l.widths(width + blank)
		return rows[i].heading(s, startOf(widths, len(widths)-1)-blank, widths[len(widths)-1])
	}
	return l
}

// mean writes the mean with half its interval.
func (r meanRow) mean(s *cells.Styles) string {
	look := s.Plain
	if r.best {
		look = s.Bold
	}
	return look.Render(cells.Right(cells.Number(r.sum.Value, 3), 5)) + s.Faint.Render(" ±"+cells.Number((r.sum.High-r.sum.Low)/2, 3))
}

// heading names the label, and the ends of its axis over bars that begin before so many cells.
func (r meanRow) heading(s *cells.Styles, before, bar int) string {
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
func (k Listing) queries() RowList {
	e := k.Table.Evaluation(k.Scheme, k.Label)
	if e == nil {
		return RowList{empty: "enter on a scheme lists its queries"}
	}
	of := e.QueryHits(k.Scheme, k.Label, pane.K)
	at := func(i int) eval.QueryHits { return of[i] }
	return RowList{
		note: fmt.Sprintf("queries by their hits among the first %d, fewest first; alike: the candidates that share the value", pane.K),
		Rows: len(of), empty: "no query is judged",
		columns: []column{
			k.item("query", func(i int) int { return at(i).Query }),
			k.value(func(i int) int { return at(i).Query }),
			numbers("alike", 7, func(i int) string { return cells.Thousands(at(i).Relevant) }),
			numbers("hits", 5, func(i int) string { return strconv.Itoa(at(i).Hits) }),
			bars("of 10", 0, pane.K, func(i int) float64 { return float64(at(i).Hits) }),
		},
		Look: func(i int) Look {
			return Look{
				Schemes: []scheme.Scheme{k.Scheme}, At: i, Along: true, Label: k.Label, What: "by hits",
				Queries: rowsOf(len(of), func(i int) int { return at(i).Query }),
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
