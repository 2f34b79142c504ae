//go:build unix

package script

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
			"script": func(_, bad string) error { _, err := ReadScript(bad, Reading{}); return err },
			"include": func(dir, bad string) error {
				path := filepath.Join(dir, "first.strata")
				if err := os.WriteFile(path, []byte("include "+filepath.Base(bad)+"\n"), 0o666); err != nil {
					return err
				}
				_, err := ReadScript(path, Reading{})
				return err
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
