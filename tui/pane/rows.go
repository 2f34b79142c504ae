package pane

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strata/engine/inert"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/tui/cells"
)

// Caption is what stands under a picture beside its marks.
type Caption int

// The captions.
const (
	CaptionScore Caption = iota
	CaptionMove
	CaptionLabel
	CaptionID
	Captions // their number
)

func (c Caption) String() string {
	return [...]string{"scores", "moves", "labels", "ids"}[c]
}

// Marks are the shapes of the marked labels, hit and miss; as many labels can be marked.
var Marks = [...][2]string{{"●", "○"}, {"◆", "◇"}, {"■", "□"}, {"★", "☆"}}

// Rows shows the schemes, a row of pictures each.
type Rows struct {
	Focus   int // scheme
	Top     int // first visible scheme, not counting a pinned one
	Cursor  int // picture under the cursor, or -1
	Pinned  bool
	Caption Caption
	Marked  []string // labels, at most len(marks)
}

// Visible returns the schemes on the screen from top to bottom, of n. A pinned scheme is always the first.
func (p Rows) Visible(l *Layout, n int, panel bool) []int {
	if panel && p.Focus < n {
		return []int{p.Focus}
	}
	var shown []int
	first := p.Top
	if p.Pinned && n > 0 {
		shown = append(shown, 0)
		first = max(first, 1)
	}
	for i := first; i < n && len(shown) < l.Visible; i++ {
		shown = append(shown, i)
	}
	return shown
}

// Follow scrolls so that the focused of n schemes is visible.
func (p Rows) Follow(l *Layout, n int) Rows {
	p.Focus = min(max(p.Focus, 0), max(n-1, 0))
	fit := l.Visible
	if p.Pinned {
		fit--
	}
	least := 0
	if p.Pinned {
		least = 1
	}
	if p.Focus >= least {
		p.Top = min(p.Top, p.Focus)
		p.Top = max(p.Top, p.Focus-max(fit, 1)+1)
	}
	p.Top = min(max(p.Top, least), max(n-max(fit, 1), least))
	return p
}

// rowView is what a row of the screen is formatted from.
type rowView struct {
	place    int // of the scheme, from 0
	ranking  *eval.Ranking
	scheme   scheme.Scheme
	moves    []int // nil for the first row
	focused  bool
	pinned   bool
	headings string // the label columns at the right of its header
}

