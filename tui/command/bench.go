package command

import (
	"time"

	"github.com/spf13/cobra"

	"strata/engine/code"
	"strata/experiments/bench"
)

// benchFlags are the flags of bench.
type benchFlags struct {
	repeats, queries, schemes, k int
	seed                         uint64
	csv                          string
}

func benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench GALLERY",
		Short: "Measure speed on this machine and a gallery",
		Long: `Bench measures the machine's limits, memory bandwidth and multiply-adds in
registers, and beside them what it takes to open the gallery, to build the codes
of large layers, to answer a new query and one that was asked before, to move a
slider, and to rank many queries under one scheme and under many. Nothing else
should run meanwhile.`,
		Example:           "strata bench demo\nstrata bench shop --csv bench.csv",
		Args:              takes("GALLERY"),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return runBench(cmd, f, args[0]) },
	}
	cmd.Flags().IntVar(&f.repeats, "repeats", 20, "how often each act is timed")
	cmd.Flags().IntVar(&f.queries, "queries", 256, "queries of an evaluation")
	cmd.Flags().IntVar(&f.schemes, "schemes", 20, "schemes of an evaluation of many")
	cmd.Flags().IntVarP(&f.k, "k", "k", 10, "how many items a ranking has")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the draw of queries")
	cmd.Flags().StringVar(&f.csv, "csv", "", "write the numbers to this file, too")
	return cmd
}

func runBench(cmd *cobra.Command, f benchFlags, gallery string) error {
	for _, c := range []struct {
		name  string
		value int
	}{{"--repeats", f.repeats}, {"--queries", f.queries}, {"--schemes", f.schemes}, {"-k", f.k}} {
		if c.value < 1 {
			return usagef("%s is at least 1, not %d", c.name, c.value)
		}
	}
	b := bench.Bench{
		Open: openGallery, Gallery: gallery, Now: time.Now,
		Repeats: f.repeats, Queries: f.queries, Schemes: f.schemes, Seed: f.seed, K: f.k, Budget: columnBudget,
		Codes: code.Options{Build: true},
	}
	p := newProgress(cmd.ErrOrStderr())
	done, err := b.Do(cmd.Context(), p.namer())
	p.end()
	if err != nil {
		return err
	}
	if f.csv != "" {
		if err := done.WriteFile(f.csv); err != nil {
			return err
		}
	}
	return done.WriteTable(shown(cmd))
}
