package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"strata/engine"
	"strata/experiments"
)

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
	session := experiments.NewSession(experiments.Options{Open: openShown, Budget: columnBudget})
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
		return found.WriteSearchJSON(cmd.OutOrStdout())
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), strings.Join(found.Lines, "\n"))
	return err
}
