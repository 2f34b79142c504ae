package tui

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"strata/experiments/mine"
	"strata/tui/page"
	"strata/tui/picture"
	"strata/tui/prompt"
)

// lines returns the rows of the list that the screen shows, between its head and its foot.
func (d *desktop) lines() []string {
	l := &d.m.layout
	all := strings.Split(d.picture(), "\n")
	first := l.List.Y + l.ListHead()
	return all[first : first+min(l.ListRows(), d.m.findings.List.Rows)]
}

// TestSortedTable sorts a page by its columns with keys, both ways, and returns to its own order.
func TestSortedTable(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down M tab down down")
	d.wantPage(page.Losses, 2)
	own, losses := d.lines(), d.m.findings.Mined.LossesOf("category")
	third := losses[2].Query

	d.press("> > > > >") // query, category, alike, now, next
	d.wantScreen("· by next ▾")
	d.wantScreen("next▾")
	f := &d.m.findings
	last := 11
	for i := range f.List.Rows {
		at := slices.IndexFunc(losses, func(l mine.Loss) bool { return l.Query == f.List.Look(i).Queries[i] })
		if n := losses[at].HitsB; n > last {
			t.Fatalf("row %d has %d hits, after %d", i, n, last)
		} else {
			last = n
		}
	}
	if look := f.List.Look(f.At[f.Page]); look.Queries[look.At] != third {
		t.Errorf("the cursor has left its row for row %d", look.Queries[look.At])
	}
	d.press("r home")
	d.wantScreen("next▴")
	look := f.List.Look(0)
	d.press("enter n")
	if d.m.Shown.Query != look.Queries[1] {
		t.Errorf("n goes to row %d, want that of the next line, %d", d.m.Shown.Query, look.Queries[1])
	}
	d.press("esc")
	d.wantPage(page.Losses, 1)
	d.press("< < < < < home")
	if now := d.lines(); strings.ReplaceAll(strings.Join(now, "\n"), "▸", " ") != strings.ReplaceAll(strings.Join(own, "\n"), "▸", " ") {
		t.Errorf("the page's own order is\n%s", strings.Join(now, "\n"))
	}
}

// TestSortedByHeading sorts by the heading that is clicked on, and the other way round.
func TestSortedByHeading(t *testing.T) {
	for _, size := range [][2]int{{120, 40}, {160, 50}} {
		d := openDesktop(t, size[0], size[1], picture.GraphicsNone)
		d.press("down M tab")
		y := d.m.layout.List.Y + d.m.layout.ListHead() - 1
		head := []rune(strings.Split(d.picture(), "\n")[y])
		x := strings.Index(string(head), "lost")
		click := func() {
			d.send(tea.MouseMsg{X: len([]rune(string(head)[:x])), Y: y, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
		}
		click()
		d.wantScreen("lost▾")
		click()
		d.wantScreen("lost▴")
		if d.m.Visiting.On {
			t.Error("the heading is taken for a row")
		}
	}
}

// TestSoughtTable leaves the rows that hold a text, says how many, and shows all again.
func TestSoughtTable(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down M tab down down down")
	all := d.m.findings.List.Rows
	look := d.m.findings.List.Look(3)
	under := d.m.gallery.ID(look.Queries[look.At])

	d.press("/")
	d.wantScreen("a part of a name, or query, category, alike")
	d.press("text:" + strings.ToUpper(under))
	if n := d.m.findings.List.Rows; n != 1 {
		t.Fatalf("%d rows are like %s", n, under)
	}
	d.wantScreen("1 of 1,248 rows")
	d.press("enter")
	d.wantScreen("1 of 1 like")
	d.press("esc")
	if n := d.m.findings.List.Rows; n != all || !d.m.findings.Open {
		t.Fatalf("esc leaves %d rows of %d, open %v", n, all, d.m.findings.Open)
	}
	d.wantPage(page.Losses, 3)

	d.press("/ text:lost>=1_next<3 enter")
	var want []int
	for _, l := range d.m.findings.Mined.LossesOf("category") {
		if l.Loss >= 1 && l.HitsB < 3 {
			want = append(want, l.Query)
		}
	}
	if got := d.m.findings.List.Look(0).Queries; !slices.Equal(got, want) || len(want) == 0 || len(want) == all {
		t.Errorf("%d rows are left, want %d of %d", len(got), len(want), all)
	}
	d.press("/ ctrl+u text:nope>3 enter")
	d.wantScreen("no column is called nope; there are query, category")
	if d.m.prompt.Kind != prompt.Seek || d.m.findings.List.Rows != all {
		t.Error("a text with a fault is taken")
	}
	d.press("ctrl+u text:no_such_row enter down end enter")
	d.wantScreen("none of ")
	d.wantScreen("rows is like no such row: esc shows all")
	d.press("esc esc")
	if d.m.findings.Open || d.m.findings.Arranged[page.Losses].Find != "" {
		t.Error("two esc do not leave")
	}
}

// TestSoughtSections keeps the headings of what is left.
func TestSoughtSections(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("E t / text:a+b+c enter")
	labels := len(d.m.gallery.Labels())
	if n := d.m.findings.List.Rows; n != 2*labels {
		t.Errorf("%d rows, want one and a heading for each of %d labels", n, labels)
	}
	d.press("/ ctrl+u text:nothing enter")
	d.wantScreen("is like nothing: esc shows all")
	d.send(tea.MouseMsg{Button: tea.MouseButtonWheelDown})
	d.press("esc > >")
	d.wantScreen("P@10▾")
	d.press("r")
	d.wantScreen("P@10▴")
}

// TestCopiedCell puts a cell, and a row, on the terminal's clipboard.
func TestCopiedCell(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	file, err := os.Create(filepath.Join(t.TempDir(), "terminal"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	d.m.output = file
	read := 0
	copied := func() string {
		t.Helper()
		all, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		text, ok := strings.CutPrefix(strings.TrimSuffix(string(all[read:]), "\a"), "\x1b]52;c;")
		read = len(all)
		out, err := base64.StdEncoding.DecodeString(text)
		if !ok || err != nil {
			t.Fatalf("the terminal gets %q", text)
		}
		return string(out)
	}
	d.press("down M tab down c")
	l := d.m.findings.Mined.LossesOf("category")[1]
	id := d.m.gallery.ID(l.Query)
	d.wantScreen("Copy")
	d.press("enter")
	if got := copied(); got != id {
		t.Errorf("%q is copied, want %q", got, id)
	}
	d.wantStatus("copied query " + id[:8])
	d.press("c up down down enter")
	if got := copied(); got != "11" && strings.ContainsAny(got, "\t\n") {
		t.Errorf("%q is copied", got)
	}
	d.press("c down down down down down down down down enter")
	if got := strings.Split(copied(), "\t"); got[0] != id || len(got) != 6 {
		t.Errorf("%q is copied of a row", got)
	}
	d.press("tab tab enter right c")
	s := d.m.findings.Sheet
	if got := copied(); got != d.m.gallery.ID(s.Items[1]) {
		t.Errorf("%q is copied of a sheet", got)
	}
}
