package relief

import (
	"math"

	"strata/experiments/landscape"
	"strata/tui/cells"
	"strata/tui/picture"
)

// Stage is the screen that a page is put on.
type Stage struct {
	Size         picture.Box
	Foot         int // the first line that is not the page's
	CellW, CellH int // pixels
	Plain        bool
	Apart        bool // pictures go by themselves
	Light        bool
	Styles       *cells.Styles
}

// Plan says where the parts of a page are.
type Plan struct {
	head   cells.Rect
	Box    cells.Rect // of the picture; empty: there is no room
	top    int        // the line of the first layer's name, over the picture; -1: none
	bottom int        // that of the others' names
	scale  int        // that of the colours' meaning
	side   cells.Rect
}

const (
	sideCols    = 36 // the least width of what stands beside the picture
	roomySide   = 41 // on a screen of roomyCols
	roomyCols   = 100
	leastCols   = 16 // of a picture
	leastRows   = 6
	mostCols    = 110
	lineRows    = 28 // the most rows of a line's picture
	scaleCells  = 16
	roomyHeight = 28
)

// Plan places the parts.
func (v *View) Plan(st *Stage) Plan {
	body := cells.Rect{X: 1, Y: 1, W: st.Size.Cols - 2, H: st.Foot - 1}
	p := Plan{head: cells.Rect{X: body.X, Y: body.Y, W: body.W, H: 1}, top: -1}
	body.Y, body.H = body.Y+1, body.H-1
	if body.H >= roomyHeight {
		body.Y, body.H = body.Y+1, body.H-1
	}
	p.side = body
	line := v.Land == nil || len(v.Land.Factors) == 2
	rows := body.H - 2 // names and scale
	beside := sideCols
	if st.Size.Cols >= roomyCols {
		beside = roomySide
	}
	cols := min(body.W-beside-3, mostCols)
	if line {
		rows = min(rows, lineRows)
	} else {
		rows--
		cols = min(cols, int(float64(rows*st.CellH)*2/math.Sqrt(3)/float64(st.CellW)))
		rows = min(rows, int(math.Ceil(float64(cols*st.CellW)*math.Sqrt(3)/2/float64(st.CellH))))
	}
	if cols < leastCols || rows < leastRows {
		return p
	}
	p.Box = cells.Rect{X: body.X, Y: body.Y, W: cols, H: rows}
	if !line {
		p.top = body.Y
		p.Box.Y++
	}
	p.bottom = p.Box.Y + rows
	p.scale = p.bottom + 1
	p.side.X, p.side.W = body.X+cols+3, body.W-cols-3
	return p
}

// Sight is what a picture depends on.
type Sight struct {
	Land       *landscape.Landscape
	Label, At  int
	Box        picture.Box
	CellW      int
	CellH      int
	Text, Dark bool
}

// Sight returns what the picture of the page depends on; the zero one where there is no picture.
func (v *View) Sight(st *Stage) Sight {
	label, _ := v.label()
	p := v.Plan(st)
	if !v.Open || !v.Known() || v.Land.Step == 0 || p.Box.H == 0 || st.characters() {
		return Sight{}
	}
	return Sight{v.Land, label, v.At, picture.Box{Cols: p.Box.W, Rows: p.Box.H}, st.CellW, st.CellH, !st.Apart, !st.Light}
}

// characters reports whether characters take the place of a picture: there are neither pixels nor colours.
func (st *Stage) characters() bool { return st.Plain && !st.Apart }

// Wants returns the sight whose picture is to be drawn, and true; false if it is drawn already, or another one is being
// drawn: a picture that is begun is finished, since there might be none while the point moves.
func (v *View) Wants(st *Stage) (Sight, bool) {
	s := v.Sight(st)
	return s, s != Sight{} && s != v.Asked && !v.Busy
}

// Drawn returns the page with a picture of the sight that was asked for last.
func (v View) Drawn(d Drawing, p picture.Picture) View {
	v.Picture, v.shown, v.ground, v.Busy = p, d.Of, d.ground, false
	return v
}

// placeable reports whether the picture that is ready is of the present layers and place.
func (v *View) placeable(p Plan) bool {
	return v.shown.Land != nil && v.Land != nil && v.Picture.Box == (picture.Box{Cols: p.Box.W, Rows: p.Box.H}) && len(v.shown.Land.Factors) == len(v.Land.Factors)
}

// Placements returns the picture, where it goes by itself.
func (v *View) Placements(st *Stage) []picture.Placement {
	p := v.Plan(st)
	if !st.Apart || !v.placeable(p) || v.Picture.Bytes == nil {
		return nil
	}
	return []picture.Placement{v.Picture.Placement(p.Box.X, p.Box.Y)}
}

// Press returns the page with the point at the node nearest to a cell of the picture.
func (v View) Press(st *Stage, x, y int) View {
	p := v.Plan(st)
	if v.Land == nil || !p.Box.Has(x, y) {
		return v
	}
	f := newFrame(v.Land, p.Box.W*st.CellW, p.Box.H*st.CellH, float64(st.CellW))
	w := f.weights((float64(x-p.Box.X)+.5)*float64(st.CellW), (float64(y-p.Box.Y)+.5)*float64(st.CellH))
	v.At = v.Land.Nearest(w, nil)
	return v
}
