package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"strata/engine/extract"
	"strata/experiments"
	"strata/experiments/script"
)

// replayFlags are the flags of replay.
type replayFlags struct {
	o    experiments.ReplayOptions
	set  []string
	read script.Reading
	jobs int
}

func replayCommand() *cobra.Command {
	var model modelFlags
	f := replayFlags{o: experiments.ReplayOptions{
		Open: openShown, Budget: columnBudget, Version: version(), Extractor: model.extractor, Recipe: extract.RecipeOf,
	}}
	cmd := &cobra.Command{
		Use:   "replay SCRIPT...",
		Short: "Run the steps of scripts again",
		Long: `Replay runs the steps of each script and prints the script with its results: its
log. A log is a script, too; with --check its results are compared with what
running gives, the first line that differs is named, and nothing is written. On
another processor numbers may differ in their last digits: --tolerance 1e-9 lets
them, and does not compare the hashes of exports. A require step that is not met is
named, and fails.

A script's relative paths start at the script's folder. Its exports are written below
that folder, or below --out, whatever path the script gives them. Its flag steps flag
items in their gallery. A script may include
others (include FILE), of its folder or below unless --include-outside allows any,
and have variables (set NAME VALUE, then ${NAME}), which --set changes; --seed changes the seed of every evaluation. All of several scripts
are run, --jobs at a time, whatever fails, and a summary comes last.`,
		Example: "strata replay session.strata\nstrata replay --check --jobs 4 *.strata\n" +
			"strata replay --check --tolerance 1e-9 session.strata\n" +
			"strata replay --set gallery=shop --seed 7 study.strata",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return takes("SCRIPT")(cmd, args)
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"strata"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error { return replay(cmd, f, args) },
	}
	model.add(cmd.Flags())
	cmd.Flags().BoolVar(&f.o.Check, "check", false, "compare the results in the scripts with those of running them")
	cmd.Flags().Float64Var(&f.o.Tolerance, "tolerance", 0, "with --check: let numbers differ by so much, for another processor")
	cmd.Flags().StringVar(&f.o.Gallery, "gallery", "", "open this folder instead of the galleries that the scripts name")
	cmd.Flags().StringVar(&f.o.Out, "out", "", "write each log as NAME.strata into this folder, and exports into NAME there")
	cmd.Flags().BoolVar(&f.o.CSVSafe, "csv-safe", false, csvSafeUsage)
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "give a variable of the scripts a value, NAME=VALUE; repeats")
	cmd.Flags().BoolVar(&f.read.Outside, script.IncludeOutside, false, "let scripts include files that lie outside of their folders")
	cmd.Flags().Uint64Var(&f.o.Seed, "seed", 0, "take this seed for every evaluation (default: those of the scripts)")
	cmd.Flags().IntVar(&f.jobs, "jobs", 1, "run so many scripts at a time")
	return cmd
}

func replay(cmd *cobra.Command, f replayFlags, paths []string) error {
	switch {
	case f.o.Check && f.o.Out != "":
		return usagef("--check writes nothing, so it does not go with --out")
	case !(f.o.Tolerance >= 0 && f.o.Tolerance < 1):
		return usagef("--tolerance is at least 0 and under 1, not %v", f.o.Tolerance)
	case f.o.Tolerance > 0 && !f.o.Check:
		return usagef("--tolerance goes with --check")
	case f.jobs < 1:
		return usagef("--jobs is at least 1, not %d", f.jobs)
	}
	set, err := f.variables()
	f.read.Set = set
	if err != nil {
		return err
	}
	names := map[string]string{}
	var scripts []*script.Script
	for _, path := range paths {
		script, err := script.ReadScript(path, f.read)
		if err != nil {
			return err
		}
		scripts = append(scripts, script)
		name := experiments.OutName(path)
		if other, ok := names[name]; ok && f.o.Out != "" {
			return usagef("with --out, %s and %s would both be written as %s.strata", other, path, name)
		}
		names[name] = path
	}
	for name := range set {
		if !slices.ContainsFunc(scripts, func(s *script.Script) bool { return s.Variables[name] }) {
			return usagef("--set %s: no script sets or uses that variable", name)
		}
	}
	return f.run(cmd, scripts)
}

