package cells

import (
	"encoding/base64"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"strata/engine/inert"
	"strata/tui/picture"
)

func TestNumbers(t *testing.T) {
	for _, tc := range []struct {
		x        float64
		decimals int
		want     string
	}{
		{.60912, 3, ".609"},
		{1, 3, "1.000"},
		{0, 3, ".000"},
		{-.25, 2, "-.25"},
		{-.0001, 2, ".00"},
		{12.5, 1, "12.5"},
		{math.NaN(), 3, "-"},
		{.9999, 2, "1.00"},
	} {
		if got := Number(tc.x, tc.decimals); got != tc.want {
			t.Errorf("number(%g, %d) = %q, want %q", tc.x, tc.decimals, got, tc.want)
		}
	}
	for _, tc := range []struct {
		n    int
		want string
	}{{0, "0"}, {999, "999"}, {1000, "1,000"}, {9583, "9,583"}, {1234567, "1,234,567"}, {-4321, "-4,321"}} {
		if got := Thousands(tc.n); got != tc.want {
			t.Errorf("thousands(%d) = %q, want %q", tc.n, got, tc.want)
		}
	}
	for _, tc := range []struct {
		x     float64
		width int
		want  string
	}{{.98765, 6, ".9877"}, {.98765, 4, ".988"}, {.98765, 3, ".99"}, {1, 5, "1.000"}, {-.5, 5, "-.500"}} {
		if got := ScoreIn(tc.x, tc.width); got != tc.want {
			t.Errorf("scoreIn(%g, %d) = %q, want %q", tc.x, tc.width, got, tc.want)
		}
	}
	for _, w := range []float64{0, 1, .5, .05, .01, 2.5, 1e-30, 123456, 1e30, 1.0 / 3} {
		if got := WeightText(w); len(got) > 5 || got == "" {
			t.Errorf("weightText(%g) = %q", w, got)
		}
	}
}

// TestDifferences writes differences with a sign, and a p that is too small for its decimals as less than they show.
func TestDifferences(t *testing.T) {
	for x, want := range map[float64]string{.0246: "+.025", 0: ".000", -.5: "-.500", .0001: "+.000", -.0001: ".000"} {
		if got := Signed(x); got != want {
			t.Errorf("signed(%g) = %q, want %q", x, got, want)
		}
	}
	for _, tc := range []struct {
		p        float64
		decimals int
		want     string
	}{
		{.04, 3, ".040"},
		{.001, 3, ".001"},
		{.0009999, 3, "<.001"},
		{0, 4, "<.0001"},
		{.0001, 4, ".0001"},
		{1, 3, "1.000"},
		{math.NaN(), 3, "-"},
	} {
		if got := Chance(tc.p, tc.decimals); got != tc.want {
			t.Errorf("chance(%g, %d) = %q, want %q", tc.p, tc.decimals, got, tc.want)
		}
	}
}

func TestWidths(t *testing.T) {
	for _, s := range []string{"", "a", "knit-0012", "四番目の商品", "e\u0301tude", "\x1b[31mred\x1b[0m", "👩‍👩‍👧 family"} {
		for w := range 12 {
			if got := ansi.StringWidth(Cut(s, w)); got > w {
				t.Errorf("cut(%q, %d) is %d cells wide", s, w, got)
			}
			if got := ansi.StringWidth(CutID(s, w)); got > w {
				t.Errorf("cutID(%q, %d) is %d cells wide", s, w, got)
			}
			if got := ansi.StringWidth(Flush(inert.Text(s), "end", w)); got != w {
				t.Errorf("flush(%q, %d) is %d cells wide", s, w, got)
			}
		}
	}
	for width, want := range map[int]string{12: "t-shirt-0021", 8: "t-s…0021", 5: "t-…21", 2: "t…", 1: "…", 0: ""} {
		if got := CutID("t-shirt-0021", width); got != want {
			t.Errorf("in %d cells cutID keeps %q, want %q", width, got, want)
		}
	}
}

