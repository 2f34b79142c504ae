package run

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"strata/experiments/internal/testgallery"
	"strata/experiments/table"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

func TestWriteRun(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, s := range []string{"one", "two, over one"} {
		if err := writeRun(table.File{Path: a, Write: text(s)}, table.File{Path: b, Write: text(s + s)}); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(b); err != nil || string(got) != s+s {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if got := testgallery.Tree(t, dir); got != "a b" {
		t.Errorf("left %s", got)
	}
}

// TestWriteRunFails: when one of several files cannot be written, none is.
func TestWriteRunFails(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		second func(dir string) table.File
	}{
		{"writer", func(dir string) table.File {
			return table.File{Path: filepath.Join(dir, "b"), Write: func(io.Writer) error { return broken }}
		}},
		{"folder in its place", func(dir string) table.File { return table.File{Path: filepath.Join(dir, "sub"), Write: text("x")} }},
		{"file in its folder's place", func(dir string) table.File { return table.File{Path: filepath.Join(dir, "a", "b"), Write: text("x")} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o777); err != nil {
				t.Fatal(err)
			}
			a := filepath.Join(dir, "a")
			if err := os.WriteFile(a, []byte("old"), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := writeRun(table.File{Path: a, Write: text("new")}, c.second(dir)); err == nil {
				t.Error("no error")
			}
			if got, err := os.ReadFile(a); err != nil || string(got) != "old" || testgallery.Tree(t, dir) != "a" {
				t.Errorf("left %s, a is %q, %v", testgallery.Tree(t, dir), got, err)
			}
		})
	}
}
