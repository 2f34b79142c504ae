package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	slash "path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/edsrzf/mmap-go"

	"strata/engine/format"
	"strata/engine/inert"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/engine/shard"
	"strata/engine/table"
)

// matrices.go finds the layers of a gallery in the files of its folder.

// matrixFile is a file that was read for its matrices.
type matrixFile struct {
	layer.Source
	name   string // within the folder, with slashes
	file   fs.File
	reader format.File
	size   int64
	arrays []format.Array
	mapped mmap.MMap // nil before place, and of a file in memory
}

// openMatrix opens a file of a folder and finds its matrices. Errors do not name the
// file, whose path is for messages.
func openMatrix(ctx context.Context, folder fs.FS, name, path string) (_ *matrixFile, err error) {
	m := &matrixFile{Source: layer.Source{Path: path}, name: name}
	if m.file, err = layer.OpenFile(folder, name); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			m.file.Close()
		}
	}()
	if m.reader, m.size, m.Data, err = readable(m.file); err != nil {
		return nil, err
	}
	if m.Data == nil {
		if m.Info, err = m.file.Stat(); err != nil {
			return nil, err
		}
	}
	m.arrays, err = format.Read(ctx, name, m.reader, m.size)
	return m, err
}

// readable returns a file as readers want it, and its size: as it is where it lies on
// a disk, otherwise what is in it, too.
func readable(f fs.File) (format.File, int64, []byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, nil, err
	}
	if f, ok := f.(*os.File); ok {
		return f, info.Size(), nil, nil
	}
	var data bytes.Buffer
	data.Grow(int(info.Size()) + bytes.MinRead) // what it takes to see the end
	_, err = data.ReadFrom(f)
	return bytes.NewReader(data.Bytes()), int64(data.Len()), data.Bytes(), err
}

// place maps the file, if that is not done, for an array to be read where it lies.
func (m *matrixFile) place() error {
	if m.Data != nil {
		return nil
	}
	var err error
	if m.mapped, err = mmap.Map(m.file.(*os.File), mmap.RDONLY, 0); err != nil {
		return fmt.Errorf("mapping %d bytes: %w", m.size, err)
	}
	m.Data = m.mapped
	return nil
}

// segment returns the array's rows as those of a layer from row first on.
func (m *matrixFile) segment(a format.Array, first int) (layer.Segment, error) {
	if err := m.place(); err != nil {
		return layer.Segment{}, err
	}
	if err := a.Check(int64(len(m.Data))); err != nil { // what was mapped may be shorter than what was read
		return layer.Segment{}, err
	}
	return layer.NewSegment(&m.Source, first, int(a.Rows), int(a.Offset), int(a.Stride), int(a.Dim*a.Type.Size()), a.Type), nil
}

// piece is a matrix in a file: a layer, or some of its rows.
type piece struct {
	file  *matrixFile
	array format.Array
	span  manifest.Columns
}

// columns returns the columns of the piece's array, which lies in its file, that are
// the layer's.
func (p piece) columns(a format.Array) format.Array {
	if p.span.Set {
		a.Offset += p.span.From * a.Type.Size()
		a.Dim = p.span.To - p.span.From
	}
	return a
}

// foundLayer is a layer whose files were read, but none of its rows.
type foundLayer struct {
	name   string
	path   string // for messages
	pieces []piece
	named  bool // with its files, in gallery.yaml
	spare  bool // one of several arrays in a file: left out if it is no layer
	column bool // of a table, which is there for other columns, too
	quiet  bool // of the table of items or pictures: they may be in use as something else
}

// opener finds the layers of a gallery that is being opened.
type opener struct {
	g     *Gallery
	place string
	o     OpenOptions
	files map[string]*matrixFile // those read, by name
	found []*foundLayer
	table tableFiles // the items table
	left  []leftOut

	archives []string // that no word of gallery.yaml is of
}