// view returns the lines of the row, l.RowH of them, l.Rows.W wide.
func (p Rows) view(sc *Scene, v rowView) []string {
	l := sc.Layout
	lines := make([]string, 0, l.RowH)
	lines = append(lines, p.header(sc, v))
	if v.ranking != nil && len(v.ranking.Hits) == 0 && l.RowH > 1 {
		return append(lines, "    "+sc.Styles.Faint.Render(sc.whyNothing()))
	}
	if l.Pictures {
		lines = append(lines, p.slots(l, func(j int) string { return p.bar(sc, v, j) }))
		c := make([][]string, ShownHits)
		for j := range c {
			if h, ok := v.hit(j); ok {
				c[j] = sc.PictureCells(h.Row, l.Thumb)
			} else if v.ranking == nil {
				c[j] = cells.EmptyFrame(l.Thumb, sc.Styles)
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
func (sc *Scene) whyNothing() string {
	if sc.Filter != "" {
		return "the filter leaves nothing to rank"
	}
	return "there is no other item to rank"
}

// hit returns the j-th hit, if it is known.
func (v rowView) hit(j int) (rank.Hit, bool) {
	if v.ranking == nil || j >= len(v.ranking.Hits) {
		return rank.Hit{}, false
	}
	return v.ranking.Hits[j], true
}

// slots joins a cell for every picture of the row.
func (p Rows) slots(l *Layout, cell func(j int) string) string {
	var b strings.Builder
	for j := range ShownHits {
		b.WriteString(cells.Padded(cell(j), l.Slot))
	}
	return cells.Padded(b.String(), l.Rows.W)
}

// header is the row's number, its scheme and its figures.
func (p Rows) header(sc *Scene, v rowView) string {
	s := sc.Styles
	marker, name := "  ", s.Bold
	if v.focused {
		marker, name = s.Accent.Render("▸ "), s.Strong
	}
	left := marker + s.Faint.Render(fmt.Sprintf("%d ", v.place+1)) + name.Render(inert.Text(v.scheme.String()))
	if v.pinned {
		left += s.Faint.Render("  pinned")
	}
	return cells.Flush(left, v.headings, sc.Layout.Rows.W)
}

// bar stands over a picture: its rank, how it moved, and a stroke when it hits a marked label, a thick one when it hits
// them all.
func (p Rows) bar(sc *Scene, v rowView, j int) string {
	s := sc.Styles
	if _, ok := v.hit(j); !ok {
		return ""
	}
	rank := strconv.Itoa(j + 1)
	look := s.Faint
	if v.focused && p.Cursor == j {
		rank, look = "▾"+rank, s.Strong
	}
	head, used := look.Render(rank), len([]rune(rank))
	if v.moves != nil {
		move := moveText(v.moves[j])
		head += " " + p.moveStyle(sc, v.moves[j], move)
		used += 1 + len([]rune(move))
	}
	hits := 0
	for _, label := range p.Marked {
		if relevant(v.ranking, label, j) {
			hits++
		}
	}
	stroke := " "
	switch {
	case hits > 0 && hits == len(p.Marked):
		stroke = "━"
	case hits > 0:
		stroke = "─"
	}
	return head + " " + s.Hit.Render(strings.Repeat(stroke, max(sc.Layout.Thumb.Cols-used-1, 0)))
}

// captionOf is a line under a picture: its marks with its score, move, label or id. Without pictures there are more: its
// id, and what it has for the marked labels.
func (p Rows) captionOf(sc *Scene, v rowView, j, line int) string {
	h, ok := v.hit(j)
	if !ok {
		return ""
	}
	s, width := sc.Styles, sc.Layout.Slot-1
	switch {
	case line == 1:
		return s.Faint.Render(cells.CutID(sc.Gallery.ID(h.Row), width))
	case line > 1:
		return LabelValue(sc.Styles, sc.Gallery, p.Marked[line-2], h.Row, width)
	}
	if sc.Shown.Image != "" { // nothing is known to hit or to miss
		return p.captionText(sc, v, j, h, width)
	}
	var b strings.Builder
	for i, label := range p.Marked {
		if relevant(v.ranking, label, j) {
			b.WriteString(s.Hit.Render(Marks[i][0]))
		} else {
			b.WriteString(s.Miss.Render(Marks[i][1]))
		}
	}
	rest := width - len(p.Marked)
	if rest >= 5 && len(p.Marked) > 0 && (p.Caption != CaptionScore || rest >= 6) {
		b.WriteByte(' ')
		rest--
	}
	b.WriteString(p.captionText(sc, v, j, h, rest))
	return b.String()
}

// captionText is the caption without its marks, at most width cells.
func (p Rows) captionText(sc *Scene, v rowView, j int, h rank.Hit, width int) string {
	switch p.Caption {
	case CaptionMove:
		if v.moves == nil {
			return sc.Styles.Faint.Render("·")
		}
		return p.moveStyle(sc, v.moves[j], cells.Cut(moveText(v.moves[j]), width))
	case CaptionID:
		return cells.CutID(sc.Gallery.ID(h.Row), width)
	case CaptionLabel:
		if len(p.Marked) == 0 {
			return ""
		}
		return LabelValue(sc.Styles, sc.Gallery, p.Marked[0], h.Row, width)
	}
	return cells.ScoreIn(h.Score, width)
}

func (p Rows) moveStyle(sc *Scene, move int, text string) string {
	switch move {
	case isNew:
		return sc.Styles.Accent.Render(text)
	case 0:
		return sc.Styles.Faint.Render(text)
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
func relevant(r *eval.Ranking, label string, j int) bool {
	h, ok := LabelHits(r, label)
	return ok && j < len(h.Relevant) && h.Relevant[j]
}

// LabelHits returns a ranking's judgement under a label.
func LabelHits(r *eval.Ranking, label string) (eval.LabelHits, bool) {
	if r == nil {
		return eval.LabelHits{}, false
	}
	i := slices.IndexFunc(r.Labels, func(h eval.LabelHits) bool { return h.Label == label })
	if i < 0 {
		return eval.LabelHits{}, false
	}
	return r.Labels[i], true
}

// Least is the first place that a row can be moved to.
func (p Rows) Least() int {
	if p.Pinned {
		return 1
	}
	return 0
}
