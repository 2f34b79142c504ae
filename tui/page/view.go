package page

import (
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
	s, width := sc.Styles, sc.Layout.Size.Cols-2
	head := []string{f.tabs(s, width), f.subject(s, sc.Filter, width), s.Faint.Render(cells.Cut(f.List.note, width)), f.List.headLine(s, width)}
	switch n := sc.Layout.ListHead(); {
	case n < 2:
		head = head[:n]
	case n < 4: // what is compared and what the rows are is known to who made the screen so small
		head = append(head[:1:1], head[5-n:]...)
	}
	c.Put(1, 1, width, head...)
	y := 1 + len(head)
	if text := f.Nothing(sc.Filter, mining); text != "" {
		c.Put(1, y, width, s.Plain.Render(cells.Cut("  "+text, width)))
		return
	}
	top := f.Top[f.Page]
	for i := top; i < min(top+sc.Layout.ListRows(), f.List.Rows); i++ {
		c.Put(1, y+i-top, width, f.List.line(s, i, width, i == f.At[f.Page]))
	}
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

// tabs lists the pages, the present one between brackets.
func (f *Findings) tabs(s cells.Styles, width int) string {
	var b strings.Builder
	for p := range Count {
		if !f.Has(p) {
			continue
		}
		if p == f.Page {
			b.WriteString(s.Strong.Render("[" + p.String() + "]"))
		} else {
			b.WriteString(s.Faint.Render(" " + p.String() + " "))
		}
	}
	if ansi.StringWidth(b.String()) > width {
		return cells.Padded(s.Strong.Render("["+f.Page.String()+"]"), width)
	}
	where := ""
	if n := f.List.Rows; f.Listed && n > 0 && f.Page != Schemes {
		where = cells.Thousands(f.At[f.Page]+1) + " of " + cells.Thousands(n)
	}
	if ansi.StringWidth(b.String())+ansi.StringWidth(where)+1 > width {
		where = ""
	}
	return cells.Flush(b.String(), s.Faint.Render(where), width)
}

// subject says which schemes are compared, by what, under which label.
func (f *Findings) subject(s cells.Styles, filter string, width int) string {
	var left string
	switch {
	case f.Page.Mined() && len(f.Pair) == 2:
		left = s.Accent.Render("now ") + s.Bold.Render(inert.Text(f.Pair[0].String())) + s.Faint.Render("  against  ") +
			s.Accent.Render("next ") + s.Bold.Render(inert.Text(f.Pair[1].String()))
	case f.Page == Queries && len(f.Scheme.Terms)+len(f.Scheme.Parts) > 0:
		left = s.Bold.Render(inert.Text(f.Scheme.String()))
	}
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
	if f.Reversed[f.Page] {
		what += " · from the other end"
	}
	return cells.Flush(left, s.Faint.Render(what), width)
}
