package page

import (
	"slices"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/mine"
	"strata/experiments/tune"
	"strata/tui/pane"
	"strata/tui/prompt"
)

// Findings is the view of what evaluations and a mine step found: pages of rows, of each of which Enter shows the
// pictures.
type Findings struct {
	Open     bool
	Page     Page
	Label    string
	Pair     []scheme.Scheme // A and B, as chosen; nil before the first mine step
	Mined    *mine.Mined     // the latest; maybe of another pair
	Compared *Compared       // the latest; nil: nothing was compared
	Tuned    *tune.Tuned     // the latest; nil: nothing was tuned
	Scheme   scheme.Scheme   // whose queries Queries lists
	Reversed [Count]bool
	Arranged [Count]Arrangement
	Small    bool // classes of few queries, too

	List   RowList // of the page
	Listed bool    // list is made
	At     [Count]int
	Top    [Count]int
	Sheet  *Sheet // over the list; nil: none

	Preview Preview // beside the list

	followed int // the row that the cursor goes to in the list that is being made, from 1 in the page's order; 0: none

	Was *pane.Kept // what is given back at the end; nil while nothing was visited
}

// Has reports whether the page is there: those of a comparison and of a tuning only are once there was one.
func (f *Findings) Has(p Page) bool {
	return (p != Compare || f.Compared != nil) && (p != Tune || f.Tuned != nil)
}

// Turned returns the page that is so many pages further on.
func (f *Findings) Turned(by int) Page {
	p := (f.Page + Page(by) + Count) % Count
	for !f.Has(p) {
		p = (p + Page(by) + Count) % Count
	}
	return p
}

// Current returns what was mined of the chosen pair under the filter of the screen, or nil.
func (f Findings) Current(filter string) *mine.Mined {
	if f.Mined == nil || !slices.EqualFunc(f.Mined.Evaluation.Schemes, f.Pair, pane.SameScheme) || pane.Conditions(f.Mined.Evaluation.Filter) != filter {
		return nil
	}
	return f.Mined
}

// Moved returns the findings with the cursor at row i, or as near as there is one, and within the height of the screen.
// A heading is stepped over in the direction of the move.
func (f Findings) Moved(i, height int) Findings {
	was := f.At[f.Page]
	last := max(f.List.Rows-1, 0)
	i = min(max(i, 0), last)
	by := 1
	if i < was {
		by = -1
	}
	for range 2 {
		for i >= 0 && i <= last && f.List.Rows > 0 && f.List.isHeading(i) {
			i += by
		}
		if i >= 0 && i <= last {
			break
		}
		i, by = min(max(i, 0), last), -by
	}
	top := f.Top[f.Page]
	if i > 0 && f.List.Rows > 0 && f.List.isHeading(i-1) { // with its heading
		top = min(top, i-1)
	}
	top = max(min(top, i), i-max(height, 1)+1)
	f.At[f.Page], f.Top[f.Page] = i, max(min(top, f.List.Rows-height), 0)
	return f
}

// Labels returns the labels that the page can be of, the marked ones first.
func (f *Findings) Labels(sc *pane.Scene) []string {
	switch mined := f.Current(sc.Filter); {
	case f.Page == Tune:
		return nil
	case f.Page == Compare && f.Compared != nil:
		return pane.Ordered(f.Compared.Evaluation.Labels, sc.Rows.Marked)
	case !f.Page.Mined():
		return sc.Table.Labels(sc.Rows.Marked)
	case mined != nil:
		return pane.Ordered(mined.Evaluation.Labels, sc.Rows.Marked)
	}
	var names []string
	for _, l := range sc.Gallery.Labels() {
		names = append(names, l.Name)
	}
	return pane.Ordered(names, sc.Rows.Marked)
}

// Step moves the cursor by rows, or by the items of a sheet.
func (f Findings) Step(l *pane.Layout, by int) Findings {
	if s := f.Sheet; s != nil {
		f.Sheet = s.Moved(l, s.At+by)
		return f
	}
	f = f.Moved(f.At[f.Page]+by, l.ListRows())
	if f.Page == Schemes && f.Behind(nil) {
		if look := f.List.Look(f.At[f.Page]); look.Label != "" {
			f.Label = look.Label
		}
	}
	return f
}

// Behind reports whether the row or the item under the cursor has something behind it.
func (f *Findings) Behind(g *engine.Gallery) bool {
	if s := f.Sheet; s != nil {
		return s.At < len(s.Items) && g.IsQuery(s.Items[s.At])
	}
	return f.Listed && f.At[f.Page] < f.List.Rows && !f.List.isHeading(f.At[f.Page])
}

// KnownSchemes returns the schemes of the screen and those that were evaluated.
func (f *Findings) KnownSchemes(sc *pane.Scene) []scheme.Scheme {
	var all []scheme.Scheme
	add := func(schemes []scheme.Scheme) {
		for _, s := range schemes {
			if !slices.ContainsFunc(all, func(o scheme.Scheme) bool { return pane.SameScheme(o, s) }) {
				all = append(all, s)
			}
		}
	}
	if f.Was != nil {
		add(f.Was.Desk.Schemes)
	}
	add(sc.Desk.Schemes)
	add(f.Pair)
	for _, e := range sc.Table.Results {
		add(e.Schemes)
	}
	return all
}

// Choices returns the known schemes as a list to choose now from, or next.
func (f *Findings) Choices(sc *pane.Scene, which int) []prompt.Choice {
	var items []prompt.Choice
	for _, s := range f.KnownSchemes(sc) {
		c := prompt.Choice{Name: s.String()}
		if i := slices.IndexFunc(f.Pair, func(o scheme.Scheme) bool { return pane.SameScheme(o, s) }); i >= 0 {
			c.Note = "is " + sides[i]
			if i == which {
				c.Mark = "✓"
			}
		}
		items = append(items, c)
	}
	return items
}
