package tui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"strata/experiments/script"
	"strata/tui/picture"
	"strata/tui/prompt"
)

// TestExportAsks: a file that is there is written over when enter is pressed a second time.
func TestExportAsks(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	file := filepath.Join(t.TempDir(), "rankings.csv")
	if err := os.WriteFile(file, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, open := range []string{"X ctrl+u text:" + file, ": text:export_" + file} {
		if err := os.WriteFile(file, []byte("mine"), 0o666); err != nil {
			t.Fatal(err)
		}
		before := d.log.Len()
		d.press(open + " enter")
		d.wantScreen("is there: enter once more writes over it")
		if text, err := os.ReadFile(file); err != nil || string(text) != "mine" || d.log.Len() != before {
			t.Fatalf("%s: it is written over: %q, %v", open, text, err)
		}
		d.press("backspace")
		if strings.Contains(d.picture(), "is there") {
			t.Errorf("%s: another name is said to be there", open)
		}
		d.press("text:v enter")
		d.wantScreen("is there: enter once more writes over it")
		d.press("enter")
		if text, err := os.ReadFile(file); err != nil || string(text) == "mine" {
			t.Errorf("%s: it is not written: %v", open, err)
		}
		d.wantStatus("wrote ")
	}
	d.press("X ctrl+u text:" + filepath.Join(filepath.Dir(file), "per/rankings.csv") + " enter")
	d.wantScreen("per")
	if d.m.prompt.Kind != prompt.Export {
		t.Error("a file in a folder that is not there takes the prompt away")
	}
}

// TestTextsComeBack: a text whose step fails is there again, with what is wrong.
func TestTextsComeBack(t *testing.T) {
	for _, tc := range []struct{ keys, text, want string }{
		{"X ctrl+u text:rows.txt enter", "rows.txt", "rows.txt"},
		{"o text:/nowhere/a.jpg enter", "/nowhere/a.jpg", "there is no such picture"},
		{": text:image_/nowhere/a.jpg enter", "image /nowhere/a.jpg", "there is no such picture"},
		{": text:require_P@10_category_>=_.5 enter", "require P@10 category >= .5", "there is no evaluation yet"},
		{": text:export_nothing.csv enter", "export nothing.csv", "nothing.csv"},
		{": text:tune_A,_nope_for_P@10_category_over_50 enter", "tune A, nope for P@10 category over 50", "nope"},
	} {
		d := openDesktop(t, 120, 40, picture.GraphicsNone)
		before := d.frame(d.m)
		d.press(tc.keys)
		if got := d.m.prompt.Input.Value(); d.m.prompt.Kind == prompt.None || got != tc.text {
			t.Errorf("%s: the prompt holds %q", tc.keys, got)
		}
		d.wantScreen(tc.want)
		d.press("esc")
		if got := d.frame(d.m); got != before {
			t.Errorf("%s: then the screen is\n%s\nand was\n%s", tc.keys, got, before)
		}
	}
}

// TestTextsStayAway: a text does not come back over what its user does meanwhile.
func TestTextsStayAway(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("X ctrl+u text:rows.txt")
	m, ask := takePrompt(d.m)
	next, write := m.Update(ask())
	d.m = next.(Model)
	d.press("down")
	d.do(write)
	if d.m.prompt.Kind != prompt.None {
		t.Error("the prompt opens over another key")
	}
	d.wantProblem("rows.txt")
}

// TestRestrictTakenLate: enter that comes before the queries are known takes them when they are.
func TestRestrictTakenLate(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("/ text:ca")
	m, look := d.m.key(keyNamed(t, "p"))
	d.m = m
	d.press("enter")
	if d.m.prompt.Kind != prompt.Restrict {
		t.Fatal("the prompt closes before the queries are known")
	}
	d.do(look)
	if g := d.m.gallery; d.m.prompt.Kind != prompt.None || !strings.Contains(g.ID(d.m.Shown.Query), "cap") {
		t.Errorf("the query is %s", g.ID(d.m.Shown.Query))
	}
}

// TestStepPrompt has help for the step that is typed, and the steps that were typed before.
func TestStepPrompt(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	for _, tc := range []struct{ keys, want string }{
		{":", "gallery · query · image"},
		{"text:ev", "evaluate"},
		{"tab", "measure schemes over many queries: evaluate [SCHEME, ...] [on LABEL, ...]"},
		{"text:B_over_", "measure schemes over many queries"},
		{"enter", "^ "},
		{"text:0", `"0" is not a number of queries`},
		{"ctrl+u text:fil", "filter"},
		{"text:ter_colour=red enter", "filter colour=red"},
		{": text:note_a enter", "noted in"},
		{": text:quer up", "step  note a"},
		{"up", "step  filter colour=red"},
		{"up", "step  filter colour=red"},
		{"down down", "step  quer"},
		{"up up enter", "filter colour=red"},
	} {
		d.press(tc.keys)
		d.wantScreen(tc.want)
	}
}

// TestQuitAsksAgain: q asks while something runs, and again after another key.
func TestQuitAsksAgain(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	m, _ := startEvaluation(d.m)
	d.m = m
	for range 2 {
		d.press("q")
		d.wantStatus("q once more ends it")
		d.press("down up")
	}
	if d.m.evaluation.Warned {
		t.Error("q would quit at once")
	}
	d.m, _ = cancelEvaluation(d.m)
}

// TestTextsOfFailedKeys: the texts of F, g and / come back, too.
func TestTextsOfFailedKeys(t *testing.T) {
	state := stateHome(t)
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("F enter")
	file := flagPath(t, state)
	if err := os.WriteFile(file, []byte("no table of flags"), 0o666); err != nil {
		t.Fatal(err)
	}
	d.press("n F text:own_word enter")
	if got := d.m.prompt.Input.Value(); d.m.prompt.Kind != prompt.Flag || got != "own word" {
		t.Errorf("the prompt %d holds %q", d.m.prompt.Kind, got)
	}
	d.wantScreen("flags.csv")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	d.press("enter")
	d.wantScreen("flagged " + d.m.gallery.ID(1) + " as own word")
	if err := d.m.session.Close(); err != nil {
		t.Fatal(err)
	}
	for keys, text := range map[string]string{"g text:knit-001": "knit-001", "/ text:navy_down": "navy down"} {
		d.press(keys + " enter")
		if got := d.m.prompt.Input.Value(); d.m.prompt.Kind == prompt.None || got != text {
			t.Errorf("%s: the prompt %d holds %q", keys, d.m.prompt.Kind, got)
		}
		d.wantScreen("closed")
		d.press("esc")
	}
}

// TestTextsOfOtherSteps: a text comes back if its own step fails, not if another does.
func TestTextsOfOtherSteps(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	m, other := d.m.execute(script.Require{})
	d.m = m
	d.press("N text:so")
	m, note := takePrompt(d.m)
	d.m = m
	d.do(other)
	d.wantProblem("there is no evaluation yet")
	if d.m.prompt.Kind != prompt.None {
		t.Error("the prompt opens with the error of another step")
	}
	d.do(note)
	m, other = d.m.execute(script.Require{})
	d.m = m
	d.do(other)
	if d.m.prompt.Kind != prompt.None {
		t.Error("the prompt opens whose step has succeeded")
	}
	d.press(": text:schemes_A,_B,_C,_A+B+C enter") // the rows as they are
	m, fails := d.m.execute(script.Require{})
	d.m = m
	d.do(fails)
	if d.m.prompt.Kind != prompt.None {
		t.Error("the prompt opens whose text began no step")
	}
	d.press("X ctrl+u text:rows.txt")
	m, ask := takePrompt(d.m)
	next, write := m.Update(ask())
	d.m = next.(Model)
	d.send(tea.MouseMsg{X: 1, Y: 1, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	d.do(write)
	if d.m.prompt.Kind != prompt.None {
		t.Error("the prompt opens over a press of the mouse")
	}
}
