package experiments

import (
	"strings"
	"testing"
)

func FuzzParseScript(f *testing.F) {
	f.Add("# strata 1\ngallery demo\n    1 items\nquery a\n")
	f.Add("query a\n\t\n  b")
	f.Fuzz(func(t *testing.T, text string) {
		script, err := parseScript(t, "x", text)
		if err != nil {
			return
		}
		var b strings.Builder
		for _, l := range script.Lines {
			r := Result{Step: l.Step}
			for _, e := range l.Expected {
				r.Lines = append(r.Lines, e.Text)
			}
			r.write(&b)
		}
		again, err := parseScript(t, "x", b.String())
		if err != nil {
			t.Fatalf("%q prints as %q: %v", text, b.String(), err)
		}
		if len(again.Lines) != len(script.Lines) {
			t.Fatalf("%q prints as %q", text, b.String())
		}
	})
}
