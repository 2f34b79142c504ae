package picture

import "github.com/charmbracelet/x/ansi"

// Modes of terminals with sixel.
const (
	// sixelDisplayMode, when set, puts every picture into the top left corner.
	sixelDisplayMode = ansi.DECMode(80)
	// privateColorsMode, when reset, lets a picture change the colours of earlier ones.
	privateColorsMode = ansi.DECMode(1070)
)

// fixedXterm is the first xterm whose mode 80 has DEC's sense; before, set and reset were exchanged.
const fixedXterm = 369

// Mode is a mode of the terminal that must be changed while pictures are shown.
type Mode struct {
	number ansi.DECMode
	set    bool // while pictures are shown
}

// enter and leave return what changes the mode, and what gives it back.
func (m Mode) enter() string { return switchMode(m.number, m.set) }
func (m Mode) leave() string { return switchMode(m.number, !m.set) }

func switchMode(number ansi.DECMode, set bool) string {
	if set {
		return ansi.SetMode(number)
	}
	return ansi.ResetMode(number)
}

// sixelModes returns the modes that are not as sixel needs them. A mode that the terminal does not tell is left alone.
func (r replies) sixelModes() []Mode {
	var modes []Mode
	scrolling := modeReset
	if n, ok := xtermVersion(r.version); ok && n < fixedXterm {
		scrolling = modeSet
	}
	for _, m := range []struct {
		number    ansi.DECMode
		is, needs modeState
	}{
		{sixelDisplayMode, r.sixelDisplay, scrolling},
		{privateColorsMode, r.privateColors, modeSet},
	} {
		if m.is != m.needs && (m.is == modeSet || m.is == modeReset) {
			modes = append(modes, Mode{m.number, m.needs == modeSet})
		}
	}
	return modes
}
