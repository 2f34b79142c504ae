package tui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strata/engine"
	"strata/engine/inert"
	"strata/experiments"
	"strata/tui/cells"
)

// caption is what stands under a picture beside its marks.
type caption int

const (
	captionScore caption = iota
	captionMove
	captionLabel
	captionID
	captions // their number
)

func (c caption) String() string {
	return [...]string{"scores", "moves", "labels", "ids"}[c]
}

// marks are the shapes of the marked labels, hit and miss; as many labels can be marked.
var marks = [...][2]string{{"●", "○"}, {"◆", "◇"}, {"■", "□"}, {"★", "☆"}}

// rowsPane shows the schemes, a row of pictures each.
type rowsPane struct {
	focus   int // scheme
	top     int // first visible scheme, not counting a pinned one
	cursor  int // picture under the cursor, or -1
	pinned  bool
	caption caption
	marked  []string // labels, at most len(marks)
}

// visible returns the schemes on the screen from top to bottom, of n. A pinned scheme is always the first.
func (p rowsPane) visible(l *layout, n int, panel bool) []int {
	if panel && p.focus < n {
		return []int{p.focus}
	}
	var shown []int
	first := p.top
	if p.pinned && n > 0 {
		shown = append(shown, 0)
		first = max(first, 1)
	}
	for i := first; i < n && len(shown) < l.Visible; i++ {
		shown = append(shown, i)
	}
	return shown
}

// follow scrolls so that the focused of n schemes is visible.
func (p rowsPane) follow(l *layout, n int) rowsPane {
	p.focus = min(max(p.focus, 0), max(n-1, 0))
	fit := l.Visible
	if p.pinned {
		fit--
	}
	least := 0
	if p.pinned {
		least = 1
	}
	if p.focus >= least {
		p.top = min(p.top, p.focus)
		p.top = max(p.top, p.focus-max(fit, 1)+1)
	}
	p.top = min(max(p.top, least), max(n-max(fit, 1), least))
	return p
}

// rowView is what a row of the screen is formatted from.
type rowView struct {
	place    int // of the scheme, from 0
	ranking  *experiments.Ranking
	scheme   engine.Scheme
	moves    []int // nil for the first row
	focused  bool
	pinned   bool
	headings string // the label columns at the right of its header
}

// view returns the lines of the row, l.RowH of them, l.Rows.W wide.
func (p rowsPane) view(sc *scene, v rowView) []string {
	l := sc.layout
	lines := make([]string, 0, l.RowH)
	lines = append(lines, p.header(sc, v))
	if v.ranking != nil && len(v.ranking.Hits) == 0 && l.RowH > 1 {
		return append(lines, "    "+sc.styles.Faint.Render(sc.whyNothing()))
	}
	if l.Pictures {
		lines = append(lines, p.slots(l, func(j int) string { return p.bar(sc, v, j) }))
		c := make([][]string, shownHits)
		for j := range c {
			if h, ok := v.hit(j); ok {
				c[j] = sc.pictureCells(h.Row, l.Thumb)
			} else if v.ranking == nil {
				c[j] = cells.EmptyFrame(l.Thumb, sc.styles)
			}
		}
		for y := range l.Thumb.Rows {
			lines = append(lines, p.slots(l, func(j int) string {
				if c[j] == nil {
					return ""
				}
				return c[j][y]
			}))
		}
	}
	for line := range l.Captions {
		lines = append(lines, p.slots(l, func(j int) string { return p.captionOf(sc, v, j, line) }))
	}
	return lines
}

// whyNothing says why a ranking is empty.
func (sc *scene) whyNothing() string {
	if sc.filter != "" {
		return "the filter leaves nothing to rank"
	}
	return "there is no other item to rank"
}

// hit returns the j-th hit, if it is known.
func (v rowView) hit(j int) (engine.Hit, bool) {
	if v.ranking == nil || j >= len(v.ranking.Hits) {
		return engine.Hit{}, false
	}
	return v.ranking.Hits[j], true
}

// slots joins a cell for every picture of the row.
func (p rowsPane) slots(l *layout, cell func(j int) string) string {
	var b strings.Builder
	for j := range shownHits {
		b.WriteString(cells.Padded(cell(j), l.Slot))
	}
	return cells.Padded(b.String(), l.Rows.W)
}

// header is the row's number, its scheme and its figures.
func (p rowsPane) header(sc *scene, v rowView) string {
	s := sc.styles
	marker, name := "  ", s.Bold
	if v.focused {
		marker, name = s.Accent.Render("▸ "), s.Strong
	}
	left := marker + s.Faint.Render(fmt.Sprintf("%d ", v.place+1)) + name.Render(inert.Text(v.scheme.String()))
	if v.pinned {
		left += s.Faint.Render("  pinned")
	}
	return cells.Flush(left, v.headings, sc.layout.Rows.W)
}

