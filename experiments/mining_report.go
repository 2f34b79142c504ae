package experiments

import (
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// miningManifest says how the files of a Mining came to be.
type miningManifest struct {
	Manifest
	Near         float64 `json:"near"`          // the cosine from which on two rows are nearly the same
	NearScheme   string  `json:"near_scheme"`   // whose score that is
	OverlapDepth int     `json:"overlap_depth"` // hits that rank-biased overlap looks at
	Persistence  float64 `json:"persistence"`   // its p
	Unread       int     `json:"unread"`        // pictures that could not be read
}

func (m miningManifest) write(w io.Writer) error { return writeJSON(w, m) }

// withHeader returns rows with a header line before them.
func withHeader(header []string, rows func(yield func([]string) bool)) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		if yield(header) {
			rows(yield)
		}
	}
}

// WriteClasses writes a row a class, those where B loses most first.
func (m *Mined) WriteClasses(w io.Writer) error {
	metric := "P@" + strconv.Itoa(m.K)
	return writeTable(w, withHeader([]string{
		"label", "class", "metric", "scheme_a", "scheme_b", "queries", "value_a", "value_b", "diff", "p", "win", "tie", "loss",
	}, func(yield func([]string) bool) {
		a, b := m.Schemes[0].String(), m.Schemes[1].String()
		for _, c := range m.Classes {
			if !yield([]string{
				c.Label, c.Class, metric, a, b, strconv.Itoa(c.Queries), number(c.A), number(c.B), number(c.Diff), cell(c.P),
				strconv.Itoa(c.Win), strconv.Itoa(c.Tie), strconv.Itoa(c.Loss),
			}) {
				return
			}
		}
	}))
}

// WriteLosses writes a row a query and label, those that lose most first.
func (m *Mined) WriteLosses(w io.Writer) error {
	k := "hits@" + strconv.Itoa(m.K)
	return writeTable(w, withHeader([]string{
		"label", "query", "value", "relevant", "scheme_a", "scheme_b", k + "_a", k + "_b", "loss",
	}, func(yield func([]string) bool) {
		a, b := m.Schemes[0].String(), m.Schemes[1].String()
		for _, l := range m.Losses {
			if !yield([]string{
				l.Label, m.g.ID(l.Query), m.value(l.Label, l.Query), strconv.Itoa(l.Relevant), a, b,
				strconv.Itoa(l.HitsA), strconv.Itoa(l.HitsB), strconv.Itoa(l.Loss),
			}) {
				return
			}
		}
	}))
}

// value returns a row's cell under a label.
func (m *Mined) value(label string, row int) string {
	for l, name := range m.Labels {
		if name == label {
			return m.judges.labels[l].Label.Cell(row)
		}
	}
	panic("experiments: a label was not judged by")
}

// WriteMistakes writes a row a mistake, the most confident ones of a scheme and
// label first. margin is empty where no relevant hit was seen.
func (m *Mined) WriteMistakes(w io.Writer) error {
	return writeTable(w, withHeader([]string{
		"scheme", "label", "query", "value", "hit", "hit_value", "score", "z", "margin",
	}, func(yield func([]string) bool) {
		for _, x := range m.Mistakes {
			if !yield([]string{
				m.Schemes[x.Scheme].String(), x.Label, m.g.ID(x.Query), m.value(x.Label, x.Query),
				m.g.ID(x.Hit), m.value(x.Label, x.Hit), number(x.Score), number(x.Z), cell(x.Margin),
			}) {
				return
			}
		}
	}))
}

// WriteHubs writes a row a hub; wrong counts the queries, by label, that it is not
// relevant to.
func (m *Mined) WriteHubs(w io.Writer) error {
	header := []string{"scheme", "item", "occurrences@" + strconv.Itoa(m.K), "z"}
	for _, l := range m.Labels {
		header = append(header, "wrong "+l)
	}
	header = append(header, m.Labels...)
	return writeTable(w, withHeader(header, func(yield func([]string) bool) {
		for s, of := range m.Hubs {
			for _, h := range of.Hubs {
				row := []string{m.Schemes[s].String(), m.g.ID(h.Item), strconv.Itoa(h.Occurrences), number(h.Z)}
				for _, n := range h.Wrong {
					row = append(row, strconv.Itoa(n))
				}
				for _, l := range m.Labels {
					row = append(row, m.value(l, h.Item))
				}
				if !yield(row) {
					return
				}
			}
		}
	}))
}

// WriteDisagreements writes a row a query, the least overlap first. It is empty
// where a query has no score in a scheme; hits are where it is judged.
func (m *Mined) WriteDisagreements(w io.Writer) error {
	k := "@" + strconv.Itoa(m.K)
	header := []string{"query", "scheme_a", "scheme_b", "rbo", "common" + k}
	for _, l := range m.Labels {
		header = append(header, "hits"+k+"_a "+l, "hits"+k+"_b "+l)
	}
	place := map[int]int{}
	for i, q := range m.Queries {
		place[q] = i
	}
	return writeTable(w, withHeader(header, func(yield func([]string) bool) {
		a, b := m.Schemes[0].String(), m.Schemes[1].String()
		for _, d := range m.Disagreements {
			row := []string{m.g.ID(d.Query), a, b, cell(d.Overlap), strconv.Itoa(d.Common)}
			i := place[d.Query]
			for l := range m.Labels {
				for s := range m.Schemes {
					hits := ""
					if m.skip(i, s, l) == Judged {
						hits = strconv.Itoa(int(m.hitsOf(i, s, l)[0]))
					}
					row = append(row, hits)
				}
			}
			if !yield(row) {
				return
			}
		}
	}))
}

