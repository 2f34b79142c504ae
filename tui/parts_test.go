package tui

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"strata/engine"
	"strata/engine/inert"
	"strata/tui/picture"
)

func parse(t *testing.T, text string) engine.Scheme {
	t.Helper()
	s, err := engine.ParseScheme(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

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
		if got := number(tc.x, tc.decimals); got != tc.want {
			t.Errorf("number(%g, %d) = %q, want %q", tc.x, tc.decimals, got, tc.want)
		}
	}
	for _, tc := range []struct {
		n    int
		want string
	}{{0, "0"}, {999, "999"}, {1000, "1,000"}, {9583, "9,583"}, {1234567, "1,234,567"}, {-4321, "-4,321"}} {
		if got := thousands(tc.n); got != tc.want {
			t.Errorf("thousands(%d) = %q, want %q", tc.n, got, tc.want)
		}
	}
	for _, tc := range []struct {
		x     float64
		width int
		want  string
	}{{.98765, 6, ".9877"}, {.98765, 4, ".988"}, {.98765, 3, ".99"}, {1, 5, "1.000"}, {-.5, 5, "-.500"}} {
		if got := scoreIn(tc.x, tc.width); got != tc.want {
			t.Errorf("scoreIn(%g, %d) = %q, want %q", tc.x, tc.width, got, tc.want)
		}
	}
	for _, w := range []float64{0, 1, .5, .05, .01, 2.5, 1e-30, 123456, 1e30, 1.0 / 3} {
		if got := weightText(w); len(got) > 5 || got == "" {
			t.Errorf("weightText(%g) = %q", w, got)
		}
	}
}

func TestWidths(t *testing.T) {
	for _, s := range []string{"", "a", "knit-0012", "四番目の商品", "e\u0301tude", "\x1b[31mred\x1b[0m", "👩‍👩‍👧 family"} {
		for w := range 12 {
			if got := ansi.StringWidth(cut(s, w)); got > w {
				t.Errorf("cut(%q, %d) is %d cells wide", s, w, got)
			}
			if got := ansi.StringWidth(cutID(s, w)); got > w {
				t.Errorf("cutID(%q, %d) is %d cells wide", s, w, got)
			}
			if got := ansi.StringWidth(flush(inert.Text(s), "end", w)); got != w {
				t.Errorf("flush(%q, %d) is %d cells wide", s, w, got)
			}
		}
	}
	if got := cutID("t-shirt-0021", 8); got != "…rt-0021" {
		t.Errorf("cutID keeps %q", got)
	}
}

func TestWithWeight(t *testing.T) {
	for _, tc := range []struct {
		scheme string
		knob   int
		weight float64
		want   string
	}{
		{"A+B", 1, .5, "A+0.5*B"},
		{"A+B", 0, 0, "0*A+B"},
		{"0*A+B", 1, 0, "0*A+0.01*B"},
		{"concat(A,B)", 0, .123456, "concat(0.12*A,B)"},
		{"rrf(A,B+C)", 1, .25, "rrf(A,B+0.25*C)"},
		{"A+B", 0, -3, "0*A+B"},
	} {
		s := parse(t, tc.scheme)
		if got := withWeight(s, tc.knob, tc.weight).String(); got != tc.want {
			t.Errorf("%s with knob %d at %g is %s, want %s", tc.scheme, tc.knob, tc.weight, got, tc.want)
		}
		if s.String() != parse(t, tc.scheme).String() {
			t.Errorf("%s was changed in place", tc.scheme)
		}
	}
}

func TestSlideSteps(t *testing.T) {
	for _, tc := range []struct {
		scheme string
		by     float64
		want   string
	}{
		{"A+B", -sliderStep, "0.95*A+B"},
		{"0.3*A+B", -sliderFineStep, "0.29*A+B"},
		{"0.97*A+B", sliderStep, "A+B"},
		{"2*A+B", sliderStep, "2*A+B"},
		{"2*A+B", -sliderStep, "1.95*A+B"},
		{"0.02*A+B", -sliderStep, "0*A+B"},
	} {
		if got := (sliders{}).slide(parse(t, tc.scheme), tc.by).String(); got != tc.want {
			t.Errorf("%s by %g is %s, want %s", tc.scheme, tc.by, got, tc.want)
		}
	}
}

