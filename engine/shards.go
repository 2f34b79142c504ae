package engine

import (
	"cmp"
	"context"
	"fmt"
	slash "path"
	"path/filepath"
	"slices"
	"strings"

	"strata/engine/format"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/engine/shard"
)

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
	claimed := o.g.manifest.Claimed()
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

// join makes one layer of files that are numbered, img_emb_0.npy and so on, where all
// together have a row for each item, and none has by itself: then each is a layer of
// its own. Shards of the items table have as many rows as the shards of the matrix.
func (o *opener) join(items int) error {
	sets := map[[2]string][]*foundLayer{}
	var order [][2]string
	for _, l := range o.found {
		n, ok := shard.ParseNumbered(slash.Base(l.pieces[0].file.name))
		if !ok || l.named || len(l.pieces) > 1 || l.rows() == int64(items) {
			continue
		}
		key := [2]string{n.Pattern, l.pieces[0].array.Name}
		if sets[key] == nil {
			order = append(order, key)
		}
		sets[key] = append(sets[key], l)
	}
	for _, key := range order {
		set := sets[key]
		if len(set) < 2 {
			continue
		}
		slices.SortFunc(set, func(a, b *foundLayer) int { return shard.ByNumber(a.pieces[0].file.name, b.pieces[0].file.name) })
		if err := o.joinSet(set, key[0], items); err != nil {
			return err
		}
	}
	for _, l := range o.found {
		if err := o.aligned(l); err != nil {
			return err
		}
	}
	return nil
}

// joinSet makes one layer of the layers of numbered files.
func (o *opener) joinSet(set []*foundLayer, pattern string, items int) error {
	first := set[0]
	rows := int64(0)
	var pieces []piece
	for _, l := range set {
		p, q := l.pieces[0], first.pieces[0]
		if p.array.Type != q.array.Type || p.array.Dim != q.array.Dim {
			return fmt.Errorf("%s: its rows are %d %s, those of %s are %d %s: parts of one layer must agree",
				p.file.Path, p.array.Dim, p.array.Type, q.file.Path, q.array.Dim, q.array.Type)
		}
		rows += l.rows()
		pieces = append(pieces, p)
	}
	if err := o.numbers(pieces); err != nil {
		return err
	}
	name := first.pieces[0].file.name
	shown := o.path(slash.Join(slash.Dir(name), pattern))
	if rows != int64(items) {
		return fmt.Errorf("%s: %d files have %d rows together, %s has %d items", shown, len(set), rows, o.g.items.RowsFile(), items)
	}
	o.found = slices.DeleteFunc(o.found, func(l *foundLayer) bool { return l != first && slices.Contains(set, l) })
	first.pieces = pieces
	if first.path = shown; first.pieces[0].array.Name == "" {
		n, _ := shard.ParseNumbered(slash.Base(name))
		first.name = n.Base
	}
	return nil
}

// paired reports whether the items table and a layer have as many shards, in one order.
func (o *opener) paired(pieces []piece) bool {
	return len(pieces) == len(o.g.items.Files) && o.g.items.IDsFile == ""
}

// numbers checks the numbers of a layer's files. They are those of the items table's files or,
// where these have none, or are not as many, count from 0 or 1 without a gap.
func (o *opener) numbers(pieces []piece) error {
	var names []string
	for _, p := range pieces {
		names = append(names, p.file.name)
	}
	own, items := shard.Numbers(names), shard.Numbers(o.g.items.Files)
	paired := items != nil && o.paired(pieces)
	for i, n := range own {
		switch {
		case paired && n != items[i]:
			return fmt.Errorf("%s: it is shard %d of the matrix, and %s is shard %d of the table: shards of one number have the same rows",
				pieces[i].file.Path, n, o.g.items.Files[i], items[i])
		case !paired && (own[0] > 1 || n != own[0]+i):
			missing := own[0] + i
			if i == 0 {
				missing-- // the first is behind 1
			}
			of, _ := shard.ParseNumbered(slash.Base(names[i]))
			return fmt.Errorf("%s: of the files %s that of number %d is missing", pieces[i].file.Path, of.Pattern, missing)
		}
	}
	return nil
}

