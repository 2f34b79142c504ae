package pane

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"strata/engine"
	"strata/engine/inert"
	"strata/engine/rank"
	"strata/experiments/live"
	"strata/tui/cells"
	"strata/tui/picture"
)

// keptProblems is the number of errors that can be looked at again.
const keptProblems = 50

// Status is the line over the help: an error until the next key, otherwise the derived layer that is being made, the
// evaluation that runs or the last thing that was done; at its right when the log was last written.
type Status struct {
	Problem   string
	Question  string   // that the next key answers
	Computing string   // the derived layer that a search or an evaluation waits for, and how far it is
	Problems  []string // the latest last
	done      string
	Saved     time.Time
	Unlogged  error // why the last steps are not in the log
	Usage     rank.Usage
	Faults    []string // rows without a score that were told already
	Codes     string   // how far codes are built, or what they left to score
	Under     string   // what is under the cursor
	Idle      string   // what is said when there is nothing else
}

// Fail shows an error and keeps it.
func (p Status) Fail(now time.Time, err error) Status {
	text := inert.Text(err.Error())
	p.Problem, p.done = text, ""
	kept := append([]string{}, p.Problems...)
	kept = append(kept, now.Format(time.TimeOnly)+"  "+text)
	p.Problems = kept[max(0, len(kept)-keptProblems):]
	return p
}

// Tell shows what was done.
func (p Status) Tell(format string, args ...any) Status {
	p.Problem, p.done = "", fmt.Sprintf(format, args...)
	return p
}

// View returns the line. busy is what a search is at that takes its time, hidden the number of schemes that do not fit.
func (p Status) View(s *cells.Styles, busy string, e Evaluation, now time.Time, hidden int, unsaved bool, width int) string {
	right := ""
	if hidden > 0 {
		right = strconv.Itoa(hidden) + " more " + cells.Plural("row", hidden) + " · "
	}
	switch {
	case p.Unlogged != nil:
		right += "not saved "
	case unsaved:
		right += "… "
	case !p.Saved.IsZero():
		right += "saved " + p.Saved.Format(time.TimeOnly) + " "
	}
	right = s.Faint.Render(right)
	left := ""
	switch {
	case p.Problem != "":
		hint := s.Faint.Render("  ! in full")
		room := width - ansi.StringWidth(right) - ansi.StringWidth(hint) - 2
		left = s.Wrong.Render(" " + cells.Cut(p.Problem, room))
		if ansi.StringWidth(p.Problem) > room {
			left += hint
		}
	case p.Question != "":
		left = s.Accent.Render(" " + cells.Cut(p.Question, width-ansi.StringWidth(right)-2))
	case p.Unlogged != nil:
		left = s.Wrong.Render(" " + cells.Cut(inert.Text(p.Unlogged.Error()), width-ansi.StringWidth(right)-2))
	case p.Computing != "":
		left = s.Accent.Render(" " + cells.Cut(p.Computing, width-ansi.StringWidth(right)-2))
	case busy != "":
		left = " " + cells.Cut(busy, width-ansi.StringWidth(right)-2)
	case e.Running():
		left = " " + e.view(s, now, width-ansi.StringWidth(right)-2)
	case p.Under != "":
		left = " " + cells.CutID(p.Under, width-ansi.StringWidth(right)-2)
	case p.done != "":
		left = s.Faint.Render(" " + cells.Cut(p.done, width-ansi.StringWidth(right)-2))
	default:
		left = s.Faint.Render(" " + cells.Cut(p.Idle, width-ansi.StringWidth(right)-2))
	}
	return cells.Flush(left, right, width)
}

// Computing says how far the making of a derived layer is, or nothing.
func Computing(d engine.Derivation) string {
	if d.Layer == "" {
		return ""
	}
	return fmt.Sprintf("computing %s  %.0f %%", d.Layer, 100*d.Share)
}

// Memory says what memory is in use, for columns of scores and for neighbourhoods, and what codes of large layers left to
// do.
func (p Status) Memory(rows *live.Rows) string {
	var parts []string
	if p.Codes != "" {
		parts = append(parts, p.Codes)
	}
	if rows != nil {
		parts = append(parts, "neighbours "+cells.SizeOf(rows.Usage.Bytes)+" of "+cells.SizeOf(rows.Usage.Budget))
	}
	if u := p.Usage; u.Bytes > 0 {
		parts = append(parts, "columns "+cells.SizeOf(u.Bytes)+" of "+cells.SizeOf(u.Budget))
	}
	return strings.Join(parts, " · ")
}

// Title is the first line: the gallery, its layers and the filter; how many hits are ranked, for which queries, and over
// how many of them the means are. What pictures there are is said where they are not as they should be.
func (p Status) Title(sc *Scene) string {
	s, g := sc.Styles, sc.Gallery
	left := s.Strong.Render(" strata") + s.Faint.Render(" · ") + s.Bold.Render(cells.Cut(g.Name, 30)) +
		s.Faint.Render(" · "+cells.Thousands(g.Len())+" "+cells.Plural("item", g.Len()))
	if sc.Filter != "" {
		left += s.Accent.Render("  filter " + cells.Cut(sc.Filter, sc.Layout.Size.Cols/3))
	}
	queries := "all queries"
	if sc.Walk.Text != "" {
		left += s.Accent.Render("  queries like " + cells.Cut(sc.Walk.Text, sc.Layout.Size.Cols/4))
		queries = ""
	}
	width := sc.Layout.Size.Cols
	fits := func(end string) bool { return ansi.StringWidth(left)+ansi.StringWidth(end)+2 <= width }
	end := " "
	switch how := sc.Graphics; {
	case how == picture.GraphicsNone:
		end = "no pictures "
	case !sc.Layout.Pictures:
		end = fmt.Sprintf("pictures from %d×%d ", PictureCols, PictureRows)
	case !how.Apart():
		end = how.String() + " "
	}
	for _, part := range []string{measuredText(sc.Shown.Means), queries, fmt.Sprintf("k %d", sc.Desk.K())} {
		longer := part + " · " + end
		if end == " " {
			longer = part + " "
		}
		if part != "" && fits(longer) {
			end = longer
		}
	}
	var layers []string
	for _, l := range g.Layers {
		layers = append(layers, fmt.Sprintf("%s %d", l.Name, l.Dim))
	}
	middle := s.Faint.Render("   " + strings.Join(layers, " · "))
	if ansi.StringWidth(left)+ansi.StringWidth(middle)+ansi.StringWidth(end)+2 <= width {
		left += middle
	}
	return cells.Flush(left, s.Faint.Render(end), width)
}

// measuredText says over how many queries means are known.
func measuredText(rows *live.Rows) string {
	if rows == nil {
		return ""
	}
	done, of := cells.Thousands(rows.Usage.Done), cells.Thousands(rows.Usage.Queries)
	if rows.Usage.Done < rows.Usage.Queries {
		return "n " + done + " of " + of
	}
	return "n " + of
}
