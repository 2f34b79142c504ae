package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/x448/float16"

	"strata/engine"
	"strata/engine/fence"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/onnx"
)

// ModelVariable is the environment variable that names a gallery's model where
// gallery.yaml names one that is not there.
const ModelVariable = "STRATA_MODEL"

// leastCosine is the smallest cosine of a vector that is computed now with the
// stored one at which the two are taken for the same. Processors differ by less
// than a millionth; another resizer differs by more.
const leastCosine = 0.9999

// Extractor computes the layers of pictures that are not in a gallery, as the
// gallery's own were computed. Its methods may be called concurrently, but Close.
type Extractor struct {
	gallery  *engine.Gallery
	layers   []*layer.Layer // by tap
	pipeline *pipeline
	recipe   string
}

// ExtractorOptions are those of an Extractor; the zero value takes what
// gallery.yaml and the usual places say.
type ExtractorOptions struct {
	Model    string // path of the model; "": where gallery.yaml says, then what STRATA_MODEL names
	Library  string // of ONNX Runtime, as FindLibrary takes it
	Env      func(string) string
	Provider string // as Options
	Threads  int    // that compute; 0 is 1
	Agree    Agree  // to the model where gallery.yaml says; nil: to none
}

// Parity says how well the pictures of a gallery, extracted again, agree with
// its layers.
type Parity struct {
	Pictures   int     // that were compared
	Cosine     float64 // the smallest over pictures and layers
	Layer, ID  string  // where that was
	Difference float64 // the largest between two values, divided by the length of the stored row
}

// OpenExtractor loads the model of a gallery's gallery.yaml with the taps of the
// layers that are open. A model with another hash than the recorded one is an
// error, and so is a gallery without a record.
func OpenExtractor(ctx context.Context, g *engine.Gallery, o ExtractorOptions) (*Extractor, error) {
	record := g.Manifest()
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	x := &Extractor{gallery: g}
	taps, err := x.taps(record)
	if err != nil {
		return nil, err
	}
	m, _, err := modelFinder{g.Path, record.Model, o.Model, o.Env, o.Agree}.find(ctx)
	if err != nil {
		return nil, err
	}
	if x.recipe, err = recipeHash(record); err != nil {
		return nil, err
	}
	x.pipeline, err = openPipeline(ctx, m, pipelineOptions{
		Taps: taps, Preprocess: *record.Preprocess, Library: o.Library, Env: o.Env,
		Session: onnx.Options{Threads: o.Threads, Provider: o.Provider},
	})
	if err != nil {
		return nil, err
	}
	for i, l := range x.layers {
		if l.Dim != x.pipeline.dims[i] {
			return nil, errors.Join(fmt.Errorf("%s has %d features a row, and its tap in %s says %d: the layer was made otherwise",
				l.File, l.Dim, manifest.FileName, x.pipeline.dims[i]), x.Close())
		}
	}
	return x, nil
}

// taps returns the taps that the manifest records, and sets their layers.
func (x *Extractor) taps(record *manifest.Manifest) ([]onnx.Tap, error) {
	var taps []onnx.Tap
	if record != nil {
		for _, name := range slices.Sorted(maps.Keys(record.Layers)) {
			l, err := x.gallery.Layer(name)
			if err != nil || record.Layers[name].Tap == "" {
				continue // not selected, or not from the model
			}
			tap, err := recordedTap(name, record.Layers[name])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Join(x.gallery.Path, manifest.FileName), err)
			}
			taps = append(taps, tap)
			x.layers = append(x.layers, l)
		}
	}
	if len(taps) == 0 {
		return nil, fmt.Errorf("%s: a new picture needs the model that made the layers, and there is no %s with its taps (strata extract writes one)",
			x.gallery.Name, manifest.FileName)
	}
	if err := CheckPreprocess(*record.Preprocess); err != nil {
		return nil, fmt.Errorf("%s: preprocess: %w", filepath.Join(x.gallery.Path, manifest.FileName), err)
	}
	return taps, nil
}

// recordedTap returns the tap of a layer's record.
func recordedTap(name string, l *manifest.LayerRecord) (onnx.Tap, error) {
	pooling, order, err := onnx.ParseOrdered(l.Pooling)
	if err != nil {
		return onnx.Tap{}, fmt.Errorf("layers: %q: %w", name, err)
	}
	return onnx.Tap{Name: name, Tensor: l.Tap, Pooling: pooling, Order: order, Seed: l.Seed}, nil
}

