package engine

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// MatrixFaults says what is wrong with the heads of all .npy files of a gallery that
// OpenItems has opened: Open stops at the first. Each text names its file, as place
// joined with its name.
func (g *Gallery) MatrixFaults(place string) []string {
	entries, err := fs.ReadDir(g.folder, ".")
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", place, err)}
	}
	m, _ := ReadManifest(g.folder, place) // what is wrong with it is why opening ended
	var faults []string
	for _, e := range entries {
		layer, ok := strings.CutSuffix(e.Name(), ".npy")
		if !ok || strings.HasPrefix(layer, ".") || e.IsDir() || layer == idsStem || !m.selected(layer) {
			continue
		}
		if err := g.matrixFault(e.Name()); err != nil {
			faults = append(faults, fmt.Sprintf("%s: %v", filepath.Join(place, e.Name()), err))
		}
	}
	return faults
}

// matrixFault returns what is wrong with the head of a .npy file.
func (g *Gallery) matrixFault(name string) error {
	f, err := openFile(g.folder, name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h, err := ReadMatrixHead(f, info.Size())
	if n := int64(g.Len()); err == nil && h.Rows != n {
		err = fmt.Errorf("the matrix has %d rows, the items table has %d items", h.Rows, n)
	}
	return err
}
