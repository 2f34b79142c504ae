package command

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// everyCommand returns the commands that have a help page of ours.
func everyCommand() []*cobra.Command {
	root := rootCommand()
	return append([]*cobra.Command{root}, root.Commands()...)
}

// TestFlagKinds wants a kind of every flag, with a value exactly where the flag
// takes one, and no kind of a flag that is not there.
func TestFlagKinds(t *testing.T) {
	seen := map[string]bool{"help": true, "version": true, "no-descriptions": true} // cobra's own
	for _, cmd := range everyCommand() {
		for _, flags := range []*pflag.FlagSet{cmd.LocalFlags(), cmd.PersistentFlags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				seen[f.Name] = true
				kind, ok := flagKinds[f.Name]
				if takes := f.Value.Type() != "bool"; !ok || takes != (kind.value != "") {
					t.Errorf("%s: --%s has the kind %v, %v", cmd.Name(), f.Name, kind, ok)
				}
				if _, ok := valueTypes[f.Value.Type()]; !ok && f.Value.Type() != "bool" {
					t.Errorf("%s: --%s is of an unknown type, %s", cmd.Name(), f.Name, f.Value.Type())
				}
			})
		}
	}
	for name := range flagKinds {
		if !seen[name] {
			t.Errorf("no command has a flag --%s", name)
		}
	}
}

// TestHelpPages wants every page to keep to the width of its terminal, to have
// every flag under a heading, and escape sequences only where it is coloured.
func TestHelpPages(t *testing.T) {
	for _, cmd := range everyCommand() {
		plain := helpPage{width: wideHelp}.help(cmd)
		for _, p := range []helpPage{{width: narrowHelp}, {width: wideHelp}} {
			_, below, _ := strings.Cut(p.help(cmd), "\nOutput\n")
			for line := range strings.Lines(below) {
				if len([]rune(strings.TrimSpace(line))) > p.width && len(strings.Fields(line)) > 2 {
					t.Errorf("%s: wider than %d: %s", cmd.Name(), p.width, line)
				}
			}
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && strings.Count(plain, "--"+f.Name) == 0 {
				t.Errorf("%s: the help does not show --%s", cmd.Name(), f.Name)
			}
		})
		if strings.Contains(plain, "\x1b") {
			t.Errorf("%s: the plain help has escape sequences", cmd.Name())
		}
	}
	if page := (helpPage{width: wideHelp, coloured: true}).help(rootCommand()); !strings.Contains(page, "\x1b[1mData\x1b[") {
		t.Errorf("the coloured help has no bold heading: %q", page)
	}
	var out bytes.Buffer
	if newPage(&out).coloured {
		t.Error("output that is not a terminal is coloured")
	}
}
