package engine

import (
	"fmt"
	"io/fs"
	"maps"
	slash "path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"strata/engine/archive"
	"strata/engine/format"
	"strata/engine/inert"
	"strata/engine/manifest"
	"strata/engine/shard"
	"strata/engine/table"
)

// left.go says what of a gallery's folder is left out that could be a layer, a list of
// ids, a picture or a table of items: a line for each cause.

// leftOut is something of a folder that is left out.
type leftOut struct {
	file   string // within the folder, with slashes
	path   string // for messages; "": that of the file
	array  string // of the file; "" where it is the file
	why    string
	layer  bool // why says why it is no layer
	quiet  bool // of a table that is in use
	opaque bool // bytes of no known type
	vector bool // it is one vector
	remark bool // nobody need look at it
}

// leftOut keeps what is left out, to be said when all of it is known.
func (o *opener) leftOut(l leftOut) {
	if l.path == "" {
		l.path = o.path(l.file)
	}
	o.left = append(o.left, l)
}

// sayLeft says what was left out.
func (o *opener) sayLeft() {
	o.leftColumns()
	o.loosePictures()
	said := map[string]bool{}
	for i, l := range o.left {
		cause := l.cause()
		if l.used(o) || said[cause] {
			continue
		}
		said[cause] = true
		more := 0
		for _, other := range o.left[i+1:] {
			if other.cause() == cause && !other.used(o) {
				more++
			}
		}
		text := l.text(more)
		if l.remark {
			o.g.Remarks = append(o.g.Remarks, text)
		} else {
			o.g.Notes = append(o.g.Notes, text)
		}
	}
	o.left = nil
}

// differing are the parts of a reason in which things of one cause differ.
var differing = regexp.MustCompile(`[0-9]+|"[^"]*"|\(.*\)`)

// cause returns what is the same for all that is left out for the same reason.
func (l *leftOut) cause() string {
	kind := strings.ToLower(slash.Ext(l.file))
	name := slash.Base(l.file)
	why := strings.NewReplacer(inert.Shell(name), "", name, "").Replace(l.why)
	return fmt.Sprint(l.layer, l.remark, l.array != "", kind, differing.ReplaceAllString(why, "#"))
}

// text says what is left out, and so many more for the same reason.
func (l *leftOut) text(more int) string {
	switch {
	case more > 0 && l.array != "" && l.layer:
		return fmt.Sprintf("%s: %q is no layer, nor are %d more for the same reason: %s", l.path, l.array, more, l.why)
	case more > 0 && l.array != "":
		return fmt.Sprintf("%s: %q, and the same of %d more: %s", l.path, l.array, more, l.why)
	case more > 0 && l.layer:
		text := fmt.Sprintf("%s: it is no layer, nor are %d more files for the same reason: %s", l.path, more, l.why)
		if l.vector {
			text += fmt.Sprintf("; strata import %s --to %[1]s --layer NAME makes a layer of files of one vector each, by their names", inert.Shell(filepath.Dir(l.path)))
		}
		return text
	case more > 0:
		return fmt.Sprintf("%s: %s; the same of %d more files", l.path, l.why, more)
	case l.array != "" && l.layer:
		return fmt.Sprintf("%s: %q is no layer: %s", l.path, l.array, l.why)
	case l.array != "":
		return fmt.Sprintf("%s: %q: %s", l.path, l.array, l.why)
	case l.layer:
		return fmt.Sprintf("%s: it is no layer: %s", l.path, l.why)
	}
	return l.path + ": " + l.why
}

// used reports whether a column of a table is in use as something else than a layer.
func (l *leftOut) used(o *opener) bool {
	if l.array == "" {
		return false
	}
	if m := o.g.manifest; m.TablesPictures(l.file) {
		if column, _, _ := strings.Cut(m.Pictures.Column, "."); column == l.array || m.Pictures.Column == l.array {
			return true
		}
	}
	return l.quiet && l.layer && slices.Contains(o.table.names, l.file) && slices.Contains(o.g.items.Columns, l.array)
}