func TestToggled(t *testing.T) {
	for _, tc := range []struct {
		scheme, layer, want string
	}{
		{"A", "B", "A+B"},
		{"A+0.5*B", "B", "A"},
		{"A", "A", ""},
		{"0*A+B", "B", ""},
		{"concat(A,B)", "C", "concat(A,B,C)"},
		{"rrf(A,B)", "C", "rrf(A,B,C)"},
		{"rrf(A,B,C)", "B", "rrf(A,C)"},
		{"rrf(A,B)", "B", ""},
	} {
		got, ok := toggled(parse(t, tc.scheme), tc.layer)
		if ok != (tc.want != "") || ok && got.String() != tc.want {
			t.Errorf("%s with %s toggled is %s, %v; want %q", tc.scheme, tc.layer, got, ok, tc.want)
		}
	}
}

func TestMoves(t *testing.T) {
	hits := func(rows ...int) []engine.Hit {
		var out []engine.Hit
		for _, r := range rows {
			out = append(out, engine.Hit{Row: r})
		}
		return out
	}
	got := moves(hits(5, 1, 9, 2), hits(1, 2, 3, 5))
	if want := []int{3, -1, isNew, -2}; !slices.Equal(got, want) {
		t.Errorf("moves are %v, want %v", got, want)
	}
	for move, want := range map[int]string{0: "=", 3: "▲3", -2: "▼2", isNew: "new"} {
		if got := moveText(move); got != want {
			t.Errorf("moveText(%d) = %q, want %q", move, got, want)
		}
	}
}

func TestPromptShowsTheFaultAtItsColumn(t *testing.T) {
	s := newStyles(termenv.Ascii, true, true)
	for _, tc := range []struct {
		text  string
		width int
	}{
		{"A+nolayer", 80}, {"A++", 80}, {"0.5*", 40}, {"rrf(A,", 80}, {strings.Repeat("A+", 60) + "?", 80}, {"A+界", 60},
	} {
		_, err := engine.ParseScheme(tc.text)
		var fault *engine.SchemeError
		if tc.text == "A+nolayer" {
			err = &engine.SchemeError{Text: tc.text, Column: 3, Reason: "there is no layer of this name"}
		}
		if !errors.As(err, &fault) {
			t.Fatalf("%q: %v", tc.text, err)
		}
		lines := newPrompt(promptScheme, tc.text).judge(err).view(s, tc.width)
		for _, line := range lines {
			if w := ansi.StringWidth(line); w != tc.width {
				t.Errorf("%q: a line of %d cells, want %d", tc.text, w, tc.width)
			}
		}
		before, _, _ := strings.Cut(lines[1], "^")
		arrow := ansi.StringWidth(before)
		at := []rune(tc.text + " ")[fault.Column-1]
		if got := []rune(ansi.Cut(lines[0], arrow, arrow+2) + " ")[0]; got != at {
			t.Errorf("the arrow is under %q, want %q:\n%s\n%s", got, at, lines[0], lines[1])
		}
	}
}

func TestBestIsBold(t *testing.T) {
	rows := [][]figure{
		{{hits: 3, judged: true}, {hits: 2, judged: true}},
		{{hits: 7, judged: true}, {hits: 2, judged: true}},
		{{}, {hits: 2, judged: true}},
	}
	b := bestOf(rows)
	if b.hits[0] != 7 || b.hits[1] != -1 {
		t.Errorf("the best hits are %v, want 7 and none where all are alike", b.hits)
	}
}

