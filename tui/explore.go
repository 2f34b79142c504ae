package tui

import (
	"slices"

	"strata/engine"
	"strata/experiments"
)

// findings is the view of what evaluations and a mine step found: pages of rows, of each of which Enter shows the
// pictures.
type findings struct {
	open     bool
	page     page
	label    string
	pair     []engine.Scheme    // A and B, as chosen; nil before the first mine step
	mined    *experiments.Mined // the latest; maybe of another pair
	scheme   engine.Scheme      // whose queries pageQueries lists
	reversed [pages]bool
	small    bool // classes of few queries, too

	list   rowList // of the page
	listed bool    // list is made
	at     [pages]int
	top    [pages]int
	sheet  *sheet // over the list; nil: none

	was *kept // what is given back at the end; nil while nothing was visited
}

// current returns what was mined of the chosen pair under the filter of the screen, or nil.
func (f findings) current(filter string) *experiments.Mined {
	if f.mined == nil || !slices.EqualFunc(f.mined.Schemes, f.pair, sameScheme) || conditions(f.mined.Filter) != filter {
		return nil
	}
	return f.mined
}

// moved returns the findings with the cursor at row i, or as near as there is one, and within the height of the screen.
// A heading is stepped over in the direction of the move.
func (f findings) moved(i, height int) findings {
	was := f.at[f.page]
	last := max(f.list.rows-1, 0)
	i = min(max(i, 0), last)
	by := 1
	if i < was {
		by = -1
	}
	for range 2 {
		for i >= 0 && i <= last && f.list.rows > 0 && f.list.isHeading(i) {
			i += by
		}
		if i >= 0 && i <= last {
			break
		}
		i, by = min(max(i, 0), last), -by
	}
	top := f.top[f.page]
	if i > 0 && f.list.rows > 0 && f.list.isHeading(i-1) { // with its heading
		top = min(top, i-1)
	}
	top = max(min(top, i), i-max(height, 1)+1)
	f.at[f.page], f.top[f.page] = i, max(min(top, f.list.rows-height), 0)
	return f
}

// labels returns the labels that the page can be of, the marked ones first.
func (f *findings) labels(sc *scene) []string {
	switch mined := f.current(sc.filter); {
	case !f.page.mined():
		return sc.table.labels(sc.rows.marked)
	case mined != nil:
		return ordered(mined.Labels, sc.rows.marked)
	}
	var names []string
	for _, l := range sc.gallery.Labels() {
		names = append(names, l.Name)
	}
	return ordered(names, sc.rows.marked)
}

// step moves the cursor by rows, or by the items of a sheet.
func (f findings) step(l *layout, by int) findings {
	if s := f.sheet; s != nil {
		f.sheet = s.moved(l, s.at+by)
		return f
	}
	f = f.moved(f.at[f.page]+by, l.listRows())
	if f.page == pageSchemes {
		if look := f.list.look(f.at[f.page]); look.label != "" {
			f.label = look.label
		}
	}
	return f
}

// behind reports whether the row or the item under the cursor has something behind it.
func (f *findings) behind(g *engine.Gallery) bool {
	if s := f.sheet; s != nil {
		return s.at < len(s.items) && g.IsQuery(s.items[s.at])
	}
	return f.listed && f.at[f.page] < f.list.rows && !f.list.isHeading(f.at[f.page])
}

// knownSchemes returns the schemes of the screen and those that were evaluated.
func (f *findings) knownSchemes(sc *scene) []engine.Scheme {
	var all []engine.Scheme
	add := func(schemes []engine.Scheme) {
		for _, s := range schemes {
			if !slices.ContainsFunc(all, func(o engine.Scheme) bool { return sameScheme(o, s) }) {
				all = append(all, s)
			}
		}
	}
	if f.was != nil {
		add(f.was.desk.schemes)
	}
	add(sc.desk.schemes)
	add(f.pair)
	for _, e := range sc.table.results {
		add(e.Schemes)
	}
	return all
}

// choices returns the known schemes as a list to choose A from, or B.
func (f *findings) choices(sc *scene, which int) []choice {
	var items []choice
	for _, s := range f.knownSchemes(sc) {
		c := choice{name: s.String()}
		if i := slices.IndexFunc(f.pair, func(o engine.Scheme) bool { return sameScheme(o, s) }); i >= 0 {
			c.note = "is " + string(rune('A'+i))
			if i == which {
				c.mark = "✓"
			}
		}
		items = append(items, c)
	}
	return items
}
