package tui

import (
	"strings"

	"strata/engine/inert"
	"strata/tui/cells"

	"github.com/charmbracelet/x/ansi"
)

// put writes the view.
func (f *findings) put(c *cells.Canvas, sc *scene, mining bool) {
	if f.sheet != nil {
		f.sheet.put(c, sc)
		return
	}
	s, width := sc.styles, sc.layout.Size.Cols-2
	head := []string{f.tabs(s, width), f.subject(s, sc.filter, width), s.Faint.Render(cells.Cut(f.list.note, width)), f.list.headLine(s, width)}
	switch n := sc.layout.listHead(); {
	case n < 2:
		head = head[:n]
	case n < 4: // what is compared and what the rows are is known to who made the screen so small
		head = append(head[:1:1], head[5-n:]...)
	}
	c.Put(1, 1, width, head...)
	y := 1 + len(head)
	if text := f.nothing(sc.filter, mining); text != "" {
		c.Put(1, y, width, s.Plain.Render(cells.Cut("  "+text, width)))
		return
	}
	top := f.top[f.page]
	for i := top; i < min(top+sc.layout.listRows(), f.list.rows); i++ {
		c.Put(1, y+i-top, width, f.list.line(s, i, width, i == f.at[f.page]))
	}
}

// nothing says why there are no rows, or nothing.
func (f *findings) nothing(filter string, mining bool) string {
	switch {
	case f.page.mined() && f.current(filter) == nil && mining:
		return "mining: all queries are ranked under both schemes, and compared; esc goes on meanwhile"
	case f.page.mined() && f.pair == nil:
		return "two rows are needed: esc, then a adds one"
	case f.page.mined() && f.current(filter) == nil:
		return "A and B are not mined yet: M mines them"
	case f.listed && f.list.rows == 0:
		return f.list.empty
	}
	return ""
}

// tabs lists the pages, the present one between brackets.
func (f *findings) tabs(s cells.Styles, width int) string {
	var b strings.Builder
	for p := range pages {
		if p == f.page {
			b.WriteString(s.Strong.Render("[" + p.String() + "]"))
		} else {
			b.WriteString(s.Faint.Render(" " + p.String() + " "))
		}
	}
	if ansi.StringWidth(b.String()) > width {
		return cells.Padded(s.Strong.Render("["+f.page.String()+"]"), width)
	}
	where := ""
	if n := f.list.rows; f.listed && n > 0 && f.page != pageSchemes {
		where = cells.Thousands(f.at[f.page]+1) + " of " + cells.Thousands(n)
	}
	if ansi.StringWidth(b.String())+ansi.StringWidth(where)+1 > width {
		where = ""
	}
	return cells.Flush(b.String(), s.Faint.Render(where), width)
}

// subject says which schemes are compared, by what, under which label.
func (f *findings) subject(s cells.Styles, filter string, width int) string {
	var left string
	switch {
	case f.page.mined() && len(f.pair) == 2:
		left = s.Accent.Render("A ") + s.Bold.Render(inert.Text(f.pair[0].String())) + s.Faint.Render("  against  ") +
			s.Accent.Render("B ") + s.Bold.Render(inert.Text(f.pair[1].String()))
	case f.page == pageQueries && len(f.scheme.Terms)+len(f.scheme.Parts) > 0:
		left = s.Bold.Render(inert.Text(f.scheme.String()))
	}
	what := "P@10"
	if mined := f.current(filter); mined != nil && f.page.mined() {
		what = cells.Thousands(len(mined.Queries)) + " " + cells.Plural("query", len(mined.Queries))
	}
	if f.page != pageSchemes {
		what += " · " + inert.Text(f.label)
	}
	if f.reversed[f.page] {
		what += " · from the other end"
	}
	return cells.Flush(left, s.Faint.Render(what), width)
}
