package tui

import (
	"path/filepath"
	"strings"

	"strata/engine"
	"strata/tui/cells"
	"strata/tui/picture"
)

// scene is what panes are formatted from: the board with the gallery and the screen's looks. It is made for a view and
// not changed.
type scene struct {
	*board
	gallery  *engine.Gallery
	styles   cells.Styles
	layout   *layout
	table    table
	graphics picture.Graphics
	ready    map[place]picture.Picture // the visible pictures that are ready
}

// pictureCells returns the lines that stand where a picture is: its own, blanks under one that goes by itself, or a
// frame in its place.
func (sc *scene) pictureCells(row int, box picture.Box) []string {
	p, ready := sc.ready[place{row, box}]
	switch {
	case !ready:
		return cells.EmptyFrame(box, sc.styles)
	case p.Err != nil:
		name := sc.pictureName(row)
		if name == "" {
			return cells.BrokenFrame(box, sc.styles, "no picture", "")
		}
		_, why, _ := strings.Cut(p.Err.Error(), name+": ")
		return cells.BrokenFrame(box, sc.styles, name, why)
	case p.Lines != nil:
		return p.Lines
	}
	return make([]string, box.Rows)
}

// pictureName is what a picture that cannot be shown is called.
func (sc *scene) pictureName(row int) string {
	if row >= sc.gallery.Len() {
		return filepath.ToSlash(sc.shown.image)
	}
	return sc.gallery.Picture(row)
}

// queryName is what the query is called: its id, or its file's name.
func (sc *scene) queryName() string {
	if sc.shown.image != "" {
		return filepath.Base(sc.shown.image)
	}
	return sc.gallery.ID(sc.shown.query)
}

// place is where a picture is looked up: an item in a size.
type place struct {
	row int
	box picture.Box
}

// put writes the query, its sliders, and the schemes with the table or the hit that is looked at.
func (sc *scene) put(c *cells.Canvas) {
	l := sc.layout
	q := l.Query
	if !sc.panel || l.Wide {
		if !l.Wide && l.Pictures {
			c.Put(1, q.Y, l.QueryBox.Cols, sc.pictureCells(sc.shown.desk.picture(), l.QueryBox)...)
		}
		c.Put(q.X, q.Y, q.W, sc.viewQuery()...)
		s := l.Sliders
		c.Put(s.X, s.Y, s.W, sc.sliders.view(sc.styles, sc.focused(), sc.rows.focus, s.W, s.H)...)
	}
	sc.putRows(c)
	if sc.panel {
		sc.putPanel(c)
	} else if t := l.Table; t.H > 0 {
		c.Put(t.X, t.Y, t.W, sc.table.view(sc.styles, sc.rows.marked, sc.focused().String(), t.W, t.H)...)
	}
}

// putRows writes the visible schemes.
func (sc *scene) putRows(c *cells.Canvas) {
	l := sc.layout
	visible := sc.rows.visible(l, len(sc.shown.schemes), sc.panel)
	all := make([][]figure, len(sc.shown.schemes))
	for i, scheme := range sc.shown.schemes {
		all[i] = sc.figures(sc.ranking(i), scheme)
	}
	headings := sc.headings(all, l.Rows.W-min(24, l.Rows.W/3))
	for at, i := range visible {
		v := rowView{
			place: i, ranking: sc.ranking(i), scheme: sc.shown.schemes[i], moves: sc.movesOf(i),
			focused: i == sc.rows.focus, pinned: sc.rows.pinned && i == 0, headings: headings[i],
		}
		r := l.row(at)
		c.Put(r.X, r.Y, r.W, sc.rows.view(sc, v)...)
	}
}

// place calls add for every picture of the board with its place.
func (sc *scene) place(add func(row int, box picture.Box, x, y int)) {
	l := sc.layout
	switch {
	case l.Wide:
		add(sc.shown.desk.picture(), l.QueryBox, l.Query.X, l.Query.Y+1)
	case !sc.panel:
		add(sc.shown.desk.picture(), l.QueryBox, 1, l.Query.Y)
	}
	for at, i := range sc.rows.visible(l, len(sc.shown.rankings), sc.panel) {
		hits := sc.shown.rankings[i].Hits
		for j, h := range hits[:min(len(hits), shownHits)] {
			r := l.thumb(at, j)
			add(h.Row, l.Thumb, r.X, r.Y)
		}
	}
	if h, ok := sc.cursorHit(); ok && sc.panel {
		add(sc.shown.desk.picture(), l.PanelBox, l.Panel.X, l.Panel.Y+1)
		add(h.Row, l.PanelBox, l.Panel.X+l.PanelBox.Cols+2, l.Panel.Y+1)
	}
}
