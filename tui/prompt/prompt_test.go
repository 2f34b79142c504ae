package prompt

import (
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
	"github.com/muesli/termenv"

	"strata/engine/scheme"
	"strata/tui/cells"
)

func TestPromptShowsTheFaultAtItsColumn(t *testing.T) {
	s := cells.NewStyles(termenv.Ascii, true, true)
	for _, tc := range []struct {
		text  string
		width int
	}{
		{"A+nolayer", 80}, {"A++", 80}, {"0.5*", 40}, {"rrf(A,", 80}, {strings.Repeat("A+", 60) + "?", 80}, {"A+界", 60},
	} {
		_, err := scheme.ParseScheme(tc.text)
		var fault *scheme.SyntaxError
		if tc.text == "A+nolayer" {
			err = &scheme.SyntaxError{Text: tc.text, Column: 3, Reason: "there is no layer of this name"}
		}
		if !errors.As(err, &fault) {
			t.Fatalf("%q: %v", tc.text, err)
		}
		lines := New(Scheme, tc.text).Judge(err).View(s, tc.width)
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

// TestDeleteWord deletes the word after the cursor; of a word of one character, the next, too.
func TestDeleteWord(t *testing.T) {
	for at, want := range []string{" d", "a d", "a  d", "a b", "a bc", "a bc ", "a bc d"} {
		p := New(Note, "a bc d")
		p.Input.SetCursor(at)
		p = p.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("d"), Alt: true})
		if got := p.Input.Value(); got != want || p.Input.Position() != at {
			t.Errorf("from %d on: %q with the cursor at %d, want %q", at, got, p.Input.Position(), want)
		}
	}
}
