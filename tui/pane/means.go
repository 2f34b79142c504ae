package pane

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/scheme"
	"strata/experiments/live"
	"strata/tui/cells"
)

// Chosen are the schemes, by spelling, whose weights were moved while their means were on the screen: what is said of
// them on the same queries says little of others. It is never changed in place.
type Chosen []string

// With returns the schemes with one more.
func (c Chosen) With(s scheme.Scheme) Chosen {
	if c.Has(s) {
		return c
	}
	return append(slices.Clone(c), s.String())
}

// Has reports whether the scheme is among them.
func (c Chosen) Has(s scheme.Scheme) bool { return slices.Contains(c, s.String()) }

// differenceLines say how the focused row differs from its reference under the marked labels: at most height lines,
// after a blank one where there is room.
func (sc *Scene) differenceLines(width, height int) []string {
	i := sc.Rows.Focus
	if i >= len(sc.Shown.Schemes) || height < 1 {
		return nil
	}
	reference, ok := sc.reference(i)
	if !ok {
		return nil
	}
	s := sc.Styles
	var short, long []string
	for n, label := range sc.Rows.Marked {
		d, ok := sc.Shown.Means.Against(sc.Shown.Schemes[i], sc.Shown.Schemes[reference], label)
		if !ok {
			continue
		}
		line := s.Label(n).Render(Marks[n]) + " " + cells.Right(sc.rough()+cells.Signed(d.Diff), 6) +
			s.Faint.Render(" ±"+cells.Number((d.High-d.Low)/2, 3)+" p "+cells.Chance(d.P, 3))
		short = append(short, cells.Padded(line, width))
		long = append(long, cells.Padded(line, width), cells.Padded(s.Faint.Render("  "+wonText(d, width-2)), width))
	}
	if short == nil {
		return nil
	}
	head := []string{strings.Repeat(" ", width), cells.Padded(s.Faint.Render(fmt.Sprintf("%d against %d", i+1, reference+1)), width)}
	switch {
	case height >= len(head)+len(long):
		return append(head, long...)
	case height >= len(head)+len(short):
		return append(head, short...)
	}
	return short[:min(height, len(short))]
}

// wonText says for how many queries the first scheme has more hits, as many, fewer.
func wonText(d live.Difference, width int) string {
	win, tie, loss := cells.Thousands(d.Win), cells.Thousands(d.Tie), cells.Thousands(d.Loss)
	for _, text := range []string{
		win + " won · " + tie + " tied · " + loss + " lost", win + " won, " + tie + " tied, " + loss + " lost", win + " won · " + loss + " lost",
	} {
		if ansi.StringWidth(text) <= width {
			return text
		}
	}
	return cells.Cut(win+" · "+loss, width)
}

// verdictLine says which scheme is ahead under each marked label, and whether that holds. Of fewer queries than all it
// says no more than who leads.
func (sc *Scene) verdictLine(width int) string {
	rows := sc.Shown.Means
	if rows == nil {
		return ""
	}
	words := live.Words{
		Rows: rows, Labels: sc.Rows.Marked, Chosen: sc.Chosen.Has,
		Number: func(x float64) string { return cells.Number(x, 3) }, Count: cells.Thousands[int],
	}
	if !rows.Complete() {
		return sc.Styles.Faint.Render(cells.Cut(words.Lead(), width))
	}
	text := ""
	for form := range live.Forms {
		if text = words.Ahead(form); ansi.StringWidth(text) <= width {
			break
		}
	}
	return sc.Styles.Plain.Render(cells.Cut(text, width))
}
