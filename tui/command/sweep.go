package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"strata/engine"
	"strata/engine/inert"
	"strata/engine/onnx"
	"strata/experiments"
	"strata/experiments/report"
	"strata/experiments/sweep"
)

// sweepFlags are the flags of sweep.
type sweepFlags struct {
	extractFlags
	patterns, poolings   []string
	labels, where        []string
	queries, out, report string
	keep                 string
	formats              []string
	csvSafe              bool
}

func sweepCommand() *cobra.Command {
	var f sweepFlags
	cmd := &cobra.Command{
		Use:   "sweep MODEL.onnx GALLERY",
		Short: "Measure every block of a network, by depth",
		Long: `Sweep reads the gallery's pictures through an ONNX model once, takes the output of
every block under every pooling that --pool names, and draws P@10 by depth for each
label, with 95 % bootstrap intervals over queries: which layer to take of a network.

Blocks are found by the graph: where several ways through the network join in a sum
or a concatenation, as in residual networks, transformers and Inception. --taps names
tensors instead: a list of names and patterns, as in 'mixed*' (strata taps lists
them). Without --pool it is cls and patches of tokens behind a class token, else gap.
How pictures become the model's input is said as for strata extract.

The layers lie in a temporary folder (TMPDIR), whose size is said, and which is
removed at the end. --keep 3 writes the three layers with the highest P@10 of the first
label into the gallery, as strata extract would, and --keep NAME,NAME those of these
names. What was chosen here is flattered by the choice; strata tune reports on other
queries.

With --out it also writes sweep.csv, sweep.svg and manifest.json into a folder, and
with --report the page report.html with tables and plots. --report=FILE writes that
page without the folder.`,
		Example: "strata sweep inception_v3.onnx shop --preset unit\n" +
			"strata sweep vit.onnx shop --pool cls,patches,gem --label category --keep 2 --out swept --report",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 3 && f.report == reportName && strings.HasSuffix(args[2], ".html") {
				f.report = args[2] // the file may stand behind --report, which needs no value
				return nil
			}
			return takes("MODEL.onnx", "GALLERY")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runSweep(cmd, f, args[0], args[1]) },
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.patterns, "taps", nil, "tensors, by names or patterns with * and ? (default: the outputs of blocks)")
	flags.StringSliceVar(&f.poolings, "pool", nil, "poolings of each, as in gap,max,gem (default: cls,patches or gap)")
	flags.StringArrayVar(&f.labels, "label", nil, "a label to judge by; repeats (default: all of two values or more)")
	flags.StringArrayVar(&f.where, "where", nil, "take queries of which COLUMN=VALUE is true; repeats")
	flags.StringVar(&f.queries, "queries", "all", queriesUsage)
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the draw and of the resampling, and of the projections of cov and gram")
	flags.StringVar(&f.keep, "keep", "0", "layers that the gallery gets: how many of the best, or their names")
	flags.StringVar(&f.elements, "type", "float16", "the type of the layers' elements, float16 or float32")
	f.addRecipe(flags)
	flags.BoolVar(&f.o.Force, "force", false, "with --keep: replace layers that are there")
	flags.StringVar(&f.out, "out", "", "write the table and the plots into this folder, too")
	addFormats(flags, &f.formats)
	addReport(flags, &f.report)
	flags.BoolVar(&f.csvSafe, "csv-safe", false, csvSafeUsage)
	return cmd
}

func runSweep(cmd *cobra.Command, f sweepFlags, model, gallery string) (err error) {
	ask, err := f.sweep(cmd, model, gallery)
	if err != nil {
		return err
	}
	into, err := folder(f.out, f.report, f.formats, f.csvSafe)
	if err != nil {
		return err
	}
	if ask.Gallery, err = openSwept(cmd.Context(), gallery); err != nil {
		return err
	}
	defer closeLate(cmd, ask.Gallery)
	p := newProgress(cmd.ErrOrStderr(), phase{"ranking", "queries", 1})
	ask.Extract.Progress, ask.Extract.Broken = p.extraction, broken(cmd, p)
	ask.Note = func(text string) { warn(cmd, []string{text}) }
	ask.Ready = func(points int, bytes int64, folder string) {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "strata: %d layers of %d pictures, %s in %s until the end\n",
			points, ask.Gallery.Len(), megabytes(bytes), inert.Text(folder))
	}
	swept, err := report.RunSweep(cmd.Context(), ask, into, p.counter())
	p.end()
	if err != nil {
		return err
	}
	return report.WriteSweep(shown(cmd), swept)
}

// megabytes returns a size, in three digits.
func megabytes(bytes int64) string {
	switch {
	case bytes < 1e6:
		return fmt.Sprintf("%.3g kB", float64(bytes)/1e3)
	case bytes < 1e9:
		return fmt.Sprintf("%.3g MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.3g GB", float64(bytes)/1e9)
}

// openSwept opens the items and pictures of a gallery; none of its layers is needed.
func openSwept(ctx context.Context, name string) (*engine.Gallery, error) {
	if name == experiments.Builtin {
		return openGallery(ctx, name)
	}
	return openItems(ctx, name)
}

// sweep returns what the flags say.
func (f sweepFlags) sweep(cmd *cobra.Command, model, gallery string) (s sweep.Sweep, err error) {
	s = sweep.Sweep{Patterns: f.patterns, Seed: f.seed}
	switch {
	case f.report == reportName && f.out == "":
		return s, usagef("--report needs --out, the folder to write into, or a file: --report=FILE")
	case f.out == "" && cmd.Flags().Changed("format"):
		return s, usagef("--format needs --out, the folder to write the tables into")
	case f.seed == 0:
		return s, usagef("--seed is at least 1")
	}
	if s.Extract, err = f.recipe(cmd, gallery); err != nil {
		return s, err
	}
	s.Extract.Model = model
	if s.Extract.Type, err = parseElements(f.elements); err != nil {
		return s, err
	}
	for _, text := range f.poolings {
		p, err := onnx.ParsePooling(text)
		if err != nil {
			return s, usageError{err}
		}
		s.Poolings = append(s.Poolings, p)
	}
	if n, err := strconv.Atoi(f.keep); err != nil {
		s.KeepNamed = strings.Split(f.keep, ",")
	} else if s.Keep = n; n < 0 {
		return s, usagef("--keep is a number or names of layers, not %q", f.keep)
	}
	if gallery == experiments.Builtin && (s.Keep > 0 || s.KeepNamed != nil) {
		return s, usagef("the built-in gallery %s gets no layers: --keep needs a folder", gallery)
	}
	s.Plan.Labels, s.Plan.Seed = f.labels, f.seed
	if s.Plan.Where, err = conditions("--where", f.where); err != nil {
		return s, err
	}
	s.Plan.Over, s.Plan.Set, err = overQueries(f.queries)
	return s, err
}
