package report

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"

	"strata/experiments/eval"
	"strata/experiments/metric"
	"strata/experiments/mine"
	"strata/experiments/stats"
	"strata/experiments/table"
)

// The numbers of items that a page of a mining shows.
const (
	minedLabels   = 6  // labels with pictures
	minedSheets   = 3  // queries with the largest losses, by label; and queries with the least overlap
	minedMistakes = 5  // by scheme and label
	minedHubs     = 8  // by scheme
	minedPairs    = 15 // of duplicates
)

// minePage makes the page of a mining.
type minePage struct {
	*pageBuilder
	*mine.Mined
	pictures *pictures
	schemes  [2]string
	shown    int // labels that have pictures
}

// pageOfMined returns the view of the report. It ranks the queries of its sheets again.
func pageOfMined(ctx context.Context, u *mine.Mined, m miningManifest) (*studyView, error) {
	b := &pageBuilder{e: u.Evaluation, main: len(u.Evaluation.Ks) - 1, baseline: -1}
	p := &minePage{pageBuilder: b, Mined: u, shown: min(len(u.Evaluation.Labels), minedLabels)}
	p.schemes = [2]string{u.Evaluation.Schemes[0].String(), u.Evaluation.Schemes[1].String()}
	most := minedSheets*(p.shown+1)*(1+2*sheetHits) + 4*minedMistakes*p.shown + 2*minedHubs + 2*minedPairs
	p.pictures = &pictures{b: b, limit: min(pictureBytes, pageBytes/most), made: map[int]template.URL{}}
	v := &studyView{
		Gallery: m.Gallery.Name, Subject: "where two schemes fail", Fingerprint: m.Gallery.Fingerprint, Facts: p.facts(m),
		Footer: "All rows, unrounded, are in the tables classes, losses, mistakes, hubs, disagreements and duplicates of the same run; " +
			"the same gallery and command give the same page, byte for byte.",
	}
	comparisons, err := u.Evaluation.Compare(ctx, nil)
	if err != nil {
		return nil, err
	}
	v.Verdicts = p.verdicts(comparisons)
	for _, section := range []func(context.Context) (pageSection, error){p.classes, p.lost, p.mistakes, p.hubs, p.disagreements, p.duplicates} {
		s, err := section(ctx)
		if err != nil {
			return nil, err
		}
		v.add(s)
	}
	v.Caveats = p.caveats(m)
	return v, nil
}

func (p *minePage) facts(m miningManifest) []pageFact {
	return append([]pageFact{
		{"A, what is", p.schemes[0]},
		{"B, what might be", p.schemes[1]},
		{"Items", strconv.Itoa(m.Gallery.Items)},
		{"Queries", strconv.Itoa(m.Queries)},
		{"First hits looked at", strconv.Itoa(p.K)},
		{"Seed", strconv.FormatUint(m.Seed, 10)},
		{"Strata", m.Version},
	}, conditionFacts(m.Manifest)...)
}

