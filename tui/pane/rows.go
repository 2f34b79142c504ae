package pane

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

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

// Marks are the shapes of the marked labels; as many labels can be marked.
var Marks = [...]string{"●", "◆", "■", "★"}

// Rows shows the schemes, a row of pictures each.
type Rows struct {
	Focus   int // scheme
	Top     int // first visible scheme, not counting a pinned one
	Cursor  int // picture under the cursor, or -1
	Pinned  bool
	Caption Caption
	Marked  []string // labels, at most len(marks)

	// Difference fades the hits that a row has in common with its reference, and shows those that it lost.
	Difference bool
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
	lost     []lost
	focused  bool
	pinned   bool
	headings string // the label columns at the right of its header
}

// view returns the lines of the row, l.RowH of them. They begin in the cell left of l.Rows, and reach as far beyond it:
// what frames the picture under the cursor.
func (p Rows) view(sc *Scene, v rowView) []string {
	l := sc.Layout
	lines := make([]string, 0, l.RowH)
	lines = append(lines, " "+p.header(sc, v)+" ")
	if v.ranking != nil && len(v.ranking.Hits) == 0 && l.RowH > 1 {
		return append(lines, "     "+sc.Styles.Faint.Render(sc.whyNothing()))
	}
	for fold := range l.Folds {
		first := fold * l.Across
		if first >= l.Drawn {
			lines = append(lines, p.slots(sc, v, first, func(j int) string { return p.brief(sc, v, j) }))
			continue
		}
		lines = append(lines, p.fold(sc, v, first)...)
	}
	for i, ghost := range p.ghostLines(sc, v) {
		lines[1+i] += ghost
	}
	return lines
}

// fold returns the lines of the hits from first on that stand side by side.
func (p Rows) fold(sc *Scene, v rowView, first int) []string {
	l := sc.Layout
	var lines []string
	add := func(cell func(j int) string) { lines = append(lines, p.slots(sc, v, first, cell)) }
	if l.Ranks > 0 {
		add(func(j int) string { return p.bar(sc, v, j) })
	}
	c := make([][]string, l.Across*l.Folds)
	for j := first; j < first+l.Across && l.Thumb.Rows > 0; j++ {
		if h, ok := v.hit(j); ok {
			c[j] = sc.cellsOf(Place{h.Row, l.Thumb, p.common(v.moves, j)})
		} else if v.ranking == nil {
			c[j] = cells.EmptyFrame(l.Thumb, sc.Styles)
		}
	}
	for y := range l.Thumb.Rows {
		add(func(j int) string {
			if c[j] == nil {
				return ""
			}
			return c[j][y]
		})
	}
	for line := range l.Marks {
		add(func(j int) string { return p.stripes(sc, v, j, line) })
	}
	for line := range l.Captions {
		add(func(j int) string { return p.captionOf(sc, v, j, line) })
	}
	return lines
}