// close closes the files, whose mappings are the gallery's.
func (o *opener) close() {
	for _, m := range o.files {
		m.file.Close()
		if m.mapped != nil {
			o.g.maps = append(o.g.maps, m.mapped)
		}
	}
}

// path returns the path of a file of the folder for messages.
func (o *opener) path(name string) string { return filepath.Join(o.place, filepath.FromSlash(name)) }

// read opens a file of the folder, once.
func (o *opener) read(ctx context.Context, name string) (*matrixFile, error) {
	if m := o.files[name]; m != nil {
		return m, nil
	}
	m, err := openMatrix(ctx, o.g.folder, name, o.path(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.path(name), err)
	}
	o.files[name] = m
	return m, nil
}

// containers are the formats whose matrices have names of their own.
var containers = []string{".npz", ".safetensors", ".arrow", ".arrows", ".feather", ".parquet"}

// tables are the formats of tables, which may hold no matrix at all.
var tables = []string{".arrow", ".arrows", ".feather", ".parquet"}

// itemsStem is the name of the items table, which may have a format of matrices and hold
// layers.
const itemsStem = "items"

// stemOf returns a file's name without its extension, and whether the format names
// its matrices itself.
func stemOf(name string) (stem string, container bool) {
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext), slices.Contains(containers, strings.ToLower(ext))
}

// find finds the layers in the folder: first those whose files gallery.yaml names,
// then those in all other files of a known format.
func (o *opener) find(ctx context.Context) error {
	entries, err := fs.ReadDir(o.g.folder, ".")
	if err != nil {
		return fmt.Errorf("%s: %w", o.place, err)
	}
	loose, indexes, sets, err := o.sort(entries)
	if err != nil {
		return err
	}
	if err := o.claims(ctx); err != nil {
		return err
	}
	for _, name := range indexes {
		files, err := o.index(ctx, name)
		if err != nil {
			return err
		}
		loose = slices.DeleteFunc(loose, func(name string) bool { return files[name] })
	}
	groups, err := shard.Group(loose)
	if err != nil {
		return fmt.Errorf("%s: %w", o.place, err)
	}
	for _, group := range append(groups, sets...) {
		if err := o.group(ctx, group); err != nil {
			return fmt.Errorf("%w%s", err, o.selecting(group))
		}
	}
	return nil
}

// sort sorts the entries of the folder that gallery.yaml does not name: matrix files,
// indexes of several files, and sets of files that are shards. It notes the others.
func (o *opener) sort(entries []fs.DirEntry) (loose, indexes []string, sets [][]string, err error) {
	claimed := o.g.manifest.Claimed()
	var shards []string // of the items table
	if _, container := stemOf(o.table.names[0]); container && (len(o.table.names) > 1 || slash.Dir(o.table.names[0]) != ".") && !claimed[o.table.names[0]] {
		shards = o.table.names
		sets = append(sets, shards)
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case strings.HasPrefix(name, "."):
		case e.IsDir():
			set, err := o.folder(name, claimed)
			if err != nil {
				return nil, nil, nil, err
			}
			if set != nil {
				sets = append(sets, set)
			}
		case claimed[name] || table.IsIDs(name) || slices.Contains(shards, name) || o.g.manifest.IsJudgements(name):
		case strings.HasSuffix(name, indexSuffix):
			indexes = append(indexes, name)
		case format.Known(name):
			loose = append(loose, name)
		default:
			o.unread(name, e)
		}
	}
	return loose, indexes, sets, nil
}

