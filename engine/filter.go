package engine

import (
	"context"
	"fmt"
	"math"

	"strata/engine/items"
	"strata/engine/scheme"
)

// Rows returns a set of rows by membership: those that meet the conditions. Of
// several conditions on one label one must hold, and so for every label. FlagColumn is a label, too. No
// conditions give nil, which means all rows.
func (g *Gallery) Rows(where []scheme.Condition) ([]bool, error) {
	if len(where) == 0 {
		return nil, nil
	}
	values := map[string][]string{}
	var names []string
	for _, c := range where {
		if values[c.Label] == nil {
			names = append(names, c.Label)
		}
		values[c.Label] = append(values[c.Label], c.Value)
	}
	in := make([]bool, g.Len())
	for i := range in {
		in[i] = true
	}
	for _, name := range names {
		if name == FlagColumn && !g.flags.HasColumn() {
			flagged, err := g.flags.with(values[name])
			if err != nil {
				return nil, err
			}
			for row := range in {
				in[row] = in[row] && flagged[row]
			}
			continue
		}
		l, err := g.Label(name)
		if err != nil {
			return nil, err
		}
		if l.Judged() {
			return nil, fmt.Errorf("%s is judgements of pairs, which have no values: items are not chosen by them", name)
		}
		cells, missing := l.With(values[name])
		if cells == nil {
			return nil, &scheme.NameError{Kind: "value of " + name, Name: missing, In: g.Name, Known: scheme.Nearest(missing, l.Names)}
		}
		for row, code := range l.Codes {
			in[row] = in[row] && cells[code]
		}
	}
	return in, nil
}

// Candidates returns the candidates under a filter.
func (g *Gallery) Candidates(filter []scheme.Condition) (*items.Candidates, error) {
	in, err := g.Rows(filter)
	if err != nil {
		return nil, err
	}
	return items.NewCandidates(g.items, in), nil
}

// Scored returns a set of rows by membership: those that have a score in every one
// of the layers. It reads layers that were not scanned yet, and makes derived ones.
func (g *Gallery) Scored(ctx context.Context, layers []string) ([]bool, error) {
	in := make([]bool, g.Len())
	for row := range in {
		in[row] = true
	}
	for _, name := range layers {
		f, err := scheme.ParseFactor(name)
		if err != nil {
			return nil, err
		}
		l, err := g.Ready(ctx, f)
		if err != nil {
			return nil, err
		}
		if err := l.Measure(ctx); err != nil {
			return nil, fmt.Errorf("measuring %s: %w", name, err)
		}
		for row, root := range l.Lengths().Root {
			in[row] = in[row] && !math.IsNaN(root)
		}
	}
	return in, nil
}

// HashRows returns "sha256:" and 64 hexadecimal digits: the hash of the ids of rows, each in
// Go's quotes with a line feed.
func (g *Gallery) HashRows(rows []int) string {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = g.items.IDs[row]
	}
	return "sha256:" + hashIDs(ids)
}
