package engine

import (
	"cmp"
	"fmt"
	"io/fs"
	slash "path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"strata/engine/items"
	"strata/engine/table"
)

// tables.go finds the items table: a file, or several whose rows follow one another.

// tableFiles are the files of an items table.
type tableFiles struct {
	names []string // within the folder, with slashes, in the order of the rows
	shown string   // for messages: the file, or a pattern
	found bool     // by their names, though no name of items tables is among them
}

// FindItems returns the name of the items table in a gallery's folder, or a pattern of
// its files: the manifest's file or files, else the one file with a default name, else
// the only set of shards of a table. The manifest may be nil. Without a table the error
// is fs.ErrNotExist.
func FindItems(folder fs.FS, place string, m *Manifest) (string, error) {
	files, err := findTable(folder, place, m)
	return files.shown, err
}

// findTable is FindItems for the files.
func findTable(folder fs.FS, place string, m *Manifest) (tableFiles, error) {
	if file := m.itemsFile(); file != "" {
		return namedTable(folder, place, file)
	}
	found, err := items.Present(folder, table.Names(itemsStem))
	switch {
	case err != nil:
		return tableFiles{}, fmt.Errorf("%s: %w", place, err)
	case len(found) > 1:
		return tableFiles{}, fmt.Errorf("%s: %s and %s are both items tables; move one, or name one in %s: items: {file: %s}", place, found[0], found[1], ManifestFile, found[0])
	case len(found) == 1:
		return tableFiles{names: found, shown: found[0]}, nil
	}
	sets, single, err := looseTables(folder)
	switch {
	case err != nil:
		return tableFiles{}, fmt.Errorf("%s: %w", place, err)
	case len(sets) == 1:
		return sets[0], nil
	}
	none := &items.NoItemsError{Place: place, Arrow: arrowTable(folder)}
	for _, s := range sets {
		none.Others = append(none.Others, s.shown)
	}
	if none.Others = append(none.Others, single...); len(sets) > 1 {
		return tableFiles{}, fmt.Errorf("%s: %s and %s are both tables; name one in %s: items: {file: %q}", place, sets[0].shown, sets[1].shown, ManifestFile, sets[0].shown)
	}
	return tableFiles{}, none
}

// arrowTable says how an Arrow table of a folder becomes a table of items, which it is not
// read as; "" if there is none.
func arrowTable(folder fs.FS) string {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return ""
	}
	for _, e := range entries {
		name := e.Name()
		stem, ext := strings.TrimSuffix(name, slash.Ext(name)), strings.ToLower(slash.Ext(name))
		line := fmt.Sprintf("import polars; polars.read_ipc('%s').write_parquet('items.parquet')", name)
		if s, ok := parseShard(name); ok && s.base == "data" {
			line = "import datasets; datasets.load_from_disk('.').to_parquet('items.parquet')"
		} else if stem != itemsStem {
			continue
		}
		if ext == ".arrow" || ext == ".arrows" || ext == ".feather" {
			return fmt.Sprintf("%s is an Arrow table, which is read for layers, not for items; this writes it as one, in the folder: python3 -c \"%s\"", name, line)
		}
	}
	return ""
}

// namedTable returns the files that gallery.yaml names: one, or those of a pattern.
func namedTable(folder fs.FS, place, file string) (tableFiles, error) {
	if !strings.ContainsAny(file, `*?[\`) {
		return tableFiles{names: []string{file}, shown: file}, nil
	}
	found, err := fs.Glob(folder, file)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s: items: no file is named %s", ManifestFile, file)
	}
	if err != nil {
		return tableFiles{}, fmt.Errorf("%s: %w", place, err)
	}
	slices.SortFunc(found, byNumbers)
	return tableFiles{names: found, shown: file}, nil
}

// tableFolders are the folders in which tables lie that programs write in shards.
var tableFolders = []string{".", "metadata", "data"}

// looseTables returns the tables of a folder that have no name of items tables: sets of
// shards, and other files.
func looseTables(folder fs.FS) (sets []tableFiles, single []string, err error) {
	for _, dir := range tableFolders {
		entries, err := fs.ReadDir(folder, dir)
		if err != nil && dir == "." {
			return nil, nil, err
		}
		byPattern := map[string][]string{}
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() || strings.HasPrefix(name, ".") || !table.Known(name) || table.IsIDs(name) {
				continue
			}
			n, ok := numbered(name)
			if !ok {
				single = append(single, slash.Join(dir, name))
				continue
			}
			pattern := slash.Join(dir, n.pattern)
			byPattern[pattern] = append(byPattern[pattern], slash.Join(dir, name))
		}
		for pattern, names := range byPattern {
			slices.SortFunc(names, byNumbers)
			if err := whole(names); err != nil {
				return nil, nil, err
			}
			sets = append(sets, tableFiles{names: names, shown: pattern, found: true})
		}
	}
	slices.SortFunc(sets, func(a, b tableFiles) int { return strings.Compare(a.shown, b.shown) })
	return sets, single, nil
}

// whole checks that of shards that are numbered from 0 to a number that each names all
// are there.
func whole(names []string) error {
	var set []shard
	for _, name := range names {
		if s, ok := parseShard(name); ok {
			set = append(set, s)
		}
	}
	if len(set) == 0 {
		return nil
	}
	return checkShards(set)
}

// numberedFile is the name of a file with a number of its own among others.
type numberedFile struct {
	base    string // img_emb of img_emb_12.npy
	number  int
	pattern string // img_emb_*.npy
}

var (
	endNumber = regexp.MustCompile(`^(.*[^0-9])([0-9]{1,9})$`)
	numbers   = regexp.MustCompile(`[0-9]+`)
)

// numbered parses the name of one of several files: C-00003-of-00008.npy, img_emb_3.npy.
// Their numbers follow a mark.
func numbered(name string) (numberedFile, bool) {
	if s, ok := parseShard(name); ok {
		return numberedFile{s.base, s.number, s.pattern()}, true
	}
	stem, rest, _ := strings.Cut(name, ".")
	m := endNumber.FindStringSubmatch(stem)
	if m == nil || !strings.ContainsAny(m[1][len(m[1])-1:], "_-") || len(m[1]) < 2 {
		return numberedFile{}, false
	}
	n, _ := strconv.Atoi(m[2]) // digits
	return numberedFile{m[1][:len(m[1])-1], n, m[1] + "*." + rest}, true
}

// byNumbers orders names as people do: those that differ in a number by that.
func byNumbers(a, b string) int {
	for a != "" && b != "" {
		x, y := numbers.FindStringIndex(a), numbers.FindStringIndex(b)
		if x == nil || y == nil || a[:x[0]] != b[:y[0]] {
			break
		}
		p, q := strings.TrimLeft(a[x[0]:x[1]], "0"), strings.TrimLeft(b[y[0]:y[1]], "0")
		if c := cmp.Or(cmp.Compare(len(p), len(q)), strings.Compare(p, q)); c != 0 {
			return c
		}
		a, b = a[x[1]:], b[y[1]:]
	}
	return strings.Compare(a, b)
}
