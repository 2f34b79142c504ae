package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"strata/engine/code"
	"strata/engine/derive"
	"strata/engine/fence"
	"strata/engine/format"
	"strata/engine/items"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/scheme"
)

// derived_again.go computes again what a CheckDerived has found to agree with its hashes.

// Again says what of a derived file was computed again, and agrees.
type Again struct {
	Rows int    // computed again
	Of   int    // rows that the file has; 0: it has none
	Not  string // besides the other rows, what was not computed again: "the fit of A|pca64"; "" if nothing
}

// differsError says that a file does not hold what comes out when it is computed again.
type differsError struct{ why string }

func (e *differsError) Error() string { return e.why }

// rows draws the rows of a file to compute again.
func (c *derivedCheck) rows(of int) []int { return items.Sample(of, c.o.Rows, c.o.Seed) }

// recode codes rows again.
func (c *derivedCheck) recode(ctx context.Context, kept *code.Codes) (Again, error) {
	rows := c.rows(kept.Rows)
	again := Again{Rows: len(rows), Of: kept.Rows, Not: "the mean and axes of codes"}
	bad, err := kept.Differs(ctx, rows)
	if err == nil && bad >= 0 {
		err = &differsError{fmt.Sprintf("row %d of %d is not the code of that row of %s", bad, kept.Rows, kept.Layer.Name)}
	}
	return again, err
}

// derive transforms rows of a layer again, with what was fitted.
func (c *derivedCheck) derive(ctx context.Context, dir fence.Folder, f scheme.Factor, r *derive.Recipe, source *layer.Layer, values []float64) (Again, error) {
	stages, err := r.RestoreStages(f, source.Dim, values)
	if err != nil {
		return Again{}, fmt.Errorf("%s: %w", filepath.Base(r.Values.File), err)
	}
	kept, err := c.g.derived.mapLayer(ctx, dir, f, r)
	if err == nil && kept.Dim != stages[len(stages)-1].Out {
		err = fmt.Errorf("%s has %d features, not %d", filepath.Base(kept.File), kept.Dim, stages[len(stages)-1].Out)
	}
	if err != nil {
		return Again{}, err
	}
	rows := c.rows(kept.Rows)
	again := Again{Rows: len(rows), Of: kept.Rows, Not: "the fit of " + f.String()}
	bad, err := derive.Differs(ctx, kept, source, stages, rows)
	if err == nil && bad >= 0 {
		err = &differsError{fmt.Sprintf("row %d of %d of %s is not what comes of that row of %s", bad, kept.Rows, filepath.Base(kept.File), source.Name)}
	}
	return again, err
}

// unpackAgain unpacks a matrix once more and compares all rows. stale says what the
// recipe is of instead of a file of the gallery, or "".
func (c *derivedCheck) unpackAgain(ctx context.Context, dir fence.Folder, name string, r unpackRecipe) (again Again, stale string, err error) {
	m, a, stale := c.packed(ctx, r)
	if stale != "" {
		return again, stale, ctx.Err()
	}
	defer m.file.Close()
	kept, err := dir.Open(name + ".npy")
	if err != nil {
		return again, "", err
	}
	defer kept.Close()
	head := layer.MatrixHead{Type: a.Type, Rows: a.Rows, Dim: a.Dim}.Encode()
	if _, err := kept.Seek(int64(len(head)), io.SeekStart); err != nil {
		return again, "", err
	}
	stream, err := a.Stream(ctx)
	if err != nil {
		return again, "", fmt.Errorf("%s: %w", r.File, err)
	}
	defer stream.Close()
	bad, err := derive.FirstRow(ctx, stream, kept, a.Rows, a.Dim*a.Type.Size())
	if err == nil && bad >= 0 {
		err = &differsError{fmt.Sprintf("row %d of %d of %s.npy is not that row of %s", bad, a.Rows, name, r.File)}
	}
	if err != nil {
		return again, "", err
	}
	return Again{Rows: int(a.Rows), Of: int(a.Rows)}, "", nil
}

// packed opens the file that a matrix was unpacked from, and finds its array.
func (c *derivedCheck) packed(ctx context.Context, r unpackRecipe) (*matrixFile, format.Array, string) {
	m, err := openMatrix(ctx, c.g.folder, r.File, filepath.Join(c.g.Path, filepath.FromSlash(r.File)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, format.Array{}, fmt.Sprintf("the gallery has no %s", r.File)
	case err != nil:
		return nil, format.Array{}, fmt.Sprintf("%s: %v", r.File, err)
	}
	if i := slices.IndexFunc(m.arrays, func(a format.Array) bool { return a.Name == r.Array }); i >= 0 {
		a := m.arrays[i]
		if t, err := manifest.ParseType(r.Type); err == nil && a.Opaque {
			a, _ = a.As(t) // what it is not, its recipe is not of
		}
		want, err := unpackRecipeOf(m, a)
		if want.SHA256 = r.SHA256; err == nil && want == r && a.Stream != nil {
			return m, a, ""
		}
	}
	m.file.Close()
	return nil, format.Array{}, fmt.Sprintf("it was unpacked from another %s", r.File)
}
