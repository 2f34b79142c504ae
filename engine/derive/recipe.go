package derive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"runtime"

	"strata/engine/aside"
	"strata/engine/fence"
	"strata/engine/format"
	"strata/engine/layer"
	"strata/engine/scheme"
	"strata/engine/seal"
)

// RecipeFormat is the version of the recipe format and of the transforms. It increases when the
// result of a transform changes.
const RecipeFormat = 1

// Recipe describes a derived layer and its origin. It is kept as JSON beside the matrix and written
// last: without a recipe there is no derived layer.
type Recipe struct {
	Format int          `json:"format"`
	Layer  string       `json:"layer"` // the factor
	Source RecipeSource `json:"source"`
	Fitted RecipeFit    `json:"fitted"`
	Stages []RecipeStep `json:"stages"`
	Matrix RecipeFile   `json:"matrix"`
	Values RecipeFile   `json:"parameters"` // fitted parameters; see Stage.parameters
	Arch   string       `json:"arch"`       // processor architecture: on another, the last bits may differ

	Replaced string `json:"-"` // why a derived layer that was kept did not serve; "" if none was
	Made     bool   `json:"-"` // this gallery made it, rather than found it

	Folder fence.Folder // where it lies
	Text   []byte       // content of the file
}

// RecipeSource is the source of a derived layer.
type RecipeSource struct {
	Layer       string `json:"layer"`
	Type        string `json:"type"`
	Rows        int    `json:"rows"`
	Dim         int    `json:"dim"`
	Fingerprint string `json:"fingerprint"`      // of the matrix, as part of Gallery.Fingerprint
	Beside      string `json:"beside,omitempty"` // Beside.Hash of the factor
}

// RecipeFit says which rows the transforms were fitted on.
type RecipeFit struct {
	Sample int    `json:"sample"`         // number of rows drawn; 0 means all
	Seed   uint64 `json:"seed"`           // of the draw; 0 if all rows were taken
	Part   int    `json:"part,omitempty"` // number of rows of Beside.FitPart, of which Sample are drawn; 0: all rows of the layer
}

// RecipeStep is one transform.
type RecipeStep struct {
	Transform string    `json:"transform"`
	In        int       `json:"in"`
	Out       int       `json:"out"`
	Rows      int       `json:"rows"`                // number of rows of the fit: the drawn ones that have a length
	Kept      float64   `json:"kept,omitempty"`      // share of the variance on the axes
	Variances []float64 `json:"variances,omitempty"` // by axis
	Classes   int       `json:"classes,omitempty"`   // of the label
	Shrinkage float64   `json:"shrinkage,omitempty"` // of the scatter within classes
	SHA256    string    `json:"sha256,omitempty"`    // of the matrix file
}

// RecipeFile is a file beside the recipe.
type RecipeFile struct {
	File        string `json:"file"`
	Type        string `json:"type"`
	Shape       []int  `json:"shape"`
	SHA256      string `json:"sha256"`                // of the file, in hexadecimal digits
	Fingerprint string `json:"fingerprint,omitempty"` // of a matrix, as in RecipeSource
}

// FitRows returns the number of rows that the first transform was fitted on.
func (r *Recipe) FitRows() int { return r.Stages[0].Rows }

// parameters appends the fitted parameters: mean, scale and axes, if the stage has them.
func (s *Stage) parameters(to []float64) []float64 {
	to = append(to, s.Mean...)
	to = append(to, s.scale...)
	return append(to, s.axes...)
}

// out returns the number of components of transform i of a factor, for rows of dim features. That
// of a matrix is as the recipe says.
func (r *Recipe) out(f scheme.Factor, i, dim int) int {
	switch t := f.Transforms[i]; {
	case t.N > 0:
		return t.N
	case t.Kind == scheme.Matrix && i < len(r.Stages):
		return min(max(r.Stages[i].Out, 1), maxComponents)
	}
	return dim
}

