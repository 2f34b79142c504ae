package prompt

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestContinuations(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	for _, name := range []string{"aé.jpg", "aè.jpg", ".hidden.jpg", "b.webp", "c.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(dir, filepath.Join(dir, "link.to")); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		path, common string
		names        []string
	}{
		{dir + "/a", dir + "/a", []string{"aè.jpg", "aé.jpg"}}, // no half of a letter
		{dir + "/b", dir + "/b.webp", []string{"b.webp"}},
		{dir + "/c", dir + "/c", nil},
		{dir + "/.h", dir + "/.hidden.jpg", []string{".hidden.jpg"}},
		{dir + "/l", dir + "/link.to/", []string{"link.to/"}},
		{dir + "/", dir + "/", []string{"aè.jpg", "aé.jpg", "b.webp", "link.to/"}},
		{dir + "/none/", dir + "/none/", nil},
		{"~/b", "~/b.webp", []string{"b.webp"}},
	} {
		common, names := Continuations(c.path)
		if common != c.common || !slices.Equal(names, c.names) {
			t.Errorf("%s: got %s, %q", c.path, common, names)
		}
	}
	if got := FromHome("~/x"); got != dir+"/x" {
		t.Errorf("~/x is %s", got)
	}
	if got := FromHome("~x/y"); got != "~x/y" {
		t.Errorf("~x/y is %s", got)
	}
}
