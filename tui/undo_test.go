package tui

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"strata/tui/picture"
	"strata/tui/prompt"
)

// frame is the screen as in a golden file, but for what the status says: it tells what was done, and counts columns.
func (d *desktop) frame(first Model) string {
	d.t.Helper()
	at := *d
	at.m.status = first.status
	return at.picture()
}

func TestUndoKeys(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	first := d.m
	start := d.frame(first)
	if canUndo(&d.m) || canRedo(&d.m) {
		t.Error("there is something to undo at the start")
	}
	d.press("x")
	d.wantStatus("removed A; u brings it back")
	d.press("u")
	d.wantSchemes("A B C A+B+C")
	d.wantSteps("undo", "search  10")
	d.wantStatus("took back: rows; ctrl+r does it again")
	d.press("ctrl+r")
	d.wantSchemes("B C A+B+C")
	d.wantSteps("redo", "search  10")
	d.wantStatus("did again: rows; u takes it back")
	d.press("down down left left left")
	d.fire()
	d.press("n l space esc")
	steps := len(d.steps(1000))
	d.press("u")
	if got := strings.Join(d.m.Rows.Marked, " "); got != "category brand" || len(d.steps(1000)) != steps {
		t.Errorf("marked are %s after %q", got, d.steps(1000)[steps:])
	}
	d.press("u")
	if d.m.Shown.Query != 0 {
		t.Errorf("row %d is the query", d.m.Shown.Query)
	}
	d.wantSchemes("B C 0.85*A+B+C")
	d.press("u") // the slide at once
	d.wantSchemes("B C A+B+C")
	d.press("u")
	if got := d.frame(first); got != start {
		t.Errorf("the first frame is\n%s\nand after undoing all\n%s", start, got)
	}
	d.press("u")
	if got := d.frame(first); got != start {
		t.Error("undo goes on before the start")
	}
	for range 4 {
		d.press("ctrl+r")
	}
	d.wantSchemes("B C 0.85*A+B+C")
	if got := strings.Join(d.m.Rows.Marked, " "); got != "brand" || d.m.Shown.Query != 1 || canRedo(&d.m) {
		t.Errorf("all done again, marked are %s, row %d is the query", got, d.m.Shown.Query)
	}
	d.press("u u p")
	if canRedo(&d.m) {
		t.Error("what was taken back can be done again after another change")
	}
	d.replays()
}

// TestUndoInMotion: what is not logged yet is taken back without a trace, and can be done again.
func TestUndoInMotion(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down down down left left")
	before := d.log.Len()
	d.press("u")
	d.fire()
	d.wantSchemes("A B C A+B+C")
	if d.log.Len() != before || d.m.unsaved() {
		t.Errorf("logged is %q", d.log.String()[before:])
	}
	d.press("ctrl+r")
	d.wantSchemes("A B C 0.9*A+B+C")
	d.wantSteps("schemes A, B, C, 0.9*A+B+C", "search  10")
	m, late := stepQuery(d.m, 1)
	d.m = m
	d.press("u")
	d.do(late)
	if d.m.Shown.Query != 0 {
		t.Errorf("row %d is the query", d.m.Shown.Query)
	}
	d.wantSchemes("A B C 0.9*A+B+C")
	d.press("u")
	d.wantSchemes("A B C A+B+C")
	d.replays()
}

// TestUndoneLate: a step that is logged, but whose answer comes too late, is taken back in the log.
func TestUndoneLate(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	m, search := stepQuery(d.m, 1)
	d.m = m
	answer := search() // it is in the log now
	d.press("u")
	d.send(answer)
	if d.m.Shown.Query != 0 || d.m.unsaved() {
		t.Errorf("row %d is the query", d.m.Shown.Query)
	}
	d.wantSteps("query   "+d.m.gallery.ID(1), "search  10", "undo", "search  10")
	d.replays()
}

// TestUndoAgain: a second undo, before the first has its answer, takes back what lies before it.
func TestUndoAgain(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("x n : text:filter_colour=red enter")
	var answers []tea.Cmd
	for range 3 {
		m, answer := d.m.key(keyNamed(t, "u"))
		d.m = m
		answers = append(answers, answer)
	}
	for _, answer := range answers {
		d.do(answer)
	}
	if d.m.Shown.Query != 0 || d.m.Filter != "" || canUndo(&d.m) {
		t.Errorf("row %d is the query, the filter %s", d.m.Shown.Query, d.m.Filter)
	}
	d.wantSchemes("A B C A+B+C")
	d.press("ctrl+r ctrl+r ctrl+r")
	if d.m.Shown.Query != 1 || d.m.Filter != "colour=red" || canRedo(&d.m) {
		t.Errorf("done again, row %d is the query, the filter %s", d.m.Shown.Query, d.m.Filter)
	}
	d.wantSchemes("B C A+B+C")
	d.replays()
}

