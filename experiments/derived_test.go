package experiments

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
)

// TestReplayDerived: a log names its derived layers by their hashes, outside of
// what is compared; a check that fails because a derived layer is another one
// says so.
func TestReplayDerived(t *testing.T) {
	dir := t.TempDir()
	testgallery.Shirts().Write(t, filepath.Join(dir, "shirts"))
	path := filepath.Join(dir, "derived.strata")
	text := "gallery shirts\nquery a\nschemes x|zscore, x+0.5*y|whiten1@0.5\nsearch 5\nevaluate on category over all\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	log, _, err := replayFile(t, path, ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"# derived x|zscore float32 6x2 sha256:": 1, "# derived y|whiten1@0.5 float32 6x1 sha256:": 1, "# derived": 2} {
		if got := strings.Count(log, name); got != want {
			t.Errorf("the log has %d lines %q:\n%s", got, name, log)
		}
	}
	kept := filepath.Join(dir, "shirts", ".strata")
	logPath := filepath.Join(dir, "log.strata")
	if err := os.WriteFile(logPath, []byte(log), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, again := range []string{"kept", "computed again"} {
		if _, report, err := replayFile(t, logPath, ReplayOptions{Check: true}); err != nil || report.Compared == 0 {
			t.Errorf("%s: %+v, %v", again, report, err)
		}
		if err := os.RemoveAll(kept); err != nil {
			t.Fatal(err)
		}
	}

	// Another fit, as another machine may have it: x's rows without one of them.
	if _, _, err := replayFile(t, path, ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	from := strings.Replace(log, "# derived x|zscore float32 6x2 sha256:", "# derived x|zscore float32 6x2 sha256:0", 1)
	if err := os.WriteFile(logPath, []byte(from), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := replayFile(t, logPath, ReplayOptions{Check: true}); err != nil {
		t.Errorf("another hash with the same results: %v", err)
	}
	at := strings.Index(from, "    1  ")
	at += strings.IndexByte(from[at:], '\n') - 1
	from = from[:at] + string('0'+(from[at]-'0'+1)%10) + from[at+1:]
	if err := os.WriteFile(logPath, []byte(from), 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, err = replayFile(t, logPath, ReplayOptions{Check: true})
	var d *Difference
	if !errors.As(err, &d) || d.Derived != "x|zscore" || !strings.Contains(d.Error(), "x|zscore is not the derived layer that the script had") {
		t.Errorf("another hash and another result: %v", err)
	}
}
