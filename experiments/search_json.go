package experiments

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"strata/engine"
	"strata/experiments/eval"
	"strata/experiments/script"
	"strata/experiments/table"
)

// WriteSearchTable writes the result of a search for a terminal: its columns line
// up and its numbers are rounded. Lines has them in full precision.
func (r *Result) WriteSearchTable(w io.Writer) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	k := r.Step.(script.Search).K
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
					shared = append(shared, table.Quote(l.Label))
				}
			}
			_, _ = fmt.Fprintf(t, "%*d\t%s\t%s", len(strconv.Itoa(len(ranking.Hits))), i+1, table.Quote(r.gallery.g.ID(h.Row)), score)
			if len(shared) > 0 {
				_, _ = io.WriteString(t, "\t"+strings.Join(shared, " "))
			}
			_, _ = io.WriteString(t, "\n")
		}
		_ = t.Flush()
		if len(ranking.Labels) > 0 {
			b.WriteString(precisions(ranking, k) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// precisions returns the line of P@k of every label, rounded.
func precisions(r eval.Ranking, k int) string {
	line := "P@" + strconv.Itoa(k)
	for _, l := range r.Labels {
		value := l.Skip.String()
		if l.Skip == eval.Judged {
			value = strconv.FormatFloat(float64(l.Hits)/float64(k), 'g', 4, 64)
		}
		line += "  " + table.Quote(l.Label) + " " + value
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
	g, k := r.gallery.g, r.Step.(script.Search).K
	doc := searchJSON{Gallery: g.Path, Query: r.query, K: k, Schemes: []rankingJSON{}}
	if p := r.Picture; p != nil {
		doc.Image = &imageJSON{p.Path, p.Hash, p.Features}
	}
	for _, ranking := range r.Rankings {
		doc.Schemes = append(doc.Schemes, jsonOf(ranking, g, k))
	}
	return table.WriteJSON(w, doc)
}

func jsonOf(r eval.Ranking, g *engine.Gallery, k int) rankingJSON {
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
		if l.Skip == eval.Judged {
			p := float64(l.Hits) / float64(k)
			label.Precision = &p
		}
		out.Labels = append(out.Labels, label)
	}
	return out
}
