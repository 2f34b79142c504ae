package report

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"strata/engine"
	"strata/engine/inert"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/run"
	"strata/experiments/script"
)

// Sheets chooses the contact sheets of a report, a self-contained HTML file.
type Sheets struct {
	Queries []string // ids of the queries that get one, at most MaxSheets
	Worst   int      // number of queries with the largest losses; at most MaxSheets
}

// DefaultWorst is the default number of sheets of queries with the largest losses.
const DefaultWorst = 6

// MaxSheets is the largest number of sheets of either kind.
const MaxSheets = 24

//go:embed page.html page_study.html page_pieces.html
var pageFiles embed.FS

// pageLayouts holds page.html, for evaluations; page_study.html, for other studies; and their
// common pieces.
var pageLayouts = mustParse("page.html", "page_study.html", "page_pieces.html")

func mustParse(names ...string) layouts {
	all, err := parseLayouts(pageFiles, names...)
	if err != nil {
		panic(err)
	}
	return all
}

// broken returns a scheme as HTML that may break lines behind its signs.
func broken(scheme string) template.HTML {
	text := template.HTMLEscapeString(scheme)
	return template.HTML(breaks.Replace(text)) // text is escaped
}

var breaks = strings.NewReplacer(",", ",<wbr>", "&#43;", "&#43;<wbr>", "(", "(<wbr>", "|", "|<wbr>")

// renderPage returns a function that writes a page.
func renderPage(name string, view any) func(io.Writer) error {
	return func(w io.Writer) error {
		var page bytes.Buffer // a template that fails has written half a page
		if err := pageLayouts.fill(&page, name, view); err != nil {
			return err
		}
		_, err := page.WriteTo(inert.NewWriter(w))
		return err
	}
}

