package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"strata/engine/format"
	"strata/engine/layer"
)

// shard is the name of a file that holds some of the rows of a matrix, or of several
// matrices: C-00003-of-00008.npy.
type shard struct {
	name       string
	base       string // C
	ext        string
	number, of int
	digits     int
}

var shardName = regexp.MustCompile(`^(.+)-(\d{1,9})-of-(\d{1,9})$`)

// parseShard parses a file's name.
func parseShard(name string) (shard, bool) {
	ext := filepath.Ext(name)
	m := shardName.FindStringSubmatch(strings.TrimSuffix(name, ext))
	if m == nil || len(m[2]) != len(m[3]) {
		return shard{}, false
	}
	s := shard{name: name, base: m[1], ext: ext, digits: len(m[2])}
	s.number, _ = strconv.Atoi(m[2]) // digits
	s.of, _ = strconv.Atoi(m[3])
	return s, true
}

// pattern returns a pattern for the names of all shards.
func (s shard) pattern() string { return fmt.Sprintf("%s-*-of-%0*d%s", s.base, s.digits, s.of, s.ext) }

// groupShards puts shards of one matrix together, in the order of their numbers,
// which count from 0 or from 1. Groups have the order of their first names.
func groupShards(names []string) ([][]string, error) {
	var groups [][]string
	sets := map[string][]shard{}
	var bases []string
	for _, name := range names {
		s, ok := parseShard(name)
		if !ok {
			groups = append(groups, []string{name})
			continue
		}
		if sets[s.base] == nil {
			bases = append(bases, s.base)
		}
		sets[s.base] = append(sets[s.base], s)
	}
	for _, base := range bases {
		set := sets[base]
		if err := checkShards(set); err != nil {
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

// checkShards sorts shards by number and checks that just all are there.
func checkShards(set []shard) error {
	slices.SortStableFunc(set, func(a, b shard) int { return a.number - b.number })
	first := set[0]
	for i, s := range set {
		switch {
		case s.of != first.of:
			return fmt.Errorf("%s is one of %d shards, %s one of %d", s.name, s.of, first.name, first.of)
		case i > 0 && s.number == set[i-1].number:
			return fmt.Errorf("%s and %s are both shard %d of %s", set[i-1].name, s.name, s.number, s.base)
		}
	}
	if i := slices.IndexFunc(set, func(s shard) bool { return s.ext != first.ext }); i >= 0 {
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
	return fmt.Errorf("%s: of %d shards %d are there, missing is %s", first.pattern(), first.of, len(set), text)
}

// indexSuffix ends the name of a file that says in which file each tensor of a model
// lies.
const indexSuffix = ".safetensors.index.json"

// index finds the layers of the files that an index names, and returns those files.
func (o *opener) index(ctx context.Context, name string) (map[string]bool, error) {
	f, err := layer.OpenFile(o.g.folder, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.path(name), err)
	}
	defer f.Close()
	places := map[string]string{}
	r, size, _, err := readable(f)
	if err == nil {
		places, err = format.ReadIndex(r, size)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.path(name), err)
	}
	files := map[string]bool{}
	var tensors []string
	for tensor, file := range places {
		files[file] = true
		tensors = append(tensors, tensor)
	}
	slices.Sort(tensors)
	claimed := o.g.manifest.claimed()
	for _, tensor := range tensors {
		if claimed[places[tensor]] {
			continue
		}
		m, err := o.read(ctx, places[tensor])
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(m.arrays, func(a format.Array) bool { return a.Name == tensor })
		if at < 0 {
			return nil, fmt.Errorf("%s: it says that tensor %q is in %s, which has none of that name", o.path(name), tensor, places[tensor])
		}
		l := &foundLayer{name: tensor, path: m.Path, spare: true, pieces: []piece{{file: m, array: m.arrays[at]}}}
		if err := o.add(l); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// columnSpan is a range of columns, from ≤ column < to. It may be open at either end.
type columnSpan struct {
	set, open bool
	from, to  int64
}

// parseColumns parses FROM:TO, counted from 0, without TO. Either may be missing.
func parseColumns(text string) (columnSpan, error) {
	if text == "" {
		return columnSpan{}, nil
	}
	bad := fmt.Errorf("columns %q are not FROM:TO, two numbers from 0 on, the first less than the second", text)
	from, to, ok := strings.Cut(text, ":")
	s := columnSpan{set: true, open: to == ""}
	for _, end := range []struct {
		text string
		n    *int64
	}{{from, &s.from}, {to, &s.to}} {
		if end.text == "" {
			continue
		}
		n, err := strconv.ParseUint(end.text, 10, 31)
		if err != nil {
			return s, bad
		}
		*end.n = int64(n)
	}
	if !ok || !s.open && s.from >= s.to {
		return s, bad
	}
	return s, nil
}

// within returns the range in a matrix of so many columns.
func (s columnSpan) within(dim int64) (columnSpan, error) {
	if s.open {
		s.to, s.open = dim, false
	}
	if s.set && (s.to > dim || s.from >= s.to) {
		return s, fmt.Errorf("it has %d columns, not those from %d to %d that %s names", dim, s.from, s.to, ManifestFile)
	}
	return s, nil
}

// features returns the number of columns of an array that are the layer's.
func (s columnSpan) features(a format.Array) int64 {
	if s.set {
		return s.to - s.from
	}
	return a.Dim
}
