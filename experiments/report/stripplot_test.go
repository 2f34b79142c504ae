package report

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/mine"
)

// TestPlotsFit draws what has long names, classes of one query and schemes that
// judge nothing, in lines that are not too long.
func TestPlotsFit(t *testing.T) {
	tab := testgallery.Random(rand.New(rand.NewPCG(8, 9)), 120)
	g := tab.Open(t)
	s := testgallery.Schemes(t, "A", "B", "rrf(rrf(A,B),rrf(B,C),rrf(A,C),0.123456*A+0.654321*B)")
	e, err := eval.Plan{Schemes: s, Over: 60}.Evaluate(t.Context(), g, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := mine.Mining{Gallery: g, A: s[0], B: s[2], K: 5}.Do(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	means := testgallery.Written(t, func(w io.Writer) error { return WriteMeansPlot(w, e) })
	classes := testgallery.Written(t, func(w io.Writer) error { return WriteClassesPlot(w, m) })
	for name, text := range map[string]string{"means": means, "classes": classes} {
		if n := strings.Count(text, "\n\n") + 1; n != len(e.Labels) {
			t.Errorf("%s: %d paragraphs for %d labels:\n%s", name, n, len(e.Labels), text)
		}
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > textWidth && name == "means" || n > 2*textWidth {
				t.Errorf("%s: a line of %d characters: %q", name, n, line)
			}
		}
	}
	if strings.Count(means, "●") != len(e.Schemes)*len(e.Labels) {
		t.Errorf("there is not a dot a mean:\n%s", means)
	}
}
