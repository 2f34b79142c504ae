package pane

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"strata/engine"
	"strata/engine/items"
	"strata/engine/scheme"
	"strata/tui/cells"
)

// lastCondition matches a text that ends in a condition whose value may go on; a quoted value is open.
var lastCondition = regexp.MustCompile(`(?:^|[ \t])([^ \t="]+)=("[^"]*|[^ \t"]*)$`)

// ContinueRestriction returns the values to which the last value of a restriction's text may be continued, in any case,
// each with the number of its items, the most first; a set of queries has no number. common is the text up to where they
// part; it is text itself if no value begins so.
func ContinueRestriction(g *engine.Gallery, text string) (common string, names []string) {
	m := lastCondition.FindStringSubmatchIndex(text)
	if m == nil {
		return text, nil
	}
	begin := strings.ToLower(strings.TrimPrefix(text[m[4]:], `"`))
	var values []string
	for _, v := range valuesOf(g, text[m[2]:m[3]]) {
		if !strings.HasPrefix(strings.ToLower(v.Value), begin) {
			continue
		}
		values = append(values, v.Value)
		name := scheme.Quote(v.Value)
		if v.Rows > 0 {
			name = fmt.Sprintf("%s %d", name, v.Rows)
		}
		names = append(names, name)
	}
	if len(values) == 0 {
		return text, nil
	}
	if len(values) == 1 {
		return text[:m[4]] + scheme.Quote(values[0]), names
	}
	start := cells.CommonStart(values)
	if len(start) < len(begin) { // they differ in case
		return text, names
	}
	return text[:m[4]] + partQuoted(start), names
}

// valuesOf returns the values of a column of a restriction with the numbers of their items, the most first.
func valuesOf(g *engine.Gallery, column string) []items.ValueCount {
	var values []items.ValueCount
	switch l, err := g.Label(column); {
	case column == setColumn:
		for _, name := range g.Queries().Names() {
			values = append(values, items.ValueCount{Value: name})
		}
	case err == nil:
		values, _ = l.Count()
	case column == engine.FlagColumn:
		for _, word := range g.Flags().Words() {
			values = append(values, items.ValueCount{Value: word, Rows: len(g.Flagging().Rows(word))})
		}
	}
	slices.SortStableFunc(values, func(a, b items.ValueCount) int { return cmp.Compare(b.Rows, a.Rows) })
	return values
}

// partQuoted returns the beginning of a value as a restriction spells it: within an open quote if it needs one.
func partQuoted(begin string) string {
	if begin == "" || scheme.Quote(begin) == begin {
		return begin
	}
	return strings.TrimSuffix(strconv.Quote(begin), `"`)
}
