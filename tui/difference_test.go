package tui

import (
	"slices"
	"strings"
	"testing"

	"strata/tui/pane"
	"strata/tui/picture"
)

// wantPictures compares every picture on the screen with the one that is to be there: a hit that the reference has, too,
// faded, another as it is, and lost ones faded and small behind them. It returns how many are of each kind.
func (d *desktop) wantPictures() (bright, faded, ghosts int) {
	d.t.Helper()
	_, placements := d.m.compose()
	l := &d.m.layout
	has := func(row int, box picture.Box, q picture.Quality, x, y int) {
		d.t.Helper()
		p, err := d.m.thumbs.Picture(d.t.Context(), row, box, q)
		if err != nil || p.Err != nil {
			d.t.Fatal(err, p.Err)
		}
		at := p.Placement(x, y)
		if !slices.ContainsFunc(placements, func(o picture.Placement) bool {
			return o.Col == at.Col && o.Row == at.Row && o.Key == at.Key
		}) {
			d.t.Errorf("the picture of %s is not at %d,%d", d.m.gallery.ID(row), x, y)
		}
	}
	for at, i := range d.m.Rows.Visible(l, len(d.m.Shown.Rankings), d.m.Panel) {
		reference := i - 1
		if d.m.Rows.Pinned {
			reference = 0
		}
		of := map[int]bool{}
		if i > 0 && d.m.Rows.Difference {
			for _, h := range d.m.Shown.Rankings[reference].Hits {
				of[h.Row] = true
			}
		}
		for j, h := range d.m.Shown.Rankings[i].Hits {
			r, q := l.ThumbAt(at, j), picture.QualityShared
			if of[h.Row] {
				q = picture.QualityFaded
				faded++
			} else {
				bright++
			}
			has(h.Row, l.Thumb, q, r.X, r.Y)
			delete(of, h.Row)
		}
		ghosts += min(len(of), l.Ghosts*((l.FoldH-1)/max(l.Ghost.Rows, 1)))
	}
	if n := len(placements); n != 1+bright+faded+ghosts {
		d.t.Errorf("%d pictures are on the screen, want the query's, %d bright, %d faded and %d lost ones", n, bright, faded, ghosts)
	}
	return bright, faded, ghosts
}

func TestDifference(t *testing.T) {
	for _, g := range []picture.Graphics{picture.GraphicsSixel, picture.GraphicsKitty, picture.GraphicsKittyDirect, picture.GraphicsITerm2} {
		d := openDesktop(t, 120, 40, g)
		if _, faded, ghosts := d.wantPictures(); faded+ghosts > 0 {
			t.Errorf("%s: %d pictures are faded from the start", g, faded+ghosts)
		}
		for _, keys := range []string{"d", "n", "n", "down space", "down left", "c", "p"} {
			d.press(keys)
			d.fire()
			if _, faded, ghosts := d.wantPictures(); ghosts == 0 || faded == 0 && keys != "d" {
				t.Errorf("%s, %s: %d pictures are faded, of %d lost hits", g, keys, faded, ghosts)
			}
		}
		d.wantScreen(" lost")
		d.press("d")
		if _, faded, ghosts := d.wantPictures(); faded+ghosts > 0 || strings.Contains(d.picture(), " lost") {
			t.Errorf("%s: %d pictures stay faded", g, faded+ghosts)
		}
	}
}

// TestDifferenceWithoutRoom names the ranks of lost hits where their pictures have no room, and in tmux, which keeps few
// pictures.
func TestDifferenceWithoutRoom(t *testing.T) {
	d := openDesktop(t, 80, 24, picture.GraphicsSixel)
	d.press("down down down d")
	if _, _, ghosts := d.wantPictures(); ghosts > 0 {
		t.Errorf("%d lost hits have pictures at 80×24", ghosts)
	}
	d.wantScreen("4 A+B+C  5 lost: 1 4 5 9 10")
	d = openDesktop(t, 120, 40, picture.GraphicsSixel)
	d.m.c.Terminal.Tmux = true
	d.press("d")
	if _, faded, ghosts := d.wantPictures(); ghosts > 0 || faded == 0 {
		t.Errorf("in tmux %d are faded, %d lost hits have pictures", faded, ghosts)
	}
	d = openDesktop(t, 120, 40, picture.GraphicsNone)
	d.press("down down down d")
	d.wantScreen("4 A+B+C  5 lost: 1 4 5 9 10")
}

// TestTextPictures shows five larger pictures a row where they are text, and the other hits in a line.
func TestTextPictures(t *testing.T) {
	for _, g := range []picture.Graphics{picture.GraphicsHalfBlock, picture.GraphicsQuadrant, picture.GraphicsSextant} {
		d := openDesktop(t, 120, 40, g)
		l := &d.m.layout
		if l.Across != 5 || l.Drawn != 5 || l.Thumb.Rows < 6 || l.Visible < 3 {
			t.Errorf("%s: %+v", g, l)
		}
		d.press("down")
		d.wantScreen("6 new")
		d.picture()
		before := d.m.View()
		d.press("d d")
		if d.m.View() != before {
			t.Errorf("%s: d twice changes the screen", g)
		}
		if d.press("down down d"); d.m.View() == before {
			t.Errorf("%s: d changes nothing", g)
		}
		r := l.RowAt(0)
		if got := l.HitAt(0, r.X+2*l.Slot, r.Y+l.RowH-1); got != 7 {
			t.Errorf("%s: hit %d is under the pointer", g, got)
		}
	}
}

// TestOneRow shows two lines of five larger pictures where there is one scheme.
func TestOneRow(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	was := d.m.layout.Thumb
	d.press("x x x")
	l := &d.m.layout
	if l.Folds != 2 || l.Thumb.Rows < 2*was.Rows {
		t.Errorf("one row has %d lines of pictures of %v", l.Folds, l.Thumb)
	}
	d.wantPictures()
	for j := range pane.ShownHits {
		r := l.ThumbAt(0, j)
		if got := l.HitAt(0, r.X+1, r.Y+1); got != j {
			t.Errorf("on picture %d the pointer is at %d", j, got)
		}
	}
	d.golden("120x40-one")
}

// TestHeader says in the title what is ranked and measured, and in the status what memory is in use.
func TestHeader(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	title := func() string { return strings.SplitN(d.picture(), "\n", 2)[0] }
	if got := title(); !strings.HasSuffix(got, "k 10 · all queries") || strings.Contains(got, "columns") {
		t.Errorf("the title is %q", got)
	}
	d.wantStatus("columns 30 kB of 64 MB")
	d.press("/ text:cap enter : text:filter_colour=red enter")
	if got := title(); !strings.Contains(got, "filter colour=red") || !strings.Contains(got, "queries like cap") || strings.Contains(got, "all queries") {
		t.Errorf("the title is %q", got)
	}
}

// TestWholeIDs names the hit that is looked at, or under the cursor, whole.
func TestWholeIDs(t *testing.T) {
	d := openDesktop(t, 80, 24, picture.GraphicsSixel)
	d.m.Rows.Cursor = 2
	h, _ := d.m.CursorHit()
	d.wantStatus("hit 3 of 1  " + d.m.gallery.ID(h.Row))
	for _, graphics := range []picture.Graphics{picture.GraphicsSixel, picture.GraphicsNone} {
		d := openDesktop(t, 80, 24, graphics)
		d.press("down enter right")
		h, _ := d.m.CursorHit()
		d.wantScreen(d.m.gallery.ID(h.Row))
	}
}
