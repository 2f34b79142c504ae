package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"strata/tui/cells"
)

// Arrangement is how a page departs from its own order.
type Arrangement struct {
	By   int    // the column that its rows are sorted by, from 1; 0: none
	Find string // what its rows hold
}

// arrangement is what became of the rows of a page.
type arrangement struct {
	order    []int // the rows that are left, numbered in the page's order; nil: all
	by       int   // the column that they are sorted by, from 1; 0: none
	up       bool  // they grow
	Found    string
	Fault    error // what is wrong with Found, which then leaves all rows
	searched int   // the rows that there were, without headings
	matching int   // those that are left
}

// wholeText is the width in which a text of a cell is whole.
const wholeText = 4 << 10

// plainStyles writes cells as text.
var plainStyles = cells.NewStyles(termenv.Ascii, true, true)

// text returns a cell whole, without styles; of a drawing nothing.
func (l *RowList) text(i, column int) string {
	c := l.columns[column]
	if c.value != nil {
		return ""
	}
	return strings.TrimSpace(ansi.Strip(c.cell(plainStyles, i, wholeText)))
}

// arranged returns the rows that hold what is looked for, sorted within their headings; reversed from the other end.
func (l RowList) arranged(a Arrangement, reversed bool) RowList {
	l.Found = a.Find
	find, err := l.parse(a.Find)
	l.Fault = err
	if a.By > len(l.columns) {
		a.By = 0
	}
	if find == nil && a.By == 0 && !reversed {
		return l
	}
	l.by = a.By
	order := func(rows []int) {
		if reversed {
			slices.Reverse(rows)
		}
	}
	if a.By > 0 {
		order = l.sorting(a.By-1, reversed)
		l.up = l.up != reversed
	}
	out := []int{} // not nil: nothing may match
	for i := 0; i < l.Rows; {
		head := i
		if l.isHeading(i) {
			i++
		}
		var rows []int
		for ; i < l.Rows && !l.isHeading(i); i++ {
			l.searched++
			if find == nil || find(i) {
				rows = append(rows, i)
			}
		}
		order(rows)
		l.matching += len(rows)
		if len(rows) > 0 && l.isHeading(head) {
			out = append(out, head)
		}
		out = append(out, rows...)
	}
	if find != nil && len(out) == 0 {
		l.empty = fmt.Sprintf("none of %s %s is like %s: esc shows all", cells.Thousands(l.searched), cells.Plural("row", l.searched), cells.Cut(a.Find, 40))
	}
	return l.reordered(out)
}

// sorting returns what sorts rows by a column: numbers from the largest, texts from the first; reversed the other way
// round. Equal rows stay as they are, and rows without a number come last. It sets up.
func (l *RowList) sorting(column int, reversed bool) func(rows []int) {
	numbers, texts := make([]float64, l.Rows), make([]string, l.Rows)
	isNumber := true
	for i := range l.Rows {
		if l.isHeading(i) {
			continue
		}
		if value := l.columns[column].value; value != nil {
			numbers[i] = value(i)
			continue
		}
		texts[i] = strings.ToLower(l.text(i, column))
		n, ok := leading(texts[i])
		numbers[i], isNumber = n, isNumber && ok
	}
	sign := 1
	if reversed {
		sign = -1
	}
	l.up = !isNumber
	return func(rows []int) {
		slices.SortStableFunc(rows, func(a, b int) int {
			if !isNumber {
				return sign * strings.Compare(texts[a], texts[b])
			}
			switch x, y := math.IsNaN(numbers[a]), math.IsNaN(numbers[b]); {
			case x == y:
				return sign * cmp.Compare(numbers[b], numbers[a])
			case x:
				return 1
			}
			return -1
		})
	}
}

// leading returns the number that a cell begins with; NaN for a cell that says that there is none.
func leading(text string) (float64, bool) {
	text, _, _ = strings.Cut(text, " ")
	if text == "" || text == "-" {
		return math.NaN(), true
	}
	if strings.IndexByte("+-.<0123456789", text[0]) < 0 {
		return 0, false
	}
	digits, less := strings.CutPrefix(strings.ReplaceAll(text, ",", ""), "<")
	n, err := strconv.ParseFloat(digits, 64)
	if less {
		n = math.Nextafter(n, math.Inf(-1))
	}
	return n, err == nil
}

