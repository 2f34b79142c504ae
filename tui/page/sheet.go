package page

import (
	"fmt"
	"slices"

	"strata/engine"
	"strata/engine/inert"
	"strata/engine/items"
	"strata/experiments/eval"
	"strata/experiments/mine"
	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/picture"
)

// Sheet shows items as pictures: the queries that a hub is among the first hits of, or what is like another item. An item
// that all have to do with is large, at the left.
type Sheet struct {
	title   string
	Subject int    // row
	Items   []int  // rows
	Label   string // by which the items are judged against the subject
	asked   bool   // the items are queries, and the subject is what they found
	sign    [2]string
	At, top int // item under the cursor; first visible line of items
}

// hubSheet shows the queries that have a hub among their first hits, those to which it is not relevant first.
func hubSheet(g *engine.Gallery, m *mine.Mined, label string, scheme int, h mine.Hub) *Sheet {
	items := slices.Clone(h.Queries)
	if l, err := g.Label(label); err == nil {
		slices.SortStableFunc(items, func(a, b int) int {
			switch x, y := l.Relevant(a, h.Item), l.Relevant(b, h.Item); {
			case x == y:
				return 0
			case y:
				return -1
			}
			return 1
		})
	}
	return &Sheet{
		title: fmt.Sprintf("among the first %d of %s queries under %s (%s)", m.K, cells.Thousands(len(items)), m.Evaluation.Schemes[scheme], sides[scheme]),
		Label: label, Subject: h.Item, Items: items, asked: true, sign: [2]string{pane.Marks[0], "○"},
	}
}

// groupSheet shows items that are alike beside the first of them, those that differ in the label first; for a pair that is
// near, the other one and then all that are near the first.
func groupSheet(g *engine.Gallery, m *mine.Mined, label string, group mine.DuplicateGroup) *Sheet {
	p := &Sheet{
		title: fmt.Sprintf("alike in %s: %s items", group.Kind, cells.Thousands(len(group.Items))),
		Label: label, Subject: group.Items[0], Items: slices.Clone(group.Items[1:]), sign: [2]string{"=", "≠"},
	}
	if group.Kind == eval.NearRows {
		for _, pair := range m.Duplicates.Pairs {
			if other := pair.A + pair.B - p.Subject; (pair.A == p.Subject || pair.B == p.Subject) && other != p.Items[0] {
				p.Items = append(p.Items, other)
			}
		}
		p.title = fmt.Sprintf("has a cosine of %s or more with %s, the first %s",
			cells.Number(m.Duplicates.Near, 4), cells.Thousands(len(p.Items)), cells.Number(group.Cosine, 4))
		return p
	}
	if l, err := g.Label(label); err == nil {
		slices.SortStableFunc(p.Items, func(a, b int) int {
			return differs(l, p.Subject, b) - differs(l, p.Subject, a)
		})
	}
	return p
}

// pair returns the query and the item of which the sheet says whether it is relevant.
func (f *Sheet) pair(row int) (query, item int) {
	if f.asked {
		return row, f.Subject
	}
	return f.Subject, row
}

// differs returns 1 when both values are known and none is shared, otherwise 0.
func differs(l *items.Label, a, b int) int {
	if l.Differ(a, b) {
		return 1
	}
	return 0
}

// sheetPlan says where a sheet's parts are.
type sheetPlan struct {
	title   cells.Rect
	subject cells.Rect
	box     picture.Box // of the subject's picture; zero without pictures
	grid    cells.Rect
	thumb   picture.Box // of the items' pictures
	slot    int         // from one item to the next
	rowH    int
	Across  int // items in a line
	down    int // lines that fit
}

// Plan places the sheet on the screen.
func (s *Sheet) Plan(l *pane.Layout) sheetPlan {
	body := cells.Rect{X: 1, Y: 1, W: l.Cols - 2, H: l.Status - 1}
	p := sheetPlan{title: cells.Rect{X: body.X, Y: body.Y, W: body.W, H: 1}, slot: 26, rowH: 3}
	body.Y, body.H = body.Y+2, body.H-2
	left := 0
	if l.Pictures {
		left = min(max(24+(l.Cols-120)/4, 22), 48)
		h := max(4, min(pane.Square(left, l.CellW, l.CellH), body.H/2))
		p.box = picture.Box{Cols: min(left, h*l.CellH/l.CellW+1), Rows: h}
		p.slot = 13
		if l.Wide {
			p.slot = 15 + (l.Cols-pane.WideCols)/30
		}
		grid := picture.Box{Cols: body.W - left - 2, Rows: body.H}
		for slot := p.box.Cols + 2; slot > p.slot; slot-- { // few items are shown larger
			h := pane.Square(slot-2, l.CellW, l.CellH) + 3
			if max(grid.Cols/slot, 1)*((grid.Rows+1)/h) >= len(s.Items) {
				p.slot = slot
				break
			}
		}
		p.thumb = picture.Box{Cols: p.slot - 2, Rows: pane.Square(p.slot-2, l.CellW, l.CellH)}
		p.rowH = p.thumb.Rows + 3
	} else if body.W >= pane.PictureCols {
		left = 28
	}
	p.subject = cells.Rect{X: body.X, Y: body.Y, W: left, H: body.H}
	p.grid = body
	if left > 0 {
		p.grid.X, p.grid.W = body.X+left+2, body.W-left-2
	}
	p.Across = max(p.grid.W/p.slot, 1)
	p.down = max((p.grid.H+1)/p.rowH, 1)
	if l.Pictures && l.Lines > 0 {
		p.down = min(p.down, l.Lines)
	}
	return p
}

