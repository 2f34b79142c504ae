package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"
)

func TestDerived(t *testing.T) {
	t.Cleanup(xdg.Reload) // after the variable is what it was
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	xdg.Reload()

	dir := writeGallery(t, "id\na\nb\n", twoRows())
	g := open(t, dir)
	got, err := g.Derived()
	if want := filepath.Join(g.Path, ".strata"); err != nil || got != want {
		t.Errorf("Derived() = %q, %v, want %q", got, err, want)
	}
	if entries, err := os.ReadDir(got); err != nil || len(entries) != 0 {
		t.Errorf("the new folder holds %v, %v", entries, err)
	}

	blocked := writeGallery(t, "id\na\nb\n", twoRows())
	write(t, blocked, ".strata", []byte("a file in the way"))
	embedded, err := OpenFS(t.Context(), "demo", os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer embedded.Close()
	seen := map[string]bool{}
	for _, g := range []*Gallery{open(t, blocked), embedded} {
		got, err := g.Derived()
		if err != nil || !strings.HasPrefix(got, xdg.CacheHome) || seen[got] {
			t.Errorf("%s: Derived() = %q, %v, want a folder of its own in the cache", g.Path, got, err)
		}
		seen[got] = true
	}
}

func TestFindDerived(t *testing.T) {
	t.Cleanup(xdg.Reload) // after the variable is what it was
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	xdg.Reload()

	g := open(t, writeGallery(t, "id\na\nb\n", twoRows()))
	name := filepath.Join("images", "x.features")
	if dir, err := g.FindDerived(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, %v, not that there is none", dir, err)
	}
	if _, err := os.Stat(filepath.Join(g.Path, ".strata")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking made a folder: %v", err)
	}
	for _, folder := range []string{g.home().cached().Path(), filepath.Join(g.Path, ".strata")} { // the latter counts first
		want := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(want), 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Dir(want), filepath.Base(want), nil)
		if dir, err := g.FindDerived(name); err != nil || dir.File(name) != want {
			t.Errorf("got %v, %v, want %s", dir, err, want)
		}
	}
}