func TestStylesSurviveFewColours(t *testing.T) {
	for _, tc := range []struct {
		profile termenv.Profile
		colored bool
	}{{termenv.TrueColor, true}, {termenv.ANSI256, true}, {termenv.ANSI, true}, {termenv.Ascii, false}} {
		for _, dark := range []bool{true, false} {
			s := NewStyles(tc.profile, dark, false)
			hit, miss := s.Hit.Render("x"), s.Miss.Render("x")
			if colored := hit != miss && hit != "x"; colored != tc.colored {
				t.Errorf("profile %v: hit %q, miss %q", tc.profile, hit, miss)
			}
			if s.Bold.Render("x") == "x" || s.Faint.Render("x") == "x" {
				t.Errorf("profile %v: bold or faint is lost", tc.profile)
			}
		}
	}
}

// TestHitAndMissDifferInLightness checks what must hold for eyes that see red and green alike.
func TestHitAndMissDifferInLightness(t *testing.T) {
	lightness := func(c lipgloss.CompleteColor) float64 {
		var r, g, b int
		if _, err := fmt.Sscanf(c.TrueColor, "#%02x%02x%02x", &r, &g, &b); err != nil {
			t.Fatal(err)
		}
		return (.2126*float64(r) + .7152*float64(g) + .0722*float64(b)) / 255
	}
	for _, pair := range [][2]lipgloss.CompleteColor{{hitColor.Dark, missColor.Dark}, {missColor.Light, hitColor.Light}} {
		if d := lightness(pair[0]) - lightness(pair[1]); d < .2 {
			t.Errorf("%v and %v differ in lightness by %.2f", pair[0], pair[1], d)
		}
	}
}

func TestFirstLines(t *testing.T) {
	s := NewStyles(termenv.Ascii, true, true)
	lines := []string{"a", "b", "c", "d"}
	for height, want := range map[int]string{-1: "", 0: "", 1: "… 4 more", 3: "a b … 2 more", 4: "a b c d", 9: "a b c d"} {
		if got := strings.Join(FirstLines(s, lines, height), " "); got != want {
			t.Errorf("the first %d lines are %q, want %q", height, got, want)
		}
	}
}

func TestBrokenFrame(t *testing.T) {
	s := NewStyles(termenv.Ascii, true, true)
	for _, tc := range []struct {
		box        picture.Box
		want, lack string
	}{
		{picture.Box{Cols: 8, Rows: 4}, "missing", "images"},
		{picture.Box{Cols: 40, Rows: 12}, "images/missing-36.jpg", "@"},
		{picture.Box{Cols: 40, Rows: 12}, "no such file", "@"},
		{picture.Box{Cols: 2, Rows: 2}, "", "missing"},
	} {
		lines := BrokenFrame(tc.box, s, "images/missing-36.jpg", "no such file")
		text := strings.Join(lines, "\n")
		if !strings.Contains(text, tc.want) || strings.Contains(text, tc.lack) {
			t.Errorf("%v: the frame is\n%s", tc.box, text)
		}
		for _, line := range lines {
			if w := ansi.StringWidth(line); w != tc.box.Cols || len(lines) != tc.box.Rows {
				t.Errorf("%v: %d lines, one of %d cells", tc.box, len(lines), w)
			}
		}
	}
}

// TestClipboard passes no control characters, and no text that a terminal cuts off.
func TestClipboard(t *testing.T) {
	const start, end = "\x1b]52;c;", "\a"
	ask, err := Clipboard("id\x1b[2J\x07 1\tcap\nnext\r\x00", false)
	if text, _ := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(ask, start), end)); err != nil || string(text) != "id 1\tcap\nnext" {
		t.Errorf("%q, %v: %q", ask, err, text)
	}
	if both, err := Clipboard("id", true); err != nil || both != start+"aWQ="+end+"\x1bPtmux;\x1b"+start+"aWQ="+end+"\x1b\\" {
		t.Errorf("in tmux %q, %v", both, err)
	}
	if ask, err := Clipboard(strings.Repeat("x", mostCopied), false); err != nil || len(ask) != 99_992+len(start)+len(end) {
		t.Errorf("%d bytes, %v", len(ask), err)
	}
	if ask, err := Clipboard(strings.Repeat("x", mostCopied+1), false); err == nil || ask != "" {
		t.Errorf("%d bytes are sent", len(ask))
	}
}
