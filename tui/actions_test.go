package tui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine"
	"strata/engine/inert"
	"strata/experiments"
	"strata/experiments/script"
	"strata/fixtures"
	"strata/tui/cells"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/prompt"
)

func TestQueryKeys(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	g := d.m.gallery
	n := g.Len()
	for _, tc := range []struct{ keys, want string }{
		{"n", g.ID(1)},
		{"n n", g.ID(3)},
		{"p", g.ID(2)},
		{"p p p", g.ID(n - 1)},
		{"n", g.ID(0)},
		{"g text:knit-cap-0003 enter", "knit-cap-0003"},
		{"g text:knit-001 enter", "knit-0010"},
		{": text:query_knit-cap-0001 enter", "knit-cap-0001"},
	} {
		d.press(tc.keys)
		if got := g.ID(d.m.Shown.Query); got != tc.want {
			t.Errorf("after %q the query is %s, want %s", tc.keys, got, tc.want)
		}
		d.wantSteps("query   "+tc.want, "search  10")
	}
	was := d.m.Shown.Query
	d.press("r")
	if d.m.Shown.Query == was {
		t.Error("a random query is the same as before")
	}
}

func TestKeysInOneRead(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("text:" + strings.Repeat("n", 30))
	if d.m.Shown.Query != 30 {
		t.Errorf("30 times n in one read lead to row %d", d.m.Shown.Query)
	}
	d.press("text:g" + d.m.gallery.ID(7))
	d.press("enter")
	if d.m.Shown.Query != 7 {
		t.Errorf("g and an id in one read lead to row %d", d.m.Shown.Query)
	}
}

func TestRestrictedQueries(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("/ text:cap_navy")
	d.wantScreen(" of 1,248 queries")
	if d.m.prompt.Kind != prompt.Restrict || len(d.m.Walk.Rows) == 0 {
		t.Fatalf("%d queries are left", len(d.m.Walk.Rows))
	}
	d.press("enter")
	for range 3 {
		g := d.m.gallery
		row := d.m.Shown.Query
		category, _ := g.Label("category")
		colour, _ := g.Label("colour")
		if category.Cell(row) != "knit-cap" || colour.Cell(row) != "navy" {
			t.Errorf("%s is a %s %s", g.ID(row), colour.Cell(row), category.Cell(row))
		}
		d.press("n")
	}
	d.wantScreen("queries like cap navy")
	d.press("esc")
	if d.m.Walk.Text != "" {
		t.Error("esc leaves the restriction")
	}
	d.press("/ text:nothing_is_like_this enter")
	d.wantScreen("no query is like this; esc goes back to all queries")
	d.press("ctrl+u text:cap enter")
	if g := d.m.gallery; d.m.prompt.Kind != prompt.None || !strings.Contains(g.ID(d.m.Shown.Query), "cap") {
		t.Errorf("the query is %s", g.ID(d.m.Shown.Query))
	}
}

// TestNoRestrictionInAVisit: a visit goes through its own queries, and / is not offered.
func TestNoRestrictionInAVisit(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down M tab down enter d")
	if !d.m.Visiting.On || slices.ContainsFunc(d.m.enabled(), func(a action) bool { return a.Help().Key == "/" }) {
		t.Error("a visit offers /")
	}
	if d.press("/"); d.m.prompt.Kind != prompt.None {
		t.Error("a visit asks for a restriction")
	}
	d.press("esc esc")
	if d.m.findings.Open || !d.m.Rows.Difference {
		t.Error("d is otherwise after a visit")
	}
}

func TestSchemeKeys(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.wantSchemes("A B C A+B+C")
	for _, tc := range []struct{ name, keys, want string }{
		{"remove", "x", "B C A+B+C"},
		{"add", "a text:pattern enter", "B pattern C A+B+C"},
		{"edit", "e text:+A enter", "B pattern+A C A+B+C"},
		{"edit and drop", "e text:+B esc", "B pattern+A C A+B+C"},
		{"down", "J", "B C pattern+A A+B+C"},
		{"up", "K K", "pattern+A B C A+B+C"},
		{"pin", "down down space", "C pattern+A B A+B+C"},
		{"not over the pinned", "down K", "C pattern+A B A+B+C"},
		{"layers", "L down space down space esc", "C pattern+A+B+C B A+B+C"},
		{"step", ": text:schemes_B,_rrf(A,B) enter", "B rrf(A,B)"},
		{"layer of a fusion", "down L down down space esc", "B rrf(A,B,C)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d.press(tc.keys)
			d.fire()
			d.wantSchemes(tc.want)
			d.wantSteps("schemes "+strings.ReplaceAll(tc.want, " ", ", "), "search  10")
		})
	}
}

