package shard

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Name is the name of a file that holds some of the rows of a matrix, or of several
// matrices: C-00003-of-00008.npy.
type Name struct {
	name       string
	Base       string // C
	ext        string
	number, of int
	digits     int
}

var shardName = regexp.MustCompile(`^(.+)-(\d{1,9})-of-(\d{1,9})$`)

// Parse parses a file's name.
func Parse(name string) (Name, bool) {
	ext := filepath.Ext(name)
	m := shardName.FindStringSubmatch(strings.TrimSuffix(name, ext))
	if m == nil || len(m[2]) != len(m[3]) {
		return Name{}, false
	}
	s := Name{name: name, Base: m[1], ext: ext, digits: len(m[2])}
	s.number, _ = strconv.Atoi(m[2]) // digits
	s.of, _ = strconv.Atoi(m[3])
	return s, true
}

// Pattern returns a pattern for the names of all shards.
func (s Name) Pattern() string { return fmt.Sprintf("%s-*-of-%0*d%s", s.Base, s.digits, s.of, s.ext) }

// Group puts shards of one matrix together, in the order of their numbers,
// which count from 0 or from 1. Groups have the order of their first names.
func Group(names []string) ([][]string, error) {
	var groups [][]string
	sets := map[string][]Name{}
	var bases []string
	for _, name := range names {
		s, ok := Parse(name)
		if !ok {
			groups = append(groups, []string{name})
			continue
		}
		if sets[s.Base] == nil {
			bases = append(bases, s.Base)
		}
		sets[s.Base] = append(sets[s.Base], s)
	}
	for _, base := range bases {
		set := sets[base]
		if err := check(set); err != nil {
			return nil, err
		}
		group := make([]string, len(set))
		for i, s := range set {
			group[i] = s.name
		}
		groups = append(groups, group)
	}
	slices.SortStableFunc(groups, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return groups, nil
}

// check sorts shards by number and checks that just all are there.
func check(set []Name) error {
	slices.SortStableFunc(set, func(a, b Name) int { return a.number - b.number })
	first := set[0]
	for i, s := range set {
		switch {
		case s.of != first.of:
			return fmt.Errorf("%s is one of %d shards, %s one of %d", s.name, s.of, first.name, first.of)
		case i > 0 && s.number == set[i-1].number:
			return fmt.Errorf("%s and %s are both shard %d of %s", set[i-1].name, s.name, s.number, s.Base)
		}
	}
	if i := slices.IndexFunc(set, func(s Name) bool { return s.ext != first.ext }); i >= 0 {
		return fmt.Errorf("%s and %s are shards of one matrix in two formats", first.name, set[i].name)
	}
	from := 0
	if last := set[len(set)-1]; first.number > 0 && last.number == last.of {
		from = 1
	}
	if last := set[len(set)-1]; last.number >= last.of+from {
		return fmt.Errorf("%s has a number beyond the %d shards", last.name, last.of)
	}
	if len(set) == first.of {
		return nil
	}
	var missing []string
	for i, next := from, 0; i < first.of+from && len(missing) < 5; i++ {
		if next < len(set) && set[next].number == i {
			next++
		} else {
			missing = append(missing, fmt.Sprintf("%0*d", first.digits, i))
		}
	}
	text := strings.Join(missing, ", ")
	if left := first.of - len(set) - len(missing); left > 0 {
		text += fmt.Sprintf(" and %d more", left)
	}
	return fmt.Errorf("%s: of %d shards %d are there, missing is %s", first.Pattern(), first.of, len(set), text)
}