// WriteDuplicates writes a row a pair. differ names the labels under which both
// values are known and none is shared.
func (m *Mined) WriteDuplicates(w io.Writer) error {
	header := []string{"kind", "item_a", "item_b", "cosine", "differ"}
	for _, l := range m.Labels {
		header = append(header, l+"_a", l+"_b")
	}
	return writeTable(w, withHeader(header, func(yield func([]string) bool) {
		for _, d := range m.Duplicates.Pairs {
			var differ []string
			for l, name := range m.Labels {
				if m.differ(d, l) {
					differ = append(differ, name)
				}
			}
			row := []string{d.Kind.String(), m.g.ID(d.A), m.g.ID(d.B), cell(d.Cosine), strings.Join(differ, "|")}
			for _, l := range m.Labels {
				row = append(row, m.value(l, d.A), m.value(l, d.B))
			}
			if !yield(row) {
				return
			}
		}
	}))
}

// differ reports whether the values of a pair are known and none is shared.
func (m *Mined) differ(d Duplicate, label int) bool {
	l := m.judges.labels[label].Label
	return l.Known(d.A) && l.Known(d.B) && !l.Relevant(d.A, d.B)
}

// WriteTable shows so many rows of each kind, and classes of so many queries:
// differences of smaller ones are mostly chance.
const (
	shown        = 3
	shownQueries = 10
)

// WriteTable writes the ends of what was found, for people. Numbers are rounded.
func (m *Mined) WriteTable(w io.Writer) error {
	var b strings.Builder
	metric := "P@" + strconv.Itoa(m.K)
	fmt.Fprintf(&b, "A is %s, B is %s: %s, %d queries\n", m.Schemes[0], m.Schemes[1], metric, len(m.Queries))
	for l, label := range m.Labels {
		m.writeLabel(&b, l, label)
	}
	for s, h := range m.Hubs {
		fmt.Fprintf(&b, "hubs of %c: %d of %d items are among the first %d of more than %.1f queries, %d of none; skew %.2f\n",
			'A'+rune(s), len(h.Hubs), h.Items, m.K, h.Limit, h.Never, h.Skew)
		for _, hub := range h.Hubs[:min(shown, len(h.Hubs))] {
			fmt.Fprintf(&b, "  %s  %d\n", m.g.ID(hub.Item), hub.Occurrences)
		}
	}
	m.writeOverlap(&b)
	m.writeDuplicateLines(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeLabel writes classes, queries and mistakes of one label.
func (m *Mined) writeLabel(b *strings.Builder, label int, name string) {
	var classes []ClassDifference
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
		if c.Queries >= shownQueries {
			classes = append(classes, c)
		}
	}
	fmt.Fprintf(b, "%s: A is ahead in %d of %d classes, B in %d", quote(name), win, all, loss)
	if len(classes) < all && len(classes) > 0 {
		fmt.Fprintf(b, " (here those with %d queries or more: %d)", shownQueries, len(classes))
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for i, c := range classes {
		if i < shown || i >= len(classes)-shown {
			_, _ = fmt.Fprintf(t, "  %s\tover %d\tA %.4f\tB %.4f\t%+.4f\n", c.Class, c.Queries, c.A, c.B, c.Diff)
		} else if i == shown {
			_, _ = fmt.Fprintf(t, "  …\n")
		}
	}
	_ = t.Flush() // a builder takes everything
	m.writeWorst(b, name)
	for s := range m.Schemes {
		n := 0
		for _, x := range m.Mistakes {
			if x.Scheme != s || x.Label != name {
				continue
			}
			if n++; n <= 1 {
				fmt.Fprintf(b, "  the most confident mistake of %c: %s (%s) for %s (%s), score %.4f, z %+.2f\n",
					'A'+rune(s), m.g.ID(x.Hit), m.value(name, x.Hit), m.g.ID(x.Query), m.value(name, x.Query), x.Score, x.Z)
			}
		}
		fmt.Fprintf(b, "  first hits of %c that are wrong: %d of %d\n", 'A'+rune(s), n, len(m.judged(s, label)))
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
		fmt.Fprintf(b, "  hits that B loses: %d of %d for %s (%s)\n", l.Loss, l.HitsA, m.g.ID(l.Query), m.value(label, l.Query))
	}
}

// writeOverlap writes how far the schemes agree.
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
		fmt.Fprintf(b, "  %s  %.4f, %d of the first %d in common\n", m.g.ID(d.Query), d.Overlap, d.Common, m.K)
	}
}

// writeDuplicateLines writes how many pairs there are, and how many have other labels.
func (m *Mined) writeDuplicateLines(b *strings.Builder) {
	kinds := [...]string{SamePicture: "the same picture", SameRows: "the same values in all layers", NearRows: "a cosine of " + number(m.Duplicates.Near) + " or more"}
	for kind, what := range kinds {
		n, differ := 0, make([]int, len(m.Labels))
		for _, d := range m.Duplicates.Pairs {
			if int(d.Kind) != kind {
				continue
			}
			n++
			for l := range m.Labels {
				if m.differ(d, l) {
					differ[l]++
				}
			}
		}
		fmt.Fprintf(b, "pairs with %s: %d", what, n)
		if n > 0 {
			for l, label := range m.Labels {
				fmt.Fprintf(b, "%s %d", map[bool]string{true: "; of these differ in " + quote(label), false: ", in " + quote(label)}[l == 0], differ[l])
			}
		}
		b.WriteByte('\n')
	}
}
