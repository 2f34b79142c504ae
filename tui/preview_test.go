package tui

import (
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"strata/tui/page"
	"strata/tui/pane"
	"strata/tui/picture"
)

// wantPreview checks which query is shown beside the list, under which schemes, and that the log has no step of it.
func (d *desktop) wantPreview(query int, schemes string, steps int) {
	d.t.Helper()
	b := d.m.findings.Preview.Board
	var names []string
	for _, s := range b.Shown.Schemes {
		names = append(names, s.String())
	}
	if b.Shown.Query != query || strings.Join(names, " ") != schemes || len(b.Shown.Rankings) != len(names) {
		d.t.Errorf("beside the list: row %d, %s, %d rankings; want row %d, %s", b.Shown.Query, names, len(b.Shown.Rankings), query, schemes)
	}
	if n := len(d.steps(1000)); n != steps {
		d.t.Errorf("%d steps are logged, want %d", n, steps)
	}
}

// TestPreview shows the pictures of the row under the cursor beside the list, under both schemes, and logs nothing.
func TestPreview(t *testing.T) {
	d := openDesktop(t, 160, 50, picture.GraphicsSixel)
	d.press("n down M tab")
	steps := len(d.steps(1000))
	losses := d.m.findings.Mined.LossesOf("category")
	for at := range 3 {
		d.wantPage(page.Losses, at)
		d.wantPreview(losses[at].Query, "A B", steps)
		d.press("down")
	}
	d.wantScreen("  now A ")
	d.wantScreen("  next B ")
	d.wantScreen("4/1,248 by loss")
	d.wantScreen("▒▒▒▒▒ │ ")
	d.press("r")
	d.wantPreview(losses[len(losses)-1].Query, "A B", steps)

	d.press("r tab")
	mistake := d.m.findings.Mined.MistakesOf("category")[0]
	d.wantPreview(mistake.Query, "A B", steps)
	if h, ok := d.m.findings.Preview.Board.CursorHit(); !ok || h.Row != mistake.Hit {
		t.Errorf("the mistake %+v is not under the cursor: %v", mistake, h)
	}
	d.press("tab down")
	hub := d.m.findings.Preview.Sheet
	d.press("enter")
	if s := d.m.findings.Sheet; s == nil || hub == nil || s.Subject != hub.Subject || d.m.layout.Aside {
		t.Errorf("enter shows %+v, beside the list was %+v", s, hub)
	}
	d.press("esc esc")
	if d.m.findings.Open || d.m.Shown.Query != 1 || d.m.unsaved() || d.m.layout.Aside {
		t.Errorf("esc leads to row %d, open %t", d.m.Shown.Query, d.m.findings.Open)
	}
	d.wantSchemes("A B C A+B+C")
	d.replays()
}

// TestPreviewSchemes shows an evaluated scheme over the rows of the screen, on its query.
func TestPreviewSchemes(t *testing.T) {
	d := openDesktop(t, 200, 60, picture.GraphicsNone)
	d.press("n E t")
	best := d.m.table.Schemes("category")
	steps := len(d.steps(1000))
	names := func(first int) string {
		var all []string
		for _, s := range page.Beside(best[first:first+1], d.m.Desk.Schemes) {
			all = append(all, s.String())
		}
		return strings.Join(all, " ")
	}
	d.wantPreview(1, names(0), steps)
	d.press("down")
	d.wantPreview(1, names(1), steps)
	d.press("enter")
	d.wantPage(page.Queries, 0)
	of := d.m.table.Evaluation(best[1], "category").QueryHits(best[1], "category", pane.K)
	d.wantPreview(of[0].Query, names(1), steps)
}

// TestPreviewFrom has a list over the middle on a screen that is narrower, and no pictures.
func TestPreviewFrom(t *testing.T) {
	d := openDesktop(t, pane.AsideCols-1, 50, picture.GraphicsSixel)
	d.press("down M tab")
	if strings.Contains(d.picture(), "▒") || d.m.layout.Aside {
		t.Error("the list has pictures")
	}
	d.send(tea.WindowSizeMsg{Width: pane.AsideCols, Height: 50})
	d.wantPreview(d.m.findings.Mined.LossesOf("category")[0].Query, "A B", len(d.steps(1000)))
	if !strings.Contains(d.picture(), "▒") {
		t.Error("the list has no pictures beside it")
	}
	click := tea.MouseMsg{X: d.m.layout.List.X + 5, Y: d.m.layout.List.Y + d.m.layout.ListHead() + 2, Action: tea.MouseActionPress, Button: tea.MouseButtonLeft}
	d.send(click)
	d.wantPage(page.Losses, 2)
	click.X, click.Y = 5, click.Y+1
	d.send(click)
	d.wantPage(page.Losses, 2)
}

// TestPreviewLate shows nothing in place of an old preview that was not followed by its own, and drops late answers.
func TestPreviewLate(t *testing.T) {
	d := openDesktop(t, 160, 50, picture.GraphicsSixel)
	d.press("down M tab")
	losses := d.m.findings.Mined.LossesOf("category")
	*d.due = nil
	var cmds []tea.Cmd
	for range 2 {
		next, cmd := d.m.Update(keyNamed(t, "down"))
		d.m, cmds = next.(Model), append(cmds, cmd)
	}
	if got := d.m.findings.Preview.Board.Shown.Query; got != losses[0].Query {
		t.Errorf("row %d is shown while another is awaited, want %d", got, losses[0].Query)
	}
	due := slices.Clone(*d.due)
	d.send(due[0])
	if d.m.findings.Preview.Blank() {
		t.Error("what is awaited no longer makes the screen blank")
	}
	d.send(due[1])
	if !d.m.findings.Preview.Blank() {
		t.Error("an old preview stays")
	}
	d.do(cmds[1])
	d.wantPreview(losses[2].Query, "A B", len(d.steps(1000)))
	d.do(cmds[0])
	d.wantPreview(losses[2].Query, "A B", len(d.steps(1000)))
}
