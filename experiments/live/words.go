package live

import (
	"fmt"
	"slices"
	"strings"

	"strata/engine/inert"
	"strata/engine/scheme"
)

// Words says in one sentence which scheme of Rows is ahead. Nothing in it is less than true: of
// fewer queries than all, Lead says who leads; of all, Ahead says over which others that holds.
type Words struct {
	Rows   *Rows
	Labels []string
	Chosen func(scheme.Scheme) bool // its weights were chosen on these queries
	Number func(float64) string     // writes a mean and a difference
	Count  func(int) string         // writes a number of queries
}

// Form is a length of what Ahead says.
type Form int

// The forms, from long to short.
const (
	Costs Form = iota // with what the best scheme costs under another label
	Over              // with the schemes that it is not shown to be ahead of
	Short             // with their number
	Forms             // the number of forms
)

// byBest returns the verdicts under the labels, those of one best scheme together.
func (w Words) byBest() [][]Verdict {
	var all [][]Verdict
	for _, label := range w.Labels {
		v, ok := w.Rows.Verdict(label)
		if !ok {
			continue
		}
		i := slices.IndexFunc(all, func(of []Verdict) bool { return of[0].Best.Equal(v.Best) })
		if i < 0 {
			i, all = len(all), append(all, nil)
		}
		all[i] = append(all[i], v)
	}
	return all
}

// Lead says who leads over the queries that are known; "" while nobody does.
func (w Words) Lead() string {
	rows, all := w.Rows, w.byBest()
	if len(all) == 0 {
		return ""
	}
	known := rows.Queries
	for _, n := range rows.Known {
		if n > 0 {
			known = min(known, n)
		}
	}
	var leads []string
	for _, of := range all {
		text := inert.Text(of[0].Best.String()) + " leads"
		for i, v := range of {
			if i > 0 {
				text += ","
			}
			text += " " + inert.Text(v.Label) + " " + w.Number(v.Value)
		}
		leads = append(leads, text)
	}
	return "so far, " + w.Count(known) + " of " + w.Count(rows.Queries) + " queries: " + strings.Join(leads, " · ")
}

// Ahead says which scheme is best under each label, and over which others that is shown, by p after
// Holm's adjustment.
func (w Words) Ahead(form Form) string {
	var parts []string
	end, all := "", w.byBest()
	for _, of := range all {
		parts = append(parts, w.aheadText(of, form))
		if slices.ContainsFunc(of, someShown) {
			end = " · p<.05, Holm"
			if w.Rows.Rough {
				end = " · ~p<.05, Holm"
			}
		}
	}
	return strings.Join(parts, " · ") + end
}

// someShown reports whether the best scheme is shown to be ahead of another.
func someShown(v Verdict) bool {
	return slices.ContainsFunc(v.Over, func(o Standing) bool { return o.Shown() })
}

// aheadText says what one scheme is best in: of is by label.
func (w Words) aheadText(of []Verdict, form Form) string {
	best := of[0].Best
	text := inert.Text(best.String())
	if w.Chosen(best) {
		text += " (chosen on these queries)"
	}
	text += ": "
	for i, v := range of {
		text += inert.Text(v.Label) + " " + w.Number(v.Value) + ", "
		switch claim := claimOf(v, form); {
		case i == len(of)-1:
			text += claim
		case claim != claimOf(of[i+1], form):
			text += claim + "; "
		}
	}
	if form == Costs {
		text += w.costText(best)
	}
	return text
}

// claimOf says over which of the other schemes the best one's lead holds. Over one that has no mean nothing is shown.
func claimOf(v Verdict, form Form) string {
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
	case form == Short:
		return most
	}
	return most + ", not shown against " + strings.Join(open, ", ")
}

// costText names the label in which a scheme is furthest behind another, if that is shown.
func (w Words) costText(best scheme.Scheme) string {
	rows := w.Rows
	text, most := "", 0.0
	for _, label := range rows.Labels {
		for _, o := range rows.Schemes {
			if d, ok := rows.Against(o, best, label); ok && d.Shown() && d.Diff > most {
				most = d.Diff
				text = "; costs " + w.Number(d.Diff) + " " + inert.Text(label) + " against " + inert.Text(o.String())
			}
		}
	}
	return text
}
