//go:build unix

package experiments

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"strata/engine/fence"
	"strata/experiments/run"
	"strata/experiments/script"
)

// TestReadersRefuse: what a user or a file names is read when it is a regular file of a size
// that can be one, and otherwise refused at once, with its path.
func TestReadersRefuse(t *testing.T) {
	for kind, make := range map[string]func(path string) error{
		"a named pipe":       func(path string) error { return syscall.Mkfifo(path, 0o666) },
		"a folder":           func(path string) error { return os.Mkdir(path, 0o777) },
		"a link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
		"a large file": func(path string) error {
			f, err := os.Create(path)
			if err == nil {
				err = f.Truncate(1 << 40)
			}
			return err
		},
	} {
		for name, read := range map[string]func(dir, bad string) error{
			"script": func(_, bad string) error { _, err := script.ReadScript(bad, nil); return err },
			"include": func(dir, bad string) error {
				path := filepath.Join(dir, "first.strata")
				if err := os.WriteFile(path, []byte("include "+filepath.Base(bad)+"\n"), 0o666); err != nil {
					return err
				}
				_, err := script.ReadScript(path, nil)
				return err
			},
			"manifest of a run": func(_, bad string) error {
				dir := filepath.Dir(bad)
				if err := os.Rename(bad, filepath.Join(dir, run.ManifestName)); err != nil {
					return err
				}
				_, err := run.DiffRuns(dir, dir)
				return err
			},
			"table of a run": func(_, bad string) error { _, err := run.ReadRunTable(bad, 1); return err },
			"ranking of a run": func(_, bad string) error {
				return (&run.RunFiles{Rankings: map[string]*run.RunRankings{}}).Read(bad)
			},
		} {
			dir := t.TempDir()
			bad := filepath.Join(dir, "bad")
			if err := make(bad); err != nil {
				t.Fatal(err)
			}
			err := read(dir, bad)
			if err == nil || !strings.Contains(err.Error(), dir) {
				t.Errorf("%s is %s: %v", name, kind, err)
			}
		}
	}
}

// TestScriptGrows: a few lines of variables do not stand for more memory than a script has.
func TestScriptGrows(t *testing.T) {
	var double strings.Builder
	double.WriteString("set a " + strings.Repeat("x", 1000) + "\n")
	for i := range 30 {
		fmt.Fprintf(&double, "set %c ${%c}${%c}\n", 'b'+i%25, 'a'+i%25, 'a'+i%25)
	}
	many := "set a " + strings.Repeat("x", script.MaxLine/2) + "\n" + strings.Repeat("query ${a}\n", 3*script.MaxScript/script.MaxLine)
	for text, want := range map[string]string{
		double.String(): fmt.Sprintf("with its variables the line has more than %d bytes", script.MaxLine),
		many:            fmt.Sprintf("with its variables the script has more than %d bytes", script.MaxScript),
	} {
		path := filepath.Join(t.TempDir(), "s.strata")
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := script.ReadScript(path, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %.200v, want %s", err, want)
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"one.strata": strings.Repeat("include two.strata\n", 5), "two.strata": strings.Repeat("#"+strings.Repeat("x", 1<<19)+"\n", 30)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := script.ReadScript(filepath.Join(dir, "one.strata"), nil); err == nil || !strings.Contains(err.Error(), fmt.Sprint(fence.Metadata)) {
		t.Errorf("includes of %d bytes: %v", 5*30<<19, err)
	}
}
