package script

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readFiles writes files into a folder and reads the first.
func readFiles(t *testing.T, set map[string]string, files ...string) (*Script, error) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range files {
		path := filepath.Join(dir, fmt.Sprintf("%d.strata", i))
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return ReadScript(filepath.Join(dir, "0.strata"), Reading{Set: set})
}

func stepLines(s *Script) string {
	var lines []string
	for _, l := range s.Lines {
		lines = append(lines, l.Step.String())
	}
	return strings.Join(lines, "; ")
}

func TestVariables(t *testing.T) {
	for _, c := range []struct {
		name string
		set  map[string]string
		text string
		want string
	}{
		{"set", nil, "set k 3\nsearch ${k}", "search  3"},
		{"set again", nil, "set k 3\nset k 4${k}\nsearch ${k}", "search  43"},
		{"given", map[string]string{"k": "5"}, "set k 3\nsearch ${k}", "search  5"},
		{"given only", map[string]string{"k": "5"}, "search ${k}", "search  5"},
		{"quoted", nil, "set name \"a, b\"\nnote ${name}", "note    a, b"},
		{"part of a name", nil, "set dir /x\nexport ${dir}/metrics.csv", "export  /x/metrics.csv"},
		{"text without variables", nil, "query ${k}", "query   ${k}"},
		{"not in results", nil, "set k 3\nnote n\n    ${j}\n# ${i}", "note    n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := readFiles(t, c.set, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := stepLines(s); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if _, err := readFiles(t, map[string]string{"a b": "1"}, ""); err == nil {
		t.Error("a name with a blank was taken")
	}
}

// TestInclude: the lines of other files stand where they are named, a file may be
// included twice, and variables go both ways.
func TestInclude(t *testing.T) {
	s, err := readFiles(t, nil, "set a 1\ninclude 1.strata\nsearch ${b}\ninclude 1.strata\n", "note ${a}\n    result\nset a 2\nset b 7\n")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := stepLines(s), "note    1; search  7; note    2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	first := s.Lines[0]
	if filepath.Base(first.File) != "1.strata" || first.Line != 1 || len(first.Expected) != 1 {
		t.Errorf("got %+v", first)
	}
	// A chain as long as may be, and one longer.
	long := strings.Repeat("include 1.strata\n", maxIncludes)
	if _, err := readFiles(t, nil, long, ""); err == nil || !strings.Contains(err.Error(), "0.strata:1000:9: more than 1000 included files") {
		t.Errorf("got %v", err)
	}
}

// TestIncludeOutside: a script includes what lies in its folder or below, wherever the
// file lies that names it, and other files only where that is allowed.
func TestIncludeOutside(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Skip(err)
		}
	}
	write("secret.strata", "note secret")
	write("own/deep/a.strata", "note a\ninclude ../b.strata")
	write("own/b.strata", "note b")
	write("own/deep/up.strata", "include ../../secret.strata")
	link("../secret.strata", "own/link.strata")
	link("..", "own/folder")
	link("deep", "own/same")
	link(filepath.Join(dir, "own", "b.strata"), "own/root.strata")
	link("own", "other")
	for _, c := range []struct{ file, text, want string }{
		{"own/0.strata", "include deep/a.strata", "note    a; note    b"},
		{"own/0.strata", "include same/a.strata", "note    a; note    b"},
		{"own/0.strata", "include root.strata", "note    b"},
		{"own/0.strata", "include " + filepath.Join(dir, "own", "b.strata"), "note    b"},
		{"other/0.strata", "include ../own/b.strata", "note    b"},
		{"own/0.strata", "include ../secret.strata", ""},
		{"own/0.strata", "include " + filepath.Join(dir, "secret.strata"), ""},
		{"own/0.strata", "include link.strata", ""},
		{"own/0.strata", "include folder/secret.strata", ""},
		{"own/0.strata", "include deep/up.strata", ""},
		{"own/deep/0.strata", "include ../b.strata", ""},
	} {
		write(c.file, c.text)
		path := filepath.Join(dir, filepath.FromSlash(c.file))
		s, err := ReadScript(path, Reading{})
		switch {
		case c.want == "" && (err == nil || !strings.Contains(err.Error(), "lies outside of the script's folder: --include-outside allows it")):
			t.Errorf("%s: %s: got %v", c.file, c.text, err)
		case c.want != "" && (err != nil || stepLines(s) != c.want):
			t.Errorf("%s: %s: got %v, want %s", c.file, c.text, err, c.want)
		}
		if _, err := ReadScript(path, Reading{Outside: true}); err != nil {
			t.Errorf("%s: %s, allowed: %v", c.file, c.text, err)
		}
	}
}
