package cells

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/inert"
	"strata/tui/picture"
)

// EmptyFrame marks the corners of a picture that is not ready yet.
func EmptyFrame(box picture.Box, s *Styles) []string {
	lines := make([]string, box.Rows)
	for y := range lines {
		lines[y] = strings.Repeat(" ", box.Cols)
	}
	if box.Cols < 2 || box.Rows < 2 {
		return lines
	}
	gap := strings.Repeat(" ", box.Cols-2)
	lines[0] = s.Faint.Render("╭" + gap + "╮")
	lines[box.Rows-1] = s.Faint.Render("╰" + gap + "╯")
	return lines
}

// BrokenFrame names a picture that cannot be shown and, if there is room, the reason.
func BrokenFrame(box picture.Box, s *Styles, name, why string) []string {
	lines := EmptyFrame(box, s)
	if box.Rows < 3 || box.Cols < 3 {
		return lines
	}
	if box.Cols < 24 || box.Rows < 5 {
		name, why = path.Base(name), ""
	}
	var text []string
	for _, part := range []string{name, why} {
		if part != "" {
			text = append(text, strings.Split(ansi.Wrap(inert.Text(part), box.Cols-1, "-_./ "), "\n")...)
		}
	}
	text = text[:min(len(text), box.Rows-2)]
	for i, line := range text {
		lines[1+(box.Rows-2-len(text))/2+i] = Padded(" "+s.Faint.Render(strings.TrimSpace(line)), box.Cols)
	}
	return lines
}

// FirstLines returns the lines that fit in height. If some do not fit, the last line has their
// number.
func FirstLines(s *Styles, lines []string, height int) []string {
	if len(lines) <= height || height < 1 {
		return lines[:max(min(len(lines), height), 0)]
	}
	return append(slices.Clone(lines[:height-1]), s.Faint.Render(fmt.Sprintf("… %d more", len(lines)-height+1)))
}
