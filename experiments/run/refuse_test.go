//go:build unix

package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
)

// TestReadersRefuse: what a user or a file names is read when it is a regular file of a size
// that can be one, and otherwise refused at once, with its path.
func TestReadersRefuse(t *testing.T) {
	for kind, make := range testgallery.Unreadable() {
		for name, read := range map[string]func(dir, bad string) error{
			"manifest of a run": func(_, bad string) error {
				dir := filepath.Dir(bad)
				if err := os.Rename(bad, filepath.Join(dir, ManifestName)); err != nil {
					return err
				}
				_, err := DiffRuns(dir, dir)
				return err
			},
			"table of a run": func(_, bad string) error { _, err := readTable(bad, 1); return err },
			"ranking of a run": func(_, bad string) error {
				return (&rankings{of: map[string]*ranking{}}).read(bad)
			},
		} {
			dir := t.TempDir()
			bad := filepath.Join(dir, "bad")
			if err := make(bad); err != nil {
				t.Fatal(err)
			}
			err := read(dir, bad)
			if err == nil || !strings.Contains(err.Error(), dir) {
				t.Errorf("%s is %s: %v", name, kind, err)
			}
		}
	}
}