// leftColumns adds the columns of the items table that are neither labels nor layers.
func (o *opener) leftColumns() {
	named := map[string]bool{}
	for _, l := range o.g.Layers {
		named[l.Name] = true
	}
	for _, l := range o.found {
		if slices.Contains(o.table.names, l.pieces[0].file.name) {
			named[l.pieces[0].array.Name] = true
		}
	}
	for i := range o.left {
		if l := &o.left[i]; l.quiet {
			if named[l.array] = true; l.opaque {
				l.why = fmt.Sprintf("its cells are bytes; gallery.yaml says what they are: features (layers: {NAME: {file: %s, array: %s, type: float32}}) or pictures (pictures: {file: %[1]s, column: %[2]s})", l.file, l.array)
			}
		}
	}
	for _, c := range o.g.items.Left {
		file := o.table.names[0]
		l := leftOut{file: file, path: o.path(o.table.shown), array: c.Name, why: "the column holds " + c.Holds + ": it is left out", remark: true}
		switch {
		case named[c.Name]:
			continue
		case c.Cells > 0:
			l.why = fmt.Sprintf("%d cells of the column hold %s, the first in %s: they are unknown", c.Cells, c.Holds, c.Place)
			l.remark = false
		case c.Bytes && c.Holds == "structures":
			l.why += fmt.Sprintf("; if it holds pictures: pictures: {file: %s, column: %s.bytes}", file, c.Name)
			l.remark = false
		case c.Dim > 0:
			l.why = fmt.Sprintf("the column holds lists of %d numbers: it is left out; if they are features: %s", c.Dim, o.importing(c.Name))
		}
		o.leftOut(l)
	}
	o.textVectors()
	for _, n := range o.g.items.Remarks {
		o.leftOut(leftOut{file: o.table.names[0], path: o.path(o.table.shown), why: n, remark: true})
	}
}

// importing says how a column of the items table becomes a layer.
func (o *opener) importing(array string) string {
	return fmt.Sprintf("strata import %s --to %s --layer %s --array %[3]s", inert.Shell(o.path(o.table.names[0])), inert.Shell(o.place), inert.Shell(array))
}

// textVectors says which labels are vectors: texts such as [0.1, 0.2], or a column for each feature.
func (o *opener) textVectors() {
	const least = 16 // columns
	numbered := map[string]int{}
	for _, name := range o.g.items.Columns {
		stem := strings.TrimRight(name, "0123456789")
		if label, err := o.g.labels.Find(name); err == nil && len(label.Names) > 0 && table.IsVector(label.Names[0]) {
			o.leftOut(leftOut{file: o.table.names[0], array: name, why: "the label holds vectors; if they are features: " + o.importing(name)})
		} else if stem != name && err == nil {
			numbered[stem]++
		}
	}
	for _, stem := range slices.Sorted(maps.Keys(numbered)) {
		n := len(table.Vector(o.g.items.Columns, stem))
		switch {
		case n >= least && stem == "":
			o.leftOut(leftOut{file: o.table.names[0], why: fmt.Sprintf("%d labels have numbers for names; if they are features, name them f0, f1 and so on, and: %s", n, o.importing("f"))})
		case n >= least:
			o.leftOut(leftOut{file: o.table.names[0], why: fmt.Sprintf("%d labels are named %s and a number; if they are features: %s", n, stem, o.importing(stem))})
		}
	}
}

// selecting says how gallery.yaml leaves files out that close the gallery.
func (o *opener) selecting(names []string) string {
	stem, container := stemOf(names[0])
	if container {
		return "" // what it holds is not known
	}
	if n, ok := shard.ParseNumbered(slash.Base(names[0])); ok && len(names) > 1 {
		stem = n.Base
	}
	return o.selectingLayer(stem)
}

// selectingLayer says how gallery.yaml leaves a layer out that closes the gallery.
func (o *opener) selectingLayer(name string) string {
	if m := o.g.manifest; m != nil && len(m.Select) > 0 {
		return ""
	}
	return fmt.Sprintf(" (%s leaves %s out where it names the others: select: [LAYER, …])", manifest.FileName, name)
}

