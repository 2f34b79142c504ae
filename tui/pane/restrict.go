package pane

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strata/engine"
	"strata/engine/manifest"
	"strata/engine/scheme"
)

// setColumn stands before = and the name of a set of queries.
const setColumn = "queries"

// Restriction is a text that restricts queries: words that their labels hold, in any case, conditions
// COLUMN=VALUE, and queries=SET. A query meets all of them.
type Restriction struct {
	words []string
	parts []scheme.Condition // a column with a part of a value, in lower case

	Set   string             // a named set; "": none
	Where []scheme.Condition // conditions on whole values
}

// Scope reports whether the restriction is one that an evaluation can have: a set and conditions.
func (r Restriction) Scope() bool {
	return len(r.words) == 0 && len(r.parts) == 0 && (r.Set != "" || len(r.Where) > 0)
}

// ParseRestriction reads a text. A word with = after the name of a column is a condition on a whole
// value if there is such a value, or else on a part of one. A value with blanks stands between double
// quotes.
func ParseRestriction(g *engine.Gallery, text string) (Restriction, error) {
	var r Restriction
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		var name, value string
		var ok bool
		if name, value, rest, ok = nextCondition(rest); !ok {
			r.words = append(r.words, strings.ToLower(name))
			continue
		}
		c := scheme.Condition{Label: name, Value: value}
		switch {
		case name == setColumn && value == "":
			return r, noSet(g)
		case name == setColumn && r.Set != "":
			return r, fmt.Errorf("%s= stands twice", setColumn)
		case name == setColumn:
			r.Set = value
		case wholeValue(g, c):
			r.Where = append(r.Where, c)
		case isLabel(g, name) || name == engine.FlagColumn:
			r.parts = append(r.parts, scheme.Condition{Label: name, Value: strings.ToLower(value)})
		default:
			r.words = append(r.words, strings.ToLower(name+"="+value))
		}
	}
	return r, nil
}

// noSet says which sets of queries a text may name.
func noSet(g *engine.Gallery) error {
	sets := g.Queries().Names()
	if len(sets) == 0 {
		return fmt.Errorf("%s has no sets of queries for %s=: %s would name them", g.Name, setColumn, manifest.FileName)
	}
	return fmt.Errorf("%s= needs the name of a set: there is %s", setColumn, strings.Join(sets, ", "))
}

// nextCondition cuts COLUMN=VALUE off a text; ok is false for a word without =, which is name.
func nextCondition(text string) (name, value, rest string, ok bool) {
	end := strings.IndexAny(text, " \t")
	if end < 0 {
		end = len(text)
	}
	name, value, ok = strings.Cut(text[:end], "=")
	if ok && strings.HasPrefix(value, `"`) {
		at := len(name) + 1
		if literal, err := strconv.QuotedPrefix(text[at:]); err == nil {
			value, err = strconv.Unquote(literal)
			if err == nil {
				return name, value, text[at+len(literal):], true
			}
		}
	}
	return name, value, text[end:], ok
}

// isLabel reports whether a gallery has a label.
func isLabel(g *engine.Gallery, name string) bool {
	_, err := g.Label(name)
	return err == nil
}

// wholeValue reports whether a condition is on a value that there is.
func wholeValue(g *engine.Gallery, c scheme.Condition) bool {
	_, err := g.Rows([]scheme.Condition{c})
	return err == nil
}

// Rows returns the queries that meet the restriction, ascending.
func (r Restriction) Rows(ctx context.Context, g *engine.Gallery) ([]int32, error) {
	var sets [][]bool
	if len(r.Where) > 0 {
		in, err := g.Rows(r.Where)
		if err != nil {
			return nil, err
		}
		sets = append(sets, in)
	}
	if r.Set != "" {
		set, err := g.Queries().Set(r.Set)
		if err != nil {
			return nil, err
		}
		in := make([]bool, g.Len())
		for _, row := range set.Rows {
			in[row] = true
		}
		sets = append(sets, in)
	}
	for _, c := range r.parts {
		in, err := holding(g, c)
		if err != nil {
			return nil, err
		}
		sets = append(sets, in)
	}
	rows, err := MatchLabels(ctx, g, r.words)
	return slices.DeleteFunc(rows, func(row int32) bool {
		return slices.ContainsFunc(sets, func(in []bool) bool { return !in[row] })
	}), err
}

// holding returns the rows, by membership, whose cell of a label holds a text in lower case.
func holding(g *engine.Gallery, c scheme.Condition) ([]bool, error) {
	cell := func(row int) string { return g.Flags().Of(g.ID(row)) }
	if c.Label != engine.FlagColumn || g.Flagging().HasColumn() {
		l, err := g.Label(c.Label)
		if err != nil {
			return nil, err
		}
		cell = l.Cell
	}
	in := make([]bool, g.Len())
	for row := range in {
		in[row] = strings.Contains(strings.ToLower(cell(row)), c.Value)
	}
	return in, nil
}
