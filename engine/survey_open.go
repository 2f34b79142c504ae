package engine

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"path/filepath"
	"strings"

	"strata/engine/format"
	"strata/engine/layer"
	"strata/engine/manifest"
	"strata/engine/table"
)

// MatrixFaults says what is wrong with the heads of all .npy files of a gallery that
// OpenItems has opened: Open stops at the first. Each text names its file, as place
// joined with its name.
func MatrixFaults(g *Gallery, place string) []string {
	entries, err := fs.ReadDir(g.folder, ".")
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", place, err)}
	}
	m, _ := manifest.Read(g.folder, place) // what is wrong with it is why opening ended
	var faults []string
	for _, e := range entries {
		layer, ok := strings.CutSuffix(e.Name(), ".npy")
		if !ok || strings.HasPrefix(layer, ".") || e.IsDir() || table.IsIDs(e.Name()) || !m.Selected(layer) {
			continue
		}
		if err := matrixFault(g.folder, e.Name(), g.Len()); err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", filepath.Join(place, e.Name()), err))
		}
	}
	return faults
}

// matrixFault returns what is wrong with the head of a .npy file, of a gallery of so many items.
func matrixFault(folder fs.FS, name string, items int) error {
	f, err := layer.OpenFile(folder, name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h, err := layer.ReadMatrixHead(f, info.Size())
	if not := (*format.NotMatrixError)(nil); errors.As(err, &not) {
		return nil // it is left out
	}
	if n := int64(items); err == nil && h.Rows != n {
		err = fmt.Errorf("the matrix has %d rows, the items table has %d items", h.Rows, n)
	}
	return err
}

// Survey reads a layer whole, once, and says what is in it. progress, unless nil,
// is told how many rows are read; it may be called by several goroutines at once.
func (g *Gallery) Survey(ctx context.Context, l *layer.Layer, progress func(rows int)) (*layer.Survey, error) {
	s := &layer.Surveyor{Survey: &layer.Survey{Layer: l, Bytes: int64(l.Rows) * int64(l.Bytes()), RepeatOf: -1}, Seed: maphash.MakeSeed()}
	s.Hashes, s.Squares = make([]uint64, l.Rows), make([]float64, l.Rows)
	s.Zeros = make([]float64, l.Dim)
	if progress == nil {
		progress = func(int) {}
	}
	err := g.Reading([]string{l.Name}, func() error {
		if err := s.Begin(ctx); err != nil {
			return err
		}
		err := layer.Parallel(ctx, l.Rows, max(1, layer.ScanBlock/l.Bytes()), func(lo, hi int) {
			s.Block(lo, hi)
			progress(hi - lo)
		})
		if err != nil {
			return err
		}
		return s.Finish(ctx)
	})
	if err != nil {
		return nil, fmt.Errorf("checking %s: %w", l.Name, err)
	}
	return s.Survey, nil
}