func TestSlider(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down down down")
	before := d.log.Len()
	d.press("left left tab shift+right 0")
	d.wantSchemes("A B C 0.9*A+0*B+C")
	if d.log.Len() != before {
		t.Error("a slider that moves is logged")
	}
	d.wantStatus("…")
	d.fire()
	d.wantStatus("saved 14:02:11")
	d.wantSteps("schemes A, B, C, 0.9*A+0*B+C", "search  10")
	if n := strings.Count(d.log.String(), "schemes"); n != 2 {
		t.Errorf("the log has %d schemes steps, want the first and the slider's", n)
	}
	d.press("tab 0 tab 0")
	if s := d.m.Focused(); pane.AllZero(s) {
		t.Errorf("%s has no weight", s)
	}
	d.press("1")
	if w := d.m.FocusedKnobs()[0].Weight; w != 1 {
		t.Errorf("1 sets the weight to %g", w)
	}
	d.press("q")
	d.wantSteps("schemes "+strings.ReplaceAll(d.schemes(), " ", ", "), "search  10")
}

// TestLateAnswers runs the searches of two keys in the wrong order.
func TestLateAnswers(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	m, first := stepQuery(d.m, 1)
	m, second := stepQuery(m, 1)
	d.m = m
	d.do(second)
	d.do(first)
	if d.m.Shown.Query != 2 {
		t.Errorf("row %d is shown, want 2", d.m.Shown.Query)
	}
	if log := d.log.String(); strings.Contains(log, "query   "+d.m.gallery.ID(1)+"\n") {
		t.Error("a superseded search is logged")
	}
	if d.m.unsaved() {
		t.Error("the last search is logged and said to be unsaved")
	}
}

func TestSlowAnswer(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	m, search := stepQuery(d.m, 1)
	d.m = m
	old, _ := d.m.Update(nil)
	if got := old.(Model).Shown; got.Query != 0 || got.Rankings == nil {
		t.Error("the old answer goes before the wait is over")
	}
	d.fire()
	if d.m.Shown.Query != 1 || d.m.Shown.Rankings != nil {
		t.Error("after the wait the old answer is still shown")
	}
	d.wantScreen("╭")
	d.wantStatus("…")
	d.do(search)
	if d.m.Shown.Rankings == nil {
		t.Error("the answer is not shown")
	}
	d.wantStatus("saved")
}

func TestPanel(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	d.press("down down down enter right")
	h, ok := d.m.CursorHit()
	if !ok || !d.m.Panel {
		t.Fatal("enter looks at no hit")
	}
	d.wantScreen("hit " + d.m.gallery.ID(h.Row))
	var sum float64
	for i, l := range d.m.gallery.Layers {
		if pane.Holds(d.m.Focused(), l.Name) {
			sum += d.m.Parts.Cosines[i].Value / 3
		}
	}
	if cells.Number(sum, 9) != cells.Number(h.Score, 9) {
		t.Errorf("the parts add up to %g, the score is %g", sum, h.Score)
	}
	var parts []string
	for i, l := range d.m.gallery.Layers[:3] {
		parts = append(parts, cells.Number(d.m.Parts.Cosines[i].Value/3, 2)+" "+l.Name)
	}
	d.wantScreen(strings.Join(parts, " + "))
	d.press("enter")
	if d.m.Shown.Query != h.Row || !d.m.Panel {
		t.Errorf("enter on a hit makes row %d the query, want %d", d.m.Shown.Query, h.Row)
	}
	d.press("esc")
	if d.m.Panel {
		t.Error("esc leaves the hit on the screen")
	}
}

func TestLabelsAndCaptions(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	d.wantScreen("● category")
	d.press("l space down space down space esc")
	d.wantScreen("● pattern")
	if got := strings.Join(d.m.Rows.Marked, " "); got != "pattern" {
		t.Errorf("marked are %q", got)
	}
	d.wantScreen("1 new ")
	hit := d.m.Shown.Rankings[0].Hits[0].Row
	d.press("c")
	d.wantScreen("captions show labels")
	d.press("c")
	d.wantScreen(cells.CutID(d.m.gallery.ID(hit), 8))
	d.press("c")
	d.wantScreen("captions show scores")
}

func TestCommandsAreCheckedAsTheyAreTyped(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	for _, tc := range []struct{ text, want string }{
		{"evaluate_B,_nope", `no layer "nope"`},
		{"evaluate_on_nope", `no label "nope"`},
		{"evaluate_where_colour=mauve", `no value of colour "mauve"`},
		{"filter_nope=1", `no label "nope"`},
		{"filter_colour=mauve", `no value of colour "mauve"`},
		{"evaluate_over_0", `"0" is not a number of queries`},
	} {
		d.press(": text:" + tc.text)
		d.wantScreen(tc.want)
		d.press("enter")
		if d.m.prompt.Kind != prompt.Command {
			t.Errorf("%s: enter takes it", tc.text)
		}
		d.press("esc")
	}
	d.press(": text:search_3 enter")
	d.wantSteps("search  3")
	d.wantScreen("k 3 · all queries")
}

