package command

import (
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"strata/engine"
	"strata/engine/inert"
	"strata/experiments/table"
)

func flagsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "flags GALLERY",
		Short: "List the items that were flagged",
		Long: `Flags lists the flagged items of a gallery, in the order in which they were flagged. F on
the screen flags an item: as wrong, duplicate, interesting, or with another word; a step
flag ID WORD does the same in a script. --where flag=wrong of eval, mine, tune and cost takes
the flagged items as queries.

Flags lie in .strata/flags.csv in the gallery's folder, with the columns id and flag. Where
that cannot be written they lie in the state folder (see strata doctor). Ids that are of no
item are kept, and marked.`,
		Example:           "strata flags demo\nstrata flags shop",
		Args:              takes("GALLERY"),
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := openGallery(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer closeLate(cmd, g)
			if err := g.Flagging().Err(); err != nil {
				return err
			}
			return listFlags(cmd, g)
		},
	}
}

// listFlags lists the flagged items.
func listFlags(cmd *cobra.Command, g *engine.Gallery) error {
	f, unknown := g.Flags(), g.Flagging().Unknown()
	w := tabwriter.NewWriter(shown(cmd), 0, 0, 2, ' ', 0)
	for _, id := range f.IDs() {
		note := ""
		if slices.Contains(unknown, id) {
			note = "\tno item has this id"
		}
		if _, err := fmt.Fprintf(w, "%s\t%s%s\n", inert.Text(id), inert.Text(f.Of(id)), note); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(shown(cmd), table.Counted(f.Len(), "flag")+flagsIn(g))
	return err
}

// flagsIn says in which file the flags lie.
func flagsIn(g *engine.Gallery) string {
	if path := g.Flagging().Path(); path != "" {
		return " in " + path
	}
	return ""
}
