package pane

import (
	"cmp"

	"strata/tui/cells"
	"strata/tui/picture"
)

// The size under which pictures are left out, then captions, then everything; and the number of pictures in a row.
const (
	PictureCols = 80
	PictureRows = 24
	captionCols = 40
	captionRows = 10
	LeastCols   = 20
	LeastRows   = 4
	WideCols    = 110 // from here the query has a column of its own
	AsideCols   = 160 // from here a list stands beside the pictures of its row
	ShownHits   = 10
	panelText   = 28 // the width of what is said about a hit
	tableRows   = 4  // the least height of the table of evaluated schemes
)

// Layout says where everything is. It is computed when the size, the number of schemes or the kind of screen changes.
type Layout struct {
	Size         picture.Box
	CellW, CellH int // pixels
	Pictures     bool
	Lines        int // of small pictures that the terminal keeps, 0: any number
	Captions     int // lines under a row's pictures
	Wide         bool
	Cols         int // those left of a list that stands aside

	bars

	Query    cells.Rect  // the query's header, picture and labels
	QueryBox picture.Box // its picture
	Sliders  cells.Rect

	Rows    cells.Rect // all visible schemes
	Visible int        // schemes that fit
	RowH    int        // lines of a scheme without the gap
	Gap     int
	lineup

	losses

	Panel      cells.Rect  // the hit under the cursor, when it is looked at
	PanelBox   picture.Box // each of its two pictures
	PanelBelow bool        // what is said about the hit stands under the pictures, not beside them
	Table      cells.Rect
	listed
}

// bars are the lines above and below everything.
type bars struct {
	Title   int
	Verdict int // 0: none
	Status  int
	Help    int
}

// Kind is what a layout depends on.
type Kind struct {
	Size         picture.Box
	CellW, CellH int // pixels
	Graphics     picture.Graphics
	Schemes      int  // rows wanted
	Hits         int  // of each
	Labels       int  // of the gallery
	Marked       int  // of those
	Layers       int  // of the gallery
	Panel        bool // a hit is looked at: one row is visible
	Live         bool // means over many queries are there: what they say has a line
	Difference   bool // hits that a row lost have pictures
	Joined       bool // the terminal keeps few pictures, so that those of a line are one
	List         bool // a list is open
}

// NewLayout places everything.
func NewLayout(k Kind) Layout {
	size := k.Size
	k.Hits = cmp.Or(k.Hits, ShownHits)
	l := Layout{Size: size, CellW: k.CellW, CellH: k.CellH, Captions: 1}
	l.Pictures = k.Graphics != picture.GraphicsNone && size.Cols >= PictureCols && size.Rows >= PictureRows
	l.Title, l.Status, l.Help = 0, size.Rows-2, size.Rows-1
	if k.Joined {
		l.Lines = picture.KeptInTmux - 1 // and the query
	}
	if !l.Pictures && size.Cols >= captionCols && size.Rows >= PictureRows {
		l.Captions = 2
	}
	if size.Cols < captionCols || size.Rows < captionRows {
		l.Captions = 0
	}
	l.placeList(k.List)
	l.Wide = l.Cols >= WideCols && size.Rows >= captionRows
	body := cells.Rect{X: 1, Y: 1, W: l.Cols - 1, H: size.Rows - 3}
	if k.Live && size.Cols >= captionCols && size.Rows >= PictureRows {
		l.Verdict = l.Status - 1
		body.H--
	}
	switch {
	case l.Wide:
		body.W-- // a margin, as on the left
		left := l.placeLeft(body, k) + 3
		body.X, body.W = body.X+left, body.W-left
	case !k.Panel:
		top := l.placeTop(body, k)
		body.Y, body.H = body.Y+top, body.H-top
	}
	l.placeRows(body, k)
	return l
}

// Square returns the lines of a picture of as many pixels high as cols cells are wide.
func Square(cols, cellW, cellH int) int { return (cols*cellW*10/cellH + 8) / 10 }

// placeLeft gives the query the left column: a header, its picture, its labels, and the sliders. It returns the column's
// width: what the pictures of the rows leave over goes to it.
func (l *Layout) placeLeft(body cells.Rect, k Kind) int {
	w := min(24+(l.Cols-120)/8, 48)
	w += (body.W - w - 2) % ShownHits
	l.Query = cells.Rect{X: body.X, Y: body.Y, W: w, H: body.H}
	if l.Pictures {
		l.QueryBox = picture.Box{Cols: w, Rows: max(4, min(Square(w, k.CellW, k.CellH), body.H/2-1))}
		l.QueryBox.Cols = min(w, l.QueryBox.Rows*k.CellH/k.CellW+1)
	}
	top := 1 + l.QueryBox.Rows
	rest := body.H - top
	labels := min(k.Labels, max(rest-6, rest/2)) // the sliders need a few lines, too
	l.Query.H = top + labels
	l.Sliders = cells.Rect{X: body.X, Y: body.Y + l.Query.H + 1, W: w, H: rest - labels - 1}
	return w
}

