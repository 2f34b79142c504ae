package experiments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strata/engine/fence"
	"strata/experiments/internal/testgallery"
)

// FuzzKept reads files of kept features: none is taken whose values have not the
// hash that its first line says.
func FuzzKept(f *testing.F) {
	g, err := testgallery.OpenDemo(f.Context(), Builtin)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = g.Close() })
	f.Add([]byte(`{"format":"strata features 1","layers":[{"name":"A","dim":1}]}` + "\n1234"))
	f.Add([]byte(`{"format":"strata features 1","layers":[{"name":"A","dim":-1}]}` + "\n"))
	f.Add([]byte(`{"format":"strata features 1","layers":[{"name":"A","dim":4611686018427387904},{"name":"A","dim":2}]}` + "\n12345678"))
	f.Add([]byte(`{"format":"strata features 1"}`))
	path := filepath.Join(f.TempDir(), "x.features")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		head, vectors, err := readKept(g, fence.In(filepath.Dir(path), "."), filepath.Base(path))
		if err == nil && vectors.Hash() != head.Features {
			t.Errorf("taken with the hash %s, not %s", vectors.Hash(), head.Features)
		}
	})
}

// FuzzCompareLog: whatever lines a script expects, comparing them with what a step
// gives ends, and says that they agree only if they do.
func FuzzCompareLog(f *testing.F) {
	f.Add("    A\n    1  a  0.5\n", "A\n1  a  0.5")
	f.Add("    A\n    1  a  0.", "A\n1  a  0.5")
	f.Add("    sha256:\n# a\n    x\n", "sha256:\nx")
	f.Fuzz(func(t *testing.T, expected, given string) {
		script, err := parseScript(t, "x", "gallery demo\n"+expected)
		if err != nil || len(script.Lines) != 1 {
			return
		}
		got := strings.Split(given, "\n")
		r := replay{script: script}
		err = r.compare(script.Lines[0], got)
		agree := true
		for i, e := range script.Lines[0].Expected {
			agree = agree && i < len(got) && e.Text == got[i]
		}
		n := len(script.Lines[0].Expected)
		agree = agree && (n == 0 || n == len(got))
		if (err == nil) != agree {
			t.Errorf("%q against %q: %v", expected, given, err)
		}
	})
}
