package cells

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// linear is a colour in linear light, red, green and blue from 0 to 1.
type linear [3]float64

func linearOf(t *testing.T, hex string) linear {
	t.Helper()
	var c [3]int
	if _, err := fmt.Sscanf(hex, "#%02x%02x%02x", &c[0], &c[1], &c[2]); err != nil {
		t.Fatal(err)
	}
	var out linear
	for i, v := range c {
		x := float64(v) / 255
		if out[i] = x / 12.92; x > .04045 {
			out[i] = math.Pow((x+.055)/1.055, 2.4)
		}
	}
	return out
}

func (c linear) luminance() float64 { return .2126*c[0] + .7152*c[1] + .0722*c[2] }

// contrast is that of WCAG 2, from 1 to 21.
func contrast(a, b linear) float64 {
	x, y := a.luminance()+.05, b.luminance()+.05
	return max(x, y) / min(x, y)
}

// lab returns the colour in CIELAB.
func (c linear) lab() [3]float64 {
	f := func(x float64) float64 {
		if x > .008856 {
			return math.Cbrt(x)
		}
		return 7.787*x + 16./116
	}
	for i := range c {
		c[i] = min(max(c[i], 0), 1)
	}
	x := f((.4124*c[0] + .3576*c[1] + .1805*c[2]) / .9505)
	y := f(c.luminance())
	z := f((.0193*c[0] + .1192*c[1] + .9505*c[2]) / 1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// eyes are what colours look like to eyes, of which some see no red, no green or no blue (Machado, Oliveira and
// Fernandes 2009, severity 1).
var eyes = map[string][3]linear{
	"all":      {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"no red":   {{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}},
	"no green": {{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}},
	"no blue":  {{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}},
}

func (c linear) seenBy(eye [3]linear) (out linear) {
	for i, row := range eye {
		for j := range row {
			out[i] += row[j] * c[j]
		}
	}
	return out
}

// TestLabelColorsDiffer tells the labels' colours from one another by all eyes, on both backgrounds.
func TestLabelColorsDiffer(t *testing.T) {
	for name, eye := range eyes {
		for i, a := range labelColors {
			for _, b := range labelColors[:i] {
				for _, pair := range [][2]string{{a.Dark.TrueColor, b.Dark.TrueColor}, {a.Light.TrueColor, b.Light.TrueColor}} {
					x, y := linearOf(t, pair[0]).seenBy(eye).lab(), linearOf(t, pair[1]).seenBy(eye).lab()
					if d := math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2]); d < 15 {
						t.Errorf("%s: %s and %s differ by %.1f", name, pair[0], pair[1], d)
					}
				}
			}
		}
	}
}

// TestContrast compares the colours with light and dark backgrounds: 4.5 for text, 3 for marks.
func TestContrast(t *testing.T) {
	least := map[lipgloss.CompleteAdaptiveColor]float64{accentColor: 4.5, faintColor: 4.5, hitColor: 4.5, wrongColor: 4.5, missColor: 3}
	for _, c := range labelColors {
		least[c] = 3
	}
	for c, want := range least {
		for _, on := range [][2]string{{c.Dark.TrueColor, "#000000"}, {c.Dark.TrueColor, "#1e1e1e"}, {c.Light.TrueColor, "#ffffff"}} {
			if got := contrast(linearOf(t, on[0]), linearOf(t, on[1])); got < want {
				t.Errorf("%s on %s has a contrast of %.2f, want %.1f", on[0], on[1], got, want)
			}
		}
	}
}

// TestGreyIsGrey gives grey text no hue, and leaves it to terminals of 16 colours.
func TestGreyIsGrey(t *testing.T) {
	for _, hex := range []string{faintColor.Dark.TrueColor, faintColor.Light.TrueColor} {
		if hex[1:3] != hex[3:5] || hex[3:5] != hex[5:7] {
			t.Errorf("%s is no grey", hex)
		}
	}
	for _, tc := range []struct {
		profile termenv.Profile
		dark    bool
		want    string
	}{
		{termenv.TrueColor, true, "\x1b[38;2;153;153;153m"},
		{termenv.TrueColor, false, "\x1b[38;2;102;102;102m"},
		{termenv.ANSI256, true, "\x1b[38;5;247m"},
		{termenv.ANSI, true, "\x1b[2m"},
		{termenv.Ascii, false, "\x1b[2m"},
	} {
		if got := NewStyles(tc.profile, tc.dark, false).Faint.Render("x"); !strings.HasPrefix(got, tc.want) {
			t.Errorf("profile %v, dark %t: %q, want %q", tc.profile, tc.dark, got, tc.want)
		}
	}
}

// TestStripes tells an upper stripe, a lower one and both apart, with colours and without.
func TestStripes(t *testing.T) {
	for _, profile := range []termenv.Profile{termenv.TrueColor, termenv.ANSI256, termenv.ANSI, termenv.Ascii} {
		s := NewStyles(profile, true, false)
		seen := map[string]bool{}
		for i := range 4 {
			seen[s.Stripes(0, i&1 > 0, 1, i&2 > 0, 3)] = true
		}
		if len(seen) != 4 || !seen[""] {
			t.Errorf("profile %v: the stripes are %v", profile, seen)
		}
	}
}
