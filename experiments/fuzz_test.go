package experiments

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"strata/engine/fence"
)

// FuzzTarget: what is parsed is printed so that it is parsed to the same.
func FuzzTarget(f *testing.F) {
	for _, text := range []string{"P@10 category", `nDCG@5 "brand name"`, "P@10 category >= 0.4", "AP(hits)@3 a&b >= 1e-300", "P@ x", "P@99999999999999999999 x", `P@1 ">="`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if target, err := ParseTarget(text); err == nil {
			again, err := ParseTarget(target.String())
			if err != nil || !reflect.DeepEqual(again, target) {
				t.Fatalf("%q prints as %q: %+v, %v", text, target, again, err)
			}
		}
		if c, err := ParseConstraint(text); err == nil {
			again, err := ParseConstraint(c.String())
			if err != nil || !reflect.DeepEqual(again, c) {
				t.Fatalf("%q prints as %q: %+v, %v", text, c, again, err)
			}
		}
	})
}

// FuzzTrecName: a name is one word of printable ASCII, and two ids have two names.
func FuzzTrecName(f *testing.F) {
	f.Add("knit-0001", "knit 0001")
	f.Add("50%", "50%25")
	f.Add("\x1b[c", "é")
	f.Add("", " ")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := trecName(a), trecName(b)
		if a != "" && (len(strings.Fields(x)) != 1 || strings.ContainsFunc(x, func(r rune) bool { return r <= ' ' || r >= 0x7f })) {
			t.Errorf("%q becomes %q", a, x)
		}
		if (a == b) != (x == y) {
			t.Errorf("%q and %q become %q and %q", a, b, x, y)
		}
	})
}

// FuzzKept reads files of kept features: none is taken whose values have not the
// hash that its first line says.
func FuzzKept(f *testing.F) {
	g, err := openFixture(f.Context(), Builtin)
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
		script, err := ParseScript("x", strings.NewReader("gallery demo\n"+expected))
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
