package aside

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// listed returns the names in a folder, with what the files hold.
func listed(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		text := "folder"
		if !e.IsDir() {
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		all = append(all, e.Name()+"="+text)
	}
	return strings.Join(all, " ")
}

// begin begins a file with a text.
func begin(t *testing.T, path, text string) *File {
	t.Helper()
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPublish(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, text := range []string{"one", "two, over one"} {
		f := begin(t, path, text)
		if got := listed(t, dir); strings.Contains(got, " a="+text) {
			t.Errorf("before it is published: %s", got)
		}
		if err := f.Publish(); err != nil {
			t.Fatal(err)
		}
		f.Abandon()
		if got := listed(t, dir); got != "a="+text {
			t.Errorf("got %s", got)
		}
	}
	f := begin(t, path, "three")
	f.Abandon()
	f.Abandon()
	if got := listed(t, dir); got != "a=two, over one" {
		t.Errorf("abandoned: got %s", got)
	}
}

// TestPublishSealed: whatever ends it, the seal stands beside its own files only.
func TestPublishSealed(t *testing.T) {
	dir := t.TempDir()
	a, b, seal := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "seal")
	if err := PublishSealed(begin(t, seal, "1"), begin(t, a, "1"), begin(t, b, "1")); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, dir); got != "a=1 b=1 seal=1" {
		t.Errorf("got %s", got)
	}
	first, second, last := begin(t, a, "2"), begin(t, b, "2"), begin(t, seal, "2")
	if err := os.Remove(b); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(b, "full"), 0o777); err != nil { // comes in the way of b
		t.Fatal(err)
	}
	if err := PublishSealed(last, first, second); err == nil || !strings.HasPrefix(err.Error(), b+": ") {
		t.Errorf("over a folder: %v", err)
	}
	if got := listed(t, dir); got != "a=2 b=folder" {
		t.Errorf("got %s", got)
	}
}

// TestWriteNew: a file that is there, before or when the new one is whole, stays.
func TestWriteNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	put := func(text string) error {
		return WriteNew(path, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	if err := put("one"); err != nil {
		t.Fatal(err)
	}
	if err := put("two"); err == nil || err.Error() != path+": file already exists" {
		t.Errorf("over a file: %v", err)
	}
	late := filepath.Join(dir, "b")
	err := WriteNew(late, func(io.Writer) error { return os.WriteFile(late, []byte("theirs"), 0o666) })
	if err == nil || err.Error() != late+": file already exists" {
		t.Errorf("over a late file: %v", err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	if err := WriteNew(filepath.Join(dir, "c"), func(io.Writer) error { return nil }); err == nil {
		t.Error("over a link that leads nowhere")
	}
	if err := os.Remove(filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, dir); got != "a=one b=theirs" {
		t.Errorf("got %s", got)
	}
}

// TestCreateRefuses: only regular files are replaced.
func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		dir:                           ": there is a folder of this name",
		os.DevNull:                    ": this is no regular file, and is not replaced by one",
		filepath.Join(dir, "no", "a"): ": no such file or directory",
	} {
		if f, err := Create(path); err == nil || err.Error() != path+want {
			t.Errorf("%s: %v, %v", path, f, err)
		}
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("%s is %v, %v", os.DevNull, info, err)
	}
}

// TestLongName: a name of as many bytes as the system allows can be written.
func TestLongName(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	if err := WriteBytes(path, []byte("x")); err != nil {
		t.Error(err)
	}
}

// TestFirstError: what fails once is not published.
func TestFirstError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	f := begin(t, path, "x")
	full := errors.New("no space left on device")
	if err := f.note(full); !errors.Is(err, full) || err.Error() != path+": no space left on device" {
		t.Errorf("got %v", err)
	}
	if err := f.Publish(); !errors.Is(err, full) || !errors.Is(f.Err(), full) {
		t.Errorf("got %v", err)
	}
	if got := listed(t, filepath.Dir(path)); got != "" {
		t.Errorf("left %s", got)
	}
}

func TestIsName(t *testing.T) {
	for range 1000 {
		if base := filepath.Base(name("/x/metrics.csv")); !isName(base) {
			t.Fatalf("%s is none", base)
		}
	}
	for _, base := range []string{
		"", ".aside", ".metrics.csv.aside", "metrics.csv.0123456789abc.aside", ".a.0123456789ab.aside", ".a.0123456789ab!.aside",
		".a.0123456789abc", ".0123456789abc.aside", "..0123456789abc.aside", ".a0123456789abcd.aside", "a.aside",
	} {
		if isName(base) {
			t.Errorf("%q is one", base)
		}
	}
}

// TestSweep: what nobody writes any more is removed, however young; what somebody
// writes and what is not ours stays, however old.
func TestSweep(t *testing.T) {
	if !locks {
		t.Skip("SKIPPED: no locks on this system")
	}
	dir := t.TempDir()
	write := func(base string) string {
		path := filepath.Join(dir, base)
		if err := os.WriteFile(path, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	left := name(filepath.Join(dir, "other"))
	write(filepath.Base(left))
	write(".a.backup")
	if err := os.Mkdir(name(filepath.Join(dir, "folder")), 0o777); err != nil {
		t.Fatal(err)
	}
	other := begin(t, filepath.Join(dir, "a"), "other")
	defer other.Abandon()
	year := time.Now().AddDate(-1, 0, 0)
	if err := os.Chtimes(other.file.Name(), year, year); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(filepath.Join(dir, "a"), []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what a killed program left is still there")
	}
	if _, err := os.Stat(filepath.Join(dir, ".a.backup")); err != nil {
		t.Error(err)
	}
	if err := other.Publish(); err != nil {
		t.Errorf("the other writer: %v", err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || string(got) != "other" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestKilledWriter: the file of a process that is killed while it writes is
// removed by the next one that writes there, and not before.
func TestKilledWriter(t *testing.T) {
	if path := os.Getenv("ASIDE_WRITE"); path != "" {
		f, err := Create(path)
		if err == nil {
			_, err = io.WriteString(f, "half")
		}
		if err == nil {
			_, err = os.Stdout.WriteString("!")
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
		return
	}
	path := filepath.Join(t.TempDir(), "a")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKilledWriter$")
	cmd.Env = append(os.Environ(), "ASIDE_WRITE="+path)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	for _, killed := range []bool{false, true} {
		if killed {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
		if err := WriteBytes(path, []byte("whole")); err != nil {
			t.Fatal(err)
		}
		if got := listed(t, filepath.Dir(path)); strings.Contains(got, "=half") == killed || !strings.Contains(got, "a=whole") {
			t.Errorf("killed %t: %s", killed, got)
		}
	}
}

// TestTogether has many writers of one set of files: the last one's files belong
// together.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	errs := make(chan error)
	for n := range 8 {
		text := strings.Repeat(string(rune('a'+n)), 100)
		go func() {
			for range 20 {
				var files []*File
				for _, name := range []string{"one", "two", "seal"} {
					f, err := Create(filepath.Join(dir, name))
					if err == nil {
						_, err = io.WriteString(f, text)
					}
					if err != nil {
						errs <- err
						return
					}
					files = append(files, f)
				}
				if err := PublishSealed(files[2], files[:2]...); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	got := strings.Fields(listed(t, dir))
	if len(got) != 3 || strings.TrimPrefix(got[0], "one=") != strings.TrimPrefix(got[1], "seal=") || strings.TrimPrefix(got[0], "one=") != strings.TrimPrefix(got[2], "two=") {
		t.Errorf("got %v", got)
	}
}
