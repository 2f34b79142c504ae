package page

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strata/engine"
	"strata/engine/scheme"
	"strata/experiments/eval"
	"strata/experiments/mine"
	"strata/experiments/report"
	"strata/tui/cells"
	"strata/tui/pane"
)

// sides names the two schemes that were mined: the one that is there, and the one that would take its place.
var sides = [...]string{"now", "next"}

// Side names the first or the second scheme of a pair.
func Side(i int) string { return sides[i] }

// pair are the schemes that were mined.
func (k Listing) pair() []scheme.Scheme { return k.Mined.Evaluation.Schemes }

// classes lists the values of a label by the difference of the two schemes.
func (k Listing) classes() RowList {
	all := k.Mined.ClassesOf(k.Label)
	of := all
	if !k.Small {
		of = slices.DeleteFunc(slices.Clone(all), func(c eval.ClassDifference) bool { return c.Queries < fewQueries })
	}
	note := ""
	if len(of) == 0 {
		of = all
	} else if len(of) < len(all) {
		note = fmt.Sprintf("; %d of fewer than %d queries are left out", len(all)-len(of), fewQueries)
	}
	ahead, behind, low, high := 0, 0, 0.0, 0.0
	for _, c := range of {
		low, high = min(low, c.Diff), max(high, c.Diff)
		if c.Diff > 0 {
			ahead++
		} else if c.Diff < 0 {
			behind++
		}
	}
	at := func(i int) eval.ClassDifference { return of[i] }
	return RowList{
		note: fmt.Sprintf("now is ahead in %d of %d classes, next in %d%s", ahead, len(of), behind, note), Rows: len(of),
		empty: "no query is judged under both",
		columns: []column{
			text("class", 20, func(i int) string { return at(i).Class }).giving(),
			numbers("queries", 7, func(i int) string { return cells.Thousands(at(i).Queries) }),
			numbers("now", 5, func(i int) string { return cells.Number(at(i).A, 3) }),
			numbers("next", 5, func(i int) string { return cells.Number(at(i).B, 3) }),
			numbers("diff", 5, func(i int) string { return cells.Signed(at(i).Diff) }),
			numbers("p", 7, func(i int) string { return cells.Chance(at(i).P, 4) }).from(100),
			numbers("won tied lost", 14, func(i int) string {
				c := at(i)
				return fmt.Sprintf("%d %d %d", c.Win, c.Tie, c.Loss)
			}).from(pane.WideCols),
			bars("◂ next · now ▸", low, high, func(i int) float64 { return at(i).Diff }),
		},
		Look: func(i int) Look {
			c := at(i)
			losses := k.Mined.ClassLosses(k.Label, c.Class)
			if c.Diff < 0 {
				slices.Reverse(losses)
			}
			return Look{
				Schemes: k.pair(), Label: k.Label, What: "of " + c.Class,
				Queries: rowsOf(len(losses), func(i int) int { return losses[i].Query }),
			}
		},
	}
}

// losses lists the queries by the hits that they lose when next takes the place of now.
func (k Listing) losses() RowList {
	of := k.Mined.LossesOf(k.Label)
	lost, won, low, high := 0, 0, 0, 0
	for _, x := range of {
		low, high = min(low, x.Loss), max(high, x.Loss)
		if x.Loss > 0 {
			lost++
		} else if x.Loss < 0 {
			won++
		}
	}
	at := func(i int) mine.Loss { return of[i] }
	return RowList{
		note: fmt.Sprintf("hits among the first %d that are lost when next takes the place of now: of %s queries %s lose and %s gain",
			k.Mined.K, cells.Thousands(len(of)), cells.Thousands(lost), cells.Thousands(won)),
		Rows: len(of), empty: "no query is judged under both",
		columns: []column{
			k.item("query", func(i int) int { return at(i).Query }),
			k.value(func(i int) int { return at(i).Query }),
			numbers("alike", 7, func(i int) string { return cells.Thousands(at(i).Relevant) }).from(100),
			numbers("now", 3, func(i int) string { return strconv.Itoa(at(i).HitsA) }),
			numbers("next", 4, func(i int) string { return strconv.Itoa(at(i).HitsB) }),
			numbers("lost", 4, func(i int) string { return strconv.Itoa(at(i).Loss) }),
			bars("◂ gained · lost ▸", float64(low), float64(high), func(i int) float64 { return float64(at(i).Loss) }),
		},
		Look: func(i int) Look {
			return Look{
				Schemes: k.pair(), At: i, Along: true, Label: k.Label, What: "by loss",
				Queries: rowsOf(len(of), func(i int) int { return at(i).Query }),
			}
		},
	}
}

