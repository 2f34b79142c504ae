package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"strata/engine/fence"
	"strata/engine/format"
)

// openFolder takes a folder of .npy files of one vector each for the source: a file's
// name without .npy is the id of its item.
func (m *importer) openFolder() error {
	switch {
	case m.Array != "":
		return fmt.Errorf("%s: it is a folder of files of one vector each, and has no array %q", m.Source, m.Array)
	case m.Pool != "":
		return fmt.Errorf("%s: it is a folder of files of one vector each, which have no tokens to pool", m.Source)
	}
	entries, err := os.ReadDir(m.Source)
	if err != nil {
		return err
	}
	var ids []string
	files := sha256.New()
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".npy")
		if !ok || id == "" || strings.HasPrefix(id, ".") || !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(m.Source, e.Name())
		a, err := readVector(path, nil)
		if not := (*format.NotMatrixError)(nil); errors.As(err, &not) {
			continue // the layers of a gallery may lie beside the vectors
		}
		if err == nil && len(m.files) == 0 {
			m.array = a
		}
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		case a.Dim != m.array.Dim || a.Type != m.array.Type:
			return fmt.Errorf("%s: it holds %d %s, %s %d %s", path, a.Dim, a.Type, m.files[0], m.array.Dim, m.array.Type)
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(files, "%q %d %d\n", e.Name(), info.Size(), info.ModTime().UnixNano())
		m.files, ids = append(m.files, path), append(ids, id)
	}
	if len(m.files) == 0 {
		return fmt.Errorf("%s: it holds no .npy file of one vector", m.Source)
	}
	if m.source, err = os.Open(m.Source); err != nil {
		return err
	}
	if m.IDs == nil {
		m.IDs = ids
	}
	m.array.Rows = int64(len(m.files))
	m.into = format.Array{Type: m.array.Type, Rows: m.array.Rows, Dim: m.array.Dim}
	m.chooseType()
	path, err := filepath.Abs(m.Source)
	m.mark = importMark{
		Source: path, Bytes: m.array.Rows, Files: hex.EncodeToString(files.Sum(nil)),
		Type: m.into.Type.String(), Dim: m.into.Dim, Rows: m.array.Rows,
	}
	return err
}

// readVector returns the one vector of a .npy file, whose elements it reads into b unless
// that is nil. A file of other than one vector is a *format.NotMatrixError.
func readVector(path string, b []byte) (a format.Array, err error) {
	f, err := fence.Open(path)
	if err != nil {
		return a, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return a, err
	}
	a, err = format.ReadNpy(f, info.Size())
	if not := (*format.NotMatrixError)(nil); errors.As(err, &not) && not.Array.Tokens == 1 {
		a, err = not.Array, nil
	}
	switch {
	case err != nil:
		return a, err
	case a.Rows != 1:
		return a, &format.NotMatrixError{Why: fmt.Sprintf("it holds %d rows", a.Rows)}
	case b == nil:
		return a, nil
	case int64(len(b)) != a.Bytes():
		return a, fmt.Errorf("it holds %d bytes, not %d: it was changed", a.Bytes(), len(b))
	}
	_, err = f.ReadAt(b, a.Offset)
	return a, err
}

// vectorRows are rows each in a file of its own.
type vectorRows struct {
	files []string
	a     format.Array
}

func (v *vectorRows) read(b []byte, row, n int64) error {
	size := v.a.Dim * v.a.Type.Size()
	for i := range n {
		path := v.files[row+i]
		a, err := readVector(path, b[i*size:(i+1)*size])
		if err == nil && a.Type != v.a.Type {
			err = fmt.Errorf("it holds %s, not %s", a.Type, v.a.Type)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

func (v *vectorRows) Close() error { return nil }
