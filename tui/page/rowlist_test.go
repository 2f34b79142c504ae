package page

import (
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"strata/tui/cells"
)

// TestChosenRow gives the row under the cursor a look of its own, and leaves the screen's styles as they are.
func TestChosenRow(t *testing.T) {
	s := cells.NewStyles(termenv.TrueColor, true, false)
	l := RowList{Rows: 2, columns: []column{text("name", 8, func(int) string { return "cap" })}}
	plain := l.line(s, 1, 20, false)
	if chosen := l.line(s, 0, 20, true); !strings.Contains(chosen, s.Strong.Render("cap")) {
		t.Errorf("the row under the cursor is %q", chosen)
	}
	if after := l.line(s, 1, 20, false); after != plain || strings.Contains(after, "\x1b") {
		t.Errorf("the row after it is %q, was %q", after, plain)
	}
}

// TestLeading reads the numbers that cells begin with, as they are formatted.
func TestLeading(t *testing.T) {
	for _, tc := range []struct {
		text string
		want float64
		ok   bool
	}{
		{".764 ±.020", .764, true},
		{"1,248", 1248, true},
		{"+.020", .02, true},
		{"-.5 to +.1", -.5, true},
		{"12 3 4", 12, true},
		{"cap", 0, false},
		{"0003.jpg", 0, false},
		{"infinity", 0, false},
		{"nan", 0, false},
	} {
		if got, ok := leading(tc.text); ok != tc.ok || ok && got != tc.want {
			t.Errorf("%q: %v, %v; want %v, %v", tc.text, got, ok, tc.want, tc.ok)
		}
	}
	if less, ok := leading("<.001"); !ok || less >= .001 {
		t.Errorf("<.001 is %v, %v", less, ok)
	}
	for _, none := range []string{"", "-"} {
		if got, ok := leading(none); !ok || got == got {
			t.Errorf("%q: %v, %v; want no number", none, got, ok)
		}
	}
}
