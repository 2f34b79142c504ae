package page

import (
	"slices"
	"strings"

	"strata/engine/inert"
	"strata/tui/cells"
	"strata/tui/pane"

	"github.com/charmbracelet/x/ansi"
)

// Put writes the view.
func (f *Findings) Put(c *cells.Canvas, sc *pane.Scene, mining bool) {
	if f.Sheet != nil {
		f.Sheet.put(c, sc)
		return
	}
	s, r := sc.Styles, sc.Layout.List
	if sc.Layout.Aside {
		f.Preview.put(c, sc)
		for y := range r.H {
			c.Put(r.X-2, r.Y+y, 1, s.Faint.Render("│"))
		}
	}
	head := f.head(sc)
	c.Put(r.X, r.Y, r.W, head...)
	y := r.Y + len(head)
	if text := f.Nothing(sc.Filter, mining); text != "" {
		c.Put(r.X, y, r.W, indented(s, text, r.W, sc.Layout.ListRows())...)
		return
	}
	top := f.Top[f.Page]
	for i := top; i < min(top+sc.Layout.ListRows(), f.List.Rows); i++ {
		c.Put(r.X, y+i-top, r.W, f.List.line(s, i, r.W, i == f.At[f.Page]))
	}
	if n := sc.Layout.ListFoot(); n > 1 {
		c.Put(r.X, r.Y+r.H-n+1, r.W, wrapped(s, f.List.note, r.W, n-1)...)
	}
}

// head returns the lines over the rows.
func (f *Findings) head(sc *pane.Scene) []string {
	s, width := sc.Styles, sc.Layout.List.W
	if sc.Layout.Aside {
		return slices.Concat([]string{f.tabs(s, width)}, f.sides(s, sc.Filter, width), []string{f.List.headLine(s, width)})
	}
	head := []string{f.tabs(s, width), f.subject(s, sc.Filter, width), s.Faint.Render(cells.Cut(f.List.note, width)), f.List.headLine(s, width)}
	switch n := sc.Layout.ListHead(); {
	case n < 2:
		head = head[:n]
	case n < 4: // what is compared and what the rows are is known to who made the screen so small
		head = append(head[:1:1], head[5-n:]...)
	}
	return head
}

// wrapped returns a faint text in lines, at most height of them.
func wrapped(s *cells.Styles, text string, width, height int) []string {
	var lines []string
	for line := range strings.SplitSeq(ansi.Wrap(inert.Text(text), max(width, 1), ""), "\n") {
		lines = append(lines, s.Faint.Render(cells.Cut(strings.TrimSpace(line), width)))
	}
	return lines[:max(min(len(lines), height), 0)]
}

// indented returns a text in lines under the cursor's column.
func indented(s *cells.Styles, text string, width, height int) []string {
	var lines []string
	for line := range strings.SplitSeq(ansi.Wrap(inert.Text(text), max(width-blank, 1), ""), "\n") {
		lines = append(lines, s.Plain.Render(cells.Cut("  "+strings.TrimSpace(line), width)))
	}
	return lines[:max(min(len(lines), height), 0)]
}

// Nothing says why there are no rows, or nothing.
func (f *Findings) Nothing(filter string, mining bool) string {
	switch {
	case f.Page.Mined() && f.Current(filter) == nil && mining:
		return "mining: all queries are ranked under both schemes, and compared; esc goes on meanwhile"
	case f.Page.Mined() && f.Pair == nil:
		return "two rows are needed: esc, then a adds one"
	case f.Page.Mined() && f.Current(filter) == nil:
		return "now and next are not mined yet: M mines them"
	case f.Listed && f.List.Rows == 0:
		return f.List.empty
	}
	return ""
}