// claims finds the layers whose files gallery.yaml names.
func (o *opener) claims(ctx context.Context) error {
	m := o.g.manifest
	if m == nil {
		return nil
	}
	for _, layer := range slices.Sorted(maps.Keys(m.Layers)) {
		record := m.Layers[layer]
		files := record.Held()
		if len(files) == 0 || !m.Selected(layer) {
			continue
		}
		span, err := manifest.ParseColumns(record.Columns)
		if err != nil {
			return fmt.Errorf("%s: layers: %q: %w", o.path(manifest.FileName), layer, err)
		}
		l := &foundLayer{name: layer, path: o.path(files[0]), named: true}
		if len(files) > 1 {
			l.path += fmt.Sprintf(" and %d more", len(files)-1)
		}
		for _, name := range files {
			file, err := o.read(ctx, name)
			if err != nil {
				return err
			}
			a, err := pick(file.arrays, cmp.Or(record.Array, layer), record.Array != "")
			if err == nil {
				a, err = o.typed(a, record, file)
			}
			if err == nil && a.Why != "" {
				err = errors.New(a.Why)
			}
			span := span
			if err == nil {
				span, err = span.Within(a.Dim)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", file.Path, err)
			}
			l.pieces = append(l.pieces, piece{file, a, span})
		}
		if err := o.add(l); err != nil {
			return err
		}
	}
	return nil
}

// pick returns the array of the name among those of a file. Unless it was asked for,
// the only one may have another name.
func pick(arrays []format.Array, name string, asked bool) (format.Array, error) {
	var sound []format.Array
	var names []string
	for _, a := range arrays {
		if a.Name == name {
			return a, nil
		}
		if a.Why == "" || a.Opaque {
			sound, names = append(sound, a), append(names, fmt.Sprintf("%q", a.Name))
		}
	}
	if asked || len(sound) != 1 {
		if len(names) == 0 || len(names) == 1 && sound[0].Name == "" {
			return format.Array{}, fmt.Errorf("it has no array %q", name)
		}
		return format.Array{}, fmt.Errorf("it has no array %q; it has %s: gallery.yaml can say which is meant (array: NAME)", name, strings.Join(names[:min(len(names), 8)], ", "))
	}
	return sound[0], nil
}

// typed gives bytes of unknown type that which gallery.yaml says.
func (o *opener) typed(a format.Array, record *manifest.LayerRecord, file *matrixFile) (format.Array, error) {
	if record == nil || record.Type == "" {
		return a, nil
	}
	t, err := manifest.ParseType(record.Type)
	if err == nil && a.Opaque {
		return a.As(t)
	}
	if err == nil && a.Why == "" && a.Type != t {
		o.g.note("%s: it holds %s, %s says %s", file.Path, a.Type, manifest.FileName, t)
	}
	return a, err
}

// arrayNames names arrays for a message.
func arrayNames(arrays []format.Array) string {
	var names []string
	for _, a := range arrays[:min(len(arrays), 8)] {
		names = append(names, a.Name)
	}
	if len(arrays) > 8 {
		names = append(names, fmt.Sprintf("%d more", len(arrays)-8))
	}
	return cmp.Or(strings.Join(names, ", "), "a matrix")
}

// add adds a layer, unless gallery.yaml leaves it out or it is none.
func (o *opener) add(l *foundLayer) error {
	m := o.g.manifest
	if !m.Selected(l.name) {
		return nil
	}
	var record *manifest.LayerRecord
	if m != nil {
		record = m.Layers[l.name]
	}
	for i, p := range l.pieces {
		var err error
		if !l.named {
			if p.array, err = o.typed(p.array, record, p.file); err != nil {
				return fmt.Errorf("%s: %w", p.file.Path, err)
			}
			l.pieces[i] = p
		}
		if p.array.Why != "" {
			l.spare = true // the file is sound
			return o.leave(l, p.array.Why)
		}
		if a, b := p.array, l.pieces[0].array; a.Type != b.Type || p.span.Of(a.Dim) != l.pieces[0].span.Of(b.Dim) {
			return fmt.Errorf("%s: its rows are %d %s, those of %s are %d %s: parts of one layer must agree",
				p.file.Path, p.span.Of(a.Dim), a.Type, l.pieces[0].file.Path, l.pieces[0].span.Of(b.Dim), b.Type)
		}
	}
	o.found = append(o.found, l)
	return nil
}