// folder looks into a folder of the gallery's for shards of one matrix that have its
// name, img_emb/img_emb_0.npy and so on. Of other matrices it says that they are there.
func (o *opener) folder(dir string, claimed map[string]bool) ([]string, error) {
	if strings.HasSuffix(dir, ".zarr") {
		o.leftOut(leftOut{file: dir, why: format.Unread(dir), layer: false})
		return nil, nil
	}
	entries, err := fs.ReadDir(o.g.folder, dir)
	if err != nil {
		return nil, nil // it is not read otherwise
	}
	var set []string
	others, first := 0, ""
	for _, e := range entries {
		name := slash.Join(dir, e.Name())
		if e.IsDir() || !format.Known(e.Name()) || claimed[name] || slices.Contains(o.table.names, name) || o.g.manifest.TablesPictures(name) {
			continue
		}
		if n, ok := shard.ParseNumbered(e.Name()); ok && n.Base == dir {
			set = append(set, name)
			continue
		}
		if others++; first == "" {
			first = name
		}
	}
	if others > 0 {
		o.leftOut(leftOut{
			file: first, remark: true,
			why: fmt.Sprintf("matrices in folders are layers where gallery.yaml names them (layers: {NAME: {file: %s}}); %s holds %d files that it does not name", first, dir, others),
		})
	}
	slices.SortFunc(set, shard.ByNumber)
	return set, shard.Whole(set)
}

// unread keeps a file of a kind that is not read, and that could be of use.
func (o *opener) unread(name string, e fs.DirEntry) {
	if slices.Contains(o.table.names, name) || name == manifest.FileName || !e.Type().IsRegular() || o.g.manifest.IsJudgements(name) {
		return
	}
	if m := o.g.manifest; m != nil && m.Model != nil && m.Model.File == name {
		return
	}
	unread := format.Unread(name)
	switch {
	case unread != "":
		o.leftOut(leftOut{file: name, why: unread})
	case table.Known(name):
		o.leftOut(leftOut{file: name, remark: true, why: fmt.Sprintf("it is a table, and %s is that of the items", o.table.shown)})
	case archive.Known(name) || archive.Packed(name) != nil:
		if m := o.g.manifest; m == nil || m.Pictures == nil {
			o.archives = append(o.archives, name)
		}
	}
}

// loosePictures says which archives hold pictures, perhaps, that no item names.
func (o *opener) loosePictures() {
	for _, name := range o.archives {
		if err := archive.Packed(name); err != nil {
			o.leftOut(leftOut{file: name, why: err.Error(), remark: true})
		} else if !o.g.items.NamesArchives() {
			o.leftOut(leftOut{file: name, remark: true, why: fmt.Sprintf("an archive that no item names; if it holds their pictures: pictures: {archives: [%q]}", "*"+slash.Ext(name))})
		}
	}
	o.archives = nil
}

// noLayer says that no layer is there, and what was left out instead.
func (o *opener) noLayer() error {
	o.sayLeft()
	why := "there is no matrix file (" + strings.Join(format.Extensions(), " ") + ")"
	if len(o.g.Notes) > 0 {
		why = o.g.Notes[0]
	}
	return fmt.Errorf("%s: a gallery needs at least one layer, and %s", o.place, why)
}

// sayNull says which rows of a layer the file says nothing of.
func (o *opener) sayNull(l *foundLayer, items int) {
	null := int64(0)
	for _, p := range l.pieces {
		null += p.array.Null
	}
	if null > 0 {
		o.leftOut(leftOut{file: l.pieces[0].file.name, path: l.path, array: l.pieces[0].array.Name, why: fmt.Sprintf("%d of its %d rows are null or empty: they have no score", null, items)})
	}
}

// twice says that two files hold layers of one name.
func (o *opener) twice(a, b *foundLayer) error {
	if file := o.g.manifest.FileOf(a.name); file != "" {
		if a.path == o.path(file) {
			a = b
		}
		return fmt.Errorf("%s: %s says that layer %s is %s", a.path, manifest.FileName, a.name, file)
	}
	return fmt.Errorf("%s: layer %s is in %s, too: take one of them out of the folder, or name one otherwise in %s", b.path, a.name, a.path, manifest.FileName)
}
