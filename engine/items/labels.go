package items

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"strata/engine/scheme"
)

// Labels are the labels of an items table: its label columns, and those that follow from them.
type Labels struct {
	Listed []*Label // of the table, but for those that are said to be none

	table *Table
	of    string // the gallery's name
	mu    sync.Mutex
	made  map[string]*Label // by name: those that follow from columns
}

// NewLabels returns the labels of a table, of a gallery of that name. Of the columns, not names
// those that are no labels and are not Listed; unknown are the names among them that no column has.
func NewLabels(table *Table, of string, not []string) (labels *Labels, unknown []string) {
	labels = &Labels{Listed: table.Labels, table: table, of: of, made: map[string]*Label{}}
	for _, name := range not {
		if !labels.has(name) {
			unknown = append(unknown, name)
		}
	}
	if len(not) > 0 {
		labels.Listed = slices.DeleteFunc(slices.Clone(labels.Listed), func(l *Label) bool { return slices.Contains(not, l.Name) })
	}
	return labels, unknown
}

// has reports whether the table has such a column.
func (s *Labels) has(name string) bool {
	return slices.ContainsFunc(s.table.Labels, func(l *Label) bool { return l.Name == name })
}

// Find returns the label with the name, which is that of a column, or else of
// a label that follows from columns:
//
//	category/2      the first two levels of a column whose values are paths
//	category/*      the first level, with gains that count the levels shared
//	category&brand  both: relevant is what is relevant under each
//	overlap(category,brand)  one of them, with gains that count the labels shared
//
// A value with fewer levels than asked for is no value of that label. Derived
// labels are made once and kept. Judgements are labels, too, from which no others follow.
func (s *Labels) Find(name string) (*Label, error) {
	if i := slices.IndexFunc(s.table.Labels, func(l *Label) bool { return l.Name == name }); i >= 0 {
		return s.table.Labels[i], nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.label(name)
}

// label returns a column or a derived label. The caller holds mu.
func (s *Labels) label(name string) (*Label, error) {
	if i := slices.IndexFunc(s.table.Labels, func(l *Label) bool { return l.Name == name }); i >= 0 {
		return s.table.Labels[i], nil
	}
	if l := s.made[name]; l != nil {
		return l, nil
	}
	l, err := s.derived(name)
	if err != nil {
		return nil, err
	}
	s.made[name] = l
	return l, nil
}

// derived makes a label that follows from columns. The caller holds mu.
func (s *Labels) derived(name string) (*Label, error) {
	if strings.HasPrefix(name, overlapName) {
		return s.overlap(name)
	}
	if at := strings.LastIndex(name, "&"); at >= 0 {
		a, err := s.label(name[:at])
		if err != nil {
			return nil, err
		}
		b, err := s.label(name[at+1:])
		if err != nil {
			return nil, err
		}
		for _, l := range []*Label{a, b} {
			if l.Judged() {
				return nil, fmt.Errorf("label %s: %s is judgements of pairs, which do not join with labels", name, l.Name)
			}
		}
		if a.LevelLabels != nil || b.LevelLabels != nil {
			return nil, fmt.Errorf("label %s: all levels of a column do not join; name one level", name)
		}
		return JoinLabels(name, a, b)
	}
	at := strings.LastIndex(name, LevelMark)
	if at < 0 {
		return nil, s.Unknown(name)
	}
	of, err := s.label(name[:at])
	if err != nil {
		return nil, s.Unknown(name)
	}
	if of.Judged() {
		return nil, fmt.Errorf("label %s: %s is judgements of pairs, which have no values and so no levels", name, of.Name)
	}
	deepest := of.Depth()
	if name[at+1:] == AllLevels {
		return of.AllLevels(name, name[:at+1], deepest), nil
	}
	depth, err := strconv.Atoi(name[at+1:])
	if err != nil || depth < 1 || depth > deepest || strconv.Itoa(depth) != name[at+1:] {
		known := []string{name[:at+1] + AllLevels}
		for d := range min(deepest, 9) {
			known = append(known, name[:at+1]+strconv.Itoa(d+1))
		}
		return nil, &scheme.NameError{Kind: "label", Name: name, In: s.of, Known: known}
	}
	return of.Level(name, depth), nil
}

// Unknown returns the error of a name that no label has.
func (s *Labels) Unknown(name string) error {
	known := make([]string, len(s.table.Labels))
	for i, l := range s.table.Labels {
		known[i] = l.Name
	}
	return &scheme.NameError{Kind: "label", Name: name, In: s.of, Known: scheme.Nearest(name, known)}
}
