package pane

import (
	"fmt"
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/live"
	"strata/tui/cells"
)

// figure is one label's figures for one row.
type figure struct {
	label  string
	hits   int
	judged bool
	total  int
	mean   mean
	known  bool // mean is known
	other  bool // mean is of other queries than that of the first row that has one
	diff   live.Difference
	differ bool // diff is known
}

// mean is a mean over queries with half its interval.
type mean struct {
	value, half float64
	n           int // queries
	evaluated   bool
}

// figures returns the marked labels' figures for row i.
func (sc *Scene) figures(i int) []figure {
	r, of := sc.ranking(i), sc.Shown.Schemes[i]
	out := make([]figure, len(sc.Rows.Marked))
	for n, label := range sc.Rows.Marked {
		f := &out[n]
		f.label, f.total = label, sc.Shown.K()
		if h, ok := LabelHits(r, label); ok && h.Skip == eval.Judged {
			f.hits, f.judged = h.Hits, true
		}
		f.mean, f.known = sc.mean(of, label)
		if reference, ok := sc.reference(i); ok {
			f.diff, f.differ = sc.Shown.Means.Against(of, sc.Shown.Schemes[reference], label)
		}
	}
	return out
}

// mean returns what is known of a scheme's mean under a label: that of an evaluation, or that of the queries whose
// neighbourhoods are there, whichever is of more queries.
func (sc *Scene) mean(of scheme.Scheme, label string) (mean, bool) {
	now, ok := sc.Shown.Means.Mean(of, label)
	if s, evaluated := sc.Table.SummaryAt(of, label, sc.Shown.K()); evaluated && s.N >= now.N {
		return mean{s.Value, (s.High - s.Low) / 2, s.N, true}, true
	}
	return mean{now.Value, now.Half, now.N, false}, ok
}

// markOthers marks the means that are of other queries than the first one under their label.
func (sc *Scene) markOthers(rows [][]figure) {
	for n := range sc.Rows.Marked {
		first := -1
		for i, figures := range rows {
			f := &figures[n]
			switch {
			case !f.known:
			case first < 0:
				first = i
			case f.mean.n != rows[first][n].mean.n:
				f.other = true
			case !f.mean.evaluated && !rows[first][n].mean.evaluated:
				f.other = !sc.Shown.Means.Alike(sc.Shown.Schemes[i], sc.Shown.Schemes[first])
			}
		}
	}
}

// best holds for every marked label the best hits and the best mean of all rows; -1 where they are all alike.
type best struct {
	hits []int
	mean []float64
}

func bestOf(rows [][]figure) best {
	var b best
	for i := range len(rows[0]) {
		hits, least, mean, low := -1, math.MaxInt, -1.0, 2.0
		for _, figures := range rows {
			if f := figures[i]; f.judged {
				hits, least = max(hits, f.hits), min(least, f.hits)
			}
			if f := figures[i]; f.known {
				mean, low = max(mean, f.mean.value), min(low, f.mean.value)
			}
		}
		if hits == least {
			hits = -1
		}
		if mean == low {
			mean = -1
		}
		b.hits, b.mean = append(b.hits, hits), append(b.mean, mean)
	}
	return b
}

// headings formats the label columns of all rows alike: as much of name, hits, mean and interval as fits in width.
func (sc *Scene) headings(rows [][]figure, width int) []string {
	out := make([]string, len(rows))
	if len(rows) == 0 || len(sc.Rows.Marked) == 0 {
		return out
	}
	known, differ := false, false
	for _, figures := range rows {
		for _, f := range figures {
			known, differ = known || f.known, differ || f.differ
		}
	}
	if sc.Shown.Image != "" && !known {
		return out
	}
	sc.markOthers(rows)
	b, together := bestOf(rows), sameCounts(rows)
	for form := range formLeast + 1 {
		if !known && form < formHits || !differ && form <= formDiff || !together && form == formTogether {
			continue
		}
		w := 0
		for i, figures := range rows {
			out[i] = sc.rowText(figures, form, b)
			w = max(w, ansi.StringWidth(out[i]))
		}
		if w <= width {
			return out
		}
	}
	return make([]string, len(rows))
}

