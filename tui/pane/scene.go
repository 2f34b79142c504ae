package pane

import (
	"path/filepath"
	"slices"
	"strings"

	"strata/engine"
	"strata/tui/cells"
	"strata/tui/picture"
)

// Scene is what panes are formatted from: the board with the gallery and the screen's looks. It is made for a view and
// not changed.
type Scene struct {
	*Board
	Gallery  *engine.Gallery
	Styles   *cells.Styles
	Layout   *Layout
	Table    Table
	Graphics picture.Graphics
	Ready    map[Place]picture.Picture // the visible pictures that are ready
	Still    bool                      // nothing of it can be moved: there are no sliders and no table
	Names    []string                  // of the rows, in place of their numbers
}

// PictureCells returns the lines that stand where a picture is: its own, blanks under one that goes by itself, or a
// frame in its place.
func (sc *Scene) PictureCells(row int, box picture.Box) []string {
	return sc.cellsOf(Place{Row: row, Box: box})
}

func (sc *Scene) cellsOf(at Place) []string {
	row, box := at.Row, at.Box
	p, ready := sc.Ready[at]
	switch {
	case !ready:
		return cells.EmptyFrame(box, sc.Styles)
	case p.Err != nil:
		name := sc.pictureName(row)
		if name == "" {
			return cells.BrokenFrame(box, sc.Styles, "no picture", "")
		}
		_, why, _ := strings.Cut(p.Err.Error(), name+": ")
		return cells.BrokenFrame(box, sc.Styles, name, why)
	case p.Lines != nil:
		return p.Lines
	}
	return make([]string, box.Rows)
}

// pictureName is what a picture that cannot be shown is called.
func (sc *Scene) pictureName(row int) string {
	if row >= sc.Gallery.Len() {
		return filepath.ToSlash(sc.Shown.Image)
	}
	return sc.Gallery.Picture(row)
}

// queryName is what the query is called: its id, or its file's name.
func (sc *Scene) queryName() string {
	if sc.Shown.Image != "" {
		return filepath.Base(sc.Shown.Image)
	}
	return sc.Gallery.ID(sc.Shown.Query)
}

// Place is where a picture is looked up: an item in a size, faded or as it is.
type Place struct {
	Row   int
	Box   picture.Box
	Faded bool
}

// PlaceOf returns where a picture that is wanted is looked up.
func PlaceOf(w picture.Wanted) Place { return Place{w.Row, w.Box, w.Quality == picture.QualityFaded} }

// wanted returns the small picture that is looked up at p.
func (p Place) wanted() picture.Wanted {
	if p.Faded {
		return picture.Wanted{Row: p.Row, Box: p.Box, Quality: picture.QualityFaded}
	}
	return picture.Wanted{Row: p.Row, Box: p.Box, Quality: picture.QualityShared}
}

// Put writes the query, its sliders, and the schemes with the table or the hit that is looked at.
func (sc *Scene) Put(c *cells.Canvas) {
	l := sc.Layout
	q := l.Query
	if !sc.Panel || l.Wide {
		if !l.Wide && l.Pictures {
			c.Put(1, q.Y, l.QueryBox.Cols, sc.PictureCells(sc.Shown.Desk.Picture(), l.QueryBox)...)
		}
		c.Put(q.X, q.Y, q.W, sc.viewQuery()...)
	}
	if s := l.Sliders; !sc.Still && (!sc.Panel || l.Wide) {
		lines := sc.Sliders.view(sc.Styles, sc.Focused(), sc.Rows.Focus, s.W, s.H)
		c.Put(s.X, s.Y, s.W, append(lines, sc.differenceLines(s.W, s.H-len(lines))...)...)
	}
	sc.putRows(c)
	if l.Verdict > 0 {
		c.Put(1, l.Verdict, c.Width-2, sc.verdictLine(c.Width-2))
	}
	if sc.Panel {
		sc.putPanel(c)
	} else if t := l.Table; t.H > 0 && !sc.Still {
		c.Put(t.X, t.Y, t.W, sc.Table.view(sc.Styles, sc.Rows.Marked, sc.Focused().String(), t.W, t.H)...)
	}
}

// putRows writes the visible schemes.
func (sc *Scene) putRows(c *cells.Canvas) {
	l := sc.Layout
	visible := sc.Rows.Visible(l, len(sc.Shown.Schemes), sc.Panel)
	all := make([][]figure, len(sc.Shown.Schemes))
	for i := range sc.Shown.Schemes {
		all[i] = sc.figures(i)
	}
	headings := sc.headings(all, l.Rows.W-min(24, l.Rows.W/4))
	for at, i := range visible {
		v := rowView{
			place: i, ranking: sc.ranking(i), scheme: sc.Shown.Schemes[i], moves: sc.movesOf(i), lost: sc.lostOf(i),
			focused: i == sc.Rows.Focus && (!sc.Still || sc.Rows.Cursor >= 0), pinned: sc.Rows.Pinned && i == 0, headings: headings[i],
		}
		r := l.RowAt(at)
		c.Put(r.X-1, r.Y, r.W+2, sc.Rows.view(sc, v)...)
	}
}

// Place calls add for every picture of the board with its place, in the order in which a slow terminal is to show them:
// the query, then those nearest to the cursor, by rows.
func (sc *Scene) Place(add func(p Place, x, y int)) {
	l, query := sc.Layout, sc.Shown.Desk.Picture()
	switch {
	case l.Wide:
		add(Place{Row: query, Box: l.QueryBox}, l.Query.X, l.Query.Y+1)
	case !sc.Panel:
		add(Place{Row: query, Box: l.QueryBox}, 1, l.Query.Y)
	}
	visible := sc.Rows.Visible(l, len(sc.Shown.Rankings), sc.Panel)
	for _, at := range nearest(len(visible), slices.Index(visible, sc.Rows.Focus)) {
		i := visible[at]
		places := sc.hitPlaces(l, i)
		for _, j := range nearest(len(places), sc.Rows.Cursor) {
			r := l.ThumbAt(at, j)
			add(places[j], r.X, r.Y)
		}
		for n, p := range sc.ghostPlaces(l, i) {
			r := l.GhostAt(at, n)
			add(p, r.X, r.Y)
		}
	}
	if h, ok := sc.CursorHit(); ok && sc.Panel {
		add(Place{Row: query, Box: l.PanelBox}, l.Panel.X, l.Panel.Y+1)
		add(Place{Row: h.Row, Box: l.PanelBox}, l.Panel.X+l.PanelBox.Cols+2, l.Panel.Y+1)
	}
}

// nearest returns the numbers below n, those nearest to one of them first.
func nearest(n, to int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, func(a, b int) int { return max(a-to, to-a) - max(b-to, to-b) })
	return all
}

// hitPlaces returns the pictures of the hits of row i.
func (b *Board) hitPlaces(l *Layout, i int) []Place {
	hits, moves := b.Shown.Rankings[i].Hits, b.movesOf(i)
	var all []Place
	for j, h := range hits[:min(len(hits), l.Drawn)] {
		all = append(all, Place{h.Row, l.Thumb, b.Rows.common(moves, j)})
	}
	return all
}

// ghostPlaces returns the pictures of what row i lost.
func (b *Board) ghostPlaces(l *Layout, i int) []Place {
	var all []Place
	for _, g := range b.ghosts(l, i) {
		all = append(all, Place{g.Row, l.Ghost, true})
	}
	return all
}
