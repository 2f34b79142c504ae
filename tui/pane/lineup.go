package pane

import (
	"strata/tui/cells"
	"strata/tui/picture"
)

// lineup says how the hits of a scheme stand: in one line of ten or in two of five, of more hits in more lines, each with its ranks, pictures, marks
// and captions. Where pictures are text, only the first five have one, and the others share a line.
type lineup struct {
	Across int // hits in a line
	Folds  int // lines of hits
	Hits   int // that are shown
	Drawn  int // hits with pictures, where there are any
	Slot   int // from one hit to the next
	Thumb  picture.Box
	Ranks  int // lines over the pictures, 0 or 1
	Marks  int // lines under them
	FoldH  int // lines of a line of hits
	below  int // captions
}

const (
	leastText = 6  // the least height of a picture that is text
	fewCells  = 16 // from one picture to the next: with fewer, text shows too little, and five are drawn
)

// height returns the lines of a scheme: with its header.
func (u lineup) height() int {
	if u.Drawn < u.Hits {
		return 1 + u.FoldH + u.Folds - 1
	}
	return 1 + u.Folds*u.FoldH
}

// fits returns how many of the schemes fit in so many lines, at least 1.
func (u lineup) fits(lines, schemes int) int { return min(schemes, max(1, lines/u.height())) }

// chosenLineup returns the lineup with the larger pictures, but none that leaves out a scheme. Without room the ranks go.
func (l *Layout) chosenLineup(body cells.Rect, k Kind) lineup {
	schemes := max(k.Schemes, 1)
	h := body.H / min(schemes, 4)
	line := func(across, ranks int) lineup {
		u := l.lineUp(body.W, h, min(across, k.Hits), ranks, k)
		return u.within(body.H)
	}
	if !l.Pictures {
		if ranks := 1; l.Captions > 1 && h >= 1+ranks+2+1 {
			l.Captions = min(l.Captions, h-2-ranks) // a blank line is left between the rows
			return line(ShownHits, ranks)
		}
		return line(ShownHits, 0)
	}
	one := line(ShownHits, 1)
	if k.Panel {
		return one
	}
	if tight := line(ShownHits, 0); tight.fits(body.H, schemes) > one.fits(body.H, schemes) {
		one = tight
	}
	two := line(ShownHits/2, 1)
	switch few := !k.Graphics.Apart(); {
	case few && one.Slot < fewCells:
		return two
	case !few && two.Hits == one.Hits && two.fits(body.H, schemes) == one.fits(body.H, schemes) && 2*two.Thumb.Rows >= 3*one.Thumb.Rows:
		return two
	}
	return one
}

// lineUp returns the lineup of so many hits in a line, in w cells and, as far as pictures of the least height allow, in h
// lines.
func (l *Layout) lineUp(w, h, across, ranks int, k Kind) lineup {
	folds := (k.Hits + across - 1) / across
	u := lineup{Across: across, Folds: folds, Hits: k.Hits, Drawn: k.Hits, Slot: (w + 1) / across, Ranks: ranks, below: l.Captions}
	u.Thumb.Cols = max(u.Slot-1, 0)
	if l.Pictures {
		lines, least := u.Folds, leastPicture
		u.Marks = markLines(k.Marked)
		h-- // the header
		if u.Folds > 1 && !k.Graphics.Apart() {
			u.Drawn, lines, least = across, 1, leastText
			h -= folds - 1
		}
		full := Square(u.Thumb.Cols, k.CellW, k.CellH)
		fits := h/lines - u.Ranks - u.Marks - u.below
		u.Thumb.Rows = max(min(full, fits), min(full, least))
		u.Thumb.Cols = min(u.Thumb.Cols, max(u.Thumb.Rows*k.CellH/k.CellW+1, 7))
	}
	u.FoldH = u.Ranks + u.Thumb.Rows + u.Marks + u.below
	return u
}

// within returns the lineup with as many lines of hits as fit in so many lines, at least 1.
func (u lineup) within(lines int) lineup {
	for u.Folds > 1 && u.height() > lines {
		u.Folds--
		u.Hits = u.Folds * u.Across
		u.Drawn = min(u.Drawn, u.Hits)
	}
	return u
}

const (
	ghostText  = 4 // cells from a lost hit's picture to the next column: its rank, and blanks
	mostGhosts = 2 // columns
)

// placeGhosts makes room at the end of the rows for small pictures of the hits that they lost, if those of the hits stay
// nearly as large.
func (l *Layout) placeGhosts(w int, k Kind) {
	if !k.Difference || !l.Pictures || !k.Graphics.Apart() || k.Joined || k.Schemes < 2 || l.Folds > 1 {
		return
	}
	ghost := picture.Box{Rows: 2}
	if l.Thumb.Rows > 5 {
		ghost.Rows = 3
	}
	ghost.Cols = max(ghost.Rows*k.CellH/k.CellW, 1)
	column := ghost.Cols + ghostText
	u := l.lineUp(w-column-1, l.height(), l.Across, l.Ranks, k)
	if u.Thumb.Rows < max(l.Thumb.Rows*4/5, min(l.Thumb.Rows, leastPicture)) {
		return
	}
	l.lineup, l.Ghost = u, ghost
	l.ghostsX = u.Across*u.Slot + 1
	l.Ghosts = min((w+1-l.ghostsX)/column, mostGhosts)
	l.Rows.W = l.ghostsX + l.Ghosts*column - 1
}

// ghostsInColumn returns the number of lost hits that stand one under the other, below a line that says how many there
// are.
func (l *Layout) ghostsInColumn() int { return max((l.FoldH-1)/max(l.Ghost.Rows, 1), 1) }
