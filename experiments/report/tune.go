package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"strata/experiments/eval"
	"strata/experiments/landscape"
	"strata/experiments/table"
	"strata/experiments/tune"
)

// frontRows is the largest number of schemes of the front in a page's table.
const frontRows = 30

// tunePage makes the page of a tuning.
type tunePage struct {
	*tune.Tuned
	land *landscape.Landscape // nil: there is none
}

// view returns the view of the report.
func (t tunePage) view(m tuningManifest) (*studyView, error) {
	v := &studyView{
		Gallery: m.Gallery.Name, Subject: "weights chosen", Fingerprint: m.Gallery.Fingerprint, Facts: t.facts(m), Verdicts: t.verdicts(),
		Caveats: t.caveats(m),
		Footer: "All numbers, unrounded, are in the tables schemes, report, comparisons, pareto and queries of the same run; " +
			"the same gallery and command give the same page, byte for byte.",
	}
	held := pageSection{
		Title: "Where it was chosen, and on other queries",
		Lead: "Weights were chosen on one part of the queries. What they have there is flattered by the choice; only the values on the other part " +
			"say what to expect.",
	}
	for n := range t.Targets {
		part, err := t.heldOut(n)
		if err != nil {
			return nil, err
		}
		held.Parts = append(held.Parts, part)
	}
	v.add(held)
	front, err := t.frontSection()
	if err != nil {
		return nil, err
	}
	v.add(front)
	v.add(t.landscapeSection())
	return v, nil
}

func (t tunePage) facts(m tuningManifest) []pageFact {
	return append([]pageFact{
		{"Items", strconv.Itoa(m.Gallery.Items)},
		{"Queries to tune on", strconv.Itoa(len(t.Tune))},
		{"Queries to report on", strconv.Itoa(len(t.Report))},
		{"Layers", strings.Join(m.TunedLayers, ", ")},
		{"Schemes tried", strconv.Itoa(len(t.Trials))},
		{"Step", m.Step},
		{"Seed", strconv.FormatUint(m.Seed, 10)},
		{"Resamples", strconv.Itoa(m.Resamples)},
		{"Strata", m.Version},
	}, conditionFacts(m.Manifest)...)
}

// verdicts returns the choice, its comparison with the baselines, and whether constraints hold.
func (t tunePage) verdicts() []pageVerdict {
	best, s := t.Trials[t.Best], t.Summary(t.Best, 0)
	verdicts := []pageVerdict{{
		Label: "Chosen by " + t.Targets[0].String(), Best: best.Scheme.String(), Value: threeDigits(s.Value),
		Text: fmt.Sprintf("on the %s that nothing was chosen on, 95 %% interval %s. Where it was chosen it has %s (gap %s).",
			plural(s.N, "query"), interval3(s.Low, s.High), threeDigits(best.Tune[0]), signed(best.Tune[0]-s.Value)),
	}}
	against := []struct {
		trial int
		label string
	}{{t.Equal, "Against equal weights"}, {t.bestSingle(), "Against the best layer alone"}}
	for _, a := range against {
		c := t.Comparison(a.trial, 0)
		if a.trial < 0 || c == nil {
			continue
		}
		ahead := c.Turned()
		card := pageVerdict{Label: a.label, Best: t.Trials[a.trial].Scheme.String(), Value: signed(ahead.Diff)}
		interval := fmt.Sprintf("%s to %s; p %s", signed(ahead.Low), signed(ahead.High), equalsP(ahead.Holm))
		card.Quiet = !ahead.Shown() || ahead.Diff < 0
		switch {
		case !ahead.Shown():
			card.Text = "The chosen one is not shown to differ on the other queries (" + interval + ")."
		case ahead.Diff > 0:
			card.Text = "The chosen one is ahead on the other queries (" + interval + ")."
		default:
			card.Text = "The chosen one is behind on the other queries (" + interval + "): the choice did not hold."
		}
		verdicts = append(verdicts, card)
	}
	for _, c := range t.Constraints {
		n := t.TargetAt(c.Target)
		s := t.Summary(t.Best, n)
		text := "The constraint holds on the other queries, too."
		if !(s.Value >= c.Least) {
			text = "The constraint does not hold on the other queries."
		}
		verdicts = append(verdicts, pageVerdict{
			Label: strings.Replace(c.String(), ">=", "≥", 1), Value: threeDigits(s.Value), Quiet: !(s.Value >= c.Least),
			Text: fmt.Sprintf("%s 95 %% interval %s; %s where it was chosen.", text, interval3(s.Low, s.High), threeDigits(best.Tune[n])),
		})
	}
	return verdicts
}

// bestSingle returns the single layer, other than the best scheme, with the highest objective on
// the queries to tune on, or -1.
func (t tunePage) bestSingle() int {
	best := -1
	for _, i := range t.Single {
		if i != t.Best && (best < 0 || t.Trials[i].Tune[0] > t.Trials[best].Tune[0]) {
			best = i
		}
	}
	return best
}

