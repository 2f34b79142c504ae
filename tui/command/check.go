package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"strata/engine"
	"strata/engine/inert"
	"strata/experiments/check"
)

// checkFlags are the flags of check.
type checkFlags struct {
	pictures     string
	queries      int
	seed         uint64
	json, strict bool
	model        modelFlags
}

// errFound is the error of a check that has found errors. The report has said so.
var errFound = errors.New("results cannot be believed")

// errStrict is that of one that has found warnings, where they count.
var errStrict = errors.New("there are warnings, and --strict counts them")

func checkCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check GALLERY",
		Short: "Read everything of a gallery, and say what is wrong with it",
		Long: `Check reads the items table, every matrix, every picture and what was derived from
them, and says what it finds: errors, by which results cannot be believed, warnings
and notes, the worst first.

It looks at ids, labels, groups and splits; for values that are not finite or were
cut to fit a float16, rows and columns of zeros or of one value, rows that repeat
others, lengths that stand out; for pictures that are missing, do not decode or are
the same; for codes and derived layers that are damaged or out of date, or of which
drawn rows come out otherwise when they are computed again; and for what killed
programs have left. It says for how many drawn queries the nearest items would be
others if a matrix were stored in a type of fewer bytes or digits. Rows that are in another order than the items show in two
ways: where gallery.yaml records a model, and ONNX Runtime is there, 32 pictures are
extracted again and compared; and the nearest items of drawn queries share labels no
more often than chance has it.

It exits with 1 if there is an error, or, with --strict, a warning.`,
		Example:           "strata check shop\nstrata check shop --pictures 1000 --json",
		Args:              takes("GALLERY"),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return runCheck(cmd, f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.pictures, "pictures", "all", "how many pictures to decode: none, a number, drawn with --seed, or all")
	flags.IntVar(&f.queries, "queries", 256, "queries to rank under every layer, for the order of rows and stored types; 0 ranks none")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the draws")
	flags.BoolVar(&f.json, "json", false, "write JSON")
	flags.BoolVar(&f.strict, "strict", false, "fail on warnings, too")
	f.model.add(flags)
	return cmd
}

// checkPhases are what a check does, in its order.
var checkPhases = []phase{
	{name: "items", weight: 1},
	{name: "layer ", weight: 20},
	{name: "order of rows", weight: 10},
	{name: "stored types", weight: 10},
	{name: "the model", weight: 5},
	{name: "pictures", weight: 50},
	{name: "derived files", weight: 5},
}

func runCheck(cmd *cobra.Command, f checkFlags, gallery string) error {
	c := check.Check{
		Open: openGallery, OpenItems: openItems, Extractor: f.model.extractor,
		Gallery: gallery, Queries: f.queries, Seed: f.seed, Now: time.Now,
	}
	switch f.pictures {
	case "all":
		c.Pictures = check.AllPictures
	case "none":
	default:
		n, err := strconv.Atoi(f.pictures)
		if err != nil || n < 0 {
			return usagef("--pictures is none, a number or all, not %q", f.pictures)
		}
		c.Pictures = n
	}
	if f.queries < 0 {
		return usagef("--queries is at least 0, not %d", f.queries)
	}
	p := newProgress(cmd.ErrOrStderr(), checkPhases...)
	c.Progress = p.sharer()
	f.model.agreement.asking = p.end
	report, err := c.Do(cmd.Context())
	p.end()
	if err != nil {
		return err
	}
	if s := report.Reading.Seconds(); p.terminal && s > 0 {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "strata: %.3g GB of matrices read in %.3g s, %.3g GB/s\n", float64(report.Bytes)/1e9, s, float64(report.Bytes)/1e9/s)
	}
	write := report.WriteTable
	if f.json {
		write = report.WriteJSON
	}
	return verdict(inert.NewWriter(cmd.OutOrStdout()), write, report, f.strict)
}

// verdict writes a report, and returns the error that its findings are.
func verdict(out io.Writer, write func(io.Writer) error, report *check.Report, strict bool) error {
	switch err := write(out); {
	case err != nil:
		return err
	case !report.Believable:
		return errFound
	case strict && report.Warnings > 0:
		return errStrict
	}
	return nil
}

// openItems opens the items table and the pictures of a folder.
func openItems(ctx context.Context, name string) (*engine.Gallery, error) {
	return engine.OpenItems(ctx, name, engine.OpenOptions{FollowLinks: linksFollowed(ctx)})
}
