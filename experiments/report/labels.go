package report

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"strata/experiments/eval"
	"strata/experiments/run"
	"strata/experiments/table"
)

// maxNamed is the largest number of schemes that a sentence names.
const maxNamed = 4

// verdict returns a sentence on the main metric under a label.
func (b *pageBuilder) verdict(label int) pageVerdict {
	v := pageVerdict{Label: b.e.Labels[label]}
	best := b.best(label, b.main)
	if best < 0 {
		v.Text = "No query is judged under this label."
		return v
	}
	sum := b.mean(best, label, b.main)
	v.Best, v.Value = b.e.Schemes[best].String(), threeDigits(sum.Value)
	v.Text = fmt.Sprintf("Highest %s, 95 %% interval %s. ", sum.Metric, interval3(sum.Low, sum.High))
	equal, shown := b.equals(label, b.main, best)
	switch {
	case len(b.e.Schemes) == 1:
	case b.baseline >= 0 && best == b.baseline:
		v.Text = fmt.Sprintf("The baseline has the highest %s, 95 %% interval %s. ", sum.Metric, interval3(sum.Low, sum.High))
		if len(equal) > 0 {
			v.Text += "Not shown to be worse: " + b.named(equal) + "."
		} else {
			v.Text += "All others are worse."
		}
	case b.baseline >= 0 && shown > 0:
		c, _ := b.compared(label, b.main, best, b.baseline)
		v.Text += fmt.Sprintf("Ahead of the baseline %s by %s (%s to %s; p %s).", b.e.Schemes[b.baseline], signed(c.Diff), signed(c.Low), signed(c.High), equalsP(c.Holm))
	case b.baseline >= 0:
		v.Text += fmt.Sprintf("Not shown to be ahead of the baseline %s.", b.e.Schemes[b.baseline])
	case len(equal) == 0:
		v.Text += "Ahead of every other scheme (p < 0.05 after Holm’s correction)."
	default:
		v.Text += fmt.Sprintf("Not shown to differ from %s", b.named(equal))
		if shown > 0 {
			v.Text += fmt.Sprintf("; ahead of the other %d", shown)
		}
		v.Text += "."
	}
	return v
}

