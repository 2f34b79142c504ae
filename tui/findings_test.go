package tui

import (
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"strata/engine/rank"
	"strata/experiments"
	"strata/tui/page"
	"strata/tui/pane"
	"strata/tui/picture"
	"strata/tui/prompt"
)

// wantPage checks that the findings are open on a page with its cursor on a row.
func (d *desktop) wantPage(p page.Page, at int) {
	d.t.Helper()
	f := d.m.findings
	if !f.Open || f.Sheet != nil || f.Page != p || f.At[p] != at {
		d.t.Errorf("the findings are open %v, with a sheet %v, on %v at %d; want %v at %d", f.Open, f.Sheet != nil, f.Page, f.At[f.Page], p, at)
	}
}

func TestFindingsGolden(t *testing.T) {
	for _, tc := range []struct {
		name       string
		cols, rows int
		graphics   picture.Graphics
		keys       string
	}{
		{"80x24-classes", 80, 24, picture.GraphicsSixel, "down M l l"},
		{"120x40-losses", 120, 40, picture.GraphicsSixel, "down M tab down down"},
		{"160x50-losses", 160, 50, picture.GraphicsSixel, "down M tab down down"},
		{"200x60-schemes", 200, 60, picture.GraphicsSixel, "E t down"},
		{"80x24-schemes", 80, 24, picture.GraphicsNone, "E t l"},
		{"80x24-queries", 80, 24, picture.GraphicsNone, "E t down enter r"},
		{"120x40-mistakes", 120, 40, picture.GraphicsNone, "down M tab tab"},
		{"80x24-hubs", 80, 24, picture.GraphicsNone, "down M tab tab tab"},
		{"80x24-hub", 80, 24, picture.GraphicsSixel, "down M tab tab tab enter right"},
		{"120x40-hub-text", 120, 40, picture.GraphicsNone, "down M tab tab tab enter down"},
		{"120x40-duplicates", 120, 40, picture.GraphicsNone, "down M tab tab tab tab l l"},
		{"120x40-twins", 120, 40, picture.GraphicsSixel, "down M tab tab tab tab enter"},
		{"120x40-disagree", 120, 40, picture.GraphicsNone, "down M tab tab tab tab tab"},
		{"80x24-visit", 80, 24, picture.GraphicsSixel, "down M tab down enter n"},
		{"40x10-classes", 40, 10, picture.GraphicsNone, "down M"},
		{"120x40-choose", 120, 40, picture.GraphicsNone, "down M b down"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := openDesktop(t, tc.cols, tc.rows, tc.graphics)
			d.press(tc.keys)
			d.golden(tc.name)
		})
	}
}

// TestVisitAndBack goes from every page to pictures and back to the same place.
func TestVisitAndBack(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	d.press("n down down")
	query, focus := d.m.Shown.Query, d.m.Rows.Focus
	d.press("M")
	d.wantSteps("mine    B, C on category, brand, pattern, colour, background over all seed 1")
	d.wantPage(page.Classes, 0)
	mined := d.m.findings.Mined
	if strings.Contains(d.picture(), "▒") {
		t.Error("the list has pictures")
	}

	d.press("down enter")
	class := mined.ClassesOf("category")[1]
	worst := mined.ClassLosses("category", class.Class)
	want := worst[0].Query
	if class.Diff < 0 {
		want = worst[len(worst)-1].Query
	}
	d.wantSchemes("B C")
	if d.m.Shown.Query != want {
		t.Errorf("the class leads to row %d, want %d", d.m.Shown.Query, want)
	}
	d.wantSteps("query   "+d.m.gallery.ID(want), "schemes B, C", "search  10")
	d.wantScreen("1 of 156 of " + class.Class)
	d.press("n n p enter right")
	if !d.m.Panel {
		t.Error("a visit has no panel")
	}
	d.press("esc")
	if d.m.Panel || d.m.findings.Open {
		t.Error("esc leaves more than the panel")
	}
	d.press("esc")
	d.wantPage(page.Classes, 1)

	d.press("tab down down enter")
	losses := mined.LossesOf("category")
	if d.m.Shown.Query != losses[2].Query {
		t.Errorf("the loss leads to row %d, want %d", d.m.Shown.Query, losses[2].Query)
	}
	d.press("n n p")
	if d.m.Shown.Query != losses[3].Query {
		t.Errorf("n leads to row %d, want %d", d.m.Shown.Query, losses[3].Query)
	}
	d.press("esc")
	d.wantPage(page.Losses, 3)

	d.press("tab enter")
	mistake := mined.MistakesOf("category")[0]
	hit, ok := d.m.CursorHit()
	if d.m.Shown.Query != mistake.Query || !ok || hit.Row != mistake.Hit || d.m.Rows.Focus != mistake.Scheme {
		t.Errorf("the mistake %+v leads to query %d, row %d, hit %v", mistake, d.m.Shown.Query, d.m.Rows.Focus, hit)
	}
	d.press("esc")
	d.wantPage(page.Mistakes, 0)

	d.press("shift+tab shift+tab esc")
	d.wantSchemes("A B C A+B+C")
	if d.m.findings.Open || d.m.Shown.Query != query || d.m.Rows.Focus != focus || d.m.unsaved() {
		t.Errorf("esc leads to row %d, scheme %d, open %v", d.m.Shown.Query, d.m.Rows.Focus, d.m.findings.Open)
	}
	d.wantSteps("query   "+d.m.gallery.ID(query), "schemes A, B, C, A+B+C", "search  10")
	d.press("n t")
	d.wantPage(page.Classes, 1)
	d.press("esc")
	d.replays()
}