// mistakes lists first hits that are wrong, the most confident first.
func (k Listing) mistakes() RowList {
	of := k.Mined.MistakesOf(k.Label)
	high := 0.0
	var count [2]int
	for _, x := range of {
		high = max(high, x.Z)
		count[x.Scheme]++
	}
	at := func(i int) mine.Mistake { return of[i] }
	return RowList{
		note: fmt.Sprintf("first hits that are wrong, %s of now and %s of next; z: the score in standard deviations of first scores",
			cells.Thousands(count[0]), cells.Thousands(count[1])),
		Rows: len(of), empty: "no first hit is wrong",
		columns: []column{
			text("by", 4, func(i int) string { return sides[at(i).Scheme] }),
			k.item("query", func(i int) int { return at(i).Query }),
			k.value(func(i int) int { return at(i).Query }),
			k.item("first hit", func(i int) int { return at(i).Hit }).from(pane.WideCols),
			{head: "is", width: 14, gives: true, cell: func(s *cells.Styles, i, w int) string { return pane.LabelValue(s, k.Gallery, k.Label, at(i).Hit, w) }},
			numbers("score", 6, func(i int) string { return cells.Number(at(i).Score, 4) }).from(100),
			numbers("margin", 6, func(i int) string { return cells.Number(at(i).Margin, 4) }).from(pane.WideCols),
			numbers("z", 5, func(i int) string { return cells.Number(at(i).Z, 2) }),
			bars("", 0, high, func(i int) float64 { return at(i).Z }),
		},
		Look: func(i int) Look {
			return Look{
				Schemes: k.pair(), At: i, Along: true, Label: k.Label, What: "by confidence",
				Queries: rowsOf(len(of), func(i int) int { return at(i).Query }),
				Focus:   rowsOf(len(of), func(i int) int { return at(i).Scheme }),
			}
		},
	}
}

// hubs lists the items that are among the first hits of very many queries.
func (k Listing) hubs() RowList {
	type hub struct {
		scheme int
		mine.Hub
	}
	var of []hub
	var notes []string
	for s, h := range k.Mined.Hubs {
		for _, x := range h.Hubs {
			of = append(of, hub{s, x})
		}
		notes = append(notes, fmt.Sprintf("%s: %s of %s items, %s in no list, skew %s", sides[s],
			cells.Thousands(len(h.Hubs)), cells.Thousands(h.Items), cells.Thousands(h.Never), cells.Number(h.Skew, 2)))
	}
	slices.SortStableFunc(of, func(a, b hub) int { return b.Occurrences - a.Occurrences })
	most := 1
	if len(of) > 0 {
		most = of[0].Occurrences
	}
	label := slices.Index(k.Mined.Evaluation.Labels, k.Label)
	wrong := func(h hub) int {
		if label < 0 {
			return 0
		}
		return h.Wrong[label]
	}
	at := func(i int) hub { return of[i] }
	return RowList{
		note: "items among the first hits of very many queries. " + strings.Join(notes, "; "), Rows: len(of), empty: "there are no hubs",
		columns: []column{
			text("by", 4, func(i int) string { return sides[at(i).scheme] }),
			k.item("item", func(i int) int { return at(i).Item }),
			k.value(func(i int) int { return at(i).Item }),
			numbers("queries", 7, func(i int) string { return cells.Thousands(at(i).Occurrences) }),
			numbers("wrong", 6, func(i int) string { return cells.Thousands(wrong(at(i))) }),
			{head: "wrong █ of all ▒", value: func(i int) float64 { return float64(at(i).Occurrences) }, cell: func(s *cells.Styles, i, w int) string {
				strip := report.Strip{High: float64(most), Cells: w}
				all, bad := len([]rune(strip.Bar(float64(at(i).Occurrences)))), 0
				if n := wrong(at(i)); n > 0 {
					bad = len([]rune(strip.Bar(float64(n))))
				}
				return s.Miss.Render(strings.Repeat("█", bad)) + s.Faint.Render(strings.Repeat("▒", max(all-bad, 0)))
			}},
		},
		Look: func(i int) Look {
			h := at(i)
			return Look{Schemes: k.pair(), Label: k.Label, Sheet: hubSheet(k.Gallery, k.Mined, k.Label, h.scheme, h.Hub)}
		},
	}
}

