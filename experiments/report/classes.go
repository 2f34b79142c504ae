package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"strata/experiments/eval"
)

const (
	enoughQueries = 5  // least number of queries of a class that is shown
	classesAtEnd  = 10 // of a chart: that many of the largest gains, and of losses
)

// pageDuel compares two schemes class by class.
type pageDuel struct {
	A, B   string
	Why    string
	Labels []pageClasses
}

type pageClasses struct {
	Label, Anchor, Metric, Note string
	Plot                        template.HTML
	Rows                        []pageClass
}

type pageClass struct {
	Name           string
	Queries        int
	A, B, Diff     string
	Win, Tie, Loss int
}

// duelView makes the part of two schemes.
func (b *pageBuilder) duelView(a, other int) (*pageDuel, error) {
	v := &pageDuel{A: b.e.Schemes[a].String(), B: b.e.Schemes[other].String()}
	v.Why = fmt.Sprintf("the highest and the second by %s of %s", b.e.Metrics[b.main], b.e.Labels[0])
	if other == b.baseline {
		v.Why = fmt.Sprintf("the highest by %s of %s, and the baseline", b.e.Metrics[b.main], b.e.Labels[0])
	}
	for l, label := range b.e.Labels {
		classes, err := b.classesView(l, a, other)
		if err != nil {
			return nil, err
		}
		if len(classes.Rows) > 0 {
			classes.Label, classes.Anchor = label, fmt.Sprintf("classes-%d", l+1)
			v.Labels = append(v.Labels, classes)
		}
	}
	return v, nil
}

func (b *pageBuilder) classesView(label, a, other int) (pageClasses, error) {
	all := b.e.ClassDifferences(label, a, other)
	shown := slices.DeleteFunc(slices.Clone(all), func(c eval.ClassDifference) bool { return c.Queries < enoughQueries })
	v := pageClasses{Metric: b.e.Metrics[b.main].String()}
	switch {
	case len(shown) == 0:
		shown = all
	case len(shown) < len(all):
		v.Note = fmt.Sprintf("%d of %d classes have fewer than %d queries and are left out. ", len(all)-len(shown), len(all), enoughQueries)
	}
	if n := len(shown); n > 2*classesAtEnd {
		v.Note += fmt.Sprintf("Of %d classes, the %d at either end are shown. ", n, classesAtEnd)
		shown = slices.Concat(shown[:classesAtEnd], shown[n-classesAtEnd:])
	}
	if len(shown) == 0 {
		return v, nil
	}
	var names []string
	var diffs []float64
	alt := fmt.Sprintf("Difference of %s, %s less %s, by class:", v.Metric, b.e.Schemes[a], b.e.Schemes[other])
	for _, c := range shown {
		names, diffs = append(names, c.Class), append(diffs, c.Diff)
		v.Rows = append(v.Rows, pageClass{
			Name: c.Class, Queries: c.Queries, A: threeDigits(c.A), B: threeDigits(c.B),
			Diff: signed(c.Diff), Win: c.Win, Tie: c.Tie, Loss: c.Loss,
		})
		alt += fmt.Sprintf(" %s %s;", c.Class, signed(c.Diff))
	}
	var err error
	v.Plot, err = differencePlot(names, diffs, nil, fmt.Sprintf("difference of %s", v.Metric), strings.TrimSuffix(alt, ";"))
	return v, err
}

// worst returns the indexes of at most n queries for which scheme a has fewer hits than other under
// a label. The largest difference comes first.
func (b *pageBuilder) worst(label, a, other, n int) []int {
	last := len(b.e.Ks) - 1
	loss := func(i int) int { return int(b.e.HitsOf(i, other, label)[last]) - int(b.e.HitsOf(i, a, label)[last]) }
	var lost []int
	for _, i := range eval.Common(b.e.Judged(a, label), b.e.Judged(other, label)) {
		if loss(i) > 0 {
			lost = append(lost, i)
		}
	}
	slices.SortStableFunc(lost, func(x, y int) int { return cmp.Compare(loss(y), loss(x)) })
	return lost[:min(n, len(lost))]
}
