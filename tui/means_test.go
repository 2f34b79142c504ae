package tui

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/engine/neighbour"
	"strata/experiments"
	"strata/experiments/eval"
	"strata/experiments/live"
	"strata/experiments/script"
	"strata/fixtures"
	"strata/tui/picture"
)

// openLive opens the built-in gallery on a screen with means, from neighbourhoods of so many bytes, and waits until
// they are final.
func openLive(t *testing.T, cols, rows int, budget int64) *desktop {
	t.Helper()
	return openLiveOn(t, cols, rows, budget, picture.GraphicsNone)
}

// openLiveOn is openLive with pictures.
func openLiveOn(t *testing.T, cols, rows int, budget int64, graphics picture.Graphics) *desktop {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	files := fs.FS(demo{fixtures.Demo()})
	d := openSession(t, experiments.Options{
		Open: func(ctx context.Context, name string) (*engine.Gallery, error) {
			return engine.OpenFS(ctx, name, files)
		},
		Neighbours: budget,
	}, demoThumbs(graphics), cols, rows, graphics)
	d.sharpen()
	return d
}

// sharpen lets the means on the screen become final.
func (d *desktop) sharpen() {
	d.t.Helper()
	if d.m.Shown.Means == nil {
		d.t.Fatal("no means are on the screen")
	}
	for !d.m.Shown.Means.Final() {
		d.fire()
	}
}

// TestMeans shows the means of an evaluation without one; a slider moves mean, difference and verdict with the pictures,
// and an answer that comes late changes none of them.
func TestMeans(t *testing.T) {
	d := openLive(t, 120, 40, 64<<20)
	d.wantScreen("B: category .640, ahead of all; brand .304, ahead of 2 of 3, not shown against A+B+C")
	d.wantScreen(".640 ±.016 · 1,248")
	d.wantScreen(".304 ±.012 · 1,118")
	body := func() string { // the status says what the columns of other weights take
		lines := strings.Split(d.picture(), "\n")
		return strings.Join(slices.Delete(lines, d.m.layout.Status, d.m.layout.Status+1), "\n")
	}
	before := body()
	d.press("down down down left")
	d.wantScreen("0.95*A+B+C")
	d.wantScreen(" · ~p<.05, Holm")
	d.wantScreen("4 against 3")
	rows := d.m.Shown.Means
	for i, s := range d.m.Shown.Schemes {
		if i >= len(rows.Schemes) || rows.Place(s) != i {
			t.Fatalf("the means are of %s, the pictures of %s", rows.Schemes, d.schemes())
		}
	}
	d.fire() // it rests
	d.sharpen()
	if strings.Contains(d.picture(), "~") {
		t.Error("at rest numbers are rough")
	}
	late := sharpened{seq: d.m.sharpening.seq - 1}
	d.send(late)
	if d.m.Shown.Means == nil {
		t.Error("late means are shown")
	}
	d.press("right")
	d.fire()
	d.sharpen()
	d.press("up up up")
	if got := body(); got != before {
		t.Errorf("the way back leads to another screen:\n%s\nwas\n%s", got, before)
	}
	d.press("down down down space")
	d.fire()
	d.sharpen()
	d.press("down down")
	d.wantScreen("3 against 1")
}

// TestMeansBesideUnserved says which row is ahead although another one has no mean: that nothing is shown against it.
func TestMeansBesideUnserved(t *testing.T) {
	d := openLive(t, 160, 40, 64<<20)
	d.press("a text:rrf(rrf(A,B),C) enter")
	d.fire()
	d.sharpen()
	d.wantScreen("B: category .640, ahead of 3 of 4, not shown against rrf(rrf(A,B),C)")
	d.wantScreen(" · p<.05, Holm")
	if m := d.m.Shown.Means; m.Rough {
		t.Error("the other rows stay rough")
	}
}

// TestMeansFail shows the answer of a search whose means fail, with the reason.
func TestMeansFail(t *testing.T) {
	d := openLive(t, 120, 40, 64<<20)
	d.m.Desk.Query++
	query := d.m.Desk.Query
	m, cmd := d.m.search(true)
	d.m = m
	a, ok := cmd().(answered)
	if !ok || a.err != nil || a.means == nil {
		t.Fatalf("the search gives %v with means %v", a.err, a.means)
	}
	a.means, a.meansErr = nil, errors.New("A.npy: it was changed")
	d.send(a)
	d.wantStatus("A.npy: it was changed")
	if d.m.Shown.Query != query || d.m.Shown.Rankings == nil || d.m.unsaved() || d.m.Shown.Means != nil {
		t.Errorf("row %d is shown with %d rankings, unsaved %t", d.m.Shown.Query, len(d.m.Shown.Rankings), d.m.unsaved())
	}
	d.press("n")
	if d.m.Shown.Means == nil {
		t.Error("the next answer has no means")
	}
}

