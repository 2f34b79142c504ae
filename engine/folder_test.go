package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/adrg/xdg"
)

func TestDerived(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	xdg.Reload()
	t.Cleanup(xdg.Reload)

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