func TestStylesSurviveFewColours(t *testing.T) {
	for _, tc := range []struct {
		profile termenv.Profile
		colored bool
	}{{termenv.TrueColor, true}, {termenv.ANSI256, true}, {termenv.ANSI, true}, {termenv.Ascii, false}} {
		for _, dark := range []bool{true, false} {
			s := newStyles(tc.profile, dark, false)
			hit, miss := s.hit.Render("x"), s.miss.Render("x")
			if colored := hit != miss && hit != "x"; colored != tc.colored {
				t.Errorf("profile %v: hit %q, miss %q", tc.profile, hit, miss)
			}
			if s.bold.Render("x") == "x" || s.faint.Render("x") == "x" {
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

func TestRowsFollowTheFocus(t *testing.T) {
	l := &layout{Visible: 2}
	for _, tc := range []struct {
		name   string
		pane   rowsPane
		n      int
		want   []int
		pinned bool
	}{
		{"first", rowsPane{}, 4, []int{0, 1}, false},
		{"down", rowsPane{focus: 2}, 4, []int{1, 2}, false},
		{"last", rowsPane{focus: 3}, 4, []int{2, 3}, false},
		{"beyond", rowsPane{focus: 9, top: 9}, 4, []int{2, 3}, false},
		{"pinned", rowsPane{focus: 3, pinned: true}, 4, []int{0, 3}, true},
		{"on the pinned", rowsPane{focus: 0, top: 2, pinned: true}, 4, []int{0, 2}, true},
		{"few", rowsPane{focus: 0, top: 3}, 1, []int{0}, false},
	} {
		p := tc.pane.follow(l, tc.n)
		if got := p.visible(l, tc.n, false); !slices.Equal(got, tc.want) {
			t.Errorf("%s: rows %v are visible, want %v", tc.name, got, tc.want)
		}
	}
}

func TestLayout(t *testing.T) {
	kind := screenKind{CellW: 8, CellH: 17, Graphics: picture.GraphicsSixel, Schemes: 4, Labels: 4, Marked: 2, Layers: 4}
	for _, tc := range []struct {
		name       string
		cols, rows int
		change     func(*screenKind)
		ok         func(l layout) bool
	}{
		{"two rows", 80, 24, nil, func(l layout) bool { return l.Visible == 2 && l.Gap == 1 }},
		{"the strip gives way to a third row", 100, 30, nil, func(l layout) bool { return l.Visible == 3 && l.QueryBox.Rows == 5 }},
		{"but not without need", 100, 30, func(k *screenKind) { k.Schemes = 2 }, func(l layout) bool { return l.QueryBox.Rows == 6 }},
		{"margins are alike", 120, 40, nil, func(l layout) bool { return l.Query.X == 1 && l.Rows.X+l.Rows.W == 119 }},
		{"the left column has what is left", 160, 45, nil, func(l layout) bool { return l.Query.W == 36 && l.Rows.X+l.Rows.W == 159 }},
		{"labels in place of pictures", 120, 40, func(k *screenKind) { k.Graphics = picture.GraphicsNone }, func(l layout) bool { return l.Captions == 4 }},
		{"as far as they fit", 80, 24, func(k *screenKind) { k.Graphics = picture.GraphicsNone }, func(l layout) bool { return l.Captions == 2 && l.Visible == 4 }},
		{"text under the two pictures", 120, 40, func(k *screenKind) { k.Panel = true }, func(l layout) bool {
			return l.PanelBelow && l.PanelBox.Rows >= 20 && l.PanelBox.Rows+2+4 <= l.Panel.H
		}},
		{"text beside them", 80, 24, func(k *screenKind) { k.Panel = true }, func(l layout) bool { return !l.PanelBelow && l.PanelBox.Rows > 8 }},
	} {
		k := kind
		k.Size = picture.Box{Cols: tc.cols, Rows: tc.rows}
		if tc.change != nil {
			tc.change(&k)
		}
		if l := newLayout(k); !tc.ok(l) {
			t.Errorf("%s: %+v", tc.name, l)
		}
	}
}

func TestFirstLines(t *testing.T) {
	s := newStyles(termenv.Ascii, true, true)
	lines := []string{"a", "b", "c", "d"}
	for height, want := range map[int]string{-1: "", 0: "", 1: "… 4 more", 3: "a b … 2 more", 4: "a b c d", 9: "a b c d"} {
		if got := strings.Join(firstLines(s, lines, height), " "); got != want {
			t.Errorf("the first %d lines are %q, want %q", height, got, want)
		}
	}
}

func TestBrokenFrame(t *testing.T) {
	s := newStyles(termenv.Ascii, true, true)
	for _, tc := range []struct {
		box        picture.Box
		want, lack string
	}{
		{picture.Box{Cols: 8, Rows: 4}, "missing", "images"},
		{picture.Box{Cols: 40, Rows: 12}, "images/missing-36.jpg", "@"},
		{picture.Box{Cols: 40, Rows: 12}, "no such file", "@"},
		{picture.Box{Cols: 2, Rows: 2}, "", "missing"},
	} {
		lines := brokenFrame(tc.box, s, "images/missing-36.jpg", "no such file")
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

func TestMatchLabels(t *testing.T) {
	d := openDesktop(t, 80, 24, picture.GraphicsNone)
	g := d.m.gallery
	category, err := g.Label("category")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := matchLabels(t.Context(), g, "CAP")
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	in := 0
	for row := range g.Len() {
		if category.Cell(row) == "knit-cap" {
			in++
			if _, ok := slices.BinarySearch(rows, int32(row)); !ok {
				t.Errorf("row %d is a cap and not found", row)
			}
		}
	}
	if in == 0 {
		t.Error("the gallery has no caps")
	}
}
