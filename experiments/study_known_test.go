package experiments

import (
	"math/rand/v2"
	"os"
	"path/filepath"
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

// TestReportAfterTune exports the page of a comparison that a tune step follows: the page
// has the comparison's numbers, whether the tune step ran before others or beside them.
func TestReportAfterTune(t *testing.T) {
	gallery := t.TempDir()
	testgallery.Random(rand.New(rand.NewPCG(33, 1)), 120).Write(t, gallery)
	s := sampling(t, gallery, 0, nil)
	do := func(text string) {
		if _, err := s.Do(t.Context(), steps(t, text)...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	dir := t.TempDir()
	page := func() string {
		file := filepath.Join(dir, "report.html")
		do("export " + file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	do("evaluate C") // its layer's warnings are on the page from here on
	do("compare A, B")
	want := page()
	const tune = "tune A, B, C for P@10 category step 1/4"
	do(tune)
	if page() != want {
		t.Error("a tune step changes the page of the comparison")
	}
	do("compare A, B")
	if _, err := s.Behind(t.Context(), steps(t, tune)[0], nil); err != nil {
		t.Fatal(err)
	}
	if page() != want {
		t.Error("a tune step in the background changes the page of the comparison")
	}
}