// variables returns the variables of --set. A gallery's folder starts where the
// program runs, and not at the script's folder as paths in scripts do.
func (f replayFlags) variables() (map[string]string, error) {
	set := map[string]string{}
	for _, text := range f.set {
		name, value, ok := strings.Cut(text, "=")
		if !ok || name == "" {
			return nil, usagef("--set is NAME=VALUE, not %q", text)
		}
		if name == "gallery" && value != experiments.Builtin {
			path, err := filepath.Abs(value)
			if err != nil {
				return nil, err
			}
			value = path
		}
		set[name] = value
	}
	return set, nil
}

// replayed is what one script gave.
type replayed struct {
	log    bytes.Buffer
	report experiments.ReplayReport
	err    error
	done   chan struct{}
}

// run runs the scripts, some at a time, and writes what they give in their order.
// With several, all are run whatever fails, and a summary comes last.
func (f replayFlags) run(cmd *cobra.Command, scripts []*script.Script) error {
	out := shown(cmd)
	results := make([]replayed, len(scripts))
	for i := range results {
		results[i].done = make(chan struct{})
	}
	var jobs errgroup.Group
	jobs.SetLimit(f.jobs)
	begin := func() {
		for i, script := range scripts {
			jobs.Go(func() error {
				r, o := &results[i], f.o
				defer close(r.done)
				o.Budget /= int64(min(f.jobs, len(scripts)))
				switch {
				case o.Check:
				case len(scripts) == 1:
					o.Log = out // as it comes
				default:
					o.Log = &r.log
				}
				if r.err = cmd.Context().Err(); r.err == nil {
					r.report, r.err = experiments.Replay(cmd.Context(), script, o)
				}
				return nil
			})
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		begin()
		_ = jobs.Wait() // every job keeps its error
	}()
	err := f.show(out, scripts, results)
	<-ended
	if err != nil || len(scripts) == 1 {
		return errors.Join(err, results[0].err)
	}
	return f.summary(cmd, scripts, results)
}

// show writes what each script gave as soon as those before it have ended.
func (f replayFlags) show(out io.Writer, scripts []*script.Script, results []replayed) error {
	var failed error
	for i := range results {
		r := &results[i]
		<-r.done
		text := r.log.String()
		switch {
		case f.o.Check && r.err == nil:
			text = fmt.Sprintf("%s: %d steps, %d lines agree%s\n", scripts[i].Name, r.report.Steps, r.report.Compared, f.tolerated(r.report.Passed))
		case i > 0 && text != "":
			text = "\n" + text
		}
		if _, err := io.WriteString(out, text); err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

// tolerated says what agreeing means with a tolerance.
func (f replayFlags) tolerated(passed int) string {
	switch {
	case f.o.Tolerance == 0:
		return ""
	case passed == 0:
		return fmt.Sprintf(" within %v", f.o.Tolerance)
	}
	return fmt.Sprintf(" within %v, of which %d are hashes that were not compared", f.o.Tolerance, passed)
}

// summary writes a line about all scripts, and returns what failed.
func (f replayFlags) summary(cmd *cobra.Command, scripts []*script.Script, results []replayed) error {
	steps, lines, passed := 0, 0, 0
	var errs []error
	for i := range results {
		steps, lines = steps+results[i].report.Steps, lines+results[i].report.Compared
		passed += results[i].report.Passed
		if err := results[i].err; err != nil {
			errs = append(errs, err)
		}
	}
	if err := cmd.Context().Err(); err != nil {
		return err
	}
	text, out := fmt.Sprintf("%d scripts, %d steps", len(scripts), steps), cmd.ErrOrStderr()
	if f.o.Check {
		text, out = text+fmt.Sprintf(", %d lines agree%s", lines, f.tolerated(passed)), shown(cmd)
	}
	if len(errs) > 0 {
		text += fmt.Sprintf("; %d failed", len(errs))
	}
	_, err := fmt.Fprintln(out, text)
	return errors.Join(append(errs, err)...)
}