// tabs lists the pages, the present one between brackets; where there is no room for all, those next to it.
func (f *Findings) tabs(s *cells.Styles, width int) string {
	all, where := f.pages(), f.where()
	if n := tabsWidth(all); n < width && n+1+ansi.StringWidth(where) > width {
		where = ""
	}
	first := slices.Index(all, f.Page)
	end := first + 1
	fits := func(first, end int) bool {
		return first >= 0 && end <= len(all) && tabsWidth(all[first:end])+1+ansi.StringWidth(where) <= width
	}
	for fits(first-1, end) || fits(first, end+1) {
		if fits(first, end+1) {
			end++
		}
		if fits(first-1, end) {
			first--
		}
	}
	var b strings.Builder
	for _, p := range all[first:end] {
		if p == f.Page {
			b.WriteString(s.Strong.Render("[" + p.String() + "]"))
		} else {
			b.WriteString(s.Faint.Render(" " + p.String() + " "))
		}
	}
	return cells.Flush(b.String(), s.Faint.Render(where), width)
}

// pages returns the pages that are there.
func (f *Findings) pages() []Page {
	var all []Page
	for p := range Count {
		if f.Has(p) {
			all = append(all, p)
		}
	}
	return all
}

// tabsWidth returns the cells of the tabs of pages.
func tabsWidth(pages []Page) int {
	n := 0
	for _, p := range pages {
		n += ansi.StringWidth(p.String()) + 2
	}
	return n
}

// where says at which of the rows the cursor is.
func (f *Findings) where() string {
	if n := f.List.Rows; f.Listed && n > 0 && f.Page != Schemes {
		return cells.Thousands(f.At[f.Page]+1) + " of " + cells.Thousands(n) + f.List.likeText()
	}
	if f.Listed {
		return strings.TrimPrefix(f.List.likeText(), " ")
	}
	return ""
}

// subject says which schemes are compared, by what, under which label.
func (f *Findings) subject(s *cells.Styles, filter string, width int) string {
	var left string
	switch {
	case f.ofPair():
		left = f.side(s, 0) + s.Faint.Render("  against  ") + f.side(s, 1)
	default:
		left = f.behindText(s)
	}
	return cells.Flush(left, s.Faint.Render(f.judged(filter)), width)
}

// sides is subject in two lines.
func (f *Findings) sides(s *cells.Styles, filter string, width int) []string {
	first, second := f.behindText(s), ""
	if f.ofPair() {
		first, second = f.side(s, 0), f.side(s, 1)
	}
	return []string{cells.Flush(first, s.Faint.Render(f.judged(filter)), width), cells.Padded(second, width)}
}

// ofPair reports whether the page compares two schemes that were chosen.
func (f *Findings) ofPair() bool { return f.Page.Mined() && len(f.Pair) == 2 }

// side names one scheme of the pair.
func (f *Findings) side(s *cells.Styles, i int) string {
	return s.Accent.Render(sides[i]+" ") + s.Bold.Render(inert.Text(f.Pair[i].String()))
}

// behindText names the scheme whose queries are listed.
func (f *Findings) behindText(s *cells.Styles) string {
	if f.Page == Queries && len(f.Scheme.Terms)+len(f.Scheme.Parts) > 0 {
		return s.Bold.Render(inert.Text(f.Scheme.String()))
	}
	return ""
}

// judged says by what the rows are judged, and under which label.
func (f *Findings) judged(filter string) string {
	what := "P@10"
	if mined := f.Current(filter); mined != nil && f.Page.Mined() {
		what = cells.Thousands(len(mined.Evaluation.Queries)) + " " + cells.Plural("query", len(mined.Evaluation.Queries))
	}
	switch {
	case f.Page == Tune && f.Tuned != nil:
		what = inert.Text(f.Tuned.Targets[0].String())
	case f.Page != Schemes:
		what += " · " + inert.Text(f.Label)
	}
	switch {
	case f.Listed && f.List.by > 0:
		what += " · " + f.List.orderText()
	case f.Reversed[f.Page]:
		what += " · from the other end"
	}
	return what
}
