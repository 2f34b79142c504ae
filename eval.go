package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"strata/engine"
	"strata/experiments"
)

// evalFlags are the flags of eval.
type evalFlags struct {
	schemes, labels, where []string
	ks                     []int
	queries                string
	seed                   uint64
	out                    string
}

func evalCommand() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval GALLERY",
		Short: "Measure the precision of schemes over many queries",
		Long: `Eval ranks the gallery for every query under every scheme and measures the mean
precision at k of each label, with a 95 % bootstrap interval over queries. It
writes metrics.csv, per_query.csv and manifest.json, and prints a table.`,
		Example:           "strata eval demo --scheme colour --scheme colour+edges --out results",
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return evaluate(cmd, f, args[0]) },
	}
	cmd.Flags().StringArrayVar(&f.schemes, "scheme", nil, "a scheme to evaluate; repeats")
	cmd.Flags().StringArrayVar(&f.labels, "label", nil, "a label to judge by; repeats (default: all)")
	cmd.Flags().StringArrayVar(&f.where, "where", nil, "take queries of which COLUMN=VALUE is true; repeats")
	cmd.Flags().IntSliceVar(&f.ks, "k", experiments.DefaultKs(), "ranks at which precision is measured")
	cmd.Flags().StringVar(&f.queries, "queries", "all", "how many queries to draw, or all")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the draw and of the resampling")
	cmd.Flags().StringVar(&f.out, "out", "", "the folder to write into (required)")
	return cmd
}

func evaluate(cmd *cobra.Command, f evalFlags, gallery string) error {
	plan, err := f.plan()
	if err != nil {
		return err
	}
	g, err := openShown(cmd.Context(), gallery)
	if err != nil {
		return err
	}
	defer closeLate(cmd, g)
	if plan.Schemes, err = parseSchemes(g, f.schemes); err != nil {
		return err
	}
	run := experiments.Run{Gallery: g, Plan: plan, Out: f.out, Version: version(), Command: os.Args, Now: time.Now}
	progress, end := showProgress(os.Stderr)
	e, err := run.Do(cmd.Context(), progress)
	end()
	if err != nil {
		return err
	}
	for _, l := range g.AllLayers() {
		warn(cmd, l.Faults())
	}
	return e.WriteTable(cmd.OutOrStdout())
}

// plan returns the plan that the flags say, without its schemes.
func (f evalFlags) plan() (experiments.Plan, error) {
	plan := experiments.Plan{Labels: f.labels, Ks: f.ks, Seed: f.seed}
	switch {
	case len(f.schemes) == 0:
		return plan, usagef("eval needs at least one --scheme")
	case f.out == "":
		return plan, usagef("eval needs --out, the folder to write into")
	case f.seed == 0:
		return plan, usagef("--seed is at least 1")
	}
	for _, k := range f.ks {
		if k < 1 || k > math.MaxUint16 {
			return plan, usagef("--k is from 1 to %d, not %d", math.MaxUint16, k)
		}
	}
	for _, text := range f.where {
		label, value, ok := strings.Cut(text, "=")
		if !ok || label == "" {
			return plan, usagef("--where is COLUMN=VALUE, not %q", text)
		}
		plan.Where = append(plan.Where, engine.Condition{Label: label, Value: value})
	}
	if f.queries != "all" {
		n, err := strconv.Atoi(f.queries)
		if err != nil || n < 1 {
			return plan, usagef("--queries is a number or all, not %q", f.queries)
		}
		plan.Over = n
	}
	return plan, nil
}

func parseSchemes(g *engine.Gallery, texts []string) ([]engine.Scheme, error) {
	var schemes []engine.Scheme
	for _, text := range texts {
		s, err := g.ParseScheme(text)
		if err != nil {
			return nil, err
		}
		schemes = append(schemes, s)
	}
	return schemes, nil
}

// showProgress returns a function that shows how far an evaluation is, and one
// that clears the line. They do nothing where out is not a terminal.
func showProgress(out *os.File) (progress func(done, of int), end func()) {
	if !term.IsTerminal(out.Fd()) {
		return nil, func() {}
	}
	began := time.Now()
	return func(done, of int) {
		rate := float64(done) / time.Since(began).Seconds()
		left := time.Duration(float64(of-done) / rate * float64(time.Second))
		_, _ = fmt.Fprintf(out, "\r%d of %d queries  %.0f/s  %s left\x1b[K", done, of, rate, left.Round(time.Second))
	}, func() { _, _ = fmt.Fprint(out, "\r\x1b[K") }
}
