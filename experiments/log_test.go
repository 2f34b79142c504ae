package experiments

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestOpenLog: what is appended begins on a line of its own.
func TestOpenLog(t *testing.T) {
	for before, want := range map[string]string{"": "new\n", "old\n": "old\nnew\n", "half": "half\nnew\n"} {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(before), 0o666); err != nil {
			t.Fatal(err)
		}
		f, err := OpenLog(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("new\n"); err != nil {
			t.Fatal(err)
		}
		if err := CloseLog(f); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v", before, got, err)
		}
	}
}

// TestCreateLog: two sessions of one second have two logs, named after their
// gallery; one that stays empty does not stay.
func TestCreateLog(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 3, 1, 14, 2, 11, 0, time.UTC)
	for _, want := range []string{"2026-03-01T14-02-11-my-shop.strata", "2026-03-01T14-02-11-my-shop-1.strata"} {
		f, err := CreateLog(dir, filepath.Join("galleries", "my shop"), now)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(f.Name()) != want {
			t.Errorf("got %s, want %s", f.Name(), want)
		}
		if _, err := f.WriteString("gallery demo\n"); err != nil {
			t.Fatal(err)
		}
		if err := CloseLog(f); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(f.Name()); err != nil {
			t.Error(err)
		}
	}
	empty, err := CreateLog(dir, "demo", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := CloseLog(empty); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(empty.Name()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty log stays: %v", err)
	}
}