// RestoreStages makes the stages of a factor from fitted parameters.
func (r *Recipe) RestoreStages(f scheme.Factor, dim int, values []float64) ([]*Stage, error) {
	var stages []*Stage
	for i, t := range f.Transforms {
		s := &Stage{transform: t, in: dim, Out: r.out(f, i, dim)}
		scales, axes := 0, 0
		switch t.Kind {
		case scheme.ZScore:
			scales = s.in
		case scheme.Whiten:
			scales, axes = s.Out, s.Out*s.in
		case scheme.PCA, scheme.LDA, scheme.WCCN, scheme.Matrix:
			axes = s.Out * s.in
		case scheme.Centre:
		}
		if len(values) < s.in+scales+axes {
			return nil, fmt.Errorf("%s takes %d parameters, %d are left", t, s.in+scales+axes, len(values))
		}
		s.Mean, values = values[:s.in], values[s.in:]
		if scales > 0 {
			s.scale, values = values[:scales], values[scales:]
		}
		s.axes, values = values[:axes], values[axes:]
		stages = append(stages, s)
		dim = s.Out
	}
	if len(values) > 0 {
		return nil, fmt.Errorf("%d parameters are left over", len(values))
	}
	return stages, nil
}

// headRoom exceeds the size of a .npy header.
const headRoom = 1 << 16

// describe returns the recipe's steps.
func describe(stages []*Stage) []RecipeStep {
	steps := make([]RecipeStep, len(stages))
	for i, s := range stages {
		steps[i] = RecipeStep{Transform: s.transform.String(), In: s.in, Out: s.Out, Rows: s.rows, Variances: s.variance, Classes: s.classes, Shrinkage: s.shrinkage, SHA256: s.hash}
		if s.variance != nil {
			kept := 0.0
			for _, v := range s.variance {
				kept += v
			}
			steps[i].Kept = min(kept/s.total, 1)
		}
	}
	return steps
}

// ReadRecipe reads the recipe of a derived layer in a folder. It returns nil if there is none.
func ReadRecipe(dir fence.Folder, name string) (*Recipe, error) {
	text, err := dir.ReadFile(name+".json", fence.Metadata)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r Recipe
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("its recipe is not one: %w", err)
	}
	r.Text = text
	return &r, nil
}

// Stale says why a recipe does not match a factor of the source, or returns "".
func (r *Recipe) Stale(f scheme.Factor, source RecipeSource) string {
	switch {
	case r.Format != RecipeFormat:
		return fmt.Sprintf("its recipe has the format %d, not %d", r.Format, RecipeFormat)
	case r.Layer != f.String():
		return fmt.Sprintf("its recipe is for %q", r.Layer)
	case r.Source.Beside != source.Beside:
		return "its label or its matrix file has changed"
	case r.Source != source:
		return fmt.Sprintf("it was made of another matrix %s (%s %dx%d)", r.Source.Layer, r.Source.Type, r.Source.Rows, r.Source.Dim)
	case len(r.Stages) != len(f.Transforms):
		return fmt.Sprintf("its recipe has %d stages", len(r.Stages))
	}
	return ""
}

// hashedFile is a file that is published whole, with the hash of its content.
type hashedFile struct {
	*aside.File
	out *bufio.Writer
	sum hash.Hash
}

// createHashed begins a file.
func createHashed(dir fence.Folder, name string) (*hashedFile, error) {
	f, err := dir.Create(name)
	if err != nil {
		return nil, err
	}
	h := &hashedFile{File: f, sum: sha256.New()}
	h.out = bufio.NewWriterSize(io.MultiWriter(f, h.sum), 1<<20)
	return h, nil
}

// Write appends p.
func (h *hashedFile) Write(p []byte) (int, error) { return h.out.Write(p) }

// Publish completes the file and renames it to its path.
func (h *hashedFile) Publish() error {
	if err := h.out.Flush(); err != nil {
		return err
	}
	return h.File.Publish()
}

// hash returns the SHA-256 of the content. It is complete after Publish.
func (h *hashedFile) hash() string { return hex.EncodeToString(h.sum.Sum(nil)) }