// TestUndoMarks shows the rows while an undo of more marked labels than before has no answer.
func TestUndoMarks(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("l down down space esc")
	if len(d.m.Rows.Marked) != 3 {
		t.Fatalf("marked are %s", d.m.Rows.Marked)
	}
	d.press("n")
	m, answer := d.m.travel(-2)
	d.m = m
	d.picture()
	d.do(answer)
	if len(d.m.Rows.Marked) != 2 || d.m.Shown.Query != 0 {
		t.Errorf("row %d is the query, marked are %s", d.m.Shown.Query, d.m.Rows.Marked)
	}
}

// TestUndoSteps types undo and redo as steps.
func TestUndoSteps(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press(": text:undo")
	d.wantScreen("there is nothing to undo")
	d.press("enter")
	if d.m.prompt.Kind != prompt.Command {
		t.Error("enter takes an undo of nothing")
	}
	d.press("esc n : text:filter_colour=red enter x")
	d.wantScreen("filter colour=red")
	d.press(": text:undo_9")
	d.wantScreen("there are 3 changes to undo")
	d.press("esc : text:undo_2 enter")
	d.wantSteps("undo    2", "search  10")
	d.wantSchemes("A B C A+B+C")
	if d.m.Filter != "" || d.m.Shown.Query != 1 {
		t.Errorf("the filter is %s, row %d the query", d.m.Filter, d.m.Shown.Query)
	}
	d.press(": text:redo enter")
	d.wantScreen("filter colour=red")
	d.replays()
}

// TestUndoInAVisit: a visit has its own changes, and those of the rows are there again behind it.
func TestUndoInAVisit(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("n down M")
	if slices.ContainsFunc(d.m.enabled(), func(a action) bool { return a.Help().Key == "u" }) {
		t.Error("a page has an undo")
	}
	d.press("tab down enter")
	if !d.m.Visiting.On || canUndo(&d.m) {
		t.Fatal("a visit begins with something to undo")
	}
	query, at := d.m.Shown.Query, d.m.Visiting.At
	d.press("n u")
	if d.m.Shown.Query != query || d.m.Visiting.At != at || !d.m.Visiting.On {
		t.Errorf("row %d is the query, at %d", d.m.Shown.Query, d.m.Visiting.At)
	}
	d.press("esc esc")
	if d.m.findings.Open || d.m.Shown.Query != 1 {
		t.Fatal("the rows are not back")
	}
	d.press("u")
	if d.m.Shown.Query != 0 || canUndo(&d.m) {
		t.Errorf("row %d is the query", d.m.Shown.Query)
	}
	d.replays()
}

// TestUndoOfWhatIsGone: a moment to which nothing leads any more is forgotten, and the others stay.
func TestUndoOfWhatIsGone(t *testing.T) {
	stateHome(t)
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("d x F enter : text:filter_flag=wrong enter : text:filter_none enter l down down space esc u u u F enter")
	was := d.m
	before := d.frame(was)
	d.press("ctrl+r")
	if !strings.Contains(before, " 1 B ") || d.frame(was) != before {
		t.Errorf("the screen is\n%s\nand was\n%s", d.frame(was), before)
	}
	d.wantProblem("cannot do this again, and forgets it: filter: ")
	if d.m.moments.Past() != 1 || d.m.moments.Ahead() != 1 || d.m.awaited {
		t.Errorf("there are %d changes, and %d ahead", d.m.moments.Past(), d.m.moments.Ahead())
	}
	d.press("ctrl+r")
	if len(d.m.Rows.Marked) != 3 || d.m.Filter != "" {
		t.Errorf("marked are %q, the filter is %s", d.m.Rows.Marked, d.m.Filter)
	}
	d.press("u u")
	d.wantSchemes("A B C A+B+C")
	if canUndo(&d.m) {
		t.Error("there is more to undo than was done")
	}
	d.press("ctrl+r ctrl+r")
	if len(d.m.Rows.Marked) != 3 || canRedo(&d.m) || !d.m.Rows.Difference {
		t.Errorf("marked are %q, and by the difference is %v", d.m.Rows.Marked, d.m.Rows.Difference)
	}
	d.wantSchemes("B C A+B+C")
	d.replays()
}