// check returns the rows of the chosen queries, or an error if a page cannot show the sheets.
func (p Sheets) check(g *engine.Gallery) ([]int, error) {
	if len(p.Queries) > MaxSheets || p.Worst > MaxSheets {
		return nil, fmt.Errorf("a report takes at most %d contact sheets of chosen and of worst queries, not %d and %d",
			MaxSheets, len(p.Queries), p.Worst)
	}
	var rows []int
	for _, id := range p.Queries {
		row, err := g.Row(id)
		if err != nil {
			return nil, err
		}
		if !g.IsQuery(row) {
			return nil, fmt.Errorf("item %q is no query: its split is gallery", id)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// pageView is the data of the template.
type pageView struct {
	Gallery, Fingerprint string
	Facts                []pageFact
	Verdicts             []pageVerdict
	Labels               []pageLabel
	Duel                 *pageDuel // nil with one scheme
	Chosen, Worst        []pageSheet
	SheetNote, Marks     string
	Caveats              []string
}

type pageFact struct{ Name, Text string }

// pageVerdict is a card. A quiet card is not good news.
type pageVerdict struct {
	Label, Best, Value, Text string
	Quiet                    bool
}

// pageLabel is the page's part on one label.
type pageLabel struct {
	Name, Anchor string
	Table        pageMatrix
	Legend       string
	Plot         template.HTML
	Main         string // the metric of plot and comparisons
	Lead, Pairs  []pageComparison
	LeadTitle    string
}

type pageRow struct {
	Scheme string
	Best   bool
	Cells  []pageCell
	Quiet  bool // ceiling or random: no scheme
}

type pageCell struct {
	Value, Interval, Mark, Means string
	Best, Faded                  bool
}

// pageMatrix is a table of schemes by something else.
type pageMatrix struct {
	Caption, Corner string
	Head            []string
	Rows            []pageRow
}

type pageComparison struct {
	A, B, Diff, Interval, ByClass, P, Holm string
	Win, Tie, Loss                         int
	Shown                                  bool
}

// Page makes the page of an outcome. It ranks the queries of its sheets again.
func (o *Outcome) Page(ctx context.Context, p Sheets, m run.Manifest) (func(io.Writer) error, error) {
	rows, err := p.check(o.Evaluation.Gallery)
	if err != nil {
		return nil, err
	}
	b := &pageBuilder{e: o.Evaluation, comparisons: o.Comparisons, main: len(o.Evaluation.Ks) - 1, pairs: map[eval.Pair]int{}}
	if err := b.index(m.Baseline); err != nil {
		return nil, err
	}
	v := &pageView{Gallery: m.Gallery.Name, Fingerprint: m.Gallery.Fingerprint, Facts: b.facts(m)}
	for l := range o.Evaluation.Labels {
		label, err := b.label(l)
		if err != nil {
			return nil, err
		}
		v.Labels = append(v.Labels, label)
		v.Verdicts = append(v.Verdicts, b.verdict(l))
	}
	v.Caveats = b.caveats(m)
	if a, other, ok := b.duel(); ok {
		if v.Duel, err = b.duelView(a, other); err != nil {
			return nil, err
		}
		if err := b.sheets(ctx, v, rows, b.worst(0, a, other, p.Worst), a, other); err != nil {
			return nil, err
		}
	} else if err := b.sheets(ctx, v, rows, nil, 0, 0); err != nil {
		return nil, err
	}
	return renderPage("page.html", v), nil
}

// pageBuilder makes the parts of a page.
type pageBuilder struct {
	e           *eval.Evaluation
	comparisons []eval.Comparison
	main        int               // the deciding metric: P at the largest k
	pairs       map[eval.Pair]int // places among the comparisons of one metric
	perRow      int               // number of comparisons of one metric
	baseline    int               // a scheme, or -1
}

// index notes the indexes of the comparisons of each pair.
func (b *pageBuilder) index(baseline string) error {
	b.baseline = -1
	var scheme *scheme.Scheme
	for s := range b.e.Schemes {
		if b.e.Schemes[s].String() == baseline {
			b.baseline, scheme = s, &b.e.Schemes[s]
		}
	}
	pairs, err := b.e.Pairs(scheme)
	for i, p := range pairs {
		b.pairs[p] = i
	}
	b.perRow = len(pairs)
	return err
}

// mean returns the summary of a metric's micro mean.
func (b *pageBuilder) mean(scheme, label, metric int) eval.Summary {
	return b.e.Summaries[b.e.SummaryAt(scheme, label, eval.Micro, metric)]
}

// compared returns the comparison of scheme x with scheme y, in this direction.
func (b *pageBuilder) compared(label, metric, x, y int) (c eval.Comparison, ok bool) {
	first := (label*len(b.e.Metrics) + metric) * b.perRow
	if at, ok := b.pairs[eval.Pair{A: x, B: y}]; ok {
		return b.comparisons[first+at], true
	}
	at, ok := b.pairs[eval.Pair{A: y, B: x}]
	if !ok {
		return c, false
	}
	return b.comparisons[first+at].Turned(), true
}

// best returns the scheme with the highest mean, the first among equals, or -1.
func (b *pageBuilder) best(label, metric int) int {
	best := -1
	for s := range b.e.Schemes {
		if sum := b.mean(s, label, metric); sum.N > 0 && (best < 0 || sum.Value > b.mean(best, label, metric).Value) {
			best = s
		}
	}
	return best
}

// equals returns the schemes that are not shown to differ from x, and the number of schemes that
// are. A scheme without a comparison is in neither.
func (b *pageBuilder) equals(label, metric, x int) (equal []int, shown int) {
	for s := range b.e.Schemes {
		if s == x {
			continue
		}
		c, ok := b.compared(label, metric, x, s)
		switch {
		case !ok:
		case c.Shown():
			shown++
		default:
			equal = append(equal, s)
		}
	}
	return equal, shown
}

// duel returns the two schemes that the page compares in detail: the best under the first label,
// and the baseline or else the second best.
func (b *pageBuilder) duel() (first, second int, ok bool) {
	first = b.best(0, b.main)
	if first < 0 || len(b.e.Schemes) < 2 {
		return 0, 0, false
	}
	if b.baseline >= 0 && b.baseline != first {
		return first, b.baseline, true
	}
	second = b.second(0, first)
	return first, second, second >= 0
}

// second returns the scheme with the highest mean of the main metric but for one, or -1.
func (b *pageBuilder) second(label, first int) int {
	second := -1
	for s := range b.e.Schemes {
		if sum := b.mean(s, label, b.main); s != first && sum.N > 0 && (second < 0 || sum.Value > b.mean(second, label, b.main).Value) {
			second = s
		}
	}
	return second
}

// facts describes the measurement, as far as gallery and plan determine it.
func (b *pageBuilder) facts(m run.Manifest) []pageFact {
	facts := []pageFact{
		{"Items", strconv.Itoa(m.Gallery.Items)},
		{"Queries", strconv.Itoa(m.Queries)},
		{"Schemes", strconv.Itoa(len(b.e.Schemes))},
		{"Seed", strconv.FormatUint(m.Seed, 10)},
		{"Resamples", strconv.Itoa(m.Resamples)},
	}
	if m.Version != "" {
		facts = append(facts, pageFact{"Strata", m.Version})
	}
	if m.Set != "" {
		facts = append(facts, pageFact{"Queries of", m.Set})
	}
	if len(m.Where) > 0 {
		facts = append(facts, pageFact{"Queries where", script.Filter{Conditions: b.e.Where}.Text()})
	}
	if len(m.Filter) > 0 {
		facts = append(facts, pageFact{"Candidates where", script.Filter{Conditions: b.e.Filter}.Text()})
	}
	if m.Baseline != "" {
		facts = append(facts, pageFact{"Baseline", m.Baseline})
	}
	return facts
}
