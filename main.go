// Strata compares what the layers of a deep network find similar. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/adrg/xdg"
	"github.com/charmbracelet/fang"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"strata/engine"
	"strata/engine/onnx"
	"strata/experiments"
	"strata/fixtures"
	"strata/tui"
)

// The exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// sessionsFolder holds the logs of sessions, in the user's state folder.
const sessionsFolder = "strata/sessions"

// columnBudget is the memory for score columns of recent queries, in bytes.
const columnBudget = 1 << 30

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the program at once
	err := fang.Execute(ctx, rootCommand(),
		fang.WithVersion(version()),
		fang.WithErrorHandler(func(w io.Writer, _ fang.Styles, err error) { printError(w, err) }))
	os.Exit(exitCode(ctx, err))
}

// version returns the module's version, as far as the build knows it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// printError writes an error on one line.
func printError(w io.Writer, err error) {
	text := err.Error()
	if errors.Is(err, context.Canceled) {
		text = "interrupted"
	}
	_, _ = fmt.Fprintln(w, "strata: "+oneLine(text)) // there is nowhere left to complain
}

// oneLine joins the lines of a message, and replaces what a terminal would obey
// instead of showing it: messages hold names of files.
func oneLine(text string) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, strings.Join(lines, "; "))
}

// usageError is a mistake in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitCode returns the exit code of what a command returned. What names or
// spells something wrongly is a matter of usage.
func exitCode(ctx context.Context, err error) int {
	var (
		usage  usageError
		scheme *engine.SchemeError
		name   *engine.NameError
		script *experiments.ScriptError
	)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, &usage) || errors.As(err, &scheme) || errors.As(err, &name) || errors.As(err, &script):
		return exitUsage
	}
	return exitFailed
}

func rootCommand() *cobra.Command {
	var f screenFlags
	root := &cobra.Command{
		Use:   "strata [GALLERY]",
		Short: "Compare what the layers of a deep network find similar",
		Long: `Strata opens a gallery, a folder of items.csv and feature matrices (.npy), and
compares ways to combine its layers into one score: by looking, and by precision.
Without a command it is the workbench: pictures, side by side.

A gallery is named by its folder; "demo" is the built-in one, "./demo" a folder
of that name. A scheme is a layer (A), a weighted sum (B+0.5*pattern), a
concatenation (concat(B,0.5*pattern)) or a fusion of rankings (rrf(A,C)).

Results go to the standard output, progress and errors to the standard error.
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`,
		Example:           "strata\nstrata shop --graphics sixel",
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			return workbench(cmd, f, append(args, experiments.Builtin)[0])
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(replayCommand(), evalCommand(), searchCommand(), tapsCommand(), doctorCommand())
	flags := root.Flags()
	flags.StringVar(&f.log, "log", "", "write the session's log to this file (default: a new one in the state folder)")
	flags.StringVar(&f.graphics, "graphics", "auto", "show pictures by auto, sixel, halfblock or none")
	flags.IntVar(&f.colors, "colors", 255, "colours of small pictures, 2 to 255: fewer are fewer bytes")
	flags.BoolVar(&f.noMouse, "no-mouse", false, "leave the mouse to the terminal")
	flags.StringVar(&f.trace, "trace", "", "write a line for every frame to this file")
	if err := flags.MarkHidden("trace"); err != nil {
		panic("main: no flag is named trace")
	}
	return root
}

// usageArgs makes the errors of a check of arguments usage errors.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// openGallery opens the built-in gallery or a folder.
func openGallery(ctx context.Context, name string) (*engine.Gallery, error) {
	if name == experiments.Builtin {
		return engine.OpenFS(ctx, name, fixtures.Demo())
	}
	return engine.Open(ctx, name)
}

func replayCommand() *cobra.Command {
	o := experiments.ReplayOptions{Open: openGallery, Budget: columnBudget, Version: version()}
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
	g, err := openGallery(cmd.Context(), gallery)
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
	for _, l := range g.Layers {
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

// warn writes a line on the standard error for each text.
func warn(cmd *cobra.Command, texts []string) {
	for _, t := range texts {
		_, _ = fmt.Fprintln(cmd.ErrOrStderr(), "strata: warning: "+oneLine(t))
	}
}

// closeLate closes what a command has read from; an error then changes no result.
func closeLate(cmd *cobra.Command, c io.Closer) {
	if err := c.Close(); err != nil {
		warn(cmd, []string{err.Error()})
	}
}

func completeFolder(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// searchFlags are the flags of search.
type searchFlags struct {
	query   string
	schemes []string
	k       int
	json    bool
}

func searchCommand() *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:               "search GALLERY",
		Short:             "Rank the gallery for one query",
		Long:              `Search prints the best items for one query under each scheme, with their scores and the labels they share with the query.`,
		Example:           "strata search demo --query knit-0012 --scheme colour --scheme colour+edges",
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return search(cmd, f, args[0]) },
	}
	cmd.Flags().StringVar(&f.query, "query", "", "the id of the item to search for (required)")
	cmd.Flags().StringArrayVar(&f.schemes, "scheme", nil, "a scheme to rank by; repeats")
	cmd.Flags().IntVarP(&f.k, "k", "k", 10, "how many items to print for each scheme")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON document")
	return cmd
}

func search(cmd *cobra.Command, f searchFlags, gallery string) error {
	switch {
	case f.query == "":
		return usagef("search needs --query, the id of an item")
	case len(f.schemes) == 0:
		return usagef("search needs at least one --scheme")
	case f.k < 1:
		return usagef("-k is at least 1, not %d", f.k)
	}
	var schemes []engine.Scheme
	for _, text := range f.schemes {
		s, err := engine.ParseScheme(text)
		if err != nil {
			return err
		}
		schemes = append(schemes, s)
	}
	session := experiments.NewSession(experiments.Options{Open: openGallery, Budget: columnBudget})
	defer closeLate(cmd, session)
	results, err := session.Do(cmd.Context(),
		experiments.Gallery{Name: gallery}, experiments.Query{ID: f.query},
		experiments.Schemes{Schemes: schemes}, experiments.Search{K: f.k})
	if err != nil {
		return err
	}
	found := results[len(results)-1]
	warn(cmd, found.Notes)
	if f.json {
		return found.WriteSearchJSON(cmd.OutOrStdout(), f.query)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), strings.Join(found.Lines, "\n"))
	return err
}

