package mine

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"strata/experiments/eval"
	"strata/experiments/table"
)

// The limits of WriteTable: the rows of each kind, and the least number of queries of a class.
// Differences of smaller classes are mostly chance.
const (
	shown        = 3
	ShownQueries = 10
)

// WriteTable writes the first and last findings for people, with rounded numbers.
func (m *Mined) WriteTable(w io.Writer) error {
	var b strings.Builder
	metric := "P@" + strconv.Itoa(m.K)
	fmt.Fprintf(&b, "A is %s, B is %s: %s, %d queries\n", m.Evaluation.Schemes[0], m.Evaluation.Schemes[1], metric, len(m.Evaluation.Queries))
	for l, label := range m.Evaluation.Labels {
		m.writeLabel(&b, l, label)
	}
	for s, h := range m.Hubs {
		fmt.Fprintf(&b, "hubs of %c: %d of %d items are among the first %d of more than %.1f queries, %d of none; skew %s\n",
			'A'+rune(s), len(h.Hubs), h.Items, m.K, h.Limit, h.Never, h.SkewText())
		for _, hub := range h.Hubs[:min(shown, len(h.Hubs))] {
			fmt.Fprintf(&b, "  %s  %d\n", table.Legible(m.Evaluation.Gallery.ID(hub.Item)), hub.Occurrences)
		}
	}
	m.writeOverlap(&b)
	m.writeDuplicateLines(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// SkewText returns the skew for people; a dash if there is none.
func (h *Hubness) SkewText() string {
	if math.IsNaN(h.Skew) {
		return "-"
	}
	return fmt.Sprintf("%.2f", h.Skew)
}

// writeLabel writes classes, queries and mistakes of one label.
func (m *Mined) writeLabel(b *strings.Builder, label int, name string) {
	var classes []eval.ClassDifference
	all, win, loss := 0, 0, 0
	for _, c := range m.Classes {
		if c.Label != name {
			continue
		}
		all++
		if c.Diff > 0 {
			win++
		} else if c.Diff < 0 {
			loss++
		}
		if c.Queries >= ShownQueries {
			classes = append(classes, c)
		}
	}
	fmt.Fprintf(b, "%s: A is ahead in %d of %d classes, B in %d", table.Quote(name), win, all, loss)
	if len(classes) < all && len(classes) > 0 {
		fmt.Fprintf(b, " (here those with %d queries or more: %d)", ShownQueries, len(classes))
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for i, c := range classes {
		if i < shown || i >= len(classes)-shown {
			_, _ = fmt.Fprintf(t, "  %s\tover %d\tA %.4f\tB %.4f\t%+.4f\n", table.Legible(c.Class), c.Queries, c.A, c.B, c.Diff)
		} else if i == shown {
			_, _ = fmt.Fprintf(t, "  …\n")
		}
	}
	_ = t.Flush() // a builder accepts every write
	m.writeWorst(b, name)
	for s := range m.Evaluation.Schemes {
		n := 0
		for _, x := range m.Mistakes {
			if x.Scheme != s || x.Label != name {
				continue
			}
			if n++; n <= 1 {
				fmt.Fprintf(b, "  the most confident mistake of %c: %s (%s) for %s (%s), score %.4f, z %+.2f\n",
					'A'+rune(s), table.Legible(m.Evaluation.Gallery.ID(x.Hit)), table.Legible(m.Value(name, x.Hit)), table.Legible(m.Evaluation.Gallery.ID(x.Query)), table.Legible(m.Value(name, x.Query)), x.Score, x.Z)
			}
		}
		fmt.Fprintf(b, "  first hits of %c that are wrong: %d of %d\n", 'A'+rune(s), n, len(m.Evaluation.Judged(s, label)))
	}
}

// writeWorst writes the queries that lose most.
func (m *Mined) writeWorst(b *strings.Builder, label string) {
	n := 0
	for _, l := range m.Losses {
		if l.Label != label || l.Loss <= 0 {
			continue
		}
		if n++; n > shown {
			break
		}
		fmt.Fprintf(b, "  hits that B loses: %d of %d for %s (%s)\n", l.Loss, l.HitsA, table.Legible(m.Evaluation.Gallery.ID(l.Query)), table.Legible(m.Value(label, l.Query)))
	}
}

// writeOverlap writes how much the rankings overlap.
func (m *Mined) writeOverlap(b *strings.Builder) {
	var known []Disagreement
	for _, d := range m.Disagreements {
		if !math.IsNaN(d.Overlap) {
			known = append(known, d)
		}
	}
	if len(known) == 0 {
		return
	}
	fmt.Fprintf(b, "rank-biased overlap of A and B: median %.4f; the least\n", known[(len(known)-1)/2].Overlap)
	for _, d := range known[:min(shown, len(known))] {
		fmt.Fprintf(b, "  %s  %.4f, %d of the first %d in common\n", table.Legible(m.Evaluation.Gallery.ID(d.Query)), d.Overlap, d.Common, m.K)
	}
}

// writeDuplicateLines writes the number of pairs, and the number of pairs with different labels.
func (m *Mined) writeDuplicateLines(b *strings.Builder) {
	kinds := [...]string{eval.SamePicture: "the same picture", eval.SameRows: "the same values in all layers", eval.NearRows: "a cosine of " + table.Number(m.Duplicates.Near) + " or more"}
	for kind, what := range kinds {
		n, differ := 0, make([]int, len(m.Evaluation.Labels))
		for _, d := range m.Duplicates.Pairs {
			if int(d.Kind) != kind {
				continue
			}
			n++
			for l := range m.Evaluation.Labels {
				if m.Differ(d, l) {
					differ[l]++
				}
			}
		}
		fmt.Fprintf(b, "pairs with %s: %d", what, n)
		if n > 0 {
			for l, label := range m.Evaluation.Labels {
				fmt.Fprintf(b, "%s %d", map[bool]string{true: "; of these differ in " + table.Quote(label), false: ", in " + table.Quote(label)}[l == 0], differ[l])
			}
		}
		b.WriteByte('\n')
	}
}
