package picture

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"strata/engine/inert"

	"github.com/muesli/termenv"
)

// Fact is a line of the doctor's report.
type Fact struct{ Name, Text string }

// Doctor writes what a terminal can do, what was chosen for it and why, and then other facts.
func Doctor(w io.Writer, t Terminal, others ...Fact) error {
	facts := []Fact{
		{"terminal", join(t.Name, t.Version, orNone(t.Term, "TERM is not set"), t.TermProgram)},
		{"size", fmt.Sprintf("%d×%d cells", t.Cols, t.Rows)},
		{"cell", fmt.Sprintf("%d×%d pixels (%s)", t.CellW, t.CellH, t.CellFrom)},
		{"pictures", t.Graphics.String()},
		{"why", t.Why},
		{"hint", t.Hint},
		{"device attributes", orNone(t.DA1, "no answer")},
		{"colour registers", registers(t.ColorRegisters)},
		{"largest picture", largest(t)},
		{"modes to change", modeNames(t.Modes)},
		{"colours", profileName(t.Profile)},
		{"background", background(t.Light)},
		{"synchronized frames", yesNo(t.Synchronized)},
		{"tmux", yesNo(t.Tmux)},
		{"ssh", yesNo(t.SSH)},
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range append(facts, others...) {
		if f.Text != "" {
			if _, err := fmt.Fprintf(tw, "%s\t%s\n", f.Name, inert.Text(f.Text)); err != nil {
				return err
			}
		}
	}
	return tw.Flush()
}

// join joins what is known of a terminal's name.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Compact(parts), func(p string) bool { return p == "" }), ", ")
}

func background(light bool) string {
	if light {
		return "light"
	}
	return "dark, or not said"
}

// largest returns the size of the largest sixel picture.
func largest(t Terminal) string {
	if t.PictureW <= 0 || t.PictureH <= 0 {
		return ""
	}
	return fmt.Sprintf("%d×%d pixels", t.PictureW, t.PictureH)
}

// modeNames lists what modes are set to while pictures are shown.
func modeNames(modes []Mode) string {
	var names []string
	for _, m := range modes {
		names = append(names, fmt.Sprintf("%d to %t", m.number, m.set))
	}
	return strings.Join(names, ", ")
}

func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

func registers(n int) string {
	if n == 0 {
		return "not said"
	}
	return fmt.Sprint(n)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func profileName(p termenv.Profile) string {
	switch p {
	case termenv.TrueColor:
		return "true colour"
	case termenv.ANSI256:
		return "256"
	case termenv.ANSI:
		return "16"
	}
	return "none"
}