// recipeHash returns the hash of everything that says what a picture's vectors
// are: model, preprocessing and taps. Equal recipes give equal vectors, but for
// the last bits on another processor.
func recipeHash(m *manifest.Manifest) (string, error) {
	taps := map[string]manifest.LayerRecord{}
	for name, l := range m.Layers {
		if l.Tap != "" {
			taps[name] = manifest.LayerRecord{Tap: l.Tap, Pooling: l.Pooling, Seed: l.Seed, Type: l.Type}
		}
	}
	text, err := json.Marshal([]any{m.Model.SHA256, m.Preprocess, taps}) // maps are written in the order of their keys
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Recipe returns the hash of model, preprocessing and taps, in hexadecimal digits.
func (x *Extractor) Recipe() string { return x.recipe }

// Features returns the vectors of the picture in a file, by layer: the values
// that the layers would hold, rounded to their types.
func (x *Extractor) Features(ctx context.Context, path string) (map[string][]float32, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rows, err := x.pipeline.picture(f, make([]float32, x.pipeline.inputs()))
	if err == nil {
		err = x.round(rows)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	out := map[string][]float32{}
	for i, l := range x.layers {
		out[l.Name] = rows[i]
	}
	return out, nil
}

// openRegular opens a regular file.
func openRegular(path string) (*os.File, error) {
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file", path)
	case err != nil:
		return nil, err
	case stat.IsDir():
		return nil, fmt.Errorf("%s: a picture is a file, this is a folder", path)
	case !stat.Mode().IsRegular():
		return nil, fmt.Errorf("%s: it is not a regular file", path)
	}
	return fence.Open(path)
}

// round rounds vectors to the types of their layers.
func (x *Extractor) round(rows [][]float32) error {
	for i, l := range x.layers {
		if err := storable(l.Name, l.Type, rows[i]); err != nil {
			return err
		}
		if l.Type == layer.Float16 {
			for k, v := range rows[i] {
				rows[i][k] = float16.Fromfloat32(v).Float32()
			}
		}
	}
	return nil
}

// maxFloat16 is the least number that is rounded to infinity.
const maxFloat16 = 65520

// storable checks that a row can be stored. What cannot be is the picture's
// fault: others may do.
func storable(l string, t layer.DType, row []float32) error {
	for i, v := range row {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return &pictureError{fmt.Errorf("layer %s: value %d is %v", l, i, v)}
		}
		if t == layer.Float16 && (v >= maxFloat16 || v <= -maxFloat16) {
			return &pictureError{fmt.Errorf("layer %s: value %d is %v, more than a float16 holds: use float32", l, i, v)}
		}
	}
	return nil
}

// paritySeed draws the pictures of Check.
const paritySeed = 1

// Check extracts n of the gallery's own pictures again, chosen by a fixed seed,
// and compares them with their rows in every layer. It fails where a cosine is
// below 0.9999, naming picture, layer and figure: then the pictures or the way
// they are read are not those that made the gallery, and a new picture's vectors
// cannot be compared with it.
func (x *Extractor) Check(ctx context.Context, n int) (Parity, error) {
	broken := map[int]manifest.BrokenPicture{}
	for _, b := range x.gallery.Manifest().Broken {
		broken[b.Row] = b
	}
	var rows []int
	for row := range x.gallery.Len() {
		b, is := broken[row]
		sound := func(l *layer.Layer) bool { return !is || !b.In(l.Name) }
		if slices.ContainsFunc(x.layers, sound) && x.gallery.Picture(row) != "" {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return Parity{}, fmt.Errorf("%s: there is no picture of its own to compare with", x.gallery.Name)
	}
	p := Parity{Cosine: 2}
	for _, i := range items.Sample(len(rows), n, paritySeed) {
		b, is := broken[rows[i]]
		if err := x.compare(ctx, rows[i], func(layer string) bool { return !is || !b.In(layer) }, &p); err != nil {
			return p, err
		}
	}
	if !(p.Cosine >= leastCosine) {
		return p, fmt.Errorf("%s: item %q, extracted again, has a cosine of %.6f with its row in layer %s, below %g: the gallery was made from other pictures or in another way",
			x.gallery.Name, p.ID, p.Cosine, p.Layer, leastCosine)
	}
	return p, nil
}

// compare compares one item's picture with its rows in the layers where it has one.
func (x *Extractor) compare(ctx context.Context, row int, has func(layer string) bool, p *Parity) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f, err := x.gallery.OpenPicture(row)
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := x.pipeline.picture(f, make([]float32, x.pipeline.inputs()))
	if err == nil {
		err = x.round(got)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", x.gallery.Picture(row), err)
	}
	p.Pictures++
	for i, l := range x.layers {
		if !has(l.Name) {
			continue
		}
		stored := make([]float64, l.Dim)
		l.Widen(stored, row)
		cosine, difference := agreement(stored, got[i])
		p.Difference = max(p.Difference, difference)
		if !(cosine >= p.Cosine) && !math.IsNaN(p.Cosine) { // also where it is no number, and then that is the one
			p.Cosine, p.Layer, p.ID = cosine, l.Name, x.gallery.ID(row)
		}
	}
	return nil
}

// agreement returns the cosine of two vectors, and the largest difference of two
// values divided by the length of the stored vector.
func agreement(stored []float64, got []float32) (cosine, difference float64) {
	var dot, ss, gg float64
	for k, s := range stored {
		g := float64(got[k])
		dot += float64(s * g)
		ss += float64(s * s)
		gg += float64(g * g)
		difference = max(difference, math.Abs(s-g))
	}
	return dot / math.Sqrt(ss*gg), difference / math.Sqrt(ss)
}

// Close frees the model. No other method may be running.
func (x *Extractor) Close() error { return x.pipeline.close() }
