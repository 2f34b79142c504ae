package report

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"strata/experiments/eval"
	"strata/experiments/stats"
	"strata/experiments/table"
)

// The numbers of what the page of a decision shows.
const (
	decisionSheets = 3  // queries with the largest losses, by label
	decisionFlags  = 40 // flagged pictures
	namedOnFront   = 12 // schemes up to which all are named beside their points
)

// table returns the section with all schemes and labels, those of the decision by themselves.
func (p *decisionPage) table(context.Context) (pageSection, error) {
	lead := fmt.Sprintf("Mean %s over queries, with its 95 %% interval. Bold: the highest under the label. The tinted row is the decision.", p.e.Metrics[p.main])
	if p.Against >= 0 {
		lead += fmt.Sprintf(" ▲ ahead of, ▼ behind %s, p < 0.05 after Holm’s correction; faded: no difference from it is shown.", p.name(p.Against))
	}
	s := pageSection{Title: "Schemes and labels", Lead: lead, Parts: []pagePart{{Matrix: p.matrix("The labels of the decision.", p.Labels)}}}
	var others []int
	for l := range p.e.Labels {
		if !slices.Contains(p.Labels, l) {
			others = append(others, l)
		}
	}
	if others != nil {
		s.Parts = append(s.Parts, pagePart{Matrix: p.matrix("Other labels.", others)})
	}
	return s, nil
}

