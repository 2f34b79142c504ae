package engine

import (
	"fmt"
	"io/fs"
	slash "path"
	"slices"
	"strings"

	"strata/engine/format"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/shard"
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
func FindItems(folder fs.FS, place string, m *manifest.Manifest) (string, error) {
	files, err := findTable(folder, place, m)
	return files.shown, err
}

// findTable is FindItems for the files.
func findTable(folder fs.FS, place string, m *manifest.Manifest) (tableFiles, error) {
	if file := m.ItemsFile(); file != "" {
		return namedTable(folder, place, file)
	}
	found, err := items.Present(folder, table.Names(itemsStem))
	switch {
	case err != nil:
		return tableFiles{}, fmt.Errorf("%s: %w", place, err)
	case len(found) > 1:
		return tableFiles{}, fmt.Errorf("%s: %s and %s are both items tables; move one, or name one in %s: items: {file: %s}", place, found[0], found[1], manifest.FileName, found[0])
	case len(found) == 1:
		return tableFiles{names: found, shown: found[0]}, nil
	}
	sets, single, err := looseTables(folder, m)
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
		return tableFiles{}, fmt.Errorf("%s: %s and %s are both tables; name one in %s: items: {file: %q}", place, sets[0].shown, sets[1].shown, manifest.FileName, sets[0].shown)
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
		line := format.Python("polars", "polars.read_ipc(f).write_parquet('items.parquet')", name)
		if s, ok := shard.Parse(name); ok && s.Base == "data" {
			line = `python3 -c "import datasets; datasets.load_from_disk('.').to_parquet('items.parquet')"`
		} else if stem != itemsStem {
			continue
		}
		if ext == ".arrow" || ext == ".arrows" || ext == ".feather" {
			return fmt.Sprintf("%s is an Arrow table, which is read for layers, not for items; this writes it as one, in the folder: %s", name, line)
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
		err = fmt.Errorf("%s: items: no file is named %s", manifest.FileName, file)
	}
	if err != nil {
		return tableFiles{}, fmt.Errorf("%s: %w", place, err)
	}
	slices.SortFunc(found, shard.ByNumber)
	return tableFiles{names: found, shown: file}, nil
}

// tableFolders are the folders in which tables lie that programs write in shards.
var tableFolders = []string{".", "metadata", "data"}

// looseTables returns the tables of a folder that have no name of items tables: sets of
// shards, and other files.
func looseTables(folder fs.FS, m *manifest.Manifest) (sets []tableFiles, single []string, err error) {
	for _, dir := range tableFolders {
		entries, err := fs.ReadDir(folder, dir)
		if err != nil && dir == "." {
			return nil, nil, err
		}
		byPattern := map[string][]string{}
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() || strings.HasPrefix(name, ".") || !table.Known(name) || table.IsIDs(name) || dir == "." && m.IsJudgements(name) {
				continue
			}
			n, ok := shard.ParseNumbered(name)
			if !ok {
				single = append(single, slash.Join(dir, name))
				continue
			}
			pattern := slash.Join(dir, n.Pattern)
			byPattern[pattern] = append(byPattern[pattern], slash.Join(dir, name))
		}
		for pattern, names := range byPattern {
			slices.SortFunc(names, shard.ByNumber)
			if err := shard.Whole(names); err != nil {
				return nil, nil, err
			}
			sets = append(sets, tableFiles{names: names, shown: pattern, found: true})
		}
	}
	slices.SortFunc(sets, func(a, b tableFiles) int { return strings.Compare(a.shown, b.shown) })
	return sets, single, nil
}

// kind says what a folder is taken for: by who writes such files, or else by its files.
func kind(layers []*layer.Layer, files tableFiles, m *manifest.Manifest) string {
	text := writer(layers, files, m)
	if text == "" {
		text = "a folder of items without layers that were opened, " + files.shown
		if kinds := matrixKinds(layers); kinds != "" {
			text = fmt.Sprintf("a folder of %s with %s", kinds, files.shown)
		}
	}
	if m != nil && m.Pictures != nil && len(m.Pictures.Archives) > 0 {
		text += ", pictures in archives (" + strings.Join(m.Pictures.Archives, ", ") + ")"
	}
	return text
}

// writer returns the program whose output a folder seems to be, or "".
func writer(layers []*layer.Layer, files tableFiles, m *manifest.Manifest) string {
	first := files.names[0]
	n, isShard := shard.ParseNumbered(slash.Base(first))
	shards := fmt.Sprintf("%d shards", len(files.names))
	if len(files.names) == 1 {
		shards = "1 shard"
	}
	_, standard := shard.Parse(slash.Base(first))
	switch {
	case isShard && n.Base == "metadata" && slices.ContainsFunc(layers, func(l *layer.Layer) bool { return l.Name == "img_emb" || l.Name == "text_emb" }):
		return "clip-retrieval output, " + shards
	case standard && slash.Dir(first) == "data":
		return "a data set of the Hugging Face hub, " + shards
	case isShard && len(files.names) > 1:
		return fmt.Sprintf("a table in %s, %s", shards, files.shown) + withMatrices(layers)
	case m != nil && m.Model != nil && slices.ContainsFunc(layers, func(l *layer.Layer) bool { return m.Layers[l.Name] != nil && m.Layers[l.Name].Tap != "" }):
		return fmt.Sprintf("layers that strata extracted with %s, %s", slash.Base(m.Model.File), files.shown)
	}
	return ""
}

// withMatrices names the kinds of the layers' files behind what the folder is.
func withMatrices(layers []*layer.Layer) string {
	if kinds := matrixKinds(layers); kinds != "" {
		return ", with " + kinds
	}
	return ""
}

// matrixKinds names the kinds of files that the layers lie in.
func matrixKinds(layers []*layer.Layer) string {
	var kinds []string
	for _, l := range layers {
		path, _, _ := strings.Cut(l.File, " and ")
		if ext := strings.ToLower(slash.Ext(path)); !slices.Contains(kinds, ext) {
			kinds = append(kinds, ext)
		}
	}
	slices.Sort(kinds)
	switch len(kinds) {
	case 0:
		return ""
	case 1:
		return kinds[0] + " matrices"
	}
	return strings.Join(kinds[:len(kinds)-1], ", ") + " and " + kinds[len(kinds)-1] + " matrices"
}
