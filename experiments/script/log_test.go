package script

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadLog refuses a log that ends within a step.
func TestReadLog(t *testing.T) {
	for text, want := range map[string]string{
		"gallery demo\nquery a\n":              "",
		"gallery demo\n    3 it":               "",
		"gallery demo\nquery a\n# cont":        "",
		"gallery demo\nschemes A, B":           ":2:13: the log is cut in this line: it has no end",
		"gallery demo\nschemes A, B+\nquery a": ":2:14: expected a layer",
		"gallery demo\n# x\nque":               `:3:1: there is no step "que"`,
	} {
		path := filepath.Join(t.TempDir(), "log.strata")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		switch _, err := ReadLog(path); {
		case want == "" && err != nil, want != "" && err == nil:
			t.Errorf("%q: %v", text, err)
		case want != "" && !strings.Contains(err.Error(), path+want):
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	if _, err := ReadLog(filepath.Join(t.TempDir(), "none.strata")); err == nil {
		t.Error("a log that is not there is read")
	}
}
