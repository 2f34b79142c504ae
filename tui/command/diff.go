package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"strata/experiments/eval"
	"strata/experiments/run"
)

func diffCommand() *cobra.Command {
	var show int
	cmd := &cobra.Command{
		Use:   "diff RUN1 RUN2",
		Short: "Say which metrics and rankings moved between two runs",
		Long: `Diff compares two folders that eval --out wrote: metrics.csv, per_query.csv,
comparisons.csv and, where both have them, standings.csv and the rankings in trec.
Rows are matched by what names them. It names what differs in how the runs were made,
too: fingerprint, seed, version and the like, from manifest.json.

Where a query's hits differ, it also tests each scheme that both runs have, over the
queries that both judge: how far RUN2 is ahead of RUN1, with a 95 % interval and the p
of a paired permutation test. Runs of one scheme each are compared whatever it is.

Exit codes: 0 the results agree, 1 they differ.`,
		Example: "strata diff before after",
		Args:    takes("RUN1", "RUN2"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if show < 0 {
				return usagef("--show is at least 0, not %d", show)
			}
			d, err := run.DiffRuns(args[0], args[1])
			if err != nil {
				return err
			}
			if err := d.Write(shown(cmd), show); err != nil || d.Same() {
				return err
			}
			if d.Moved() {
				paired, err := eval.CompareRuns(cmd.Context(), d.Measured[0], d.Measured[1])
				if err != nil {
					return err
				}
				if err := paired.Write(shown(cmd)); err != nil {
					return err
				}
			}
			return fmt.Errorf("%s and %s differ", args[0], args[1])
		},
	}
	cmd.Flags().IntVar(&show, "show", 10, "rows of a table that are shown")
	return cmd
}
