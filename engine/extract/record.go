package extract

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"strata/engine"
	"strata/engine/manifest"
	"strata/engine/onnx"
	"strata/engine/picture"
)

// recipe returns what the extraction makes, for its journal.
func (x *extraction) recipe() (recipe, error) {
	preprocess, err := json.Marshal(x.Preprocess)
	if err != nil {
		return recipe{}, err
	}
	mode := "extract"
	switch {
	case x.From != "":
		mode = modeTake
	case x.Append:
		mode = "append"
	}
	r := recipe{Version: 1, Rows: x.items.Len(), From: x.from, Facts: [][2]string{
		{"mode", mode},
		{"model", x.record.SHA256},
		{"preprocessing", string(preprocess)},
		{"items", fmt.Sprintf("%d, %s", x.items.Len(), hashPictures(x.items))},
		{"rows there before", strconv.Itoa(x.from)},
		{"ONNX Runtime", x.pipeline.runtime.Version()},
		{"provider", cmp.Or(x.Provider, "cpu")},
		{"decoder of pictures", strconv.Itoa(picture.Decoder)},
	}}
	for _, t := range x.Taps {
		l := x.layer(t)
		r.Facts = append(r.Facts, [2]string{"layer " + t.Name, fmt.Sprintf("%s:%s, seed %d, %s", l.Tap, l.Pooling, l.Seed, l.Type)})
	}
	return r, nil
}

// hashPictures returns a hash of the items' ids and the paths of their pictures.
func hashPictures(g *engine.Gallery) string {
	h := sha256.New()
	var line []byte
	for row := range g.Len() {
		line = strconv.AppendQuote(line[:0], g.ID(row))
		line = append(strconv.AppendQuote(append(line, ' '), g.Picture(row)), '\n')
		h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// layer returns the record of a tap.
func (x *extraction) layer(t onnx.Tap) *manifest.LayerRecord {
	l := &manifest.LayerRecord{Tap: t.Tensor, Pooling: t.Ordered(), Type: x.typeOf(t.Name).String()}
	if t.Pooling.Seeded() {
		l.Seed = t.Seed
	}
	if was := x.was.Layers[t.Name]; was != nil {
		l.Description = was.Description
		if x.Append {
			l.File = was.File
		}
	}
	return l
}

// manifest returns what gallery.yaml will say, with pictures that were broken.
func (x *extraction) manifest(broken []manifest.BrokenPicture) ([]byte, error) {
	m := *x.was
	m.Layers = map[string]*manifest.LayerRecord{}
	same := m.Model == nil || m.Model.SHA256 == x.record.SHA256 && reflect.DeepEqual(*m.Preprocess, x.Preprocess)
	for name, l := range x.was.Layers {
		kept := *l
		if l.Tap != "" && !same && !slices.ContainsFunc(x.Taps, func(t onnx.Tap) bool { return t.Name == name }) {
			if !x.Force {
				return nil, fmt.Errorf("%s records layer %s of another model or preprocessing; a gallery has one: use another folder, or --force, which gives up that record",
					manifest.FileName, name)
			}
			kept = manifest.LayerRecord{File: l.File, Files: l.Files, Array: l.Array, Columns: l.Columns, Description: l.Description}
		}
		m.Layers[name] = &kept
	}
	for _, t := range x.Taps {
		m.Layers[t.Name] = x.layer(t)
		if len(m.Select) > 0 && !slices.Contains(m.Select, t.Name) {
			m.Select = append(slices.Clone(m.Select), t.Name)
		}
	}
	m.Model, m.Preprocess = x.record, &x.Preprocess
	items := manifest.ItemsRecord{}
	if m.Items != nil {
		items = *m.Items
	}
	items.Rows, items.SHA256 = x.items.Len(), x.items.HashIDs(x.items.Len())
	m.Items = &items
	m.Broken = x.brokenBy(m.Layers, broken)
	m.Software = x.software(m.Layers)
	return m.Encode()
}

// software returns the versions of what makes the layers; where rows stay that were made
// before, of decoder and integers what they were made by. layers are those of the gallery by
// then.
func (x *extraction) software(layers map[string]*manifest.LayerRecord) *manifest.SoftwareRecord {
	s := &manifest.SoftwareRecord{
		Strata: x.Version, ONNXRuntime: x.pipeline.runtime.Version(), Provider: x.Provider, Decoder: picture.Decoder,
	}
	if x.pipeline.plan.Integers {
		s.Integers = "exact"
	}
	stays := x.Append
	for _, name := range tapped(layers) {
		stays = stays || !slices.ContainsFunc(x.Taps, func(t onnx.Tap) bool { return t.Name == name })
	}
	if stays {
		was := manifest.SoftwareRecord{}
		if x.was.Software != nil {
			was = *x.was.Software
		}
		s.Decoder, s.Integers = was.Decoder, was.Integers
	}
	return s
}

// brokenBy returns the broken pictures by row: those that are found in the layers that are
// extracted, and of those recorded what is said of other layers and, when layers are
// extended, of the rows that stay. layers are those of the gallery by then.
func (x *extraction) brokenBy(layers map[string]*manifest.LayerRecord, found []manifest.BrokenPicture) []manifest.BrokenPicture {
	byRow := map[int]manifest.BrokenPicture{}
	add := func(b manifest.BrokenPicture, names []string) {
		if was, ok := byRow[b.Row]; ok {
			names = slices.Concat(was.Layers, names)
		}
		slices.Sort(names)
		if b.Layers = slices.Compact(names); len(b.Layers) > 0 {
			byRow[b.Row] = b
		}
	}
	extracted := make([]string, len(x.Taps))
	for i, t := range x.Taps {
		extracted[i] = t.Name
	}
	for _, b := range x.was.Broken {
		var stay []string
		for _, name := range tapped(x.was.Layers) {
			anew := !x.Append && slices.Contains(extracted, name)
			if kept := layers[name]; b.In(name) && !anew && kept != nil && kept.Tap != "" {
				stay = append(stay, name)
			}
		}
		add(b, stay)
	}
	for _, b := range found {
		add(b, slices.Clone(extracted))
	}
	all := tapped(layers)
	var out []manifest.BrokenPicture
	for _, row := range slices.Sorted(maps.Keys(byRow)) {
		b := byRow[row]
		if slices.Equal(b.Layers, all) {
			b.Layers = nil
		}
		out = append(out, b)
	}
	return out
}

// tapped returns the names of the layers that have a tap, in order.
func tapped(layers map[string]*manifest.LayerRecord) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(layers)) {
		if layers[name].Tap != "" {
			names = append(names, name)
		}
	}
	return names
}
