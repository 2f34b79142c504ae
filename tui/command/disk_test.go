//go:build linux

package command

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"strata/engine/layer"
	"strata/fixtures"
	"strata/fixtures/large"
	"strata/fixtures/need"
)

// limited makes a command write no file of more than some blocks of 512 bytes, as
// if the disk were full then.
func limited(t *testing.T, cmd *exec.Cmd, blocks int) *exec.Cmd {
	t.Helper()
	cmd.Args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -f %d; exec "$0" "$@"`, blocks), cmd.Path}, cmd.Args[1:]...)
	path, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = path
	return cmd
}

// TestFullDisk: every operation that writes says which file had no room, leaves
// nothing half-written, and succeeds when there is room.
func TestFullDisk(t *testing.T) {
	need.Long(t)
	generatedFolder(t)
	for _, o := range operations(t) {
		if o.keys {
			continue // TestFullLog
		}
		t.Run(o.name, func(t *testing.T) {
			root := t.TempDir()
			want, _ := o.undisturbed(t, root)
			dir := o.fresh(t, root)
			before := files(t, dir)
			cmd := limited(t, program(t, dir, o.args...), 1)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			_ = cmd.Run()
			text := strings.TrimSpace(stderr.String())
			last := text[strings.LastIndexByte(text, '\n')+1:]
			if code := cmd.ProcessState.ExitCode(); code != exitFailed || !regexp.MustCompile(`^strata: .*file too large`).MatchString(last) {
				t.Errorf("exit code %d: %s", code, text)
			}
			now := files(t, dir)
			o.checkFiles(t, before, now, want)
			for name := range now {
				if notPlaced(name) {
					t.Errorf("%s is left", name)
				}
			}
			o.end(t, dir)
			o.same(t, files(t, dir), want)
		})
	}
}

var shownUnsaved = regexp.MustCompile(`not saved *\n`)

// TestFullLog: the workbench goes on without room for its log, says so, and fails
// at its end.
func TestFullLog(t *testing.T) {
	dir := t.TempDir()
	p := inTerminal(t, limited(t, program(t, dir, "demo", "--graphics", "none", "--log", "log.strata"), 12))
	go p.read()
	full := "writing the log: write log.strata: file too large"
	first := ""
	for pressed := 0; pressed < 3; {
		select {
		case <-p.news:
		case <-p.ended:
			t.Fatalf("it ended: %s", tail(p.output()))
		}
		shown := p.shown()
		query := shownQuery.FindString(shown)
		unsaved := shownUnsaved.MatchString(shown)
		if query == "" || query == first || !unsaved && !shownSaved.MatchString(shown) {
			continue
		}
		if unsaved && strings.Contains(shown, full) {
			pressed++ // it searches all the same
		}
		first = query
		_, _ = p.master.WriteString("n")
	}
	_, _ = p.master.WriteString("q")
	if code := waitFor(t, p, "q"); code != exitFailed || !strings.Contains(tail(p.output()), "strata: "+full) {
		t.Errorf("exit code %d: %q", code, tail(p.output()))
	}
	p.checkRestored(t)
	log, err := os.ReadFile(filepath.Join(dir, "log.strata"))
	if err != nil || len(log) == 0 || len(log) > 6<<10 {
		t.Errorf("the log has %d bytes: %v", len(log), err)
	}
}

// TestFullOutput: what cannot be written to the standard output is an error.
func TestFullOutput(t *testing.T) {
	for _, args := range []string{"search demo --query knit-0001 --scheme A", "replay s.strata", "eval demo --scheme A --queries 10 --out out"} {
		dir := t.TempDir()
		exportingScript(t, dir)
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer full.Close()
		cmd := program(t, dir, strings.Fields(args)...)
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = full, &stderr
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(stderr.String(), "no space left on device") {
			t.Errorf("%s: exit code %d: %s", args, code, stderr.String())
		}
	}
}

// nobody makes a command run as a user who may not write the gallery: it returns a
// folder where only home can be written, with a gallery g of the demo's files.
func nobody(t *testing.T) (dir string, run func(args ...string) *exec.Cmd) {
	t.Helper()
	dir, err := os.MkdirTemp("", "strata-nobody-") // t.TempDir's parent is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				err = os.Chmod(path, 0o755)
			}
			return err
		})
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	home := filepath.Join(dir, "home")
	if err := os.MkdirAll(home, 0o777); err != nil {
		t.Fatal(err)
	}
	small := large.Gallery{Items: 300, Seed: 1, Type: layer.Float16, Layers: []large.Layer{{Name: "A", Dim: 64, Kind: large.KindB}}}
	if err := small.Write(t.Context(), filepath.Join(dir, "g"), nil); err != nil {
		t.Fatal(err)
	}
	strata, err := exec.LookPath("strata")
	if err == nil {
		err = os.Link(strata, filepath.Join(dir, "strata"))
	}
	if err != nil {
		var content []byte
		if content, err = os.ReadFile(strata); err == nil {
			err = os.WriteFile(filepath.Join(dir, "strata"), content, 0o755)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	credential := &syscall.Credential{Uid: 65534, Gid: 65534}
	if os.Geteuid() != 0 {
		credential = nil // the owner cannot write either
	} else if err := os.Chown(home, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o555, filepath.Join(dir, "g"): 0o555, filepath.Join(dir, "strata"): 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir, func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "strata"), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"), "XDG_STATE_HOME="+filepath.Join(home, "state"), "CI=")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential}
		return cmd
	}
}

// TestReadOnlyGallery: a gallery that may not be written is searched, what is
// derived from it goes into the cache, and where that may not be written either, the
// reason is said.
func TestReadOnlyGallery(t *testing.T) {
	dir, run := nobody(t)
	for _, c := range []struct {
		name, args string
		closed     bool // the user's own folders, too
		code       int
		want       string // in what it writes
	}{
		{"search", "search g --query 000000001 --scheme A", false, 0, ""},
		{"derived", "derive g A|pca8", false, 0, "/cache/strata/galleries/g-"},
		{"derived again", "search g --query 000000001 --scheme A|pca8", false, 0, ""},
		{"eval into it", "eval g --scheme A --out g/out", false, 1, "strata: mkdir g/out: permission denied"},
		{"eval elsewhere", "eval g --scheme A --queries 20 --out home/out", false, 0, ""},
		{"save into it", "derive g A|pca8 --out A8", false, 1, "g/A8.npy: permission denied"},
		{"log into it", "replay --out g/logs home/s.strata", false, 1, "strata: mkdir g/logs: permission denied"},
		{"search, all closed", "search g --query 000000001 --scheme A", true, 0, ""},
		{"derived is kept", "search g --query 000000001 --scheme A|pca8", true, 0, ""},
		{"derive, all closed", "derive g A|pca16", true, 1, ".npy: permission denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := filepath.Join(dir, "home")
			if err := os.WriteFile(filepath.Join(home, "s.strata"), []byte("gallery ../g\n"), 0o666); err != nil && !c.closed {
				t.Fatal(err)
			}
			if c.closed {
				for _, folder := range []string{"cache/strata/galleries", "cache/strata", "cache", ""} {
					if err := os.Chmod(filepath.Join(home, folder), 0o555); err != nil {
						t.Fatal(err)
					}
				}
				derived, _ := filepath.Glob(filepath.Join(home, "cache/strata/galleries/*"))
				for _, folder := range derived {
					if err := os.Chmod(folder, 0o555); err != nil {
						t.Fatal(err)
					}
				}
			}
			args := strings.Fields(c.args)
			if args[0] == "search" || args[0] == "eval" { // its ids are not known here
				args = ofFirst(t, dir, args)
			}
			cmd := run(args...)
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != c.code || !strings.Contains(string(out), c.want) {
				t.Errorf("exit code %d (%v), want %d and %q:\n%s", cmd.ProcessState.ExitCode(), err, c.code, c.want, out)
			}
			if entries, err := os.ReadDir(filepath.Join(dir, "g")); err != nil || len(entries) != 2 {
				t.Errorf("the gallery has %v, %v", entries, err)
			}
		})
	}
}

// ofFirst names the first item as the query.
func ofFirst(t *testing.T, dir string, args []string) []string {
	t.Helper()
	table, err := os.ReadFile(filepath.Join(dir, "g", "items.csv"))
	if err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(strings.Split(string(table), "\n")[1], ",")
	for i, a := range args {
		if a == "--query" {
			args[i+1] = id
		}
	}
	return args
}

// TestTwoEvaluations has two evaluations end at about the same time in one folder:
// the files are all of one of them.
func TestTwoEvaluations(t *testing.T) {
	root := t.TempDir()
	schemes := []string{"A", "B+pattern"}
	var want [2]map[string]string
	for i, s := range schemes {
		dir := filepath.Join(root, fmt.Sprint(i))
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		mustRun(t, dir, "eval", "demo", "--queries", "100", "--scheme", s, "--out", "out")
		want[i] = files(t, dir)
	}
	for range 3 {
		dir := filepath.Join(root, "both")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		var cmds []*exec.Cmd
		var said [2]bytes.Buffer
		for i, s := range schemes {
			cmd := program(t, dir, "eval", "demo", "--queries", "100", "--scheme", s, "--out", "out")
			cmd.Stderr = &said[i]
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			cmds = append(cmds, cmd)
		}
		var refused int
		for i, cmd := range cmds {
			if err := cmd.Wait(); err != nil {
				refused++
				if !strings.Contains(said[i].String(), "another run writes its results into this folder") {
					t.Fatalf("%v: %s", err, &said[i])
				}
			}
		}
		if refused == len(cmds) {
			t.Fatal("both are refused")
		}
		now := files(t, dir)
		last := 0
		if now["out/metrics.csv"] == want[1]["out/metrics.csv"] {
			last = 1
		}
		operation{}.same(t, now, want[last])
	}
}

// TestTwoWorkbenches: the second is told that the first writes the log.
func TestTwoWorkbenches(t *testing.T) {
	dir := t.TempDir()
	p := inTerminal(t, program(t, dir, "demo", "--graphics", "none", "--log", "log.strata"))
	go p.read()
	for !shownSaved.MatchString(p.shown()) {
		<-p.news
	}
	second, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	defer tty.Close()
	cmd := program(t, dir, "demo", "--graphics", "none", "--log", "log.strata")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	_ = cmd.Run()
	buf := make([]byte, 4096)
	n, _ := second.Read(buf)
	if code := cmd.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(string(buf[:n]), "log.strata: another session writes its log into this file") {
		t.Errorf("exit code %d: %q", code, buf[:n])
	}
	_, _ = p.master.WriteString("q")
	if code := waitFor(t, p, "q"); code != 0 {
		t.Errorf("exit code %d: %q", code, tail(p.output()))
	}
	checkLog(t, dir, p.shown())
}

// TestFutureFiles: times of files that are years ahead, or behind, change nothing.
func TestFutureFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "g"), fixtures.Demo()); err != nil {
		t.Fatal(err)
	}
	var outputs []string
	for _, year := range []int{0, 2100, 1975} {
		if year > 0 {
			err := filepath.WalkDir(filepath.Join(dir, "g"), func(path string, _ os.DirEntry, err error) error {
				if err != nil {
					return err
				}
				when := syscall.Timeval{Sec: int64(year-1970) * 365 * 24 * 3600}
				return syscall.Utimes(path, []syscall.Timeval{when, when})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		out, err := program(t, dir, "derive", "g", "A|pca8").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		outputs = append(outputs, strings.ReplaceAll(string(out), "(computed)", "(found)"))
	}
	if outputs[0] != outputs[1] || outputs[0] != outputs[2] {
		t.Errorf("derived layers differ: %q", outputs)
	}
}