func TestGalleryWithoutPictures(t *testing.T) {
	files := fstest.MapFS{
		"items.csv": {Data: []byte("id,kind\none,a\ntwo,b\n")},
		"A.npy":     {Data: matrixFile([][]float32{{1, 0}, {0, 1}})},
	}
	d := openGallery(t, files, nil, 120, 40, picture.GraphicsSixel)
	d.wantScreen("no pictures: items.csv names none")
	d.wantScreen("2 items")
	files["items.csv"] = &fstest.MapFile{Data: []byte("id,kind\none,a\n")}
	files["A.npy"] = &fstest.MapFile{Data: matrixFile([][]float32{{1, 0}})}
	d = openGallery(t, files, nil, 120, 40, picture.GraphicsSixel)
	d.wantScreen("1 item ")
	d.wantScreen("there is no other item to rank")
	d.press("E")
	d.wantStatus("evaluated 1 scheme over 1 query")
}

func TestCaptionsWithoutPictures(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("c")
	d.wantScreen("captions show moves")
	d.wantScreen("●◆ new")
}

func TestEvaluateKey(t *testing.T) {
	d := openDesktop(t, 200, 60, picture.GraphicsNone)
	d.press("E")
	if d.m.evaluation.Running() {
		t.Fatal("the evaluation still runs")
	}
	d.wantStatus("evaluated 4 schemes over 1,248 queries")
	d.wantScreen("  P@10 ")
	d.wantSteps("evaluate A, B, C, A+B+C on category, brand, pattern, colour, background over all seed 1")
	s, ok := d.m.table.Summary(d.m.Desk.Schemes[1], "category")
	if !ok {
		t.Fatal("there is no mean")
	}
	d.wantScreen(cells.Number(s.Value, 3) + " ±")
	d.press(": text:filter_colour=red enter")
	if _, ok := d.m.table.Summary(d.m.Desk.Schemes[1], "category"); ok {
		t.Error("a mean over other candidates is shown")
	}
	d.wantScreen("filter colour=red")
}

func TestCancelEvaluation(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	before := d.log.Len()
	m, run := startEvaluation(d.m)
	d.m = m
	d.m.evaluation.Progress.Set(experiments.Progress{Phase: "ranking", Unit: "queries", Done: 60, Of: 1248}, d.m.c.Now())
	d.wantStatus("evaluating: ranking")
	d.wantStatus("60 of 1,248 queries")
	d.m.evaluation.Progress.Set(experiments.Progress{Phase: "resampling"}, d.m.c.Now().Add(-3*time.Second))
	d.wantStatus("evaluating: resampling · 3s")
	d.press("E")
	d.wantStatus("cancelled")
	d.do(run)
	d.wantStatus("cancelled")
	if d.log.Len() != before {
		t.Error("a cancelled evaluation is logged")
	}
}

func TestNoteAndExport(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("N text:checks_look_alike enter")
	d.wantSteps("note    checks look alike")
	d.wantStatus("noted in session.strata")
	file := filepath.Join(t.TempDir(), "rankings.csv")
	d.press("X ctrl+u text:" + file + " enter")
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	d.wantStatus("wrote ")
	d.press("X ctrl+u text:rows.txt enter")
	d.wantProblem("comparisons, rankings")
	d.wantScreen("export to  rows.txt")
	d.press("esc down")
	if d.m.status.Problem != "" {
		t.Error("an error outlives the next key")
	}
	d.press("!")
	d.wantScreen("Last errors")
}

func TestCommandFaults(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"query nothing-like-it", "no item"},
		{"schemes edges, nolayer", "nolayer"},
		{"filter colour=mauve", "mauve"},
		{"gallery demo", "another session"},
		{"frobnicate", "^ "},
		{"schemes 2*", "^ "},
	} {
		t.Run(tc.text, func(t *testing.T) {
			d := openDesktop(t, 120, 40, picture.GraphicsNone)
			before := d.log.Len()
			d.press(": text:" + strings.ReplaceAll(tc.text, " ", "_") + " enter")
			d.wantScreen(tc.want)
			if d.log.Len() != before {
				t.Errorf("the log grows by %q", d.log.String()[before:])
			}
			d.press("esc n")
			if d.m.Shown.Query != 1 {
				t.Error("the screen does not go on")
			}
		})
	}
}

