package experiments

import (
	"math/rand/v2"
	"strings"
	"testing"

	"strata/experiments/internal/testgallery"
)

// TestStepsTakeOver: steps that find some of what they need in the last evaluation, or in
// the neighbourhoods of a tune step, give the lines that each gives in a session of its
// own.
func TestStepsTakeOver(t *testing.T) {
	dir := t.TempDir()
	testgallery.Random(rand.New(rand.NewPCG(31, 1)), 300).Write(t, dir)
	open := func() *Session {
		s := NewSession(Options{Open: openFolder, SkipContent: true})
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		if _, err := s.Do(t.Context(), steps(t, "gallery "+dir)...); err != nil {
			t.Fatal(err)
		}
		return s
	}
	lines := func(s *Session, text string) string {
		results, err := s.Do(t.Context(), steps(t, text)...)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return strings.Join(results[len(results)-1].Lines, "\n")
	}
	together := open()
	for i, text := range []string{
		"evaluate A, B+C seed 2", "evaluate A, B+C, 2*A+B seed 2", "compare 2*A+B, A seed 3", "filter colour=red\ncompare A, C",
		"evaluate A, C, rrf(A,B)", "filter none\ntune A, B, C for P@10 category over all step 1/12", "evaluate A+B, 3*B+C, concat(A,B)",
		"mine A+B, 3*B+C on category", "compare A+B, A, 5*A+B+C on category over 100 seed 7",
	} {
		alone := text
		if strings.Contains(text, "rrf") {
			alone = "filter colour=red\n" + text
		}
		if got, want := lines(together, text), lines(open(), alone); got != want {
			t.Errorf("step %d, %q: got\n%s\nwant\n%s", i, text, got, want)
		}
	}
	if h := together.snapshot().gallery; h.lent.Load() == nil {
		t.Error("a tune step lends nothing")
	}
}
