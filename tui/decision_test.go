package tui

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/experiments"
	"strata/experiments/eval"
	"strata/experiments/script"
	"strata/fixtures"
	"strata/fixtures/need"
	"strata/tui/page"
	"strata/tui/picture"
)

// mostPresses is how many key presses a decision may take.
const mostPresses = 25

// presses counts what press was given: a key is one, and a typed text is one with its enter.
func presses(keys string) int {
	n, typed := 0, false
	for name := range strings.FieldsSeq(keys) {
		if typed && name == "enter" {
			typed = false
			continue
		}
		typed = strings.HasPrefix(name, "text:")
		n++
	}
	return n
}

// TestDecision decides about a gallery that nobody has seen: A, B, C and B+pattern for category and brand, where the
// best of them fails, its weights, a note, and what continuous integration runs.
func TestDecision(t *testing.T) {
	d := openLive(t, 160, 50, 64<<20)
	var count int
	press := func(keys string) {
		count += presses(keys)
		d.press(keys)
	}
	press("down down down e") // the sum of the three layers gives its place
	d.press("ctrl+u")         // in the prompt: part of the text that is typed
	press("text:B+pattern enter")
	d.fire()
	d.sharpen()
	d.wantSchemes("A B C B+pattern")
	d.wantScreen("B: category .640, ahead of all")
	press("up up space down down down") // B on top, as the reference; B+pattern below
	d.wantSchemes("B A C B+pattern")
	press("M") // where it fails
	d.wantPage(page.Classes, 0)
	press("tab enter n") // the queries that lose most
	d.wantScreen("B+pattern")
	press("esc esc")
	press("T enter") // its weights, as offered
	d.wantStatus("tuned: the best of")
	press("t")
	d.wantPage(page.Tune, 1)
	press("enter")
	d.fire()
	press("N text:pattern_finds_colours,_and_loses_skirts enter W")
	if count > mostPresses {
		t.Errorf("the decision took %d key presses, more than %d", count, mostPresses)
	}
	t.Logf("%d key presses", count)
	dir := d.exports()
	d.wantStatus("wrote " + filepath.Join(dir, "decision.html"))
	d.wantStatus("and decision.strata")
	best := d.m.Focused()
	text := readFile(t, filepath.Join(dir, "decision.html"))
	for _, want := range []string{
		"the decision for " + best.String(), "(chosen on these queries)", "pattern finds colours, and loses skirts",
		"Weights searched for P@10 category", "Where they differ", "What it loses", "What can be had together",
	} {
		if !strings.Contains(strings.ReplaceAll(text, "&#43;", "+"), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	replayed(t, d.log.String(), "the log")
	gate := readFile(t, filepath.Join(dir, "decision.strata"))
	if n := strings.Count(gate, "\nrequire P@10 "); n != 2 {
		t.Errorf("%d requirements:\n%s", n, gate)
	}
	if err := replayOf(t, gate, fixtures.Demo()); err != nil {
		t.Errorf("the decision does not hold on its own gallery: %v", err)
	}
	var unmet *eval.Unmet
	if err := replayOf(t, gate, swapped{fixtures.Demo()}); !errors.As(err, &unmet) || !strings.Contains(err.Error(), "not met: "+best.String()+"  P@10 category") {
		t.Errorf("with other features of its layer: %v", err)
	}
	higher := regexp.MustCompile(`(P@10 brand >= )\S+`).ReplaceAllString(gate, "${1}0.9")
	if err := replayOf(t, higher, fixtures.Demo()); !errors.As(err, &unmet) || strings.Contains(err.Error(), "category") {
		t.Errorf("with a requirement that nothing meets: %v", err)
	}
}

// exports returns the folder of the session's exports.
func (d *desktop) exports() string {
	d.t.Helper()
	path, err := d.m.session.ExportPath("x")
	if err != nil {
		d.t.Fatal(err)
	}
	return filepath.Dir(path)
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// replayed runs the steps of a log again and compares what they give.
func replayed(t *testing.T, log, what string) {
	t.Helper()
	if err := replayOf(t, log, demo{fixtures.Demo()}); err != nil {
		t.Errorf("%s does not replay: %v", what, err)
	}
}

// replayOf checks a script on a gallery.
func replayOf(t *testing.T, text string, files fs.FS) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "decision.strata")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := script.ReadScript(path, script.Reading{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = experiments.Replay(t.Context(), s, experiments.ReplayOptions{
		Open: func(ctx context.Context, name string) (*engine.Gallery, error) {
			return engine.OpenFS(ctx, name, files)
		},
		Check: true, Budget: 64 << 20,
	})
	return err
}

// swapped is a gallery in which the features of C stand for those of B.
type swapped struct{ fs.FS }

func (f swapped) Open(name string) (fs.File, error) {
	if strings.HasPrefix(name, "B.") {
		name = "C" + strings.TrimPrefix(name, "B")
	}
	return f.FS.Open(name)
}

// TestDecisionAsksFirst evaluates the rows if they are not, writes, and asks before it writes over that.
func TestDecisionAsksFirst(t *testing.T) {
	need.Long(t)
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down W")
	d.wantLogged("evaluate A, B, C, A+B+C on category, brand, pattern, colour, background over all seed 1")
	d.wantLogged("decide  B against A+B+C on category, brand")
	path := filepath.Join(d.exports(), "decision.html")
	first := readFile(t, path)
	d.press("space down W")
	d.wantStatus("decision.html is there: W once more writes over it")
	d.press("n W")
	d.wantStatus("is there: W once more writes over it")
	if readFile(t, path) != first {
		t.Error("it was written over")
	}
	d.press("W")
	d.wantStatus("wrote " + path + " and decision.strata")
	d.wantLogged("decide  A against B on category, brand")
	if readFile(t, path) == first {
		t.Error("it was not written over")
	}
	if n := strings.Count(d.log.String(), "\nevaluate "); n != 1 {
		t.Errorf("%d evaluations", n)
	}
	d.press("x W W") // fewer rows than were evaluated
	d.wantLogged("decide  C against B on category, brand")
	d.press("a text:A+C enter W W")
	d.wantLogged("evaluate B, C, A+C, A+B+C on category, brand, pattern, colour, background over all seed 1")
	d.wantLogged("decide  A+C against B on category, brand")
}

// wantLogged checks that a step is in the log.
func (d *desktop) wantLogged(step string) {
	d.t.Helper()
	if !strings.Contains(d.log.String(), "\n"+step+"\n") {
		d.t.Errorf("the log has not %s:\n%s", step, d.log)
	}
}

// TestDecisionIsCancelled writes nothing when the evaluation that it waits for is cancelled.
func TestDecisionIsCancelled(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	m, _ := d.m.evaluateDecision()
	if !m.evaluation.Running() || m.deciding.steps == nil {
		t.Fatal("no evaluation runs for the decision")
	}
	if m, _ = cancelEvaluation(m); m.deciding.steps != nil {
		t.Error("the decision still waits")
	}
}

// TestTuneIsOffered offers a step that needs no word more.
func TestTuneIsOffered(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("T")
	if got, want := d.m.prompt.Input.Value(), "tune    A, B, C for P@10 category front P@10 category, P@10 brand over all seed 1 step 1/10 share 0.5"; got != want {
		t.Errorf("for a single layer it offers %s, want %s", got, want)
	}
	d.press("esc down a text:2*B+pattern enter T")
	if got, want := d.m.prompt.Input.Value(), "tune    B, pattern for "; !strings.HasPrefix(got, want) {
		t.Errorf("for a sum it offers %s, want %s…", got, want)
	}
}

// TestDecisionPressedTwice writes once if W is pressed again before it is known whether the files are there, or while the
// evaluation runs that it waits for.
func TestDecisionPressedTwice(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	m, look := decideRow(d.m)
	m, again := decideRow(m)
	if look == nil || again != nil {
		t.Fatalf("the files are looked for again: %t, %t", look != nil, again != nil)
	}
	d.m = m
	d.do(look)
	if n := strings.Count(d.log.String(), "\ndecide "); n != 1 {
		t.Errorf("%d decisions:\n%s", n, d.log)
	}
	if m, _ = foundDecision(d.m, decisionFound{}); m.deciding.asking {
		t.Error("W is dead")
	}
}

// TestDecisionOverFlags evaluates again when an item was flagged since.
func TestDecisionOverFlags(t *testing.T) {
	stateHome(t)
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("F enter n F enter / text:flag=wrong enter E n n F enter W W")
	if n := strings.Count(d.log.String(), "\nevaluate "); n != 2 {
		t.Errorf("%d evaluations:\n%s", n, d.log)
	}
}

// TestQuestionsInSight: what W asks stands over what is under the cursor, and a press of the mouse takes it back.
func TestQuestionsInSight(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("W esc enter W")
	d.wantStatus("decision.html is there: W once more writes over it")
	d.send(tea.MouseMsg{X: 1, Y: 1, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft})
	if d.m.deciding.over || strings.Contains(d.status(), "once more") {
		t.Errorf("a click leaves the question: %q", d.status())
	}
}
