// Package manifest reads and writes gallery.yaml, which says what the files of a gallery are and how its
// layers came to be.
package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	slash "path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/picture"
	"strata/engine/scheme"
	"strata/engine/table"
)

// FileName is the name of the file that describes a gallery; it may be missing.
const FileName = "gallery.yaml"

// manifestVersion is the version of the file that is written, and the last one
// that is read.
const manifestVersion = 1

// maxManifest bounds the file, in bytes: a line for each of a hundred thousand
// broken pictures fits.
const maxManifest = 16 << 20

// Manifest is what gallery.yaml says: which files are the layers, and how they
// came to be. Every field may be missing.
//
//	version: 1
//	description: the winter catalogue
//	model: {file: ../inception_v3.onnx, sha256: 5a0c…, bytes: 89589971}
//	preprocess: {size: 299, fit: squash, filter: bilinear, range: [0, 1], channels: rgb, layout: nchw}
//	layers:
//	  A: {tap: mixed0, pooling: gap, type: float16}
//	  pattern: {tap: mixed0, pooling: cov(512), seed: 1, type: float16}
//	  B: {files: [b1.safetensors, b2.safetensors], array: fc}
//	  C: {file: features.npy, columns: 1024:3072}
//	select: [A, C]
//	schemes: [A, C, C+0.5*A]
//	screen: {labels: [category, brand], captions: ids}
//	queries: {hard: [knit-0012, knit-0106], caps: {where: {category: knit cap}}}
//	items: {file: export.jsonl.gz, id: sku, image: photo, rows: 9583, sha256: 77aa…}
//	unknown: ["nan"]
//	pictures: {archives: ["shard-*.tar"]}
//	broken:
//	  - {row: 17, id: knit-0018, why: "jpeg: it ends early"}
//	software: {strata: v0.2.0, onnxruntime: 1.30.0}
//
// A file that a layer of the manifest names holds no other layers than those that
// name it; the others are what they are without a manifest. select leaves out all
// layers but those it names.
// schemes are the rows with which the screen begins.
// queries are sets of queries with names: see QueryRecord.
// The items table may be files whose rows follow one another, by a pattern:
// items: {file: "metadata/*.parquet"}. Columns of other names can have the parts of
// id, image, group and split.
// UnknownValues are values of cells that stand for none.
// TablesPictures says where pictures are that the items table names no path of; without
// it, they are where its column image says.
// judgements are labels of grades of pairs of items: see JudgementRecord.
type Manifest struct {
	Version     int                     `yaml:"version,omitempty"`
	Name        string                  `yaml:"name,omitempty"` // for people; the folder's name without it
	Description string                  `yaml:"description,omitempty"`
	Model       *ModelRecord            `yaml:"model,omitempty"`
	Preprocess  *Preprocess             `yaml:"preprocess,omitempty"`
	Layers      map[string]*LayerRecord `yaml:"layers,omitempty"`
	Select      []string                `yaml:"select,omitempty,flow"`
	Schemes     []string                `yaml:"schemes,omitempty,flow"`
	Screen      *ScreenRecord           `yaml:"screen,omitempty"`
	Queries     map[string]*QueryRecord `yaml:"queries,omitempty"`
	Items       *ItemsRecord            `yaml:"items,omitempty"`
	Unknown     []string                `yaml:"unknown,omitempty,flow"` // values that stand for an empty cell
	Pictures    *picture.PicturesRecord `yaml:"pictures,omitempty"`
	Broken      []BrokenPicture         `yaml:"broken,omitempty"`
	Software    *SoftwareRecord         `yaml:"software,omitempty"`

	Judgements map[string]*JudgementRecord `yaml:"judgements,omitempty"`
}

// ScreenRecord says how the screen begins.
type ScreenRecord struct {
	Labels   []string `yaml:"labels,omitempty,flow"` // that are marked, at most MaxMarked; nil: the first ones
	Captions string   `yaml:"captions,omitempty"`    // one of Captions; "": scores
}

// MaxMarked is the number of labels that the screen can mark at a time.
const MaxMarked = 4

// Captions returns the names of what can stand under pictures.
func Captions() []string { return []string{"scores", "moves", "labels", "ids"} }

// Check returns what is wrong with a record, which may be nil.
func (r *ScreenRecord) Check() error {
	switch {
	case r == nil:
		return nil
	case len(r.Labels) > MaxMarked:
		return fmt.Errorf("labels: %d labels are more than the %d that can be marked", len(r.Labels), MaxMarked)
	case r.Captions != "" && !slices.Contains(Captions(), r.Captions):
		return fmt.Errorf("captions: %q is none of %s", r.Captions, strings.Join(Captions(), ", "))
	}
	return nil
}

