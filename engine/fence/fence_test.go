//go:build unix

package fence

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// planted is a base folder with an outside beside it, and what a gallery may come
// with under one name in its .strata.
type planted struct {
	t       *testing.T
	base    string
	outside string
}

func plant(t *testing.T) planted {
	t.Helper()
	p := planted{t, filepath.Join(t.TempDir(), "gallery"), filepath.Join(t.TempDir(), "outside")}
	for _, dir := range []string{filepath.Join(p.base, ".strata"), p.outside} {
		p.must(os.MkdirAll(dir, 0o777))
	}
	p.must(os.WriteFile(filepath.Join(p.outside, "secret"), []byte("precious"), 0o666))
	return p
}

func (p planted) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// kinds are the ways to plant a name, with a part of the message for it.
var kinds = []struct {
	name, want string
	plant      func(p planted, path string) error
}{
	{"a link to a file", "symbolic link", func(p planted, path string) error { return os.Symlink(filepath.Join(p.outside, "secret"), path) }},
	{"a relative link", "symbolic link", func(p planted, path string) error {
		to, err := filepath.Rel(filepath.Dir(path), filepath.Join(p.outside, "secret"))
		return errors.Join(err, os.Symlink(to, path))
	}},
	{"a link to nothing", "symbolic link", func(p planted, path string) error { return os.Symlink(filepath.Join(p.outside, "new"), path) }},
	{"a link to a folder", "symbolic link", func(p planted, path string) error { return os.Symlink(p.outside, path) }},
	{"a link that stays inside", "symbolic link", func(p planted, path string) error { return os.Symlink("other", path) }},
	{"a second name", "2 names", func(p planted, path string) error { return os.Link(filepath.Join(p.outside, "secret"), path) }},
	{"a named pipe", "named pipe", func(_ planted, path string) error { return syscall.Mkfifo(path, 0o666) }},
	{"a folder", "but a folder", func(_ planted, path string) error { return os.Mkdir(path, 0o777) }},
}

// untouched fails if anything outside has changed.
func (p planted) untouched(what string) {
	p.t.Helper()
	entries, err := os.ReadDir(p.outside)
	p.must(err)
	text, err := os.ReadFile(filepath.Join(p.outside, "secret"))
	if err != nil || string(text) != "precious" || len(entries) != 1 {
		p.t.Fatalf("%s: outside are %v, and the file holds %q, %v", what, entries, text, err)
	}
}

// TestFiles: what is no regular file of one name is opened by no method, and left as
// it is.
func TestFiles(t *testing.T) {
	for _, kind := range kinds {
		for _, depth := range []string{"x", "deep/x"} {
			p := plant(t)
			own := In(p.base, ".strata")
			p.must(own.Sub("deep").Make())
			p.must(kind.plant(p, own.File(depth)))
			for name, open := range map[string]func(string) (*os.File, error){"Open": own.Open, "Update": own.Update, "Write": own.Write, "Append": own.Append} {
				f, err := open(depth)
				if !Refused(err) || !strings.Contains(err.Error(), kind.want) || !strings.HasPrefix(err.Error(), own.File(depth)+": ") {
					t.Errorf("%s of %s: %v, %v", name, kind.name, f, err)
				}
				p.untouched(name + " of " + kind.name)
			}
			if b, err := own.ReadFile(depth, 100); !Refused(err) {
				t.Errorf("ReadFile of %s: %q, %v", kind.name, b, err)
			}
			if _, err := fs.Stat(own.FS(), depth); !Refused(err) {
				t.Errorf("Stat of %s: %v", kind.name, err)
			}
			if kind.name == "a folder" {
				continue
			}
			if err := own.WriteBytes(depth, []byte("mine")); err != nil {
				t.Errorf("WriteBytes over %s: %v", kind.name, err)
			}
			p.untouched("WriteBytes over " + kind.name)
			p.must(own.Remove(depth))
			p.untouched("Remove of " + kind.name)
			if _, err := own.Stat(depth); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there: %v", kind.name, err)
			}
		}
	}
}