// matrix returns a table of all schemes and some labels.
func (p *decisionPage) matrix(caption string, labels []int) *pageMatrix {
	m := &pageMatrix{Corner: "Scheme", Caption: caption}
	for _, l := range labels {
		m.Head = append(m.Head, p.e.Labels[l])
	}
	for s := range p.e.Schemes {
		row := pageRow{Scheme: p.name(s), Best: s == p.Scheme}
		for _, l := range labels {
			cell := p.cell(s, l, p.main)
			cell.Faded = p.Against >= 0 && s != p.Against && cell.Mark == ""
			row.Cells = append(row.Cells, cell)
		}
		m.Rows = append(m.Rows, row)
	}
	for _, quiet := range []struct {
		name string
		of   func(eval.Summary) float64
	}{
		{"ceiling", func(s eval.Summary) float64 { return s.Ceiling }},
		{"random", func(s eval.Summary) float64 { return s.Baseline }},
	} {
		row := pageRow{Scheme: quiet.name, Quiet: true}
		for _, l := range labels {
			row.Cells = append(row.Cells, p.quiet("", l, []int{p.main}, quiet.of).Cells[0])
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// fronts returns the section on trade-offs: between the measured schemes, and between those of the
// search for weights.
func (p *decisionPage) fronts(context.Context) (pageSection, error) {
	s := pageSection{Title: "What can be had together"}
	if len(p.Labels) > 1 && len(p.e.Schemes) > 1 {
		panel, err := p.frontOf(p.Labels[0], p.Labels[1])
		if err != nil {
			return s, err
		}
		s.Parts = append(s.Parts, pagePart{Plot: panel, PlotNote: "The measured schemes. Green: the decision. " +
			"The line joins those that no other exceeds under one of the labels without falling behind under the other."})
	}
	if p.Tuned == nil {
		return s, nil
	}
	tuned := *p.Tuned
	tuned.FrontOf = slices.DeleteFunc(slices.Clone(tuned.FrontOf), func(n int) bool { return n > 0 && !p.isOf(tuned.Targets[n].Label) })
	t := tunePage{Tuned: &tuned}
	held, err := t.heldOut(0)
	if err != nil {
		return s, err
	}
	held.Title = "Weights searched for " + t.Targets[0].String()
	s.Parts = append(s.Parts, held)
	front, err := t.frontSection()
	if err == nil && len(front.Parts) > 0 {
		front.Parts[0].Title, front.Parts[0].Note = "Its front", front.Lead
		s.Parts = append(s.Parts, front.Parts...)
	}
	return s, err
}

// isOf reports whether a label is one of the decision's.
func (p *decisionPage) isOf(label string) bool {
	return slices.ContainsFunc(p.Labels, func(l int) bool { return p.e.Labels[l] == label })
}

// frontOf draws the measured schemes by two labels.
func (p *decisionPage) frontOf(x, y int) (template.HTML, error) {
	metric := p.e.Metrics[p.main].String()
	panel := newPanel(metric+" "+p.e.Labels[x], metric+" "+p.e.Labels[y])
	panel.Title.Text = plural(len(p.e.Queries), "query")
	points, along, alt := p.frontPoints(x, y)
	labels := &pointLabels{style: panel.X.Tick.Label}
	var front plotter.XYs
	for _, s := range along {
		front = append(front, points[s])
	}
	if len(front) > 1 {
		line, err := plotter.NewLine(front)
		if err != nil {
			return "", err
		}
		line.Color, line.Width = markColor, 1.2
		panel.Add(line)
	}
	for s, at := range points {
		ink, size := dimColor, 3.2
		switch {
		case math.IsNaN(at.X) || math.IsNaN(at.Y):
			continue
		case s == p.Scheme:
			ink, size = bestColor, 5.5
		case slices.Contains(along, s):
			ink, size = markColor, 3.6
		}
		if err := addDots(panel, plotter.XYs{at}, ink, vg.Length(size)); err != nil {
			return "", err
		}
		if s == p.Scheme || s == p.Against || len(points) <= namedOnFront || slices.Contains(along, s) {
			labels.add(at, table.PlotText(p.name(s)), s == p.Scheme)
		} else {
			labels.taken = append(labels.taken, at)
		}
	}
	panel.Add(labels)
	for _, a := range []*plot.Axis{&panel.X, &panel.Y} {
		margin := max((a.Max-a.Min)/8, 0.002)
		a.Min, a.Max = a.Min-margin, a.Max+margin
	}
	return svgSized(panel, panelWidth, panelHeight, alt)
}

// frontPoints returns the means of all schemes under two labels, NaN where there is none; the
// schemes along the front, by the first label; and a text for readers who do not see them.
func (p *decisionPage) frontPoints(x, y int) (points plotter.XYs, along []int, alt string) {
	for s := range p.e.Schemes {
		points = append(points, plotter.XY{X: p.mean(s, x, p.main).Value, Y: p.mean(s, y, p.main).Value})
	}
	alt = fmt.Sprintf("%s of %s against %s:", p.e.Metrics[p.main], p.e.Labels[y], p.e.Labels[x])
	for s, a := range points {
		if math.IsNaN(a.X) || math.IsNaN(a.Y) {
			continue
		}
		alt += fmt.Sprintf(" %s %s and %s;", p.name(s), threeDigits(a.X), threeDigits(a.Y))
		if !slices.ContainsFunc(points, func(b plotter.XY) bool { return b.X >= a.X && b.Y >= a.Y && (b.X > a.X || b.Y > a.Y) }) {
			along = append(along, s)
		}
	}
	slices.SortStableFunc(along, func(a, b int) int { return cmp.Compare(points[a].X, points[b].X) })
	return points, along, strings.TrimSuffix(alt, ";")
}

// notes returns the section with the notes of the session.
func (p *decisionPage) notes(context.Context) (pageSection, error) {
	if len(p.Notes) == 0 {
		return pageSection{}, nil
	}
	return pageSection{Title: "Notes", Parts: []pagePart{{List: p.Notes}}}, nil
}

// classes returns the section on classes: those that weigh most come first.
func (p *decisionPage) classes(context.Context) (pageSection, error) {
	if p.Against < 0 {
		return pageSection{}, nil
	}
	s := pageSection{
		Title: "Where they differ",
		Lead: fmt.Sprintf("Classes by the hits that their queries gain or lose when %s takes the place of %s: the difference times the number of queries. "+
			"Faded: chance may explain it, p ≥ 0.05 after Holm’s correction for the number of classes.", p.name(p.Scheme), p.name(p.Against)),
	}
	for _, l := range p.Labels {
		part, err := p.classesOf(l)
		if err != nil {
			return s, err
		}
		if part.Table != nil {
			s.Parts = append(s.Parts, part)
		}
	}
	return s, nil
}

// classesOf returns the part on the classes of a label; without a table if there are none.
func (p *decisionPage) classesOf(label int) (pagePart, error) {
	all := p.e.ClassDifferences(label, p.Scheme, p.Against)
	part := pagePart{Title: "By " + p.e.Labels[label]}
	if len(all) == 0 {
		return part, nil
	}
	ps := make([]float64, len(all))
	for i, c := range all {
		ps[i] = classChance(c)
	}
	holm := stats.Holm(ps)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	weight := func(i int) int { return max(all[i].HitsA-all[i].HitsB, all[i].HitsB-all[i].HitsA) }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight(b), weight(a)) })
	t := &pageTable{Caption: fmt.Sprintf("%s by %s.", p.e.Metrics[p.main], p.e.Labels[label])}
	if n := 2 * classesAtEnd; len(order) > n {
		t.Caption = fmt.Sprintf("%s by %s: the first %d of %d classes.", p.e.Metrics[p.main], p.e.Labels[label], n, len(order))
		order = order[:n]
	}
	t.Columns = []pageColumn{{p.e.Labels[label], ""}, {"Hits", ""}, {"Difference", ""}, {"Queries", ""}, {"p, Holm", ""}}
	var names []string
	var hits []float64
	var faded []bool
	alt := fmt.Sprintf("Hits that %s has more than %s, by class:", p.name(p.Scheme), p.name(p.Against))
	for _, i := range order {
		c, more := all[i], signedCount(all[i].HitsA-all[i].HitsB)
		names, hits, faded = append(names, c.Class), append(hits, float64(c.HitsA-c.HitsB)), append(faded, !(holm[i] < eval.Significant))
		t.Rows = append(t.Rows, pageTableRow{
			Faded: !(holm[i] < eval.Significant),
			Cells: []string{c.Class, more, signed(c.Diff), strconv.Itoa(c.Queries), eval.RoundedP(holm[i])},
		})
		alt += fmt.Sprintf(" %s %s;", c.Class, more)
	}
	part.Table = t
	var err error
	part.Plot, err = differencePlot(names, hits, faded, "hits gained, lost", strings.TrimSuffix(alt, ";"))
	return part, err
}