// aligned checks that where the items table and a layer have as many shards, each has
// as many rows as the other's of its number.
func (o *opener) aligned(l *foundLayer) error {
	if l.named || len(l.pieces) < 2 {
		return nil
	}
	if err := o.numbers(l.pieces); err != nil || !o.paired(l.pieces) {
		return err
	}
	it := o.g.items
	for i, p := range l.pieces {
		if p.array.Rows != int64(it.Rows[i]) {
			return fmt.Errorf("%s: it has %d rows, %s has %d: shards of one number have the same rows", p.file.Path, p.array.Rows, it.Files[i], it.Rows[i])
		}
	}
	return nil
}

// group finds the layers of a file, or of the shards of one.
func (o *opener) group(ctx context.Context, names []string) error {
	stem, container := stemOf(names[0])
	shown := o.path(names[0])
	if n, ok := shard.ParseNumbered(slash.Base(names[0])); ok && len(names) > 1 {
		stem, shown = n.Base, o.path(slash.Join(slash.Dir(names[0]), n.Pattern))
	} else if s, ok := shard.Parse(names[0]); ok {
		stem, shown = s.Base, o.path(s.Pattern())
	}
	if !container && !o.g.manifest.Selected(stem) {
		return nil
	}
	var files []*matrixFile
	for _, name := range names {
		m, err := o.read(ctx, name)
		if err != nil && ctx.Err() == nil && o.g.manifest.TablesPictures(name) {
			o.g.note("%v", err) // a gallery without its pictures is one
			return nil
		}
		if err != nil {
			return err
		}
		files = append(files, m)
	}
	if !container && !scheme.IsLayerName(stem) && slices.ContainsFunc(files[0].arrays, func(a format.Array) bool { return a.Why == "" && a.Rows > 1 }) {
		return fmt.Errorf("%s: %w; rename the file, or name it in %s", shown, manifest.ErrLayerName, manifest.FileName)
	}
	return o.shards(names, stem, shown, files)
}

// shards finds the layers of files that hold rows of the same matrices.
func (o *opener) shards(names []string, stem, shown string, files []*matrixFile) error {
	first := files[0]
	quiet := stem == itemsStem || slices.Contains(o.table.names, names[0]) || o.g.manifest.TablesPictures(names[0])
	table := slices.Contains(tables, strings.ToLower(filepath.Ext(names[0])))
	switch {
	case len(first.arrays) > 0 || quiet:
	case table:
		o.leftOut(leftOut{file: names[0], why: "none of its columns holds a matrix, lists of numbers or bytes"})
	default:
		return fmt.Errorf("%s: it holds no matrix", first.Path)
	}
	found := len(o.found)
	defer func() {
		for _, m := range files {
			if len(o.found) == found { // nothing will be read of it
				m.file.Close()
				delete(o.files, m.name)
			}
		}
	}()
	for i, a := range first.arrays {
		l := &foundLayer{name: cmp.Or(a.Name, stem), path: shown, spare: len(first.arrays) > 1 || quiet, column: table, quiet: quiet}
		for _, m := range files {
			at := i
			if a.Name != "" {
				at = slices.IndexFunc(m.arrays, func(b format.Array) bool { return b.Name == a.Name })
			}
			if at < 0 || at >= len(m.arrays) || len(m.arrays) != len(first.arrays) {
				return fmt.Errorf("%s: it holds %s, %s holds %s: shards hold rows of the same matrices, unless a file *%s says where each lies",
					m.Path, arrayNames(m.arrays), first.Path, arrayNames(first.arrays), indexSuffix)
			}
			l.pieces = append(l.pieces, piece{file: m, array: m.arrays[at]})
		}
		if err := o.add(l); err != nil {
			return err
		}
	}
	return nil
}
