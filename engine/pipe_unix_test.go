//go:build unix

package engine

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipes: a named pipe is refused. Opening it would wait for a writer.
func TestPipes(t *testing.T) {
	for _, name := range []string{"A.npy", itemsFile} {
		dir := writeGallery(t, twoItems, twoRows())
		pipe := filepath.Join(dir, name)
		if err := os.Remove(pipe); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(pipe, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), dir); err == nil || !strings.HasPrefix(err.Error(), pipe+": it is not a regular file") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	dir := writeGallery(t, twoItems, twoRows())
	if err := syscall.Mkfifo(filepath.Join(dir, "a.jpg"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, dir).OpenPicture(0); err == nil || !strings.Contains(err.Error(), "a.jpg: it is not a regular file") {
		t.Errorf("picture: got %v", err)
	}
}