// TestSheets goes to the queries of a hub and to items that are alike, and from there to pictures.
func TestSheets(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	d.press("down M tab tab tab down enter")
	s := d.m.findings.Sheet
	if s == nil || len(s.Items) == 0 {
		t.Fatal("a hub has no sheet")
	}
	category, _ := d.m.gallery.Label("category")
	right := false
	for _, q := range s.Items {
		if relevant := category.Relevant(q, s.Subject); right && !relevant {
			t.Fatal("a query to which the hub is wrong comes after one to which it is right")
		} else if relevant {
			right = true
		}
	}
	d.wantScreen(d.m.gallery.ID(s.Subject))
	d.press("right right down up left enter")
	if d.m.Shown.Query != s.Items[1] {
		t.Errorf("the sheet leads to row %d, want %d", d.m.Shown.Query, s.Items[1])
	}
	found := false
	for _, r := range d.m.Shown.Rankings {
		found = found || slices.ContainsFunc(r.Hits, func(h rank.Hit) bool { return h.Row == s.Subject })
	}
	if !found {
		t.Error("the hub is not among the hits of its query")
	}
	d.press("n esc")
	if s := d.m.findings.Sheet; s == nil || s.At != 2 || d.m.findings.Page != page.Hubs {
		t.Errorf("esc leads to %+v", s)
	}
	d.press("esc")
	d.wantPage(page.Hubs, 1)
	d.press("tab enter")
	if s := d.m.findings.Sheet; s == nil || len(s.Items) == 0 || s.Items[0] == s.Subject {
		t.Fatalf("the duplicates' sheet is %+v", s)
	}
	d.wantScreen("alike in picture")
	d.press("enter esc esc")
	d.wantPage(page.Duplicates, 0)
}

// TestQueriesBehindAMean goes from a mean to its queries and to one of them.
func TestQueriesBehindAMean(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("t")
	if d.m.findings.Open {
		t.Error("t opens nothing")
	}
	d.press("E t")
	d.wantPage(page.Schemes, 1) // the first row is a heading
	d.press("l down enter")
	d.wantPage(page.Queries, 0)
	f := d.m.findings
	schemes := d.m.table.Schemes("brand")
	if f.Label != "brand" || !pane.SameScheme(f.Scheme, schemes[1]) {
		t.Errorf("the queries are of %s under %s, want %s under brand", f.Scheme, f.Label, schemes[1])
	}
	of := d.m.table.Evaluation(f.Scheme, "brand").QueryHits(f.Scheme, "brand", 10)
	d.press("end")
	d.wantPage(page.Queries, len(of)-1)
	d.press("enter")
	if d.m.Shown.Query != of[len(of)-1].Query || !pane.SameScheme(d.m.Shown.Schemes[0], f.Scheme) || len(d.m.Shown.Schemes) != 4 {
		t.Errorf("the last query leads to row %d under %s", d.m.Shown.Query, d.schemes())
	}
	if hits, _ := pane.LabelHits(&d.m.Shown.Rankings[0], "brand"); hits.Hits != of[len(of)-1].Hits {
		t.Errorf("%d hits are shown, %d are listed", hits.Hits, of[len(of)-1].Hits)
	}
	d.press("esc r")
	d.wantPage(page.Queries, 0)
	d.press("enter")
	if d.m.Shown.Query != of[len(of)-1].Query {
		t.Errorf("reversed, the first query leads to row %d", d.m.Shown.Query)
	}
}

