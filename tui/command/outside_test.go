//go:build unix

package command

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"strata/engine/format"
	"strata/engine/native"
	"strata/fixtures/matrices"
	"strata/fixtures/need"
)

// commandLine is a use of a command, in a folder of outsideFolder.
type commandLine struct {
	args    []string
	runtime bool // it takes ONNX Runtime
	screen  bool // it is the workbench: it is ended when it has shown the query
}

// commandLines use every command. Results lie in out, and nothing else is written but in
// the galleries g, p and q, in state and in cache.
var commandLines = []commandLine{
	{args: []string{"search", "g", "--query", "i3", "--scheme", "A+Z", "--scheme", "A|pca2"}},
	{args: []string{"eval", "g", "--scheme", "A", "--scheme", "Z", "--compare", "--trec", "3", "--report", "--out", "out/eval"}},
	{args: []string{"diff", "out/eval", "out/eval"}},
	{args: []string{"mine", "g", "--schemes", "A,Z", "--report", "--out", "out/mine"}},
	{args: []string{"tune", "g", "--layers", "A,Z,A|centre", "--objective", "P@3 kind", "--step", "1/2", "--out", "out/tune"}},
	{args: []string{"cost", "g", "--scheme", "A", "--graph", "none", "--pca", "2", "--timed", "2", "--out", "out/cost"}},
	{args: []string{"bench", "g", "--repeats", "1", "--queries", "4", "--schemes", "2", "--csv", "out/bench.csv"}},
	{args: []string{"derive", "g", "Z|zscore"}},
	{args: []string{"derive", "g", "A|pca3", "--out", "D"}},
	{args: []string{"import", "in/Q.npz", "--to", "g", "--layer", "Q", "--force"}},
	{args: []string{"replay", "in/s.strata", "--out", "out/replay"}},
	{args: []string{"replay", "--check", "in/s.strata"}},
	{args: []string{"flags", "g"}},
	{args: []string{"check", "g"}},
	{args: []string{"taps", "in/net.onnx"}, runtime: true},
	{args: []string{"extract", "in/net.onnx", "p", "--size", "8", "--range", "0,1", "--tap", "A=relu:gap", "--force"}, runtime: true},
	{args: []string{"search", "p", "--image", "in/new.png", "--scheme", "A", "--model", "in/net.onnx"}, runtime: true},
	{args: []string{"check", "p", "--model", "in/net.onnx"}, runtime: true},
	{args: []string{"items", "q", "--folders", "kind", "--sample", "3"}},
	{args: []string{"sweep", "in/net.onnx", "g", "--taps", "relu", "--pool", "gap,max", "--size", "8", "--range", "0,1", "--out", "out/sweep", "--report"}, runtime: true},
	{args: []string{"doctor"}},
	{args: []string{"man"}},
	{args: []string{"help"}},
	{args: []string{"g", "--graphics", "halfblock"}, screen: true},
	{args: []string{"resume", "--graphics", "halfblock"}, screen: true},
}

// TestEveryCommandUsed wants a command line of every command.
func TestEveryCommandUsed(t *testing.T) {
	for _, cmd := range rootCommand().Commands() {
		if !slices.ContainsFunc(commandLines, func(l commandLine) bool { return l.args[0] == cmd.Name() }) {
			t.Errorf("commandLines have none of %s", cmd.Name())
		}
	}
}

