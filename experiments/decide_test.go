package experiments

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"strata/experiments/eval"
	"strata/experiments/internal/testgallery"
	"strata/experiments/script"
)

// decideSession is a session with a random gallery that was evaluated.
func decideSession(t *testing.T, evaluate string) (*Session, *writes) {
	t.Helper()
	s, log := newSession(t, testgallery.Random(rand.New(rand.NewPCG(5, 6)), 240), Options{Dir: t.TempDir()})
	if _, err := s.Do(t.Context(), steps(t, evaluate)...); err != nil {
		t.Fatal(err)
	}
	return s, log
}

// TestDecide fills in what a step does not name, and refuses what was not evaluated.
func TestDecide(t *testing.T) {
	s, _ := decideSession(t, "evaluate A, B, C+A")
	for text, want := range map[string]string{
		"decide":                                   `^decide  (A against (B|C\+A)|B against (A|C\+A)|C\+A against (A|B)) on category, colour$`,
		"decide B":                                 `^decide  B against (A|C\+A) on category, colour$`,
		"decide A + C against B on colour":         "is not among the schemes that were evaluated last",
		"decide C+A against B on colour":           `^decide  C\+A against B on colour$`,
		"decide against B on colour, red":          "decide: the evaluation has no label red",
		"decide B against B":                       "decide: B is taken against itself",
		"decide B against A on colour, \"colour\"": `^decide  B against A on colour$`,
	} {
		results, err := s.Do(t.Context(), steps(t, text)...)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = results[0].Step.String()
		}
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	empty, _ := newSession(t, testgallery.Shirts(), Options{})
	if _, err := empty.Do(t.Context(), steps(t, "decide")...); err == nil || !strings.Contains(err.Error(), "no evaluation yet") {
		t.Errorf("without an evaluation: %v", err)
	}
	for _, file := range []string{"decision.html", "decision.strata"} {
		if _, err := empty.Do(t.Context(), script.Export{File: file}); !errors.Is(err, ErrNothingToExport) {
			t.Errorf("%s without an evaluation: %v", file, err)
		}
	}
}

// TestDecisionFiles: the page says what was done, and is the same again; the script holds on the gallery that it was
// measured on, and fails on one where it does not.
func TestDecisionFiles(t *testing.T) {
	s, log := decideSession(t, "note colours <first>\nfilter colour=red colour=blue\nevaluate A, B, 2*A+B, C on category, colour where colour=red seed 3\n"+
		"tune A, B for P@10 colour over all step 1/4\ndecide 2*A+B against B on colour, category\nexport my-decision.html\nexport my-decision.strata")
	page, gate := readExport(t, s, "my-decision.html"), readExport(t, s, "my-decision.strata")
	for _, want := range []string{
		"the decision for 2*A&#43;B", "colours &lt;first&gt;", "Somebody chose the weights of 2*A&#43;B", "Weights searched for P@10 colour", "faded: no difference from it is shown",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, "so far, ") {
		t.Error("all queries are said to be some")
	}
	text := log.text()
	replayLog(t, text)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	replayLog(t, text)
	if !strings.Contains(gate, "\nfilter  colour=red colour=blue\nevaluate 2*A+B on colour, category where colour=red over all seed 3\nrequire P@10 colour >= 0.") {
		t.Errorf("the script is\n%s", gate)
	}
	check := func(text string) error {
		parsed, err := parseScript(t, "decision.strata", text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Replay(t.Context(), parsed, ReplayOptions{Open: openFolder, Check: true})
		return err
	}
	if err := check(gate); err != nil {
		t.Errorf("it does not hold where it was measured: %v", err)
	}
	var unmet *eval.Unmet
	if err := check(regexp.MustCompile(`(colour >= )\S+`).ReplaceAllString(gate, "${1}0.99")); !errors.As(err, &unmet) {
		t.Errorf("a requirement that is not met: %v", err)
	}
}

// TestDecisionSoFar claims nothing of all queries when some were drawn.
func TestDecisionSoFar(t *testing.T) {
	s, _ := decideSession(t, "evaluate A, B over 50\nexport decision.html\nexport decision.strata")
	page := readExport(t, s, "decision.html")
	if !regexp.MustCompile(`so far, 50 of \d+ queries: [AB] leads category 0\.\d{3}`).MatchString(page) || strings.Contains(page, "ahead of all<") {
		t.Error("drawn queries are taken for all")
	}
	if gate := readExport(t, s, "decision.strata"); !strings.Contains(gate, " on category, colour over 50 seed 1\n") {
		t.Errorf("the script is\n%s", gate)
	}
	alone, _ := decideSession(t, "evaluate A on category\ndecide A on category\nexport decision.html")
	if page := readExport(t, alone, "decision.html"); strings.Contains(page, "What it loses") || !strings.Contains(page, "P@10 category") {
		t.Error("a single scheme is compared")
	}
	if _, err := s.Do(t.Context(), steps(t, "decide B\nevaluate A\nexport decision.html")...); err != nil {
		t.Error(err)
	}
	if page := readExport(t, s, "decision.html"); !strings.Contains(page, "the decision for A<") {
		t.Error("a later evaluation has the decision of an earlier one")
	}
}

func readExport(t *testing.T, s *Session, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.o.Dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
