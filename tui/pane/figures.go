package pane

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/tui/cells"
)

// figure is one label's figures for one row.
type figure struct {
	label  string
	hits   int
	judged bool
	total  int
	mean   eval.Summary
	known  bool // mean is known
}

// figures returns the marked labels' figures for a row.
func (sc *Scene) figures(r *eval.Ranking, scheme scheme.Scheme) []figure {
	out := make([]figure, len(sc.Rows.Marked))
	for i, label := range sc.Rows.Marked {
		out[i] = figure{label: label, total: ShownHits}
		if h, ok := LabelHits(r, label); ok && h.Skip == eval.Judged {
			out[i].hits, out[i].judged = h.Hits, true
		}
		out[i].mean, out[i].known = sc.Table.Summary(scheme, label)
	}
	return out
}

// best holds for every marked label the best hits and the best mean of all rows; -1 where they are all alike.
type best struct {
	hits []int
	mean []float64
}

func bestOf(rows [][]figure) best {
	var b best
	for i := range len(rows[0]) {
		hits, least, mean, low := -1, ShownHits+1, -1.0, 2.0
		for _, figures := range rows {
			if f := figures[i]; f.judged {
				hits, least = max(hits, f.hits), min(least, f.hits)
			}
			if f := figures[i]; f.known {
				mean, low = max(mean, f.mean.Value), min(low, f.mean.Value)
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
	known := false
	for _, figures := range rows {
		for _, f := range figures {
			known = known || f.known
		}
	}
	if sc.Shown.Image != "" && !known {
		return out
	}
	b := bestOf(rows)
	for form := range formLeast + 1 {
		if !known && form < formHits {
			continue
		}
		w := 0
		for i, figures := range rows {
			parts := make([]string, len(figures))
			for j, f := range figures {
				parts[j] = sc.figureText(f, form, f.hits == b.hits[j], f.mean.Value == b.mean[j], j)
			}
			out[i] = strings.Join(parts, "   ")
			w = max(w, ansi.StringWidth(out[i]))
		}
		if w <= width {
			return out
		}
	}
	return make([]string, len(rows))
}

// The forms of a figure, from long to short.
const (
	formInterval = iota // ● category  4/10  .609 ±.008
	formMean            // ● category  4/10  .609
	formHits            // ● category  4/10
	formLeast           // ● 4/10
)

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
	text := s.Faint.Render(Marks[place][0]) + " "
	if form < formLeast {
		text += s.Faint.Render(cells.Cut(f.label, 12)) + " "
	}
	text += look.Render(hits)
	if form > formMean {
		return text
	}
	mean, interval := "", ""
	if f.known {
		mean = cells.Number(f.mean.Value, 3)
		interval = "±" + cells.Number((f.mean.High-f.mean.Low)/2, 3)
	}
	look = s.Plain
	if bestMean && f.known {
		look = s.Bold
	}
	text += "  " + look.Render(cells.Right(mean, 5))
	if form == formInterval {
		text += " " + s.Faint.Render(cells.Right(interval, 5))
	}
	return text
}
