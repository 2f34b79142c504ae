package command

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"strata/engine/graph"
	"strata/engine/layer"
	"strata/engine/rank"
	"strata/experiments/cost"
)

// costFlags are the flags of cost.
type costFlags struct {
	schemes, labels []string
	where, among    []string
	k               int
	queries         string
	seed            uint64
	rescore         []int
	stored          []string
	bits, pca, efs  []int
	graph, library  string
	m, construction int
	timed           int
	items           int64
	out             string
	formats         []string
}

func costCommand() *cobra.Command {
	var f costFlags
	cmd := &cobra.Command{
		Use:   "cost GALLERY",
		Short: "Measure what approximate search costs",
		Long: `Cost says what a product would pay, and what it would lose, for not ranking every
item exactly. For each way to search it measures recall@k against the exact
ranking, P@k of every label less that of the exact ranking over the same queries,
the share of queries whose first k change, the bytes it holds an item, and how long
a query takes:

  exact      all matrices, in float64
  certified  codes, and the exact scores of those rows that could be in the top k
  float16 …  the matrices, rounded to a type of fewer bytes, the query, too
  codesN     codes of N bits a value, without that proof
  pcaN       the first N principal components of every layer, and the mean
  graph-efN  HNSW over the scheme's vectors, looking at N candidates

each in its own order, and with the exact scores of its best candidates. A graph
needs USearch's C library (go run ./fixtures/usearch builds it) and a build with
cgo; without it the others are measured.

It writes cost.csv and cost.svg, which are the same bytes again, timings.csv and,
with --items, extrapolation.txt, which depend on the clock, and manifest.json.
Nothing else should run meanwhile.`,
		Example: "strata cost demo --scheme B --label category --out cost\n" +
			"strata cost shop --scheme B+pattern --label category --label brand --items 50000000 --out cost",
		Args:              takesGallery("scheme"),
		ValidArgsFunction: completeFolder,
		RunE:              func(cmd *cobra.Command, args []string) error { return runCost(cmd, f, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.schemes, "scheme", nil, "a sum or a concatenation of the gallery's layers; repeats")
	flags.StringArrayVar(&f.labels, "label", nil, "a label to judge by; repeats (default: all)")
	flags.StringArrayVar(&f.where, "where", nil, "take queries of which COLUMN=VALUE is true; repeats")
	flags.StringArrayVar(&f.among, "among", nil, "search among items of which COLUMN=VALUE is true; repeats")
	flags.IntVarP(&f.k, "k", "k", 10, "how many items a ranking has")
	flags.StringVar(&f.queries, "queries", "1000", queriesUsage)
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the draw and of the resampling")
	flags.IntSliceVar(&f.rescore, "rescore", nil, "how many candidates get their exact scores; repeats (default: 4 and 10 times k)")
	flags.StringSliceVar(&f.stored, "stored", narrower(), "types of matrices with fewer bytes a value; none for none")
	flags.IntSliceVar(&f.bits, "bits", rank.CodeBits(), "bits of codes; 0 for no codes")
	flags.IntSliceVar(&f.pca, "pca", []int{64, 128, 256, 512}, "components to keep of every layer; 0 for none")
	flags.StringVar(&f.graph, "graph", "auto", "values that a graph keeps, f16, f32 or i8; none; or auto: f16 where there is USearch")
	flags.StringVar(&f.library, "usearch", "", "USearch's C library, or its folder (default: "+graph.LibraryVariable+", or where it usually is)")
	flags.IntVar(&f.m, "graph-m", 16, "neighbours of an item in a graph")
	flags.IntVar(&f.construction, "graph-construction", 128, "candidates looked at to find them")
	flags.IntSliceVar(&f.efs, "ef", []int{16, 32, 64, 128, 256, 512}, "candidates that a search of a graph looks at")
	flags.IntVar(&f.timed, "timed", 50, "queries to time every way with; 0 for no times")
	flags.Int64Var(&f.items, "items", 0, "extrapolate to so many items, by arithmetic")
	flags.StringVar(&f.out, "out", "", "the folder to write into (required)")
	flags.StringSliceVar(&f.formats, "format", []string{"csv"}, "write the tables as csv, jsonl, parquet; repeats")
	return cmd
}

func runCost(cmd *cobra.Command, f costFlags, gallery string) error {
	study, err := f.study()
	if err != nil {
		return err
	}
	if err := f.useGraph(cmd, &study); err != nil {
		return err
	}
	g, err := openShown(cmd.Context(), gallery)
	if err != nil {
		return err
	}
	defer closeLate(cmd, g)
	if study.Schemes, err = parseSchemes(g, f.schemes); err != nil {
		return err
	}
	study.Gallery = g
	p := newProgress(cmd.ErrOrStderr())
	costs, err := study.Do(cmd.Context(), p.namer())
	p.end()
	if err != nil {
		return err
	}
	warnFaults(cmd, g)
	if err := costs.WriteTable(shown(cmd)); err != nil || f.items == 0 {
		return err
	}
	return costs.WriteScale(shown(cmd))
}

// study returns the study that the flags say, without schemes and graph.
func (f costFlags) study() (cost.Cost, error) {
	c := cost.Cost{
		Labels: f.labels, K: f.k, Seed: f.seed, Depths: f.rescore, Timed: f.timed, Items: f.items,
	}
	switch {
	case len(f.schemes) == 0:
		return c, usagef("cost needs at least one --scheme")
	case f.out == "":
		return c, usagef("cost needs --out, the folder to write into")
	case f.seed == 0:
		return c, usagef("--seed is at least 1")
	case f.k < 1:
		return c, usagef("-k is at least 1, not %d", f.k)
	case f.timed < 0 || f.items < 0:
		return c, usagef("--timed and --items are at least 0")
	case f.items > 0 && f.timed == 0:
		return c, usagef("--items needs times: --timed 1 or more")
	}
	if len(c.Depths) == 0 {
		c.Depths = []int{4 * f.k, 10 * f.k}
	}
	for _, d := range c.Depths {
		if d <= f.k {
			return c, usagef("--rescore %d changes nothing of the first %d: it takes more", d, f.k)
		}
	}
	var err error
	if c.Stored, err = storedTypes(f.stored); err != nil {
		return c, err
	}
	if c.Bits, err = someOf("--bits", f.bits, rank.CodeBits()...); err != nil {
		return c, err
	}
	if c.PCA, err = someOf("--pca", f.pca); err != nil {
		return c, err
	}
	if c.Efs, err = someOf("--ef", f.efs); err != nil {
		return c, err
	}
	if c.Where, err = conditions("--where", f.where); err != nil {
		return c, err
	}
	if c.Filter, err = conditions("--among", f.among); err != nil {
		return c, err
	}
	if c.Over, c.Set, err = overQueries(f.queries); err != nil {
		return c, err
	}
	c.Folder, err = folder(f.out, "", f.formats, false)
	return c, err
}

// storedTypes returns the types of the names, each once; none alone stands for none.
func storedTypes(names []string) ([]layer.DType, error) {
	var some []layer.DType
	if len(names) == 1 && names[0] == "none" {
		return nil, nil
	}
	for _, name := range names {
		all := layer.Narrower()
		n := slices.IndexFunc(all, func(t layer.DType) bool { return t.String() == name })
		if n < 0 {
			return nil, usagef("--stored is one of %s, or none, not %q", strings.Join(narrower(), " "), name)
		}
		if !slices.Contains(some, all[n]) {
			some = append(some, all[n])
		}
	}
	return some, nil
}

// narrower returns the names of the types that matrices can be converted to.
func narrower() []string {
	var all []string
	for _, t := range layer.Narrower() {
		all = append(all, t.String())
	}
	return all
}

// someOf returns numbers, each once; 0 alone stands for none. With known numbers it
// refuses others.
func someOf(flag string, numbers []int, known ...int) ([]int, error) {
	var some []int
	for _, n := range numbers {
		switch {
		case n == 0 && len(numbers) == 1:
			return nil, nil
		case n < 1 || len(known) > 0 && !slices.Contains(known, n):
			what := "is at least 1, or 0 alone"
			if len(known) > 0 {
				what = "is one of " + strings.Trim(fmt.Sprint(known), "[]") + ", or 0 alone"
			}
			return nil, usagef("%s %s, not %d", flag, what, n)
		case !slices.Contains(some, n):
			some = append(some, n)
		}
	}
	return some, nil
}

// useGraph makes the study build graphs, if there is a library.
func (f costFlags) useGraph(cmd *cobra.Command, c *cost.Cost) error {
	if f.graph == "none" || len(c.Efs) == 0 {
		return nil
	}
	name := f.graph
	if name == "auto" {
		name = graph.Float16.String()
	}
	kind, err := graph.ParseKind(name)
	if err != nil {
		return usageError{fmt.Errorf("--graph: %w", err)}
	}
	o := graph.Options{Dim: 1, Rows: 1, Kind: kind, M: f.m, EfConstruction: f.construction, Searchers: runtime.GOMAXPROCS(0)}
	if o.M < 2 || o.EfConstruction < 1 {
		return usagef("--graph-m is at least 2 and --graph-construction 1, not %d and %d", o.M, o.EfConstruction)
	}
	library, err := graph.FindLibrary(f.library, os.Getenv)
	if err == nil { // it loads, too
		var x *graph.Index
		if x, err = graph.New(library, o); err == nil {
			err = x.Close()
		}
	}
	if err != nil {
		if f.graph == "auto" && f.library == "" {
			remark(cmd, []string{"no graph: " + err.Error()})
			return nil
		}
		return err
	}
	c.GraphHow = fmt.Sprintf("HNSW over %s values, M %d, ef %d for its construction, built by one thread", kind, f.m, f.construction)
	c.Graph = func(dim, rows int) (cost.Graph, error) {
		o.Dim, o.Rows = dim, rows
		return graph.New(library, o)
	}
	return nil
}