// screenFlags are the flags of the workbench.
type screenFlags struct {
	log, graphics, trace string
	colors               int
	noMouse              bool
}

// workbench opens the gallery and shows the screen until its user quits.
func workbench(cmd *cobra.Command, f screenFlags, gallery string) (err error) {
	graphics, err := tui.ParseGraphics(f.graphics)
	switch {
	case err != nil:
		return usageError{err}
	case f.colors < 2 || f.colors > 255:
		return usagef("--colors is from 2 to 255, not %d", f.colors)
	case !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(os.Stderr.Fd()):
		return usagef("the workbench needs a terminal; search, eval and replay do not (see strata --help)")
	}
	log, err := openLog(f.log, gallery)
	if err != nil {
		return fmt.Errorf("session log: %w", err)
	}
	defer func() { err = errors.Join(err, experiments.CloseLog(log)) }()
	config := tui.Config{
		Input: os.Stdin, Output: os.Stderr, Colors: f.colors, Mouse: !f.noMouse,
		LogPath: log.Name(), Now: time.Now,
	}
	if f.trace != "" {
		trace, err := os.OpenFile(f.trace, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
		if err != nil {
			return err
		}
		defer trace.Close()
		config.Trace = trace
	}
	probed := make(chan tui.Terminal, 1)
	go func() { probed <- tui.Probe(os.Stdin, os.Stderr, os.Getenv, graphics, 0) }()
	session := experiments.NewSession(experiments.Options{
		Open: openGallery, Budget: columnBudget, Log: log, Now: time.Now, Version: version(), ContentWait: 2 * time.Second,
	})
	defer func() { err = errors.Join(err, session.Close()) }()
	_, err = session.Do(cmd.Context(), experiments.Gallery{Name: gallery})
	config.Terminal = <-probed // even after an error: it gives the terminal back
	if err != nil {
		return err
	}
	config.Session = session
	if err := tui.Run(cmd.Context(), config); err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.ErrOrStderr(), "session log: "+log.Name())
	return err
}

