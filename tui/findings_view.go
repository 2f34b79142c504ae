package tui

import (
	"strings"

	"strata/engine/inert"
	"strata/tui/cells"

	"github.com/charmbracelet/x/ansi"
)

// findingHead returns the lines over the rows of the findings: the tabs, what is compared, what the rows are, and the
// columns' names, as far as the screen has room for them.
func (m *Model) findingHead() int { return min(4, max(m.layout.Status-2, 0)) }

// findingRows returns the number of rows that fit.
func (m *Model) findingRows() int { return max(m.layout.Status-1-m.findingHead(), 1) }

// putFindings writes the view.
func (m *Model) putFindings(c *cells.Canvas) {
	if m.findings.sheet != nil {
		m.putSheet(c)
		return
	}
	s, f, width := m.styles, &m.findings, m.layout.Size.Cols-2
	head := []string{m.tabs(width), m.subject(width), s.Faint.Render(cells.Cut(f.list.note, width)), f.list.headLine(s, width)}
	switch n := m.findingHead(); {
	case n < 2:
		head = head[:n]
	case n < 4: // what is compared and what the rows are is known to who made the screen so small
		head = append(head[:1:1], head[5-n:]...)
	}
	c.Put(1, 1, width, head...)
	y := 1 + len(head)
	if text := m.nothingFound(); text != "" {
		c.Put(1, y, width, s.Plain.Render(cells.Cut("  "+text, width)))
		return
	}
	top := f.top[f.page]
	for i := top; i < min(top+m.findingRows(), f.list.rows); i++ {
		c.Put(1, y+i-top, width, f.list.line(s, i, width, i == f.at[f.page]))
	}
}

// nothingFound says why there are no rows, or nothing.
func (m *Model) nothingFound() string {
	f := &m.findings
	switch {
	case f.page.mined() && f.current(m.filter) == nil && m.isMining():
		return "mining: all queries are ranked under both schemes, and compared; esc goes on meanwhile"
	case f.page.mined() && f.pair == nil:
		return "two rows are needed: esc, then a adds one"
	case f.page.mined() && f.current(m.filter) == nil:
		return "A and B are not mined yet: M mines them"
	case f.listed && f.list.rows == 0:
		return f.list.empty
	}
	return ""
}

// tabs lists the pages, the present one between brackets.
func (m *Model) tabs(width int) string {
	s, f := m.styles, &m.findings
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
func (m *Model) subject(width int) string {
	s, f := m.styles, &m.findings
	var left string
	switch {
	case f.page.mined() && len(f.pair) == 2:
		left = s.Accent.Render("A ") + s.Bold.Render(inert.Text(f.pair[0].String())) + s.Faint.Render("  against  ") +
			s.Accent.Render("B ") + s.Bold.Render(inert.Text(f.pair[1].String()))
	case f.page == pageQueries && len(f.scheme.Terms)+len(f.scheme.Parts) > 0:
		left = s.Bold.Render(inert.Text(f.scheme.String()))
	}
	what := "P@10"
	if mined := f.current(m.filter); mined != nil && f.page.mined() {
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