// ModelRecord names the model that layers with a tap were read from.
type ModelRecord struct {
	File   string `yaml:"file"`   // relative to the gallery's folder, with slashes, or absolute
	SHA256 string `yaml:"sha256"` // 64 hexadecimal digits, of the file and then of its external data
	Bytes  int64  `yaml:"bytes"`  // of the file and its external data
}

// Preprocess says how a picture becomes a model's input. Pictures are turned as
// their EXIF orientation says, laid over white where they are transparent, and
// rounded to 8 bits a channel before and after they are resized.
type Preprocess struct {
	Size     int       `yaml:"size"`                              // side of the square that is fed, or height of the rectangle, in pixels
	Width    int       `yaml:"width,omitempty" json:",omitempty"` // of the rectangle; 0 for a square
	Fit      string    `yaml:"fit"`                               // squash; crop(N): short side to N, then the centre; pad(V): all of the picture, on grey of V
	Filter   string    `yaml:"filter"`                            // bilinear, catmullrom (both average areas when they reduce), approx, nearest
	Range    []float64 `yaml:"range,omitempty,flow"`              // what 0 and 255 become; or
	Mean     []float64 `yaml:"mean,omitempty,flow"`               // (v/255 − mean) / std, for red, green and blue
	Std      []float64 `yaml:"std,omitempty,flow"`
	Channels string    `yaml:"channels"` // rgb or bgr
	Layout   string    `yaml:"layout"`   // nchw or nhwc

	Inputs map[string]float64 `yaml:"inputs,omitempty,flow" json:",omitempty"` // of the model, beside the picture: every element is the number
}

// Sides returns height and width of what is fed, in pixels.
func (p Preprocess) Sides() (h, w int) {
	if p.Width == 0 {
		return p.Size, p.Size
	}
	return p.Size, p.Width
}

// LayerRecord describes a layer.
type LayerRecord struct {
	File        string   `yaml:"file,omitempty"`       // relative to the gallery's folder, with slashes; without it that which has the layer's name
	Files       []string `yaml:"files,omitempty,flow"` // or several, whose rows follow one another
	Array       string   `yaml:"array,omitempty"`      // the tensor, member or column of the file; without it that of the layer's name, or the only one
	Columns     string   `yaml:"columns,omitempty"`    // FROM:TO of the matrix, counted from 0, without TO
	Description string   `yaml:"description,omitempty"`
	Tap         string   `yaml:"tap,omitempty"`     // the model's tensor; empty if the layer was not extracted from the model
	Pooling     string   `yaml:"pooling,omitempty"` // behind an @ the order of the tensor's dimensions, if the user said it
	Seed        uint64   `yaml:"seed,omitempty"`    // of the pooling's projection
	Type        string   `yaml:"type,omitempty"`    // float16 say; of a binary column, what its bytes are
}

// ItemsRecord names the items table, and says for which items layers were
// extracted.
type ItemsRecord struct {
	File        string           `yaml:"file,omitempty"` // relative to the gallery's folder, with slashes, or a pattern as in path.Match; items.csv or the like without it
	items.Roles `yaml:",inline"` // the names of the columns
	Rows        int              `yaml:"rows,omitempty"`
	SHA256      string           `yaml:"sha256,omitempty"` // HashIDs of the rows; empty when nothing was extracted

	NotLabels []string `yaml:"not_labels,omitempty,flow"` // columns that say nothing about similarity, such as bookkeeping
}

// BrokenPicture is a picture that could not be read; its row is zero.
type BrokenPicture struct {
	Row    int      `yaml:"row"` // counted from 0
	ID     string   `yaml:"id"`
	Why    string   `yaml:"why"`
	Layers []string `yaml:"layers,omitempty,flow" json:"layers,omitempty"` // whose row is zero; none: those of all layers with a tap
}

// In reports whether the picture's row is zero in a layer with a tap.
func (b BrokenPicture) In(layer string) bool {
	return len(b.Layers) == 0 || slices.Contains(b.Layers, layer)
}

// SoftwareRecord names the versions of what extracted the layers.
type SoftwareRecord struct {
	Strata      string `yaml:"strata,omitempty"`
	ONNXRuntime string `yaml:"onnxruntime,omitempty"`
	Provider    string `yaml:"provider,omitempty"` // cpu without it
	Decoder     int    `yaml:"decoder,omitempty"`  // picture.Decoder; 1 without it
	Integers    string `yaml:"integers,omitempty"` // exact, if a model of integers gives the same on every processor
}

