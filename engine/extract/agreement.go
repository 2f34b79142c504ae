package extract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"strata/engine/manifest"
	"strata/engine/onnx"
)

// NamedModel is a model that a gallery.yaml names. Whoever wrote that file chose the
// model; ONNX Runtime would run it with the rights of the user.
type NamedModel struct {
	Gallery string // the folder
	Path    string
	Bytes   int64  // of the file
	SHA256  string // that the gallery records; before the model is loaded, it is found to be its own
}

// Agree asks whether a model that a gallery names may be loaded. An error says that it
// may not. It is not asked about a model that the user has named.
type Agree func(ctx context.Context, m NamedModel) error

// AgreementError says that a model is not loaded, because a gallery names it and the user
// has not agreed to it.
type AgreementError struct{ NamedModel }

func (e *AgreementError) Error() string {
	return fmt.Sprintf("%s (%d bytes, SHA-256 %.12s…) is the model that the gallery names: it is not loaded before you agree to it", e.Path, e.Bytes, e.SHA256)
}

// modelFinder finds the model of a gallery's record.
type modelFinder struct {
	gallery string // the folder
	record  *manifest.ModelRecord
	asked   string // path that the user has named; "" for none
	env     func(string) string
	agree   Agree // nil: to no model that only the gallery names
}

// find reads the model: the file asked for, or the recorded one (relative to the gallery's
// folder) if the user agrees to it, or that of STRATA_MODEL. It returns its record
// too, whose path is the one that was found.
func (f modelFinder) find(ctx context.Context) (*onnx.Model, *manifest.ModelRecord, error) {
	if f.asked != "" {
		return f.read(ctx, f.asked)
	}
	own := filepath.FromSlash(f.record.File)
	if !filepath.IsAbs(own) {
		own = filepath.Join(f.gallery, own)
	}
	named := f.env(ModelVariable)
	info, err := os.Stat(own)
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case missing && named != "":
		return f.read(ctx, named)
	case missing:
		return nil, nil, fmt.Errorf("%s: the gallery's model is not there; name its file by --model or %s (SHA-256 %.12s…, %d bytes)",
			own, ModelVariable, f.record.SHA256, f.record.Bytes)
	case err != nil:
		return nil, nil, err
	case named != "":
		if m, got, err := f.read(ctx, named); err == nil { // the user's file of the gallery's model
			got.File = f.record.File
			return m, got, nil
		}
	}
	m := NamedModel{Gallery: f.gallery, Path: own, Bytes: info.Size(), SHA256: f.record.SHA256}
	if f.agree == nil {
		return nil, nil, &AgreementError{m}
	}
	if err := f.agree(ctx, m); err != nil {
		return nil, nil, err
	}
	return f.read(ctx, own)
}

// read reads a model, which must have the recorded hash.
func (f modelFinder) read(ctx context.Context, path string) (*onnx.Model, *manifest.ModelRecord, error) {
	m, err := onnx.Read(path)
	if err != nil {
		return nil, nil, err
	}
	got, err := recordModel(ctx, m, f.gallery)
	if err != nil {
		return nil, nil, err
	}
	if got.SHA256 != f.record.SHA256 {
		return nil, nil, fmt.Errorf("%s is another model than the gallery's: it has SHA-256 %.12s… and %d bytes, %s records %.12s… and %d",
			path, got.SHA256, got.Bytes, manifest.FileName, f.record.SHA256, f.record.Bytes)
	}
	return m, got, nil
}