// Item returns the rectangle of the i-th item, which may be off the screen.
func (p sheetPlan) Item(s *Sheet, i int) cells.Rect {
	return cells.Rect{X: p.grid.X + i%p.Across*p.slot, Y: p.grid.Y + (i/p.Across-s.top)*p.rowH, W: min(p.slot-2, p.grid.W), H: p.rowH - 1}
}

// Visible returns the first item on the screen and the one after the last.
func (p sheetPlan) Visible(s *Sheet) (first, end int) {
	first = min(s.top*p.Across, len(s.Items))
	return first, min(first+p.down*p.Across, len(s.Items))
}

// Moved returns the sheet with the cursor at item i, or as near as there is one, and on the screen.
func (s *Sheet) Moved(l *pane.Layout, i int) *Sheet {
	p, out := s.Plan(l), *s
	out.At = min(max(i, 0), max(len(s.Items)-1, 0))
	line := out.At / p.Across
	out.top = max(min(out.top, line), line-p.down+1, 0)
	return &out
}

// put writes the sheet.
func (f *Sheet) put(c *cells.Canvas, sc *pane.Scene) {
	s, p := sc.Styles, f.Plan(sc.Layout)
	where := ""
	if n := len(f.Items); n > 0 {
		where = fmt.Sprintf("%s of %s", cells.Thousands(f.At+1), cells.Thousands(n))
	}
	id := s.Bold.Render(cells.CutID(sc.Gallery.ID(f.Subject), 30))
	c.Put(p.title.X, p.title.Y, p.title.W, cells.Flush(id+"  "+s.Plain.Render(inert.Text(f.title)), s.Faint.Render(where), p.title.W))
	if p.subject.W > 0 {
		f.putSubject(c, sc, p)
	}
	label, err := sc.Gallery.Label(f.Label)
	first, end := p.Visible(f)
	for i := first; i < end; i++ {
		r, row := p.Item(f, i), f.Items[i]
		look, cursor := s.Plain, " "
		if i == f.At {
			look, cursor = s.Strong, "▾"
		}
		sign, color := "", s.Plain
		switch query, item := f.pair(row); {
		case err != nil || !label.Known(query) || !label.Judges(query, item):
		case label.Relevant(query, item):
			sign, color = f.sign[0]+" ", s.Hit
		default:
			sign, color = f.sign[1]+" ", s.Miss
		}
		lines := []string{look.Render(cursor + cells.CutID(sc.Gallery.ID(row), r.W-1))}
		if p.thumb.Rows > 0 {
			lines = append(lines, sc.PictureCells(row, p.thumb)...)
		}
		lines = append(lines, color.Render(sign)+pane.LabelValue(s, sc.Gallery, f.Label, row, r.W-2))
		c.Put(r.X, r.Y, r.W, lines[:max(min(len(lines), sc.Layout.Status-r.Y), 0)]...)
	}
}

// putSubject writes the subject's picture with its labels, and under them those of the item under the cursor.
func (f *Sheet) putSubject(c *cells.Canvas, sc *pane.Scene, p sheetPlan) {
	r := p.subject
	y := r.Y
	if p.box.Rows > 0 {
		c.Put(r.X, y, p.box.Cols, sc.PictureCells(f.Subject, p.box)...)
		y += p.box.Rows + 1
	}
	room := r.Y + r.H - y
	lines := sc.LabelLines(f.Subject, r.W, room/2)
	if f.At < len(f.Items) {
		row := f.Items[f.At]
		lines = append(lines, "", sc.Styles.Faint.Render("▾ ")+sc.Styles.Bold.Render(cells.CutID(sc.Gallery.ID(row), r.W-2)))
		lines = append(lines, sc.CompareLabels(f.Subject, row, r.W)...)
	}
	c.Put(r.X, y, r.W, cells.FirstLines(sc.Styles, lines, room)...)
}

// Pictures returns the pictures of the sheet.
func (s *Sheet) Pictures(l *pane.Layout) []picture.Wanted {
	p := s.Plan(l)
	var all []picture.Wanted
	first, end := p.Visible(s)
	for _, row := range s.Items[first:end] {
		all = append(all, picture.Wanted{Row: row, Box: p.thumb, Quality: picture.QualityShared})
	}
	return append(all, picture.Wanted{Row: s.Subject, Box: p.box, Quality: picture.QualityLarge})
}

// Place calls add for every picture of the sheet with its place.
func (s *Sheet) Place(l *pane.Layout, add func(p pane.Place, x, y int)) {
	p := s.Plan(l)
	add(pane.Place{Row: s.Subject, Box: p.box}, p.subject.X, p.subject.Y)
	first, end := p.Visible(s)
	for i := first; i < end; i++ {
		if r := p.Item(s, i); r.Y+1+p.thumb.Rows <= l.Status {
			add(pane.Place{Row: s.Items[i], Box: p.thumb}, r.X, r.Y+1)
		}
	}
}
