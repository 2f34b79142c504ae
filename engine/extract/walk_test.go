package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestListPictures: pictures of a folder become items, by any name that a JPEG may have;
// those of kinds that are not read are counted.
func TestListPictures(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.jfif", "b.JPE", "c.jpg", "d.avif", "e.HEIC", "f.jxl", "g.avif", "h.txt", ".i.avif"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(t.TempDir(), "j.jpg"), filepath.Join(dir, "j.jpg")); err != nil {
		t.Fatal(err)
	}
	left, err := listPictures(t.Context(), os.DirFS(dir), dir, nil, false)
	if want := dir + ": 4 pictures are of kinds that are not read (2 .avif, 1 .heic, 1 .jxl): convert them to JPEG or PNG|" +
		dir + `: left out: 1 links that lead nowhere, the first "j.jpg"`; err != nil || strings.Join(left, "|") != want {
		t.Errorf("%q, %v, want %q", left, err, want)
	}
	b, err := os.ReadFile(filepath.Join(dir, "items.csv"))
	if want := "id,image\na,a.jfif\nb,b.JPE\nc,c.jpg\n"; err != nil || string(b) != want {
		t.Errorf("%q, %v, want %q", b, err, want)
	}
	only := t.TempDir()
	if err := os.WriteFile(filepath.Join(only, "a.heic"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := listPictures(t.Context(), os.DirFS(only), only, nil, false); err == nil || !strings.Contains(err.Error(), "1 pictures are of kinds that are not read (1 .heic)") {
		t.Error(err)
	}
}
