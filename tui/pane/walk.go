package pane

import (
	"context"
	"slices"
	"strings"

	"strata/engine"
)

// Walk is the set of queries that next, previous and random go through.
type Walk struct {
	Text string  // the restriction; "" is none
	Rows []int32 // ascending; meaningless without a restriction
	Of   Restriction
	Err  error // why there are none
}

// OnFlags reports whether the queries depend on flags.
func (w Walk) OnFlags(g *engine.Gallery) bool {
	return g.Flagging().On(w.Of.Where) || g.Flagging().On(w.Of.parts) || g.Queries().OnFlags(w.Of.Set)
}

// Step returns the next query after row, or before it with by = -1, going round at the ends.
func (w Walk) Step(g *engine.Gallery, row, by int) (int, bool) {
	if w.Text == "" {
		n := g.Len()
		for i := 1; i <= n; i++ {
			next := ((row+by*i)%n + n) % n
			if g.IsQuery(next) {
				return next, next != row
			}
		}
		return row, false
	}
	if len(w.Rows) == 0 {
		return row, false
	}
	i, in := slices.BinarySearch(w.Rows, int32(row))
	switch {
	case by > 0 && in:
		i++
	case by < 0:
		i--
	}
	next := int(w.Rows[(i+len(w.Rows))%len(w.Rows)])
	return next, next != row
}

// position returns the place of row among the queries, from 1 or 0 when it is not one of them, and their number.
func (w Walk) position(g *engine.Gallery, row int) (at, of int) {
	if w.Text == "" {
		return row + 1, g.Len()
	}
	i, in := slices.BinarySearch(w.Rows, int32(row))
	if !in {
		return 0, len(w.Rows)
	}
	return i + 1, len(w.Rows)
}

// MatchLabels returns the queries, ascending, whose label cells hold every one of the words, which are in lower case, in
// any case.
func MatchLabels(ctx context.Context, g *engine.Gallery, words []string) ([]int32, error) {
	labels := g.Labels()
	seen := make([]map[string]uint64, len(labels)) // by cell: the words it holds, a bit each
	for i := range seen {
		seen[i] = map[string]uint64{}
	}
	words = words[:min(len(words), 64)]
	all := uint64(1)<<len(words) - 1
	var rows []int32
	for row := range g.Len() {
		if row%8192 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var has uint64
		for i, l := range labels {
			cell := l.Cell(row)
			bits, ok := seen[i][cell]
			if !ok {
				low := strings.ToLower(cell)
				for w, word := range words {
					if strings.Contains(low, word) {
						bits |= 1 << w
					}
				}
				seen[i][cell] = bits
			}
			has |= bits
		}
		if has == all && g.IsQuery(row) {
			rows = append(rows, int32(row))
		}
	}
	return rows, nil
}

// foundIDs is the number of items that a jump offers.
const foundIDs = 5

// MatchIDs returns the first rows whose id begins with text, and how many do. An id that is text itself comes first.
func MatchIDs(ctx context.Context, g *engine.Gallery, text string) (rows []int32, count int, err error) {
	exact, err := g.Row(text)
	if err == nil {
		rows = append(rows, int32(exact))
	}
	for row := range g.Len() {
		if row%8192 == 0 && ctx.Err() != nil {
			return nil, 0, ctx.Err()
		}
		if !strings.HasPrefix(g.ID(row), text) {
			continue
		}
		count++
		if len(rows) < foundIDs && !slices.Contains(rows, int32(row)) {
			rows = append(rows, int32(row))
		}
	}
	return rows, count, nil
}
