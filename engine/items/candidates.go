package items

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// Candidates are the rows that may answer a query: all whose split is not
// query and that a filter keeps. For one query, the query itself and the rows of
// its group are left out too.
type Candidates struct {
	Items *Table
	in    []bool // nil: all
	total int

	groups  map[uint32][]int32 // rows of each group, of those in the set
	further int                // rows of the set beside the first of their group
	largest int                // rows of the largest group
	without map[int][]int32    // by query: all rows of the set that are no candidates of it
}

// NewCandidates returns the candidates among the rows of in; nil holds all rows.
func NewCandidates(items *Table, in []bool) *Candidates {
	c := &Candidates{Items: items, in: in, total: len(items.IDs)}
	if split := items.Split; split != nil && slices.Contains(split, splitQuery) {
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
	if group := items.Group; group != nil {
		c.groups = map[uint32][]int32{}
		for row, code := range group.Codes {
			if code != 0 && c.Has(row) {
				c.groups[code] = append(c.groups[code], int32(row))
			}
		}
		for _, rows := range c.groups {
			c.further += len(rows) - 1
			c.largest = max(c.largest, len(rows))
		}
	}
	return c
}

// Excluded returns the rows of the set that are no candidates of query q, ascending.
func (c *Candidates) Excluded(q int) []int32 {
	if q == NoRow {
		return nil
	}
	if rows, ok := c.without[q]; ok {
		return rows
	}
	if c.groups != nil {
		if code := c.Items.Group.Codes[q]; code != 0 {
			return c.groups[code] // with q itself, if the set holds it
		}
	}
	if c.Has(q) {
		return []int32{int32(q)}
	}
	return nil
}

// Has reports whether the row is in the set: a candidate of a query that is no item.
func (c *Candidates) Has(row int) bool { return c.in == nil || c.in[row] }

// HasFor reports whether the row is a candidate of query q.
func (c *Candidates) HasFor(q, row int) bool {
	_, excluded := slices.BinarySearch(c.Excluded(q), int32(row))
	return c.Has(row) && !excluded
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
		excluded := slices.Clone(c.Excluded(q))
		for _, row := range more {
			if c.Has(int(row)) {
				excluded = append(excluded, row)
			}
		}
		slices.Sort(excluded)
		out.without[q] = slices.Compact(excluded)
	}
	return &out
}

// Count returns the number of candidates of the query in row q; -1 stands for a
// query that is no item.
func (c *Candidates) Count(q int) int { return c.total - len(c.Excluded(q)) }

// Relevance counts the relevant candidates of queries under one label.
type Relevance struct {
	Label  *Label
	c      *Candidates
	counts []int // candidates by cell code
	byCell []int // relevant rows of the set by the query's cell; nil for a plain label
	known  int   // candidates with a value

	listings *listingCounts // of listings; nil: rows are counted
}

// Relevance prepares counts for a label.
func (c *Candidates) Relevance(l *Label) *Relevance {
	r := &Relevance{Label: l, c: c, counts: l.counts(c.in)}
	for code, rows := range r.counts {
		if len(l.Sets[code]) > 0 {
			r.known += rows
		}
	}
	if !l.Plain && l.judged == nil {
		r.byCell = l.sharing(r.counts)
	}
	return r
}

// Count returns R, the number of candidates of q that are relevant to it.
func (r *Relevance) Count(q int) int {
	if r.listings != nil {
		return r.countListings(q)
	}
	if r.Label.judged != nil {
		n := 0
		r.among(q, func(_ int32, grade uint8) {
			if grade > 0 {
				n++
			}
		})
		return n
	}
	code := r.Label.Codes[q]
	if code == 0 {
		return 0
	}
	n := r.counts[code]
	if r.byCell != nil {
		n = r.byCell[code]
	}
	for _, x := range r.c.Excluded(q) {
		if r.Label.Relevant(q, int(x)) {
			n--
		}
	}
	return n
}

// NoRow is the row of a query that is no item: nothing is left out for it.
const NoRow = -1

// Same reports whether c and o are the same candidates for every query.
func (c *Candidates) Same(o *Candidates) bool {
	return c == o || c.without == nil && o.without == nil && c.total == o.total && (c.in == nil) == (o.in == nil) && slices.Equal(c.in, o.in)
}

// Hash returns a hash of who may answer whom, without further rows that are left out.
func (c *Candidates) Hash() string {
	h := sha256.New()
	h.Write(fmt.Appendf(nil, "candidates %d\n", len(c.Items.IDs)))
	for row := range len(c.Items.IDs) {
		var b [5]byte
		if c.Has(row) {
			b[0] = 1
		}
		if c.groups != nil {
			binary.LittleEndian.PutUint32(b[1:], c.Items.Group.Codes[row])
		}
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