// reordered returns the list with other rows, or in another order.
func (l RowList) reordered(order []int) RowList {
	out := l
	out.order, out.Rows = order, len(order)
	out.columns = slices.Clone(l.columns)
	for j, c := range l.columns {
		out.columns[j].cell = func(s *cells.Styles, i, w int) string { return c.cell(s, order[i], w) }
		if c.value != nil {
			out.columns[j].value = func(i int) float64 { return c.value(order[i]) }
		}
	}
	if l.isHead != nil {
		out.isHead = func(i int) bool { return l.isHead(order[i]) }
		out.heading = func(s *cells.Styles, i, width int) string { return l.heading(s, order[i], width) }
	}
	if l.Look != nil {
		out.Look = func(i int) Look {
			look := l.Look(order[i]).along(order, i)
			if look.Along && l.by > 0 {
				look.What = "by " + l.heads()[l.by-1]
			}
			return look
		}
	}
	return out
}

// along returns a look whose queries are the rows of a list in the list's order, from its row at on.
func (k Look) along(order []int, at int) Look {
	if !k.Along {
		return k
	}
	queries, focus := k.Queries, k.Focus
	k.At = at
	k.Queries = rowsOf(len(order), func(i int) int { return queries[order[i]] })
	if focus != nil {
		k.Focus = rowsOf(len(order), func(i int) int { return focus[order[i]] })
	}
	return k
}

// arrow says in which direction the rows are sorted.
func (l *RowList) arrow() string {
	if l.up {
		return "▴"
	}
	return "▾"
}

// orderText says what the rows are sorted by.
func (l *RowList) orderText() string { return "by " + l.heads()[l.by-1] + " " + l.arrow() }

// likeText says what the rows hold.
func (l *RowList) likeText() string {
	if strings.TrimSpace(l.Found) == "" {
		return ""
	}
	return " like " + cells.Cut(l.Found, 24)
}

// FoundText says how many rows hold what is looked for, or how it is written.
func (l *RowList) FoundText() string {
	if strings.TrimSpace(l.Found) == "" {
		return "a part of a name, or " + strings.Join(l.heads(), ", ") + " with < = > and a value"
	}
	return fmt.Sprintf("%s of %s %s", cells.Thousands(l.matching), cells.Thousands(l.searched), cells.Plural("row", l.searched))
}

// heads names the columns: a drawing and a sign by what they stand for.
func (l *RowList) heads() []string {
	out := make([]string, len(l.columns))
	for i, c := range l.columns {
		if out[i] = c.head; c.head == "" {
			out[i] = "sign"
			if c.value != nil {
				out[i] = "bars"
			}
		}
	}
	return out
}

// original returns the number of a row in the page's order.
func (l *RowList) original(i int) int {
	if l.order == nil || i >= len(l.order) {
		return i
	}
	return l.order[i]
}

// Follow has the cursor stay on its row in the list that is made next.
func (f Findings) Follow() Findings {
	if f.Listed && f.List.Rows > 0 {
		f.followed = f.List.original(f.At[f.Page]) + 1
	}
	return f
}

// Made takes the list that was made, for a screen with room for so many rows.
func (f Findings) Made(list RowList, height int) Findings {
	f.List, f.Listed = list, true
	if f.followed > 0 {
		f.At[f.Page] = f.followed - 1
		if list.order != nil {
			f.At[f.Page] = max(slices.Index(list.order, f.followed-1), 0)
		}
	}
	f.followed = 0
	return f.Moved(f.At[f.Page], height)
}

// Stale reports whether the list is of another search than the one that is asked for.
func (f *Findings) Stale() bool { return f.Listed && f.List.Found != f.Arranged[f.Page].Find }

// Sought returns the findings of which a list is asked for whose rows hold a text.
func (f Findings) Sought(text string) Findings {
	f = f.Follow()
	f.Arranged[f.Page].Find = text
	return f
}

// SortedBy returns the findings sorted by a column, from 1, or in the page's order; by the same column once more, the
// other way round.
func (f Findings) SortedBy(column int) Findings {
	f = f.Follow()
	a := &f.Arranged[f.Page]
	f.Reversed[f.Page] = column > 0 && a.By == column && !f.Reversed[f.Page]
	a.By = column
	return f
}

// NextColumn returns the column that is so many columns further on among those that are shown, from 1; 0, the page's
// order, is one of them.
func (f *Findings) NextColumn(by, width int) int {
	shown := []int{0}
	for i, w := range f.List.widths(width) {
		if w > 0 {
			shown = append(shown, i+1)
		}
	}
	at := max(slices.Index(shown, f.Arranged[f.Page].By), 0)
	return shown[((at+by)%len(shown)+len(shown))%len(shown)]
}

// ColumnAt returns the column at a cell of the list's width, from 1; 0: none.
func (f *Findings) ColumnAt(x, width int) int {
	at := blank
	for i, w := range f.List.widths(width) {
		if w <= 0 {
			continue
		}
		if x >= at && x < at+w+blank {
			return i + 1
		}
		at += w + blank
	}
	return 0
}
