package report

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"strconv"

	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/live"
	"strata/experiments/run"
	"strata/experiments/tune"
)

// Decision is a scheme that is taken for some labels, with the evaluation that it rests on.
type Decision struct {
	Evaluation  *eval.Evaluation
	Comparisons []eval.Comparison // of all pairs of schemes

	Scheme  int   // its place among the schemes
	Against int   // that of the scheme whose place it takes; -1: there is one scheme only
	Labels  []int // places of the labels; at least one
}

// Work is what was done on the way to a decision.
type Work struct {
	Tuned   *tune.Tuned // nil: no weights were searched
	Notes   []string
	Flagged []Flagged
}

// Flagged is an item that somebody flagged.
type Flagged struct {
	Row  int
	Flag string
}

// NewDecision returns the default decision for an evaluation with the comparisons of all pairs: the
// highest scheme under the first label, against the second, for all labels.
func NewDecision(e *eval.Evaluation, comparisons []eval.Comparison) (*Decision, error) {
	d := &Decision{Evaluation: e, Comparisons: comparisons, Against: -1}
	for l := range e.Labels {
		d.Labels = append(d.Labels, l)
	}
	b, err := d.builder()
	if err != nil {
		return nil, err
	}
	d.Scheme = max(b.best(0, b.main), 0)
	d.Against = b.second(0, d.Scheme)
	return d, nil
}

// Second returns the highest of the other schemes under the first of the decision's labels, or -1.
func (d *Decision) Second() (int, error) {
	b, err := d.builder()
	if err != nil {
		return -1, err
	}
	return b.second(d.Labels[0], d.Scheme), nil
}

// builder returns what makes the parts of the page.
func (d *Decision) builder() (*pageBuilder, error) {
	b := &pageBuilder{e: d.Evaluation, comparisons: d.Comparisons, main: len(d.Evaluation.Ks) - 1, pairs: map[eval.Pair]int{}}
	err := b.index("")
	b.baseline = d.Against
	return b, err
}

// Compared returns the comparison of the scheme with the other one under a label, given by place.
func (d *Decision) Compared(label int) (c eval.Comparison, ok bool) {
	b, err := d.builder()
	if err != nil || d.Against < 0 {
		return c, false
	}
	return b.compared(label, b.main, d.Scheme, d.Against)
}

// decisionPage makes the page of a decision.
type decisionPage struct {
	*pageBuilder
	*Decision
	Work
	pictures *pictures
}

// Page makes the page. It ranks the queries of its sheets again.
func (d *Decision) Page(ctx context.Context, w Work, m run.Manifest) (func(io.Writer) error, error) {
	b, err := d.builder()
	if err != nil {
		return nil, err
	}
	p := &decisionPage{pageBuilder: b, Decision: d, Work: w, pictures: &pictures{b: b, captions: true, made: map[int]template.URL{}}}
	p.pictures.limit = min(pictureBytes, pageBytes/(len(p.Labels)*decisionSheets*(1+2*sheetHits)+min(len(w.Flagged), decisionFlags)))
	v := &studyView{
		Gallery: m.Gallery.Name, Subject: "the decision for " + p.name(d.Scheme), Fingerprint: m.Gallery.Fingerprint,
		Facts: p.facts(m), Line: p.verdictLine(), Verdicts: p.verdicts(), Caveats: p.caveats(m),
		Footer: "The file decision.strata beside this page measures the decision again, and fails where it no longer holds: " +
			"strata replay --check decision.strata. The log of the session gives this page again, byte for byte.",
	}
	for _, section := range []func(context.Context) (pageSection, error){p.table, p.fronts, p.notes, p.classes, p.losses, p.flags} {
		s, err := section(ctx)
		if err != nil {
			return nil, err
		}
		v.add(s)
	}
	return v.write, nil
}

// name returns a scheme's spelling, by place.
func (p *decisionPage) name(scheme int) string { return p.e.Schemes[scheme].String() }