// sameCounts reports whether every row has its means under all labels of the same number of queries.
func sameCounts(rows [][]figure) bool {
	for _, figures := range rows {
		for _, f := range figures {
			if f.known != figures[0].known || f.mean.n != figures[0].mean.n || f.other != figures[0].other {
				return false
			}
		}
	}
	return true
}

// The forms of a figure, from long to short. A mean stands beside the number of its queries.
const (
	formTest     = iota // ● category  4/10  .609 ±.008 · 9,583  ~+.024 ±.006 p .0013
	formDiff            // ● category  4/10  .609 ±.008 · 9,583  ~+.024
	formInterval        // ● category  4/10  .609 ±.008 · 9,583
	formTogether        // ● category  4/10  .609 ±.008   ◆ brand  1/10  .242 ±.007 · 9,583
	formUnnamed         // ● 4/10  .609 ±.008 · 9,583
	formMean            // ● 4/10  .609 · 9,583
	formHits            // ● category  4/10
	formLeast           // ● 4/10
)

// rowText formats the figures of a row.
func (sc *Scene) rowText(figures []figure, form int, b best) string {
	parts := make([]string, len(figures))
	for j, f := range figures {
		parts[j] = sc.figureText(f, form, f.hits == b.hits[j], f.mean.value == b.mean[j], j)
	}
	text := strings.Join(parts, "   ")
	if form == formTogether {
		text += sc.countText(figures[0])
	}
	return text
}

func (sc *Scene) figureText(f figure, form int, bestHits, bestMean bool, place int) string {
	s := sc.Styles
	hits := "   - "
	if f.judged {
		hits = fmt.Sprintf("%2d/%d", f.hits, f.total)
	}
	look := s.Plain
	if bestHits {
		look = s.Bold
	}
	text := s.Label(place).Render(Marks[place]) + " "
	if form <= formTogether || form == formHits {
		text += s.Faint.Render(cells.Cut(f.label, 12)) + " "
	}
	text += look.Render(hits)
	if form > formMean {
		return text
	}
	mean, interval := "", ""
	if f.known {
		mean, interval = cells.Number(f.mean.value, 3), "±"+cells.Number(f.mean.half, 3)
	}
	look = s.Plain
	if bestMean && f.known {
		look = s.Bold
	}
	text += " " + look.Render(cells.Right(mean, 5))
	if form < formMean {
		text += " " + s.Faint.Render(cells.Right(interval, 5))
	}
	if form != formTogether {
		text += sc.countText(f)
	}
	if form <= formDiff {
		text += sc.diffText(f, form == formTest)
	}
	return text
}

// countWidth is the width of a number of queries with what parts it from a mean.
const countWidth = 8

// countText is the number of a mean's queries; it stands out where they are not those of the first row.
func (sc *Scene) countText(f figure) string {
	s := sc.Styles
	switch n := " " + cells.Thousands(f.mean.n); {
	case !f.known:
		return strings.Repeat(" ", countWidth)
	case f.other:
		return cells.Padded(s.Miss.Render(" ≠"+n), countWidth)
	default:
		return cells.Padded(s.Faint.Render(" ·"+n), countWidth)
	}
}

// diffText is the difference to the reference row, with half its interval and p where that is asked for.
func (sc *Scene) diffText(f figure, test bool) string {
	width := 7
	if test {
		width += 15
	}
	if !f.differ {
		return strings.Repeat(" ", width)
	}
	s := sc.Styles
	text := " " + s.Plain.Render(cells.Right(sc.rough()+cells.Signed(f.diff.Diff), 6))
	if test {
		text += s.Faint.Render(" ±" + cells.Number((f.diff.High-f.diff.Low)/2, 3) + " p " + cells.Chance(f.diff.P, 3))
	}
	return cells.Padded(text, width)
}

// rough is before a number that is of the normal approximation.
func (sc *Scene) rough() string {
	if sc.Shown.Means.Rough {
		return "~"
	}
	return ""
}
