package command

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"strata/engine/format"
	"strata/engine/importer"
)

// importFlags are the flags of import.
type importFlags struct {
	to, layer, array, kind, ids, pool string
	lacking, force, restart           bool
}

func importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import FILE|FOLDER",
		Short: "Rewrite a matrix as a layer, once",
		Long: `Import writes a matrix of a file as a layer of a gallery, GALLERY/NAME.npy. Most
files need no import: a gallery opens matrices where they lie. It is for those that
lie column by column (Fortran order), that are compressed and should not be unpacked
into the cache, that have rows in another order than the items table, or a type that
is larger than need be.

The file grows in GALLERY/.strata/import and takes its place when it is whole. An
import that was stopped goes on where it was.

With --ids, a file of ids, one a line in the order of the matrix's rows, rows go to
their items; those of no item are left out. Of a folder the .npy files of one vector
each are the rows, and their names without .npy the ids. Of a .csv, .tsv or .jsonl
table, --array names the column with a vector in each cell, "[0.1, 0.2]", or what the
names of the columns begin with, f for f0, f1 …; a column id has the ids. With --pool, an array of items
× tokens × features becomes a matrix.`,
		Example: "strata import features.npy --to shop --layer C --force\n" +
			"strata import job.npz --array fc --to shop --layer C --type float16\n" +
			"strata import tokens.npy --to shop --layer D --pool cls\n" +
			"strata import vectors --to shop --layer E\n" +
			"strata import embeddings.parquet --array C --to shop --ids ids.txt",
		Args: takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return importMatrix(cmd, f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "the gallery, a folder with an items table (required)")
	flags.StringVar(&f.layer, "layer", "", "the layer's name (default: the array's, or the file's)")
	flags.StringVar(&f.array, "array", "", "which matrix, when the file holds several; of a table in texts: which column")
	flags.StringVar(&f.kind, "type", "keep", "the type to write: keep, float16, float32 or float64")
	flags.StringVar(&f.ids, "ids", "", "a file of ids, one a line, or a .npy file of texts: the items that the matrix's rows are of")
	flags.StringVar(&f.pool, "pool", "", "of an array of items × tokens × features: mean of the tokens, or cls, the first")
	flags.BoolVar(&f.lacking, "lacking", false, "with --ids: give items without a row zeros, which have no score")
	flags.BoolVar(&f.force, "force", false, "replace a layer that is there")
	flags.BoolVar(&f.restart, "restart", false, "do not go on with an import that was stopped")
	return cmd
}

func importMatrix(cmd *cobra.Command, f importFlags, file string) error {
	o := importer.Import{
		Source: file, Gallery: f.to, Array: f.array, Layer: f.layer,
		Lacking: f.lacking, Force: f.force, Restart: f.restart,
		FollowLinks: linksFollowed(cmd.Context()),
	}
	if o.Gallery == "" {
		return usagef("import needs --to, the gallery")
	}
	if o.Layer == "" {
		o.Layer = o.Array
	}
	if o.Layer == "" {
		o.Layer = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	if f.kind != "keep" {
		for _, t := range []format.Type{format.Float16, format.Float32, format.Float64} {
			if t.String() == f.kind {
				o.Type = &t
			}
		}
		if o.Type == nil {
			return usagef("--type is keep, float16, float32 or float64, not %q", f.kind)
		}
	}
	pool, err := importer.ParsePool(f.pool)
	if err != nil {
		return usagef("--pool: %v", err)
	}
	o.Pool = pool
	if f.ids != "" {
		if o.IDs, err = importer.ReadIDs(f.ids); err != nil {
			return err
		}
	}
	p := newProgress(cmd.ErrOrStderr(), phase{"copying", "rows", 20}, phase{name: "writing", weight: 1})
	o.Progress = p.counter()
	done, err := o.Do(cmd.Context())
	p.end()
	if err != nil {
		return err
	}
	out := shown(cmd)
	_, err = fmt.Fprintf(out, "%s: %d × %d %s\n", done.Path, done.Rows, done.Dim, done.Type)
	for _, n := range []struct {
		count int
		what  string
	}{
		{done.Resumed, "%d rows were there from an import that was stopped\n"},
		{done.LeftOut, "%d rows are of no item, and are left out\n"},
		{done.Lacking, "%d items have no row: theirs are zero\n"},
	} {
		if n.count > 0 && err == nil {
			_, err = fmt.Fprintf(out, n.what, n.count)
		}
	}
	return err
}
