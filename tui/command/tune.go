package command

import (
	"strings"

	"github.com/spf13/cobra"

	"strata/engine/scheme"
	"strata/experiments/metric"
	"strata/experiments/report"
	"strata/experiments/script"
	"strata/experiments/tune"
)

// tuneFlags are the flags of tune.
type tuneFlags struct {
	layers, constraints, front, where []string
	objective, queries, out, step     string
	report                            string
	formats                           []string
	share, near                       float64
	seed                              uint64
	csvSafe                           bool
}

func tuneCommand() *cobra.Command {
	var f tuneFlags
	cmd := &cobra.Command{
		Use:   "tune GALLERY",
		Short: "Search the weights of layers, and report on other queries",
		Long: `Tune searches for the weights of layers that give the best value of a metric. It
divides the queries in two, by group: on the one part it tries a grid of weights
and then smaller steps around its best; on the other part, on which nothing was
chosen, it reports the best, equal weights and every layer alone, with 95 %
intervals and how far the best is ahead. The difference between the two parts is
what choosing has flattered.

It writes queries.csv (which query is on which side), schemes.csv (all that was
tried), report.csv, comparisons.csv, pareto.csv (what no other scheme exceeds in
one metric without falling behind in another), pareto.svg (the same as a picture)
and manifest.json, and prints a table. With --report it also writes report.html,
one file with tables and plots, or --report=FILE, and, where two or three layers are
tuned for P@10, landscape.svg: P@10 of all their weights.

A layer may be a derived one: C|zscore. With slashes, several stand for one place,
C/C|zscore/C|whiten64 or gap/gem/cov: a scheme has one of them, and which is
searched as the weights are; equal weights are those of the first ones.`,
		Example: "strata tune demo --layers B,pattern --objective 'P@10 category' --out tuned\n" +
			"strata tune demo --layers 'B,pattern,A/A|zscore' --objective 'P@10 category' --constraint 'P@10 brand >= 0.2' --out tuned",
		Args:              reportArguments(&f.report, "layers"),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return runTune(cmd, f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.layers, "layers", nil, "the layers to weigh, two or more; A/B: one of them")
	flags.StringVar(&f.objective, "objective", "", "what to make large: a metric and a label")
	flags.StringArrayVar(&f.constraints, "constraint", nil, "METRIC LABEL >= NUMBER that the scheme must have; repeats")
	flags.StringArrayVar(&f.front, "front", nil, "a metric and a label of the Pareto front; repeats (default: the objective's metric by every label that judges a tenth of the queries)")
	flags.StringVar(&f.step, "step", "0.1", "the step of the grid: 1/N, as a fraction or a decimal")
	addNear(flags, &f.near)
	flags.Float64Var(&f.share, "share", script.DefaultShare, "the part of the queries to tune on")
	flags.StringArrayVar(&f.where, "where", nil, "take queries of which COLUMN=VALUE is true; repeats")
	flags.StringVar(&f.queries, "queries", "all", queriesUsage)
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the draw, the division and the resampling")
	flags.StringVar(&f.out, "out", "", "the folder to write into (required)")
	addFormats(flags, &f.formats)
	addReport(flags, &f.report)
	flags.BoolVar(&f.csvSafe, "csv-safe", false, csvSafeUsage)
	return cmd
}

func runTune(cmd *cobra.Command, f tuneFlags, gallery string) error {
	tuning, err := f.tuning()
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
	useCodes(cmd, g)
	tuning.Gallery = g
	p := newProgress(cmd.ErrOrStderr(), phase{name: "trying weights", unit: "queries"}) // the number of passes depends on the results
	tuning.Phase = p.become
	tuned, err := report.WriteTuning(cmd.Context(), tuning, into, p.counter())
	p.end()
	if err != nil {
		return err
	}
	warnFaults(cmd, g)
	warn(cmd, tuned.Notes)
	if err := writeLeftOut(cmd, tuned.Duplicates); err != nil {
		return err
	}
	return tuned.WriteTable(shown(cmd))
}

// tuning returns what the flags say.
func (f tuneFlags) tuning() (tune.Tuning, error) {
	t := tune.Tuning{
		Layers: f.layers, Share: f.share, Near: f.near, Seed: f.seed,
	}
	switch {
	case len(f.layers)+strings.Count(strings.Join(f.layers, ""), "/") < 2:
		return t, usagef("tune needs --layers, two or more")
	case f.objective == "":
		return t, usagef("tune needs --objective, such as 'P@10 category'")
	case f.out == "":
		return t, usagef("tune needs --out, the folder to write into")
	case f.seed == 0:
		return t, usagef("--seed is at least 1")
	case !(f.share > 0 && f.share < 1):
		return t, usagef("--share %v leaves no query to report on, or none to tune on: it is above 0 and under 1", f.share)
	}
	err := checkNear(f.near)
	if err != nil {
		return t, err
	}
	if t.Objective, err = metric.ParseTarget(f.objective); err != nil {
		return t, usagef("--objective %w", err)
	}
	for _, text := range f.constraints {
		c, err := metric.ParseConstraint(text)
		if err != nil {
			return t, usagef("--constraint %w", err)
		}
		t.Constraints = append(t.Constraints, c)
	}
	for _, text := range f.front {
		target, err := metric.ParseTarget(text)
		if err != nil {
			return t, usagef("--front %w", err)
		}
		t.Front = append(t.Front, target)
	}
	if t.Parts, err = script.ParseGridStep(f.step); err != nil {
		return t, usagef("--step: %w", err)
	}
	if t.Where, err = conditions("--where", f.where); err != nil {
		return t, err
	}
	t.Over, t.Set, err = overQueries(f.queries)
	return t, err
}

// conditions reads the values of a flag as conditions.
func conditions(flag string, texts []string) ([]scheme.Condition, error) {
	var all []scheme.Condition
	for _, text := range texts {
		label, value, ok := strings.Cut(text, "=")
		if !ok || label == "" {
			return nil, usagef("%s is COLUMN=VALUE, not %q", flag, text)
		}
		all = append(all, scheme.Condition{Label: label, Value: value})
	}
	return all, nil
}