// TestFolders: no method goes through a folder that is a link.
func TestFolders(t *testing.T) {
	for _, at := range []string{".strata", ".strata/deep"} {
		for _, to := range []string{"outside", "inside", "nowhere"} {
			p := plant(t)
			path := filepath.Join(p.base, filepath.FromSlash(at))
			p.must(os.RemoveAll(path))
			target := map[string]string{"outside": p.outside, "inside": filepath.Join(p.base, "in"), "nowhere": filepath.Join(p.outside, "no")}[to]
			p.must(os.Mkdir(filepath.Join(p.base, "in"), 0o777))
			p.must(os.WriteFile(filepath.Join(p.base, "in", "secret"), []byte("mine"), 0o666))
			p.must(os.Symlink(target, path))
			own := In(p.base, ".strata/deep")
			for name, do := range map[string]func() error{
				"Make":      own.Make,
				"Open":      func() error { _, err := own.Open("secret"); return err },
				"Update":    func() error { _, err := own.Update("secret"); return err },
				"New":       func() error { _, err := own.Update("new"); return err },
				"Create":    func() error { _, err := own.Create("secret"); return err },
				"Write":     func() error { return own.WriteBytes("new", nil) },
				"Remove":    func() error { return own.Remove("secret") },
				"RemoveAll": func() error { return own.Sub("in").RemoveAll() },
				"Rename":    func() error { return own.Rename("secret", In(p.base, "."), "taken") },
				"Stat":      func() error { _, err := own.Stat("secret"); return err },
				"Entries":   func() error { _, err := own.Entries(); return err },
				"FS":        func() error { _, err := own.FS().Open("secret"); return err },
			} {
				if err := do(); !Refused(err) || !strings.Contains(err.Error(), path+": it is a symbolic link") {
					t.Errorf("%s, %s is a link %s: %v", name, at, to, err)
				}
				p.untouched(name)
			}
			if own.Writable() {
				t.Errorf("%s, a link %s, is writable", at, to)
			}
		}
	}
}

// TestRemoveAll removes the names of links, and not what they lead to.
func TestRemoveAll(t *testing.T) {
	p := plant(t)
	own := In(p.base, ".strata/deep")
	p.must(own.Make())
	p.must(os.Symlink(p.outside, own.File("link")))
	p.must(own.RemoveAll())
	p.untouched("a link in the folder")
	p.must(os.Symlink(p.outside, own.Path()))
	p.must(own.RemoveAll())
	p.untouched("the folder itself")
	p.must(own.RemoveAll()) // there is none
	if _, err := os.Lstat(own.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the link is still there: %v", err)
	}
}

// TestRename moves a file, and not through a link of the place.
func TestRename(t *testing.T) {
	p := plant(t)
	own := In(p.base, ".strata")
	p.must(own.WriteBytes("a", []byte("mine")))
	p.must(os.Symlink(p.outside, filepath.Join(p.base, "sub")))
	if err := own.Rename("a", In(p.base, "."), "sub/secret"); !Refused(err) {
		t.Errorf("through a link: %v", err)
	}
	p.untouched("Rename")
	p.must(os.Symlink(filepath.Join(p.outside, "secret"), filepath.Join(p.base, "b")))
	p.must(own.Rename("a", In(p.base, "."), "b"))
	p.untouched("Rename over a link")
	if b, err := In(p.base, ".").ReadFile("b", 4); err != nil || string(b) != "mine" {
		t.Errorf("got %q, %v", b, err)
	}
}

// TestOpen follows links, and refuses what is no regular file without waiting.
func TestOpen(t *testing.T) {
	p := plant(t)
	for _, kind := range kinds {
		path := filepath.Join(p.base, strings.ReplaceAll(kind.name, " ", "-"))
		p.must(kind.plant(p, path))
		f, err := Open(path)
		switch {
		case strings.HasSuffix(kind.name, "pipe") || strings.HasSuffix(kind.name, "folder"):
			if !Refused(err) {
				t.Errorf("%s: %v, %v", kind.name, f, err)
			}
		case kind.name == "a link to nothing" || kind.name == "a link that stays inside":
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", kind.name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", kind.name, err)
		}
	}
	if f, err := Open(os.DevNull); !Refused(err) {
		t.Errorf("%s: %v, %v", os.DevNull, f, err)
	}
}

// TestLimit reads files up to the limit, and no larger ones, however few bytes of them lie
// on the disk.
func TestLimit(t *testing.T) {
	p := plant(t)
	path := filepath.Join(p.outside, "secret")
	if b, err := ReadFile(path, 8); err != nil || string(b) != "precious" {
		t.Errorf("got %q, %v", b, err)
	}
	if _, err := ReadFile(path, 7); !Refused(err) || !strings.Contains(err.Error(), "it has 8 bytes, more than the 7") {
		t.Errorf("got %v", err)
	}
	large := filepath.Join(p.base, "large")
	p.must(os.WriteFile(large, nil, 0o666))
	p.must(os.Truncate(large, 1<<42))
	if _, err := In(p.base, ".").ReadFile("large", Metadata); !Refused(err) {
		t.Errorf("got %v", err)
	}
}