// TestUndoQuicklyOfWhatIsGone: where the first of two undos has no answer yet, both are taken back.
func TestUndoQuicklyOfWhatIsGone(t *testing.T) {
	stateHome(t)
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("F enter : text:filter_flag=wrong enter : text:filter_none enter x F enter")
	was := d.m
	before := d.frame(was)
	m, first := d.m.travel(-1)
	d.m = m
	d.press("u")
	d.do(first)
	d.wantProblem("cannot take this back, and forgets it: rows, filter: ")
	if d.frame(was) != before || d.m.moments.Past() != 1 || d.m.moments.Ahead() != 0 {
		t.Errorf("there are %d changes, and %d ahead:\n%s", d.m.moments.Past(), d.m.moments.Ahead(), d.frame(was))
	}
	d.press("u")
	d.wantSchemes("A B C A+B+C")
	d.replays()
}

// TestUndoText says what was otherwise on the way, even where that ends as it began.
func TestUndoText(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("n p x")
	d.press(": text:undo_2 enter")
	d.wantStatus("took back: rows, query;")
	d.press("ctrl+r ctrl+r u : text:undo_2 enter")
	d.wantStatus("took back: query;")
}

// TestUndoToTheStart presses random keys, and undoes them all.
func TestUndoToTheStart(t *testing.T) {
	keys := []string{
		"n", "p", "r", "up", "down", "left", "right", "shift+left", "0", "1", "tab", "a text:pattern enter", "a text:rrf(A,B) enter", "x",
		"e text:+pattern enter", "e text:+A esc", "J", "K", "space", "L down space esc", "L space down space esc", "l space esc", "l down down space esc",
		"c", "enter", "esc", "/ text:cap enter", "/ text:navy esc", ": text:filter_colour=red enter", ": text:filter_none enter",
		": text:schemes_B,_C enter", "N text:seen enter", "u", "u", "ctrl+r", "g text:knit-001 enter", "fire", "fire", "fire",
	}
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	first := d.m
	start := d.frame(first)
	rng := rand.New(rand.NewPCG(13, 0))
	for round := range 3 {
		var pressed []string
		for range 60 {
			key := keys[rng.IntN(len(keys))]
			pressed = append(pressed, key)
			if key == "fire" {
				d.fire()
				continue
			}
			d.press(key)
		}
		d.press("esc esc esc")
		d.fire()
		last := fmt.Sprint(d.schemes(), d.m.Shown.Query, d.m.Filter, d.m.Rows.Marked, d.m.Rows.Pinned, d.m.Walk.Text)
		n := d.m.moments.Past()
		for range n {
			d.press("u")
		}
		if got := d.frame(first); got != start || n == 0 {
			t.Fatalf("round %d, after %q and %d times undo:\n%s\nwant\n%s", round, pressed, n, got, start)
		}
		for range n {
			d.press("ctrl+r")
		}
		if got := fmt.Sprint(d.schemes(), d.m.Shown.Query, d.m.Filter, d.m.Rows.Marked, d.m.Rows.Pinned, d.m.Walk.Text); got != last {
			t.Fatalf("round %d: done again it is %s, and was %s", round, got, last)
		}
	}
	d.replays()
}

// TestGoOn: a screen that goes on where a session ended undoes what led there.
func TestGoOn(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("n x : text:filter_colour=red enter")
	before := d.m.Shown.Desk
	config := d.m.c
	for _, state := range d.m.session.Moments() {
		config.Moments = append(config.Moments, state, state) // as a log may have it
	}
	m, err := NewModel(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	m.later = d.m.later
	d.m = m
	d.do(d.m.Init())
	d.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	if !d.m.Shown.Equal(before) || d.m.Filter != "colour=red" {
		t.Errorf("the screen begins with %s", d.schemes())
	}
	if d.m.moments.Past() != 3 {
		t.Errorf("%d changes lead there", d.m.moments.Past())
	}
	d.press("u u")
	d.wantSchemes("A B C A+B+C")
	if d.m.Shown.Query != 1 || d.m.Filter != "" {
		t.Errorf("row %d is the query, the filter %s", d.m.Shown.Query, d.m.Filter)
	}
	d.press("u")
	if d.m.Shown.Query != 0 || canUndo(&d.m) {
		t.Errorf("row %d is the query", d.m.Shown.Query)
	}
	d.replays()
}
