package experiments

import (
	"fmt"
	"strings"

	"strata/engine"
	"strata/engine/scheme"
)

// setLine begins the line of a set of queries in a log.
const setLine = "queries "

// setLines returns what a step logs of the items that it names otherwise than by values of the items
// table: of the set of queries, "" for none, and of each flag of the conditions, the number of ids and
// their hash. A check that finds other ids names the set.
func (x *execution) setLines(set string, where []scheme.Condition) ([]string, error) {
	var lines []string
	g := x.state.gallery.g
	if set != "" {
		s, err := g.QuerySet(set)
		if err != nil {
			return nil, err
		}
		lines = append(lines, setLine+s.String())
	}
	if !g.OnFlags(where) {
		return lines, nil
	}
	for _, c := range where {
		if c.Label == engine.FlagColumn {
			rows := g.FlaggedRows(c.Value)
			lines = append(lines, fmt.Sprintf("%s: %d ids  %s", c, len(rows), g.HashRows(rows)))
		}
	}
	return lines, nil
}

// setHint says of two lines about one set that it has other ids, or returns "".
func setHint(expected, got string) string {
	name, _, ok := strings.Cut(expected, ": ")
	other, _, _ := strings.Cut(got, ": ")
	switch {
	case !ok || name != other:
		return ""
	case strings.HasPrefix(name, setLine):
		return "the set of " + name + " has other ids than when this was written"
	case strings.HasPrefix(name, engine.FlagColumn+"="):
		return "other items have " + name + " than when this was written"
	}
	return ""
}