// isWhole reports whether the evaluation is of all queries that it could be of.
func (p *decisionPage) isWhole() bool { return len(p.e.Queries) == p.e.From }

// verdictLine says which scheme is ahead under the decision's labels; of drawn queries, who leads so
// far.
func (p *decisionPage) verdictLine() string {
	words := live.Words{
		Rows: live.Evaluated(p.e, p.Comparisons, p.e.From), Chosen: p.tunedHere, Number: threeDigits, Count: strconv.Itoa,
	}
	for _, l := range p.Labels {
		words.Labels = append(words.Labels, p.e.Labels[l])
	}
	if !p.isWhole() {
		return words.Lead()
	}
	return words.Ahead(live.Costs)
}

// tunedHere reports whether a scheme is the one that a search for weights has chosen.
func (p *decisionPage) tunedHere(s scheme.Scheme) bool {
	return p.Tuned != nil && p.Tuned.Trials[p.Tuned.Best].Scheme.Equal(s)
}

// verdicts returns a card for each label of the decision, and one for the weights.
func (p *decisionPage) verdicts() []pageVerdict {
	var all []pageVerdict
	for _, l := range p.Labels {
		v := pageVerdict{Label: fmt.Sprintf("%s %s", p.e.Metrics[p.main], p.e.Labels[l])}
		sum := p.mean(p.Scheme, l, p.main)
		if sum.N == 0 {
			v.Text, v.Quiet = "No query is judged under this label.", true
			all = append(all, v)
			continue
		}
		v.Best, v.Value = p.name(p.Scheme), threeDigits(sum.Value)
		v.Text = fmt.Sprintf("95 %% interval %s, over %s.", interval3(sum.Low, sum.High), plural(sum.N, "query"))
		if c, ok := p.compared(l, p.main, p.Scheme, p.Against); ok && c.N > 0 {
			v.Text += " " + against(c)
			v.Quiet = !c.Shown() || c.Diff < 0
		}
		all = append(all, v)
	}
	if p.tunedHere(p.e.Schemes[p.Scheme]) {
		all = append(all, tunePage{Tuned: p.Tuned}.verdicts()[0])
	}
	return all
}

// against says how a scheme differs from another.
func against(c eval.Comparison) string {
	if !c.Shown() {
		return fmt.Sprintf("Not shown to differ from %s: %s (%s to %s; p %s).", c.B, signed(c.Diff), signed(c.Low), signed(c.High), equalsP(c.Holm))
	}
	word, by := "Ahead of", c
	if c.Diff < 0 {
		word, by = "Behind", c.Turned()
	}
	return fmt.Sprintf("%s %s by %s (%s to %s; p %s).", word, c.B, threeDigits(by.Diff), threeDigits(by.Low), threeDigits(by.High), equalsP(c.Holm))
}

// caveats returns what a reader must know before trusting the decision.
func (p *decisionPage) caveats(m run.Manifest) []string {
	var out []string
	if !p.isWhole() {
		out = append(out, fmt.Sprintf("Measured on %d of %d queries, drawn with seed %d: no scheme is shown to be ahead of all before all are.",
			len(p.e.Queries), p.e.From, p.e.Seed))
	}
	switch s := p.e.Schemes[p.Scheme]; {
	case p.tunedHere(s):
		out = append(out, fmt.Sprintf("The weights of %s were chosen on half of these queries or so: what they have on the others, above, says what to expect.", s))
	case weighted(s):
		out = append(out, fmt.Sprintf("Somebody chose the weights of %s. If that was by these queries, it will do less well on others.", s))
	}
	return append(out, p.pageBuilder.caveats(m)...)
}

// weighted reports whether the weights of a scheme's terms differ, here or in a part.
func weighted(s scheme.Scheme) bool {
	for _, part := range s.Parts {
		if weighted(part) {
			return true
		}
	}
	for _, t := range s.Terms {
		if t.Weight != s.Terms[0].Weight {
			return true
		}
	}
	return false
}
