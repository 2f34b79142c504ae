package command

import (
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"strata/experiments"
	"strata/experiments/eval"
	"strata/experiments/mine"
	"strata/experiments/report"
)

// mineFlags are the flags of mine.
type mineFlags struct {
	schemes, labels, where []string
	k                      int
	near                   float64
	queries, out, report   string
	plot                   bool
	seed                   uint64
	formats                []string
	csvSafe                bool
}

func mineCommand() *cobra.Command {
	var f mineFlags
	cmd := &cobra.Command{
		Use:   "mine GALLERY",
		Short: "Look for where two schemes fail, and where they differ",
		Long: `Mine ranks the gallery for every query under two schemes, A and B, and writes
tables that are worth reading from the top:

  classes.csv        values of labels by the difference of A and B
  losses.csv         queries by the hits that they lose when B takes the place of A
  mistakes.csv       first hits that are wrong, by their score in units (z) that
                     schemes share; margin is how far the first right hit is behind
  hubs.csv           items among the first hits of very many queries
  duplicates.csv     items with the same picture, the same or nearly the same
                     features, and the labels in which they differ: they inflate or
                     deflate precision; eval --exclude-duplicates leaves them out
  disagreements.csv  queries by rank-biased overlap of A and B (p 0.9)

and manifest.json, and prints the ends of them. With --report it also writes
report.html, one file with plots and pictures, or --report=FILE. It reads all pictures of the
gallery unless their sizes differ.`,
		Example:           "strata mine demo --schemes C,B+pattern --label category --out mined",
		Args:              reportArguments(&f.report, "schemes"),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return runMine(cmd, f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.schemes, "schemes", nil, "A,B: two schemes; or the flag twice")
	flags.StringArrayVar(&f.labels, "label", nil, "a label to judge by; repeats (default: all)")
	flags.StringArrayVar(&f.where, "where", nil, "take queries of which COLUMN=VALUE is true; repeats")
	flags.IntVar(&f.k, "k", 10, "the number of first hits")
	flags.Float64Var(&f.near, "near", eval.DefaultNear, "the cosine from which on two items are nearly the same")
	flags.StringVar(&f.queries, "queries", "all", queriesUsage)
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the draw")
	flags.BoolVar(&f.plot, "plot", false, "draw the differences of the classes, too")
	flags.StringVar(&f.out, "out", "", "the folder to write into (required)")
	addFormats(flags, &f.formats)
	addReport(flags, &f.report)
	flags.BoolVar(&f.csvSafe, "csv-safe", false, csvSafeUsage)
	return cmd
}

func runMine(cmd *cobra.Command, f mineFlags, gallery string) error {
	mining, err := f.mining()
	if err != nil {
		return err
	}
	into, err := folder(f.out, f.report, f.formats, f.csvSafe)
	if err != nil {
		return err
	}
	g, err := openShown(cmd.Context(), gallery)
	if err != nil {
		return err
	}
	defer closeLate(cmd, g)
	mining.Gallery = g
	schemes, err := parseSchemes(g, splitSchemes(f.schemes))
	if err != nil {
		return err
	}
	if len(schemes) != 2 || schemes[0].String() == schemes[1].String() {
		return usagef("mine needs two different schemes, --schemes A,B")
	}
	useCodes(cmd, g)
	if mining.Neighbours, err = experiments.KeptNeighbours(cmd.Context(), g, experiments.LayersOf(schemes), mining.Over); err != nil {
		return err
	}
	mining.A, mining.B = schemes[0], schemes[1]
	p := newProgress(cmd.ErrOrStderr(),
		phase{"ranking", "queries", 10}, phase{"looking for duplicates", "queries", 10}, phase{name: "writing", weight: 1})
	mined, err := report.WriteMining(cmd.Context(), mining, into, p.counter())
	p.end()
	if err != nil {
		return err
	}
	warnFaults(cmd, g)
	warnUnread(cmd, mined.Duplicates)
	if err := mined.WriteTable(shown(cmd)); err != nil || !f.plot {
		return err
	}
	return report.WriteClassesPlot(shown(cmd), mined)
}

// warnUnread says which pictures could not be looked at.
func warnUnread(cmd *cobra.Command, d *eval.Duplicates) {
	if d.Unread > 0 {
		warn(cmd, []string{fmt.Sprintf("%d pictures could not be read, and are taken for different ones; the first is %v", d.Unread, d.FirstUnread)})
	}
}

// mining returns what the flags say, without its schemes.
func (f mineFlags) mining() (mine.Mining, error) {
	m := mine.Mining{
		Labels: f.labels, K: f.k, Near: f.near, Seed: f.seed,
	}
	switch {
	case len(f.schemes) == 0:
		return m, usagef("mine needs two different schemes, --schemes A,B")
	case f.out == "":
		return m, usagef("mine needs --out, the folder to write into")
	case f.seed == 0:
		return m, usagef("--seed is at least 1")
	case f.k < 1 || f.k > math.MaxUint16:
		return m, usagef("--k is from 1 to %d, not %d", math.MaxUint16, f.k)
	case !(f.near > 0 && f.near <= 1):
		return m, usagef("--near is a cosine above 0 and at most 1, not %v", f.near)
	}
	var err error
	if m.Where, err = conditions("--where", f.where); err != nil {
		return m, err
	}
	m.Over, m.Set, err = overQueries(f.queries)
	return m, err
}

// splitSchemes splits texts at commas outside parentheses.
func splitSchemes(texts []string) []string {
	var all []string
	for _, text := range texts {
		depth, from := 0, 0
		for i, c := range text {
			switch {
			case c == '(':
				depth++
			case c == ')':
				depth--
			case c == ',' && depth == 0:
				all = append(all, text[from:i])
				from = i + 1
			}
		}
		all = append(all, text[from:])
	}
	return all
}
