package command

import (
	"github.com/spf13/cobra"

	"strata/engine/catalogue"
)

func itemsCommand() *cobra.Command {
	var o catalogue.Options
	cmd := &cobra.Command{
		Use:   "items FOLDER",
		Short: "Write the items table of a folder of pictures",
		Long: `Items writes FOLDER/items.csv, with a row for every picture in the folder and the
folders in it. It replaces no table. It says how many values each label has, and what
was left out: pictures of kinds that are not read, links, hidden files, names that no
table can hold, folders without a picture.

Labels come from three places, and may come from all:

  --folders category/brand   the folders on the way to a picture, a label each; _ skips one
  --name '{group}_{_}'       the file's name, without extension; each field takes as little
                             as it can, and {_} is no label
  --join TABLE               a CSV, TSV, JSON Lines or Parquet table; --on names its column
                             with names of files. Pictures without a row are left out

The label path holds the folders with slashes between them, from the first that --folders
names: path/1 and path/2 are its levels, path/* all of them. A label named group holds
photos of one listing, which never answer one another; split says who asks.

The id of an item is the picture's path without extension, or the joined table's id. The
same folder and flags write the same bytes.`,
		Example: "strata items shop --folders category/brand\n" +
			"strata items shop --name '{category}-{_}' --sample 500 --seed 7\n" +
			"strata items shop --join products.parquet --on file",
		Args:              takes("FOLDER"),
		ValidArgsFunction: completeFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Folder, o.FollowLinks = args[0], linksFollowed(cmd.Context())
			return tabulate(cmd, o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Levels, "folders", "", "names of the folders on the way to a picture, as in category/brand")
	flags.StringVar(&o.Pattern, "name", "", "a pattern of the pictures' names, as in {brand}_{_}")
	flags.StringVar(&o.Join, "join", "", "a table with more labels, by names of files")
	flags.StringVar(&o.On, "on", "", "with --join: its column with names of files (default: image, file, path, id or the like)")
	flags.StringVar(&o.List, "list", "", "a file with the paths of the pictures to take, a line each, in the order of the rows")
	flags.IntVar(&o.Sample, "sample", 0, "pictures to draw (default: all)")
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of the draw")
	return cmd
}

func tabulate(cmd *cobra.Command, o catalogue.Options) error {
	switch err := o.Check(); {
	case err != nil:
		return usageError{err}
	case o.Sample < 0 || o.Sample == 0 && cmd.Flags().Changed("sample"):
		return usagef("--sample is at least 1, not %d", o.Sample)
	case o.On != "" && o.Join == "":
		return usagef("--on belongs to --join")
	}
	t, err := o.Make(cmd.Context())
	if err != nil {
		return err
	}
	if err := t.Write(); err != nil {
		return err
	}
	return t.WriteSummary(shown(cmd))
}
