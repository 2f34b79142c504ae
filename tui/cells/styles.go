package cells

import (
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Styles are the screen's styles, by meaning. There is one accent. Hit and miss differ in lightness
// as well as in hue. Everything else has the terminal's own foreground, bold or faint.
type Styles struct {
	Plain  lipgloss.Style
	Bold   lipgloss.Style
	Faint  lipgloss.Style
	Accent lipgloss.Style // what the keys act on
	Strong lipgloss.Style // accent and bold
	Hit    lipgloss.Style
	Miss   lipgloss.Style
	Wrong  lipgloss.Style // an error
	Box    lipgloss.Style // the frame of a popup
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
		Light: lipgloss.CompleteColor{TrueColor: "#c98a5f", ANSI256: "173", ANSI: "3"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#a5653c", ANSI256: "130", ANSI: "1"},
	}
	wrongColor = lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: "#b00020", ANSI256: "124", ANSI: "1"},
		Dark:  lipgloss.CompleteColor{TrueColor: "#ff8f80", ANSI256: "210", ANSI: "9"},
	}
)

// NewStyles returns styles for a colour profile and a background. Without colours (termenv.Ascii)
// bold and faint remain. If plain, no style remains; tests compare such frames.
func NewStyles(profile termenv.Profile, dark, plain bool) Styles {
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
	return Styles{
		Plain:  r.NewStyle(),
		Bold:   r.NewStyle().Bold(true),
		Faint:  r.NewStyle().Faint(true),
		Accent: paint(accentColor),
		Strong: paint(accentColor).Bold(true),
		Hit:    paint(hitColor),
		Miss:   paint(missColor),
		Wrong:  paint(wrongColor).Bold(true),
		Box:    r.NewStyle().Border(lipgloss.RoundedBorder()).BorderForeground(borderColor(colored)).Padding(0, 1),
	}
}

func borderColor(colored bool) lipgloss.TerminalColor {
	if colored {
		return accentColor
	}
	return lipgloss.NoColor{}
}
