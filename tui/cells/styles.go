package cells

import (
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Styles are the screen's styles, by meaning. There is one accent. Hit and miss differ in lightness as well as in hue.
// Everything else has the terminal's own foreground, bold or grey.
type Styles struct {
	Plain    lipgloss.Style
	Bold     lipgloss.Style
	Faint    lipgloss.Style
	Accent   lipgloss.Style // what the keys act on
	Strong   lipgloss.Style // accent and bold
	Selected lipgloss.Style // what lies under the cursor
	Hit      lipgloss.Style
	Miss     lipgloss.Style
	Wrong    lipgloss.Style // an error
	Box      lipgloss.Style // the frame of a popup
	labels   [len(labelColors)]lipgloss.Style
	colored  bool
}

// Label is the style of a marked label, from 0.
func (s *Styles) Label(i int) lipgloss.Style { return s.labels[i%len(s.labels)] }

// Stripes returns a line of so many cells with an upper stripe, a lower one, both or none, each in the colour of its
// label. Without colours both together fill the line.
func (s *Styles) Stripes(upper int, hasUpper bool, lower int, hasLower bool, cells int) string {
	switch {
	case hasUpper && hasLower && s.colored:
		both := s.Label(upper).Background(s.Label(lower).GetForeground())
		return both.Render(strings.Repeat("▀", cells))
	case hasUpper && hasLower:
		return strings.Repeat("█", cells)
	case hasUpper:
		return s.Label(upper).Render(strings.Repeat("▀", cells))
	case hasLower:
		return s.Label(lower).Render(strings.Repeat("▄", cells))
	}
	return ""
}

// Colours for true colour, 256 and 16 colours, on light and dark backgrounds.
var (
	accentColor = lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: "#1f5fb8", ANSI256: "25", ANSI: "4"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#8ab8ff", ANSI256: "111", ANSI: "14"},
	}
	hitColor = lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: "#00653f", ANSI256: "22", ANSI: "2"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#86ecb4", ANSI256: "121", ANSI: "10"},
	}
	missColor = lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: "#b57647", ANSI256: "137", ANSI: "3"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#a5653c", ANSI256: "130", ANSI: "1"},
	}
	wrongColor = lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: "#b00020", ANSI256: "124", ANSI: "1"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#ff8f80", ANSI256: "210", ANSI: "9"},
	}
)

// labelColors are the colours of the marked labels. Eyes that see no red, no green or no blue tell them apart, too.
var labelColors = [...]lipgloss.CompleteAdaptiveColor{
	{
		Light: lipgloss.CompleteColor{TrueColor: "#006b4c", ANSI256: "29", ANSI: "2"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#2fc79a", ANSI256: "42", ANSI: "10"},
	},
	{
		Light: lipgloss.CompleteColor{TrueColor: "#cc7a00", ANSI256: "130", ANSI: "3"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#e69f00", ANSI256: "214", ANSI: "11"},
	},
	{
		Light: lipgloss.CompleteColor{TrueColor: "#b46cfc", ANSI256: "135", ANSI: "5"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#d070f0", ANSI256: "171", ANSI: "13"},
	},
	{
		Light: lipgloss.CompleteColor{TrueColor: "#54186c", ANSI256: "54", ANSI: "4"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#f0e442", ANSI256: "227", ANSI: "7"},
	},
}

// faintColor is grey on both backgrounds. Terminals draw faint text as they like, black on white hardly paler than plain
// text; with 16 colours it is left to them.
var faintColor = lipgloss.CompleteAdaptiveColor{
	Light: lipgloss.CompleteColor{TrueColor: "#666666", ANSI256: "241"},
	Dark:  lipgloss.CompleteColor{TrueColor: "#999999", ANSI256: "247"},
}

// NewStyles returns styles for a colour profile and a background. Without colours (termenv.Ascii)
// bold and faint remain. If plain, no style remains; tests compare such frames.
func NewStyles(profile termenv.Profile, dark, plain bool) *Styles {
	r := lipgloss.NewRenderer(nil)
	r.SetHasDarkBackground(dark)
	colored := profile != termenv.Ascii
	switch {
	case plain:
		r.SetColorProfile(termenv.Ascii)
	case colored:
		r.SetColorProfile(profile)
	default:
		r.SetColorProfile(termenv.ANSI)
	}
	paint := func(c lipgloss.TerminalColor) lipgloss.Style {
		if !colored {
			return r.NewStyle()
		}
		return r.NewStyle().Foreground(c)
	}
	faint := r.NewStyle().Faint(true)
	if colored && !plain && profile != termenv.ANSI {
		faint = paint(faintColor)
	}
	out := &Styles{
		Plain:    r.NewStyle(),
		Bold:     r.NewStyle().Bold(true),
		Faint:    faint,
		Accent:   paint(accentColor),
		Strong:   paint(accentColor).Bold(true),
		Selected: paint(accentColor).Bold(true).Reverse(true),
		Hit:      paint(hitColor),
		Miss:     paint(missColor),
		Wrong:    paint(wrongColor).Bold(true),
		Box:      r.NewStyle().Border(lipgloss.RoundedBorder()).BorderForeground(borderColor(colored)).Padding(0, 1),
		colored:  colored && !plain,
	}
	for i, c := range labelColors {
		out.labels[i] = paint(c)
	}
	return out
}

func borderColor(colored bool) lipgloss.TerminalColor {
	if colored {
		return accentColor
	}
	return lipgloss.NoColor{}
}
