//go:build unix

package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// until waits for the terminal to show all of these texts, and no step under way.
func (p *pseudoTerminal) until(t *testing.T, texts ...string) {
	t.Helper()
	missing := ""
	for {
		select {
		case <-p.news:
		case <-p.ended:
			t.Fatalf("it ended: %s", tail(p.output()))
		case <-time.After(time.Minute):
			t.Fatalf("it does not show %q:\n%s", missing, p.shown())
		}
		shown := p.shown()
		missing = ""
		for _, text := range texts {
			if !strings.Contains(shown, text) {
				missing = text
			}
		}
		if missing == "" && shownSaved.MatchString(shown) {
			return
		}
	}
}

// end presses keys, and q once all is saved.
func (p *pseudoTerminal) end(t *testing.T) {
	t.Helper()
	_, _ = p.master.WriteString("q")
	if code := waitFor(t, p, "q"); code != 0 {
		t.Errorf("exit code %d: %q", code, tail(p.output()))
	}
	p.checkRestored(t)
}

// TestResumeCommand goes on where a log ends, and then where that session ended.
func TestResumeCommand(t *testing.T) {
	dir := t.TempDir()
	text := "gallery demo\nquery knit-0012\nschemes B, B+pattern\nfilter category=knit\nevaluate over 50\nschemes A\nundo\n"
	if err := os.WriteFile(filepath.Join(dir, "left.strata"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	p := inTerminal(t, program(t, dir, "demo", "left.strata", "--graphics", "none"))
	go p.read()
	p.until(t, "knit-0012", "1 B ", "2 B+pattern", "filter category=knit")
	_, _ = p.master.WriteString("x")
	p.until(t, "1 B+pattern", "removed B; u brings it back")
	p.end(t)

	p = inTerminal(t, program(t, dir, "resume", "--graphics", "none", "--log", "next.strata"))
	go p.read()
	p.until(t, "knit-0012", "1 B+pattern", "filter category=knit")
	_, _ = p.master.WriteString("u")
	p.until(t, "1 B ", "2 B+pattern", "took back: rows")
	p.end(t)
	mustRun(t, dir, "replay", "--check", "next.strata")
	log, err := os.ReadFile(filepath.Join(dir, "next.strata"))
	if err != nil || !strings.HasSuffix(stepsOf(string(log)), "search  10\nschemes B, B+pattern\nsearch  10\n") {
		t.Errorf("%v: the log has the steps\n%s", err, stepsOf(string(log)))
	}
}

// stepsOf returns the steps of a log.
func stepsOf(log string) string {
	var steps strings.Builder
	for line := range strings.Lines(log) {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "#") {
			steps.WriteString(line)
		}
	}
	return steps.String()
}

// TestResumeMistakes names the line of a log that cannot be gone on from.
func TestResumeMistakes(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"cut.strata": "gallery demo\nquery   knit-0012\nschemes B, B+pat", "half.strata": "gallery demo\nque",
		"other.strata": "gallery /nowhere/shop\n    6 items\n    sha256:0000\nquery   a\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ args, want string }{
		{"demo cut.strata", "strata: cut.strata:3:17: the log is cut in this line"},
		{"demo half.strata", `strata: half.strata:2:1: there is no step "que"`},
		{"resume", "strata: there is no session to go on with: " + filepath.Join(dir, "state", "strata", "sessions") +
			" has no log; to go on with one of --log: strata GALLERY LOG"},
		{"resume demo", `strata: resume takes no argument, not "demo"`},
		{"demo demo", "strata: strata opens one gallery, not 2"},
	} {
		cmd := program(t, dir, strings.Fields(tc.args)...)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != exitUsage || !strings.HasPrefix(string(out), tc.want) {
			t.Errorf("%s: exit code %d: %s", tc.args, code, out)
		}
	}
	p := inTerminal(t, program(t, dir, "demo", "other.strata", "--graphics", "none"))
	go p.read()
	code := waitFor(t, p, "another gallery")
	if want := "strata: other.strata:1: this is of another gallery, /nowhere/shop with sha256:0000; demo has "; code != exitUsage || !strings.Contains(p.output(), want) {
		t.Errorf("exit code %d: %q", code, p.output())
	}
	p.checkRestored(t)
}

// TestLastLog is the one that was written last, and has something in it.
func TestLastLog(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	for i, name := range []string{"b.strata", "a.strata", "empty.strata", "other.txt"} {
		path := filepath.Join(dir, name)
		text := "gallery demo\n"
		if name == "empty.strata" {
			text = ""
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := lastLog(dir); err != nil || filepath.Base(got) != "a.strata" {
		t.Errorf("got %s, %v", got, err)
	}
}
