package items

import (
	"math"
	"math/bits"
	"slices"
)

// MaxGrade is the largest grade of a judgement.
const MaxGrade = 1<<7 - 1

// judgements are the grades of pairs of a query and an item, by row of the query and then
// by row of the item. A pair that is not among them is not judged.
type judgements struct {
	starts  []int32 // by row of a query: where its items begin; one more for the end
	items   []int32 // rows, ascending within a query
	grades  []uint8 // by place in items
	largest int     // grade
}

// pairs returns where the judgements of a query begin and end.
func (j *judgements) pairs(q int) (lo, hi int) { return int(j.starts[q]), int(j.starts[q+1]) }

// grade returns the grade of a pair, and whether it is judged.
func (j *judgements) grade(q, x int) (int, bool) {
	lo, hi := j.pairs(q)
	at, ok := slices.BinarySearch(j.items[lo:hi], int32(x))
	if !ok {
		return 0, false
	}
	return int(j.grades[lo+at]), true
}

// judgement is a pair that was read.
type judgement struct {
	query, item int32 // rows
	place       int32 // of the line or row
	grade       uint8
	count       float64 // the grade that stands there
}

// judgementLabel returns the label of pairs, ascending by query and then item, among so
// many rows. A row's code is its number from 1.
func judgementLabel(name string, rows int, pairs []judgement) *Label {
	j := &judgements{starts: make([]int32, rows+1), items: make([]int32, len(pairs)), grades: make([]uint8, len(pairs))}
	for i, p := range pairs {
		j.starts[p.query+1]++
		j.items[i], j.grades[i] = p.item, p.grade
		j.largest = max(j.largest, int(p.grade))
	}
	codes := make([]uint32, rows)
	for row := range codes {
		codes[row] = uint32(row) + 1
		j.starts[row+1] += j.starts[row]
	}
	return &Label{Name: name, Codes: codes, judged: j}
}

// Judged reports whether the label is made of judgements: of grades of pairs of a query
// and an item. Such a label has no values, cells or classes. An item is relevant to a query
// if their grade is above 0, and what is not judged is not relevant.
func (l *Label) Judged() bool { return l.judged != nil }

// Judges reports whether it is known if row x is relevant to row q, whose value is known: the
// value of x is known, or the pair is judged.
func (l *Label) Judges(q, x int) bool {
	if l.judged != nil {
		_, ok := l.judged.grade(q, x)
		return ok
	}
	return l.Known(x)
}

// Differ reports whether it is known of two rows that neither is relevant to the other: their values
// are known and they share none, or a pair of them is judged and none is relevant.
func (l *Label) Differ(a, b int) bool {
	if l.Relevant(a, b) || l.Relevant(b, a) {
		return false
	}
	if l.judged != nil {
		return l.Judges(a, b) || l.Judges(b, a)
	}
	return l.Known(a) && l.Known(b)
}

// JudgedOf returns the number of items that are judged for a query, and how many of
// them are relevant; 0 for a label of values.
func (l *Label) JudgedOf(q int) (judged, relevant int) {
	if l.judged == nil {
		return 0, 0
	}
	lo, hi := l.judged.pairs(q)
	for _, grade := range l.judged.grades[lo:hi] {
		if grade > 0 {
			relevant++
		}
	}
	return hi - lo, relevant
}

// LargestGain returns the largest gain that a pair may have: the largest grade of
// judgements, the number of levels of a label with all levels of a column, else 1.
func (l *Label) LargestGain() int {
	switch {
	case l.judged != nil:
		return max(l.judged.largest, 1)
	case l.LevelLabels != nil:
		return len(l.LevelLabels)
	}
	return 1
}

// among calls visit with every judged candidate of a query and its grade.
func (r *Relevance) among(q int, visit func(row int32, grade uint8)) {
	j := r.Label.judged
	lo, hi := j.pairs(q)
	for at := lo; at < hi; at++ {
		if r.c.HasFor(q, int(j.items[at])) {
			visit(j.items[at], j.grades[at])
		}
	}
}

// Judged returns the judged candidates of a query, by row, and their grades; none for a
// label of values.
func (r *Relevance) Judged(q int) (rows []int32, grades []uint8) {
	if r.Label.judged != nil {
		r.among(q, func(row int32, grade uint8) { rows, grades = append(rows, row), append(grades, grade) })
	}
	return rows, grades
}

// Above appends, for each gain d from 0 to the largest less 1, the number of candidates of q
// whose grade is above d. It is for judgements.
func (r *Relevance) Above(dst []int, q int) []int {
	from := len(dst)
	dst = append(dst, make([]int, r.Label.judged.largest)...)
	count := func(grade uint8) {
		if grade > 0 {
			dst[from+int(grade)-1]++
		}
	}
	if r.listings != nil {
		for _, grade := range r.grades(q, 1) {
			count(grade)
		}
	} else {
		r.among(q, func(_ int32, grade uint8) { count(grade) })
	}
	for d := len(dst) - 2; d >= from; d-- {
		dst[d] += dst[d+1]
	}
	return dst
}

// Known returns the number of candidates of q of which it is known whether they are
// relevant, if the value of q is known.
func (r *Relevance) Known(q int) int {
	if r.listings != nil {
		return r.knownListings(q)
	}
	n := 0
	if r.Label.judged != nil {
		r.among(q, func(int32, uint8) { n++ })
		return n
	}
	n = r.known
	for _, x := range r.c.Excluded(q) {
		if r.c.Has(int(x)) && r.Label.Known(int(x)) {
			n--
		}
	}
	return n
}

// gainOf returns the gain of a count: the count up to MaxGrade, or with logarithms one more than
// the whole part of its binary logarithm, which 0 has not.
func gainOf(count float64, logarithms bool) (gain uint8, capped bool) {
	if logarithms {
		return uint8(bits.Len64(uint64(count))), false
	}
	return uint8(math.Min(count, MaxGrade)), count > MaxGrade
}