// TestChoosePair chooses other schemes to compare.
func TestChoosePair(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down M")
	d.wantScreen("now A  against  next B")
	d.press("b down enter")
	d.wantScreen("now A  against  next C")
	d.wantSteps("mine    A, C on category, brand, pattern, colour, background over all seed 1")
	d.press("a")
	if d.m.popup.At != 0 || d.m.popup.Kind != prompt.PopupSchemeA {
		t.Errorf("the list begins at %d", d.m.popup.At)
	}
	d.press("down down space") // B is chosen as A: they change places
	d.wantScreen("now C  against  next A")
	before := d.log.Len()
	d.press("b esc b enter")
	if d.log.Len() != before {
		t.Error("what is chosen already is mined again")
	}
	d.press("esc down down M") // the row above the last is C
	d.wantScreen("now C  against  next A+B+C")
	d.press("esc")
	before = d.log.Len()
	d.press("M")
	if d.log.Len() != before {
		t.Error("the same pair is mined again")
	}
	d.press("esc : text:filter_colour=red enter M")
	if d.log.Len() == before || !d.m.findings.Open {
		t.Error("under another filter nothing is mined")
	}
	d.press("esc : text:mine_B,_A_on_brand_over_100_seed_3 enter")
	d.wantSteps("mine    B, A on brand over 100 seed 3")
	d.wantScreen("now B  against  next A")
	d.wantScreen("100 queries · brand")
	d.replays()
}

// TestMiningBehind cancels a pair that is mined, and looks at others meanwhile.
func TestMiningBehind(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	before := d.log.Len()
	d.press("down")
	m, run := mineRows(d.m)
	d.m = m
	d.m.evaluation.Progress.Set(experiments.Progress{Phase: "ranking", Unit: "queries", Done: 60, Of: 1248}, d.m.c.Now())
	d.wantScreen("mining: all queries are ranked")
	d.wantStatus("mining: ranking ━")
	d.wantStatus("60 of 1,248 queries")
	d.wantStatus("M cancels")
	d.press("esc n E")
	if d.m.findings.Open || d.m.Shown.Query != 1 || d.m.evaluation.Task != pane.Mining {
		t.Error("the screen does not go on meanwhile")
	}
	d.press(": text:evaluate enter")
	d.wantScreen("the mining runs; M cancels it")
	d.press("esc t")
	d.wantScreen("mining: all queries are ranked")
	d.press("M")
	d.wantStatus("the mining is cancelled")
	d.wantScreen("now and next are not mined yet")
	d.do(run)
	d.wantStatus("the mining is cancelled")
	if strings.Contains(d.log.String()[before:], "mine ") {
		t.Error("a cancelled mining is logged")
	}
	d.press("M")
	d.wantPage(page.Classes, 0)
	d.press("esc down")
	m, run = mineRows(d.m)
	d.m = m
	d.press("esc")
	d.do(run)
	d.wantStatus("mined B against C over 1,248 queries: t shows it")
	if d.m.findings.Open {
		t.Error("a study that ends in the background takes over the screen")
	}
}

// TestMineEqualRows does not compare what is the same.
func TestMineEqualRows(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("x x x M t")
	if d.m.findings.Open {
		t.Error("one row is mined")
	}
	d.press("a text:" + d.m.Focused().String() + " enter M")
	if d.m.findings.Open {
		t.Error("two equal rows are mined")
	}
	d.press(": text:mine_A,_A enter")
	d.wantScreen("the schemes are the same")
	d.press("esc : text:mine_A,_B,_C enter")
	d.wantScreen("two schemes")
}

// TestVisitKeepsWhatIsEdited keeps schemes that were changed in a visit.
func TestVisitKeepsWhatIsEdited(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down M tab enter a text:A+B enter esc esc")
	d.wantSchemes("A A+B B")
}