// TestMeansAfterFailure lets the means on the screen sharpen although a search failed.
func TestMeansAfterFailure(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.m.Shown.Means = &live.Rows{Known: []int{0}, Queries: 1, Usage: neighbour.Usage{Queries: 1}}
	m, _ := d.m.search(false)
	d.m = m
	seq := m.sharpening.seq
	d.send(answered{seq: m.searching.seq, err: errors.New("no such row")})
	d.wantStatus("no such row")
	if d.m.sharpening.seq == seq || !slices.Contains(*d.due, tea.Msg(unsharp{d.m.sharpening.seq})) {
		t.Error("nobody looks at the means again")
	}
}

// TestMeansAreEvaluated compares what is shown with an evaluation, whose numbers take their place.
func TestMeansAreEvaluated(t *testing.T) {
	d := openLive(t, 200, 60, 64<<20)
	rows := d.m.Shown.Means
	means := d.picture()
	d.press("E")
	e := d.m.table.Results[0]
	for _, sc := range e.Schemes {
		for _, label := range e.Labels {
			m, _ := rows.Mean(sc, label)
			if sum, _ := e.Summary(sc, label, 10); m.Value != sum.Value || m.N != sum.N || m.Half != (sum.High-sum.Low)/2 {
				t.Errorf("%s %s: %+v, evaluated %+v", sc, label, m, sum)
			}
		}
	}
	comparisons, err := e.Compare(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		if c.Metric.K != 10 || c.Metric.Kind != e.Metrics[0].Kind {
			continue
		}
		if d, ok := rows.Against(c.A, c.B, c.Label); !ok || d.P != c.P || d.Low != c.Low || (c.Holm < eval.Significant) != d.Shown() {
			t.Errorf("%s against %s, %s: %+v, evaluated %+v", c.A, c.B, c.Label, d, c)
		}
	}
	first := strings.Split(means, "\n")[1]
	if !strings.Contains(d.picture(), first) {
		t.Errorf("the evaluation moves the first row, which was\n%s", first)
	}
}

// TestSomeMeans has means of the queries that a budget holds, says of how many, and claims nothing.
func TestSomeMeans(t *testing.T) {
	d := openLive(t, 120, 40, 5<<20)
	u := d.m.Shown.Means.Usage
	if !u.Cut {
		t.Fatalf("all fit: %s", u)
	}
	d.wantScreen("so far, ")
	d.wantScreen("of 1,248 queries: B leads category")
	if strings.Contains(d.picture(), "p<") {
		t.Error("a sample claims a difference")
	}
	d.press("down E")
	d.press("a text:A+B enter")
	d.sharpen()
	d.wantScreen("≠ ")
	d.wantScreen(" · 1,248")
}

// TestQuitAsksFirst says that an evaluation runs before q ends it.
func TestQuitAsksFirst(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	m, _ := startEvaluation(d.m)
	m, cmd := quit(m)
	if cmd != nil || !strings.Contains(m.status.View(m.styles, "", m.evaluation, m.c.Now(), 0, false, 120), "the evaluation runs: q once more ends it") {
		t.Error("q ends an evaluation without a word")
	}
	if _, cmd = quit(m); cmd == nil {
		t.Error("q once more does not quit")
	}
	m.evaluation.Cancel()
}

// TestQuitWaitsForTheLog: q waits for a step that is on its way to the log, and leaves then; a second q does not wait.
func TestQuitWaitsForTheLog(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	m, write := d.m.execute(script.Note{Text: "last words"})
	m, cmd := quit(m)
	if cmd != nil || m.status.Question == "" {
		t.Fatalf("q does not wait: %q", m.status.Question)
	}
	if _, cmd := quit(m); cmd == nil {
		t.Error("q once more does not quit")
	}
	d.m = m
	next, cmd := d.m.Update(write())
	if !quits(cmd) {
		t.Error("q is forgotten when the step is in the log")
	}
	if !strings.Contains(d.log.String(), "note    last words") || next.(Model).pending != 0 {
		t.Errorf("the log has no note:\n%s", d.log)
	}
}

// quits runs a command, and those of a batch, and reports whether one ends the program.
func quits(cmd tea.Cmd) bool {
	if cmd == nil {
		return false
	}
	switch msg := cmd().(type) {
	case tea.QuitMsg:
		return true
	case tea.BatchMsg:
		return slices.ContainsFunc(msg, quits)
	}
	return false
}
