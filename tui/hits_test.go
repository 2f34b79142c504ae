package tui

import (
	"fmt"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"strata/tui/pane"
	"strata/tui/picture"
)

// wantHits checks how many hits of each row are ranked, shown and judged, and what the log ends with.
func (d *desktop) wantHits(k int) {
	d.t.Helper()
	for _, r := range d.m.Shown.Rankings {
		if h, _ := pane.LabelHits(&r, "category"); len(r.Hits) != k || len(h.Relevant) != k {
			d.t.Errorf("%d hits are ranked, %d judged, want %d", len(r.Hits), len(h.Relevant), k)
		}
	}
	d.wantScreen(fmt.Sprintf("k %d · all queries", k))
	d.wantScreen(fmt.Sprintf("/%d ", k))
	d.wantSteps(fmt.Sprintf("search  %d", k))
}

// TestHits ranks more hits and fewer, which is a step that u takes back.
func TestHits(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	d.press("n +")
	d.wantHits(20)
	d.press("n d")
	d.wantHits(20)
	d.press("u u")
	d.wantHits(10)
	d.wantStatus("took back: k; ctrl+r does it again")
	d.press("ctrl+r")
	d.wantHits(20)
	d.press("- -")
	d.wantHits(5)
	before := d.log.Len()
	d.press("-")
	if d.log.Len() != before {
		t.Error("there are fewer hits than the fewest")
	}
	d.press(": text:search_7 enter")
	d.wantHits(7)
	d.press("+ + + +")
	d.wantHits(50)
	d.press("enter right right p")
	d.wantHits(50)
	d.press("esc T")
	d.wantScreen("for P@50 category")
	d.press("esc")
	d.replays()
}

// TestHitsFit shows any number of hits on a screen of any size, as many as there is room for.
func TestHitsFit(t *testing.T) {
	for _, graphics := range []picture.Graphics{picture.GraphicsSixel, picture.GraphicsHalfBlock, picture.GraphicsNone} {
		d := openDesktop(t, 120, 40, graphics)
		for _, k := range []int{1, 3, 7, 20, 50} {
			d.press(fmt.Sprintf("esc esc : text:search_%d enter", k))
			for _, keys := range []string{"", "down down d", "enter right"} {
				d.press(keys)
				for _, size := range [][2]int{{20, 4}, {40, 10}, {80, 24}, {110, 30}, {120, 40}, {160, 50}, {317, 90}} {
					next, _ := d.m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
					at := *d
					at.m = next.(Model)
					at.picture()
				}
			}
			if k > 1 {
				d.press("esc d")
			}
		}
	}
}

// TestHitsGoOn opens a log with the k that it ends with.
func TestHitsGoOn(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("+")
	if !strings.HasSuffix(d.m.session.Script(), "search  20\n") && !strings.HasSuffix(d.m.session.Script(), "search 20\n") {
		t.Errorf("the script of the screen is\n%s", d.m.session.Script())
	}
	m, err := NewModel(t.Context(), d.m.c)
	if err != nil {
		t.Fatal(err)
	}
	if m.Desk.K() != 20 {
		t.Errorf("the screen begins with k %d", m.Desk.K())
	}
}
