package tui

import (
	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// styles are the screen's few looks by meaning: one accent, hit and miss that differ in lightness as well as in hue, and
// for everything else the terminal's own foreground, bold or faint.
type styles struct {
	plain  lipgloss.Style
	bold   lipgloss.Style
	faint  lipgloss.Style
	accent lipgloss.Style // what the keys act on
	strong lipgloss.Style // accent and bold
	hit    lipgloss.Style
	miss   lipgloss.Style
	wrong  lipgloss.Style // an error
	box    lipgloss.Style // the frame of a popup
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

// newStyles returns styles for a colour profile and a background. Without colours (termenv.Ascii) bold and faint
// remain; with plain set nothing remains, which is how frames are compared.
func newStyles(profile termenv.Profile, dark, plain bool) styles {
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
	return styles{
		plain:  r.NewStyle(),
		bold:   r.NewStyle().Bold(true),
		faint:  r.NewStyle().Faint(true),
		accent: paint(accentColor),
		strong: paint(accentColor).Bold(true),
		hit:    paint(hitColor),
		miss:   paint(missColor),
		wrong:  paint(wrongColor).Bold(true),
		box:    r.NewStyle().Border(lipgloss.RoundedBorder()).BorderForeground(borderColor(colored)).Padding(0, 1),
	}
}

func borderColor(colored bool) lipgloss.TerminalColor {
	if colored {
		return accentColor
	}
	return lipgloss.NoColor{}
}
