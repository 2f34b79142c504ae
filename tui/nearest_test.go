package tui

import (
	"testing"

	"strata/tui/picture"
)

// TestNearestFirst writes the query first, then the pictures of the row under the cursor from there on, then the rows
// above and below.
func TestNearestFirst(t *testing.T) {
	d := openDesktop(t, 120, 40, picture.GraphicsSixel)
	d.press("down")
	d.m.Rows.Cursor = 4
	all, l := d.m.placements(), &d.m.layout
	if all[0].Box.Cols > l.QueryBox.Cols || all[0].Col >= l.Rows.X || len(all) < 21 {
		t.Fatalf("the first of %d pictures is at %d,%d", len(all), all[0].Col, all[0].Row)
	}
	if first := all[1]; !l.ThumbAt(1, 4).Has(first.Col, first.Row) {
		t.Errorf("the picture after the query is at %d,%d, want it in %v", first.Col, first.Row, l.ThumbAt(1, 4))
	}
	far := func(p picture.Placement) (rows, hits int) {
		for at := range l.Visible {
			for j := range 10 {
				if l.ThumbAt(at, j).Has(p.Col, p.Row) {
					return max(at-1, 1-at), max(j-4, 4-j)
				}
			}
		}
		t.Fatalf("a picture at %d,%d", p.Col, p.Row)
		return 0, 0
	}
	rows, hits := 0, 0
	for _, p := range all[1:] {
		r, h := far(p)
		if r < rows || r == rows && h < hits && h != 0 {
			t.Errorf("a picture %d rows and %d hits away comes after one %d rows and %d hits away", r, h, rows, hits)
		}
		rows, hits = r, h
	}
}