// Keep writes a derived layer into dir: the matrix, the fitted parameters, and last the recipe,
// which it completes. If it is interrupted, there is no recipe, or one that does not match the
// matrix.
func (r *Recipe) Keep(ctx context.Context, dir fence.Folder, name string, from *Feed) error {
	rows, dim := from.len(), from.dim()
	matrix, err := createHashed(dir, name+".npy")
	if err != nil {
		return err
	}
	defer matrix.Abandon()
	if _, err := matrix.Write(layer.MatrixHead{Type: layer.Float32, Rows: int64(rows), Dim: int64(dim)}.Encode()); err != nil {
		return err
	}
	scored, buf := 0, []byte(nil)
	err = from.each(ctx, func(x []float32, n int) error {
		scored += nonzero(x, n)
		buf = buf[:0]
		for _, v := range x {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		_, err := matrix.Write(buf)
		return err
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return err
	case scored == 0:
		return errors.New("no row is left with a value that is not zero")
	}
	if err := matrix.Publish(); err != nil {
		return err
	}
	r.Matrix = RecipeFile{File: name + ".npy", Type: layer.Float32.String(), Shape: []int{rows, dim}, SHA256: matrix.hash()}
	if err := r.keepParameters(dir, name+".fit.npy", from.Stages); err != nil {
		return err
	}
	r.Stages, r.Arch = describe(from.Stages), runtime.GOARCH
	return nil
}

// nonzero counts the rows that are not zero.
func nonzero(x []float32, rows int) int {
	count, dim := 0, len(x)/rows
	for r := range rows {
		for _, v := range x[r*dim : (r+1)*dim] {
			if v != 0 {
				count++
				break
			}
		}
	}
	return count
}

// keepParameters writes the fitted parameters as one vector of float64.
func (r *Recipe) keepParameters(dir fence.Folder, name string, stages []*Stage) error {
	var values []float64
	for _, s := range stages {
		values = s.parameters(values)
	}
	file, err := createHashed(dir, name)
	if err != nil {
		return err
	}
	defer file.Abandon()
	b := format.NpyHead(layer.Float64, int64(len(values)))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	if _, err := file.Write(b); err != nil {
		return err
	}
	if err := file.Publish(); err != nil {
		return err
	}
	r.Values = RecipeFile{File: name, Type: "float64", Shape: []int{len(values)}, SHA256: file.hash()}
	return nil
}

// Write writes the recipe file.
func (r *Recipe) Write(dir fence.Folder, name string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	r.Text = text
	seal.BelieveMatrix(dir, r.Matrix.File, r.Text) // first: a reader that finds the recipe needs its seal
	return dir.WriteBytes(name, r.Text)
}

// parameterCount returns the number of parameters of a factor, for rows of dim features.
func (r *Recipe) parameterCount(f scheme.Factor, dim int) int64 {
	count := int64(0)
	for i, t := range f.Transforms {
		in, out := int64(dim), int64(r.out(f, i, dim))
		switch t.Kind {
		case scheme.ZScore:
			count += in
		case scheme.Whiten:
			count += out + out*in
		case scheme.PCA, scheme.LDA, scheme.WCCN, scheme.Matrix:
			count += out * in
		case scheme.Centre:
		}
		count, dim = count+in, int(out)
	}
	return count
}

// ReadParameters reads the fitted parameters of a factor of rows with dim features, and compares
// their hash with the recipe's.
func (r *Recipe) ReadParameters(dir fence.Folder, f scheme.Factor, dim int) ([]float64, error) {
	name := filepath.Base(r.Values.File)
	path := dir.File(name)
	b, err := dir.ReadFile(name, 8*r.parameterCount(f, dim)+headRoom)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	if got := hex.EncodeToString(sum[:]); got != r.Values.SHA256 {
		return nil, fmt.Errorf("%s: its SHA-256 is %s, the recipe says %s", path, got, r.Values.SHA256)
	}
	if len(r.Values.Shape) != 1 || r.Values.Shape[0] < 0 || r.Values.Shape[0] > len(b)/8 {
		return nil, fmt.Errorf("%s: %d bytes do not hold the shape %v that the recipe says", path, len(b), r.Values.Shape)
	}
	values := make([]float64, r.Values.Shape[0])
	for i, at := 0, len(b)-8*len(values); i < len(values); i, at = i+1, at+8 {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[at:]))
	}
	return values, nil
}