// duplicates lists groups of items that are alike, those that differ in the label first.
func (k Listing) duplicates() RowList {
	of := k.Mined.DuplicateGroups(k.Label)
	differ := 0
	for _, g := range of {
		if g.Differ {
			differ++
		}
	}
	at := func(i int) mine.DuplicateGroup { return of[i] }
	return RowList{
		note: fmt.Sprintf("%s groups with the same picture or features and pairs with a cosine of %s or more, %s with different values of %s",
			cells.Thousands(len(of)), cells.Number(k.Mined.Duplicates.Near, 2), cells.Thousands(differ), k.Label),
		Rows: len(of), empty: "no two items are alike",
		columns: []column{
			{head: "", width: 1, cell: func(s *cells.Styles, i, _ int) string {
				if at(i).Differ {
					return s.Miss.Render("≠")
				}
				return s.Hit.Render("=")
			}},
			numbers("items", 5, func(i int) string { return cells.Thousands(len(at(i).Items)) }),
			text("alike in", 8, func(i int) string { return at(i).Kind.String() }),
			numbers("cosine", 6, func(i int) string { return cells.Number(at(i).Cosine, 4) }),
			k.item("first", func(i int) int { return at(i).Items[0] }),
			k.item("second", func(i int) int { return at(i).Items[1] }).from(pane.WideCols),
			{head: k.Label, cell: func(s *cells.Styles, i, w int) string {
				return s.Plain.Render(cells.Cut(valuesOf(k.Gallery, k.Label, at(i).Items), w))
			}},
		},
		Look: func(i int) Look {
			return Look{Schemes: k.pair(), Label: k.Label, Sheet: groupSheet(k.Gallery, k.Mined, k.Label, at(i))}
		},
	}
}

// valuesOf lists the different values that items have for a label.
func valuesOf(g *engine.Gallery, label string, items []int) string {
	l, err := g.Label(label)
	if err != nil {
		return ""
	}
	var values []string
	for _, row := range items {
		value := "unknown"
		if l.Judged() {
			return ""
		}
		if l.Known(row) {
			value = l.Cell(row)
		}
		if !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	return strings.Join(values, " · ")
}

// disagreements lists the queries by how little the two rankings have in common.
func (k Listing) disagreements() RowList {
	of := k.Mined.Overlapping()
	at := func(i int) mine.Disagreement { return of[i] }
	hits := func(i, which int) string {
		a, b, judged := k.Mined.HitsOf(k.Label, at(i).Query)
		if !judged {
			return "-"
		}
		return strconv.Itoa([2]int{a, b}[which])
	}
	note := "rank-biased overlap of the two rankings, from 0, nothing in common, to 1"
	if len(of) > 0 {
		note += "; the median is " + cells.Number(of[(len(of)-1)/2].Overlap, 3)
	}
	return RowList{
		note: note, Rows: len(of), empty: "no query has a score under both",
		columns: []column{
			k.item("query", func(i int) int { return at(i).Query }),
			k.value(func(i int) int { return at(i).Query }),
			numbers("now", 3, func(i int) string { return hits(i, 0) }),
			numbers("next", 4, func(i int) string { return hits(i, 1) }),
			numbers("common", 6, func(i int) string { return strconv.Itoa(at(i).Common) }),
			numbers("overlap", 7, func(i int) string { return cells.Number(at(i).Overlap, 3) }),
			bars("", 0, 1, func(i int) float64 { return at(i).Overlap }),
		},
		Look: func(i int) Look {
			return Look{
				Schemes: k.pair(), At: i, Along: true, Label: k.Label, What: "by overlap",
				Queries: rowsOf(len(of), func(i int) int { return at(i).Query }),
			}
		},
	}
}