// classChance returns the p of a class: the exact one, or where that takes too long, that of a sign
// test by the normal approximation.
func classChance(c eval.ClassDifference) float64 {
	n := float64(c.Win + c.Loss)
	switch {
	case !math.IsNaN(c.P):
		return c.P
	case n == 0:
		return 1
	}
	return math.Erfc(max(math.Abs(float64(c.Win-c.Loss))-1, 0) / math.Sqrt(n) / math.Sqrt2)
}

// signedCount returns a number with its sign.
func signedCount(n int) string {
	if n == 0 {
		return "0"
	}
	return strings.Replace(fmt.Sprintf("%+d", n), "-", "−", 1)
}

// losses returns the section with the queries that lose most.
func (p *decisionPage) losses(ctx context.Context) (pageSection, error) {
	if p.Against < 0 {
		return pageSection{}, nil
	}
	s := pageSection{
		Title: "What it loses",
		Lead:  fmt.Sprintf("The queries that lose most hits when %s takes the place of %s, with the ten nearest under both, their ranks and scores. A frame is a hit.", p.name(p.Scheme), p.name(p.Against)),
	}
	for _, l := range p.Labels {
		part := pagePart{Title: "By " + p.e.Labels[l]}
		places := p.worst(l, p.Scheme, p.Against, decisionSheets)
		rows := make([]int, len(places))
		for n, i := range places {
			rows[n] = p.e.Queries[i]
		}
		if len(rows) == 0 {
			part.Note = "No query loses a hit."
			s.Parts = append(s.Parts, part)
			continue
		}
		rankings, err := p.rankAgain(ctx, rows)
		if err != nil {
			return s, err
		}
		for n, row := range rows {
			sheet := p.sheet(p.pictures, row, []int{p.Scheme, p.Against}, rankings[n], sheetMarks{l, -1})
			sheet.Why = p.finds(places[n], p.Scheme, p.Against, l)
			part.Sheets = append(part.Sheets, sheet)
		}
		s.Parts = append(s.Parts, part)
	}
	return s, nil
}

// flags returns the section with flagged pictures.
func (p *decisionPage) flags(context.Context) (pageSection, error) {
	if len(p.Flagged) == 0 {
		return pageSection{}, nil
	}
	cards := &pageCards{Single: true}
	for _, f := range p.Flagged[:min(len(p.Flagged), decisionFlags)] {
		id := p.e.Gallery.ID(f.Row)
		cards.Cards = append(cards.Cards, pageCard{
			Pictures: []pagePicture{{URI: p.pictures.of(f.Row), ID: id, Alt: f.Flag + ": " + id + described(p.describe(f.Row))}},
			Lines:    []string{f.Flag, id},
		})
	}
	part := pagePart{Cards: cards}
	if n := len(p.Flagged); n > decisionFlags {
		part.Note = fmt.Sprintf("The first %d of %d.", decisionFlags, n)
	}
	return pageSection{Title: "Flagged", Parts: []pagePart{part}}, nil
}
