package report

import (
	"math"
	"testing"
	"unicode/utf8"
)

func TestStripInterval(t *testing.T) {
	s := Strip{Low: 0, High: 19, Cells: 10} // a half cell a unit
	for _, c := range []struct {
		name            string
		low, mean, high float64
		want            string
	}{
		{"whole cells", 2, 6, 13, " ━━●━━━"},
		{"half cells at the ends", 3, 6, 12, " ╺━●━━╸"},
		{"within a cell", 6, 6, 7, "   ●"},
		{"to the ends", 0, 9, 19, "━━━━●━━━━━"},
		{"beyond them", -5, 9, 40, "━━━━●━━━━━"},
		{"no interval", math.NaN(), 9, math.NaN(), "    ●"},
		{"no mean", 1, math.NaN(), 2, ""},
	} {
		before, dot, after := s.Interval(c.low, c.mean, c.high)
		if got := before + dot + after; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for _, one := range []Strip{{.5, .5, 9}, {1, 0, 9}, {0, 1, 1}, {0, 1, 0}} {
		before, dot, after := one.Interval(.5, .5, .5)
		if n := utf8.RuneCountInString(before + dot + after); n > one.Cells {
			t.Errorf("%+v draws %d cells", one, n)
		}
	}
}

func TestStripBar(t *testing.T) {
	s := Strip{Low: -1, High: 1, Cells: 8}
	for x, want := range map[float64]string{
		.5: "    ██", .625: "    ██▌", 1: "    ████", 7: "    ████", .001: "    ▌",
		-.5: "  ██", -.625: " ▐██", -1: "████", -7: "████", -.001: "   ▐", 0: "    ▏",
	} {
		if got := s.Bar(x); got != want {
			t.Errorf("%v: %q, want %q", x, got, want)
		}
	}
	if got := (Strip{0, 4, 4}).Bar(2.5); got != "██▌" {
		t.Errorf("from the left: %q", got)
	}
	for _, none := range []string{s.Bar(math.NaN()), Strip{0, 0, 5}.Bar(1), Strip{0, 1, 0}.Bar(1)} {
		if none != "" {
			t.Errorf("drawn is %q", none)
		}
	}
	if got := (Strip{-1, 0, 3}).Bar(0); utf8.RuneCountInString(got) > 3 {
		t.Errorf("0 at the right end takes %d cells", utf8.RuneCountInString(got))
	}
}
