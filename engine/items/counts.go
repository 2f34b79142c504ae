package items

import (
	"cmp"
	"slices"
)

// ValueCount is a value of a label and the number of rows whose cell holds it.
type ValueCount struct {
	Value string
	Rows  int
}

// Count returns the label's values, those of most rows first and then by name, and
// the number of rows that hold none. Judgements have no values.
func (l *Label) Count() (values []ValueCount, unknown int) {
	if l.judged != nil {
		return nil, len(l.Codes)
	}
	values = make([]ValueCount, len(l.Names))
	for i, name := range l.Names {
		values[i].Value = name
	}
	for cell, n := range l.counts(nil) {
		if len(l.Sets[cell]) == 0 {
			unknown += n
		}
		for _, v := range l.Sets[cell] {
			values[v].Rows += n
		}
	}
	slices.SortFunc(values, func(a, b ValueCount) int {
		return cmp.Or(cmp.Compare(b.Rows, a.Rows), cmp.Compare(a.Value, b.Value))
	})
	return values, unknown
}
