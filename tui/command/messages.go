package command

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"strata/engine"
	"strata/engine/inert"
)

// shown returns the standard output of a command that writes text for people, with terminal
// escape sequences removed: ids, labels and names of files may hold some.
func shown(cmd *cobra.Command) io.Writer { return inert.NewWriter(cmd.OutOrStdout()) }

// remark writes a line on the standard error for each text.
func remark(cmd *cobra.Command, texts []string) {
	for _, t := range texts {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "strata: "+inert.Line(t))
	}
}

// warn writes a line on the standard error for each text.
func warn(cmd *cobra.Command, texts []string) {
	for _, t := range texts {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "strata: warning: "+inert.Line(t))
	}
}

// warnFaults says what of the gallery was left out, and what is wrong with the rows
// of the layers that were measured.
func warnFaults(cmd *cobra.Command, g *engine.Gallery) {
	warn(cmd, g.Notes)
	for _, l := range g.AllLayers() {
		warn(cmd, g.Faults(l))
	}
}

// closeLate closes what a command has read from; an error then changes no result.
func closeLate(cmd *cobra.Command, c io.Closer) {
	if err := c.Close(); err != nil {
		warn(cmd, []string{err.Error()})
	}
}