// outsideFolder makes a folder of two galleries, and of files that commands take.
func outsideFolder(t *testing.T) string {
	t.Helper()
	const rows = 30
	dir := t.TempDir()
	var table strings.Builder
	table.WriteString("id,image,kind\n")
	values := make([]uint8, rows*6)
	for i := range values {
		values[i] = uint8((i*i*7 + i*5 + i/6*3) % 101)
	}
	files := map[string][]byte{"in/net.onnx": reluNetwork()}
	for i := range rows {
		fmt.Fprintf(&table, "i%d,p%02d.png,%s\n", i, i%10, string(rune('a'+i%3)))
	}
	for i := range 11 {
		var b bytes.Buffer
		m := image.NewGray(image.Rect(0, 0, 24, 16))
		for k := range m.Pix {
			m.Pix[k] = uint8(k * (i + 1))
		}
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("p%02d.png", i)
		files["g/"+name], files["p/"+name], files["q/of/"+name], files["in/new.png"] = b.Bytes(), b.Bytes(), b.Bytes(), b.Bytes()
	}
	delete(files, "p/p10.png") // it is new
	files["g/items.csv"] = []byte(table.String())
	files["in/s.strata"] = []byte("gallery ../g\nflag i2 wrong\nquery i2\nschemes A, Z\nsearch 3\nexport found.rankings.csv\nevaluate A over all\nexport metrics.csv\nexport report.html\n")
	for _, m := range []struct{ file, kind, layer string }{{"g/A.npy", ".npy", "A"}, {"g/x.npz", matrices.Deflated, "Z"}, {"in/Q.npz", matrices.Deflated, "Q"}} {
		b, err := matrices.Encode(m.kind, matrices.FromInts(m.layer, format.Float32, 6, values))
		if err != nil {
			t.Fatal(err)
		}
		files[m.file] = b
		slices.Reverse(values)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, files[name], 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"out", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// rest returns what no command may change: all of a folder, with times and contents, but
// what lies in the galleries, in out and in the user's folders.
func rest(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || path == dir {
			return err
		}
		if slices.Contains([]string{"g", "p", "q", "out", "state", "cache"}, name) {
			return filepath.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		is := fmt.Sprintf("%v of %d bytes, changed at %v", info.Mode(), info.Size(), info.ModTime())
		if name == "tmp" { // temporary folders come and go; what is left in it counts
			is = info.Mode().String()
		}
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			is += fmt.Sprintf(", %x", sha256.Sum256(b))
		}
		all[name] = is
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// use runs a command line, and returns its exit code and what it wrote.
func (l commandLine) use(t *testing.T, dir string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := program(t, dir, l.args...)
	cmd.Env = append(cmd.Env, "TMPDIR="+filepath.Join(dir, "tmp"), "STRATA_MODEL=")
	if l.screen {
		p := inTerminal(t, cmd)
		defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
		go p.read()
		code := make(chan int, 1)
		go func() { code <- p.wait() }()
		for !strings.Contains(p.shown(), "i0") {
			select {
			case <-p.news:
				continue
			case n := <-code: // the gallery does not open
				return n, p.output()
			case <-ctx.Done():
			}
			break
		}
		_, _ = p.master.WriteString("q")
		return <-code, p.output()
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
	_ = cmd.Wait() // the exit code says it
	return cmd.ProcessState.ExitCode(), out.String()
}

// plants are what a gallery may come with under a name: sound is the path of what may
// lie there, outside of the gallery.
var plants = []struct {
	name  string
	plant func(sound, path string) error
}{
	{"a link", os.Symlink},
	{"a link to nothing", func(sound, path string) error { return os.Symlink(sound+".new", path) }},
	{"a second name", func(sound, path string) error {
		if info, err := os.Stat(sound); err != nil || info.IsDir() {
			return os.Symlink(sound, path)
		}
		return os.Link(sound, path)
	}},
	{"a named pipe", func(_, path string) error { return syscall.Mkfifo(path, 0o666) }},
}

// transient are names of files and folders that are there while a command runs, and what
// a gallery gets beside its .strata. Folders end in a slash.
var transient = []string{
	"g/D.npy", "g/.strata/A.codes", "g/.strata/A.codes.part", "g/.strata/A.codes.lock",
	"g/.strata/import/", "g/.strata/import/Q.npy", "g/.strata/import/Q.json", "g/.strata/import/Q.lock",
	"g/.strata/archives/", "g/.strata/neighbours/", "g/.strata/images/", "g/.strata/unpacked/",
	"q/items.csv", "q/gallery.yaml", "q/more/", "p/A.npy", "p/items.csv", "p/gallery.yaml", "p/.strata/", "p/.strata/images/",
	"p/.strata/extract/", "p/.strata/extract/A.npy", "p/.strata/extract/journal.jsonl", "p/.strata/extract/lock",
}

// plant puts something under names: number says what, and which of the names may lie in
// others. Names within others that are planted are left out.
func plant(t *testing.T, dir string, names []string, number int) {
	t.Helper()
	planted := func(name string) bool {
		info, err := os.Lstat(filepath.Join(dir, name))
		return err == nil && !info.IsDir()
	}
	for i, name := range names {
		path, sound := filepath.Join(dir, name), filepath.Join(dir, "outside", name)
		if planted(filepath.Dir(name)) || planted(filepath.Dir(filepath.Dir(name))) {
			continue
		}
		kind := plants[(i+number)%len(plants)]
		if err := errors.Join(os.RemoveAll(path), os.MkdirAll(filepath.Dir(path), 0o777), kind.plant(sound, path)); err != nil {
			t.Fatalf("%s: %v", kind.name, err)
		}
	}
}

// TestNothingOutside: whatever a gallery's .strata is full of, links that lead out of it,
// second names of files, named pipes, no command changes a byte outside the gallery, --out
// and the user's folders, and none waits for a pipe.
func TestNothingOutside(t *testing.T) {
	need.Long(t)
	lines := commandLines
	if _, err := native.FindLibrary("", os.Getenv); err != nil {
		if os.Getenv("STRATA_NO_SKIP") != "" {
			need.Missing(t, err.Error())
		}
		t.Logf("commands that take a model are left out: %v", err)
		lines = slices.DeleteFunc(slices.Clone(lines), func(l commandLine) bool { return l.runtime })
	}
	names, sound := soundNames(t, lines)
	folder := func(name string) bool {
		info, err := os.Stat(filepath.Join(sound, name))
		return err == nil && info.IsDir()
	}
	top := func(name string) bool { return strings.HasSuffix(name, ".strata") }
	rounds := map[string][]string{
		"files":   slices.DeleteFunc(slices.Clone(names), folder),
		"folders": slices.DeleteFunc(slices.Clone(names), func(name string) bool { return top(name) || !folder(name) }),
		"all":     slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !top(name) }),
	}
	for round, names := range rounds {
		if len(names) == 0 {
			t.Fatalf("no names for %s", round)
		}
		for number := range plants {
			t.Run(fmt.Sprintf("%s %d", round, number), func(t *testing.T) {
				dir := outsideFolder(t)
				if err := os.CopyFS(filepath.Join(dir, "outside"), os.DirFS(sound)); err != nil {
					t.Fatal(err)
				}
				before := rest(t, dir)
				for _, l := range lines {
					if l.args[0] == "bench" && (round != "files" || number > 0) {
						continue // it takes seconds
					}
					plant(t, dir, names, number)
					before = maps.Clone(before)
					if code, out := l.use(t, dir); code < 0 || code > 2 {
						t.Errorf("%q: exit code %d: %s", l.args, code, out)
					}
					after := rest(t, dir)
					for _, name := range slices.Sorted(maps.Keys(after)) {
						if after[name] != before[name] {
							t.Errorf("%q: %s was %q and is %q", l.args, name, before[name], after[name])
						}
						delete(before, name)
					}
					for name := range before {
						t.Errorf("%q: %s has gone", l.args, name)
					}
					before = after
				}
			})
		}
	}
}

// soundNames runs the command lines, all of which must succeed, and returns the names
// that they make in the galleries, with those that are transient, and a folder that has
// what lies there.
func soundNames(t *testing.T, lines []commandLine) (names []string, sound string) {
	t.Helper()
	dir := outsideFolder(t)
	before := rest(t, dir)
	for _, l := range lines {
		if code, out := l.use(t, dir); code != 0 {
			t.Errorf("%q: exit code %d: %s", l.args, code, out)
		}
	}
	if after := rest(t, dir); !maps.Equal(before, after) {
		t.Errorf("outside it was %q and is %q", before, after)
	}
	for _, own := range []string{"g/.strata", "p/.strata"} {
		err := filepath.WalkDir(filepath.Join(dir, own), func(path string, _ fs.DirEntry, err error) error {
			name, errRel := filepath.Rel(dir, path)
			names = append(names, name)
			return errors.Join(err, errRel)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for _, name := range transient {
		name, isFolder := strings.CutSuffix(name, "/")
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o777)
		if isFolder {
			err = os.MkdirAll(path, 0o777)
		} else if _, errStat := os.Stat(path); errStat != nil && err == nil {
			err = os.WriteFile(path, bytes.Repeat([]byte("precious"), 4096), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	sound = t.TempDir()
	for _, name := range names {
		from, to := filepath.Join(dir, name), filepath.Join(sound, name)
		info, err := os.Stat(from)
		if err == nil && info.IsDir() {
			err = os.MkdirAll(to, 0o777)
		} else if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o777)
			b, errRead := os.ReadFile(from)
			err = errors.Join(err, errRead, os.WriteFile(to, b, 0o666))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return names, sound
}
