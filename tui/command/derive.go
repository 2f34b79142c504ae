package command

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"strata/engine"
	"strata/engine/derive"
	"strata/engine/layer"
	"strata/engine/scheme"
)

// deriveFlags are the flags of derive.
type deriveFlags struct {
	sample string
	seed   uint64
	out    string
}

func deriveCommand() *cobra.Command {
	var f deriveFlags
	cmd := &cobra.Command{
		Use:   "derive GALLERY FACTOR",
		Short: "Compute a layer from another: PCA, whitening, centring, z-scores",
		Long: `Derive computes a derived layer, fits its transforms to the gallery's rows, and
keeps it. A scheme that names one that is not there computes it by itself; derive
is for doing so beforehand, and for choosing the rows to fit on.

FACTOR is a layer and its transforms, C|pca256 or C|centre|whiten64@0.5:

  pcaN           the first N principal components of rows of length 1
  whitenN        the same, each component divided by its standard deviation
  whitenN@POWER  by its standard deviation to the POWER, up to 4
  centre         rows of length 1 less their mean
  zscore         every feature less its mean, divided by its standard deviation
  ldaN@LABEL     rows of length 1 on the N axes that part the label's classes best
  wccn@LABEL     rows of length 1 with the scatter within classes made even
  matrix(FILE)   rows of length 1 times the matrix in a .npy file of the gallery,
                 features x components

Those that take a label are fitted on one part of the items, drawn with a fixed seed:
half of the queries, and what is no query; a group is whole in one part. eval and
tune refuse queries of that part; --queries unfitted takes the others.

It is kept in the folder .strata of the gallery, or in the user's cache where that
cannot be written, with what was fitted and a recipe. It is computed again when
the layer it is made of has changed.`,
		Example:           "strata derive shop 'B|pca64'\nstrata derive shop 'B|whiten128@0.5' --sample 50000 --seed 7",
		Args:              takes("GALLERY", "FACTOR"),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return deriveLayer(cmd, f, args[0], args[1]) },
	}
	cmd.Flags().StringVar(&f.sample, "sample", "",
		fmt.Sprintf("how many rows to draw for the fit, or all (default: all up to %d)", engine.DefaultFitRows))
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of the draw")
	cmd.Flags().StringVar(&f.out, "out", "", "write the matrix into the gallery's folder, too, as a layer of this name")
	return cmd
}

// options returns how the flags say transforms are fitted.
func (f deriveFlags) options() (engine.DeriveOptions, error) {
	o := engine.DeriveOptions{Seed: f.seed}
	switch f.sample {
	case "":
		if f.seed == 1 {
			return engine.DeriveOptions{}, nil
		}
	case "all":
		o.Rows = engine.AllRows
	default:
		n, err := strconv.Atoi(f.sample)
		if err != nil || n < 2 {
			return o, usagef("--sample is a number of rows, at least 2, or all, not %q", f.sample)
		}
		o.Rows = n
	}
	if f.seed == 0 {
		return o, usagef("--seed is at least 1")
	}
	return o, nil
}

func deriveLayer(cmd *cobra.Command, f deriveFlags, gallery, factor string) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	parsed, err := scheme.ParseFactor(factor)
	if err != nil {
		return err
	}
	if len(parsed.Transforms) == 0 {
		return usagef("%s names no transform, as %s|pca64 does", parsed, parsed)
	}
	g, err := openShown(cmd.Context(), gallery)
	if err != nil {
		return err
	}
	defer closeLate(cmd, g)
	if err := g.CheckScheme(scheme.Scheme{Terms: []scheme.Term{{Weight: 1, Factor: parsed}}}); err != nil {
		return err
	}
	l, err := g.Derive(cmd.Context(), parsed, o)
	if err != nil {
		return err
	}
	saved := ""
	if f.out != "" {
		if saved, err = engine.SaveAs(g, l, f.out); err != nil {
			return err
		}
	}
	warn(cmd, g.Faults(l))
	return printDerived(shown(cmd), l, g.Recipe(l.Name), saved)
}

// printDerived says what a derived layer is.
func printDerived(out io.Writer, l *layer.Layer, r *derive.Recipe, saved string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var errs []error
	line := func(name, format string, args ...any) {
		_, err := fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
		errs = append(errs, err)
	}
	line("layer", "%s, %s %dx%d", l.Name, l.Type, l.Rows, l.Dim)
	line("made of", "%s, %s %dx%d", r.Source.Layer, r.Source.Type, r.Source.Rows, r.Source.Dim)
	drawn := ""
	if r.Fitted.Sample > 0 {
		drawn = fmt.Sprintf(", of %d drawn with seed %d", r.Fitted.Sample, r.Fitted.Seed)
	}
	if r.Fitted.Part > 0 {
		drawn += fmt.Sprintf(", of the %d items to fit on", r.Fitted.Part)
	}
	if r.FitRows() > 0 {
		line("fitted on", "%d rows%s", r.FitRows(), drawn)
	}
	for _, s := range r.Stages {
		switch {
		case s.Classes > 0:
			line(s.Transform, "%d features to %d components, %d classes, scatter shrunk by %.4g", s.In, s.Out, s.Classes, s.Shrinkage)
		case s.SHA256 != "":
			line(s.Transform, "%d features to %d components, file sha256:%s", s.In, s.Out, s.SHA256)
		case len(s.Variances) > 0:
			line(s.Transform, "%d features to %d components with %.4g of the variance", s.In, s.Out, s.Kept)
		default:
			line(s.Transform, "%d features", s.In)
		}
	}
	kept := "found"
	if r.Made {
		kept = "computed"
	}
	line("kept as", "%s (%s)", l.File, kept)
	if saved != "" {
		line("saved as", "%s", saved)
	}
	line("hash", "sha256:%s", r.Matrix.SHA256)
	return errors.Join(append(errs, w.Flush())...)
}
