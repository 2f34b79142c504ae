package experiments

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAgreeWithin(t *testing.T) {
	const within = 1e-9
	for _, c := range []struct {
		name, expected, got string
		want                bool
	}{
		{"same", "1  a  0.5", "1  a  0.5", true},
		{"last digits", "P@1 0.81 [0.755, 0.86]  over 199, 1 lone", "P@1 0.8100000000000002 [0.7549999999, 0.86]  over 199, 1 lone", true},
		{"beyond", "P@1 0.81", "P@1 0.810001", false},
		{"whole number and not", "category 1", "category 0.9999999999", true},
		{"counts", "over 199", "over 200", false},
		{"count and not", "over 199", "over 199.0", true},
		{"exponents", "p 4.1e-11, Holm 1", "p 4.2e-11, Holm 1", true},
		{"another id", "1  a-1  0.5", "1  a-2  0.5", false},
		{"more words", "1  a  0.5", "1  a  0.5  category", false},
		{"other marks", "[0.5, 1]", "[0.5; 1]", false},
		{"hash", "sha256:12", "sha256:13", false},
		{"nothing and a number", "-", "0.5", false},
		{"not a number", "NaN", "0.5", false},
	} {
		if got := agreeWithin(c.expected, c.got, within); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestReplayTolerance changes digits of a log: with a tolerance they agree, and so do
// the hashes of exports, but not other ranks.
func TestReplayTolerance(t *testing.T) {
	path := sampleScript(t)
	log, _, err := replayFile(t, path, ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	check := func(text string, tolerance float64) (ReplayReport, error) {
		file := filepath.Join(dir, "changed.strata")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, report, err := replayFile(t, file, ReplayOptions{Check: true, Tolerance: tolerance})
		return report, err
	}
	at := strings.Index(log, "  category  P@1 ")
	if at < 0 {
		t.Fatalf("no evaluation in\n%s", log)
	}
	end := at + strings.IndexByte(log[at:], '[')
	digits := "00000000000001" // behind those of P@1
	if !strings.Contains(log[at:end], ".") {
		digits = "." + digits
	}
	changed := strings.Replace(log[:end-1]+digits+log[end-1:], "bytes  sha256:", "bytes  sha256:0", 1)
	var d *Difference
	if _, err := check(changed, 0); !errors.As(err, &d) {
		t.Errorf("without a tolerance: %v", err)
	}
	if report, err := check(changed, 1e-9); err != nil || report.Passed != 1 || report.Compared == 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := check(strings.Replace(log, "\n    5 queries", "\n    6 queries", 1), 1e-9); !errors.As(err, &d) {
		t.Errorf("another count: %v", err)
	}
}

// TestReplayRequire: what is required is judged by replay and by its check, the steps
// behind are run, and each line that is not met is named.
func TestReplayRequire(t *testing.T) {
	path := sampleScript(t)
	dir := filepath.Dir(path)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	replay := func(more string, o ReplayOptions) (string, ReplayReport, error) {
		file := filepath.Join(dir, "required.strata")
		if err := os.WriteFile(file, []byte(string(text)+more), 0o666); err != nil {
			t.Fatal(err)
		}
		return replayFile(t, file, o)
	}
	log, report, err := replay("require P@1 category >= 0\nnote behind\n", ReplayOptions{})
	if err != nil || report.Steps != 12 || !strings.Contains(log, "\nrequire P@1 category >= 0\n    x  P@1 category  ") {
		t.Fatalf("%+v, %v\n%s", report, err, log)
	}
	for _, check := range []bool{false, true} {
		log, report, err := replay("require P@10 category >= 1\nnote behind\nrequire P@5 category >= 1\n", ReplayOptions{Check: check, Out: filepath.Join(t.TempDir(), "out")})
		if err == nil || report.Steps != 11 || !check && !strings.Contains(log, "note    behind") {
			t.Fatalf("check %v: %+v, %v\n%s", check, report, err, log)
		}
		lines := strings.Split(err.Error(), "\n")
		for _, line := range lines {
			if !strings.HasPrefix(line, filepath.Join(dir, "required.strata")+":1") || !strings.Contains(line, ": not met: ") {
				t.Errorf("check %v: %q", check, line)
			}
		}
		if len(lines) < 2 {
			t.Errorf("check %v: %q", check, lines)
		}
	}
	if _, _, err = replay("gallery shirts\nrequire P@1 category >= 0\n", ReplayOptions{}); err == nil || !strings.Contains(err.Error(), "there is no evaluation yet") {
		t.Errorf("got %v", err)
	}
}