// heldOut makes the part on a target: a row for each of the best scheme, the equal weights and the
// single layers.
func (t tunePage) heldOut(target int) (pagePart, error) {
	of := t.Targets[target].String()
	ta := &pageTable{
		Caption: fmt.Sprintf("Mean %s. “Tuned on” is of the %s on which weights were chosen; all that follows is of the others. “Chosen is ahead by” compares the same queries.",
			of, plural(len(t.Tune), "query")),
		Columns: []pageColumn{
			{"Scheme", "scheme"},
			{"Role", "left"},
			{"Tuned on", ""},
			{"Others", ""},
			{"95 % interval", ""},
			{"Gap", ""},
			{"Chosen is ahead by", ""},
			{"95 % interval", ""},
			{"p, Holm", ""},
		},
	}
	var rows []intervalRow
	alt := fmt.Sprintf("%s on the queries to report on, with 95 %% intervals:", of)
	for _, i := range t.Baselines() {
		s, trial := t.Summary(i, target), t.Trials[i]
		name := trial.Scheme.String()
		row := pageTableRow{Best: i == t.Best, Cells: []string{name, t.Role(i), "–", "–", "–", "–", "–", "–", "–"}}
		if s.N > 0 {
			copy(row.Cells[2:], []string{threeDigits(trial.Tune[target]), threeDigits(s.Value), interval3(s.Low, s.High), signed(trial.Tune[target] - s.Value)})
			rows = append(rows, intervalRow{name: name, value: s.Value, low: s.Low, high: s.High, best: i == t.Best, other: trial.Tune[target]})
			alt += fmt.Sprintf(" %s %s (%s), %s where weights were chosen;", name, threeDigits(s.Value), interval3(s.Low, s.High), threeDigits(trial.Tune[target]))
		}
		if c := t.Comparison(i, target); c != nil && c.N > 0 {
			ahead := c.Turned()
			copy(row.Cells[6:], []string{signed(ahead.Diff), signed(ahead.Low) + " to " + signed(ahead.High), eval.RoundedP(ahead.Holm)})
		}
		ta.Rows = append(ta.Rows, row)
	}
	part := pagePart{
		Title: of, Table: ta,
		PlotNote: "Dots with 95 % intervals: the queries to report on. Rings: the same scheme where weights were chosen.",
	}
	if target == 0 {
		part.Title += ", the objective"
	}
	if len(rows) == 0 {
		return part, nil
	}
	s := t.Summary(t.Best, target)
	var err error
	part.Plot, err = intervalPlot(rows, table.PlotText(of), s.Baseline, s.Ceiling, strings.TrimSuffix(alt, ";"))
	return part, err
}

// frontSection returns the section on trade-offs between targets. It is empty for a front of one
// target.
func (t tunePage) frontSection() (pageSection, error) {
	s := pageSection{
		Title: "What can be had together",
		Lead: fmt.Sprintf("The front: of %s, the %d that no other exceeds in one metric without falling behind in another. It was found on the queries to tune on; "+
			"beside that stands what the same schemes have on the others.", plural(len(t.Trials), "scheme"), len(t.Front)),
	}
	if len(t.FrontOf) < 2 {
		return s, nil
	}
	panels, err := t.frontPanels()
	if err != nil {
		return s, err
	}
	elements, err := frontElements(panels)
	if err != nil {
		return s, err
	}
	s.Parts = append(s.Parts, pagePart{Panels: elements, PlotNote: "Grey: all schemes that were tried. Blue: the front; the line joins those of it that are left when only the two metrics shown count. " +
		"Green: the chosen scheme. Black: equal weights and layers alone. On the right only what is named and the front were measured."})
	table := &pageTable{
		Caption: "The schemes of the front. Each metric on the queries to tune on, by which the front was found, and on the others.",
		Columns: []pageColumn{{"Scheme", "scheme"}},
	}
	for _, n := range t.FrontOf {
		table.Columns = append(table.Columns, pageColumn{t.Targets[n].String() + ", tuned on", ""}, pageColumn{"others", ""})
	}
	if len(t.Front) > frontRows {
		table.Caption += fmt.Sprintf(" The first %d of %d, by %s; all are in the table pareto.", frontRows, len(t.Front), t.Targets[t.FrontOf[0]])
	}
	for _, i := range t.Front[:min(frontRows, len(t.Front))] {
		trial := t.Trials[i]
		row := pageTableRow{Best: i == t.Best, Cells: []string{trial.Scheme.String()}}
		for _, n := range t.FrontOf {
			row.Cells = append(row.Cells, threeDigits(trial.Tune[n]), threeDigits(trial.Report[n]))
		}
		table.Rows = append(table.Rows, row)
	}
	s.Parts = append(s.Parts, pagePart{Table: table})
	return s, nil
}

func (t tunePage) caveats(m tuningManifest) []string {
	out := []string{
		fmt.Sprintf("The queries were divided by chance (seed %d); the queries of a group are on one side. Another seed gives another division: a choice that changes with it is no choice.", t.Seed),
		"Intervals are 95 % percentile bootstraps over queries; p is of a paired permutation test. They hold for the chosen scheme, which was fixed before its queries to report on were looked at, and not for a scheme that is picked from the front by its values there.",
		"The search is a grid, then smaller steps around its best: a better scheme may lie between.",
	}
	for n, target := range t.Targets {
		s := t.Summary(t.Best, n)
		out = append(out, fmt.Sprintf("%s, on the queries to report on: %s.", target, eval.Skips(s)))
	}
	if n := len(t.Left); n > 0 {
		out = append(out, fmt.Sprintf("%s without a score in one of the layers: left out, so that all schemes are judged by the same ones.", plural(n, "query")))
	}
	if d := t.Duplicates; d != nil {
		out = append(out, fmt.Sprintf("%s of duplicates are no candidates of each other (same picture, or cosine ≥ %v under %s).", plural(len(d.Pairs), "pair"), d.Near, d.Scheme))
	}
	return append(out, m.Gallery.Faults...)
}

// frontFiles returns pareto.svg, all panels as one picture, if there are panels.
func (t tunePage) frontFiles(path string) ([]table.File, error) {
	panels, err := t.frontPanels()
	if err != nil || len(panels) == 0 {
		return nil, err
	}
	return []table.File{{Path: path, Write: func(w io.Writer) error { return writeFrontSVG(w, panels) }}}, nil
}
