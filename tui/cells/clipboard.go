package cells

import (
	"fmt"
	"strings"

	"strata/engine/inert"

	"github.com/charmbracelet/x/ansi"
)

// mostCopied is the longest text that is copied, in bytes: of its 100,000 characters in base64 terminals keep all.
const mostCopied = 74_994

// Clipboard returns what asks a terminal to put a text on its clipboard (OSC 52). Control characters other than the ends
// of lines and tabs are left out. Within tmux the terminal around it is asked, too: tmux takes the text itself with
// set-clipboard on, and passes it on with allow-passthrough on.
func Clipboard(text string, tmux bool) (string, error) {
	if len(text) > mostCopied {
		return "", fmt.Errorf("the text has %s bytes, and a terminal's clipboard takes %s", Thousands(len(text)), Thousands(mostCopied))
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		parts := strings.Split(line, "\t")
		for j, part := range parts {
			parts[j] = inert.Text(part)
		}
		lines[i] = strings.Join(parts, "\t")
	}
	ask := ansi.SetSystemClipboard(strings.Join(lines, "\n"))
	if tmux {
		return ask + ansi.TmuxPassthrough(ask), nil
	}
	return ask, nil
}