// openLog opens the log that the user named, or a new one in the state folder.
func openLog(path, gallery string) (*os.File, error) {
	if path != "" {
		return experiments.OpenLog(path)
	}
	first, err := xdg.StateFile(filepath.Join(sessionsFolder, "x"))
	if err != nil {
		return nil, err
	}
	return experiments.CreateLog(filepath.Dir(first), gallery, time.Now())
}

func doctorCommand() *cobra.Command {
	var graphics string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what the terminal can do, what was chosen and why",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asked, err := tui.ParseGraphics(graphics)
			if err != nil {
				return usageError{err}
			}
			t := tui.Probe(os.Stdin, os.Stderr, os.Getenv, asked, 0)
			facts := []tui.Fact{
				{Name: "strata", Text: version()},
				{Name: "processor", Text: fmt.Sprintf("%s/%s, %d in use", runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0))},
				{Name: "session logs", Text: filepath.Join(xdg.StateHome, sessionsFolder)},
			}
			return tui.Doctor(cmd.OutOrStdout(), t, append(facts, runtimeFacts()...)...)
		},
	}
	cmd.Flags().StringVar(&graphics, "graphics", "auto", "the choice to explain: auto, sixel, halfblock or none")
	return cmd
}

func tapsCommand() *cobra.Command {
	var filter, library string
	cmd := &cobra.Command{
		Use:   "taps MODEL.onnx",
		Short: "List the tensors of a model that layers can be read from",
		Long: `Taps lists what the nodes of an ONNX model put out, in the order of the graph: the
tensor's name, operator, element type, shape, and a guess of what it is.

Shapes that the file does not state are inferred by ONNX Runtime, if its library
is found (strata doctor says where it is looked for); weights are not read.`,
		Example: "strata taps inception_v3.onnx --filter concat",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := onnx.Read(args[0])
			if err != nil {
				return err
			}
			if err := inferShapes(cmd, m, library); err != nil {
				return err
			}
			tensors := onnx.Filter(m.Tensors(), filter)
			if len(tensors) == 0 && filter != "" {
				return usagef("%s: no tensor's name, operator or kind contains %q", args[0], filter)
			}
			return onnx.WriteTaps(cmd.OutOrStdout(), m, tensors)
		},
	}
	cmd.Flags().StringVar(&filter, "filter", "", "list only tensors whose name, operator or kind contains this text")
	cmd.Flags().StringVar(&library, "onnxruntime", "",
		"the library of ONNX Runtime, or its folder (default: "+onnx.LibraryVariable+", then usual places)")
	return cmd
}

// inferShapes lets ONNX Runtime fill in what the model's file does not state.
// Without a library that was asked for that is an error, otherwise a note.
func inferShapes(cmd *cobra.Command, m *onnx.Model, asked string) error {
	if !slices.ContainsFunc(m.Tensors(), func(t onnx.Tensor) bool { return !t.Shape.Known }) {
		return nil
	}
	library, err := onnx.FindLibrary(asked, os.Getenv)
	if err == nil {
		var r *onnx.Runtime
		if r, err = onnx.Load(library); err == nil {
			err = r.Infer(cmd.Context(), m)
		}
	}
	if err == nil || asked != "" || cmd.Context().Err() != nil {
		return err
	}
	warn(cmd, []string{fmt.Sprintf("shapes marked ? are not stated in the file: %v", err)})
	return nil
}

// runtimeFacts says for doctor which ONNX Runtime was found, and where it was
// looked for.
func runtimeFacts() []tui.Fact {
	library, err := onnx.FindLibrary("", os.Getenv)
	found := tui.Fact{Name: "ONNX Runtime", Text: fmt.Sprintf("%s, %s", library.Version, library.Path)}
	if err != nil {
		found.Text = err.Error()
	}
	facts := []tui.Fact{found}
	for _, p := range library.Looked {
		facts = append(facts, tui.Fact{Name: "  looked at", Text: fmt.Sprintf("%s (%s): %s", p.Path, p.Why, p.Found)})
	}
	return facts
}
