package picture

import (
	"strconv"
	"strings"
)

// brand is a terminal program.
type brand int

// The terminals that are told from one another, because pictures are drawn differently on them.
const (
	brandUnknown brand = iota
	brandKitty
	brandGhostty
	brandITerm2
	brandWezTerm
	brandKonsole
	brandFoot
	brandXterm
	brandMlterm
	brandVSCode
	brandWarp
	brandRio
	brandContour
	brandVTE
	brandWindows
	brandAlacritty
	brandApple
	brandCount
)

// brands says how a terminal is recognized: by what its version (XTVERSION) begins with, by TERM_PROGRAM, by TERM, or
// by a variable that it sets. The version is what the terminal says itself. The environment may be an outer terminal's.
var brands = [brandCount]struct{ name, version, program, term, variable string }{
	brandKitty:     {"kitty", "kitty(", "", "xterm-kitty", "KITTY_WINDOW_ID"},
	brandGhostty:   {"Ghostty", "ghostty ", "ghostty", "xterm-ghostty", "GHOSTTY_RESOURCES_DIR"},
	brandITerm2:    {"iTerm2", "iTerm2 ", "iTerm.app", "", "ITERM_SESSION_ID"},
	brandWezTerm:   {"WezTerm", "WezTerm ", "WezTerm", "wezterm", "WEZTERM_PANE"},
	brandKonsole:   {"Konsole", "Konsole ", "", "", "KONSOLE_VERSION"},
	brandFoot:      {"foot", "foot(", "", "foot", ""},
	brandXterm:     {"xterm", "XTerm(", "", "", "XTERM_VERSION"},
	brandMlterm:    {"mlterm", "mlterm(", "", "mlterm", "MLTERM"},
	brandVSCode:    {"VS Code", "xterm.js(", "vscode", "", "VSCODE_INJECTION"},
	brandWarp:      {"Warp", "Warp", "WarpTerminal", "", "WARP_HONOR_PS1"},
	brandRio:       {"Rio", "rio ", "rio", "rio", ""},
	brandContour:   {"contour", "contour ", "contour", "contour", ""},
	brandVTE:       {"VTE", "VTE(", "", "", "VTE_VERSION"},
	brandWindows:   {"Windows Terminal", "Windows Terminal", "", "", "WT_SESSION"},
	brandAlacritty: {"Alacritty", "", "", "alacritty", "ALACRITTY_WINDOW_ID"},
	brandApple:     {"Terminal.app", "", "Apple_Terminal", "", ""},
}

// String returns the terminal's name, "" for an unknown one.
func (b brand) String() string { return brands[b].name }

// identify returns the terminal that answered or, if it does not say which it is, that set the environment. Within a
// multiplexer the environment may be of a terminal that was there before, and is not believed.
func identify(r replies, getenv func(string) string, within bool) brand {
	for b, known := range brands {
		if known.version != "" && strings.HasPrefix(r.version, known.version) {
			return brand(b)
		}
	}
	if within || r.version != "" {
		return brandUnknown
	}
	program, term := getenv("TERM_PROGRAM"), getenv("TERM")
	for b, known := range brands {
		if known.program != "" && program == known.program {
			return brand(b)
		}
	}
	for b, known := range brands {
		if known.term != "" && (term == known.term || strings.HasPrefix(term, known.term+"-")) {
			return brand(b)
		}
	}
	for b, known := range brands {
		if known.variable != "" && getenv(known.variable) != "" {
			return brand(b)
		}
	}
	return brandUnknown
}

// versionNumbers returns the numbers after a terminal's name in its version: 0, 26 and 5 of "kitty(0.26.5)".
func versionNumbers(version string) []int {
	at := strings.IndexAny(version, "0123456789")
	if at < 0 {
		return nil
	}
	end := strings.IndexFunc(version[at:], func(c rune) bool { return (c < '0' || c > '9') && c != '.' })
	if end < 0 {
		end = len(version) - at
	}
	var n []int
	for field := range strings.SplitSeq(version[at:at+end], ".") {
		v, err := strconv.Atoi(field)
		if err != nil {
			break
		}
		n = append(n, v)
	}
	return n
}

// xtermVersion returns the patch number of an xterm.
func xtermVersion(version string) (n int, ok bool) {
	if !strings.HasPrefix(version, brands[brandXterm].version) {
		return 0, false
	}
	numbers := versionNumbers(version)
	if len(numbers) == 0 {
		return 0, false
	}
	return numbers[0], true
}