// leave leaves a layer out, which is an error unless it is spare and nothing asks for
// it.
func (o *opener) leave(l *foundLayer, why string) error {
	a := l.pieces[0].array
	if !l.spare || o.g.manifest.Wants(l.name) {
		place := l.path
		if a.Name != "" {
			place += fmt.Sprintf(": %q", a.Name)
		}
		return fmt.Errorf("%s: %s", place, why)
	}
	o.leftOut(leftOut{file: l.pieces[0].file.name, path: l.path, array: a.Name, why: why, layer: true, quiet: l.quiet, opaque: a.Opaque, vector: a.Name == "" && a.Rows == 1})
	return nil
}

// rows returns the rows of the first layer that was found: about as many items as
// there are.
func (o *opener) rows() int64 {
	if len(o.found) == 0 {
		return 0
	}
	return o.found[0].rows()
}

func (l *foundLayer) rows() int64 {
	var rows int64
	for _, p := range l.pieces {
		rows += p.array.Rows // no file holds so many that this overflows
	}
	return rows
}

// settle returns the layers of a gallery with so many items, by name.
func (o *opener) settle(ctx context.Context, items int) ([]*layer.Layer, error) {
	var kept []*foundLayer
	if err := o.join(items); err != nil {
		return nil, err
	}
	for _, l := range o.found {
		why := ""
		if rows := l.rows(); rows != int64(items) {
			why = fmt.Sprintf("the matrix has %d rows, %s has %d items", rows, o.g.items.RowsFile(), items)
			l.spare = l.spare || rows == 1 // a vector
		} else if slices.Contains(o.table.names, l.pieces[0].file.name) && !o.g.items.InOrder() {
			why = fmt.Sprintf("its rows are in the order of %s, and %s gives another: strata import --ids %s writes it in that", o.table.shown, o.g.items.IDsFile, inert.Shell(o.table.shown))
		}
		if why != "" {
			if err := o.leave(l, why); err != nil {
				return nil, fmt.Errorf("%w%s", err, o.selectingLayer(l.name))
			}
			continue
		}
		if !scheme.IsLayerName(l.name) {
			return nil, fmt.Errorf("%s: %q: %w; name it in %s: layers: {NAME: {file: %s, array: %q}}",
				l.path, l.name, manifest.ErrLayerName, manifest.FileName, l.pieces[0].file.name, l.pieces[0].array.Name)
		}
		kept = append(kept, l)
	}
	slices.SortStableFunc(kept, func(a, b *foundLayer) int { return strings.Compare(a.name, b.name) })
	for i, l := range kept[min(1, len(kept)):] {
		if before := kept[i]; before.name == l.name {
			return nil, o.twice(before, l)
		}
	}
	if err := o.g.manifest.Complete(o.place, func(layer string) bool {
		return slices.ContainsFunc(kept, func(l *foundLayer) bool { return l.name == layer })
	}); err != nil {
		return nil, err
	}
	if len(kept) == 0 {
		return nil, o.noLayer()
	}
	var layers []*layer.Layer
	for _, l := range kept {
		made, err := o.layer(ctx, l)
		if row := (*format.RowError)(nil); errors.As(err, &row) { // that is found as it is read
			err = o.leave(l, row.Error())
		} else if err == nil {
			layers = append(layers, made)
			o.sayNull(l, items)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(layers) == 0 {
		return nil, o.noLayer()
	}
	return layers, nil
}

// layer makes a layer of what was found.
func (o *opener) layer(ctx context.Context, l *foundLayer) (*layer.Layer, error) {
	var segments []layer.Segment
	first := 0
	for _, p := range l.pieces {
		file, a := p.file, p.array
		if a.Stream != nil {
			var err error
			if file, a, err = o.unpacked(ctx, file, a); err != nil {
				return nil, fmt.Errorf("%s: %w", p.file.Path, err)
			}
		}
		s, err := file.segment(p.columns(a), first)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Path, err)
		}
		segments = append(segments, s)
		first += s.Rows
	}
	p := l.pieces[0]
	return layer.NewLayer(l.name, l.path, p.array.Type, int(p.span.Of(p.array.Dim)), segments), nil
}
