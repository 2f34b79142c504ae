package pane

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine"
	"strata/engine/inert"
	"strata/engine/items"
	"strata/experiments/check"
	"strata/experiments/eval"
	"strata/tui/cells"
)

// viewQuery returns the lines of the query: where it stands among the queries and its labels. In the left column its
// picture lies between the two, otherwise beside them.
func (sc *Scene) viewQuery() []string {
	l, s := sc.Layout, sc.Styles
	r := l.Query
	place := sc.queryPlace()
	if flag := sc.flagText(sc.Shown.Query, r.W/3); flag != "" && sc.Shown.Image == "" {
		place = flag + " " + place
	}
	if !l.Wide && r.H <= 2 {
		place = ""
	}
	id, label := sc.queryName(), "query "
	if ansi.StringWidth(inert.Text(id))+ansi.StringWidth(place) >= r.W {
		place = strings.Replace(place, " of ", "/", 1)
	}
	room := r.W - ansi.StringWidth(place) - 1
	if ansi.StringWidth(inert.Text(id))+len(label) > room {
		label = ""
	}
	id = s.Faint.Render(label) + s.Bold.Render(cells.CutID(id, max(room-len(label), 4)))
	lines := []string{cells.Flush(id, s.Faint.Render(place), r.W)}
	if l.Wide && l.Pictures {
		for _, line := range sc.PictureCells(sc.Shown.Desk.Picture(), l.QueryBox) {
			lines = append(lines, cells.Padded(line, r.W))
		}
	}
	if sc.Shown.Image != "" {
		return append(lines, sc.imageLines(r.W, r.H-len(lines))...)
	}
	lines = append(lines, sc.LabelLines(sc.Shown.Query, r.W, r.H-len(lines))...)
	return lines
}

// queryPlace says where the query stands among the queries; a picture from outside stands nowhere.
func (sc *Scene) queryPlace() string {
	if sc.Shown.Image != "" {
		return "new"
	}
	if v := sc.Visiting; v.On && sc.Shown.Query == v.Queries[v.At] {
		return fmt.Sprintf("%s of %s %s", cells.Thousands(v.At+1), cells.Thousands(len(v.Queries)), inert.Text(v.What))
	}
	at, of := sc.Walk.position(sc.Gallery, sc.Shown.Query)
	if at == 0 {
		return cells.Thousands(of)
	}
	return cells.Thousands(at) + " of " + cells.Thousands(of)
}

// countsFrom is the width from which the labels have their numbers of relevant candidates.
const countsFrom = 34

// labels returns the gallery's labels, the marked ones first, with the width of their names, at most 12.
func (sc *Scene) labels() (labels []*items.Label, widest int) {
	labels = slices.Clone(sc.Gallery.Labels())
	place := func(l *items.Label) int {
		if i := slices.Index(sc.Rows.Marked, l.Name); i >= 0 {
			return i
		}
		return len(sc.Rows.Marked)
	}
	slices.SortStableFunc(labels, func(a, b *items.Label) int { return place(a) - place(b) })
	for _, l := range labels {
		widest = min(max(widest, ansi.StringWidth(inert.Text(l.Name))), 12)
	}
	return labels, widest
}

// LabelLines lists the row's labels, the marked ones first, with the number of relevant candidates where it fits.
func (sc *Scene) LabelLines(row, width, height int) []string {
	s := sc.Styles
	labels, widest := sc.labels()
	var first *eval.Ranking
	if row == sc.Shown.Query && len(sc.Shown.Rankings) > 0 {
		first = &sc.Shown.Rankings[0]
	}
	var lines []string
	for i, label := range labels[:max(min(len(labels), height), 0)] {
		mark := " "
		if i < len(sc.Rows.Marked) {
			mark = s.Label(i).Render(Marks[i])
		}
		value := s.Plain.Render(cells.Cut(label.Cell(row), width-widest-4))
		switch n, _ := label.JudgedOf(row); {
		case label.Judged():
			value = s.Faint.Render(cells.Cut(fmt.Sprintf("%s judged", cells.Thousands(n)), width-widest-4))
		case !label.Known(row):
			value = s.Faint.Render("unknown")
		}
		text := mark + s.Faint.Render(" "+cells.Padded(cells.Cut(label.Name, widest), widest)) + "  " + value
		count := ""
		if h, ok := LabelHits(first, label.Name); ok && h.Skip != eval.Unknown {
			count = s.Faint.Render(cells.Thousands(h.R) + " alike")
		}
		if width < countsFrom || ansi.StringWidth(text)+2+ansi.StringWidth(count) > width {
			count = ""
		}
		lines = append(lines, cells.Flush(text, count, width))
	}
	return lines
}

// leastImageLines is the number of lines that are left for what is said about a new picture.
const leastImageLines = 5

// imageLines says what the query is when it is no item, and how well the features of new pictures agree with the
// gallery's: at most height lines.
func (sc *Scene) imageLines(width, height int) []string {
	texts := []string{"new picture, not in the gallery"}
	switch p := sc.Shown.Picture; {
	case p == nil:
		texts = append(texts, "its features are not known yet")
	case p.Parity != nil:
		texts = append(texts, parityText(*p.Parity))
	}
	var lines []string
	for _, text := range texts {
		for line := range strings.SplitSeq(ansi.Wrap(inert.Text(text), max(width, 1), ""), "\n") {
			lines = append(lines, cells.Padded(sc.Styles.Faint.Render(strings.TrimSpace(line)), width))
		}
	}
	return cells.FirstLines(sc.Styles, lines, height)
}

// parityText says how well features that are computed now agree with the gallery's; the cosine is rounded down.
func parityText(p check.Parity) string {
	return fmt.Sprintf("parity of %d %s: cosine ≥ %s, difference %.2g",
		p.Pictures, cells.Plural("picture", p.Pictures), strings.TrimPrefix(strconv.FormatFloat(math.Floor(p.Cosine*1e7)/1e7, 'g', 7, 64), "0"), p.Difference)
}

// LabelValue is what a row has for a label.
func LabelValue(s *cells.Styles, g *engine.Gallery, label string, row, width int) string {
	l, err := g.Label(label)
	if err == nil && l.Judged() {
		n, _ := l.JudgedOf(row)
		return s.Faint.Render(cells.Cut(fmt.Sprintf("%s judged", cells.Thousands(n)), width))
	}
	if err != nil || !l.Known(row) {
		return s.Faint.Render(cells.Cut("unknown", width))
	}
	return s.Plain.Render(cells.Cut(l.Cell(row), width))
}
