package tui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"strata/experiments/landscape"
	"strata/tui/picture"
)

// survey lets the landscape on the screen become final.
func (d *desktop) survey() *landscape.Landscape {
	d.t.Helper()
	for range 10_000 {
		if !d.m.relief.Open {
			d.t.Fatal("no landscape is on the screen")
		}
		if l := d.m.relief.Land; l != nil && l.Final() {
			return l
		}
		d.fire()
	}
	d.t.Fatal("the landscape never ends")
	return nil
}

// resized changes the size of the screen.
func (d *desktop) resized(cols, rows int) { d.send(tea.WindowSizeMsg{Width: cols, Height: rows}) }

// TestLandscape shows the weights of three layers and of two at several sizes, in pixels and as characters; the point
// moves without another survey, and enter gives the row its weights by ordinary steps.
func TestLandscape(t *testing.T) {
	d := openLiveOn(t, 120, 40, 64<<20, picture.GraphicsSixel)
	d.press("w")
	if d.m.relief.Open {
		t.Fatal("one layer has a landscape")
	}
	d.press("down down down w")
	l := d.survey()
	if !l.Complete() || l.Len() != 231 {
		t.Fatalf("over %d of %d queries, %d of %d weights", l.Over, l.Queries, l.Counted, l.Len())
	}
	d.golden("120x40-landscape")
	means := d.m.Shown.Means
	for i, label := range l.Labels { // the row's own weights have the numbers that the row has
		got := l.Reliefs[i].Means[l.HereNode]
		if want, ok := means.Mean(d.m.Shown.Schemes[3], label); !ok || got.N != want.N || got.Value != want.Value {
			t.Errorf("%s: the row has %+v, the landscape %+v", label, want, got)
		}
	}

	d.press("up up up down down down")
	seq := d.m.surveying.seq
	at := d.m.relief.At
	d.press("up up right left down down")
	if d.m.relief.At != at || d.m.relief.Land != l || d.m.surveying.seq != seq || len(*d.due) > 0 {
		t.Errorf("the way back leads from node %d to %d, with another landscape: %t", at, d.m.relief.At, d.m.relief.Land != l)
	}
	for _, arrow := range []string{"left", "down", "right", "up"} {
		for range 30 {
			d.press(arrow)
		}
	}
	if s := l.Steps(d.m.relief.At); s != [3]int{20, 0, 0} {
		t.Errorf("the top corner is %v", s)
	}
	d.press("n n p b")
	d.wantScreen("◉ the point, the best")
	d.press("l")
	d.wantScreen("P@10 brand · 1,248 queries · 231 weights")
	d.press("tab l")

	d.m.c.Terminal.Graphics, d.m.thumbs = picture.GraphicsNone, demoThumbs(picture.GraphicsNone)
	d.press("w b")
	for _, size := range [][2]int{{80, 24}, {200, 60}, {40, 12}, {20, 4}} {
		d.resized(size[0], size[1])
		d.picture()
	}
	d.resized(80, 24)
	d.golden("80x24-landscape")
	d.resized(200, 60)
	d.golden("200x60-landscape")
	d.resized(120, 40)

	d.press("down right")
	chosen := d.m.relief.Chosen()
	node := d.m.relief.At
	d.press("enter")
	d.sharpen()
	if d.m.relief.Open || !d.m.Focused().Equal(chosen) || !d.m.Chosen.Has(chosen) {
		t.Errorf("enter leads to %s, the point was %s", d.m.Focused(), chosen)
	}
	d.wantSteps("schemes A, B, C, "+chosen.String(), "search  10")
	for i, label := range l.Labels {
		got := l.Reliefs[i].Means[node]
		if want, ok := d.m.Shown.Means.Mean(chosen, label); !ok || got.N != want.N || got.Value != want.Value {
			t.Errorf("%s: the row has %+v, the landscape had %+v", label, want, got)
		}
	}
	d.press("w")
	if again := d.survey(); again.Here.String() != chosen.String() || again.HereNode != node {
		t.Errorf("the landscape is of %s at %d, want %s at %d", again.Here, again.HereNode, chosen, node)
	}
	d.press("enter")
	if !d.m.Focused().Equal(chosen) {
		t.Error("enter changes weights that the row has")
	}

	d.press("a text:0.9*B+C enter")
	d.fire()
	d.press("w")
	line := d.survey()
	if line.Len() != 101 || !line.Complete() {
		t.Errorf("a line of %d weights", line.Len())
	}
	d.golden("120x40-landscape-line")
	d.press("right shift+left esc")
	if d.m.relief.Open || !strings.HasPrefix(d.m.Focused().String(), "0.9*B+C") {
		t.Errorf("esc leads to %s", d.m.Focused())
	}
}

// TestNoLandscape has no key for it where no neighbourhoods are built, and none in a fusion.
func TestNoLandscape(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down down down w")
	if d.m.relief.Open || strings.Contains(d.picture(), "w landscape") {
		t.Error("there is a landscape without neighbourhoods")
	}
}
