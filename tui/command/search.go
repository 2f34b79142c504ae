package command

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"strata/engine/extract"
	"strata/engine/scheme"
	"strata/experiments"
	"strata/experiments/script"
)

// searchFlags are the flags of search.
type searchFlags struct {
	query   string
	image   string
	model   modelFlags
	schemes []string
	k       int
	json    bool
}

func searchCommand() *cobra.Command {
	var f searchFlags
	cmd := &cobra.Command{
		Use:   "search GALLERY (--query ID | --image FILE)",
		Short: "Rank the gallery for one query",
		Long: `Search prints the best items for one query under each scheme, with their scores
and the labels they share with the query. On a terminal the columns line up and
scores are rounded; a pipe, a file and --json get them in full precision.

The query is an item, or a new picture. The features of a picture are computed by
the model that gallery.yaml records (strata extract writes it), after a few of the
gallery's own pictures were computed again and found to agree with their rows; how
well they agree goes to the standard error. The features are kept with the gallery.`,
		Example: `strata search demo --query knit-0012 --scheme C --scheme B+pattern
strata search shop --image photo.jpg --scheme B+pattern`,
		Args:              takesGallery("scheme"),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return search(cmd, f, args[0]) },
	}
	cmd.Flags().StringVar(&f.query, "query", "", "the id of the item to search for")
	cmd.Flags().StringVar(&f.image, "image", "", "the file of a picture to search for, which is not in the gallery")
	f.model.add(cmd.Flags())
	cmd.Flags().StringArrayVar(&f.schemes, "scheme", nil, "a scheme to rank by; repeats")
	cmd.Flags().IntVarP(&f.k, "k", "k", 10, "how many items to print for each scheme")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON document")
	return cmd
}

func search(cmd *cobra.Command, f searchFlags, gallery string) error {
	switch {
	case f.query == "" && f.image == "":
		return usagef("search needs --query, the id of an item, or --image, the file of a picture")
	case f.query != "" && f.image != "":
		return usagef("search is for --query or --image, not for both")
	case len(f.schemes) == 0:
		return usagef("search needs at least one --scheme")
	case f.k < 1:
		return usagef("-k is at least 1, not %d", f.k)
	}
	var schemes []scheme.Scheme
	for _, text := range f.schemes {
		s, err := scheme.ParseScheme(text)
		if err != nil {
			return err
		}
		schemes = append(schemes, s)
	}
	var query script.Step = script.Query{ID: f.query}
	if f.image != "" {
		query = script.Image{Path: f.image}
	}
	session := experiments.NewSession(experiments.Options{
		Open: openShown, Budget: columnBudget, Extractor: f.model.extractor, Recipe: extract.RecipeOf,
		Codes: experiments.UseCodes,
	})
	defer closeLate(cmd, session)
	results, err := session.Do(cmd.Context(),
		script.Gallery{Name: gallery}, query,
		script.Schemes{Schemes: schemes}, script.Search{K: f.k})
	if err != nil {
		return err
	}
	found := results[len(results)-1]
	for _, r := range results {
		if r.Picture != nil && r.Rankings == nil {
			remark(cmd, r.Notes)
		}
	}
	warn(cmd, results[0].Notes) // of the gallery
	warn(cmd, found.Notes)
	if f.json {
		return found.WriteSearchJSON(cmd.OutOrStdout())
	}
	if f, ok := cmd.OutOrStdout().(term.File); ok && term.IsTerminal(f.Fd()) {
		return found.WriteSearchTable(shown(cmd))
	}
	_, err = fmt.Fprintln(shown(cmd), strings.Join(found.Lines, "\n"))
	return err
}