func TestMouse(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	click := func(x, y int) {
		d.send(tea.MouseMsg{X: x, Y: y, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft})
	}
	r := d.m.layout.ThumbAt(1, 3)
	click(r.X+2, r.Y+1)
	if d.m.Rows.Focus != 1 || d.m.Rows.Cursor != 3 {
		t.Errorf("the click focuses row %d, picture %d", d.m.Rows.Focus, d.m.Rows.Cursor)
	}
	hit, _ := d.m.CursorHit()
	click(r.X+2, r.Y+1)
	if d.m.Shown.Query != hit.Row {
		t.Errorf("the double click makes row %d the query, want %d", d.m.Shown.Query, hit.Row)
	}
	d.send(tea.MouseMsg{Button: tea.MouseButtonWheelDown, Action: tea.MouseActionPress})
	d.send(tea.MouseMsg{Button: tea.MouseButtonWheelDown, Action: tea.MouseActionPress})
	if d.m.Rows.Focus != 3 {
		t.Errorf("the wheel leads to row %d", d.m.Rows.Focus)
	}
	s := d.m.layout.Sliders
	left, w := d.m.Sliders.Track(d.m.FocusedKnobs(), s.W)
	click(s.X+left+w/2, s.Y+2)
	d.send(tea.MouseMsg{X: s.X + left, Y: s.Y + 5, Action: tea.MouseActionMotion, Button: tea.MouseButtonLeft})
	d.send(tea.MouseMsg{X: s.X + left, Y: s.Y + 5, Action: tea.MouseActionRelease})
	d.fire()
	d.wantSchemes("A B C A+0*B+C")
}

func TestHostileGallery(t *testing.T) {
	for _, graphics := range []picture.Graphics{picture.GraphicsSixel, picture.GraphicsHalfBlock, picture.GraphicsNone} {
		d := openGallery(t, hostileGallery(t), nil, 120, 40, graphics)
		for _, keys := range []string{
			"", "c", "c", "c", "enter", "l", "esc", "esc", "n", "n", "n", "!", "esc", "g text:t", "esc", "e", "esc", "L", "esc", "E", "t", "down", "enter", "enter", "esc",
			"down M", "tab", "tab", "tab", "enter", "esc", "tab", "enter", "esc", "tab", "b", "esc", "esc", "L",
		} {
			d.press(keys)
			lines, _ := d.m.compose()
			for _, line := range lines {
				if inert.Line(line) != line && graphics != picture.GraphicsHalfBlock {
					t.Fatalf("%v after %q: %q", graphics, keys, line)
				}
			}
		}
		d.press("esc")
		d.wantProblem("demo/a-very-long_name.npy: 1 of 5 rows are zero")
	}
}

func (d *desktop) wantProblem(part string) {
	d.t.Helper()
	if all := strings.Join(d.m.status.Problems, "\n"); !strings.Contains(all, part) {
		d.t.Errorf("no error says %q: %q", part, all)
	}
}

func TestBrokenPicturesAreNamed(t *testing.T) {
	d := openGallery(t, hostileGallery(t), nil, 120, 40, picture.GraphicsSixel)
	d.wantScreen("broken")
	d.wantScreen("missing")
	d.wantScreen("  no\n") // at the end of a line
	d.wantScreen(" picture")
}

// TestLogReplays checks that what the keys did is a script that gives the same again.
func TestLogReplays(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("n n down a text:rrf(B,A) enter left N text:a_note enter : text:filter_colour=red enter r E")
	d.fire()
	if report := d.replays(); report.Steps < 15 || report.Compared < 300 {
		t.Errorf("%d steps, %d lines compared", report.Steps, report.Compared)
	}
}

// replays checks that the log gives the same again.
func (d *desktop) replays() experiments.ReplayReport {
	d.t.Helper()
	log := filepath.Join(d.t.TempDir(), "session.strata")
	if err := os.WriteFile(log, []byte(d.log.String()), 0o666); err != nil {
		d.t.Fatal(err)
	}
	script, err := script.ReadScript(log, script.Reading{})
	if err != nil {
		d.t.Fatal(err)
	}
	report, err := experiments.Replay(d.t.Context(), script, experiments.ReplayOptions{
		Open: func(ctx context.Context, name string) (*engine.Gallery, error) {
			return engine.OpenFS(ctx, name, fixtures.Demo())
		},
		Check: true, Budget: 64 << 20,
	})
	if err != nil {
		d.t.Errorf("%d steps, %d lines compared: %v", report.Steps, report.Compared, err)
	}
	return report
}

func TestEditIsTakenBack(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	before := d.log.Len()
	d.press("e text:+B")
	d.wantSchemes("A+B B C A+B+C")
	d.press("esc")
	d.wantSchemes("A B C A+B+C")
	if d.log.Len() != before {
		t.Errorf("an edit that was taken back is logged: %q", d.log.String()[before:])
	}
	d.press("e text:+edges ctrl+c")
	if d.log.Len() != before {
		t.Errorf("an edit that ctrl+c ends is logged: %q", d.log.String()[before:])
	}
}
