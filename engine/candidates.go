package engine

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Condition keeps the rows whose label holds a value.
type Condition struct {
	Label, Value string
}

func (c Condition) String() string { return quoteName(c.Label) + "=" + quoteName(c.Value) }

// quoteName puts a name with blanks, commas or quotes between Go quotes.
func quoteName(s string) string {
	if s == "" || strings.ContainsAny(s, " \t\n,=\"\\#") || strconv.Quote(s) != `"`+s+`"` {
		return strconv.Quote(s)
	}
	return s
}

// Rows returns a set of rows by membership: those that meet the conditions. Of
// several conditions on one label one must hold, and so for every label. No
// conditions give nil, which means all rows.
func (g *Gallery) Rows(where []Condition) ([]bool, error) {
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
		l, err := g.Label(name)
		if err != nil {
			return nil, err
		}
		cells, missing := l.with(values[name])
		if cells == nil {
			return nil, &NameError{Kind: "value of " + name, Name: missing, In: g.Name, Known: nearest(missing, l.names)}
		}
		for row, code := range l.codes {
			in[row] = in[row] && cells[code]
		}
	}
	return in, nil
}

// Candidates are the rows that may answer a query: all whose split is not
// query and that a filter keeps. For one query, the query itself and the rows of
// its group are left out too.
type Candidates struct {
	g     *Gallery
	in    []bool // nil: all
	total int

	groups  map[uint32][]int32 // rows of each group, of those in the set
	without map[int][]int32    // by query: all rows of the set that are no candidates of it
}

// Candidates returns the candidates under a filter.
func (g *Gallery) Candidates(filter []Condition) (*Candidates, error) {
	in, err := g.Rows(filter)
	if err != nil {
		return nil, err
	}
	c := &Candidates{g: g, in: in, total: g.Len()}
	if split := g.items.split; split != nil && slices.Contains(split, splitQuery) {
		if c.in == nil {
			c.in = make([]bool, len(split))
			for i := range c.in {
				c.in[i] = true
			}
		}
		for row, s := range split {
			c.in[row] = c.in[row] && s != splitQuery
		}
	}
	if c.in != nil {
		c.total = 0
		for _, ok := range c.in {
			if ok {
				c.total++
			}
		}
	}
	if group := g.items.group; group != nil {
		c.groups = map[uint32][]int32{}
		for row, code := range group.codes {
			if code != 0 && c.has(row) {
				c.groups[code] = append(c.groups[code], int32(row))
			}
		}
	}
	return c, nil
}

// has reports whether the row is in the set, whatever the query.
func (c *Candidates) has(row int) bool { return c.in == nil || c.in[row] }

// left returns the rows of the set that are no candidates of query q, ascending.
func (c *Candidates) left(q int) []int32 {
	if q == noRow {
		return nil
	}
	if rows, ok := c.without[q]; ok {
		return rows
	}
	if c.groups != nil {
		if code := c.g.items.group.codes[q]; code != 0 {
			return c.groups[code] // with q itself, if the set holds it
		}
	}
	if c.has(q) {
		return []int32{int32(q)}
	}
	return nil
}

// Has reports whether the row is a candidate of a query that is no item.
func (c *Candidates) Has(row int) bool { return c.has(row) }

// HasFor reports whether the row is a candidate of query q.
func (c *Candidates) HasFor(q, row int) bool {
	_, left := slices.BinarySearch(c.left(q), int32(row))
	return c.has(row) && !left
}

// Without returns the candidates with further rows left out, by query, as those of
// the query's group are.
func (c *Candidates) Without(rows map[int][]int32) *Candidates {
	out := *c
	out.without = maps.Clone(c.without)
	if out.without == nil {
		out.without = map[int][]int32{}
	}
	for q, more := range rows {
		left := slices.Clone(c.left(q))
		for _, row := range more {
			if c.has(int(row)) {
				left = append(left, row)
			}
		}
		slices.Sort(left)
		out.without[q] = slices.Compact(left)
	}
	return &out
}

// Count returns the number of candidates of the query in row q; -1 stands for a
// query that is no item.
func (c *Candidates) Count(q int) int { return c.total - len(c.left(q)) }

// Relevance counts the relevant candidates of queries under one label.
type Relevance struct {
	Label  *Label
	c      *Candidates
	counts []int // candidates by cell code
	byCell []int // relevant rows of the set by the query's cell; nil for a plain label
}

// Relevance prepares counts for a label.
func (c *Candidates) Relevance(l *Label) *Relevance {
	r := &Relevance{Label: l, c: c, counts: l.counts(c.in)}
	if !l.plain {
		r.byCell = l.sharing(r.counts)
	}
	return r
}

// Count returns R, the number of candidates of q that are relevant to it.
func (r *Relevance) Count(q int) int {
	code := r.Label.codes[q]
	if code == 0 {
		return 0
	}
	n := r.counts[code]
	if r.byCell != nil {
		n = r.byCell[code]
	}
	for _, x := range r.c.left(q) {
		if r.Label.Relevant(q, int(x)) {
			n--
		}
	}
	return n
}

// Scored returns a set of rows by membership: those that have a score in every one
// of the layers. It reads layers that were not scanned yet, and makes derived ones.
func (g *Gallery) Scored(ctx context.Context, layers []string) ([]bool, error) {
	in := make([]bool, g.Len())
	for row := range in {
		in[row] = true
	}
	for _, name := range layers {
		l, err := g.ready(ctx, name)
		if err != nil {
			return nil, err
		}
		if err := l.measure(ctx); err != nil {
			return nil, fmt.Errorf("measuring %s: %w", name, err)
		}
		for row, root := range l.Lengths().Root {
			in[row] = in[row] && !math.IsNaN(root)
		}
	}
	return in, nil
}
