package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"

	"strata/engine/fence"
	"strata/engine/manifest"
	"strata/engine/native"
	"strata/engine/onnx"
)

// pipeline is a cut model, loaded, with the preprocessing of its pictures:
// pictures go in, a vector a tap comes out. Its methods may be called
// concurrently, but close.
type pipeline struct {
	runtime *onnx.Runtime
	plan    *onnx.Plan
	session *onnx.Session
	prepare *preparer

	preprocess manifest.Preprocess
	dims       []int // by tap
}

// pipelineOptions say what a pipeline is made of.
type pipelineOptions struct {
	Taps       []onnx.Tap
	Preset     string
	Preprocess manifest.Preprocess // as FitPreprocess takes it
	Library    string              // as FindLibrary takes it
	Env        func(string) string
	Session    onnx.Options
}

// openPipeline loads a model. It runs it once, on a black picture: so what does
// not fit is known before the first row, and so are the lengths of the vectors.
func openPipeline(ctx context.Context, m *onnx.Model, o pipelineOptions) (_ *pipeline, err error) {
	n := &pipeline{}
	if n.runtime, err = findRuntime(o.Library, o.Env); err != nil {
		return nil, err
	}
	var tensors []string
	for _, t := range o.Taps {
		tensors = append(tensors, t.Tensor)
	}
	if err := n.runtime.InferUnknown(ctx, m, tensors...); err != nil {
		return nil, err
	}
	if n.plan, err = m.PlanFixed(o.Taps, 0, o.Preprocess.Inputs); err != nil {
		return nil, err
	}
	if o.Preset == "" && o.Preprocess.Range == nil && o.Preprocess.Mean == nil {
		if o.Preprocess, err = beside(m.Path, o.Preprocess); err != nil {
			return nil, err
		}
	}
	if n.preprocess, err = FitPreprocess(n.plan.Input, o.Preset, o.Preprocess); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	if n.prepare, err = newPreparer(n.preprocess); err != nil {
		return nil, err
	}
	if n.session, err = n.runtime.Open(ctx, n.plan, o.Session); err != nil {
		return nil, err
	}
	rows, err := n.run(make([]float32, n.inputs()))
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	for _, row := range rows {
		n.dims = append(n.dims, len(row))
	}
	return n, nil
}

// findRuntime finds and loads ONNX Runtime.
func findRuntime(asked string, env func(string) string) (*onnx.Runtime, error) {
	library, err := native.FindLibrary(asked, env)
	if err != nil {
		return nil, err
	}
	return onnx.Load(library)
}

// inputs returns the number of values of an input.
func (n *pipeline) inputs() int { return 3 * n.prepare.w * n.prepare.h }

// run feeds the input of one picture and returns a vector a tap.
func (n *pipeline) run(input []float32) ([][]float32, error) {
	outputs, err := n.session.Run(n.prepare.shape, input)
	if err != nil {
		return nil, err
	}
	rows := make([][]float32, len(outputs))
	for i, o := range outputs {
		if len(o.Shape) != 2 || o.Shape[0] != 1 || n.dims != nil && len(o.Values) != n.dims[i] {
			return nil, fmt.Errorf("%s: tap %s: a picture made %v values: a layer takes one vector a picture, of one length",
				n.plan.Model.Path, n.plan.Taps[i].Name, onnx.Fixed(o.Shape...))
		}
		rows[i] = o.Values
	}
	return rows, nil
}

// picture reads one picture and returns a vector a tap. input is the caller's
// memory, of inputs values. A *pictureError is the picture's fault.
func (n *pipeline) picture(r io.Reader, input []float32) ([][]float32, error) {
	if err := n.prepare.read(input, r, allowPixels); err != nil {
		return nil, &pictureError{err}
	}
	return n.run(input)
}

// pictureError is what is wrong with one picture; others may do.
type pictureError struct{ error }

func (e *pictureError) Unwrap() error { return e.error }

func (n *pipeline) close() error { return n.session.Close() }

// recordModel returns the model's record for gallery.yaml: its path from the
// gallery's folder, and the hash and size of its file and, in the order of their
// names, of its files of external data. It reads all of them.
func recordModel(ctx context.Context, m *onnx.Model, gallery string) (*manifest.ModelRecord, error) {
	if err := m.CheckWeights(); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(m.Path)
	if err != nil {
		return nil, err
	}
	files := map[string]bool{}
	for i := range m.Weights {
		if x := m.Weights[i].External; x != nil {
			files[filepath.Join(filepath.Dir(path), filepath.FromSlash(x.File))] = true
		}
	}
	delete(files, path)
	record := &manifest.ModelRecord{File: filepath.ToSlash(path)}
	if rel, err := filepath.Rel(gallery, path); err == nil {
		record.File = filepath.ToSlash(rel)
	}
	h := sha256.New()
	for _, file := range append([]string{path}, slices.Sorted(maps.Keys(files))...) {
		n, err := copyFile(ctx, h, file)
		if err != nil {
			return nil, err
		}
		record.Bytes += n
	}
	record.SHA256 = hex.EncodeToString(h.Sum(nil))
	return record, nil
}

// copyFile copies a file and returns its size.
func copyFile(ctx context.Context, w io.Writer, path string) (int64, error) {
	f, err := fence.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	const block = 1 << 22 // bytes between two looks at ctx
	for n := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		k, err := io.CopyN(w, f, block)
		n += k
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}