// TestMovedRowIsShort checks that a moved cursor costs few bytes, on a list as long as the screen.
func TestMovedRowIsShort(t *testing.T) {
	s := runScreen(t, picture.GraphicsSixel)
	s.wait("saved ")
	s.press("\x1b[BM")
	s.wait("now is ahead in")
	s.press("\t")
	s.wait("1 of 1,248")
	for _, step := range []struct{ key, shows string }{{"j", "2 of 1,248"}, {"j", "3 of 1,248"}, {"k", "2 of 1,248"}} {
		before := s.bytes()
		s.press(step.key)
		s.wait(step.shows)
		if n := s.bytes() - before; n > 1200 {
			t.Errorf("%s: %d bytes for a moved cursor", step.shows, n)
		} else {
			t.Logf("%s: %d bytes", step.shows, n)
		}
	}
	s.press("q")
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

func TestFindingsMouse(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	click := func(x, y int) {
		d.send(tea.MouseMsg{X: x, Y: y, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft})
	}
	d.press("down M tab")
	click(20, 1+d.m.layout.ListHead()+4)
	d.wantPage(page.Losses, 4)
	d.send(tea.MouseMsg{Button: tea.MouseButtonWheelDown, Action: tea.MouseActionPress})
	d.wantPage(page.Losses, 5)
	click(20, 1+d.m.layout.ListHead()+5)
	click(20, 1+d.m.layout.ListHead()+5)
	if d.m.findings.Open || d.m.Shown.Query != d.m.findings.Mined.LossesOf("category")[5].Query {
		t.Error("a second click does not lead to the pictures")
	}
	d.press("esc tab tab enter")
	p := d.m.findings.Sheet.Plan(&d.m.layout)
	r := p.Item(d.m.findings.Sheet, 2)
	click(r.X+2, r.Y+2)
	if d.m.findings.Sheet.At != 2 {
		t.Errorf("the click leads to item %d", d.m.findings.Sheet.At)
	}
	click(r.X+2, r.Y+2)
	if d.m.findings.Open {
		t.Error("a second click on an item does not lead to its pictures")
	}
}

// TestFindingsReplay replays what the keys of the findings logged, with its exports.
func TestFindingsReplay(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	dir := t.TempDir()
	d.press("down M tab enter n esc X")
	d.wantScreen("losses.csv")
	d.press("ctrl+u text:" + dir + "/losses.csv enter")
	d.wantStatus("wrote ")
	d.press("esc E t down enter enter esc esc")
	d.replays()
}

// TestReturnIsNotBlank shows the pictures from before a visit at once, however long their step takes to be logged.
func TestReturnIsNotBlank(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down down M tab enter esc")
	m, search := closeFindings(d.m)
	d.m = m
	d.fire()
	if d.m.Shown.Rankings == nil || len(d.m.Shown.Rankings) != 4 || d.m.Rows.Focus != 2 {
		t.Errorf("the screen shows %d rankings, with the focus on %d", len(d.m.Shown.Rankings), d.m.Rows.Focus)
	}
	d.wantStatus("…")
	d.do(search)
	d.wantStatus("saved")
}

// TestKeysBeforeRows presses keys before the rows of a page are there: they count when the rows are.
func TestKeysBeforeRows(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	d.press("down M")
	quick := func(keys string) {
		t.Helper()
		var cmds []tea.Cmd
		for name := range strings.FieldsSeq(keys) {
			next, cmd := d.m.Update(keyNamed(t, name))
			d.m = next.(Model)
			cmds = append(cmds, cmd)
		}
		for _, cmd := range cmds {
			d.do(cmd)
		}
	}
	quick("tab down down")
	d.wantPage(page.Losses, 2)
	quick("enter")
	if d.m.findings.Open {
		t.Fatal("enter shows no pictures")
	}
	quick("esc down tab down tab enter")
	if s := d.m.findings.Sheet; s == nil || d.m.findings.Page != page.Hubs {
		t.Errorf("enter shows no sheet of hubs, on %v", d.m.findings.Page)
	}
	if at := d.m.findings.At; at[page.Losses] != 3 || at[page.Mistakes] != 1 {
		t.Errorf("the cursors are at %v", at)
	}
	quick("esc shift+tab esc down")
	if d.m.findings.Open || len(d.m.held) > 0 {
		t.Errorf("open %t, %d keys held", d.m.findings.Open, len(d.m.held))
	}
}
