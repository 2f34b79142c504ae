package tui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"strata/engine"
	"strata/engine/inert"
	"strata/tui/cells"
	"strata/tui/picture"
)

// keptProblems is the number of errors that can be looked at again.
const keptProblems = 50

// status is the line over the help: an error until the next key, otherwise the derived layer that is being made, the
// evaluation that runs or the last thing that was done; at its right when the log was last written.
type status struct {
	problem   string
	computing string   // the derived layer that a search or an evaluation waits for, and how far it is
	problems  []string // the latest last
	done      string
	saved     time.Time
	unlogged  error // why the last steps are not in the log
	usage     engine.Usage
	faults    []string // rows without a score that were told already
	codes     string   // how far codes are built, or what they left to score
}

// fail shows an error and keeps it.
func (p status) fail(now time.Time, err error) status {
	text := inert.Text(err.Error())
	p.problem, p.done = text, ""
	kept := append([]string{}, p.problems...)
	kept = append(kept, now.Format(time.TimeOnly)+"  "+text)
	p.problems = kept[max(0, len(kept)-keptProblems):]
	return p
}

// tell shows what was done.
func (p status) tell(format string, args ...any) status {
	p.problem, p.done = "", fmt.Sprintf(format, args...)
	return p
}

// view returns the line. busy is what a search is at that takes its time, hidden the number of schemes that do not fit.
func (p status) view(s cells.Styles, busy string, e evaluation, now time.Time, hidden int, unsaved bool, width int) string {
	right := ""
	if hidden > 0 {
		right = strconv.Itoa(hidden) + " more " + cells.Plural("row", hidden) + " · "
	}
	switch {
	case p.unlogged != nil:
		right += "not saved "
	case unsaved:
		right += "… "
	case !p.saved.IsZero():
		right += "saved " + p.saved.Format(time.TimeOnly) + " "
	}
	right = s.Faint.Render(right)
	left := ""
	switch {
	case p.problem != "":
		hint := s.Faint.Render("  ! in full")
		room := width - ansi.StringWidth(right) - ansi.StringWidth(hint) - 2
		left = s.Wrong.Render(" " + cells.Cut(p.problem, room))
		if ansi.StringWidth(p.problem) > room {
			left += hint
		}
	case p.unlogged != nil:
		left = s.Wrong.Render(" " + cells.Cut(inert.Text(p.unlogged.Error()), width-ansi.StringWidth(right)-2))
	case p.computing != "":
		left = s.Accent.Render(" " + cells.Cut(p.computing, width-ansi.StringWidth(right)-2))
	case busy != "":
		left = " " + cells.Cut(busy, width-ansi.StringWidth(right)-2)
	case e.running():
		left = " " + e.view(s, now, width-ansi.StringWidth(right)-2)
	case p.done != "":
		left = s.Faint.Render(" " + cells.Cut(p.done, width-ansi.StringWidth(right)-2))
	}
	return cells.Flush(left, right, width)
}

// computing says how far the making of a derived layer is, or nothing.
func computing(d engine.Derivation) string {
	if d.Layer == "" {
		return ""
	}
	return fmt.Sprintf("computing %s  %.0f %%", d.Layer, 100*d.Share)
}

// title is the first line: the gallery, its layers, the pictures' way and the memory in use, as far as they fit.
func (p status) title(sc *scene) string {
	s, g := sc.styles, sc.gallery
	left := s.Strong.Render(" strata") + s.Faint.Render(" · ") + s.Bold.Render(cells.Cut(g.Name, 30)) +
		s.Faint.Render(" · "+cells.Thousands(g.Len())+" "+cells.Plural("item", g.Len()))
	if sc.filter != "" {
		left += s.Accent.Render("  filter " + cells.Cut(sc.filter, sc.layout.Size.Cols/3))
	}
	if sc.walk.text != "" {
		left += s.Accent.Render("  queries like " + cells.Cut(sc.walk.text, sc.layout.Size.Cols/4))
	}
	width := sc.layout.Size.Cols
	end := ""
	switch g := sc.graphics; {
	case g == picture.GraphicsNone:
		end = "no pictures "
	case !sc.layout.Pictures:
		end = fmt.Sprintf("pictures from %d×%d ", pictureCols, pictureRows)
	default:
		end = g.String() + " "
	}
	if u := p.usage; u.Bytes > 0 {
		memory := end[:len(end)-1] + " · columns " + cells.SizeOf(u.Bytes) + " of " + cells.SizeOf(u.Budget) + " "
		if ansi.StringWidth(left)+ansi.StringWidth(memory)+2 <= width {
			end = memory
		}
	}
	if codes := p.codes; codes != "" && ansi.StringWidth(left)+ansi.StringWidth(codes)+ansi.StringWidth(end)+5 <= width {
		end = codes + " · " + end
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
