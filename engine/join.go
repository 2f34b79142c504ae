package engine

import (
	"fmt"
	slash "path"
	"slices"
)

// join makes one layer of files that are numbered, img_emb_0.npy and so on, where all
// together have a row for each item, and none has by itself: then each is a layer of
// its own. Shards of the items table have as many rows as the shards of the matrix.
func (o *opener) join(items int) error {
	sets := map[[2]string][]*foundLayer{}
	var order [][2]string
	for _, l := range o.found {
		n, ok := numbered(slash.Base(l.pieces[0].file.name))
		if !ok || l.named || len(l.pieces) > 1 || l.rows() == int64(items) {
			continue
		}
		key := [2]string{n.pattern, l.pieces[0].array.Name}
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
		slices.SortFunc(set, func(a, b *foundLayer) int { return byNumbers(a.pieces[0].file.name, b.pieces[0].file.name) })
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
	n, _ := numbered(slash.Base(first.pieces[0].file.name))
	rows := int64(0)
	var pieces []piece
	for i, l := range set {
		p, q := l.pieces[0], first.pieces[0]
		if at, _ := numbered(slash.Base(p.file.name)); at.number != n.number+i || n.number > 1 {
			return fmt.Errorf("%s: of the files %s that of number %d is missing", o.path(p.file.name), pattern, max(n.number+i, 0))
		}
		if p.array.Type != q.array.Type || p.array.Dim != q.array.Dim {
			return fmt.Errorf("%s: its rows are %d %s, those of %s are %d %s: parts of one layer must agree",
				p.file.Path, p.array.Dim, p.array.Type, q.file.Path, q.array.Dim, q.array.Type)
		}
		rows += l.rows()
		pieces = append(pieces, p)
	}
	if rows != int64(items) {
		return fmt.Errorf("%s: %d files have %d rows together, %s has %d items", o.path(slash.Join(slash.Dir(first.pieces[0].file.name), pattern)), len(set), rows, o.g.items.RowsFile(), items)
	}
	o.found = slices.DeleteFunc(o.found, func(l *foundLayer) bool { return l != first && slices.Contains(set, l) })
	first.pieces = pieces
	if first.path = o.path(slash.Join(slash.Dir(first.pieces[0].file.name), pattern)); first.pieces[0].array.Name == "" {
		first.name = n.base
	}
	return nil
}

// aligned checks that where the items table and a layer have as many shards, each has
// as many rows as the other's.
func (o *opener) aligned(l *foundLayer) error {
	it := o.g.items
	if l.named || len(l.pieces) < 2 || len(l.pieces) != len(it.Files) || it.IDsFile != "" {
		return nil
	}
	for i, p := range l.pieces {
		if p.array.Rows != int64(it.Rows[i]) {
			return fmt.Errorf("%s: it has %d rows, %s has %d: shards of one number have the same rows", p.file.Path, p.array.Rows, it.Files[i], it.Rows[i])
		}
	}
	return nil
}
