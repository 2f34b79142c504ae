package pane

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/inert"
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
	var byBest [][]live.Verdict
	for _, label := range sc.Rows.Marked {
		v, ok := rows.Verdict(label)
		if !ok {
			continue
		}
		i := slices.IndexFunc(byBest, func(of []live.Verdict) bool { return SameScheme(of[0].Best, v.Best) })
		if i < 0 {
			i, byBest = len(byBest), append(byBest, nil)
		}
		byBest[i] = append(byBest[i], v)
	}
	if !rows.Complete() {
		return sc.Styles.Faint.Render(cells.Cut(sc.leadText(byBest), width))
	}
	end := " · " + sc.rough() + "p<.05, Holm"
	if !slices.ContainsFunc(byBest, func(of []live.Verdict) bool { return slices.ContainsFunc(of, someShown) }) {
		end = ""
	}
	text := ""
	for form := range verdictForms {
		var parts []string
		for _, of := range byBest {
			parts = append(parts, sc.aheadText(of, form))
		}
		if text = strings.Join(parts, " · ") + end; ansi.StringWidth(text) <= width {
			break
		}
	}
	return sc.Styles.Plain.Render(cells.Cut(text, width))
}

// someShown reports whether the best scheme is shown to be ahead of another.
func someShown(v live.Verdict) bool {
	return slices.ContainsFunc(v.Over, func(o live.Standing) bool { return o.Shown() })
}

// The forms of a verdict, from long to short.
const (
	verdictCosts = iota // with what the best scheme costs under another label
	verdictOver         // with the schemes that it is not shown to be ahead of
	verdictCount        // with their number
	verdictForms
)

// leadText says who leads over the queries that are known.
func (sc *Scene) leadText(byBest [][]live.Verdict) string {
	rows := sc.Shown.Means
	if len(byBest) == 0 {
		return ""
	}
	known := rows.Queries
	for _, n := range rows.Known {
		if n > 0 {
			known = min(known, n)
		}
	}
	var leads []string
	for _, of := range byBest {
		text := inert.Text(of[0].Best.String()) + " leads"
		for i, v := range of {
			if i > 0 {
				text += ","
			}
			text += " " + inert.Text(v.Label) + " " + cells.Number(v.Value, 3)
		}
		leads = append(leads, text)
	}
	return "so far, " + cells.Thousands(known) + " of " + cells.Thousands(rows.Queries) + " queries: " + strings.Join(leads, " · ")
}

// aheadText says what one scheme is best in: of is by label.
func (sc *Scene) aheadText(of []live.Verdict, form int) string {
	best := of[0].Best
	text := inert.Text(best.String())
	if sc.Chosen.Has(best) {
		text += " (chosen on these queries)"
	}
	text += ": "
	for i, v := range of {
		text += inert.Text(v.Label) + " " + cells.Number(v.Value, 3) + ", "
		switch claim := claimOf(v, form); {
		case i == len(of)-1:
			text += claim
		case claim != claimOf(of[i+1], form):
			text += claim + "; "
		}
	}
	if form == verdictCosts {
		text += sc.costText(best)
	}
	return text
}

// claimOf says over which of the other schemes the best one's lead holds. Over one that has no mean nothing is shown.
func claimOf(v live.Verdict, form int) string {
	var open []string
	for _, o := range v.Over {
		if !o.Shown() {
			open = append(open, inert.Text(o.Scheme.String()))
		}
	}
	for _, s := range v.Apart {
		open = append(open, inert.Text(s.String()))
	}
	others := len(v.Over) + len(v.Apart)
	most := fmt.Sprintf("ahead of %d of %d", others-len(open), others)
	switch n := len(open); {
	case n == 0:
		return "ahead of all"
	case n == others && n > 1:
		return "not shown to be ahead"
	case n == others:
		return "not shown to be ahead of " + open[0]
	case form == verdictCount:
		return most
	}
	return most + ", not shown against " + strings.Join(open, ", ")
}

// costText names the label in which a scheme is furthest behind another, if that is shown.
func (sc *Scene) costText(best scheme.Scheme) string {
	rows := sc.Shown.Means
	text, most := "", 0.0
	for _, label := range rows.Labels {
		for _, o := range rows.Schemes {
			if d, ok := rows.Against(o, best, label); ok && d.Shown() && d.Diff > most {
				most = d.Diff
				text = "; costs " + cells.Number(d.Diff, 3) + " " + inert.Text(label) + " against " + inert.Text(o.String())
			}
		}
	}
	return text
}
