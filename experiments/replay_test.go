package experiments

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
	"strata/experiments/script"
	"strata/experiments/table"
)

// sampleScript writes a gallery and a script beside it, and returns the
// script's path.
func sampleScript(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	testgallery.Shirts().Write(t, filepath.Join(dir, "shirts"))
	path := filepath.Join(dir, "try.strata")
	text := `# a comment
gallery shirts
query   b
schemes x, concat(x,2*y)
search  4
filter  category=shirt
search  4
evaluate on category over 5 seed 3
export  sub/metrics.csv
export  rankings.csv
note    done
`
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// replayFile replays the script in a file and returns its log.
func replayFile(t *testing.T, path string, o ReplayOptions) (string, ReplayReport, error) {
	t.Helper()
	script, err := script.ReadScript(path, script.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	o.Open, o.Log = openFolder, &log
	report, err := Replay(t.Context(), script, o)
	return log.String(), report, err
}

func TestReplay(t *testing.T) {
	path := sampleScript(t)
	dir := filepath.Dir(path)
	log, report, err := replayFile(t, path, ReplayOptions{})
	if err != nil || report.Steps != 10 {
		t.Fatalf("%+v, %v", report, err)
	}
	again, _, err := replayFile(t, path, ReplayOptions{})
	if err != nil || again != log {
		t.Errorf("the second time another log: %v\n%s\n%s", err, log, again)
	}
	if got, want := testgallery.Tree(t, dir), "rankings.csv shirts/items.csv shirts/x.npy shirts/y.npy sub/metrics.csv try.strata"; got != want {
		t.Errorf("got files %s, want %s", got, want)
	}
	// The log is a script that gives itself.
	logPath := filepath.Join(dir, "log.strata")
	if err := os.WriteFile(logPath, []byte(log), 0o666); err != nil {
		t.Fatal(err)
	}
	if third, _, err := replayFile(t, logPath, ReplayOptions{}); err != nil || third != log {
		t.Errorf("the log gives another log: %v\n%s\n%s", err, log, third)
	}
}

func TestReplayOut(t *testing.T) {
	path := sampleScript(t)
	out := filepath.Join(t.TempDir(), "new")
	log, _, err := replayFile(t, path, ReplayOptions{Out: out})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := testgallery.Tree(t, out), "try/rankings.csv try/sub/metrics.csv try.strata"; got != want {
		t.Errorf("got files %s, want %s", got, want)
	}
	if got, err := os.ReadFile(filepath.Join(out, "try.strata")); err != nil || string(got) != log {
		t.Errorf("got %v\n%s", err, got)
	}
	if _, _, err := replayFile(t, path, ReplayOptions{Out: filepath.Dir(path)}); err == nil || !strings.Contains(err.Error(), "the script itself") {
		t.Errorf("got %v", err)
	}
}

// TestReplayOutClash: exports from two folders do not overwrite one another.
func TestReplayOutClash(t *testing.T) {
	path := sampleScript(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, b := filepath.Join(t.TempDir(), "metrics.csv"), filepath.Join(t.TempDir(), "metrics.csv")
	text = append(text, "export "+a+"\nexport "+a+"\nexport "+b+"\n"...)
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, err = replayFile(t, path, ReplayOptions{Out: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "the exports "+a+" and "+b+" would both be written as") {
		t.Errorf("got %v", err)
	}
}

// TestReplayStaysBelow: whatever path a script gives an export, it is written below
// Out or the script's folder, and through no link; a check writes nothing.
func TestReplayStaysBelow(t *testing.T) {
	for _, withOut := range []bool{false, true} {
		path := sampleScript(t)
		folder, outside, base := filepath.Dir(path), t.TempDir(), filepath.Dir(path)
		o := ReplayOptions{}
		if withOut {
			o.Out = t.TempDir()
			base = filepath.Join(o.Out, OutName(path))
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		exported := func(file string, o ReplayOptions) error {
			t.Helper()
			if err := os.WriteFile(path, append(bytes.Clone(text), "export "+file+"\n"...), 0o666); err != nil {
				t.Fatal(err)
			}
			_, _, err := replayFile(t, path, o)
			return err
		}
		for file, want := range map[string]string{
			filepath.Join(outside, "a_metrics.csv"):               "a_metrics.csv",
			"../b_metrics.csv":                                    "b_metrics.csv",
			"x/../../" + filepath.Base(folder) + "/c_metrics.csv": "c_metrics.csv",
			"deep/er/d_metrics.csv":                               "deep/er/d_metrics.csv",
		} {
			if err := exported(file, ReplayOptions{Check: true}); err != nil {
				t.Errorf("check of %s: %v", file, err)
			}
			if _, err := os.Stat(filepath.Join(base, want)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the check of %s wrote it: %v", file, err)
			}
			err := exported(file, o)
			if _, there := os.Stat(filepath.Join(base, want)); err != nil || there != nil {
				t.Errorf("with --out %v, %s: %v, %v", withOut, file, err, there)
			}
		}
		if err := os.MkdirAll(base, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(outside, filepath.Join(base, "link")); err != nil {
			t.Fatal(err)
		}
		if err := exported("link/e_metrics.csv", o); err == nil || !strings.Contains(err.Error(), "link: it is a symbolic link") {
			t.Errorf("with --out %v, through a link: %v", withOut, err)
		}
		secret := filepath.Join(outside, "secret")
		if err := os.WriteFile(secret, []byte("precious"), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(secret, filepath.Join(base, "f_metrics.csv")); err != nil {
			t.Fatal(err)
		}
		if err := exported("f_metrics.csv", o); err != nil { // it takes the place of the link
			t.Errorf("with --out %v, over a link: %v", withOut, err)
		}
		if b, err := os.ReadFile(secret); string(b) != "precious" || testgallery.Tree(t, outside) != "secret" {
			t.Errorf("outside are %s, and the file holds %q, %v", testgallery.Tree(t, outside), b, err)
		}
	}
}

// TestReplayCheck changes every digit that results hold, one at a time, and
// takes every result line away, one at a time.
func TestReplayCheck(t *testing.T) {
	path := sampleScript(t)
	log, _, err := replayFile(t, path, ReplayOptions{Out: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	logPath := filepath.Join(filepath.Dir(path), "log.strata")
	before := testgallery.Tree(t, filepath.Dir(path))
	check := func(lines []string) (ReplayReport, error) {
		if err := os.WriteFile(logPath, []byte(strings.Join(lines, "")), 0o666); err != nil {
			t.Fatal(err)
		}
		got, report, err := replayFile(t, logPath, ReplayOptions{Check: true})
		if got != "" {
			t.Errorf("a check wrote %s", got)
		}
		return report, err
	}
	lines := strings.SplitAfter(log, "\n")
	report, err := check(lines)
	if want := strings.Count(log, "\n"+script.Indent); err != nil || report.Compared != want {
		t.Fatalf("compared %d of %d lines: %v", report.Compared, want, err)
	}
	changed := 0
	for i, line := range lines {
		if !strings.HasPrefix(line, script.Indent) {
			continue
		}
		at := strings.LastIndexAny(line, "0123456789")
		if at < 0 {
			continue
		}
		other := append([]string{}, lines...)
		other[i] = line[:at] + string('0'+(line[at]-'0'+1)%10) + line[at+1:]
		_, err := check(other)
		var d *Difference
		want := Difference{File: logPath, Line: i + 1, Expected: strings.TrimSpace(other[i]), Got: strings.TrimSpace(line)}
		if !errors.As(err, &d) || *d != want {
			t.Errorf("line %d changed: got %v, want %v", i+1, err, &want)
		}
		changed++
	}
	if changed < 20 {
		t.Errorf("only %d lines hold digits", changed)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, script.Indent) || !strings.HasPrefix(lines[i-1]+lines[i+1], script.Indent) {
			continue
		}
		_, err := check(append(append([]string{}, lines[:i]...), lines[i+1:]...))
		var d *Difference
		if !errors.As(err, &d) || d.Line > i+1 {
			t.Errorf("line %d %q missing: got %v", i+1, line, err)
		}
	}
	if err := os.Remove(logPath); err != nil {
		t.Fatal(err)
	}
	if got := testgallery.Tree(t, filepath.Dir(path)); got != before {
		t.Errorf("checks left %s, want %s", got, before)
	}
}

func TestReplayCheckKinds(t *testing.T) {
	path := sampleScript(t)
	for _, c := range []struct{ name, text, want string }{
		{"nothing expected", "gallery shirts\nquery b\nschemes x\nsearch 1\n", "<nil>"},
		{"expected of a step that gives nothing", "gallery shirts\nquery b\n    a line\n", `%s:3: expected "a line", got no more lines`},
		{"one line too many", "gallery shirts\nquery b\nschemes x\nfilter category=cap\nsearch 1\n    x\n    1  c c\n", `%s:7: expected "1  c c", got "1  \"c c\"  0.`},
		{"cut", "gallery shirts\nquery b\nschemes x\nsearch 1\n    x\n", `%s:5: after this line "1  `},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(filepath.Dir(path), "case.strata")
			if err := os.WriteFile(name, []byte(c.text), 0o666); err != nil {
				t.Fatal(err)
			}
			_, _, err := replayFile(t, name, ReplayOptions{Check: true})
			if want := strings.ReplaceAll(c.want, "%s", name); !strings.HasPrefix(fmt.Sprint(err), want) {
				t.Errorf("got %v\nwant %s", err, want)
			}
		})
	}
}

func TestReplayGallery(t *testing.T) {
	path := sampleScript(t)
	other := filepath.Join(t.TempDir(), "other")
	testgallery.Shirts().Write(t, other)
	log, _, err := replayFile(t, path, ReplayOptions{Gallery: other, Out: t.TempDir()})
	if err != nil || !strings.Contains(log, "\ngallery "+table.Quote(other)+"\n") {
		t.Errorf("%v\n%s", err, log)
	}
}

func TestReplayStepFails(t *testing.T) {
	path := sampleScript(t)
	if err := os.WriteFile(path, []byte("gallery shirts\n\nquery zebra\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, err := replayFile(t, path, ReplayOptions{})
	if want := path + `:3: shirts has no item "zebra"`; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestReplaySparesScripts exports under the names of scripts that run: they stay as they are.
func TestReplaySparesScripts(t *testing.T) {
	dir := t.TempDir()
	testgallery.Shirts().Write(t, filepath.Join(dir, "shirts"))
	scripts := map[string]string{
		"decision.strata":       "gallery shirts\nevaluate x, y on category\nexport decision.strata\n",
		"outer.strata":          "include inner/decision.strata\nexport inner/decision.strata\n",
		"inner/decision.strata": "gallery shirts\nevaluate x, y on category\n",
	}
	for name, text := range scripts {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"decision.strata", "outer.strata"} {
		if _, _, err := replayFile(t, filepath.Join(dir, name), ReplayOptions{}); err == nil || !strings.Contains(err.Error(), " is the script itself, or one that it includes") {
			t.Errorf("%s: %v", name, err)
		}
		if _, _, err := replayFile(t, filepath.Join(dir, name), ReplayOptions{Out: t.TempDir()}); err != nil {
			t.Errorf("%s elsewhere: %v", name, err)
		}
	}
	for name, text := range scripts {
		if b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || string(b) != text {
			t.Errorf("%s: %v: it has %s", name, err, b)
		}
	}
}
