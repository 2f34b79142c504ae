//go:build unix && cgo

package extract

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestExtractPlanted: an extraction changes nothing outside a gallery, whatever lies in
// its way there, whether it begins, goes on, or starts anew.
func TestExtractPlanted(t *testing.T) {
	model := modelFile(t)
	precious := bytes.Repeat([]byte("precious"), 1<<12)
	for _, name := range []string{
		".strata", ".strata/extract", ".strata/extract.lock", ".strata/extract/A.npy", ".strata/extract/journal.jsonl",
		"A.npy", "gallery.yaml",
	} {
		for kind, plant := range map[string]func(outside, path string) error{
			"a link to a file":   func(outside, path string) error { return os.Symlink(filepath.Join(outside, "file"), path) },
			"a link to a folder": os.Symlink,
			"a second name":      func(outside, path string) error { return os.Link(filepath.Join(outside, "file"), path) },
			"a named pipe":       func(_, path string) error { return syscall.Mkfifo(path, 0o666) },
		} {
			for _, restart := range []bool{false, true} {
				o := asked(t, pictureFolder(t, 3), model)
				o.Restart, o.Force = restart, true
				outside := t.TempDir()
				put(t, outside, "file", precious)
				put(t, outside, "journal.jsonl", precious)
				put(t, outside, "A.npy", precious)
				path := filepath.Join(o.Gallery, filepath.FromSlash(name))
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), plant(outside, path)); err != nil {
					t.Fatal(err)
				}
				_, err := Extract(t.Context(), o)
				if err != nil && !strings.Contains(err.Error(), filepath.Base(name)) {
					t.Errorf("%s is %s: %v", name, kind, err)
				}
				entries, err := os.ReadDir(outside)
				if err != nil || len(entries) != 3 {
					t.Errorf("%s is %s: outside are %v, %v", name, kind, entries, err)
				}
				for _, e := range entries {
					if b, err := os.ReadFile(filepath.Join(outside, e.Name())); err != nil || !bytes.Equal(b, precious) {
						t.Errorf("%s is %s: %s is changed, %v", name, kind, e.Name(), err)
					}
				}
			}
		}
	}
}
