//go:build unix

package engine

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/adrg/xdg"

	"strata/engine/code"
	"strata/engine/format"
	"strata/engine/rank"
	"strata/engine/scheme"
	"strata/fixtures/matrices"
	"strata/fixtures/need"
)

// tree returns a line for everything in a folder: what it is, how long, when it was
// changed, and what it holds. No link is followed.
func tree(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %v %d %v", path, info.Mode(), info.Size(), info.ModTime().UnixNano())
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %x", sha256.Sum256(text))
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// plantedGallery writes a gallery with all that files are derived from: a layer, a
// compressed one, and pictures in a tar.
func plantedGallery(t testing.TB, root string) string {
	t.Helper()
	const rows, dim = 40, 6
	dir := filepath.Join(root, "gallery")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	var items strings.Builder
	items.WriteString("id,image\n")
	var pack bytes.Buffer
	w := tar.NewWriter(&pack)
	for row := range rows {
		fmt.Fprintf(&items, "i%d,pics.tar/p%d.jpg\n", row, row)
		errHead := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("p%d.jpg", row), Size: 3, Mode: 0o644})
		if _, err := io.WriteString(w, "abc"); errHead != nil || err != nil {
			t.Fatal(errHead, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, dir, itemsFile, []byte(items.String()))
	write(t, dir, "pics.tar", pack.Bytes())
	write(t, dir, "x.npz", encode(t, matrices.Deflated, matrices.FromInts("Z", format.Float32, dim, ints(rows, dim, 3))))
	write(t, dir, "A.npy", encode(t, ".npy", matrices.FromInts("A", format.Float32, dim, ints(rows, dim, 5))))
	return dir
}

// everything does all that writes into a gallery's folder or derives from it, and
// returns the ranking of one query and what did not work.
func everything(t testing.TB, dir string) (ranking string, failed []error) {
	t.Helper()
	note := func(err error) {
		if err != nil {
			failed = append(failed, err)
		}
	}
	g, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	note(g.PrepareCodes(t.Context(), code.Options{Build: true, All: true}))
	f, err := scheme.ParseFactor("A|pca2")
	if err != nil {
		t.Fatal(err)
	}
	_, err = g.Derive(t.Context(), f, DeriveOptions{})
	note(err)
	if p, err := g.OpenPicture(1); err != nil {
		note(err)
	} else {
		note(p.Close())
	}
	s, err := g.ParseScheme("A+Z")
	if err != nil {
		t.Fatal(err)
	}
	among, err := g.Candidates(nil)
	if err != nil {
		t.Fatal(err)
	}
	var hits []rank.Hit
	note(g.RankAll(t.Context(), []int{3}, []scheme.Scheme{s}, 10, among, func(_ int, rankings []rank.Ranking) { hits = slices.Clone(rankings[0].Hits) }))
	_, err = CheckDerived(t.Context(), g, DerivedCheck{Rows: 100, Seed: 1})
	note(err)
	note(g.Close())
	return fmt.Sprint(hits), failed
}

// TestPlanted: whatever a gallery comes with under the names of what is derived from it,
// nothing outside it is changed, and rankings are the same.
func TestPlanted(t *testing.T) {
	need.Long(t)
	t.Cleanup(xdg.Reload) // after the variable is what it was
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	xdg.Reload()
	root := t.TempDir()
	dir := plantedGallery(t, root)
	want, failed := everything(t, dir)
	if len(failed) > 0 || want == "" {
		t.Fatalf("without anything planted: %q, %v", want, failed)
	}
	var names []string
	err := filepath.WalkDir(filepath.Join(dir, DerivedFolder), func(path string, _ fs.DirEntry, err error) error {
		name, errRel := filepath.Rel(dir, path)
		names = append(names, name)
		return errors.Join(err, errRel)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".strata/A.codes.part", ".strata/A.codes.lock", ".strata/import", ".strata/import/Q.npy", ".strata/import/Q.json", ".strata/import/Q.lock"} {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) < 12 {
		t.Fatalf("only %q", names)
	}
	for _, name := range names {
		for kind, plant := range map[string]func(outside, path string) error{
			"a link to a file":   func(outside, path string) error { return os.Symlink(filepath.Join(outside, "file"), path) },
			"a link to a folder": func(outside, path string) error { return os.Symlink(filepath.Join(outside, "folder"), path) },
			"a link to nothing":  func(outside, path string) error { return os.Symlink(filepath.Join(outside, "nothing"), path) },
			"a second name":      func(outside, path string) error { return os.Link(filepath.Join(outside, "file"), path) },
			"a named pipe":       func(_, path string) error { return syscall.Mkfifo(path, 0o666) },
		} {
			t.Run(name+" is "+kind, func(t *testing.T) {
				root := t.TempDir()
				dir := plantedGallery(t, root)
				outside := filepath.Join(root, "outside")
				if err := os.MkdirAll(filepath.Join(outside, "folder", "import"), 0o777); err != nil {
					t.Fatal(err)
				}
				for _, file := range []string{"file", "folder/A.codes.part", "folder/import/Q.npy", "folder/x.npz.Z.npy", "folder/.A.codes.0123456789abc.aside"} {
					write(t, outside, file, bytes.Repeat([]byte("precious"), 4096))
				}
				path := filepath.Join(dir, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), plant(outside, path)); err != nil {
					t.Fatal(err)
				}
				before := tree(t, outside)
				got, failed := everything(t, dir)
				if after := tree(t, outside); after != before {
					t.Errorf("outside it was\n%sand is\n%s", before, after)
				}
				if got != want {
					t.Errorf("ranking %s\nwant %s", got, want)
				}
				for _, err := range failed {
					if !strings.Contains(err.Error(), filepath.Join(dir, name)+": ") {
						t.Errorf("an error that does not name it: %v", err)
					}
				}
			})
		}
	}
}