// placeTop gives the query a strip at the top and returns its height with the blank line under it.
func (l *Layout) placeTop(body cells.Rect, k Kind) int {
	h := 5
	switch {
	case !l.Pictures && l.Captions == 0:
		h = 1
	case !l.Pictures:
		h = min(4, body.H/3)
	case body.H >= 26:
		h = 6 + (body.H-26)/6
		least := l.leastRowH(k)
		rows, spare := (body.H-h-1)/least, (body.H-h-1)%least
		if k.Schemes > rows && spare+h-5 >= least { // a lower strip makes room for one row more
			h -= least - spare
		}
	}
	text := body.X
	if l.Pictures {
		l.QueryBox = picture.Box{Cols: min(h*k.CellH/k.CellW, body.W/4), Rows: h}
		text += l.QueryBox.Cols + 2
	}
	w := body.X + body.W - text
	third := min(w*2/5, 40)
	l.Query = cells.Rect{X: text, Y: body.Y, W: w - third, H: h}
	l.Sliders = cells.Rect{X: text + w - third + 3, Y: body.Y, W: third - 3, H: h}
	if h > 1 && body.H > 16 {
		h++
	}
	return h
}

// leastPicture is the least height of a row's pictures.
const leastPicture = 4

// leastRowH returns the height of a row with the lowest pictures.
func (l *Layout) leastRowH(k Kind) int { return 1 + leastPicture + markLines(k.Marked) + l.Captions }

// markLines returns the lines of the hit marks of so many labels: two labels share one.
func markLines(marked int) int { return (marked + 1) / 2 }

// placeRows fits the schemes, as many as there are up to four with pictures of at least four lines, and gives what
// is left to the table or, when a hit is looked at, to the panel.
func (l *Layout) placeRows(body cells.Rect, k Kind) {
	schemes := max(k.Schemes, 1)
	if l.Captions == 2 { // there are no pictures: the marked labels stand in their place
		l.Captions = min(max(body.H/min(schemes, 4)-2, 2), 2+k.Marked)
	}
	l.lineup = l.chosenLineup(body, k)
	l.Rows = body
	l.Rows.W = max(l.Across*l.Slot-1, min(body.W, ShownHits))
	l.placeGhosts(body.W, k)
	l.RowH = l.height()
	if k.Panel {
		l.Visible = 1
		l.Rows.H = min(l.RowH, body.H)
		l.placePanel(cells.Rect{X: body.X, Y: body.Y + l.RowH + 1, W: l.Rows.W, H: body.H - l.RowH - 1}, k)
		return
	}
	l.Visible = l.fits(body.H, schemes)
	if l.Lines > 0 {
		l.Visible = min(l.Visible, max(l.Lines/l.Folds, 1))
	}
	if l.Visible*(l.RowH+1)-1 <= body.H {
		l.Gap = 1
	}
	l.Rows.H = l.Visible * (l.RowH + l.Gap)
	if rest := body.H - l.Rows.H; rest >= tableRows && l.Captions > 0 {
		l.Table = cells.Rect{X: body.X, Y: body.Y + l.Rows.H, W: l.Rows.W, H: rest}
	}
}

// placePanel gives the hit that is looked at and the query pictures of the same size, with the text beside them or, when
// that makes small pictures larger, under them.
func (l *Layout) placePanel(panel cells.Rect, k Kind) {
	const enough = 20 // lines of a picture
	l.Panel = panel
	if !l.Pictures || panel.H <= 4 {
		return
	}
	fit := func(h, cols int) picture.Box {
		cols = min(h*k.CellH/k.CellW, cols)
		return picture.Box{Cols: cols, Rows: min(h, Square(cols, k.CellW, k.CellH))}
	}
	l.PanelBox = fit(panel.H-2, (panel.W-panelText)/2-2)
	below := fit(panel.H-2-max(k.Labels+2, k.Layers+1), panel.W/2-2)
	if l.PanelBox.Rows < enough && below.Rows > l.PanelBox.Rows {
		l.PanelBox, l.PanelBelow = below, true
	}
}

// RowAt returns the rectangle of the i-th visible scheme.
func (l *Layout) RowAt(i int) cells.Rect {
	return cells.Rect{X: l.Rows.X, Y: l.Rows.Y + i*(l.RowH+l.Gap), W: l.Rows.W, H: l.RowH}
}

// ThumbAt returns the rectangle of the j-th picture of the i-th visible scheme.
func (l *Layout) ThumbAt(i, j int) cells.Rect {
	r := l.RowAt(i)
	return cells.Rect{
		X: r.X + j%l.Across*l.Slot, Y: r.Y + 1 + j/l.Across*l.FoldH + l.Ranks, W: l.Thumb.Cols, H: l.Thumb.Rows,
	}
}

// HitAt returns the hit of the i-th visible scheme at a cell of its rectangle, or -1.
func (l *Layout) HitAt(i, x, y int) int {
	r := l.RowAt(i)
	at := (x - r.X) / max(l.Slot, 1)
	if y <= r.Y || at >= l.Across {
		return -1
	}
	return min((y-r.Y-1)/max(l.FoldH, 1), l.Folds-1)*l.Across + at
}

// GhostAt returns the rectangle of the n-th lost hit's picture of the i-th visible scheme.
func (l *Layout) GhostAt(i, n int) cells.Rect {
	r, column := l.RowAt(i), l.ghostsInColumn()
	return cells.Rect{
		X: r.X + l.ghostsX + n/column*(l.Ghost.Cols+ghostText), Y: r.Y + 2 + n%column*l.Ghost.Rows,
		W: l.Ghost.Cols, H: l.Ghost.Rows,
	}
}