// common reports whether the j-th hit is to be faded, because the reference has it, too.
func (p Rows) common(moves []int, j int) bool {
	return p.Difference && moves != nil && j < len(moves) && moves[j] != isNew
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

// slots joins a cell for every hit of a line, with a frame beside the one under the cursor.
func (p Rows) slots(sc *Scene, v rowView, first int, cell func(j int) string) string {
	l := sc.Layout
	var b strings.Builder
	edge := func(j int) {
		switch {
		case !v.focused || p.Cursor < 0 || l.Thumb.Rows == 0 || first >= l.Drawn:
			b.WriteByte(' ')
		case p.Cursor == first+j:
			b.WriteString(sc.Styles.Strong.Render("▐"))
		case p.Cursor == first+j-1:
			b.WriteString(sc.Styles.Strong.Render("▌"))
		default:
			b.WriteByte(' ')
		}
	}
	for j := range l.Across {
		edge(j)
		b.WriteString(cells.Padded(cell(first+j), l.Slot-1))
	}
	edge(l.Across)
	return b.String()
}

// header is the row's number, its scheme and its figures.
func (p Rows) header(sc *Scene, v rowView) string {
	s := sc.Styles
	marker, name := "  ", s.Bold
	if v.focused {
		marker, name = s.Accent.Render("▸ "), s.Strong
	}
	left := marker + s.Faint.Render(sc.rowName(v.place)+" ") + name.Render(inert.Text(v.scheme.String()))
	if v.pinned {
		left += s.Faint.Render("  pinned")
	}
	if len(v.lost) > 0 && sc.Layout.Ghosts == 0 {
		left += s.Faint.Render("  " + lostText(v.lost, sc.Shown.K()))
	}
	return cells.Flush(left, v.headings, sc.Layout.Rows.W)
}

// rowName is the number of a row, or what it is called.
func (sc *Scene) rowName(place int) string {
	if place < len(sc.Names) {
		return sc.Names[place]
	}
	return strconv.Itoa(place + 1)
}

// bar stands over a picture: its rank, and how it moved.
func (p Rows) bar(sc *Scene, v rowView, j int) string {
	s := sc.Styles
	if _, ok := v.hit(j); !ok {
		return ""
	}
	rank := strconv.Itoa(j + 1)
	if v.focused && p.Cursor == j {
		text := "▾" + rank
		if v.moves != nil {
			text += " " + moveText(v.moves[j])
		}
		return s.Selected.Render(cells.Padded(text, sc.Layout.Slot-1))
	}
	head := s.Faint.Render(rank)
	if v.moves != nil {
		head += " " + p.moveStyle(sc, v.moves[j], moveText(v.moves[j]))
	}
	return head
}

// stripes are the marks under a picture, as wide as it is: for each label of which it is a hit a stripe in the label's
// colour. A line has two stripes, one over the other.
func (p Rows) stripes(sc *Scene, v rowView, j, line int) string {
	if _, ok := v.hit(j); !ok || sc.Shown.Image != "" { // of a picture nothing is known to hit or to miss
		return ""
	}
	upper, lower := 2*line, 2*line+1
	has := func(n int) bool { return n < len(p.Marked) && relevant(v.ranking, p.Marked[n], j) }
	return sc.Styles.Stripes(upper, has(upper), lower, has(lower), sc.Layout.Thumb.Cols)
}

// signs are the marks of a hit as characters, blanks where it is a miss.
func (p Rows) signs(sc *Scene, v rowView, j int) string {
	if sc.Shown.Image != "" {
		return ""
	}
	var b strings.Builder
	for i, label := range p.Marked {
		if relevant(v.ranking, label, j) {
			b.WriteString(sc.Styles.Label(i).Render(Marks[i]))
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// brief is a hit without a picture in one line: its rank, how it moved, its marks and its score.
func (p Rows) brief(sc *Scene, v rowView, j int) string {
	h, ok := v.hit(j)
	if !ok {
		return ""
	}
	width := sc.Layout.Slot - 1
	rest := width - len(p.Marked) - 2 - 6
	text := cells.Padded(p.bar(sc, v, j), max(rest, 3)) + " " + p.signs(sc, v, j) + " " + cells.ScoreIn(h.Score, 5)
	if v.focused && p.Cursor == j {
		return sc.Styles.Selected.Render(cells.Padded(ansi.Strip(text), width))
	}
	return text
}

// captionOf is a line under a picture: its score, move, label or id. Without pictures its marks stand before it, and
// there are more lines: its id, and what it has for the marked labels.
func (p Rows) captionOf(sc *Scene, v rowView, j, line int) string {
	h, ok := v.hit(j)
	if !ok {
		return ""
	}
	if mark := sc.flagMark(h.Row); mark != "" && line == 0 {
		return flagged(mark, sc.Layout.Slot-1, func(width int) string { return p.captionIn(sc, v, j, line, width) })
	}
	return p.captionIn(sc, v, j, line, sc.Layout.Slot-1)
}

// captionIn is captionOf in width cells.
func (p Rows) captionIn(sc *Scene, v rowView, j, line, width int) string {
	h, _ := v.hit(j)
	s := sc.Styles
	selected := v.focused && p.Cursor == j
	switch {
	case line == 1:
		return s.Faint.Render(cells.CutID(sc.Gallery.ID(h.Row), width))
	case line > 1:
		return LabelValue(sc.Styles, sc.Gallery, p.Marked[line-2], h.Row, width)
	}
	text := ""
	switch {
	case sc.Layout.Thumb.Rows > 0 && (sc.Layout.Ranks > 0 || v.moves == nil || p.Caption != CaptionScore):
		text = p.captionText(sc, v, j, h, width)
	case sc.Layout.Thumb.Rows > 0: // there is no line of ranks
		move := cells.Padded(p.moveStyle(sc, v.moves[j], moveText(v.moves[j])), 3)
		text = move + " " + p.captionText(sc, v, j, h, width-4)
	default:
		text = p.signs(sc, v, j)
		rest := width - ansi.StringWidth(text)
		if rest >= 5 && text != "" && (p.Caption != CaptionScore || rest >= 6) {
			text += " "
			rest--
		}
		text += p.captionText(sc, v, j, h, rest)
	}
	switch {
	case selected && sc.Layout.Ranks == 0: // the mark takes the place of the move, or of blanks
		marks := ""
		if sc.Layout.Thumb.Rows == 0 {
			marks = strings.TrimSpace(ansi.Strip(p.signs(sc, v, j)))
		}
		rest := p.captionText(sc, v, j, h, width-1-ansi.StringWidth(marks))
		return s.Selected.Render(cells.Padded("▾"+marks+ansi.Strip(rest), width))
	case selected:
		return s.Selected.Render(cells.Padded(ansi.Strip(text), width))
	case p.common(v.moves, j):
		return s.Faint.Render(ansi.Strip(text))
	}
	return text
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
	switch {
	case move == isNew && p.Difference:
		return sc.Styles.Strong.Render(text)
	case move == isNew:
		return sc.Styles.Accent.Render(text)
	case move == 0:
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
