package experiments

import (
	"strconv"
	"strings"
	"time"

	"strata/engine"
	"strata/engine/rank"
	"strata/experiments/eval"
	"strata/experiments/mine"
	"strata/experiments/script"
	"strata/experiments/table"
	"strata/experiments/tune"
)

// Result is what a step gave.
type Result struct {
	Step        script.Step       // as executed: spelled out, in canonical form
	Lines       []string          // what gallery and script determine, as printed in logs, without indentation
	Rankings    []eval.Ranking    // of a search, by scheme
	Evaluation  *eval.Evaluation  // of an evaluation, and of a comparison
	Comparisons []eval.Comparison // of a comparison
	Mined       *mine.Mined       // of a mine step
	Tuned       *tune.Tuned       // of a tune step
	Derived     []string          // derived layers that were not used before, with their hashes; printed like Notes
	Notes       []string          // what depends on machine or moment; printed on lines that begin with #
	Picture     *Picture          // of an image step, and of a search for a picture
	Took        time.Duration     // 0 when the session has no clock

	gallery *handle // the one it was executed on
	query   string  // of a search for an item
}

// write appends the result as it stands in a log.
func (r *Result) write(b *strings.Builder) {
	b.WriteString(r.Step.String())
	b.WriteByte('\n')
	for _, l := range r.Lines {
		b.WriteString(script.Indent + l + "\n")
	}
	for _, d := range r.Derived {
		b.WriteString(script.DerivedNote + d + "\n")
	}
	for _, n := range r.Notes {
		b.WriteString("# " + n + "\n")
	}
}

// searchLines returns the lines of a search: for each scheme its spelling, its
// hits, and the precision of every label.
func searchLines(g *engine.Gallery, k int, rankings []eval.Ranking) []string {
	var lines []string
	for _, r := range rankings {
		lines = append(lines, r.Scheme.String())
		for i, h := range r.Hits {
			lines = append(lines, hitLine(g, i, h, r.Labels))
		}
		if len(r.Labels) == 0 {
			continue
		}
		precision := "P@" + strconv.Itoa(k)
		for _, l := range r.Labels {
			value := l.Skip.String()
			if l.Skip == eval.Judged {
				value = table.Number(float64(l.Hits) / float64(k))
			}
			precision += "  " + table.Quote(l.Label) + " " + value
		}
		lines = append(lines, precision)
	}
	return lines
}

// hitLine returns RANK  ID  SCORE  and the labels whose value the hit shares
// with the query.
func hitLine(g *engine.Gallery, i int, h rank.Hit, labels []eval.LabelHits) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(i+1) + "  " + table.Quote(g.ID(h.Row)) + "  ")
	if h.Scored() {
		b.WriteString(table.Number(h.Score))
	} else {
		b.WriteByte('-')
	}
	sep := "  "
	for _, l := range labels {
		if l.Relevant[i] {
			b.WriteString(sep + table.Quote(l.Label))
			sep = " "
		}
	}
	return b.String()
}