// named returns the names of schemes; of many, the first few.
func (b *pageBuilder) named(schemes []int) string {
	var names []string
	for i, s := range schemes {
		if i == maxNamed && len(schemes) > maxNamed+1 {
			names = append(names, fmt.Sprintf("%d more", len(schemes)-maxNamed))
			break
		}
		names = append(names, b.e.Schemes[s].String())
	}
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// columns returns the metrics of the page's tables: P at every k if there is no other measure, else
// each measure at its largest k.
func (b *pageBuilder) columns() []int {
	var columns []int
	for m, metric := range b.e.Metrics {
		last := m+1 == len(b.e.Metrics) || b.e.Metrics[m+1].Kind != metric.Kind || b.e.Metrics[m+1].K == 0
		if last || len(b.e.Metrics) == len(b.e.Ks) {
			columns = append(columns, m)
		}
	}
	return columns
}

// label makes the page's part on a label.
func (b *pageBuilder) label(label int) (pageLabel, error) {
	v := pageLabel{Name: b.e.Labels[label], Anchor: "label-" + strconv.Itoa(label+1), Main: b.e.Metrics[b.main].String()}
	columns := b.columns()
	for _, m := range columns {
		v.Table.Head = append(v.Table.Head, b.e.Metrics[m].String())
	}
	if len(b.e.Schemes) > 1 {
		v.Table.Head = append(v.Table.Head, "P(best)", "Rank")
	}
	best := b.best(label, b.main)
	for s, scheme := range b.e.Schemes {
		row := pageRow{Scheme: scheme.String(), Best: s == best}
		for _, m := range columns {
			row.Cells = append(row.Cells, b.cell(s, label, m))
		}
		row.Cells = append(row.Cells, b.standing(s, label)...)
		v.Table.Rows = append(v.Table.Rows, row)
	}
	v.Table.Rows = append(v.Table.Rows, b.quiet("ceiling", label, columns, func(s eval.Summary) float64 { return s.Ceiling }),
		b.quiet("random", label, columns, func(s eval.Summary) float64 { return s.Baseline }))
	v.Legend = b.legend()
	v.Table.Corner, v.Table.Caption = "Scheme", fmt.Sprintf("Mean over queries, with its 95 %% interval. %s.", eval.Skips(b.mean(max(best, 0), label, b.main)))
	if best < 0 {
		return v, nil
	}
	b.addComparisons(&v, label, best)
	var err error
	v.Plot, err = b.intervalPlot(label, best)
	return v, err
}

// standing makes the cells of how a scheme stands among all by the main metric; none
// with one scheme.
func (b *pageBuilder) standing(scheme, label int) []pageCell {
	if len(b.e.Schemes) == 1 {
		return nil
	}
	of := b.e.Standings[b.e.SummaryAt(scheme, label, eval.Micro, b.main)]
	if of.N == 0 {
		return []pageCell{{Value: "–"}, {Value: "–"}}
	}
	return []pageCell{{Value: threeDigits(of.First)}, {Value: strings.Replace(of.RankText(), " to ", "–", 1)}}
}

func (b *pageBuilder) legend() string {
	if len(b.e.Schemes) == 1 {
		return ""
	}
	return b.marks() + fmt.Sprintf(" P(best) is the share of paired resamples of the queries in which the scheme has the highest %s, rank the 95 %% interval of its rank in them; schemes that are equal share.", b.e.Metrics[b.main])
}

// marks explains the marks of the cells.
func (b *pageBuilder) marks() string {
	if b.baseline >= 0 {
		return "▲ ahead of, ▼ behind the baseline " + b.e.Schemes[b.baseline].String() + ", p < 0.05 after Holm’s correction; no mark: no difference is shown. The highest value is bold."
	}
	return "★ highest, and ahead of every other scheme, p < 0.05 after Holm’s correction. ☆ highest, but the schemes marked ≈ are not shown to differ from it."
}

// cell makes a cell of the table of metrics.
func (b *pageBuilder) cell(scheme, label, metric int) pageCell {
	sum := b.mean(scheme, label, metric)
	if sum.N == 0 {
		return pageCell{Value: "–"}
	}
	c := pageCell{Value: threeDigits(sum.Value), Interval: interval3(sum.Low, sum.High)}
	best := b.best(label, metric)
	c.Best = scheme == best
	switch {
	case len(b.e.Schemes) == 1:
		c.Best = false
	case b.baseline >= 0:
		with, ok := b.compared(label, metric, scheme, b.baseline)
		switch {
		case !ok || !with.Shown():
		case with.Diff > 0:
			c.Mark, c.Means = "▲", "ahead of the baseline"
		default:
			c.Mark, c.Means = "▼", "behind the baseline"
		}
	case c.Best:
		c.Mark, c.Means = "★", "ahead of every other scheme"
		if equal, _ := b.equals(label, metric, scheme); len(equal) > 0 {
			c.Mark, c.Means = "☆", "highest"
		}
	default:
		if with, ok := b.compared(label, metric, best, scheme); ok && !with.Shown() {
			c.Mark, c.Means = "≈", "not shown to differ from the highest"
		}
	}
	return c
}

// quiet makes a row that is not a scheme's.
func (b *pageBuilder) quiet(name string, label int, columns []int, of func(eval.Summary) float64) pageRow {
	row := pageRow{Scheme: name, Quiet: true}
	for _, m := range columns {
		text := "–"
		if s := b.best(label, m); s >= 0 {
			if x := of(b.mean(s, label, m)); !math.IsNaN(x) {
				text = threeDigits(x)
			}
		}
		row.Cells = append(row.Cells, pageCell{Value: text})
	}
	if len(b.e.Schemes) > 1 {
		row.Cells = append(row.Cells, pageCell{Value: "–"}, pageCell{Value: "–"})
	}
	return row
}

// addComparisons adds the comparisons by the main metric: with the best scheme or the baseline, and
// all.
func (b *pageBuilder) addComparisons(v *pageLabel, label, best int) {
	lead := best
	v.LeadTitle = b.e.Schemes[best].String() + ", the highest, against the others"
	if b.baseline >= 0 {
		lead = b.baseline
		v.LeadTitle = "All against the baseline " + b.e.Schemes[lead].String()
	}
	var others []eval.Comparison
	for s := range b.e.Schemes {
		c, ok := b.compared(label, b.main, lead, s)
		if !ok {
			continue
		}
		if b.baseline >= 0 {
			c = c.Turned()
		}
		others = append(others, c)
	}
	slices.SortStableFunc(others, func(x, y eval.Comparison) int {
		switch {
		case x.Diff < y.Diff:
			return -1
		case x.Diff > y.Diff:
			return 1
		}
		return 0
	})
	if b.baseline >= 0 {
		slices.Reverse(others)
	}
	for _, c := range others {
		v.Lead = append(v.Lead, comparisonRow(c))
	}
	first := (label*len(b.e.Metrics) + b.main) * b.perRow
	if all := b.comparisons[first : first+b.perRow]; len(all) > len(others) {
		for _, c := range all {
			v.Pairs = append(v.Pairs, comparisonRow(c))
		}
	}
}

func comparisonRow(c eval.Comparison) pageComparison {
	v := pageComparison{
		A: c.A.String(), B: c.B.String(), Diff: "–", Interval: "–", ByClass: "–", P: "–", Holm: "–",
		Win: c.Win, Tie: c.Tie, Loss: c.Loss, Shown: c.Shown(),
	}
	if c.N == 0 {
		return v
	}
	v.Diff, v.Interval = signed(c.Diff), signed(c.Low)+" to "+signed(c.High)
	v.P, v.Holm = eval.RoundedP(c.P), eval.RoundedP(c.Holm)
	if c.Classes > 1 {
		v.ByClass = signed(c.ClassLow) + " to " + signed(c.ClassHigh)
	}
	return v
}

// intervalPlot draws the main metric of all schemes.
func (b *pageBuilder) intervalPlot(label, best int) (template.HTML, error) {
	var rows []intervalRow
	alt := fmt.Sprintf("%s of %s with 95 %% intervals:", b.e.Metrics[b.main], b.e.Labels[label])
	for s, scheme := range b.e.Schemes {
		sum := b.mean(s, label, b.main)
		if sum.N == 0 {
			continue
		}
		rows = append(rows, intervalRow{scheme.String(), sum.Value, sum.Low, sum.High, s == best, math.NaN()})
		alt += fmt.Sprintf(" %s %s (%s);", scheme, threeDigits(sum.Value), interval3(sum.Low, sum.High))
	}
	sum := b.mean(best, label, b.main)
	return intervalPlot(rows, b.e.Metrics[b.main].String()+" of "+table.PlotText(b.e.Labels[label]), sum.Baseline, sum.Ceiling, strings.TrimSuffix(alt, ";"))
}

// caveats returns what a reader must know before trusting the numbers.
func (b *pageBuilder) caveats(m run.Manifest) []string {
	var out []string
	for l, label := range b.e.Labels {
		first := b.mean(0, l, b.main)
		out = append(out, label+": "+eval.Skips(first)+".")
		for s, scheme := range b.e.Schemes {
			if sum := b.mean(s, l, b.main); sum.Unscored != first.Unscored {
				out = append(out, fmt.Sprintf("%s under %s: %s. It is not judged on the same queries as the first scheme.", label, scheme, eval.Skips(sum)))
			}
		}
		if c := first.Ceiling; c < 0.995 {
			out = append(out, fmt.Sprintf("%s: no ranking can reach more than %s %s, since some queries have fewer than %d relevant candidates.",
				label, threeDigits(c), first.Metric, first.K))
		}
	}
	if line := b.e.TieLine(); line != "" {
		out = append(out, "Hits "+line+": of candidates with the same score the first stands first.")
	}
	out = append(out, "A query is skipped when its value is unknown, when no candidate shares it (lone), or when it has no score (unscored). An unknown value is never a hit.",
		"Intervals are 95 % percentile bootstraps over queries; p is of a paired permutation test, exact where it can be. “By class” draws whole classes: it is the one that holds for classes that are not in this gallery.",
		"“random” is what a random order gives, “ceiling” what the best possible one does.")
	return append(out, m.Gallery.Faults...)
}

func threeDigits(x float64) string { return fmt.Sprintf("%.3f", x) }

func interval3(low, high float64) string { return threeDigits(low) + "–" + threeDigits(high) }

// signed returns a difference with its sign. A difference that rounds to 0 has no sign.
func signed(x float64) string {
	text := fmt.Sprintf("%+.3f", x)
	if text == "+0.000" || text == "-0.000" {
		return "0.000"
	}
	return strings.Replace(text, "-", "−", 1)
}

// equalsP returns a p-value with its relation.
func equalsP(p float64) string {
	if text := eval.RoundedP(p); text[0] == '<' {
		return "< " + text[1:]
	}
	return "= " + eval.RoundedP(p)
}