// verdicts returns, for every label, the scheme that is ahead. There is one comparison for each
// label.
func (p *minePage) verdicts(comparisons []eval.Comparison) []pageVerdict {
	var verdicts []pageVerdict
	for _, c := range comparisons {
		v := pageVerdict{Label: metric.Target{Metric: c.Metric, Label: c.Label}.String(), Quiet: true}
		if c.N == 0 {
			v.Text = "No query is judged under this label by both."
			verdicts = append(verdicts, v)
			continue
		}
		interval := fmt.Sprintf("%s to %s; p %s", signed(c.Low), signed(c.High), equalsP(c.P))
		of := fmt.Sprintf(" Of %s A finds more for %d, B for %d, as many for %d.", plural(c.N, "query"), c.Win, c.Loss, c.Tie)
		switch {
		case !(c.P < eval.Significant):
			v.Best, v.Value = "no difference is shown", signed(c.Diff)
			v.Text = fmt.Sprintf("is that of A less that of B (%s).", interval) + of
		case c.Diff > 0:
			v.Best, v.Value = "A = "+c.A.String(), signed(c.Diff)
			v.Text = fmt.Sprintf("ahead of B (%s).", interval) + of
		default:
			ahead := c.Turned()
			v.Best, v.Value = "B = "+ahead.A.String(), signed(ahead.Diff)
			v.Text = fmt.Sprintf("ahead of A (%s to %s; p %s).", signed(ahead.Low), signed(ahead.High), equalsP(c.P)) + of
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// classes returns the section on differences by class.
func (p *minePage) classes(context.Context) (pageSection, error) {
	s := pageSection{
		Title: "Classes",
		Lead:  "Where one scheme is ahead of the other. To the right, in blue, A = " + p.schemes[0] + "; to the left, in ochre, B = " + p.schemes[1] + ".",
	}
	for l, label := range p.Evaluation.Labels {
		of, err := p.classesView(l, 0, 1)
		if err != nil {
			return s, err
		}
		if len(of.Rows) == 0 {
			continue
		}
		table := &pageTable{
			Caption: of.Note + of.Metric + " of the queries of a class. Won, tied and lost are queries for which A finds more, as many, fewer.",
			Columns: []pageColumn{{label, ""}, {"Queries", ""}, {"A", ""}, {"B", ""}, {"Difference", ""}, {"Won", ""}, {"Tied", ""}, {"Lost", ""}},
		}
		for _, r := range of.Rows {
			table.Rows = append(table.Rows, pageTableRow{Cells: []string{
				r.Name, strconv.Itoa(r.Queries), r.A, r.B, r.Diff, strconv.Itoa(r.Win), strconv.Itoa(r.Tie), strconv.Itoa(r.Loss),
			}})
		}
		s.Parts = append(s.Parts, pagePart{Title: "By " + label, Table: table, Plot: of.Plot})
	}
	return s, nil
}

// lost returns the section on the queries with the largest losses when B replaces A.
func (p *minePage) lost(ctx context.Context) (pageSection, error) {
	s := pageSection{
		Title: "What B would lose",
		Lead:  "The queries that lose most hits when B takes the place of A, with the ten nearest under both. A frame is a hit.",
	}
	for l, label := range p.Evaluation.Labels[:p.shown] {
		places := p.worst(l, 1, 0, minedSheets)
		sheets, err := p.sheets(ctx, places, sheetMarks{l, -1})
		if err != nil {
			return s, err
		}
		for n, i := range places {
			sheets[n].Why = p.finds(i, 0, 1, l)
		}
		if len(sheets) > 0 {
			s.Parts = append(s.Parts, pagePart{Title: "By " + label, Sheets: sheets})
		}
	}
	return s, nil
}

// sheets makes a sheet with both schemes for each query, by index in Queries.
func (p *minePage) sheets(ctx context.Context, places []int, marks sheetMarks) ([]pageSheet, error) {
	rows := make([]int, len(places))
	for n, i := range places {
		rows[n] = p.Evaluation.Queries[i]
	}
	if len(rows) == 0 {
		return nil, nil
	}
	rankings, err := p.rankAgain(ctx, rows)
	if err != nil {
		return nil, err
	}
	var sheets []pageSheet
	for n, row := range rows {
		sheet := p.sheet(p.pictures, row, []int{0, 1}, rankings[n], marks)
		for s := range sheet.Rows {
			sheet.Rows[s].Scheme = string('A'+rune(s)) + " = " + sheet.Rows[s].Scheme
		}
		sheets = append(sheets, sheet)
	}
	return sheets, nil
}

// mistakes returns the section on the most confident wrong first hits.
func (p *minePage) mistakes(context.Context) (pageSection, error) {
	s := pageSection{
		Title: "Confident mistakes",
		Lead: "First hits that are wrong, with the highest scores. Left the query, right what was found. z is the score in standard deviations of all " +
			"first scores of a scheme, so that schemes can be compared. Two items that are each other’s first hit are shown once. It may be the label that is wrong.",
	}
	for l, label := range p.Evaluation.Labels[:p.shown] {
		for of := range p.schemes {
			cards := &pageCards{}
			n, seen := 0, map[[2]int]bool{}
			for _, m := range p.Mistakes {
				if m.Scheme != of || m.Label != label {
					continue
				}
				n++
				if len(cards.Cards) == minedMistakes || seen[[2]int{m.Hit, m.Query}] { // the same pair of pictures was shown
					continue
				}
				seen[[2]int{m.Query, m.Hit}] = true
				lines := []string{
					fmt.Sprintf("%s, not %s", p.describeValue(label, m.Hit), p.describeValue(label, m.Query)),
					fmt.Sprintf("score %.4f, z %+.2f", m.Score, m.Z),
					p.Evaluation.Gallery.ID(m.Query) + " → " + p.Evaluation.Gallery.ID(m.Hit),
				}
				cards.Cards = append(cards.Cards, pageCard{Pictures: p.pair(m.Query, m.Hit, "Query ", "First hit "), Lines: lines})
			}
			if n == 0 {
				continue
			}
			s.Parts = append(s.Parts, pagePart{
				Title: fmt.Sprintf("%c = %s, by %s", 'A'+rune(of), p.schemes[of], label),
				Note:  fmt.Sprintf("%s of %s wrong.", plural(n, "first hit"), plural(len(p.Evaluation.Judged(of, l)), "judged query")),
				Cards: cards,
			})
		}
	}
	return s, nil
}

// describeValue returns a row's value of a label as text.
func (p *minePage) describeValue(label string, row int) string {
	return strings.ReplaceAll(p.Value(label, row), "|", " or ")
}

// pair returns two pictures.
func (p *minePage) pair(a, b int, sayA, sayB string) []pagePicture {
	return []pagePicture{p.picture(a, sayA), p.picture(b, sayB)}
}

// picture returns the picture of a row.
func (p *minePage) picture(row int, say string) pagePicture {
	id := p.Evaluation.Gallery.ID(row)
	return pagePicture{URI: p.pictures.of(row), ID: id, Alt: say + id + described(p.describe(row))}
}

// hubs returns the section on items that are hits of very many queries.
func (p *minePage) hubs(context.Context) (pageSection, error) {
	s := pageSection{
		Title: "Hubs",
		Lead:  fmt.Sprintf("Items that are among the first %d of very many queries: whatever is asked for, they come.", p.K),
	}
	for of, h := range p.Hubs {
		part := pagePart{
			Title: fmt.Sprintf("%c = %s", 'A'+rune(of), p.schemes[of]),
			Note: fmt.Sprintf("%d of %d items are hits of more than %.1f queries, the mean and two standard deviations (mean %.1f, skew %s); %d are hits of none.",
				len(h.Hubs), h.Items, h.Limit, h.Mean, h.SkewText(), h.Never),
		}
		cards := &pageCards{Single: true}
		for _, hub := range h.Hubs[:min(minedHubs, len(h.Hubs))] {
			card := pageCard{
				Pictures: []pagePicture{p.picture(hub.Item, "Hub ")},
				Lines:    []string{plural(hub.Occurrences, "query"), p.Evaluation.Gallery.ID(hub.Item)},
			}
			for l, n := range hub.Wrong[:min(2, len(hub.Wrong))] {
				card.Lines = append(card.Lines, fmt.Sprintf("%s: %d wrong", p.Evaluation.Labels[l], n))
			}
			cards.Cards = append(cards.Cards, card)
		}
		if len(cards.Cards) > 0 {
			part.Cards = cards
		}
		s.Parts = append(s.Parts, part)
	}
	return s, nil
}

// disagreements returns the section on the queries whose rankings overlap least.
func (p *minePage) disagreements(ctx context.Context) (pageSection, error) {
	var places []int
	var why []string
	for _, d := range p.Disagreements {
		i, known := slices.BinarySearch(p.Evaluation.Queries, d.Query)
		if text := table.Cell(d.Overlap); known && text != "" && len(places) < minedSheets {
			places = append(places, i)
			why = append(why, fmt.Sprintf("overlap %.4f, %d of the first %d in common", d.Overlap, d.Common, p.K))
		}
	}
	s := pageSection{
		Title: "Where they disagree most",
		Lead: fmt.Sprintf("Queries by rank-biased overlap (p %v): 1 is the same ranking, 0 nothing in common. Neither may be wrong. A solid frame is a hit of %s.",
			stats.Persistence, p.Evaluation.Labels[0]),
	}
	sheets, err := p.sheets(ctx, places, sheetMarks{0, -1})
	for n := range sheets {
		sheets[n].Why = why[n]
	}
	if len(sheets) > 0 {
		s.Parts = append(s.Parts, pagePart{Sheets: sheets})
	}
	return s, err
}

// duplicates returns the section on pairs. Pairs with different labels come first.
func (p *minePage) duplicates(context.Context) (pageSection, error) {
	d := p.Duplicates
	t := &pageTable{
		Caption: fmt.Sprintf("Pairs of candidates that are alike; the cosine is under %s.", d.Scheme),
		Columns: []pageColumn{{"Alike in", ""}, {"Pairs", ""}},
	}
	for _, l := range p.Evaluation.Labels {
		t.Columns = append(t.Columns, pageColumn{"differ in " + l, ""})
	}
	for kind, what := range [...]string{eval.SamePicture: "picture", eval.SameRows: "all features", eval.NearRows: "cosine ≥ " + table.Number(d.Near)} {
		counts := make([]int, 1+len(p.Evaluation.Labels))
		for _, pair := range d.Pairs {
			if int(pair.Kind) != kind {
				continue
			}
			counts[0]++
			for l := range p.Evaluation.Labels {
				if p.Differ(pair, l) {
					counts[1+l]++
				}
			}
		}
		row := pageTableRow{Cells: []string{what}}
		for _, n := range counts {
			row.Cells = append(row.Cells, strconv.Itoa(n))
		}
		t.Rows = append(t.Rows, row)
	}
	s := pageSection{
		Title: "Duplicates",
		Lead:  "The same item twice inflates precision where the labels agree, and deflates it where they differ. The option --exclude-duplicates leaves them out of an evaluation.",
		Parts: []pagePart{{Table: t}},
	}
	cards := &pageCards{}
	for _, pair := range p.mostDiffering(minedPairs) {
		lines := []string{"labels agree"}
		if differing := p.Differing(pair); len(differing) > 0 {
			lines = nil
			for _, label := range differing {
				lines = append(lines, fmt.Sprintf("%s: %s, %s", label, p.describeValue(label, pair.A), p.describeValue(label, pair.B)))
			}
		}
		like := map[eval.DuplicateKind]string{eval.SamePicture: "the same picture", eval.SameRows: "the same features", eval.NearRows: fmt.Sprintf("cosine %.4f", pair.Cosine)}
		cards.Cards = append(cards.Cards, pageCard{
			Pictures: p.pair(pair.A, pair.B, "", ""),
			Lines:    append(lines, like[pair.Kind], p.Evaluation.Gallery.ID(pair.A)+", "+p.Evaluation.Gallery.ID(pair.B)),
		})
	}
	if len(cards.Cards) > 0 {
		s.Parts = append(s.Parts, pagePart{Cards: cards})
	}
	return s, nil
}

// mostDiffering returns at most the given number of pairs, by descending number of labels under
// which they differ.
func (p *minePage) mostDiffering(most int) []eval.Duplicate {
	byNumber := make([][]eval.Duplicate, 1+len(p.Evaluation.Labels)) // there may be millions of pairs
	for _, pair := range p.Duplicates.Pairs {
		n := 0
		for l := range p.Evaluation.Labels {
			if p.Differ(pair, l) {
				n++
			}
		}
		if len(byNumber[n]) < most {
			byNumber[n] = append(byNumber[n], pair)
		}
	}
	slices.Reverse(byNumber)
	all := slices.Concat(byNumber...)
	return all[:min(most, len(all))]
}

func (p *minePage) caveats(m miningManifest) []string {
	out := []string{
		"What is shown here was picked because it is extreme: it says what to look at, not how often it occurs. The cards at the top say that.",
		"Differences of small classes are mostly chance; p-values of single classes, in classes.csv, are not corrected for their number.",
		"Intervals are 95 % percentile bootstraps over queries; p is of a paired permutation test for each label.",
	}
	if n := len(p.Evaluation.Labels); n > p.shown {
		out = append(out, fmt.Sprintf("Pictures are shown for the first %d of %d labels.", p.shown, n))
	}
	if d := p.Duplicates; d.Unread > 0 {
		out = append(out, fmt.Sprintf("%s could not be read and are taken for different ones; the first is %v.", plural(d.Unread, "picture"), d.FirstUnread))
	}
	return append(out, m.Gallery.Faults...)
}
