package experiments

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"strata/engine"
)

// WriteTable writes an evaluation for people: for P at the largest k, and so for
// every further measure, a row a scheme and a column a label, with half the width
// of the interval; then what was skipped. Ceiling and random are those of the
// first scheme that judges a query. Numbers are rounded.
func (e *Evaluation) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for m, metric := range e.Metrics {
		if m+1 < len(e.Metrics) && e.Metrics[m+1].Kind == metric.Kind && e.Metrics[m+1].K > 0 {
			continue
		}
		if _, err := io.WriteString(t, strings.Join(e.tableRows(m), "\n")+"\n"); err != nil {
			return err
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return e.writeSkips(w)
}

// tableRows returns the rows of one metric's table.
func (e *Evaluation) tableRows(metric int) []string {
	rows := []string{e.Metrics[metric].String()}
	for _, label := range e.Labels {
		rows[0] += "\t" + quote(label)
	}
	row := func(name string, of func(label int) Summary, cell func(Summary) string) {
		for l := range e.Labels {
			if sum := of(l); sum.N > 0 {
				name += "\t" + cell(sum)
			} else {
				name += "\t-"
			}
		}
		rows = append(rows, name)
	}
	at := func(scheme, label int) Summary { return e.Summaries[e.summaryAt(scheme, label, Micro, metric)] }
	for s, scheme := range e.Schemes {
		row(scheme.String(), func(l int) Summary { return at(s, l) },
			func(s Summary) string { return fmt.Sprintf("%.4f ±%.4f", s.Value, (s.High-s.Low)/2) })
	}
	judging := func(label int) Summary {
		for s := range e.Schemes {
			if sum := at(s, label); sum.N > 0 {
				return sum
			}
		}
		return Summary{}
	}
	row("ceiling", judging, func(s Summary) string { return rounded(s.Ceiling) })
	row("random", judging, func(s Summary) string { return rounded(s.Baseline) })
	return rows
}

// rounded returns a number for people; NaN is a dash.
func rounded(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.4f", x)
}

// writeSkips writes a line a label, and one more for every scheme that judges
// other queries than the first.
func (e *Evaluation) writeSkips(w io.Writer) error {
	var b strings.Builder
	for l, label := range e.Labels {
		first := e.of(0, l)[0]
		fmt.Fprintf(&b, "%s: %s\n", quote(label), skips(first))
		for s, scheme := range e.Schemes {
			if sum := e.of(s, l)[0]; sum.Unscored != first.Unscored {
				fmt.Fprintf(&b, "%s, %s: %s\n", quote(label), scheme, skips(sum))
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// skips returns how many queries were judged, and how many were skipped for each
// reason. A count of 0 is left out.
func skips(s Summary) string {
	text, sep := fmt.Sprintf("%d queries", s.N), "; skipped "
	for _, c := range []struct {
		count int
		why   Skip
	}{{s.Unknown, Unknown}, {s.Lone, Lone}, {s.Unscored, Unscored}} {
		if c.count > 0 {
			text += fmt.Sprintf("%s%d %s", sep, c.count, c.why)
			sep = ", "
		}
	}
	return text
}

// WriteSearchTable writes the result of a search for a terminal: its columns line
// up and its numbers are rounded. Lines has them in full precision.
func (r *Result) WriteSearchTable(w io.Writer) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	k := r.Step.(Search).K
	for _, ranking := range r.Rankings {
		_, _ = fmt.Fprintln(t, ranking.Scheme) // into memory, as all that follows
		for i, h := range ranking.Hits {
			score := "-"
			if h.Scored() {
				score = fmt.Sprintf("%.4f", h.Score)
			}
			var shared []string
			for _, l := range ranking.Labels {
				if l.Relevant[i] {
					shared = append(shared, quote(l.Label))
				}
			}
			_, _ = fmt.Fprintf(t, "%*d\t%s\t%s", len(strconv.Itoa(len(ranking.Hits))), i+1, quote(r.gallery.g.ID(h.Row)), score)
			if len(shared) > 0 {
				_, _ = io.WriteString(t, "\t"+strings.Join(shared, " "))
			}
			_, _ = io.WriteString(t, "\n")
		}
		_ = t.Flush()
		if len(ranking.Labels) > 0 {
			b.WriteString(ranking.precisions(k) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// precisions returns the line of P@k of every label, rounded.
func (r Ranking) precisions(k int) string {
	line := "P@" + strconv.Itoa(k)
	for _, l := range r.Labels {
		value := l.Skip.String()
		if l.Skip == Judged {
			value = strconv.FormatFloat(float64(l.Hits)/float64(k), 'g', 4, 64)
		}
		line += "  " + quote(l.Label) + " " + value
	}
	return line
}

// The documents of WriteSearchJSON.
type (
	searchJSON struct {
		Gallery string        `json:"gallery"`
		Query   string        `json:"query,omitempty"`
		Image   *imageJSON    `json:"image,omitempty"`
		K       int           `json:"k"`
		Schemes []rankingJSON `json:"schemes"`
	}
	imageJSON struct {
		Path     string `json:"path"`
		Hash     string `json:"hash"`
		Features string `json:"features"`
	}
	rankingJSON struct {
		Scheme     string      `json:"scheme"`
		Candidates int         `json:"candidates"`
		Hits       []hitJSON   `json:"hits"`
		Labels     []labelJSON `json:"labels"`
	}
	hitJSON struct {
		Rank     int      `json:"rank"`
		ID       string   `json:"id"`
		Score    *float64 `json:"score"` // null: none
		Relevant []string `json:"relevant"`
	}
	labelJSON struct {
		Label     string   `json:"label"`
		Hits      int      `json:"hits"`
		Relevant  int      `json:"relevant"`
		Precision *float64 `json:"precision"` // null: skipped
		Skipped   string   `json:"skipped,omitempty"`
	}
)

// WriteSearchJSON writes the result of a search as one JSON document, with
// scores in full precision. Its query is an item's id, or an image.
func (r *Result) WriteSearchJSON(w io.Writer) error {
	g, k := r.gallery.g, r.Step.(Search).K
	doc := searchJSON{Gallery: g.Path, Query: r.query, K: k, Schemes: []rankingJSON{}}
	if p := r.Picture; p != nil {
		doc.Image = &imageJSON{p.Path, p.Hash, p.Features}
	}
	for _, ranking := range r.Rankings {
		doc.Schemes = append(doc.Schemes, ranking.json(g, k))
	}
	return writeJSON(w, doc)
}

func (r Ranking) json(g *engine.Gallery, k int) rankingJSON {
	out := rankingJSON{Scheme: r.Scheme.String(), Candidates: r.Candidates, Hits: []hitJSON{}, Labels: []labelJSON{}}
	for i, h := range r.Hits {
		hit := hitJSON{Rank: i + 1, ID: g.ID(h.Row), Relevant: []string{}}
		if !math.IsNaN(h.Score) {
			hit.Score = &h.Score
		}
		for _, l := range r.Labels {
			if l.Relevant[i] {
				hit.Relevant = append(hit.Relevant, l.Label)
			}
		}
		out.Hits = append(out.Hits, hit)
	}
	for _, l := range r.Labels {
		label := labelJSON{Label: l.Label, Hits: l.Hits, Relevant: l.R, Skipped: l.Skip.String()}
		if l.Skip == Judged {
			p := float64(l.Hits) / float64(k)
			label.Precision = &p
		}
		out.Labels = append(out.Labels, label)
	}
	return out
}