// Read reads the manifest of a gallery's folder; it is nil if the folder
// has none. Errors name the file.
func Read(folder fs.FS, place string) (*Manifest, error) {
	path := filepath.Join(place, FileName)
	f, err := layer.OpenFile(folder, FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(data) > maxManifest {
		err = fmt.Errorf("it is larger than the %d bytes allowed", maxManifest)
	}
	var m *Manifest
	if err == nil {
		m, err = Parse(data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Parse parses a manifest. Keys that are not known are errors. Anchors
// are refused: a few lines of them can stand for gigabytes.
func Parse(data []byte) (*Manifest, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, yamlError(err)
	}
	if err := refuseAnchors(&root); err != nil {
		return nil, err
	}
	m := &Manifest{}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(m); err != nil && !errors.Is(err, io.EOF) { // an empty file is an empty manifest
		return nil, yamlError(err)
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("it holds more than one document")
	}
	return m, m.check()
}

// yamlError returns the parser's message in this project's words.
func yamlError(err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if problems := (*yaml.TypeError)(nil); errors.As(err, &problems) {
		text = strings.Join(problems.Errors, "; ")
	}
	text = regexp.MustCompile(`field (\S+) not found in type \w+\.\w+`).ReplaceAllString(text, `key "$1" is not known`)
	return errors.New(strings.ReplaceAll(text, "\n", "; "))
}

func refuseAnchors(n *yaml.Node) error {
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		return fmt.Errorf("line %d: anchors and aliases are not allowed", n.Line)
	}
	for _, c := range n.Content {
		if err := refuseAnchors(c); err != nil {
			return err
		}
	}
	return nil
}

// check checks what the types of the fields do not.
func (m *Manifest) check() error {
	if m.Version < 0 || m.Version > manifestVersion {
		return fmt.Errorf("version %d is not known (%d is)", m.Version, manifestVersion)
	}
	if strings.ContainsFunc(m.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("name %q holds what cannot be printed", m.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Layers)) {
		if err := m.checkLayer(name); err != nil {
			return fmt.Errorf("layers: %q: %w", name, err)
		}
	}
	for _, name := range m.Select {
		if !scheme.IsLayerName(name) {
			return fmt.Errorf("select: %q: %w", name, ErrLayerName)
		}
	}
	for _, text := range m.Schemes {
		if _, err := scheme.ParseScheme(text); err != nil {
			return fmt.Errorf("schemes: %w", err)
		}
	}
	if err := m.Screen.Check(); err != nil {
		return fmt.Errorf("screen: %w", err)
	}
	if err := m.checkQueries(); err != nil {
		return err
	}
	if m.Model != nil && m.Model.File == "" {
		return errors.New("model: it names no file")
	}
	if m.Pictures != nil {
		if err := m.Pictures.Check(); err != nil {
			return fmt.Errorf("pictures: %w", err)
		}
	}
	if err := m.checkJudgements(); err != nil {
		return err
	}
	return m.Items.check()
}

// check checks a record, which may be nil.
func (r *ItemsRecord) check() error {
	switch {
	case r == nil:
		return nil
	case r.Rows < 0:
		return fmt.Errorf("items: %d rows", r.Rows)
	case r.File != "" && !fs.ValidPath(r.File):
		return fmt.Errorf("items: file %q is not a path within the gallery's folder", r.File)
	case r.File != "" && !table.Known(r.File):
		return fmt.Errorf("items: file %q is no table: its name ends with .csv, .tsv, .jsonl or .parquet, the first three perhaps with .gz or .zst behind", r.File)
	}
	if _, err := slash.Match(r.File, ""); err != nil {
		return fmt.Errorf("items: file %q is not a pattern of files", r.File)
	}
	return nil
}

// ErrLayerName says what a layer's name is.
var ErrLayerName = errors.New("a layer's name is a letter, then letters, digits, _, . or -")

// CheckLayerName returns an error if a layer cannot have the name. The error does
// not name it.
func CheckLayerName(name string) error {
	if scheme.IsLayerName(name) {
		return nil
	}
	return ErrLayerName
}

func (m *Manifest) checkLayer(name string) error {
	l := m.Layers[name]
	if l == nil {
		l = &LayerRecord{}
		m.Layers[name] = l
	}
	for i, file := range l.Held() {
		if !fs.ValidPath(file) {
			return fmt.Errorf("file %q is not a path within the gallery's folder", file)
		}
		if slices.Contains(l.Held()[:i], file) {
			return fmt.Errorf("file %q is named twice", file)
		}
	}
	if l.Type != "" {
		if _, err := ParseType(l.Type); err != nil {
			return err
		}
	}
	if _, err := ParseColumns(l.Columns); err != nil {
		return err
	}
	switch {
	case !scheme.IsLayerName(name):
		return ErrLayerName
	case l.File != "" && len(l.Files) > 0:
		return errors.New("it has both a file and files")
	case len(l.Held()) == 0 && (l.Array != "" || l.Columns != ""):
		return errors.New("it has an array or columns, and names no file")
	case l.Tap != "" && (m.Model == nil || m.Preprocess == nil):
		return fmt.Errorf("it has a tap, and no model and preprocess stand in the file")
	}
	return nil
}

// Encode returns the manifest as a file of gallery.yaml.
func (m *Manifest) Encode() ([]byte, error) {
	out := *m
	out.Version = manifestVersion
	b := bytes.NewBufferString("# Which layers this gallery has and how they were made: see strata extract --help.\n")
	e := yaml.NewEncoder(b)
	e.SetIndent(2)
	if err := errors.Join(e.Encode(&out), e.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Selected reports whether the manifest, which may be nil, leaves a layer in.
func (m *Manifest) Selected(layer string) bool {
	return m == nil || len(m.Select) == 0 || slices.Contains(m.Select, layer)
}

// Held returns the files that the record, which may be nil, names.
func (l *LayerRecord) Held() []string {
	switch {
	case l == nil:
		return nil
	case l.File != "":
		return []string{l.File}
	}
	return l.Files
}

// FileOf returns the first file that the manifest, which may be nil, gives a layer, or "".
func (m *Manifest) FileOf(layer string) string {
	if m == nil || len(m.Layers[layer].Held()) == 0 {
		return ""
	}
	return m.Layers[layer].Held()[0]
}

// ItemsFile returns the file that the manifest, which may be nil, says the items
// table is, or "".
func (m *Manifest) ItemsFile() string {
	if m == nil || m.Items == nil {
		return ""
	}
	return m.Items.File
}

// Roles returns the names of the columns of the items table that the manifest, which may
// be nil, gives.
func (m *Manifest) Roles() items.Roles {
	if m == nil || m.Items == nil {
		return items.Roles{}
	}
	return m.Items.Roles
}

// UnknownValues returns the values that stand for an empty cell.
func (m *Manifest) UnknownValues() []string {
	if m == nil {
		return nil
	}
	return m.Unknown
}

// ReadingItems says how the manifest, which may be nil, changes the items table; "" if it
// does not.
func (m *Manifest) ReadingItems() string {
	if m.Roles() == (items.Roles{}) && len(m.UnknownValues()) == 0 {
		return ""
	}
	return fmt.Sprintf("%q %q\n", m.Roles(), m.UnknownValues())
}

// Claimed returns the files that the manifest, which may be nil, names.
func (m *Manifest) Claimed() map[string]bool {
	files := map[string]bool{}
	if m != nil {
		for _, l := range m.Layers {
			for _, file := range l.Held() {
				files[file] = true
			}
		}
	}
	return files
}

// TablesPictures reports whether the manifest, which may be nil, says that a file holds
// TablesPictures.
func (m *Manifest) TablesPictures(file string) bool {
	if m == nil || m.Pictures == nil || m.Pictures.File == "" {
		return false
	}
	ok, err := slash.Match(m.Pictures.File, file)
	return ok && err == nil || m.Pictures.File == file
}

// Wants reports whether the manifest, which may be nil, names a layer.
func (m *Manifest) Wants(layer string) bool {
	return m != nil && (m.Layers[layer] != nil || slices.Contains(m.Select, layer))
}

// ParseType returns the type of the name.
func ParseType(name string) (layer.DType, error) {
	types := []layer.DType{layer.Float32, layer.Float16, layer.BFloat16, layer.Float64, layer.Int8, layer.Uint8, layer.Int32}
	var names []string
	for _, t := range types {
		if t.String() == name {
			return t, nil
		}
		names = append(names, t.String())
	}
	return 0, fmt.Errorf("type %q is none of %s", name, strings.Join(names, ", "))
}

// Complete checks that every layer that the manifest names is there.
func (m *Manifest) Complete(place string, has func(layer string) bool) error {
	if m == nil {
		return nil
	}
	for _, name := range append(slices.Sorted(maps.Keys(m.Layers)), m.Select...) {
		if m.Selected(name) && !has(name) {
			return fmt.Errorf("%s: it names layer %q, and there is no %s.npy, nor another file that holds it", filepath.Join(place, FileName), name, name)
		}
	}
	return nil
}
