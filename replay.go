package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"strata/engine/onnx"
	"strata/experiments"
)

func replayCommand() *cobra.Command {
	var model modelFlags
	o := experiments.ReplayOptions{
		Open: openShown, Budget: columnBudget, Version: version(), Extractor: model.extractor, Recipe: onnx.RecipeOf,
	}
	cmd := &cobra.Command{
		Use:   "replay SCRIPT...",
		Short: "Run the steps of scripts again",
		Long: `Replay runs the steps of each script and prints the script with its results: its
log. A log is a script, too; with --check its results are compared with what
running gives, the first line that differs is named, and nothing is written.

A script's relative paths start at the script's folder.`,
		Example: "strata replay session.strata\nstrata replay --check session.strata",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"strata"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error { return replay(cmd, o, args) },
	}
	model.add(cmd.Flags())
	cmd.Flags().BoolVar(&o.Check, "check", false, "compare the results in the scripts with those of running them")
	cmd.Flags().StringVar(&o.Gallery, "gallery", "", "open this folder instead of the galleries that the scripts name")
	cmd.Flags().StringVar(&o.Out, "out", "", "write each log as NAME.strata into this folder, and exports into NAME there")
	return cmd
}

func replay(cmd *cobra.Command, o experiments.ReplayOptions, paths []string) error {
	if o.Check && o.Out != "" {
		return usagef("--check writes nothing, so it does not go with --out")
	}
	names := map[string]string{}
	var scripts []*experiments.Script
	for _, path := range paths {
		script, err := experiments.ReadScript(path)
		if err != nil {
			return err
		}
		scripts = append(scripts, script)
		name := experiments.OutName(path)
		if other, ok := names[name]; ok && o.Out != "" {
			return usagef("with --out, %s and %s would both be written as %s.strata", other, path, name)
		}
		names[name] = path
	}
	out := cmd.OutOrStdout()
	if !o.Check {
		o.Log = out
	}
	for i, script := range scripts {
		if i > 0 && !o.Check {
			if _, err := fmt.Fprintln(out); err != nil {
				return err
			}
		}
		report, err := experiments.Replay(cmd.Context(), script, o)
		if err != nil {
			return err
		}
		if o.Check {
			if _, err := fmt.Fprintf(out, "%s: %d steps, %d lines agree\n", script.Name, report.Steps, report.Compared); err != nil {
				return err
			}
		}
	}
	return nil
}
