package pane

import (
	"strata/tui/cells"
	"strata/tui/picture"
)

// listed says where a list is: over the whole screen, or aside from the pictures of its row.
type listed struct {
	List  cells.Rect
	Aside bool
}

const (
	leastAside = 46 // the width of a list that stands aside, at least
	asideGap   = 3  // cells between it and the pictures, with a line in the middle
	asideFoot  = 5  // lines under its rows that say what they are, with a blank one
)

// HasAside reports whether a screen has room for a list beside the pictures of its row.
func HasAside(size picture.Box) bool { return size.Cols >= AsideCols && size.Rows >= PictureRows }

// placeList gives a list its place, if one is open.
func (l *Layout) placeList(open bool) {
	l.Cols = l.Size.Cols
	l.List = cells.Rect{X: 1, Y: 1, W: l.Size.Cols - 2, H: l.Status - 1}
	if !open || !HasAside(l.Size) {
		return
	}
	l.Aside = true
	l.List.W = max(leastAside, l.Size.Cols*3/10-2)
	l.List.X = l.Size.Cols - 1 - l.List.W
	l.Cols = l.List.X - asideGap + 1
}

// ListHead returns the lines over the rows of a list: the tabs, what is compared, what the rows are, and the columns'
// names, as far as the screen has room for them.
func (l *Layout) ListHead() int { return min(4, max(l.List.H-1, 0)) }

// ListFoot returns the lines under the rows of a list.
func (l *Layout) ListFoot() int {
	if l.Aside {
		return asideFoot
	}
	return 0
}

// ListRows returns the number of rows of a list that fit.
func (l *Layout) ListRows() int { return max(l.List.H-l.ListHead()-l.ListFoot(), 1) }