// bar stands over a picture: its rank, how it moved, and a stroke when it hits a marked label, a thick one when it hits
// them all.
func (p rowsPane) bar(sc *scene, v rowView, j int) string {
	s := sc.styles
	if _, ok := v.hit(j); !ok {
		return ""
	}
	rank := strconv.Itoa(j + 1)
	look := s.Faint
	if v.focused && p.cursor == j {
		rank, look = "▾"+rank, s.Strong
	}
	head, used := look.Render(rank), len([]rune(rank))
	if v.moves != nil {
		move := moveText(v.moves[j])
		head += " " + p.moveStyle(sc, v.moves[j], move)
		used += 1 + len([]rune(move))
	}
	hits := 0
	for _, label := range p.marked {
		if relevant(v.ranking, label, j) {
			hits++
		}
	}
	stroke := " "
	switch {
	case hits > 0 && hits == len(p.marked):
		stroke = "━"
	case hits > 0:
		stroke = "─"
	}
	return head + " " + s.Hit.Render(strings.Repeat(stroke, max(sc.layout.Thumb.Cols-used-1, 0)))
}

// captionOf is a line under a picture: its marks with its score, move, label or id. Without pictures there are more: its
// id, and what it has for the marked labels.
func (p rowsPane) captionOf(sc *scene, v rowView, j, line int) string {
	h, ok := v.hit(j)
	if !ok {
		return ""
	}
	s, width := sc.styles, sc.layout.Slot-1
	switch {
	case line == 1:
		return s.Faint.Render(cells.CutID(sc.gallery.ID(h.Row), width))
	case line > 1:
		return sc.labelText(p.marked[line-2], h.Row, width)
	}
	if sc.shown.image != "" { // nothing is known to hit or to miss
		return p.captionText(sc, v, j, h, width)
	}
	var b strings.Builder
	for i, label := range p.marked {
		if relevant(v.ranking, label, j) {
			b.WriteString(s.Hit.Render(marks[i][0]))
		} else {
			b.WriteString(s.Miss.Render(marks[i][1]))
		}
	}
	rest := width - len(p.marked)
	if rest >= 5 && len(p.marked) > 0 && (p.caption != captionScore || rest >= 6) {
		b.WriteByte(' ')
		rest--
	}
	b.WriteString(p.captionText(sc, v, j, h, rest))
	return b.String()
}

// captionText is the caption without its marks, at most width cells.
func (p rowsPane) captionText(sc *scene, v rowView, j int, h engine.Hit, width int) string {
	switch p.caption {
	case captionMove:
		if v.moves == nil {
			return sc.styles.Faint.Render("·")
		}
		return p.moveStyle(sc, v.moves[j], cells.Cut(moveText(v.moves[j]), width))
	case captionID:
		return cells.CutID(sc.gallery.ID(h.Row), width)
	case captionLabel:
		if len(p.marked) == 0 {
			return ""
		}
		return sc.labelText(p.marked[0], h.Row, width)
	}
	return cells.ScoreIn(h.Score, width)
}

// labelText is what a row has for a label.
func (sc *scene) labelText(label string, row, width int) string {
	l, err := sc.gallery.Label(label)
	if err != nil || !l.Known(row) {
		return sc.styles.Faint.Render(cells.Cut("unknown", width))
	}
	return cells.Cut(l.Cell(row), width)
}

func (p rowsPane) moveStyle(sc *scene, move int, text string) string {
	switch move {
	case isNew:
		return sc.styles.Accent.Render(text)
	case 0:
		return sc.styles.Faint.Render(text)
	}
	return text
}

// moveText says how a hit moved: up, down, not, or that it is new.
func moveText(move int) string {
	switch {
	case move == isNew:
		return "new"
	case move > 0:
		return fmt.Sprintf("▲%d", move)
	case move < 0:
		return fmt.Sprintf("▼%d", -move)
	}
	return "="
}

// relevant reports whether the j-th hit shares the query's value of a label.
func relevant(r *experiments.Ranking, label string, j int) bool {
	h, ok := labelHits(r, label)
	return ok && j < len(h.Relevant) && h.Relevant[j]
}

// labelHits returns a ranking's judgement under a label.
func labelHits(r *experiments.Ranking, label string) (experiments.LabelHits, bool) {
	if r == nil {
		return experiments.LabelHits{}, false
	}
	i := slices.IndexFunc(r.Labels, func(h experiments.LabelHits) bool { return h.Label == label })
	if i < 0 {
		return experiments.LabelHits{}, false
	}
	return r.Labels[i], true
}

// least is the first place that a row can be moved to.
func (p rowsPane) least() int {
	if p.pinned {
		return 1
	}
	return 0
}
